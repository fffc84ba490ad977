"""Which fixes are made: those that may be, can be, and that cure what they are for without a new finding."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from brokerlint.checking.finding import Edit, Finding
from brokerlint.fixing.edits import NotMadeError, edited, noticed

Read: TypeAlias = Callable[[str], bytes]
"""The bytes of a file of the tree. Raises `NotMadeError` when there are none."""

Look: TypeAlias = Callable[[Mapping[str, bytes]], Iterable[Finding]]
"""The findings when these files have these bytes."""


@dataclass(frozen=True, slots=True)
class Left:
    """A finding whose fix is not made, and why. ``consent``: it would be with consent to unsafe fixes."""

    finding: Finding
    why: str
    consent: bool = False


@dataclass(frozen=True, slots=True)
class Repair:
    """What was done: the files that change, as they were and as they are to be; the findings cured; those left."""

    before: Mapping[str, bytes]
    after: Mapping[str, bytes]
    cured: tuple[Finding, ...]
    left: tuple[Left, ...]


def repair(findings: Iterable[Finding], known: Iterable[Finding], read: Read, look: Look, *, unsafe: bool) -> Repair:
    """The repair of ``findings`` as far as they carry edits. Nothing is written.

    ``known`` are all findings of the tree as it is. With ``unsafe`` fixes that may change behaviour are made, too.
    """
    left: list[Left] = []
    before: dict[str, bytes] = {}
    wanted: dict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        if finding.fix is None or not finding.fix.edits:
            continue
        try:
            path = _file(finding.fix.edits)
            before.setdefault(path, read(path))
            edited(before[path], finding.fix.edits)
            reason = "" if unsafe else _needs_consent(finding, before[path])
        except NotMadeError as error:
            left.append(Left(finding, str(error)))
            continue
        if reason:
            left.append(Left(finding, reason, consent=True))
        else:
            wanted[path].append(finding)
    after: dict[str, bytes] = {}
    for path, asked in wanted.items():
        try:
            after[path] = edited(before[path], _edits(asked))
        except NotMadeError as error:
            left += [Left(finding, str(error)) for finding in asked]
    _take_back(after, wanted, tuple(known), look, left)
    cured = tuple(finding for path in after for finding in wanted[path])
    return Repair({path: before[path] for path in after}, after, cured, tuple(left))


def _take_back(
    after: dict[str, bytes],
    wanted: Mapping[str, list[Finding]],
    known: tuple[Finding, ...],
    look: Look,
    left: list[Left],
) -> None:
    """Take the changes of files out of ``after`` that do not cure, until all that is left does."""
    while after:
        found = tuple(look(after))
        failed = [path for path in after if not _cures(wanted[path], known, found, path)]
        if not failed:
            return
        for path in failed:
            del after[path]
            left += [
                Left(finding, "it was still found, or something new was, after the edit") for finding in wanted[path]
            ]


def _cures(asked: Iterable[Finding], known: Iterable[Finding], found: Iterable[Finding], path: str) -> bool:
    """Are the findings gone from a file, and is nothing new in it?"""
    were, are = _counted(known, path), _counted(found, path)
    for finding in asked:
        were[(finding.check, finding.variant)] -= 1
    return all(are[key] <= were[key] for key in are) and all(count >= 0 for count in were.values())


def _counted(findings: Iterable[Finding], path: str) -> Counter[tuple[str, str]]:
    return Counter((one.check, one.variant) for one in findings if one.place is not None and one.place.path == path)


def _needs_consent(finding: Finding, data: bytes) -> str:
    assert finding.fix is not None
    return noticed(data, finding.fix.edits) if finding.fix.safe else "it changes behaviour"


def _file(edits: Iterable[Edit]) -> str:
    paths = {edit.place.path for edit in edits}
    if len(paths) != 1:
        raise NotMadeError("it concerns more than one file")
    return paths.pop()


def _edits(findings: Iterable[Finding]) -> list[Edit]:
    """The edits of all findings, each once: several findings may ask for the same."""
    return list(dict.fromkeys(edit for one in findings if one.fix is not None for edit in one.fix.edits))
