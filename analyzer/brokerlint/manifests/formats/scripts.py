"""Shell scripts and makefiles: the channels they create, and the programs that entry scripts start by an argument.

Which script a container runs is for the readers of containers to say; they follow it through ``programs``. Here a
script is taken for itself: where nothing chooses among the programs it can start, each of them is a service.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from brokerlint.manifests import shell
from brokerlint.manifests.bootstrap import created
from brokerlint.manifests.facts import ManifestFacts, ServiceFact
from brokerlint.manifests.formats.dockerfile import command_of
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import programs, runs_python, unwrapped, works_off
from brokerlint.manifests.shell_syntax import Block, Case, Chain, Command, If, Loop, Statement
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.undeployed import deployed
from brokerlint.places import Place

_SHEBANG = re.compile(rb"#![^\n]*\b(?:ba|da|z|k)?sh\b")
_OPTION_VALUE = re.compile(r"[,=$]")
"""What no program is called by: lists, assignments and variables."""
_ARGUMENT = re.compile(r"[\"']?\$\{?(?:1|@|\*)\}?[\"']?\Z|[\"']?\$\{1[:-][^}]*\}[\"']?\Z")
_RULE = re.compile(r"^([A-Za-z0-9_./-]+(?:[ \t]+[A-Za-z0-9_./-]+)*)[ \t]*::?(?!=)")
_LIKELY_ENTRY = re.compile(r"entry|run|start|boot|launch|init|cmd|command|serve", re.IGNORECASE)
MOST_RULES = 300
"""Rules of a makefile that are read."""


@dataclass(frozen=True, slots=True)
class Script:
    """A script's statements, or a makefile's rules by target."""

    block: Block = ()
    rules: Mapping[str, Block] = field(default_factory=dict)


def wants(path: str, head: bytes) -> bool:
    """Shell scripts by ending or first line, makefiles by name."""
    name = posixpath.basename(path).lower()
    if name in ("makefile", "gnumakefile") or name.endswith((".sh", ".bash", ".mk")):
        return True
    return "." not in name and head.startswith(b"#!") and _SHEBANG.match(head) is not None


def read(path: str, text: str) -> Script:
    """The statements of a script, the rules of a makefile."""
    name = posixpath.basename(path).lower()
    if name in ("makefile", "gnumakefile") or name.endswith(".mk"):
        return Script(rules=dict(_rules(text)))
    return Script(shell.parse(text))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """What the scripts create, and the services of scripts whose programs nobody chooses."""
    facts = ManifestFacts()
    started = _started(tree.of("dockerfile"), tree.of("dockerfile"))
    chosen = _chosen(tree)
    running = _running(tree)
    for path, script in sorted(documents.items()):
        profile = profile_of(path)
        for block in (script.block, *script.rules.values()):
            facts += created(shell.run(block), path, profile)
        name = posixpath.basename(path)
        if script.block and name not in chosen:
            services = _services(path, script.block, name in started, name in running)
            facts += ManifestFacts(services=tuple(services))
    return facts


def arguments_of(block: Block) -> dict[str, int]:
    """The first arguments that a script compares with, and the line of each comparison."""
    found: dict[str, int] = {}
    for statement in _all(block):
        if isinstance(statement, Case) and _ARGUMENT.match(statement.subject):
            for patterns, _, line in statement.arms:
                for pattern in patterns:
                    if re.fullmatch(r"[\"']?\w[\w.:-]*[\"']?", pattern):
                        found.setdefault(pattern.strip("'\""), line)
        elif isinstance(statement, Command) and statement.words[0] in ("[", "[[", "test"):
            for left, operator, right in zip(statement.words, statement.words[1:], statement.words[2:], strict=False):
                compares = operator in ("=", "==") and _ARGUMENT.match(left)
                if compares and re.fullmatch(r"[\"']?[A-Za-z][\w.:-]*[\"']?", right):
                    found.setdefault(right.strip("'\""), statement.line)
    return found


def _services(path: str, block: Block, started_by_image: bool, running: bool) -> Iterator[ServiceFact]:
    """One service for each argument that starts a Python program; else, unless a container is ``running`` the script,
    for each that runs in the background, or for the one worker that the script is there to start (unless an image
    does)."""
    folder = posixpath.dirname(path)
    arguments = arguments_of(block)
    if arguments:
        started = list(_by_argument(block, arguments))
    elif not running and _LIKELY_ENTRY.search(posixpath.basename(path)):
        calls = [call for call in programs(shell.run(block)) if runs_python(call.words)]
        beside = [call for call in calls if call.background]
        alone = [call for call in calls if works_off(call.words)] if len(calls) == 1 and not started_by_image else []
        started = (
            [(_name(call.words), call) for call in beside]
            if len(beside) > 1
            else [(posixpath.basename(path).partition(".")[0], call) for call in alone]
        )
    else:
        started = []
    names = [name for name, _ in started]
    for name, call in started:
        if names.count(name) > 1:
            name = _apart(name, call.words)
        place = Place(path, call.line, 0, f"starts {name}")
        command = unwrapped(call.words)
        yield ServiceFact(f"{path}#{name}", name, "script", place, _roots(folder), command, profile=profile_of(path))


def _by_argument(block: Block, arguments: Iterable[str]) -> Iterator[tuple[str, shell.Call]]:
    """What each argument starts, where that is a Python program of its own and not what starts anyway."""
    seen = {call.words for call in programs(shell.run(block, ()))}
    for name in arguments:
        for call in programs(shell.run(block, (name,)))[:1]:
            if runs_python(call.words) and call.words not in seen:
                seen.add(call.words)
                yield name, call


def _roots(folder: str) -> tuple[str, ...]:
    """The folder above where scripts have a folder of their own."""
    parent, last = posixpath.split(folder)
    return (parent,) if last in ("scripts", "bin", "docker", "deploy", "script", "ci", "ops") else (folder,)


def _name(words: Iterable[str]) -> str:
    words = list(words)
    file = next((word for word in words if word.endswith(".py")), "")
    if file:
        return posixpath.basename(file).removesuffix(".py")
    for option in ("-m", "-n", "--hostname", "--name"):
        if option in words[:-1]:
            return words[words.index(option) + 1].partition("@")[0].rpartition(".")[2]
    plain = [word for word in words if not word.startswith("-") and not _OPTION_VALUE.search(word)]
    return (plain or words)[-1].rpartition(".")[2]


def _apart(name: str, words: Iterable[str]) -> str:
    """The name of a program beside one that is called alike: its folder tells them apart."""
    file = next((word for word in words if word.endswith(".py")), "")
    folder = posixpath.basename(posixpath.dirname(file))
    return f"{folder}-{name}" if folder else name


def _running(tree: Tree) -> frozenset[str]:
    """Names of the scripts that a container or process of the tree runs."""
    return frozenset(posixpath.basename(word) for command in _commands(tree) for word in command)


def _commands(tree: Tree) -> Iterator[list[str]]:
    for name in ("compose", "kubernetes", "helm", "procfile", "supervisord"):
        for document in tree.of(name).values():
            for command in document.commands():
                yield [word for part in command for word in part.split()]


def _chosen(tree: Tree) -> frozenset[str]:
    """Names of scripts that a container or process of the tree starts with arguments of its own."""
    found = {posixpath.basename(word) for command in _commands(tree) for word in command[:-1]}
    images = tree.of("dockerfile")
    return frozenset(found) | _started(images, deployed(tree) if images else ())


def _started(images: Mapping[str, Any], paths: Iterable[str]) -> frozenset[str]:
    """Names of what the images of these Dockerfiles start."""
    stages = [stage for path in paths if path in images for stage in images[path].stages]
    return frozenset(posixpath.basename(word) for stage in stages for word in command_of(stage) if " " not in word)


def _all(block: Block) -> Iterator[Statement]:
    for statement in block:
        yield statement
        if isinstance(statement, Chain):
            yield from _all(tuple(part for _, part in statement.parts))
        elif isinstance(statement, If):
            for condition, body in statement.branches:
                yield from _all(condition)
                yield from _all(body)
        elif isinstance(statement, Case):
            for _, body, _ in statement.arms:
                yield from _all(body)
        elif isinstance(statement, Loop) or not isinstance(statement, Command):
            yield from _all(statement.body)


def _rules(text: str) -> Iterator[tuple[str, Block]]:
    """Targets of a makefile and what their recipes do, in lines of the makefile."""
    targets: list[str] = []
    recipe: list[str] = []
    first = 0
    count = 0
    for number, line in enumerate([*text.split("\n"), "end:"], 1):
        if line.startswith("\t"):
            first = first or number
            recipe.append(line.strip().lstrip("@-+"))
            continue
        if not line.strip() or line.startswith("#"):
            if recipe:
                recipe.append("")
            continue
        if targets and recipe and count < MOST_RULES:
            count += 1
            block = shell.parse("\n" * (first - 1) + _as_shell("\n".join(recipe)))
            yield from ((target, block) for target in targets)
        match = _RULE.match(line)
        targets, recipe, first = (match[1].split() if match else []), [], 0


def _as_shell(recipe: str) -> str:
    return re.sub(r"\$\((\w+)\)", r"${\1}", recipe).replace("$$", "$")
