"""Where the tree's folders and files are inside a container, by what is copied and mounted there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from brokerlint.manifests.formats.dockerfile import Stage
from brokerlint.manifests.tree import Tree


@dataclass(frozen=True, slots=True)
class Layout:
    """Where folders and files of the tree are inside a container: pairs of (path in the tree, absolute path inside),
    those that hide others first. ``workdir`` is the directory that a program starts in."""

    pairs: tuple[tuple[str, str], ...]
    workdir: str
    tree: Tree

    def entered(self, folder: str) -> Layout:
        """The same after a change to ``folder``."""
        return replace(self, workdir=posixpath.normpath(posixpath.join(self.workdir, folder))) if folder else self

    def folder(self, inside: str) -> str | None:
        """The folder of the tree that is at ``inside``, or whose parts were copied there one by one; None for none."""
        return next(iter(self.folders(inside)), None)

    def folders(self, inside: str) -> list[str]:
        """The folders of the tree that add Python code to what is at ``inside``: those that are there themselves (of
        several, the ones put there most directly), then those of which parts are there."""
        wanted = posixpath.normpath(inside)
        whole: list[str] = []
        parts: list[str] = []
        nearest = ""
        for outside, target in sorted(self.pairs, key=lambda pair: -len(pair[1])):
            if target != wanted and _below(target, wanted):
                rest = posixpath.relpath(target, wanted)
                code = outside.endswith(".py") if _is_file(self.tree, outside) else holds_python(self.tree, outside)
                if code and f"/{outside}".endswith(f"/{rest}"):
                    parts.append(outside.removesuffix(rest).rstrip("/"))
            elif _below(wanted, target) and not _is_file(self.tree, outside) and nearest in ("", target):
                candidate = posixpath.normpath(posixpath.join(outside, posixpath.relpath(wanted, target)))
                candidate = "" if candidate == "." else candidate
                if is_folder(self.tree, candidate):
                    whole.append(candidate)
                    nearest = target
        return list(dict.fromkeys((*whole, *parts)))

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
        for folder in place.folders(inside) if inside.startswith("/") else ():
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
    return folder in python_folders(tree.paths)


@lru_cache(maxsize=4)
def _folders(paths: frozenset[str]) -> frozenset[str]:
    return _above_all(paths)


@lru_cache(maxsize=4)
def python_folders(paths: frozenset[str]) -> frozenset[str]:
    """The folders with Python files in or below them."""
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
