"""Example systems: the bad and good cases that a check carries; its tests and its documentation come from them."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import dedent

from brokerlint.confidence import Confidence


class Example:
    """A small system: files as text, by path. Python and manifests together, as they would lie in a repository, with
    its ``brokerlint.yaml`` where the check goes by what people declare.

    ``note`` says in a few words what it shows. ``expect`` is the level at which a bad example must be found (at least).
    """

    __slots__ = ("expect", "files", "note")

    def __init__(self, files: Mapping[str, str], note: str = "", expect: Confidence = Confidence.LOW) -> None:
        self.files = {path: dedent(text).lstrip("\n") for path, text in files.items()}
        self.note = note
        self.expect = expect

    def __repr__(self) -> str:
        return f"Example({self.note or ', '.join(self.files)})"

    def markdown(self) -> str:
        """The files as fenced blocks, each under its path."""
        blocks = []
        for path, text in self.files.items():
            language = {"py": "python", "yml": "yaml", "yaml": "yaml", "tf": "terraform", "json": "json"}
            kind = language.get(path.rpartition(".")[2], "")
            blocks.append(f"`{path}`\n```{kind}\n{text.rstrip()}\n```")
        return "\n".join(blocks)
