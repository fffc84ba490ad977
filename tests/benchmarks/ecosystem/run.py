"""Runs the program on public source trees at pinned versions, and shows what is different from the record.

    python tests/benchmarks/ecosystem/run.py [--place DIR] [--trees DIR ...] [--parse] [--write] [WORD ...]

Trees are those of ``trees.txt``: ``owner/name@commit`` is looked for as ``owner+name`` in the folders of ``--trees``,
and fetched with git below ``--place`` otherwise; ``name==version`` is a wheel that pip downloads. Nothing of a tree is
built, installed or run. With words, only trees whose line holds one of them. The record is ``record.json``, one line a
tree.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import resource
import subprocess
import sys
import time
import warnings
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any

from brokerlint.checking.registry import load
from brokerlint.config import Config
from brokerlint.discover import discover
from brokerlint.document import dumps, from_document, to_document
from brokerlint.pipeline import Options, analyse
from brokerlint.python import source
from brokerlint.python.pool import Pool
from brokerlint.verdict import judge

HERE = Path(__file__).parent
SECONDS = 1800
Record = dict[str, dict[str, Any]]


def pinned(words: Iterable[str]) -> list[str]:
    """The lines of ``trees.txt`` that hold one of ``words``; all when there are none."""
    lines = [line.strip() for line in (HERE / "trees.txt").read_text().splitlines()]
    wanted = tuple(words)
    return [one for one in lines if one and one[0] != "#" and (not wanted or any(word in one for word in wanted))]


def tree_of(pin: str, place: Path, folders: Iterable[Path]) -> Path | None:
    """The folder with the source of ``pin``, fetched now where it is not there; None when it can't be had."""
    if "==" in pin:
        return _wheel(pin, place)
    name, _, commit = pin.partition("@")
    for folder in folders:
        tree = folder / name.replace("/", "+")
        if tree.is_dir() and _output("git", "-C", str(tree), "rev-parse", "HEAD") == commit:
            return tree
    return _checkout(name, commit, place / name.replace("/", "+"))


def _wheel(pin: str, place: Path) -> Path | None:
    tree = place / pin
    if not tree.is_dir():
        wheels = place / "wheels" / pin
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-d",
            wheels,
            pin,
        ]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            return None
        for wheel in wheels.glob("*.whl"):
            with zipfile.ZipFile(wheel) as file:
                file.extractall(tree)
    return tree


def _checkout(name: str, commit: str, tree: Path) -> Path | None:
    """One commit, without its history, and without what a checkout could start."""
    if not tree.is_dir():
        tree.mkdir(parents=True)
        for step in (
            ("init", "-q"),
            ("fetch", "-q", "--depth", "1", f"https://github.com/{name}", commit),
            ("-c", "core.hooksPath=/dev/null", "checkout", "-q", "FETCH_HEAD"),
        ):
            if subprocess.run(["git", "-C", tree, *step], capture_output=True, check=False).returncode:
                return None
    return tree if _output("git", "-C", str(tree), "rev-parse", "HEAD") == commit else None


