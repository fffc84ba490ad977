"""Units of systemd: a service of a machine, which a deployment copies there."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ManifestFacts, ServiceFact, Setting, Text
from brokerlint.manifests.layout import Layout, holds_python
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import runs_otherwise, started, words_known
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import setting
from brokerlint.places import Place

_OPTION = re.compile(r"([A-Za-z]+)[ \t]*=[ \t]*(.*)\Z")
_SPECIFIER = re.compile(r"%[A-Za-z]")
_FILLED_IN = re.compile(r"\{\{[^{}]*\}\}")
"""What the tool that copies a unit to its machine puts in."""
_PREFIX = "@-:+!"
"""What may stand before a command and says how it is run."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit starts, in which directory, with which variables."""

    place: Place
    command: tuple[str, ...]
    directory: str
    environment: Mapping[str, Setting]


def wants(path: str, head: bytes) -> bool:
    """Files that end in ``.service`` and say what they start, templates of them too."""
    return path.removesuffix(".j2").endswith(".service") and b"ExecStart" in head


def read(path: str, text: str) -> Unit:
    """The last command of a unit, which is the one that counts."""
    command: tuple[str, ...] = ()
    line = 1
    directory = ""
    environment: dict[str, Setting] = {}
    pending, start = "", 1
    for number, raw in enumerate(text.split("\n"), 1):
        start = start if pending else number
        if raw.rstrip().endswith("\\"):
            pending += raw.rstrip()[:-1] + " "
            continue
        option = _OPTION.match(_FILLED_IN.sub("_", pending + raw.strip()))
        pending = ""
        if option is None:
            continue
        if option[1] == "ExecStart":
            command, line = _words(option[2].lstrip(_PREFIX)), start
        elif option[1] == "WorkingDirectory":
            directory = option[2].lstrip("-")
        elif option[1] == "Environment":
            for word in _words(option[2]):
                name, sign, value = word.partition("=")
                if sign:
                    environment[name] = setting(name, Text(value), Place(path, start))
    return Unit(Place(path, line), command, directory, environment)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """A service for each unit that may run Python code of the tree: also a command that one of its packages installs,
    which only the code tells."""
    found = (_service(path, unit, tree) for path, unit in sorted(documents.items()))
    return ManifestFacts(services=tuple(fact for fact in found if fact is not None))


def _service(path: str, unit: Unit, tree: Tree) -> ServiceFact | None:
    folder = posixpath.dirname(path)
    while folder and not holds_python(tree, folder):
        folder = posixpath.dirname(folder)
    inside = unit.directory or "/"
    files = Layout(((_checked_out(inside, tree) or folder, inside), (folder, "/")), inside, tree)
    command, entered = started(unit.command, words_known(unit.environment), files, tree)
    if not command or runs_otherwise(command):
        return None
    name = posixpath.basename(path).removesuffix(".j2").removesuffix(".service").rstrip("@")
    place = files.entered(entered)
    roots = tuple(dict.fromkeys((place.folder(place.workdir) or folder, folder)))
    return ServiceFact(
        f"{path}#{name}", name, "systemd", unit.place, roots, command,
        environment=unit.environment, profile=profile_of(path),
    )  # fmt: skip


def _checked_out(directory: str, tree: Tree) -> str:
    """The folder of the tree that a directory of the machine is, by at least two folders of its path."""
    parts = posixpath.normpath(directory).strip("/").split("/")
    tails = ("/".join(parts[start:]) for start in range(len(parts) - 1))
    return next((tail for tail in tails if holds_python(tree, tail)), "")


def _words(text: str) -> tuple[str, ...]:
    plain = _SPECIFIER.sub("", text)
    try:
        return tuple(shlex.split(plain))
    except ValueError:
        return tuple(plain.split())
