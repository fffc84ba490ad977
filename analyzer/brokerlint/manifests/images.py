"""Container images: which Dockerfile builds one, where the tree's files are in it, and which no manifest deploys."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from brokerlint.manifests.facts import ServiceFact
from brokerlint.manifests.formats.dockerfile import Dockerfile, Stage, command_of, place_of
from brokerlint.manifests.formats.dotenv import beside
from brokerlint.manifests.products import is_infrastructure, repository
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import runs_python, started, words_known
from brokerlint.manifests.tree import Tree


@dataclass(frozen=True, slots=True)
class Layout:
    """Where folders and files of the tree are inside a container: pairs of (path in the tree, absolute path inside),
    those that hide others first. ``workdir`` is the directory that a program starts in."""

    pairs: tuple[tuple[str, str], ...]
    workdir: str
    tree: Tree

    def folder(self, inside: str) -> str | None:
        """The folder of the tree that is at ``inside``; None when none is."""
        wanted = posixpath.normpath(inside)
        for outside, target in sorted(self.pairs, key=lambda pair: -len(pair[1])):
            if _is_file(self.tree, outside) or not _below(wanted, target):
                continue
            candidate = posixpath.normpath(posixpath.join(outside, posixpath.relpath(wanted, target)))
            candidate = "" if candidate == "." else candidate
            if is_folder(self.tree, candidate):
                return candidate
        return self._above(wanted)

    def _above(self, wanted: str) -> str | None:
        """The folder whose parts were copied below ``wanted`` one by one."""
        for outside, target in self.pairs:
            if not _below(target, wanted) or target == wanted:
                continue
            rest = posixpath.relpath(target, wanted)
            if outside == rest:
                return ""
            if outside.endswith(f"/{rest}"):
                return outside.removesuffix(f"/{rest}")
        return None

    def file(self, inside: str) -> str | None:
        """The file of the tree that is at ``inside`` (relative to ``workdir`` unless absolute)."""
        wanted = posixpath.normpath(posixpath.join(self.workdir, inside))
        for outside, target in sorted(self.pairs, key=lambda pair: -len(pair[1])):
            if _is_file(self.tree, outside):
                if target == wanted:
                    return outside
            elif _below(wanted, target):
                candidate = posixpath.normpath(posixpath.join(outside, posixpath.relpath(wanted, target)))
                if candidate in self.tree.paths:
                    return candidate
        return None if self.pairs else self._by_tail(wanted)

    def _by_tail(self, wanted: str) -> str | None:
        """The file at the tree's root whose path is the end of ``wanted``, for an image that is not known."""
        parts = wanted.strip("/").split("/")
        tails = ("/".join(parts[start:]) for start in range(len(parts)))
        return next((tail for tail in tails if tail in self.tree.paths), None)


def layout(
    tree: Tree, context: str, stage: Stage | None, mounts: Iterable[tuple[str, str]] = (), workdir: str = ""
) -> Layout:
    """Where the tree's files are in a container of ``stage`` built in the folder ``context``; ``mounts`` hide them."""
    pairs = [(outside, posixpath.normpath(inside)) for outside, inside in mounts]
    for copy in reversed(stage.copies if stage else ()):
        for source in copy.sources:
            pairs += _copied(tree, context, source, copy.target, len(copy.sources) > 1)
    base = stage.workdir if stage else "/"
    return Layout(tuple(pairs), posixpath.join(base, workdir) if workdir else base, tree)


def roots_of(place: Layout, environment: Mapping[str, str], context: str, dockerfile: str = "") -> tuple[str, ...]:
    """The folders that a program in the container has on its path: the working directory, ``PYTHONPATH``, and ``src``.

    Where nothing of the tree can be found there, it is the context, and before it the Dockerfile's folder when the
    context is the whole tree and that folder holds code.
    """
    found: dict[str, None] = {}
    for inside in (place.workdir, *environment.get("PYTHONPATH", "").split(":")):
        folder = place.folder(inside) if inside.startswith("/") else None
        if folder is not None:
            found.setdefault(folder)
    if not found:
        beside = posixpath.dirname(dockerfile)
        if not context and beside and holds_python(place.tree, beside):
            found.setdefault(beside)
        found.setdefault(context)
    for folder in list(found):
        source = posixpath.join(folder, "src")
        if holds_python(place.tree, source):
            found.setdefault(source)
    return tuple(found)