def _output(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def looked_at(tree: Path, graph: Path | None) -> dict[str, Any]:
    """What the program says about a tree, in counts; the graph document goes to ``graph``."""
    facts = analyse(tree, Options(workers=1))
    text = dumps(to_document(facts))
    if graph is not None:
        graph.write_text(text, encoding="utf-8", errors="replace")
    again = from_document(json.loads(text))  # as whoever merges the graphs of many repositories reads it
    verdict = judge(again, Config(profile="ALL"), load())
    told = (*facts.diagnostics, *verdict.diagnostics)
    edges = sum(max(1, len(one.channels)) * max(1, len(one.services)) for one in facts.endpoints)
    counts: dict[str, Any] = {
        "files": facts.stats["files"],
        "read": facts.stats["parsed"],
        "services": len(facts.services),
        "channels": len(facts.channels),
        "endpoints": len(facts.endpoints),
        "edges": edges + len(facts.links),
        "unresolved": len(facts.unresolved),
        "findings": dict(sorted(Counter(one.check for one in verdict.findings).items())),
        "problems": dict(sorted(Counter(one.kind for one in told).items())),
    }
    bad = [one.message for one in told if one.kind in ("crash", "timeout")]
    return {**counts, "crash": bad[0]} if bad else counts


def parsed(tree: Path) -> dict[str, Any]:
    """How many Python files of a tree (tests and all) are valid for this Python, and which of those were not read."""
    everything = ("test", "example", "vendored", "generated")
    files = [path for path in discover(tree, everything).sources if not (tree / path).is_symlink()]
    valid = [(path, data) for path, data in ((path, (tree / path).read_bytes()) for path in files) if _valid(data)]
    pool = Pool(1)
    left = []
    try:
        for results in pool.read([valid[at : at + 50] for at in range(0, len(valid), 50)]):
            for one in results:
                if not isinstance(one, tuple):
                    left.append(f"{one.path}: {one.message}")
                    continue
                _, problem = source.unpack(*one) or (None, None)
                if problem is not None:
                    left.append(f"{problem.path}: {problem.message}")
    finally:
        pool.close()
    return {"python": len(files), "valid": len(valid), "left": left}


def _valid(data: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return False
    return True


def child(tree: Path, parse: bool, graph: Path | None, pipe: Connection) -> None:
    """Everything about one tree, in a process of its own."""
    try:
        counts = looked_at(tree, graph)
        if parse:
            counts["parse"] = parsed(tree)
    except Exception as error:
        counts = {"crash": f"{type(error).__name__}: {error}"}
    pipe.send((counts, resource.getrusage(resource.RUSAGE_SELF)))


Running = dict[Any, tuple[str, ForkProcess, float]]


def results(
    trees: dict[str, Path], workers: int, parse: bool, keep: Path | None
) -> Iterator[tuple[str, dict[str, Any], str]]:
    """What is said about each tree, small ones first, with a word about time and memory."""
    context = get_context("fork")
    waiting = sorted(trees.items(), key=lambda item: sum(1 for _ in item[1].rglob("*.py")), reverse=True)
    running: Running = {}
    while waiting or running:
        while waiting and len(running) < workers:
            pin, tree = waiting.pop()
            here, there = context.Pipe(duplex=False)
            graph = keep / f"{pin.replace('/', '+')}.json" if keep else None
            process = context.Process(target=child, args=(tree, parse, graph, there))
            process.start()
            there.close()
            running[here] = (pin, process, time.monotonic())
        ready = wait(list(running), 5.0)
        for here, (pin, process, started) in list(running.items()):
            if here in ready:
                yield pin, *_received(here)
            elif time.monotonic() - started > SECONDS:
                yield pin, {"crash": f"took longer than {SECONDS} seconds"}, ""
            else:
                continue
            process.kill()
            process.join()
            del running[here]


def _received(pipe: Connection) -> tuple[dict[str, Any], str]:
    try:
        counts, usage = pipe.recv()
    except EOFError:
        return {"crash": "the process ended"}, ""
    return counts, f"{usage.ru_utime + usage.ru_stime:.1f} s, {usage.ru_maxrss // 1024} MiB"


def differences(before: Record, after: Record) -> list[str]:
    """One line for each number that is not what the record says."""
    lines = []
    for pin in sorted(after):
        if pin not in before:
            lines.append(f"{pin}: is new")
            continue
        old, new = _flat(before[pin]), _flat(after[pin])
        for key in sorted({*old, *new}):
            if old.get(key) != new.get(key) and (key.startswith("parse") <= ("parse" in after[pin])):
                lines.append(f"{pin}: {key}: {old.get(key, '-')} -> {new.get(key, '-')}")
    return lines


def _flat(counts: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in counts.items():
        flat |= {f"{key}.{inner}": v for inner, v in value.items()} if isinstance(value, dict) else {key: value}
    return flat


def summary(record: Record) -> str:
    """Sums over all trees."""
    sums = {
        key: sum(counts.get(key, 0) for counts in record.values()) for key in ("files", "read", "endpoints", "edges")
    }
    crashes = [pin for pin, counts in record.items() if "crash" in counts]
    findings = sum(sum(counts.get("findings", {}).values()) for counts in record.values())
    lines = [
        f"{len(record)} trees: " + ", ".join(f"{value} {key}" for key, value in sums.items()) + f", {findings} findings"
    ]
    lines.append(f"{len(crashes)} crashes {' '.join(crashes)}".rstrip())
    asked = [counts["parse"] for counts in record.values() if "parse" in counts]
    valid, left = sum(one["valid"] for one in asked), sum(len(one["left"]) for one in asked)
    if valid:
        lines.append(f"{valid - left} of {valid} valid Python files were read: {100 * (valid - left) / valid:.3f} %")
    return "\n".join(lines)


def _lines(record: Record) -> str:
    """The record as JSON, one line a tree."""
    return "{\n" + ",\n".join(f"{json.dumps(pin)}: {json.dumps(one)}" for pin, one in sorted(record.items())) + "\n}\n"


def main() -> int:
    """Read the command line, run, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--place", type=Path, default=Path.home() / ".cache" / "brokerlint-ecosystem")
    parser.add_argument("--trees", type=Path, action="append", default=[], help="folder with checkouts; repeatable")
    parser.add_argument("--parse", action="store_true", help="also read every Python file (slow)")
    parser.add_argument("--write", action="store_true", help="write the record anew")
    parser.add_argument("--keep", type=Path, help="write the graph documents below this directory")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    options = parser.parse_args()
    pins = pinned(options.words)
    found = {pin: tree_of(pin, options.place, options.trees) for pin in pins}
    missing = [pin for pin, tree in found.items() if tree is None]
    file = HERE / "record.json"
    before: Record = json.loads(file.read_text()) if file.exists() else {}
    after: Record = {}
    if options.keep:
        options.keep.mkdir(parents=True, exist_ok=True)
    there = {pin: tree for pin, tree in found.items() if tree}
    for pin, counts, words in results(there, options.workers, options.parse, options.keep):
        after[pin] = counts
        print(f"{pin}: {words} {counts.get('crash', '')}", file=sys.stderr, flush=True)
        if options.write:
            file.write_text(_lines({**before, **after}))
    changed = differences(before, after)
    print("\n".join(changed))
    print(summary(after))
    if missing:
        print(f"could not be had: {' '.join(missing)}")
    return 1 if (changed and not options.write) or any("crash" in counts for counts in after.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
