"""How much of what a careful reader finds in public repositories does the program find, and how much of it is right?

    python tests/benchmarks/accuracy.py [-v] [--place DIR] [--trees DIR ...] [WORD ...]

``accuracy/owner+name.yaml`` says for one public repository at one commit where messages are sent and received, written
by hand before the program first saw it. The trees are found or fetched as the ecosystem job does it. README.md beside
this file describes the labels and the measures.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, TypeAlias

import yaml
from ecosystem.run import tree_of

from brokerlint.document import to_document
from brokerlint.pipeline import Options, analyse

LABELS = Path(__file__).parent / "accuracy"
SYSTEMS = frozenset({"sqs", "kafka", "sns", "kinesis", "firehose", "eventbridge"})
NEAR = 1
"""Lines by which a place may differ."""
LETTERS = 3
"""Characters that a name with holes must have for certain before it can agree with another."""

Document: TypeAlias = dict[str, Any]
Measures: TypeAlias = dict[str, tuple[int, int]]
"""For each measure how many of how many."""


@dataclass(frozen=True)
class Label:
    """One place where a message is sent or received. Not ``needed``: right when it is reported, no loss when not."""

    text: str
    places: frozenset[tuple[str, int]]
    system: str
    role: str
    channels: tuple[str, ...]
    alternatives: tuple[str, ...]
    groups: tuple[str, ...]
    services: frozenset[str]
    roots: frozenset[str]
    needed: bool

    @classmethod
    def of(cls, entry: dict[str, Any], roots: dict[str, str]) -> Label:
        """The label that an entry of a file describes; ``roots`` are the folders of the services by name."""
        channels = tuple(entry["channels"])
        return cls(
            f"{entry['at']} {entry['system']} {entry['role']} {', '.join(channels)}",
            frozenset(_place(one) for one in (entry["at"], *entry.get("or_at", ()))),
            entry["system"],
            entry["role"],
            channels,
            tuple(entry.get("or_channels", ())),
            tuple(entry.get("groups", ())),
            frozenset(bare(name) for name in entry["services"]),
            frozenset(roots[name] for name in entry["services"] if name in roots),
            entry["role"] != "manage" and not entry.get("optional", False),
        )

    def stands_at(self, step: Document) -> bool:
        """Is the label on the lines of an endpoint or of a step on the way to it?"""
        lines = range(step["line"] - NEAR, (step.get("end_line") or step["line"]) + NEAR + 1)
        return any(path == step["path"] and line in lines for path, line in self.places)

    def names_channels(self, found: Sequence[Document]) -> bool:
        """Is every labelled channel found, or nothing found but what may be?"""
        if not found:
            return self.channels == ("?",)
        complete = all(any(agree(wanted, one) for one in found) for wanted in self.channels)
        allowed = (*self.channels, *self.alternatives)
        return complete or all(any(agree(wanted, one) for wanted in allowed) for one in found)


def _place(text: str) -> tuple[str, int]:
    path, _, line = text.rpartition(":")
    return path, int(line)


def bare(service: str) -> str:
    """A service's name without case, separators and the words that tell nothing."""
    letters = re.sub(r"[^a-z0-9]+", "", service.lower())
    return re.sub(r"(service|function|lambda|handler)$", "", letters) or letters


def agree(wanted: str, found: Document) -> bool:
    """Does a channel or group of the document mean what the label says?

    ``env:X`` is the variable X (``env:X=a,b`` also its defaults), ``logical:X`` a resource whose real name is made up
    at deployment, ``?``, ``setting:`` and ``ssm:`` what only a running system knows; anything else is a name.
    """
    kind, _, rest = wanted.partition(":")
    if wanted == "?" or kind in ("setting", "ssm"):
        return found.get("kind") in ("unknown", "pattern", "env")
    if kind == "env":
        variable, _, defaults = rest.partition("=")
        return found.get("env") == variable or any(same(one, found.get("name")) for one in defaults.split(",") if one)
    if kind == "logical":
        return found.get("logical") == rest
    return same(wanted, found.get("name"))


def same(wanted: str, found: str | None) -> bool:
    """Equal names, or one with holes (``*``) that covers the other."""
    return found is not None and found != "" and (wanted == found or _covers(wanted, found) or _covers(found, wanted))


def _covers(pattern: str, name: str) -> bool:
    certain = len(re.sub(r"[*?\[\]]", "", pattern))
    return "*" in pattern and certain >= LETTERS and fnmatchcase(name.replace("*", "x"), pattern)


def compare(label_file: Document, document: Document) -> tuple[Measures, list[str]]:
    """The measures of one repository, and a line for each thing that was missed, wrong or too much."""
    folders = {one["name"]: one["root"] for one in label_file["services"] if "root" in one}
    labels = [Label.of(one, folders) for one in label_file["endpoints"] if one["system"] in SYSTEMS]
    roots = {one["name"]: set(one.get("roots") or ()) for one in document["services"]}
    found = [one for one in document["endpoints"] if _counts(one, label_file)]
    score: Counter[str] = Counter()
    notes: list[str] = []
    for label in labels:
        if label.needed:
            _judge_label(label, _hits(label, found), roots, score, notes)
    for one in found:
        _judge_endpoint(one, labels, roots, score, notes)
    parts = {
        "recall": ("found", "labels"),
        "precision": ("right", "reported"),
        "channel": ("channel", "resolvable"),
        "group": ("group", "groups"),
        "service": ("service", "labels"),
        "edge recall": ("edge", "labels"),
        "edge precision": ("right edge", "reported"),
    }
    return {name: (score[part], score[whole]) for name, (part, whole) in parts.items()}, notes


