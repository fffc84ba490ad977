"""Supervisor configurations: each program is a process of the container or host that supervisor runs in."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ManifestFacts, ServiceFact, Setting, Text
from brokerlint.manifests.formats.dockerfile import command_of
from brokerlint.manifests.formats.dotenv import beside
from brokerlint.manifests.layout import Layout, holds_python, layout, likely_context
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import runs_python, started, words_known
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import setting
from brokerlint.places import Place

_SECTION = re.compile(r"^\[(program|fcgi-program|eventlistener):([^\]]+)\]\s*$")
_ANY_SECTION = re.compile(r"^\[[^\]]*\]\s*$")
_OPTION = re.compile(r"^([A-Za-z_]+)\s*=\s*(.*)$")
_PAIR = re.compile(r"(?<!\w)([A-Za-z_]\w*+)\s*+=\s*+(\"[^\"]*\"|'[^']*'|[^,]*)\s*(?:,|$)")


@dataclass(frozen=True, slots=True)
class Program:
    """One ``[program:name]``."""

    name: str
    place: Place
    command: tuple[str, ...]
    directory: str
    environment: Mapping[str, Setting]
    processes: int


@dataclass(frozen=True, slots=True)
class Supervisord:
    """The programs of one file, in order."""

    programs: tuple[Program, ...]

    def commands(self) -> Iterator[tuple[str, ...]]:
        """Every command."""
        for program in self.programs:
            yield program.command


def wants(path: str, head: bytes) -> bool:
    """Files with a ``[program:...]`` section."""
    return path.endswith((".conf", ".ini", ".cfg", ".conf.j2")) and b"[program:" in head


def read(path: str, text: str) -> Supervisord:
    """The programs of a file. Continuation lines are indented."""
    found: list[Program] = []
    name, line, options = "", 0, dict[str, str]()
    last = ""
    for number, raw in enumerate([*text.split("\n"), "[end]"], 1):
        stripped = re.sub(r"(?:^|\s);.*", "", raw).rstrip()
        if raw.lstrip().startswith(("#", ";")) or not stripped:
            continue
        if _ANY_SECTION.match(stripped):
            if name:
                found.append(_program(path, name, line, options))
            section = _SECTION.match(stripped)
            name, line, options, last = section[2].strip() if section else "", number, {}, ""
        elif raw[0] in " \t" and last:
            options[last] += f" {stripped.strip()}"
        elif option := _OPTION.match(stripped):
            last = option[1].lower()
            options[last] = option[2]
    return Supervisord(tuple(found))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """A service for each program that runs Python code."""
    services = [
        fact
        for path, document in sorted(documents.items())
        for program in document.programs
        if (fact := _service(path, program, tree)) is not None
    ]
    return ManifestFacts(services=tuple(services))


def _service(path: str, program: Program, tree: Tree) -> ServiceFact | None:
    files, image_environment, context = _container(path, program.directory, tree)
    environment = {**beside(tree, (context,)), **image_environment, **program.environment}
    command, entered = started(program.command, words_known(environment), files, tree)
    if not runs_python(command):
        return None
    root = files.folder(files.entered(entered).workdir)
    return ServiceFact(
        f"{path}#{program.name}",
        program.name,
        "supervisord",
        program.place,
        tuple(dict.fromkeys((context if root is None else root, context))),
        command,
        environment=environment,
        profile=profile_of(path),
        properties={"replicas_max": program.processes} if program.processes > 1 else {},
    )


def _container(path: str, directory: str, tree: Tree) -> tuple[Layout, Mapping[str, Setting], str]:
    """Where supervisor runs: the image that starts it, else the configuration's own surroundings."""
    for dockerfile, document in sorted(tree.of("dockerfile").items()):
        stage = document.stage()
        if any("supervisord" in word for word in command_of(stage)) and len(tree.of("supervisord")) == 1:
            context = likely_context(tree, dockerfile, stage)
            return layout(tree, context, stage, workdir=directory), stage.environment, context
    folder = posixpath.dirname(path)
    while folder and not holds_python(tree, folder):
        folder = posixpath.dirname(folder)
    return Layout(((folder, directory or "/"), (folder, "/")), directory or "/", tree), {}, folder


def _program(path: str, name: str, line: int, options: Mapping[str, str]) -> Program:
    command = re.sub(r"%\([^)]*\)[sd]", "", options.get("command", ""))
    try:
        words = tuple(shlex.split(command))
    except ValueError:
        words = tuple(command.split())
    place = Place(path, line, 0, f"starts {name}")
    settings = {
        match[1]: setting(match[1], Text(match[2].strip().strip("'\"")), place)
        for match in _PAIR.finditer(options.get("environment", ""))
    }
    directory = options.get("directory", "")
    count = options.get("numprocs", "1")
    return Program(
        name, place, words, directory if "%" not in directory else "", settings, int(count) if count.isdecimal() else 1
    )
