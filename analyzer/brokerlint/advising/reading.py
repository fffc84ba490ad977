"""Signals about reading: is history read again, by how many applications, and as a stream?"""

from __future__ import annotations

from brokerlint.advising.evidence import Answer
from brokerlint.advising.looking import UNKNOWN, absent, at, is_one, readers_of, said
from brokerlint.confidence import Confidence
from brokerlint.topology import ChannelNode, Use, Uses
from brokerlint.topology import signals as seen

_DAYS_OF_A_QUEUE = 14 * 86400


def replay_declared(channel: ChannelNode) -> Answer | None:
    """Somebody said whether history is needed."""
    return said(channel.declaration.needs.get("replay"), "needs.replay")


def reads_back(channel: ChannelNode) -> Answer:
    """A consumer sets its position back. A queue forgets what was consumed, so its consumers do not."""
    readers = readers_of(channel)
    back = tuple(place for use in readers for place in seen.said(use.fact("seeks"), "sets its position back"))
    if back:
        return Answer(True, back)
    if channel.kind == "queue" and readers:
        return Answer(False, note="what is consumed is deleted")
    looked = readers.in_code()
    if looked and len(looked) == len(readers) and all(use.fact("seeks") is not None for use in looked):
        return absent(channel, looked, "no consumer sets its position back")
    return UNKNOWN


def keeps_history(channel: ChannelNode) -> Answer | None:
    """It is compacted, tiered, archived, fed by change capture, or keeps records for longer than usual on purpose."""
    if channel.kind == "queue":
        return None
    archives = channel.links_out("archive")
    if archives:
        return Answer(True, tuple(link.place for link in archives), note="its events are archived")
    where = (channel.place,) if channel.place else ()
    for holds, words in (
        ("compact" in str(channel.property("cleanup_policy") or ""), "it is compacted"),
        (bool(channel.property("tiered")), "its older records are tiered"),
        (channel.property("source") == "cdc", "it is fed by change capture"),
    ):
        if holds:
            return Answer(True, where, note=words)
    retention = channel.property("retention")
    if not isinstance(retention, int | float) or channel.is_default("retention"):
        return UNKNOWN
    long = retention == -1 or retention > channel.topology.declarations.threshold("log_retention")
    return Answer(long, where, note=f"keeps records for {'ever' if retention == -1 else f'{retention / 86400:g} days'}")


def rebuilds_state(channel: ChannelNode) -> Answer | None:
    """A consumer without a group starts from the earliest record each time: it rebuilds its state."""
    if channel.kind == "queue":
        return None
    rebuilding = readers_of(channel).where(
        lambda use: use.fact("group_kind") == "none" and use.setting("offset_reset") == "earliest"
    )
    return Answer(True, at(rebuilding)) if rebuilding else UNKNOWN


def replay_by_hand(channel: ChannelNode) -> Answer:
    """Consumers archive the body and some code sends it again."""
    stores = {str(item["store"]) for use in readers_of(channel) for item in use.fact("stores_body") or ()}
    again = channel.producers().where(lambda use: str(use.fact("replays_from")) in stores)
    if again:
        kept = tuple(p for use in readers_of(channel) for p in seen.said(use.fact("stores_body"), "archives the body"))
        return Answer(True, (*kept, *(use.place.saying("sends it again") for use in again)))
    known = all(use.fact("stores_body") is not None for use in readers_of(channel).in_code())
    return Answer(False) if known and readers_of(channel).in_code() else UNKNOWN


def record_kept(channel: ChannelNode) -> Answer | None:
    """It is declared a record: for an audit, or kept longer than a queue can."""
    declared = channel.declaration
    if declared.role in ("audit", "cdc"):
        return Answer(True, declared=True, note=f"role: {declared.role}")
    retention = declared.needs.get("retention")
    if retention is None:
        return None
    return Answer(True, declared=True, note="needs.retention") if retention > _DAYS_OF_A_QUEUE else None


# --- Consumers ----------------------------------------------------------------------------------------------------