def _counts(endpoint: Document, label_file: Document) -> bool:
    path = str(endpoint["path"])

    def below(folder: str) -> bool:
        return path == folder or path.startswith(folder.rstrip("/") + "/")

    scope, excluded = label_file.get("scope", ()), label_file.get("excluded", ())
    known = endpoint["system"] in SYSTEMS and endpoint["role"] in ("produce", "consume")
    return known and (not scope or any(map(below, scope))) and not any(map(below, excluded))


def _hits(label: Label, found: Iterable[Document]) -> list[Document]:
    alike = [one for one in found if (one["system"], one["role"]) == (label.system, label.role)]
    there = [one for one in alike if label.stands_at(one)]
    return there or [one for one in alike if any(map(label.stands_at, one.get("call_chain") or ()))]


def _runs(label: Label, endpoints: Iterable[Document], roots: dict[str, set[str]]) -> bool:
    names = {name for one in endpoints for name in one["services"]}
    return bool({bare(name) for name in names} & label.services or label.roots & {r for n in names for r in roots[n]})


def _judge_label(
    label: Label, hits: list[Document], roots: dict[str, set[str]], score: Counter[str], notes: list[str]
) -> None:
    resolvable = "?" not in label.channels
    channels = [channel for one in hits for channel in one["channels"]]
    named = bool(hits) and label.names_channels(channels)
    placed = _runs(label, hits, roots)
    score.update({"labels": 1, "resolvable": resolvable, "found": bool(hits), "channel": named and resolvable})
    score.update({"service": placed, "edge": named and placed})
    if label.groups and hits:
        groups = [group for one in hits for group in one["groups"]]
        right = any(agree(wanted, one) for wanted in label.groups for one in groups)
        score.update({"groups": 1, "group": right})
        if not right:
            names = ", ".join(str(one.get("name") or one.get("env") or "?") for one in groups)
            notes.append(f"{label.text}: found group {names}, not {label.groups[0]}")
    if not (hits and named and placed):
        services = ", ".join(sorted({name for one in hits for name in one["services"]}))
        got = ", ".join(str(one.get("name") or one.get("env") or one.get("logical") or "?") for one in channels[:6])
        notes.append(f"{label.text}: " + (f"found {got} in {services}" if hits else "missed"))


def _judge_endpoint(
    one: Document, labels: Iterable[Label], roots: dict[str, set[str]], score: Counter[str], notes: list[str]
) -> None:
    alike = [x for x in labels if x.system == one["system"] and x.role in (one["role"], "manage")]
    near = [x for x in alike if x.stands_at(one)]
    near = near or [x for x in alike if any(map(x.stands_at, one.get("call_chain") or ()))]
    score.update({"reported": 1, "right": bool(near)})
    score["right edge"] += any(x.names_channels(one["channels"]) and _runs(x, [one], roots) for x in near)
    if not near:
        notes.append(f"{one['path']}:{one['line']} {one['system']} {one['role']}: too much")


def results(
    words: Sequence[str], place: Path, folders: Sequence[Path]
) -> Iterator[tuple[str, tuple[Measures, list[str]] | None]]:
    """Each labelled repository with its measures; None when its source can't be had."""
    for file in sorted(LABELS.glob("*.yaml")):
        if words and not any(word in file.stem for word in words):
            continue
        label_file = yaml.safe_load(file.read_text(encoding="utf-8"))
        tree = tree_of(label_file["repository"], place, folders)
        yield file.stem, compare(label_file, to_document(analyse(tree, Options()))) if tree else None


def table(rows: dict[str, Measures]) -> str:
    """A line for each repository, and below them the means and the shares of all labels together."""
    names = list(next(iter(rows.values())))
    lines = [f"{'repository':60}" + "".join(f"{name:>16}" for name in names)]

    def line(title: str, values: Iterable[float | None]) -> str:
        return f"{title[:60]:60}" + "".join(f"{'-' if one is None else format(one, '.2f'):>16}" for one in values)

    def share(part: int, whole: int) -> float | None:
        return part / whole if whole else None

    shares = {title: [share(*measures[name]) for name in names] for title, measures in rows.items()}
    lines += [line(title, values) for title, values in shares.items()]
    columns = [[one for one in column if one is not None] for column in zip(*shares.values(), strict=True)]
    lines.append(line("mean", [sum(column) / len(column) if column else None for column in columns]))
    sums = [[sum(numbers) for numbers in zip(*(m[name] for m in rows.values()), strict=True)] for name in names]
    lines.append(line("all together", [share(*both) for both in sums]))
    return "\n".join(lines)


def main() -> int:
    """Read the command line, look at the repositories, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD", help="only repositories whose name holds one")
    parser.add_argument("-v", "--verbose", action="store_true", help="also what was missed, wrong or too much")
    parser.add_argument("--place", type=Path, default=Path.home() / ".cache" / "brokerlint-ecosystem")
    parser.add_argument("--trees", type=Path, action="append", default=[], help="folder with checkouts; repeatable")
    options = parser.parse_args()
    rows: dict[str, Measures] = {}
    for name, found in results(options.words, options.place, options.trees):
        if found is None:
            print(f"{name}: could not be had", file=sys.stderr)
            continue
        rows[name], notes = found
        if options.verbose:
            print("\n  ".join([name, *notes]))
    if not rows:
        return 2
    print(table(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
