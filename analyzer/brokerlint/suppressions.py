"""Suppression comments: findings that somebody decided to live with, written where the code is.

    sqs.send_message(...)  # brokerlint: ignore[ARC112] tenants are isolated
    # brokerlint: ignore[ARC111,SQS101] until=2027-01-31 blue/green until the cut-over

A comment on a line of its own speaks for the next line of code. This module only finds and reads the comments; which
findings they silence is decided in ``checking.suppression``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType

from brokerlint.checking.suppression import Suppression
from brokerlint.facts import Facts
from brokerlint.places import Diagnostic, Place

MARK = "brokerlint:"
"""A text without these characters holds no suppression."""

_COMMENT = re.compile(r"#[ \t]*brokerlint:[ \t]*(ignore\b.*)")
_IGNORE = re.compile(r"ignore\b[ \t]*(?:\[([^\]]*)\])?(.*)")
_UNTIL = re.compile(r"\buntil[ \t]*=[ \t]*(\S+)")
_SEPARATORS = " \t-–—:,;"  # noqa: RUF001 - people type the dash that their keyboard gives


@dataclass(frozen=True, slots=True)
class Ignore:
    """The words of one comment: the checks it names (none means all), the reason, the last day it counts.

    ``bad_until`` holds a date that could not be read; such a comment counts as one without an end.
    """

    checks: tuple[str, ...]
    reason: str = ""
    until: date | None = None
    bad_until: str = ""


def parse_ignore(words: str) -> Ignore | None:
    """The meaning of ``ignore[ARC111] until=2027-01-31 reason``; None when the words say something else."""
    match = _IGNORE.match(words)
    if match is None:
        return None
    checks = tuple(word for word in re.split(r"[,\s]+", match.group(1) or "") if word)
    rest, until, bad = match.group(2), None, ""
    dated = _UNTIL.search(rest)
    if dated:
        rest = f"{rest[: dated.start()]} {rest[dated.end() :]}"
        try:
            until = date.fromisoformat(dated.group(1).rstrip(",;"))
        except ValueError:
            bad = dated.group(1)
    return Ignore(checks, " ".join(rest.strip(_SEPARATORS).split()), until, bad)


def in_tree(
    facts: Facts, root: Path, texts: Mapping[str, bytes] = MappingProxyType({})
) -> tuple[tuple[Suppression, ...], tuple[Diagnostic, ...]]:
    """The suppressions in every file below ``root`` that the facts speak of, and what is wrong with their dates.

    ``texts`` hold instead of files.
    """
    found: list[Suppression] = []
    wrong: list[Diagnostic] = []
    for path in sorted(_paths(facts)):
        try:
            data = texts[path] if path in texts else (root / path).read_bytes()
        except (OSError, ValueError):  # not there any more, or no name of a file; reading has told so already
            continue
        if MARK.encode() in data:
            suppressions, diagnostics = find_suppressions(path, data.decode("utf-8", "replace"))
            found += suppressions
            wrong += diagnostics
    return tuple(found), tuple(wrong)


def _paths(facts: Facts) -> set[str]:
    """The files in which a finding can have evidence."""
    places = [endpoint.place for endpoint in facts.endpoints]
    places += [place for endpoint in facts.endpoints for place in endpoint.call_chain]
    places += [place for service in facts.services for place in service.evidence]
    places += [place for channel in facts.channels for place in channel.declared_at]
    places += [link.place for link in facts.links]
    return {place.path for place in places if place.path}


def find_suppressions(path: str, text: str) -> tuple[tuple[Suppression, ...], tuple[Diagnostic, ...]]:
    """The suppressions in a source or manifest text with ``#`` comments, and what is wrong with their dates.

    A text scan: a string literal that looks like such a comment counts as one.
    """
    if MARK not in text:
        return (), ()
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    comments = {}
    for number, line in enumerate(lines, start=1):
        match = _COMMENT.search(line) if MARK in line else None
        if match is not None:
            comments[number] = match.group(1)
    return _placed(path, comments, lines)


def _placed(
    path: str, comments: Mapping[int, str], lines: list[str]
) -> tuple[tuple[Suppression, ...], tuple[Diagnostic, ...]]:
    found, wrong = [], []
    for number, words in comments.items():
        ignore = parse_ignore(words)
        if ignore is None:
            continue
        if ignore.bad_until:
            message = f"until={ignore.bad_until} is no date such as 2027-01-31; the suppression has no end"
            wrong.append(Diagnostic("suppression", path, number, message))
        alone = lines[number - 1].lstrip().startswith("#")
        scope = Place(path, number, _code_line(lines, number) if alone else number)
        found.append(Suppression(Place(path, number), ignore.checks, ignore.reason, scope, until=ignore.until))
    return tuple(found), tuple(wrong)


def _code_line(lines: list[str], number: int) -> int:
    """The first line after ``number`` that is neither blank nor a comment; ``number`` itself at the end of the file."""
    for index in range(number, len(lines)):
        stripped = lines[index].strip()
        if stripped and not stripped.startswith("#"):
            return index + 1
    return number
