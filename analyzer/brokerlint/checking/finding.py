"""Findings: what a check reports, how sure it is, and what it rests on.

A finding is built by a check in one expression and never changes afterwards::

    self.finding("queue 'orders' is consumed by billing and shipping", queue)
        .at(*consumers).checked("same image and command: no").advise("publish to an SNS topic")

Its confidence starts as the check's and only falls: to the weakest name among the uses it is ``at``, to the level of
an absence it rests on (``resting_on``), or by ``capped``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeAlias

from brokerlint.confidence import Confidence
from brokerlint.facts import Endpoint, Link
from brokerlint.places import Place
from brokerlint.topology import ChannelNode, Closure, Use


class Severity(Enum):
    """How bad it is, whatever the confidence. Ordered from ``error`` to ``info``."""

    ERROR = "error"
    """It will fail or lose data."""
    WARNING = "warning"
    ADVICE = "advice"
    """The design can be better."""
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of the file of ``place``; ``value`` is Python text.

    ``set-keyword`` gives the call of ``call`` at ``place`` a keyword. ``set-config`` and ``remove-key`` set and remove
    the setting ``keyword`` (``isolation.level``) of the file's client of the kind ``call`` (``consumer``).
    ``test-none`` turns truth tests of what the file's ``call()`` gives into tests for None. ``after-loop`` moves the
    statement that calls ``call`` at ``place`` behind its loop and leaves the client's ``value`` in its place.
    """

    place: Place
    action: str
    keyword: str = ""
    value: str = ""
    call: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """What would cure it: ``safe`` fixes keep behaviour, others need consent; without ``edits`` only a proposal."""

    text: str
    safe: bool
    edits: tuple[Edit, ...] = ()


Located: TypeAlias = Place | Endpoint | Use | Link | ChannelNode


@dataclass(frozen=True, slots=True)
class Finding:
    """One report of one check.

    ``place`` is where a reader should look first, ``evidence`` every place that it rests on, ``ruled_out``
    the counter-evidence that was looked for, ``notes`` why it is not surer, ``advice`` what to do, smallest step first.
    ``variant`` tells apart what one check may say about the same channels; ``environment`` is theirs.
    """

    check: str
    name: str
    severity: Severity
    confidence: Confidence
    message: str
    place: Place | None = None
    evidence: tuple[Place, ...] = ()
    ruled_out: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    variant: str = ""
    environment: str = "unknown"
    fix: Fix | None = None
    occurrence: int = 0

    def at(self, *located: Located | None) -> Finding:
        """With evidence at these places; the first becomes the finding's own. None is passed over."""
        finding = self
        for item in located:
            if item is not None:
                finding = finding._with(item)
        return finding

    def _with(self, item: Located) -> Finding:
        """One more place, and what it tells about channels, services and names."""
        if isinstance(item, Use):
            return self._located(
                item.place,
                (item.channel_id,),
                (item.service.name,) if item.service else (),
                (item.endpoint.function,) if item.endpoint else (),
                item.environment,
            ).capped(item.confidence)
        if isinstance(item, Endpoint):
            names = tuple(channel.id for channel in item.channels)
            return self._located(item.place, names, item.services, (item.function,))
        if isinstance(item, ChannelNode):
            return self._located(item.place, (item.id,), (), (), item.environment)
        return self._located(item.place if isinstance(item, Link) else item)

    def _located(
        self,
        place: Place | None,
        channels: tuple[str, ...] = (),
        services: tuple[str, ...] = (),
        functions: tuple[str, ...] = (),
        environment: str = "unknown",
    ) -> Finding:
        known = {(seen.path, seen.line) for seen in self.evidence}
        new = (place,) if place is not None and (place.path, place.line) not in known else ()
        return replace(
            self,
            place=self.place or place,
            evidence=self.evidence + new,
            channels=_merged(self.channels, channels),
            services=_merged(self.services, services),
            functions=_merged(self.functions, functions),
            environment=environment if self.environment == "unknown" else self.environment,
        )

    def about(self, *channels: ChannelNode) -> Finding:
        """About these channels, without their places."""
        finding = replace(self, channels=_merged(self.channels, tuple(channel.id for channel in channels)))
        known = [c.environment for c in channels if c.environment != "unknown"]
        return replace(finding, environment=known[0]) if known and self.environment == "unknown" else finding

    def checked(self, *what: str) -> Finding:
        """Counter-evidence that was looked for and not found."""
        return replace(self, ruled_out=_merged(self.ruled_out, what))

    def advise(self, *what: str) -> Finding:
        """What to do, smallest step first."""
        return replace(self, advice=_merged(self.advice, what))

    def capped(self, level: Confidence, why: str = "") -> Finding:
        """Not surer than ``level``, and why."""
        notes = _merged(self.notes, (why,)) if why and level < self.confidence else self.notes
        return replace(self, confidence=min(self.confidence, level), notes=notes)

    def resting_on(self, closure: Closure) -> Finding:
        """Not surer than an absence of other users may be; tells what was scanned."""
        return replace(self, notes=_merged(self.notes, closure.words())).capped(closure.level)

    def as_(self, severity: Severity) -> Finding:
        """With another severity than the check's."""
        return replace(self, severity=severity)

    def variety(self, variant: str) -> Finding:
        """Told apart from the check's other statements about the same channels by ``variant``."""
        return replace(self, variant=variant)

    def fixed_by(self, fix: Fix) -> Finding:
        """With a cure."""
        return replace(self, fix=fix)

    @property
    def fingerprint(self) -> str:
        """Recognises the finding in a later run. Rests on check, channels, services and functions in any order, never
        on lines; on the file only where no service is known."""
        parts = [self.check, self.variant, *sorted(self.channels), *sorted(self.services), *sorted(self.functions)]
        if not self.services and self.place is not None:
            parts.append(self.place.path)
        if self.occurrence:
            parts.append(str(self.occurrence))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:20]

    def sort_key(self) -> tuple[str, int, str, str]:
        """By place, then check."""
        place = self.place or Place("", 0)
        return place.path, place.line, self.check, self.message

    def document(self) -> dict[str, Any]:
        """The entry of the document ``brokerlint/findings/1``."""
        place = self.place or Place("", 0)
        fix = self.fix
        return {
            "check": self.check,
            "name": self.name,
            "severity": self.severity.value,
            "confidence": self.confidence.word,
            "message": self.message,
            "path": place.path,
            "line": place.line,
            "end_line": place.last,
            "evidence": [{"path": item.path, "line": item.line, "text": item.text} for item in self.evidence],
            "checked": list(self.ruled_out),
            "notes": list(self.notes),
            "advice": list(self.advice),
            "channels": list(self.channels),
            "services": list(self.services),
            "fix": {"text": fix.text, "safe": fix.safe, "automatic": bool(fix.edits)} if fix else None,
            "fingerprint": self.fingerprint,
        }


def _merged(first: tuple[str, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    """Both, each text once, in order."""
    return tuple(dict.fromkeys((*first, *(text for text in more if text))))
