"""Dockerfiles: what an image holds, where it works, and what it starts.

An image that no other manifest deploys is a service by itself when its command runs Python code of the tree.
"""

from __future__ import annotations

import json
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from brokerlint.manifests.facts import ManifestFacts, Setting, Text
from brokerlint.manifests.tree import ManifestError, Tree
from brokerlint.manifests.values import interpolated, private, setting, shown
from brokerlint.places import Place

_INSTRUCTION = re.compile(r"^\s*([A-Za-z]+)\s+(.*)\Z", re.DOTALL)
_ESCAPE_DIRECTIVE = re.compile(r"\A(?:\s*#[^\n]*\n)*?\s*#\s*escape\s*=\s*`", re.IGNORECASE)
_HEREDOC = re.compile(r"<<-?(['\"]?)(\w+)\1")
_PYTHON_BASE = re.compile(r"python|pyspark|jupyter|notebook|conda|mamba|airflow")
_INSTALLS = re.compile(r"\b(?:pip[0-9.]*|poetry|pipenv|uv|python[0-9.]*)\b")
_FROM_STAGE = re.compile(r"--from[=\s]\s*(\S+)")
_PATH = re.compile(r"[\w./-]*")
_IN_PATH = re.compile(r"(?<=/)\$\{?(\w+)\}?|\$\{?(\w+)\}?(?=/)")
_FLAG = re.compile(r"--([\w-]+)(?:=(\S+))?\s*")


@dataclass(frozen=True, slots=True)
class Copy:
    """``COPY`` or ``ADD`` from the build context: paths there, and the absolute path in the image."""

    sources: tuple[str, ...]
    target: str


@dataclass(frozen=True, slots=True)
class Stage:
    """One ``FROM``; ``base`` is an image or the name of an earlier stage. ``workdir`` is absolute."""

    name: str
    base: str
    line: int
    workdir: str = "/"
    copies: tuple[Copy, ...] = ()
    environment: Mapping[str, Setting] = field(default_factory=dict)
    entrypoint: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    command_line: int = 0
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Defaults of the build's arguments; texts above still hold their names (``${NAME}``)."""
    python: bool = False
    """The image holds Python: by its base, or because something is installed with Python's tools."""


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """The stages of one file, in order; there is at least one."""

    stages: tuple[Stage, ...]

    def stage(self, target: str = "", arguments: Mapping[str, str] | None = None) -> Stage:
        """The stage that is built: ``target`` where given, else the last; with what it takes over from its bases, and
        with the build's ``arguments`` put in."""
        by_name = {stage.name: index for index, stage in enumerate(self.stages) if stage.name}
        index = by_name.get(target, len(self.stages) - 1)
        chain = [self.stages[index]]
        while chain[-1].base in by_name and by_name[chain[-1].base] < index:
            index = by_name[chain[-1].base]
            chain.append(self.stages[index])
        whole = chain.pop()
        while chain:
            whole = _on_top(whole, chain.pop())
        return _filled(whole, {**whole.arguments, **(arguments or {})})


def wants(path: str, head: bytes) -> bool:
    """``Dockerfile``, ``Dockerfile.worker``, ``worker.Dockerfile``, ``Containerfile``."""
    name = posixpath.basename(path).lower()
    named = name.startswith(("dockerfile", "containerfile")) or name.endswith((".dockerfile", ".containerfile"))
    return named and not name.endswith((".dockerignore", ".md", ".py", ".sh", ".yml", ".yaml", ".json"))


def read(path: str, text: str) -> Dockerfile:
    """The stages of a Dockerfile. Raises ``ManifestError`` where no ``FROM`` is found."""
    stages: list[_Stage] = []
    arguments: dict[str, str] = {}
    for line, name, rest in _instructions(text):
        if name == "FROM":
            base, _, alias = _flagless(rest).partition(" ")
            alias = alias.split()[-1] if alias.lower().startswith("as ") else ""
            below = next((one for one in stages if one.name and one.name == base), None)
            stages.append(_Stage(path, alias, _expand(base, arguments), line, below, stages[:], arguments))
        elif name == "ARG" and not stages:
            key, _, value = rest.partition("=")
            arguments[key.strip()] = value.strip().strip("'\"")
        elif stages:
            stages[-1].take(name, rest, line)
    if not stages:
        raise ManifestError(1, "is no Dockerfile: it has no FROM")
    return Dockerfile(tuple(stage.done() for stage in stages))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """A service for each image that no other manifest of the tree deploys."""
    from brokerlint.manifests.undeployed import undeployed

    return ManifestFacts(services=tuple(undeployed(documents, tree)))


