"""Images that no manifest deploys: a Dockerfile whose command runs Python code of the tree is a service by itself."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from brokerlint.manifests.facts import ServiceFact
from brokerlint.manifests.formats import compose, helm, kubernetes, quix
from brokerlint.manifests.formats.dockerfile import Dockerfile, Stage, command_of, place_of
from brokerlint.manifests.formats.dotenv import beside
from brokerlint.manifests.formats.projects import name_of
from brokerlint.manifests.images import only_for_development
from brokerlint.manifests.layout import layout, likely_context, roots_of
from brokerlint.manifests.programs import runs_python, started, words_known
from brokerlint.manifests.tree import Tree

_PACKAGING = frozenset("docker .docker build deploy deployment dockerfiles container images".split())


def undeployed(documents: Mapping[str, Any], tree: Tree) -> Iterator[ServiceFact]:
    """A service for each Dockerfile that no other manifest builds, if its command runs Python code of the tree.

    Several Dockerfiles for one program (other bases, other registries) are one service.
    """
    taken = deployed(tree)
    known: set[tuple[tuple[str, ...], tuple[str, ...], str]] = set()
    for path, document in sorted(documents.items(), key=lambda pair: (pair[0] not in taken, len(pair[0]), pair[0])):
        fact = None if only_for_development(path) else _service(path, document, tree)
        if fact is None:
            continue
        program = (fact.roots, fact.command, fact.handler)
        if path not in taken and program not in known:
            yield fact
        known.add(program)


def deployed(tree: Tree) -> frozenset[str]:
    """The Dockerfiles that compose files and workloads of the tree refer to."""
    return frozenset().union(*(one.dockerfiles(tree) for one in (compose, kubernetes, helm, quix)))


def built(path: str, tree: Tree) -> ServiceFact | None:
    """What the image of the Dockerfile at ``path`` starts; None where that is no Python of the tree."""
    return _service(path, tree.of("dockerfile")[path], tree)


def _service(path: str, document: Dockerfile, tree: Tree) -> ServiceFact | None:
    stage = document.stage()
    folder = posixpath.dirname(path)
    home = _home(folder)
    context = likely_context(tree, path, stage)
    place = layout(tree, context, stage)
    known = words_known(stage.environment)
    command, entered = started(command_of(stage), known, place, tree)
    handler = ""
    if "/lambda/python" in stage.base and len(command) == 1 and "." in command[0]:
        handler, command = command[0].replace(".", "/", command[0].count(".") - 1), ()
    if not handler and not runs_python(command):
        return None
    name = _name(path, home, name_of(tree, home))
    found = roots_of(place.entered(entered), known, context, path)
    if not _copies_program(stage, folder, tree):
        found = tuple(home if root == folder else root for root in found)
    roots = tuple(dict.fromkeys(found))
    return ServiceFact(
        f"{path}#{name}",
        name,
        "lambda" if handler else "docker",
        place_of(path, stage).saying("builds the image"),
        roots,
        command,
        handler,
        environment={**beside(tree, dict.fromkeys((*roots, context))), **stage.environment},
    )


def _copies_program(stage: Stage, folder: str, tree: Tree) -> bool:
    """Whether the image takes Python files that stand beside its Dockerfile."""
    sources = (source for copy in stage.copies for source in copy.sources if source.endswith(".py"))
    return any(posixpath.normpath(posixpath.join(folder, source)) in tree.paths for source in sources)


def _home(folder: str) -> str:
    """The folder of the program: the one above where a Dockerfile stands in a folder for packaging."""
    while posixpath.basename(folder) in _PACKAGING:
        folder = posixpath.dirname(folder)
    return folder


def _name(path: str, folder: str, project: str) -> str:
    file = posixpath.basename(path).lower()
    ending = file.partition(".")[2] if file.startswith(("dockerfile.", "containerfile.")) else ""
    if file.endswith(".dockerfile"):
        ending = file.removesuffix(".dockerfile")
    return ending or posixpath.basename(folder) or project or "app"