def dockerfile_of(tree: Tree, context: str, name: str = "") -> str | None:
    """The path of the Dockerfile ``name`` (relative to the context); the usual names when it is empty."""
    files = tree.of("dockerfile")
    for candidate in (name,) if name else ("Dockerfile", "dockerfile", "Containerfile"):
        for folder in (context, "") if name else (context,):
            path = posixpath.normpath(posixpath.join(folder, candidate))
            if path in files:
                return path
    return None


def by_image_name(tree: Tree, image: str) -> str | None:
    """The Dockerfile that seems to build ``image``: the only one whose folder, or ending, is the image's name."""
    name = _plain(repository(image))
    if len(name) < 3:
        return None
    found = []
    for path in tree.of("dockerfile"):
        folder, file = posixpath.split(path)
        endings = re.split(r"[._-]", file.lower())[1:]
        names = {_plain(posixpath.basename(folder)), *(_plain(ending) for ending in endings)}
        if name in names or any(len(one) > 3 and name.endswith(one) and name.startswith(one) for one in names):
            found.append(path)
    plain = [path for path in found if posixpath.basename(path).lower() == "dockerfile"]
    return (plain or found)[0] if len(plain or found) == 1 else None


def build_of(tree: Tree, image: str, name: str, manifest: str, own: bool = False) -> tuple[str, str] | None:
    """Context folder and Dockerfile of an image that a workload called ``name`` runs by the file ``manifest``.

    By a compose file that builds it; by the Dockerfile's folder or ending; because the tree builds only one image, if
    the manifest is not just for developers; and, for an application of the tree's ``own``, because the Dockerfile is
    the nearest above the manifest.
    """
    if is_infrastructure(image):
        return None
    wanted = {_plain(repository(image)), _plain(name)} - {""}
    for path, file in sorted(tree.of("compose").items()):
        for container in file.containers.values():
            names = {_plain(repository(container.image)), _plain(container.name)} - {""}
            if container.build is not None and not names.isdisjoint(wanted):
                context = posixpath.normpath(posixpath.join(posixpath.dirname(path), container.build.context))
                context = "" if context == "." else context
                dockerfile = dockerfile_of(tree, context, container.build.dockerfile)
                if dockerfile:
                    return context, dockerfile
    files = tree.of("dockerfile")
    found = by_image_name(tree, image) or by_image_name(tree, name)
    if not found and (own or profile_of(manifest) not in ("dev", "test")):
        found = _only(files) or (_above(files, manifest) if own else None)
    return (likely_context(tree, found, files[found].stage()), found) if found else None


def _only(files: Iterable[str]) -> str | None:
    """The only Dockerfile, or the only one of the plain name, among those that are not just for developers."""
    kept = [path for path in files if not _only_for_development(path)]
    plain = [path for path in kept if posixpath.basename(path).lower() == "dockerfile"]
    return kept[0] if len(kept) == 1 else plain[0] if len(plain) == 1 else None


def _above(files: Iterable[str], manifest: str) -> str | None:
    """The Dockerfile in the nearest folder above a manifest."""
    folder = manifest
    while folder:
        folder = posixpath.dirname(folder)
        path = posixpath.join(folder, "Dockerfile")
        if path in files:
            return path
    return None


def undeployed(documents: Mapping[str, Any], tree: Tree) -> Iterator[ServiceFact]:
    """A service for each Dockerfile that no other manifest builds, if its command runs Python code of the tree.

    Several Dockerfiles for one program (other bases, other registries) are one service.
    """
    taken = deployed(tree)
    known: set[tuple[tuple[str, ...], tuple[str, ...], str]] = set()
    for path, document in sorted(documents.items(), key=lambda pair: (pair[0] not in taken, len(pair[0]), pair[0])):
        fact = None if _only_for_development(path) else _service(path, document, tree)
        if fact is None:
            continue
        program = (fact.roots, fact.command, fact.handler)
        if path not in taken and program not in known:
            yield fact
        known.add(program)


