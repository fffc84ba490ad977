"""Procfiles: each line is a process of the program in the folder."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ManifestFacts, ServiceFact
from brokerlint.manifests.formats.dotenv import beside
from brokerlint.manifests.layout import layout
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import prepares, started, words_known
from brokerlint.manifests.tree import Tree
from brokerlint.places import Place

_LINE = re.compile(r"^[ \t]*([A-Za-z0-9_-]+)[ \t]*:[ \t]*(\S.*)$")


@dataclass(frozen=True, slots=True)
class Process:
    """One process type with its command as written."""

    name: str
    command: str
    line: int


@dataclass(frozen=True, slots=True)
class Procfile:
    """The processes of one file, in order."""

    processes: tuple[Process, ...]

    def commands(self) -> Iterator[tuple[str, ...]]:
        """Every command."""
        for process in self.processes:
            yield (process.command,)


def wants(path: str, head: bytes) -> bool:
    """``Procfile``, ``Procfile.dev``."""
    name = posixpath.basename(path).lower()
    return name == "procfile" or name.startswith("procfile.")


def read(path: str, text: str) -> Procfile:
    """The processes of a file; lines of another shape are left out."""
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        match = _LINE.match(line)
        if match:
            found.append(Process(match[1], match[2].strip(), number))
    return Procfile(tuple(found))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """A service for each process."""
    services = (
        _service(path, process, tree) for path, document in sorted(documents.items()) for process in document.processes
    )
    return ManifestFacts(services=tuple(services))


def _service(path: str, process: Process, tree: Tree) -> ServiceFact:
    folder = posixpath.dirname(path)
    environment = beside(tree, (folder,))
    known = words_known(environment)
    place = layout(tree, folder, None, ((folder, "/"),))
    command, entered = started(("sh", "-c", process.command), known, place, tree)
    root = place.folder(place.entered(entered).workdir)
    root = folder if root is None else root
    properties = {"tooling": True} if process.name == "release" or prepares(command) else {}
    return ServiceFact(
        f"{path}#{process.name}",
        process.name,
        "procfile",
        Place(path, process.line, 0, f"starts {process.name}"),
        (root,) if root == folder else (root, folder),
        command,
        environment=environment,
        profile=profile_of(path),
        properties=properties,
    )
