"""Reads every manifest of some repositories: how much of each format was read without loss? See README.md."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from brokerlint.manifests import registry, yaml_nodes
from brokerlint.manifests.tree import ManifestError
from brokerlint.places import Diagnostic

SKIPPED = frozenset((".git", "node_modules", ".terraform"))
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(slots=True)
class Tally:
    """What one format read."""

    repositories: set[str] = field(default_factory=set)
    files: int = 0
    bytes: int = 0
    seconds: float = 0.0
    broken: int = 0
    """Files that are no valid YAML, in the opinion of PyYAML, and hold no placeholders of a template language."""
    templated: int = 0
    """Files that are valid YAML only without their placeholders."""
    lost: dict[str, Diagnostic] = field(default_factory=dict)
    """Files that are not broken and of which something was not read, with the first reason."""


def read(repository: Path, tallies: dict[str, Tally]) -> None:
    """Reads and joins the manifests of one repository."""
    summaries: dict[str, dict[str, object]] = {}
    read_as: dict[str, list[str]] = {}
    broken: set[str] = set()
    told: list[tuple[str, Diagnostic]] = []
    paths = list(_files(repository))
    for path in paths:
        data = Path(repository, path).read_bytes()
        wanted = registry.format_of(path, data[: registry.HEAD])
        text = data.decode("utf-8-sig", "replace").replace("\r\n", "\n")
        state = _state(path, text) if wanted else ""
        if state == "broken":
            broken.add(path)
        for one in wanted:
            tally = tallies.setdefault(one.name, Tally())
            tally.repositories.add(repository.name)
            tally.files += 1
            tally.bytes += len(data)
            tally.broken += state == "broken"
            tally.templated += state == "templated"
            read_as.setdefault(path, []).append(one.name)
            yaml_nodes.documents("")  # so that no format profits from the one before
            started = time.process_time()
            try:
                summaries.setdefault(one.name, {})[path] = one.read(path, text)
            except ManifestError as error:
                told.append((one.name, Diagnostic("manifest", path, error.line, str(error))))
            except Exception as error:
                told.append((one.name, Diagnostic("crash", path, 1, f"{type(error).__name__}: {error}")))
            tally.seconds += time.process_time() - started
    for problem in registry.join(summaries, paths).diagnostics:
        told += [(name, problem) for name in read_as.get(problem.path, ())]
    for name, problem in told:
        if problem.path not in broken:
            tallies[name].lost.setdefault(f"{repository.name}/{problem.path}", problem)


def _files(repository: Path) -> Iterator[str]:
    """All files, examples and tests too, relative to the repository."""
    for folder, folders, names in os.walk(repository):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink() and path.stat().st_size <= registry.LARGEST:
                yield path.relative_to(repository).as_posix()


def _state(path: str, text: str) -> str:
    """``broken``, ``templated`` or nothing."""
    if not path.endswith((".yaml", ".yml", ".json", ".template")):
        return ""
    try:
        for _ in yaml.compose_all(text, Loader=LOADER):
            pass
    except (yaml.YAMLError, RecursionError):
        return "templated" if "{{" in text or "{%" in text else "broken"
    return ""


def table(tallies: dict[str, Tally]) -> str:
    """One line for each format, in Markdown."""
    lines = [
        "| format | repositories | files | MB | not valid | templated | with losses | without loss | CPU s/MB |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for name, one in sorted(tallies.items()):
        size, valid = one.bytes / 1e6, one.files - one.broken
        share = 100 * (valid - len(one.lost)) / valid if valid else 100.0
        lines.append(
            f"| {name} | {len(one.repositories)} | {one.files} | {size:.1f} | {one.broken} | {one.templated} "
            f"| {len(one.lost)} | {share:.2f} % | {one.seconds / size if size else 0:.2f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, read the repositories, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repositories", nargs="+", type=Path, metavar="REPOSITORY")
    parser.add_argument("-l", "--losses", action="store_true", help="print every loss and its reason")
    options = parser.parse_args()
    tallies: dict[str, Tally] = {}
    for repository in options.repositories:
        read(repository.resolve(), tallies)
    if options.losses:
        for name, tally in sorted(tallies.items()):
            for path, problem in tally.lost.items():
                print(f"{name}: {path}:{problem.line}: {problem.message}")
    print(table(tallies))


if __name__ == "__main__":
    main()