class _Stage:
    """A stage while its instructions are read."""

    def __init__(
        self,
        path: str,
        name: str,
        base: str,
        line: int,
        below: _Stage | None,
        earlier: Sequence[_Stage],
        defaults: Mapping[str, str],
    ) -> None:
        self.path, self.name, self.base, self.line = path, name, base, line
        self.workdir: str = below.workdir if below else "/"
        self._below, self._earlier = below, earlier
        self._defaults = defaults
        self._variables: dict[str, str] = dict(below._variables) if below else {}
        self._arguments: dict[str, str] = {}
        self._copies: list[Copy] = []
        self._environment: dict[str, Setting] = {}
        self._entrypoint: tuple[str, ...] = ()
        self._command: tuple[str, ...] = ()
        self._command_line = 0
        self._python = _PYTHON_BASE.search(base) is not None

    def take(self, name: str, rest: str, line: int) -> None:
        """One instruction below ``FROM``."""
        if name == "WORKDIR":
            self.workdir = posixpath.normpath(posixpath.join(self.workdir, _expand(rest.strip("'\""), self._variables)))
        elif name in ("COPY", "ADD"):
            self._copy(rest)
        elif name == "ENV":
            for key, value in _assignments(rest):
                self._variables[key] = value = _expand(value, self._variables)
                self._environment[key] = setting(key, Text(value), Place(self.path, line))
        elif name == "ARG":
            key, sign, value = rest.partition("=")
            default = _expand(value.strip().strip("'\""), self._variables) if sign else self._defaults.get(key.strip())
            if default is not None:
                self._arguments[key.strip()] = default
        elif name == "ENTRYPOINT":
            self._entrypoint, self._command, self._command_line = self._started(rest), (), line
        elif name == "CMD":
            self._command, self._command_line = self._started(rest), self._command_line or line
        elif name == "RUN":
            self._python = self._python or _INSTALLS.search(rest) is not None

    def _started(self, rest: str) -> tuple[str, ...]:
        """A command with the variables that make up paths in it; any other may hold what is nobody's business."""
        plain = {name: value for name, value in self._variables.items() if _PATH.fullmatch(value)}
        return tuple(_IN_PATH.sub(lambda m: plain.get(m[1] or m[2], m[0]), word) for word in _command(rest))

    def _copy(self, rest: str) -> None:
        plain = _flagless(rest)
        paths = _words(plain)
        if len(paths) < 2 or paths[0].startswith("<<"):
            return
        target = _expand(paths[-1], self._variables)
        absolute = posixpath.normpath(posixpath.join(self.workdir, target))
        sources = tuple(_expand(source, self._variables) for source in paths[:-1])
        origin = _FROM_STAGE.search(rest[: len(rest) - len(plain)])
        if origin is None:
            self._copies.append(Copy(sources, f"{absolute}/" if target.endswith("/") else absolute))
            return
        stage = next((one for one in self._earlier if one.name == origin[1]), None)
        for source in sources if stage else ():
            self._copies += _handed_over(stage._held() if stage else [], posixpath.normpath(source), absolute)

    def _held(self) -> list[Copy]:
        """What was copied into the stage, and into the one that it is built on."""
        return [*(self._below._held() if self._below else ()), *self._copies]

    def done(self) -> Stage:
        """The stage as it was read."""
        return Stage(
            self.name, self.base, self.line, self.workdir, tuple(self._copies), self._environment,
            self._entrypoint, self._command, self._command_line, self._arguments, self._python,
        )  # fmt: skip


def _handed_over(copies: Sequence[Copy], folder: str, target: str) -> list[Copy]:
    """What was copied to ``folder`` of a stage, or the closest folder above, after that went on to ``target``."""
    found: list[Copy] = []
    above: Copy | None = None
    for copy in copies:
        there = copy.target.rstrip("/") or "/"
        if f"{there}/".startswith(f"{folder.rstrip('/')}/"):
            inside = posixpath.normpath(posixpath.join(target, posixpath.relpath(there, folder)))
            found.append(Copy(copy.sources, f"{inside}/" if copy.target.endswith("/") else inside))
        elif f"{folder}/".startswith(f"{there.rstrip('/')}/") and len(copy.sources) == 1:
            above = copy if above is None or len(there) >= len(above.target.rstrip("/")) else above
    if above is None or found:
        return found
    rest = posixpath.relpath(folder, above.target)
    return [Copy((posixpath.normpath(posixpath.join(above.sources[0], rest)),), target)]


