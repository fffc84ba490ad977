"""Signals: small questions about how a channel is used, each answered with yes, no or unknown, and with places.

A declaration answers before anything that was seen. "No" needs a reason: that everybody who may use the channel is
known (see ``topology.openworld``), or that the system itself rules it out. Otherwise nothing seen means unknown.
A signal that makes no sense for a channel answers None and is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from brokerlint.advising import reading, shape, surroundings, working
from brokerlint.advising.evidence import Answer, Evidence, Origin
from brokerlint.topology import ChannelNode


@dataclass(frozen=True, slots=True)
class Signal:
    """One question: ``need`` is what it speaks about, ``weight`` how much a "yes" says (1 a hint, 3 certain, 5 said by
    people). The "no" of a signal that ``decides`` means that the need is absent."""

    key: str
    title: str
    need: str
    weight: int
    ask: Callable[[ChannelNode], Answer | None]
    decides: bool = False


def gather(channel: ChannelNode) -> tuple[Evidence, ...]:
    """The evidence about ``channel``: one row for each signal that makes sense for it."""
    rows = []
    for signal in SIGNALS:
        answer = signal.ask(channel)
        if answer is not None:
            rows.append(_row(signal, answer))
    return tuple(rows)


def _row(signal: Signal, answer: Answer) -> Evidence:
    origin: Origin = "unknown" if answer.value is None else "declared" if answer.declared else "observed"
    weight = answer.weight or signal.weight
    places = tuple(dict.fromkeys(answer.places))
    about = signal.key, signal.title, signal.need
    return Evidence(*about, answer.value, origin, weight, places, answer.note, signal.decides)


SIGNALS: tuple[Signal, ...] = (
    Signal("replay-declared", "replay is declared", "replay", 5, reading.replay_declared, decides=True),
    Signal("reads-back", "history is read again", "replay", 3, reading.reads_back, decides=True),
    Signal("keeps-history", "history is kept on purpose", "replay", 3, reading.keeps_history),
    Signal("rebuilds-state", "state is rebuilt from the first record", "replay", 2, reading.rebuilds_state),
    Signal("replay-by-hand", "replay is built by hand", "replay", 3, reading.replay_by_hand),
    Signal("record-kept", "it is a record for later", "replay", 3, reading.record_kept),
    Signal("several-consumers", "independent consumer groups", "consumers", 3, reading.several_consumers, decides=True),
    Signal("shared-reading", "different services share one queue or group", "consumers", 3, reading.shared_reading),
    Signal("copies-by-hand", "the producer makes the copies", "consumers", 3, reading.copies_by_hand),
    Signal("streams-declared", "stream processing is declared", "streams", 5, reading.streams_declared, decides=True),
    Signal("stream-framework", "read by a stream framework", "streams", 4, reading.stream_framework, decides=True),
    Signal("state-across-messages", "state across messages", "streams", 2, reading.state_across_messages),
    Signal("work-declared", "the role is declared", "work", 3, working.work_declared, decides=True),
    Signal("work-per-message", "one piece of work for each message", "work", 2, working.work_per_message, decides=True),
    Signal("competing-workers", "workers compete for messages", "work", 1, working.competing_workers),
    Signal("slow-work", "slow work for each message", "work", 2, working.slow_work),
    Signal("retry-by-hand", "retries are built by hand", "retry", 2, working.retry_by_hand),
    Signal("delays", "messages are delayed", "retry", 1, working.delays),
    Signal("high-volume", "high volume", "volume", 3, working.high_volume, decides=True),
    Signal("bursts", "bursts", "bursts", 1, working.bursts, decides=True),
    Signal("large-messages", "messages over 1 MiB", "size", 3, working.large_messages, decides=True),
    Signal("team-capacity", "capacity to operate a cluster", "operations", 3, surroundings.team_capacity, decides=True),
    Signal("well-operated", "the cluster is well operated", "operations", 1, surroundings.well_operated, decides=True),
    Signal("aws-native", "AWS-native surroundings", "aws", 1, surroundings.aws_native, decides=True),
    Signal("serverless", "serverless consumers", "aws", 2, surroundings.serverless),
    Signal("log-in-place", "other channels need the log", "log-in-place", 1, surroundings.log_in_place, decides=True),
    Signal("caller-waits", "the caller waits for an answer", "reply", 4, shape.caller_waits, decides=True),
    Signal("answers", "answers to a waiting caller", "reply", 4, shape.carries_answers),
    Signal("one-to-one", "one sender, one receiver", "direct", 1, shape.one_to_one, decides=True),
    Signal("events", "events", "events", 1, shape.events, decides=True),
    Signal("order-declared", "order is declared", "order", 5, shape.order_declared, decides=True),
    Signal("order-used", "order is used", "order", 3, shape.order_used),
    Signal("keyed", "keyed by a field", "order", 1, shape.keyed, decides=True),
    Signal("no-duplicates", "duplicates matter", "duplicates", 2, shape.no_duplicates, decides=True),
    Signal("filters", "deliveries are filtered", "filters", 1, shape.filters),
    Signal("tenants", "message groups by tenant", "fairness", 1, shape.tenants),
)
"""All signals, by question: replay, consumers, streams, work, volume, operations, shape, guarantees."""
