"""Suppression comments: what a reviewer has decided to live with, and where it is written down.

    sqs.send_message(...)  # brokerlint: ignore[ARC112] tenants are isolated
    # brokerlint: ignore[ARC111,SQS101] until=2027-01-31 blue/green until the cut-over

A comment on a line of its own speaks for the next line of code. This module only finds the comments in text; which
finding each one covers, and which cover none, is decided where findings are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

MARK = "brokerlint:"
"""A text without these characters holds no suppression."""

_COMMENT = re.compile(r"#[ \t]*brokerlint:[ \t]*ignore\b[ \t]*(?:\[([^\]\n]*)\])?([^\n]*)")
_UNTIL = re.compile(r"\buntil[ \t]*=[ \t]*(\S+)")
_SEPARATORS = " \t-–—:,"  # noqa: RUF001 - people type the dashes that their keyboard gives


@dataclass(frozen=True, slots=True, order=True)
class Suppression:
    """The comment in ``path`` that silences ``checks`` (ids, names or prefixes; none means every check) on ``line``.

    ``line`` is the line of code it speaks for, ``comment_line`` the comment's own. ``reason`` is empty when none is
    given. After ``until`` it silences nothing; a date that cannot be read is kept in ``bad_until``.
    """

    path: str
    line: int
    checks: tuple[str, ...]
    reason: str = ""
    until: date | None = None
    comment_line: int = 0
    bad_until: str = ""

    def expired(self, today: date) -> bool:
        """Whether ``until`` lies before ``today``."""
        return self.until is not None and self.until < today


def parse_comment(comment: str) -> tuple[tuple[str, ...], str, date | None, str] | None:
    """The checks, reason, end date and unreadable date of one comment; None when it is no suppression."""
    match = _COMMENT.search(comment)
    if match is None:
        return None
    checks = tuple(word for word in re.split(r"[,\s]+", match.group(1) or "") if word)
    rest, until, bad = match.group(2), None, ""
    dated = _UNTIL.search(rest)
    if dated:
        rest = rest[: dated.start()] + rest[dated.end() :]
        try:
            until = date.fromisoformat(dated.group(1).rstrip(",;"))
        except ValueError:
            bad = dated.group(1)
    return checks, " ".join(rest.strip(_SEPARATORS).split()), until, bad


def find_suppressions(path: str, text: str) -> tuple[Suppression, ...]:
    """The suppressions in a source or manifest text whose comments start with ``#``, in line order.

    A text scan: a string literal that looks like such a comment counts as one.
    """
    if MARK not in text:
        return ()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    found = []
    for number, line in enumerate(lines, start=1):
        parsed = parse_comment(line) if MARK in line else None
        if parsed is not None:
            checks, reason, until, bad = parsed
            target = _code_line(lines, number) if line.lstrip().startswith("#") else number
            found.append(Suppression(path, target, checks, reason, until, number, bad))
    return tuple(found)


def _code_line(lines: list[str], number: int) -> int:
    """The first line after ``number`` that is neither blank nor a comment; ``number`` itself at the end of the file."""
    for index in range(number, len(lines)):
        stripped = lines[index].strip()
        if stripped and not stripped.startswith("#"):
            return index + 1
    return number
