"""Lines of the scanned sources, for showing a place with its text."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from brokerlint.places import Place
from brokerlint.report import escape

_LARGEST = 2_000_000
_MOST_LINES = 4
_WIDEST = 160


@dataclass(frozen=True, slots=True)
class Line:
    """One line of an excerpt, ready to print; ``marked`` is the part of it (start, end) that the place is about."""

    number: int
    text: str
    marked: tuple[int, int]


@dataclass(frozen=True)
class SourceLines:
    """Reads lines below ``root``; None where there are no sources (facts from documents only). Nothing outside is read.

    ``shown`` gives paths as the user typed them: relative to ``start``, the directory in which the program runs.
    """

    root: Path | None
    start: Path = field(default_factory=Path.cwd)
    _known: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def shown(self, path: str) -> str:
        """``path`` as seen from ``start`` when the root lies below it, else as it is."""
        if self.root is None:
            return path
        below = os.path.relpath(self.root, self.start).replace(os.sep, "/")
        return path if below == "." or below.startswith("..") else f"{below}/{path}"

    def excerpt(self, place: Place) -> Iterator[Line]:
        """The first lines of ``place``; nothing when its text cannot be had or the file has changed since."""
        lines = self._lines(place.path)
        last = min(place.last, place.line + _MOST_LINES - 1, len(lines))
        for number in range(place.line, last + 1):
            text = escape.source(lines[number - 1])
            shown = text if len(text) <= _WIDEST else text[: _WIDEST - 1] + "…"
            code = shown.rstrip()
            if number == place.line or code:
                yield Line(number, shown, (len(code) - len(code.lstrip()), len(code)))

    def _lines(self, path: str) -> list[str]:
        known = self._known.get(path)
        if known is None:
            known = self._known[path] = self._read(path)
        return known

    def _read(self, path: str) -> list[str]:
        if self.root is None:
            return []
        try:
            file = (self.root / path).resolve()
            if not file.is_relative_to(self.root.resolve()) or not file.is_file() or file.stat().st_size > _LARGEST:
                return []
            text = file.read_text(encoding="utf-8", errors="replace")
        except (OSError, ValueError, RuntimeError):  # gone, a null byte in the path, a loop of links
            return []
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
