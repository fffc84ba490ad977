"""Migration sketches: the steps from what is in use to what fits, and how much of the system they touch."""

from __future__ import annotations

from dataclasses import dataclass

from brokerlint.advising.candidates import Candidate
from brokerlint.tables import table
from brokerlint.topology import ChannelNode


@dataclass(frozen=True, slots=True)
class Migration:
    """``steps`` in order; ``producers`` and ``consumers`` count places in code, ``manifests`` files to change."""

    target: str
    steps: tuple[str, ...]
    producers: int
    consumers: int
    manifests: int


def sketch(channel: ChannelNode, current: Candidate, target: Candidate) -> Migration:
    """How to move ``channel`` from ``current`` to ``target``."""
    plans = table("migrations")
    steps = plans["targets"].get(target.key) if current.family == target.family == "log" else None
    if target.key in ("kafka-share-group", "kinesis-queue"):
        steps = plans["targets"][target.key]
    steps = steps or plans["steps"][f"{current.family}>{target.family}"]
    producers, consumers = (uses.unless_tooling() for uses in (channel.producers(), channel.consumers()))
    words = {
        "channel": channel.label,
        "producers": _names(producers.parties(), "the producers"),
        "consumers": _names(consumers.parties(), "the consumers"),
    }
    filled = tuple(_filled(step, words) for step in steps)
    declared = {place.path for fact in channel.declarations for place in fact.declared_at}
    files = declared | {link.place.path for link in channel.link_list}
    return Migration(target.key, filled, len(producers.endpoints()), len(consumers.endpoints()), len(files))


def _filled(step: str, words: dict[str, str]) -> str:
    """``step`` with its placeholders filled in one pass, so that a name with braces stays a name."""
    parts = [step]
    for key, word in words.items():
        parts = [piece for part in parts for piece in _split(part, f"{{{key}}}", word)]
    return "".join(part.removeprefix("\0") for part in parts)


def _split(part: str, hole: str, word: str) -> list[str]:
    if part.startswith("\0") or hole not in part:
        return [part]
    pieces: list[str] = []
    for index, text in enumerate(part.split(hole)):
        pieces += [f"\0{word}", text] if index else [text]
    return pieces


def _names(names: tuple[str, ...], otherwise: str) -> str:
    if not names:
        return otherwise
    return ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:2])} and {len(names) - 2} others"