def deployed(tree: Tree) -> frozenset[str]:
    """The Dockerfiles that compose files and workloads of the tree refer to."""
    from brokerlint.manifests.formats import compose, helm, kubernetes, quix

    return frozenset().union(*(one.dockerfiles(tree) for one in (compose, kubernetes, helm, quix)))


def _service(path: str, document: Dockerfile, tree: Tree) -> ServiceFact | None:
    stage = document.stage()
    folder = posixpath.dirname(path)
    context = likely_context(tree, path, stage)
    place = layout(tree, context, stage)
    known = words_known(stage.environment)
    command = started(command_of(stage), known, place, tree)
    handler = ""
    if "/lambda/python" in stage.base and len(command) == 1 and "." in command[0]:
        handler, command = command[0].replace(".", "/", command[0].count(".") - 1), ()
    if not handler and not runs_python(command):
        return None
    name = _name(path, folder)
    roots = roots_of(place, known, context, path)
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


def _name(path: str, folder: str) -> str:
    file = posixpath.basename(path).lower()
    ending = file.partition(".")[2] if file.startswith(("dockerfile.", "containerfile.")) else ""
    if file.endswith(".dockerfile"):
        ending = file.removesuffix(".dockerfile")
    parts = [part for part in folder.split("/") if part not in ("docker", "build", "deploy", "dockerfiles", "")]
    return ending or (parts[-1] if parts else "app")


def _only_for_development(path: str) -> bool:
    words = re.split(r"[._/-]", path.lower())
    return not {"test", "tests", "dev", "devel", "development", "ci", "docs", "lint", "base"}.isdisjoint(words)


def likely_context(tree: Tree, path: str, stage: Stage) -> str:
    """The nearest folder, from the Dockerfile's upwards, that holds what is copied."""
    sources = [s.removeprefix("./").strip("/") for copy in stage.copies for s in copy.sources]
    wanted = [source for source in sources if source not in ("", ".") and "*" not in source]
    folder = posixpath.dirname(path)
    best, most = folder, -1
    while True:
        held = sum(_exists(tree, posixpath.join(folder, source)) for source in wanted)
        better = held > most if wanted else most < 0 and holds_python(tree, folder)
        if better and (held or not wanted):
            best, most = folder, held
        if not folder:
            return best
        folder = posixpath.dirname(folder)


def _copied(tree: Tree, context: str, source: str, target: str, several: bool) -> Iterator[tuple[str, str]]:
    inside = posixpath.normpath(target)
    outside = posixpath.normpath(posixpath.join(context, source.lstrip("/") or "."))
    outside = "" if outside == "." else outside
    if "*" in source or "?" in source:
        yield posixpath.dirname(outside), inside
    elif _is_file(tree, outside):
        into = several or target.endswith("/")
        yield outside, posixpath.join(inside, posixpath.basename(outside)) if into else inside
    elif not outside.startswith(".."):
        yield outside, inside


def is_folder(tree: Tree, path: str) -> bool:
    """Whether the tree has files below ``path``."""
    return path in ("", ".") or path in _folders(tree.paths)


def _exists(tree: Tree, path: str) -> bool:
    path = posixpath.normpath(path)
    return path in tree.paths or is_folder(tree, path)


def _is_file(tree: Tree, path: str) -> bool:
    return path in tree.paths


def holds_python(tree: Tree, folder: str) -> bool:
    """Whether the tree has Python files below ``folder``."""
    return folder in _python_folders(tree.paths)


@lru_cache(maxsize=4)
def _folders(paths: frozenset[str]) -> frozenset[str]:
    return _above_all(paths)


@lru_cache(maxsize=4)
def _python_folders(paths: frozenset[str]) -> frozenset[str]:
    return _above_all(path for path in paths if path.endswith(".py"))


def _above_all(paths: Iterable[str]) -> frozenset[str]:
    found: set[str] = {""}
    for path in paths:
        folder = posixpath.dirname(path)
        while folder not in found:
            found.add(folder)
            folder = posixpath.dirname(folder)
    return frozenset(found)


def _below(path: str, folder: str) -> bool:
    return path == folder or folder == "/" or path.startswith(f"{folder}/")


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