def _on_top(base: Stage, stage: Stage) -> Stage:
    own = bool(stage.entrypoint)
    return Stage(
        stage.name,
        base.base,
        stage.line,
        stage.workdir,
        base.copies + stage.copies,
        {**base.environment, **stage.environment},
        stage.entrypoint or base.entrypoint,
        stage.command or (() if own else base.command),
        stage.command_line or base.command_line,
        {**base.arguments, **stage.arguments},
        stage.python or base.python,
    )


def _filled(stage: Stage, arguments: Mapping[str, str]) -> Stage:
    """The stage with the arguments of the build in its texts."""
    if not arguments:
        return stage

    def text(raw: str) -> str:
        return _expand(raw, arguments)

    return replace(
        stage,
        workdir=text(stage.workdir),
        copies=tuple(Copy(tuple(map(text, copy.sources)), text(copy.target)) for copy in stage.copies),
        environment={
            name: replace(one, value=private(name, Text(text(one.value.text)))) if isinstance(one.value, Text) else one
            for name, one in stage.environment.items()
        },
        entrypoint=_filled_command(stage.entrypoint, text),
        command=_filled_command(stage.command, text),
    )


def _filled_command(command: tuple[str, ...], text: Callable[[str], str]) -> tuple[str, ...]:
    """A command in shell form; one in exec form is taken as it is."""
    return tuple(map(text, command)) if command[1:2] == ("-c",) else command


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    """Line, name in upper case and the rest of each instruction, continuation lines joined, comments dropped."""
    escape = "`" if _ESCAPE_DIRECTIVE.match(text) else "\\"
    pending = ""
    start = 0
    heredoc = ""
    for number, line in enumerate(text.split("\n"), 1):
        stripped = line.strip()
        if heredoc:
            heredoc = "" if stripped == heredoc else heredoc
            continue
        if stripped.startswith("#") or (not stripped and pending):
            continue
        start = start if pending else number
        if stripped.endswith(escape):
            pending += stripped[:-1] + " "
            continue
        match = _INSTRUCTION.match(pending + stripped)
        pending = ""
        if match:
            name = match[1].upper()
            found = _HEREDOC.search(match[2]) if name in ("RUN", "COPY", "ADD") else None
            heredoc = found[2] if found else ""
            yield start, name, match[2].strip()


def _flagless(rest: str) -> str:
    at = 0
    while match := _FLAG.match(rest, at):
        at = match.end()
    return rest[at:]


def _words(rest: str) -> list[str]:
    if rest.startswith("["):
        return list(_array(rest) or ())
    return _split(rest)


def _command(rest: str) -> tuple[str, ...]:
    """Exec form as its words; shell form as what docker makes of it."""
    if rest.startswith("["):
        words = _array(rest)
        if words is not None:
            return words
    return ("/bin/sh", "-c", rest) if rest else ()


def _array(rest: str) -> tuple[str, ...] | None:
    try:
        found = json.loads(rest[: rest.rfind("]") + 1])
    except (ValueError, RecursionError):
        return None
    return tuple(str(word) for word in found) if isinstance(found, list) else None


def _assignments(rest: str) -> list[tuple[str, str]]:
    """``K=V L=W`` and the older ``K V``."""
    first = rest.split(None, 1)
    if first and "=" not in first[0]:
        return [(first[0], first[1].strip().strip("'\"") if len(first) > 1 else "")]
    return [(key, value) for key, sign, value in (word.partition("=") for word in _split(rest)) if sign]


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def _expand(text: str, variables: Mapping[str, str]) -> str:
    """``$NAME`` and ``${NAME:-default}`` from what the file sets; what it does not set stays."""
    if "$" not in text:
        return text
    return shown(interpolated(text, {name: Text(value) for name, value in variables.items()}))


def command_of(stage: Stage) -> tuple[str, ...]:
    """What a container of the image starts: the entry point with the command as its arguments."""
    return joined_command(stage.entrypoint, stage.command)


def joined_command(entrypoint: Sequence[str], command: Sequence[str]) -> tuple[str, ...]:
    """Entry point and command together; an entry point in shell form takes no arguments."""
    if len(entrypoint) == 3 and entrypoint[1] == "-c":
        return tuple(entrypoint)
    return (*entrypoint, *command)


def place_of(path: str, stage: Stage) -> Place:
    """Where a Dockerfile says what is started."""
    return Place(path, stage.command_line or stage.line)
