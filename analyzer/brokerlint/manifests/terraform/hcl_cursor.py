"""A position in a text of HCL, what is blank there, and the lines."""

from __future__ import annotations

import re

from brokerlint.manifests.terraform.hcl import HclError

_BLANK = re.compile(r"(?:[ \t\r]|/\*.*?\*/|(?:#|//)[^\n]*)*", re.DOTALL)
_BLANK_OR_LINE = re.compile(r"(?:[ \t\r\n]|/\*.*?\*/|(?:#|//)[^\n]*)*", re.DOTALL)


class Cursor:
    """A position in a text. ``inside`` tells whether newlines are blanks, as between brackets; ``depth`` how many
    expressions are open."""

    def __init__(self, text: str, first_line: int = 1) -> None:
        self.text = text
        self.at = 0
        self._first = first_line
        self.inside = False
        self.depth = 0
        self._counted = (0, first_line)

    @property
    def line(self) -> int:
        """The line of the position."""
        at, line = self._counted
        if self.at < at:
            at, line = 0, self._first
        line += self.text.count("\n", at, self.at)
        self._counted = (self.at, line)
        return line

    def more(self) -> bool:
        """Whether anything but blanks follows."""
        self.blank(True)
        return self.at < len(self.text)

    def restart(self, at: int) -> None:
        """Go on at the start of a block."""
        self.at, self.inside, self.depth = at, False, 0

    def blank(self, lines: bool | None = None) -> None:
        """Skip blanks and comments, and newlines where they mean nothing."""
        inside = self.inside if lines is None else lines
        found = (_BLANK_OR_LINE if inside else _BLANK).match(self.text, self.at)
        self.at = found.end() if found else self.at

    def fail(self, wanted: str) -> HclError:
        """What to raise where something else was expected."""
        seen = self.text[self.at : self.at + 12].split("\n")[0] or "the end of the line"
        return HclError(self.line, f"is not valid HCL: expected {wanted} before {seen!r}")

    def take(self, symbol: str) -> bool:
        """Skip a symbol, if it comes next."""
        self.blank()
        if not self.text.startswith(symbol, self.at):
            return False
        self.at += len(symbol)
        return True

    def need(self, symbol: str) -> None:
        """Skip a symbol that must come next."""
        if not self.take(symbol):
            raise self.fail(f"'{symbol}'")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Skip a pattern, if it comes next."""
        self.blank()
        found = pattern.match(self.text, self.at)
        if found:
            self.at = found.end()
        return found
