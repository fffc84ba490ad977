"""Suppressions: findings that somebody decided to live with, in a comment or in the configuration.

Where they come from is read elsewhere; here they are applied. One that silences nothing, that has expired or that gives
no reason is itself reported, so that they do not pile up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from brokerlint.checking.finding import Finding, Severity
from brokerlint.confidence import Confidence
from brokerlint.places import Place


@dataclass(frozen=True, slots=True)
class Suppression:
    """Silences the findings of ``checks`` (ids, names or prefixes; empty means all).

    A comment's suppression has the ``scope`` of lines that it stands on or above; one of the configuration may name a
    glob of channel ids, of services or of paths. From the day after ``until`` on it counts no more. ``place`` is where
    it is written.
    """

    place: Place
    checks: tuple[str, ...] = ()
    reason: str = ""
    scope: Place | None = None
    channel: str = ""
    service: str = ""
    path: str = ""
    until: date | None = None

    def expired(self, today: date) -> bool:
        """The day until which it was meant has passed."""
        return self.until is not None and today > self.until

    def covers(self, finding: Finding) -> bool:
        """Whether a finding is meant: its check, and its place, channel, service and path where these are named."""
        if self.checks and not any(_names(word, finding) for word in self.checks):
            return False
        if self.scope is not None and not any(_meets(self.scope, place) for place in _places(finding)):
            return False
        return (
            _any_matches(self.channel, finding.channels)
            and _any_matches(self.service, finding.services)
            and _any_matches(self.path, tuple(place.path for place in _places(finding)))
        )


def suppress(
    findings: Iterable[Finding], suppressions: Sequence[Suppression], today: date
) -> tuple[tuple[Finding, ...], tuple[Suppression, ...]]:
    """The findings that stay, and the suppressions that silenced nothing (expired ones among them)."""
    active = [item for item in suppressions if not item.expired(today)]
    used: set[int] = set()
    kept = []
    for finding in findings:
        covering = [index for index, item in enumerate(active) if item.covers(finding)]
        used.update(covering)
        if not covering:
            kept.append(finding)
    idle = {id(item) for index, item in enumerate(active) if index not in used}
    unused = tuple(item for item in suppressions if item.expired(today) or id(item) in idle)
    return tuple(kept), unused


def complaints(suppressions: Sequence[Suppression], unused: Sequence[Suppression], today: date) -> tuple[Finding, ...]:
    """Findings about the suppressions themselves: unused, expired, or without a reason. All are ``info``."""
    found = []
    idle = {id(item) for item in unused}
    for item in suppressions:
        what = ", ".join(item.checks) or "every check"
        if item.expired(today):
            text = f"the suppression of {what} ended {item.until}"
            found.append(_complaint("SUP102", "expired-suppression", text, item))
        elif id(item) in idle:
            text = f"the suppression of {what} silences nothing"
            found.append(_complaint("SUP101", "unused-suppression", text, item))
        if not item.reason:
            text = f"the suppression of {what} gives no reason"
            found.append(_complaint("SUP103", "suppression-without-reason", text, item))
    return tuple(found)


def _complaint(check: str, name: str, message: str, item: Suppression) -> Finding:
    return Finding(check, name, Severity.INFO, Confidence.CERTAIN, message, item.place, (item.place,))


def _names(word: str, finding: Finding) -> bool:
    return finding.check.startswith(word.upper()) or finding.name == word.lower()


def _places(finding: Finding) -> tuple[Place, ...]:
    return finding.evidence or ((finding.place,) if finding.place else ())


def _meets(scope: Place, place: Place) -> bool:
    """The two share a line of one file."""
    return scope.path == place.path and scope.line <= place.last and place.line <= scope.last


def _any_matches(pattern: str, values: tuple[str, ...]) -> bool:
    return not pattern or any(fnmatchcase(value, pattern) for value in values)
