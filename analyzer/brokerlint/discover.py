"""Discovery: which files of a tree are looked at, and as what.

In a git work tree the files are those that git tracks or would add; elsewhere a walk leaves out what no one keeps under
version control. Tests, vendored and generated code are told apart from the tree's own; examples too, where the tree
deploys something else. Nothing is opened here, so a file is judged by its path alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from brokerlint.globs import globs
from brokerlint.listing import VENDORED_DIRECTORIES, Listing
from brokerlint.places import Diagnostic

Form: TypeAlias = Literal["python", "manifest", "other"]
Kind: TypeAlias = Literal["own", "test", "example", "vendored", "generated"]

KINDS: dict[str, Kind] = {
    **dict.fromkeys(("test", "tests"), "test"),
    **dict.fromkeys(("example", "examples"), "example"),
    "vendored": "vendored",
    "generated": "generated",
}
"""The words by which ``include`` names kinds of files that are otherwise kept apart."""

_TEST_DIRECTORIES = frozenset(
    "test tests __tests__ testdata itest itests unittests unit_tests integration_tests".split()
)
_EXAMPLE_DIRECTORIES = frozenset("example examples sample samples demo demos".split())
_GENERATED_DIRECTORIES = frozenset(".terraform .aws-sam .serverless cdk.out .chalice .ipynb_checkpoints".split())
_BUILD_DIRECTORIES = frozenset(("build", "dist"))
"""Generated where nobody tracks them; a tracked ``build`` holds what somebody wrote."""

_GENERATED_ENDINGS = ("_pb2.py", "_pb2_grpc.py")
_MANIFEST_ENDINGS = frozenset(
    ".yaml .yml .json .tf .tfvars .hcl .toml .ini .cfg .conf .properties .env .sh .bash .service .template "
    ".tpl .j2 .jinja .jinja2 .nomad .ksql .sql .dockerfile .mk .lock".split()
)
_MANIFEST_NAMES = ("dockerfile", "containerfile", "docker-compose", "procfile", "pipfile", "requirements", ".env")
_DEPLOYMENT_NAMES = ("dockerfile", "docker-compose", "compose.y", "serverless.y", "template.y", "procfile", "chart.y")


@dataclass(frozen=True, slots=True)
class File:
    """A file: its path relative to the root, what it is read as, and whose code it is."""

    path: str
    form: Form
    kind: Kind


@dataclass(frozen=True, slots=True)
class Discovered:
    """The files of a tree, relative to its root and sorted.

    ``sources`` are the Python files to be analysed, ``manifests`` the other files to be looked at (configuration,
    scripts, files without an ending), ``paths`` all files there are. ``apart`` counts by kind what was kept apart.
    """

    sources: tuple[str, ...]
    manifests: tuple[str, ...]
    paths: tuple[str, ...]
    diagnostics: tuple[Diagnostic, ...] = ()
    apart: Mapping[str, int] = field(default_factory=dict)


def discover(
    root: Path,
    include: Iterable[str] = (),
    exclude: Iterable[str] = (),
    *,
    only: Sequence[Path] = (),
) -> Discovered:
    """The files below ``root``, those in ``only`` (files or directories) where it is given.

    ``include`` holds words of ``KINDS`` and patterns whose files count as the tree's own; ``exclude`` holds patterns of
    files to leave out. Patterns are relative to the root. Raises ``ValueError`` for a pattern that cannot be used.
    """
    words = tuple(include)
    kinds: set[Kind] = {"own", *(KINDS[word] for word in words if word in KINDS)}
    listing = Listing(root, globs(exclude), globs(w for w in words if w not in KINDS), "vendored" in kinds)
    paths = _wanted(listing.paths(), root, only)
    sort = _Sorter(listing, paths)
    files = [file for file in map(sort.file, paths) if file.form == "other" or listing.readable(file.path)]
    if _examples_are_all_there_is(files):
        kinds.add("example")
    return Discovered(
        tuple(file.path for file in files if file.form == "python" and file.kind in kinds),
        tuple(file.path for file in files if file.form == "manifest" and file.kind in kinds),
        tuple(file.path for file in files),
        tuple(sorted(listing.diagnostics, key=lambda d: (d.path, d.message))),
        Counter(file.kind for file in files if file.form != "other" and file.kind not in kinds),
    )


def _wanted(paths: list[str], root: Path, only: Sequence[Path]) -> list[str]:
    """Those of ``paths`` that are one of ``only`` or below it; all when it is empty or holds the root."""
    starts = tuple(f"{_relative(root, path)}/" for path in only)
    if not starts or "/" in starts:
        return paths
    return [path for path in paths if f"{path}/".startswith(starts)]


def _relative(root: Path, path: Path) -> str:
    relative = os.path.relpath(path.absolute(), root.absolute()).replace(os.sep, "/")
    return "" if relative == "." else relative


def _examples_are_all_there_is(files: Iterable[File]) -> bool:
    """Whether the examples are what the tree is about: they outnumber the rest, or nothing else is deployed."""
    own = examples = 0
    deployed = False
    for file in files:
        if file.kind == "own":
            own += file.form == "python"
            name = file.path.rpartition("/")[2].lower()
            deployed = deployed or name.startswith(_DEPLOYMENT_NAMES) or name.endswith(".tf")
        elif file.kind == "example":
            examples += file.form == "python"
    return examples > own or not deployed


class _Sorter:
    """Says what each path is; remembers the answer for directories."""

    def __init__(self, listing: Listing, paths: Iterable[str]) -> None:
        self._include = listing.include
        self._installed = _installed_in(paths)
        self._untracked = not listing.by_git
        self._directories: dict[str, Kind] = {"": "own"}

    def file(self, path: str) -> File:
        """What the file ``path`` is read as and whose it is."""
        directory, _, name = path.rpartition("/")
        form = form_of(name)
        if form == "other":
            return File(path, form, "own")
        kind = self._directory(directory)
        if kind in ("own", "example") and form == "python":
            if name.endswith(_GENERATED_ENDINGS):
                kind = "generated"
            elif name == "conftest.py" or name.startswith("test_") or name.endswith("_test.py"):
                kind = "test"
        if kind != "own" and self._include.match(path):
            kind = "own"
        return File(path, form, kind)

    def _directory(self, directory: str) -> Kind:
        """The kind of a directory: that of the outermost part of its path that has one."""
        known = self._directories.get(directory)
        if known is None:
            parent, _, name = directory.rpartition("/")
            known = self._directory(parent)
            if known in ("own", "example"):
                installed: Kind | None = "vendored" if directory in self._installed else None
                known = installed or self._by_name(name.lower()) or known
            self._directories[directory] = known
        return known

    def _by_name(self, name: str) -> Kind | None:
        if name in _TEST_DIRECTORIES:
            return "test"
        if name in _EXAMPLE_DIRECTORIES:
            return "example"
        if name in VENDORED_DIRECTORIES:
            return "vendored"
        if name in _GENERATED_DIRECTORIES or (self._untracked and name in _BUILD_DIRECTORIES):
            return "generated"
        return None


def _installed_in(paths: Iterable[str]) -> frozenset[str]:
    """The directories that an installer put packages into: those with a ``*.dist-info`` (Lambda layers, bundles)."""
    marked = (path.partition(".dist-info/")[0] for path in paths if ".dist-info/" in path)
    return frozenset(mark.rpartition("/")[0] for mark in marked) - {""}


def form_of(name: str) -> Form:
    """What a file of this name is read as."""
    _, dot, ending = name.rpartition(".")
    if ending == "py" and dot:
        return "python"
    lowered = name.lower()
    known = not dot or f".{ending.lower()}" in _MANIFEST_ENDINGS or lowered.startswith(_MANIFEST_NAMES)
    return "manifest" if known else "other"
