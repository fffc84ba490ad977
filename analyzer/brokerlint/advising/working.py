"""Signals about work and load: pieces of work, retries, volume, bursts, sizes."""

from __future__ import annotations

from brokerlint.advising.evidence import Answer
from brokerlint.advising.looking import UNKNOWN, at, declared_at, number, readers_of
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Use
from brokerlint.topology import signals as seen

_POOLS = frozenset({"thread-pool", "process-pool", "task"})
_HEAVY = frozenset({"http", "email", "subprocess", "ml", "aws"})


def work_declared(channel: ChannelNode) -> Answer | None:
    """Its declared role is work or a command, or something else."""
    role = channel.declaration.role
    return Answer(role in ("work", "command"), declared=True, note=f"role: {role}") if role else None


def work_per_message(channel: ChannelNode) -> Answer:
    """The handler does a piece of work for each message and keeps nothing between them."""
    readers = readers_of(channel)
    tasks = readers.where(lambda use: use.fact("loop_kind") == "framework-task")
    if tasks:
        return Answer(True, at(tasks), note="tasks of a task queue")
    working = readers.where(lambda use: seen.task_like(use) is True)
    if working:
        kinds = sorted({effect for use in working for effect in use.effects() or ()} - {"produce", "fs"})
        heavy = bool(set(kinds) & _HEAVY)
        return Answer(True, at(working), note=", ".join(kinds), weight=2 if heavy else 1)
    if readers and all(seen.task_like(use) is False for use in readers):
        return Answer(False, at(readers))
    return UNKNOWN


def competing_workers(channel: ChannelNode) -> Answer:
    """Workers compete for messages: replicas, pools, a share group, or a mapping that reads like a queue."""
    found = readers_of(channel).where(_competes)
    return Answer(True, at(found)) if found else UNKNOWN


def _competes(use: Use) -> bool:
    replicas = use.service.properties.get("replicas_max") if use.service else None
    shared = use.fact("group_kind") == "share" or (use.link and use.link.properties.get("consumption_mode") == "Queue")
    return bool(shared) or use.fact("handoff") in _POOLS or (isinstance(replicas, int) and replicas > 1)


def slow_work(channel: ChannelNode) -> Answer:
    """The work for one message takes seconds, or the poll interval was raised for it."""
    limits = channel.topology.declarations
    slow = readers_of(channel).where(
        lambda use: (
            number(use.fact("work_seconds")) >= limits.threshold("long_work")
            or number(use.setting("max_poll_interval")) / 1000 > limits.threshold("long_poll_interval")
        )
    )
    return Answer(True, at(slow)) if slow else UNKNOWN


def retry_by_hand(channel: ChannelNode) -> Answer | None:
    """Retries or delays of single messages are built on a log: retry topics, attempt counters, waiting."""
    if channel.kind == "queue":
        return None
    marks = [p for use in readers_of(channel) for p in seen.said(use.fact("compares_attempt"), "counts attempts")]
    marks += [p for use in readers_of(channel) for p in seen.said(use.fact("waits_until"), "holds a record back")]
    own = set(channel.consumer_services())
    for other in channel.topology.channels(system=channel.system):
        if other.key != channel.key and seen.is_retry(other) and other.label.startswith(channel.label):
            marks += [use.place for use in other.producers() if use.service and use.service.name in own]
    return Answer(True, tuple(marks)) if marks else UNKNOWN


def delays(channel: ChannelNode) -> Answer:
    """Messages are delayed on purpose."""
    late = channel.producers().where(lambda use: number(use.fact("delay")) > 0)
    if late:
        return Answer(True, at(late))
    return Answer(True, declared_at(channel)) if channel.property("delay") else UNKNOWN


# --- Volume -------------------------------------------------------------------------------------------------------


def high_volume(channel: ChannelNode) -> Answer:
    """The declared volume is high; or the shards rule it out."""
    bar = channel.topology.declarations.threshold("high_volume")
    volume = channel.declaration.needs.get("volume")
    if volume is not None:
        return Answer(float(volume) >= bar, declared=True, note=f"{float(volume):g} messages a second")
    shards = channel.property("shards")
    if isinstance(shards, int) and shards * limit("kinesis", "records_per_shard") < bar:
        return Answer(False, declared_at(channel), note=f"{shards} shard{'s' * (shards != 1)} carry less")
    return UNKNOWN


def bursts(channel: ChannelNode) -> Answer:
    """The peak is far above the average, or everything is sent by schedules."""
    needs = channel.declaration.needs
    average, peak = needs.get("volume"), needs.get("peak") or needs.get("burst")
    if average and peak:
        ratio = float(peak) / float(average)
        high = ratio >= channel.topology.declarations.threshold("burst_ratio")
        return Answer(high, declared=True, note=f"peak {ratio:.0f} times the average")
    sends = channel.producers().unless_tooling()
    if sends and all(use.fact("entry_kind") == "cron" for use in sends):
        return Answer(True, at(sends), note="sent by schedules only")
    return UNKNOWN


def large_messages(channel: ChannelNode) -> Answer | None:
    """Messages are larger than a queue takes."""
    most = limit("sqs", "max_size")
    declared = channel.declaration.needs.get("message_size")
    if declared is not None:
        return Answer(float(declared) > most, declared=True, note=f"{float(declared):g} bytes")
    large = channel.producers().where(lambda use: number(use.fact("payload_size")) > most)
    return Answer(True, at(large)) if large else None
