"""Which files a tree has: asked of git where there is a work tree, found by walking elsewhere.

Directory links are not followed and file links only inside the root, so that no link leads into a loop or out of the
tree. What cannot be looked at is told, never passed over in silence.
"""

from __future__ import annotations

import errno
import os
import stat
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from brokerlint.globs import Globs
from brokerlint.places import Diagnostic

LARGEST = 2_000_000
"""Bytes of the largest file that is looked at."""

VENDORED_DIRECTORIES = frozenset(
    "vendor vendored _vendor third_party thirdparty third-party node_modules bower_components site-packages "
    "dist-packages .venv venv virtualenv .virtualenv .eggs .tox .nox".split()
)
_NEVER_ENTERED = frozenset(
    ".git .hg .svn __pycache__ .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache .brokerlint_cache".split()
)
_LOCK_FILES = frozenset("package-lock.json composer.lock pnpm-lock.yaml .secrets.baseline".split())
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"
_GIT_SECONDS = 120
_DEEPEST = 50


@dataclass
class Listing:
    """The files below ``root``, and what went wrong on the way.

    Vendored directories are entered when ``enter_vendored``, or a pattern of ``include`` names them. ``by_git`` tells
    afterwards who made the list.
    """

    root: Path
    exclude: Globs
    include: Globs
    enter_vendored: bool = False
    diagnostics: list[Diagnostic] = field(default_factory=list)
    by_git: bool = False

    def paths(self) -> list[str]:
        """All files that are not excluded, relative to the root and sorted by their bytes."""
        found = self._tracked("") if in_work_tree(self.root) else None
        self.by_git = bool(found)  # nothing at all: the root is a directory that git ignores
        kept = (path for path in found or self._walked("") if not self.exclude.match(path))
        return sorted(kept, key=os.fsencode)

    def _tracked(self, directory: str) -> list[str] | None:
        """The files that git knows or would add below ``directory``; None when git cannot tell."""
        listing = _git_listing(self.root / directory)
        if listing is None:
            return None
        entries, unreadable = listing
        start = f"{directory}/" if directory else ""
        for path in unreadable:
            self._complain("unreadable", start + path, "directory cannot be read")
        found: list[str] = []
        for entry in entries:
            path = start + entry.removesuffix("/")
            full = self.root / path
            if entry.endswith("/") or (full.is_dir() and not full.is_symlink()):  # another repository inside this one
                inner = self._tracked(path) if path.count("/") < _DEEPEST else None
                found += inner if inner is not None else self._walked(path)
            else:
                found.append(path)
        return found

    def _walked(self, directory: str) -> Iterator[str]:
        """The files below ``directory`` by walking; a git work tree met on the way is listed by git."""
        waiting = [directory]
        while waiting:
            current = waiting.pop()
            try:
                entries = list(os.scandir(self.root / current))
            except OSError as error:
                self._complain("unreadable", current or ".", f"directory cannot be read: {error.strerror or error}")
                continue
            names = {entry.name for entry in entries}
            if current != directory and ".git" in names:
                tracked = self._tracked(current)
                if tracked:
                    yield from tracked
                    continue
            if current and _VIRTUAL_ENVIRONMENT in names and not self.enter_vendored:
                continue
            for entry in entries:
                path = f"{current}/{entry.name}" if current else entry.name
                if not entry.is_dir(follow_symlinks=False):
                    yield path
                elif self._enters(entry.name, path):
                    waiting.append(path)

    def _enters(self, name: str, path: str) -> bool:
        if name in _NEVER_ENTERED or self.exclude.match(path):
            return False
        if name in VENDORED_DIRECTORIES:
            return self.enter_vendored or any(name in pattern.split("/") for pattern in self.include.patterns)
        return True

    def readable(self, path: str) -> bool:
        """Whether ``path`` is a regular file of the tree that is not too large; tells when it is not."""
        full = f"{self.root}/{path}"
        try:
            status = os.lstat(full)
            if stat.S_ISLNK(status.st_mode):
                return self._linked(path, full)
        except OSError as error:
            if not isinstance(error, FileNotFoundError):  # git also lists what was deleted
                self._complain("unreadable", path, f"cannot be read: {error.strerror or error}")
            return False
        if not stat.S_ISREG(status.st_mode):
            self._complain("unreadable", path, "is no regular file")
            return False
        if status.st_size > LARGEST:
            name = path.rpartition("/")[2]
            if "." in name and name not in _LOCK_FILES:  # without an ending it is a program
                self._complain("too-large", path, f"has {status.st_size} bytes; files up to {LARGEST} are read")
            return False
        return True

    def _linked(self, path: str, full: str) -> bool:
        """Whether a link leads to a regular file inside the root."""
        try:
            target = Path(full).resolve(strict=True)
        except (OSError, RuntimeError) as error:  # before Python 3.13 a loop is a RuntimeError
            loop = isinstance(error, RuntimeError) or getattr(error, "errno", None) == errno.ELOOP
            words = "links to itself" if loop else "links to a file that does not exist"
            self._complain("symlink-loop" if loop else "unreadable", path, words)
            return False
        if target.is_dir() and Path(full).parent.resolve().is_relative_to(target):
            self._complain("symlink-loop", path, "links to a directory above it; it is not followed")
            return False
        if not target.is_relative_to(self.root.resolve()):
            self._complain("unreadable", path, "links out of the tree; it is not followed")
            return False
        return target.is_file() and target.stat().st_size <= LARGEST

    def _complain(self, kind: str, path: str, message: str) -> None:
        self.diagnostics.append(Diagnostic(kind, path, 0, message))


def in_work_tree(root: Path) -> bool:
    """Whether ``root`` lies in a git work tree, as far as directories tell."""
    return any((directory / ".git").exists() for directory in (root.resolve(), *root.resolve().parents))


def _git_listing(directory: Path) -> tuple[list[str], list[str]] | None:
    """What ``git ls-files`` lists below ``directory``, and the directories it could not read; None when it fails.

    A repository's own settings must not start programs, so the file system monitor is switched off.
    """
    command = ["git", "-c", "core.fsmonitor=false", "ls-files", "-z", "-co", "--exclude-standard"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment.update(GIT_OPTIONAL_LOCKS="0", LC_ALL="C")
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command
            command, cwd=directory, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=_GIT_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if done.returncode != 0:
        return None
    entries = list(dict.fromkeys(os.fsdecode(entry) for entry in done.stdout.split(b"\0") if entry))
    warnings = os.fsdecode(done.stderr).splitlines()
    unreadable = [line.split("'")[1].rstrip("/") for line in warnings if "could not open directory '" in line]
    return entries, unreadable
