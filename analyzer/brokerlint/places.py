"""Where something stands: a path of the scanned tree and its lines."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Lines ``line`` to ``end_line`` (1-based, inclusive) of the file ``path`` (relative to the root, with ``/``).

    ``text`` says what happens there, in the words of a report ("receives from orders").
    """

    path: str
    line: int
    end_line: int = 0
    text: str = ""

    @property
    def last(self) -> int:
        """The last line: ``end_line``, or ``line`` where the end is not known."""
        return self.end_line or self.line

    def saying(self, text: str) -> Place:
        """The same place with ``text`` as its words."""
        return Place(self.path, self.line, self.end_line, text)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A file, or a part of one, that could not be analysed: one line on stderr, counted in the result.

    ``kind`` is a stable word that ``stats`` counts by: ``syntax-error``, ``encoding``, ``too-large``, ``too-deep``,
    ``unreadable``, ``symlink-loop``, ``manifest``, ``crash``, ``timeout``.
    """

    kind: str
    path: str
    line: int
    message: str
