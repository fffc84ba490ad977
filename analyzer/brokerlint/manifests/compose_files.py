"""What one compose file says, before variables are put in and files are brought together."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from brokerlint.manifests.facts import Setting, Text, Value, Variable
from brokerlint.manifests.privacy import kept, secret
from brokerlint.manifests.values import NOT_KEPT
from brokerlint.manifests.yaml_nodes import Node
from brokerlint.places import Diagnostic, Place

Words = tuple[str, ...]

_ONLY_VARIABLES = re.compile(r"(?:\$\{?\w++\}?|[-_.:/,])*+\Z")
_MOUNT = re.compile(r"(?P<source>(?:\$\{[^}]*\}|[^:$]|\$(?!\{))*):(?P<target>/[^:]*)(?::[\w,]+)?\Z")


@dataclass(frozen=True, slots=True)
class Build:
    """How an image is built: context, Dockerfile relative to it, stage, arguments. Empty texts mean the usual."""

    context: str = "."
    dockerfile: str = ""
    target: str = ""
    arguments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Container:
    """One entry of ``services``, texts as written. ``command`` and ``entrypoint`` are None when not given.

    ``environment`` keeps each variable's text with its ``${...}``; one that is passed through is a ``Variable``.
    """

    name: str
    place: Place
    image: str = ""
    build: Build | None = None
    command: Words | None = None
    entrypoint: Words | None = None
    working_dir: str = ""
    environment: Mapping[str, Setting] = field(default_factory=dict)
    env_files: Words = ()
    mounts: tuple[tuple[str, str], ...] = ()
    extends: tuple[str, str] | None = None
    """Service and file (empty: the same) that this one builds on."""
    replicas: int | None = None
    health: tuple[Words, int] | None = None
    """The words of the health check and their line."""
    command_line: int = 0
    owner: str = ""
    has_volumes: bool = False
    profiles: Words = ()
    """Names of the profiles that start this container; it always starts when there are none."""
    network_of: str = ""
    """The service whose network it shares."""

    def over(self, base: Container) -> Container:
        """The description on top of that of ``base``: single values replace, collections add up."""
        return replace(
            self,
            image=self.image or base.image,
            build=self.build or base.build,
            command=base.command if self.command is None else self.command,
            entrypoint=base.entrypoint if self.entrypoint is None else self.entrypoint,
            working_dir=self.working_dir or base.working_dir,
            environment={**base.environment, **self.environment},
            env_files=base.env_files + tuple(one for one in self.env_files if one not in base.env_files),
            mounts=self.mounts + base.mounts,
            replicas=base.replicas if self.replicas is None else self.replicas,
            health=self.health or base.health,
            command_line=self.command_line or base.command_line,
            owner=self.owner or base.owner,
            has_volumes=self.has_volumes or base.has_volumes,
            profiles=self.profiles or base.profiles,
            network_of=self.network_of or base.network_of,
        )


@dataclass(frozen=True, slots=True)
class ComposeFile:
    """The services of one file, and what of it could not be read."""

    containers: Mapping[str, Container]
    diagnostics: tuple[Diagnostic, ...] = ()

    def commands(self) -> Iterator[Words]:
        """Every command and entry point that the file gives."""
        for container in self.containers.values():
            yield (*(container.entrypoint or ()), *(container.command or ()))


def containers(path: str, document: Node) -> dict[str, Container]:
    """The services of a document, by name; the whole document is one where it has no ``services`` (version 1)."""
    services = document.get("services") if document.get("services") else document
    found: dict[str, Container] = {}
    for name, node in services.items():
        known = ("image", "build", "command", "environment", "extends", "env_file", "entrypoint", "deploy", "volumes")
        if node.is_mapping and (services is not document or any(node.get(key) for key in known[:2])):
            found[name] = _container(path, name, services.line_of(name), node)
    return found


def _container(path: str, name: str, line: int, node: Node) -> Container:
    health = node.get("healthcheck", "test")
    replicas = node.get("deploy", "replicas").plain() if node.get("deploy", "replicas") else node.get("scale").plain()
    command = node.get("command") or node.get("entrypoint")
    return Container(
        name,
        Place(path, line),
        node.get("image").text,
        _build(node.get("build")),
        _words(node.get("command")),
        _words(node.get("entrypoint")),
        node.get("working_dir").text,
        dict(_environment(path, node.get("environment"))),
        tuple(_env_files(node.get("env_file"))),
        tuple(_mounts(node.get("volumes"))),
        _extends(node.get("extends")),
        replicas if isinstance(replicas, int) else None,
        (_words(health) or (), health.line) if health else None,
        command.line,
        _owner(node),
        bool(node.get("volumes")),
        tuple(one.text for one in node.get("profiles").elements()),
        node.get("network_mode").text.removeprefix("service:") if "service:" in node.get("network_mode").text else "",
    )


def _build(node: Node) -> Build | None:
    if node.is_mapping:
        given = dict(_arguments(node.get("args")))
        return Build(node.get("context").text or ".", node.get("dockerfile").text, node.get("target").text, given)
    return Build(node.text) if node.text else None


def _arguments(node: Node) -> Iterator[tuple[str, str]]:
    """The arguments of a build, without those that may be secret."""
    pairs = [(name, value.text) for name, value in node.items()]
    for name, sign, text in (element.text.partition("=") for element in node.elements()):
        pairs += [(name, text)] if sign else []
    yield from ((name, text) for name, text in pairs if not secret(name, text))


def _words(node: Node) -> Words | None:
    """A list as it is, a text split as a shell would; None when absent."""
    if node.is_sequence:
        return tuple(element.text for element in node.elements())
    if node.kind != "scalar" or (node.is_null and not node.line) or node.is_null:
        return None
    try:
        return tuple(shlex.split(node.text))
    except ValueError:
        return tuple(node.text.split())


def _environment(path: str, node: Node) -> Iterator[tuple[str, Setting]]:
    """A mapping, or a list of ``NAME=value``; a name without a value is passed through from outside."""
    if node.is_mapping:
        for name, value in node.items():
            place = Place(path, node.line_of(name))
            yield name, Setting(Variable(name) if value.is_null else raw(name, value.text), place)
    for element in node.elements():
        name, sign, text = element.text.partition("=")
        if name:
            yield name.strip(), Setting(raw(name, text) if sign else Variable(name), Place(path, element.line))


def raw(name: str, text: str) -> Value:
    """A variable's text as written, if it may be kept."""
    if _ONLY_VARIABLES.match(text):
        return Text(text)
    plain = kept(name, text)
    return NOT_KEPT if plain is None else Text(plain)


def _env_files(node: Node) -> Iterator[str]:
    for element in node.elements() or (node,):
        file = element.get("path").text or element.text
        if file:
            yield file


def _mounts(node: Node) -> Iterator[tuple[str, str]]:
    """Folders of the tree that are mounted: (path outside, absolute path inside)."""
    for element in node.elements():
        if element.is_mapping:
            source, target = element.get("source").text, element.get("target").text
        else:
            match = _MOUNT.match(element.text)
            source, target = (match["source"], match["target"]) if match else ("", "")
        if source.startswith((".", "$")) and target:
            yield source, target


def _extends(node: Node) -> tuple[str, str] | None:
    if node.text:
        return node.text, ""
    return (node.get("service").text, node.get("file").text) if node.get("service") else None


def _owner(node: Node) -> str:
    """A label or extension that names a team."""
    labels = node.get("labels")
    for name in ("team", "owner"):
        if labels.get(name).text:
            return labels.get(name).text
        for element in labels.elements():
            if element.text.startswith(f"{name}="):
                return element.text.partition("=")[2]
    return ""
