"""Where code lies that infrastructure code names by a path: ``from_asset("lambda")``, ``os.path.join(HERE, "src")``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

_PROJECTS = ("cdk.json", "Pulumi.yaml", "Pulumi.yml")


class Folders:
    """The folders of a tree. Takes the paths of all its files."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._files = frozenset(paths)
        self._folders: set[str] = {""}
        for path in self._files:
            folder = posixpath.dirname(path)
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = posixpath.dirname(folder)
        self._projects = {posixpath.dirname(path) for path in self._files if posixpath.basename(path) in _PROJECTS}

    def project(self, near: str) -> str:
        """The folder that the infrastructure code in the file ``near`` is run in."""
        return next((folder for folder in _upwards(near) if folder in self._projects), posixpath.dirname(near))

    def found(self, pattern: str, near: str) -> str | None:
        """The folder that a path means which is written in the file ``near``; None when the tree has none such.

        A path that begins with something unknown (``*/src``) is one beside the file or above it; otherwise it is meant
        from the project's folder, or from one between that and the file.
        """
        start, _, tail = pattern.rpartition("*")
        if posixpath.isabs(pattern) or start.strip("*/.") or not pattern.strip("*"):
            return None
        if posixpath.normpath(pattern) == ".":
            return self.project(near)
        around = list(_upwards(near))
        if tail == pattern:
            project = self.project(near)
            inside = [folder for folder in around if folder.startswith(f"{project}/")] if project else around
            around = [project, *inside]
        for base in around:
            path = posixpath.normpath(posixpath.join(base, tail.lstrip("/") or "."))
            path = "" if path == "." else path
            if path in self._files:
                return posixpath.dirname(path)
            if path in self._folders and (path or tail.strip("./")):
                return path
        return self.found(pattern.removesuffix(".zip"), near) if pattern.endswith(".zip") else None

    def file(self, path: str) -> bool:
        """Is there a file at ``path``?"""
        return path in self._files


def _upwards(path: str) -> Iterable[str]:
    folder = posixpath.dirname(path)
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""
