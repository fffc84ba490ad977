"""Looking: what the signals share: the readers that count, places, declared answers, and when "no" may be said."""

from __future__ import annotations

from collections.abc import Iterable

from brokerlint.advising.evidence import Answer
from brokerlint.confidence import Confidence
from brokerlint.places import Place
from brokerlint.topology import ChannelNode, Use, Uses, closure

UNKNOWN = Answer(None)


def readers_of(channel: ChannelNode) -> Uses:
    """The consumers that belong to the running system."""
    return channel.consumers().unless_tooling()


def at(uses: Iterable[Use]) -> tuple[Place, ...]:
    """Where the uses stand."""
    return tuple(use.place for use in uses)


def declared_at(channel: ChannelNode) -> tuple[Place, ...]:
    """Where the channel is declared or first used, if anywhere."""
    return (channel.place,) if channel.place else ()


def number(value: object) -> float:
    """A fact as a number; 0 when it is none."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else 0.0


def is_one(channel: ChannelNode) -> bool:
    """Whether all uses surely mean one and the same channel: it is not declared by several stacks of one environment,
    each of which would make a channel of its own under this name."""
    stacks: dict[str, set[str]] = {}
    for fact in channel.declarations:
        stacks.setdefault(fact.environment, set()).update(place.path.rpartition("/")[0] for place in fact.declared_at)
    return all(len(folders) < 2 for folders in stacks.values())


def said(value: object, key: str) -> Answer | None:
    """What was declared under ``key``; None when nothing was."""
    return None if value is None else Answer(bool(value), declared=True, note=key)


def absent(channel: ChannelNode, uses: Uses, words: str) -> Answer:
    """``No`` where all consumers are known, else unknown; both with what was looked at."""
    closed = closure(channel.topology, channel)
    surely = closed.closed and closed.level >= Confidence.MEDIUM
    return Answer(False if surely else None, at(uses), note=f"{words} ({'; '.join(closed.words()[:2])})")
