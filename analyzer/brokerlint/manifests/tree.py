"""The manifests of a scanned tree, read but not yet joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


class ManifestError(Exception):
    """A manifest of which nothing could be read. ``line`` is 1-based; the message is one sentence."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


@dataclass(frozen=True, slots=True)
class Tree:
    """What a format's ``join`` may ask about the rest of the tree.

    ``paths`` are all discovered files, relative to the root. ``documents`` maps a format's module name (``compose``,
    ``dockerfile`` ...) to its summaries by path.
    """

    paths: frozenset[str]
    documents: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, format_name: str) -> Mapping[str, Any]:
        """The summaries of one format by path; empty when the tree has none."""
        return self.documents.get(format_name, {})
