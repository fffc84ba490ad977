"""The program: all its Python modules, found by name, read when they are asked for.

Imports resolve the way they would at run time, as far as that can be told without running: relative ones from the
importing package; absolute ones against the *roots* that could be on ``sys.path`` for that file. The nearest root
around the importing file wins, so that two services may each have a ``config`` module.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import takewhile
from typing import Protocol, TypeAlias

from brokerlint.link.values import External, ModuleValue
from brokerlint.python import ir

Load: TypeAlias = Callable[[str], ir.Module | None]
Mentioning: TypeAlias = Callable[[str], Iterable[str]]
Rank: TypeAlias = tuple[int, int, int]

MOST_ALIKE = 200
"""Files that each have a subclass, an implementation or a call of one thing; what more of them have in common is not
worth reading."""


class Naming(Protocol):
    """Tells which files use a name in a certain way."""

    def calling(self, name: str) -> list[str]:
        """The files that call it."""

    def passing(self, name: str) -> list[str]:
        """The files that pass it as an argument."""

    def defining(self, name: str) -> list[str]:
        """The files that define a function so called."""

    def deriving(self, name: str) -> list[str]:
        """The files that derive a class from it."""


class Program:
    """The modules of one tree.

    Takes the paths of its Python files, a function that gives a file's summary (None when it can't be read), one that
    tells which files hold a word, the top-level names of known libraries, which a nested file of that name does not
    shadow, a function that reads many files at once ahead of their use, folders that are on some program's path, and
    what tells which files derive from, call, pass on or define a name (those that hold it by default).
    ``count`` grows with the modules read; ``holding`` are the files that may hold an object of a library.

    A folder is known by its path with a final ``/``: a package without ``__init__.py``.
    """

    def __init__(
        self,
        paths: Iterable[str],
        load: Load,
        mentioning: Mentioning,
        libraries: Iterable[str] = (),
        prefetch: Callable[[list[str]], None] = lambda paths: None,
        roots: Iterable[str] = (),
        naming: Naming | None = None,
    ) -> None:
        self.paths = tuple(sorted(paths))
        self.count = 0
        self.holding = self.known = frozenset(self.paths)
        self._load = load
        self._mentioning = mentioning
        self._prefetch = prefetch
        self._deriving = naming.deriving if naming else mentioning
        self._calling = naming.calling if naming else mentioning
        self._passing = naming.passing if naming else mentioning
        self._defining = naming.defining if naming else mentioning
        self._roots = frozenset(roots)
        self._libraries = frozenset(libraries) | sys.stdlib_module_names
        self._modules: dict[str, ir.Module | None] = {}
        self._by_stem: dict[str, list[str]] = {}
        self._by_end: dict[tuple[str, str], list[str]] = {}
        self._packages: set[str] = set()
        self._folders: set[str] = set()
        self._resolved: dict[tuple[str, str], ModuleValue | External] = {}
        for path in self.paths:
            folder, _, file = path.rpartition("/")
            if file == "__init__.py":
                self._packages.add(folder)
            stem = folder.rpartition("/")[2] if file == "__init__.py" else file.removesuffix(".py")
            self._by_stem.setdefault(stem, []).append(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition("/")[0]
        for folder in sorted(self._folders - self._packages):
            self._by_stem.setdefault(folder.rpartition("/")[2], []).append(folder + "/")
        for stem, alike in self._by_stem.items():
            for path in alike:
                inside = _without_suffix(path).rpartition("/")[0]
                self._by_end.setdefault((inside.rpartition("/")[2], stem), []).append(path)

    def module(self, path: str) -> ir.Module | None:
        """The summary of a file; None when it can't be read or is a folder without code."""
        if path not in self._modules:
            self._modules[path] = None if path.endswith("/") else self._load(path)
            self.count += 1
        return self._modules[path]

    def loaded(self) -> Iterator[ir.Module]:
        """The modules that have been read so far, by path."""
        for path in sorted(self._modules):
            module = self._modules[path]
            if module is not None:
                yield module

    def mentioning(self, word: str) -> list[ir.Module]:
        """The modules whose text holds ``word``, read when they were not yet."""
        return self._all(self._mentioning(word))

    def calling(self, name: str, knows: Callable[[str], bool] | None = None, strictly: bool = True) -> None:
        """Read the modules that may call ``name``. Of those whose imports say that they do not ``know`` what is meant,
        none are read, or unless ``strictly`` none where the name is a common one."""
        self._all(_known(self._calling(name), knows, strictly))

    def passing(self, name: str, knows: Callable[[str], bool] | None = None, strictly: bool = True) -> None:
        """Read the modules that may pass ``name`` to a call, in the same way."""
        self._all(_known(self._passing(name), knows, strictly))

    def deriving(self, name: str) -> list[ir.Module]:
        """The modules that may derive a class from one called ``name``; none where they are too many to tell
        anything about that class."""
        return self._few(self._deriving(name))

    def defining(self, name: str) -> list[ir.Module]:
        """The modules with a function called ``name``; none where they are too many."""
        return self._few(self._defining(name))

    def _few(self, paths: Iterable[str]) -> list[ir.Module]:
        wanted = list(paths)
        return self._all(wanted) if len(wanted) <= MOST_ALIKE else []

    def _all(self, paths: Iterable[str]) -> list[ir.Module]:
        wanted = list(paths)
        self._prefetch([path for path in wanted if path not in self._modules])
        found = (self.module(path) for path in wanted)
        return [module for module in found if module is not None]

    def is_package(self, path: str) -> bool:
        """Is this an ``__init__.py`` or a folder?"""
        return path.endswith(("/__init__.py", "/")) or path == "__init__.py"

    def in_package(self, path: str) -> bool:
        """Does the file stand in a folder with an ``__init__.py``?"""
        return path.rpartition("/")[0] in self._packages

    def package_of(self, path: str) -> str:
        """The folder of the outermost package around a file; "" when it stands in none."""
        folder, outermost = path.rpartition("/")[0], ""
        while folder and folder in self._packages:
            outermost, folder = folder, folder.rpartition("/")[0]
        return outermost

    def resolve(self, importer: str, dotted: str, level: int = 0) -> ModuleValue | External:
        """The module that ``importer`` means by ``dotted`` (with ``level`` leading dots)."""
        key = (importer, "." * level + dotted)
        known = self._resolved.get(key)
        if known is None:
            known = self._relative(importer, dotted, level) if level else self._absolute(importer, dotted)
            self._resolved[key] = known
        return known

    def child(self, package: str, name: str) -> ModuleValue | None:
        """The module ``name`` inside the package at ``package`` (a path), if there is one."""
        folder = package.removesuffix("__init__.py").rstrip("/")
        return self._inside(folder, [name])

    def called(self, stem: str) -> list[str]:
        """The files whose module name ends with ``stem``."""
        return [path for path in self._by_stem.get(stem, ()) if not path.endswith("/")]

    def dotted(self, path: str) -> str:
        """The dotted name that a file has from its outermost package."""
        folder, _, file = path.rpartition("/")
        parts = [] if file == "__init__.py" else [file.removesuffix(".py")]
        while folder and folder in self._packages:
            folder, _, last = folder.rpartition("/")
            parts.insert(0, last)
        return ".".join(parts)

    def _relative(self, importer: str, dotted: str, level: int) -> ModuleValue | External:
        folder = importer.rpartition("/")[0]
        for _ in range(level - 1):
            folder = folder.rpartition("/")[0]
        found = self._inside(folder, dotted.split(".") if dotted else [])
        return found or External("." * level + dotted)

    def _inside(self, folder: str, parts: list[str]) -> ModuleValue | None:
        base = "/".join([part for part in (folder, *parts) if part])
        for candidate in (f"{base}.py" if parts else "", f"{base}/__init__.py" if base else "__init__.py"):
            if candidate and candidate in self.known:
                return ModuleValue(candidate)
        return ModuleValue(base + "/") if base in self._folders else None

    def _absolute(self, importer: str, dotted: str) -> ModuleValue | External:
        parts = dotted.split(".")
        tail = "/".join(parts)
        best: tuple[Rank, str] | None = None
        alike = self._by_end.get((parts[-2], parts[-1])) if len(parts) > 1 else self._by_stem.get(parts[-1])
        for path in alike or ():
            base = _without_suffix(path)
            if path == importer or (base != tail and not base.endswith("/" + tail)):
                continue  # no module means itself: ``from bus import send`` in shop/bus.py
            root = base[: -len(tail)].rstrip("/")
            rank = self._rank(importer, root, parts[0], path)
            if rank is not None and (best is None or rank > best[0]):
                best = (rank, path)
        return ModuleValue(best[1]) if best else External(dotted)

    def _rank(self, importer: str, root: str, top: str, path: str) -> Rank | None:
        """How likely ``root`` is on the path when ``importer`` runs; None when it is not."""
        around = root == "" or importer.startswith(root + "/")
        own_folder = importer.rpartition("/")[0] == root
        inside_package = root in self._packages
        if top in self._libraries and (inside_package or not around):
            return None
        if inside_package and not own_folder and not around and root not in self._roots:
            return None
        real = 0 if path.endswith("/") else 1
        if around:
            return (2 if not inside_package or own_folder else 1, real, len(root))
        return (0, real, shared_folders(importer, root) * 100 - root.count("/"))


def _without_suffix(path: str) -> str:
    """The path of a module or folder as an import has it, with ``/``."""
    return path.removesuffix("/").removesuffix("/__init__.py").removesuffix(".py")


def _known(paths: Iterable[str], knows: Callable[[str], bool] | None, strictly: bool) -> list[str]:
    wanted = list(paths)
    if knows is None or (not strictly and len(wanted) <= MOST_ALIKE):
        return wanted
    return [path for path in wanted if knows(path)]


def shared_folders(path: str, other: str) -> int:
    """How many leading parts two paths have in common."""
    pairs = zip(path.split("/"), other.split("/"), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
