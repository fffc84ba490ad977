"""What images start that are built from a folder of the tree: the command of its Dockerfile."""

from __future__ import annotations

from collections.abc import Callable

from brokerlint.link.constructs.assets import Folders
from brokerlint.manifests.formats import dockerfile
from brokerlint.manifests.tree import ManifestError


class Images:
    """Takes the folders of the tree and a function that gives a file's bytes."""

    def __init__(self, folders: Folders, text: Callable[[str], bytes]) -> None:
        self._folders = folders
        self._text = text

    def command(self, root: str | None) -> tuple[str, ...]:
        """The command of the image that is built in the folder ``root``; nothing where that is not known."""
        path = f"{root}/Dockerfile" if root else "Dockerfile"
        if root is None or not self._folders.file(path):
            return ()
        try:
            stage = dockerfile.read(path, self._text(path).decode("utf-8", "replace")).stage()
        except ManifestError:
            return ()
        return dockerfile.joined_command(stage.entrypoint, stage.command)