def several_consumers(channel: ChannelNode) -> Answer:
    """Several consumer groups, subscriptions or targets, each with a copy of every message."""
    outside = channel.declaration.external_consumers
    if outside:
        return Answer(True, declared=True, note=f"also read by {', '.join(outside)}", weight=5)
    if channel.kind == "queue":
        return Answer(False, note="a queue gives each message to one receiver") if readers_of(channel) else UNKNOWN
    if not is_one(channel):
        return Answer(None, note="declared by several stacks: there may be several of this name")
    groups = [group for group in channel.groups() if group.uses.unless_tooling()]
    known = [group for group in groups if group.known]
    if len(known) > 1:
        firsts = tuple(group.uses[0].place.saying(f"{group.name} reads it") for group in known)
        return Answer(True, firsts, note=f"{len(known)} found: {', '.join(group.name for group in known)}")
    if len(groups) == 1:
        return absent(channel, groups[0].uses, "one found")
    return Answer(None, note="no consumer found" if not groups else f"{len(groups)} readers of unknown groups")


def shared_reading(channel: ChannelNode) -> Answer | None:
    """Services that do different work read one queue, or through one group: each wants a copy, and none gets all."""
    if channel.declaration.shared_workers:
        return None
    if not is_one(channel):
        return UNKNOWN
    groups = [group.uses for group in channel.groups() if group.known]
    for uses in groups:
        reads = uses.unless_tooling().at_least(Confidence.HIGH).in_same_environment()
        workers: list[Uses] = []
        for program in reads.programs().values():
            if not any(program.handlers() & other.handlers() for other in workers):
                workers.append(program)
        if len(workers) > 1:
            return Answer(True, tuple(uses[0].place for uses in workers))
    return Answer(False) if groups and len(groups) == len(channel.groups()) else UNKNOWN


def copies_by_hand(channel: ChannelNode) -> Answer | None:
    """The producer sends the same message to several channels of this system."""
    if channel.is_dead_letter():
        return None
    sends = channel.producers().in_code().unless_tooling().where(lambda use: not _builds_client(use))
    for use in sends:
        if use.fact("loop") == "over-channels" and use.fact("payload_loop_invariant"):
            return Answer(True, (use.place.saying("sends one message to several channels"),))
        for twin in channel.topology.uses(role="produce", system=channel.system).in_code():
            other = channel.topology.channel(twin.channel)
            alike = twin.handler == use.handler and twin.fact("payload") == use.fact("payload") is not None
            apart = twin.endpoint is not use.endpoint and twin.channel != use.channel and not _builds_client(twin)
            certain = not twin.fact("conditional", True) and not use.fact("conditional", True)
            if alike and apart and certain and other is not None and not other.is_dead_letter():
                return Answer(True, (use.place, twin.place))
    return Answer(False) if sends else UNKNOWN


def _builds_client(use: Use) -> bool:
    """The place only builds the object that sends later: what is sent there is not known."""
    return use.handler[1].rpartition(".")[2] == "__init__"


# --- Stream processing --------------------------------------------------------------------------------------------


def streams_declared(channel: ChannelNode) -> Answer | None:
    """Somebody said whether it is processed as a stream."""
    return said(channel.declaration.needs.get("stream_processing"), "needs.stream_processing")


def stream_framework(channel: ChannelNode) -> Answer:
    """A stream processing framework reads it."""
    readers = readers_of(channel)
    streams = readers.where(
        lambda use: use.fact("loop_kind") == "framework-stream" or use.fact("group_kind") == "streams"
    )
    if streams:
        return Answer(True, tuple(use.place.saying(f"{use.who} processes it as a stream") for use in streams))
    if channel.kind == "queue" and readers:
        return Answer(False)
    if readers and all(use.fact("loop_kind") is not None for use in readers):
        return absent(channel, readers, "no stream processing framework reads it")
    return UNKNOWN


def state_across_messages(channel: ChannelNode) -> Answer:
    """A consumer keeps state across messages in memory: a join, or a window that time closes."""
    readers = readers_of(channel).in_code()
    for use in readers:
        state = use.fact("state")
        if state and state.get("store") != "db" and (state.get("keyed") or state.get("flush") == "time"):
            return Answer(True, seen.said([state], "keeps state across messages") or (use.place,))
    return UNKNOWN
