"""Signals: small questions about how a channel is used, each answered with yes, no or unknown, and with places.

A declaration answers before anything that was seen. "No" needs a reason: that everybody who may use the channel is
known (see ``topology.openworld``), or that the system itself rules it out. Otherwise nothing seen means unknown.
A signal that makes no sense for a channel answers None and is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from brokerlint.advising import surroundings
from brokerlint.advising.evidence import Answer, Evidence, Origin
from brokerlint.confidence import Confidence
from brokerlint.places import Place
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Use, Uses, closure
from brokerlint.topology import signals as seen

_DAYS_OF_A_QUEUE = 14 * 86400
_POOLS = frozenset({"thread-pool", "process-pool", "task"})
_HEAVY = frozenset({"http", "email", "subprocess", "ml", "aws"})
_CORRELATION = frozenset({"correlation_id", "reply_to"})
_UNKNOWN = Answer(None)


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


# --- Replay and history -------------------------------------------------------------------------------------------


def replay_declared(channel: ChannelNode) -> Answer | None:
    """Somebody said whether history is needed."""
    return _declared(channel.declaration.needs.get("replay"), "needs.replay")


def reads_back(channel: ChannelNode) -> Answer:
    """A consumer sets its position back. A queue forgets what was consumed, so its consumers do not."""
    readers = _readers(channel)
    back = tuple(place for use in readers for place in seen.said(use.fact("seeks"), "sets its position back"))
    if back:
        return Answer(True, back)
    if channel.kind == "queue" and readers:
        return Answer(False, note="what is consumed is deleted")
    looked = readers.in_code()
    if looked and len(looked) == len(readers) and all(use.fact("seeks") is not None for use in looked):
        return _absent(channel, looked, "no consumer sets its position back")
    return _UNKNOWN


def keeps_history(channel: ChannelNode) -> Answer | None:
    """It is compacted, tiered, fed by change capture, or keeps its records for longer than usual on purpose."""
    if channel.kind == "queue":
        return None
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
        return _UNKNOWN
    long = retention == -1 or retention > channel.topology.declarations.threshold("log_retention")
    return Answer(long, where, note=f"keeps records for {'ever' if retention == -1 else f'{retention / 86400:g} days'}")


def rebuilds_state(channel: ChannelNode) -> Answer | None:
    """A consumer without a group starts from the earliest record each time: it rebuilds its state."""
    if channel.kind == "queue":
        return None
    rebuilding = _readers(channel).where(
        lambda use: use.fact("group_kind") == "none" and use.setting("offset_reset") == "earliest"
    )
    return Answer(True, _at(rebuilding)) if rebuilding else _UNKNOWN


def replay_by_hand(channel: ChannelNode) -> Answer:
    """Consumers archive the body and some code sends it again."""
    stores = {str(item["store"]) for use in _readers(channel) for item in use.fact("stores_body") or ()}
    again = channel.producers().where(lambda use: str(use.fact("replays_from")) in stores)
    if again:
        kept = tuple(p for use in _readers(channel) for p in seen.said(use.fact("stores_body"), "archives the body"))
        return Answer(True, (*kept, *(use.place.saying("sends it again") for use in again)))
    known = all(use.fact("stores_body") is not None for use in _readers(channel).in_code())
    return Answer(False) if known and _readers(channel).in_code() else _UNKNOWN


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
        return Answer(False, note="a queue gives each message to one receiver") if _readers(channel) else _UNKNOWN
    groups = [group for group in channel.groups() if group.uses.unless_tooling()]
    known = [group for group in groups if group.known]
    if len(known) > 1:
        firsts = tuple(group.uses[0].place.saying(f"{group.name} reads it") for group in known)
        return Answer(True, firsts, note=f"{len(known)} found: {', '.join(group.name for group in known)}")
    if len(groups) == 1:
        return _absent(channel, groups[0].uses, "one found")
    return Answer(None, note="no consumer found" if not groups else f"{len(groups)} readers of unknown groups")


def shared_queue(channel: ChannelNode) -> Answer | None:
    """Services that do different work poll one queue: each wants a copy, and none gets all."""
    if channel.kind != "queue" or channel.declaration.shared_workers:
        return None
    polls = _readers(channel).at_least(Confidence.HIGH).in_same_environment()
    workers: list[Uses] = []
    for uses in polls.programs().values():
        if not any(uses.handlers() & other.handlers() for other in workers):
            workers.append(uses)
    if len(workers) > 1:
        return Answer(True, tuple(uses[0].place for uses in workers))
    return Answer(False, _at(polls)) if polls else _UNKNOWN


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
    return Answer(False) if sends else _UNKNOWN


def _builds_client(use: Use) -> bool:
    """The place only builds the object that sends later: what is sent there is not known."""
    return use.handler[1].rpartition(".")[2] == "__init__"


# --- Stream processing --------------------------------------------------------------------------------------------


def streams_declared(channel: ChannelNode) -> Answer | None:
    """Somebody said whether it is processed as a stream."""
    return _declared(channel.declaration.needs.get("stream_processing"), "needs.stream_processing")


def stream_framework(channel: ChannelNode) -> Answer:
    """A stream processing framework reads it."""
    readers = _readers(channel)
    streams = readers.where(
        lambda use: use.fact("loop_kind") == "framework-stream" or use.fact("group_kind") == "streams"
    )
    if streams:
        return Answer(True, tuple(use.place.saying(f"{use.who} processes it as a stream") for use in streams))
    if channel.kind == "queue" and readers:
        return Answer(False)
    if readers and all(use.fact("loop_kind") is not None for use in readers):
        return _absent(channel, readers, "no stream processing framework reads it")
    return _UNKNOWN


def state_across_messages(channel: ChannelNode) -> Answer:
    """A consumer keeps state across messages in memory: a join, or a window that time closes."""
    readers = _readers(channel).in_code()
    for use in readers:
        state = use.fact("state")
        if state and state.get("store") != "db" and (state.get("keyed") or state.get("flush") == "time"):
            return Answer(True, seen.said([state], "keeps state across messages") or (use.place,))
    return _UNKNOWN


# --- Work ---------------------------------------------------------------------------------------------------------


def work_declared(channel: ChannelNode) -> Answer | None:
    """Its declared role is work or a command, or something else."""
    role = channel.declaration.role
    return Answer(role in ("work", "command"), declared=True, note=f"role: {role}") if role else None


def work_per_message(channel: ChannelNode) -> Answer:
    """The handler does a piece of work for each message and keeps nothing between them."""
    readers = _readers(channel)
    tasks = readers.where(lambda use: use.fact("loop_kind") == "framework-task")
    if tasks:
        return Answer(True, _at(tasks), note="tasks of a task queue")
    working = readers.where(lambda use: seen.task_like(use) is True)
    if working:
        kinds = sorted({effect for use in working for effect in use.effects() or ()} - {"produce", "fs"})
        heavy = bool(set(kinds) & _HEAVY)
        return Answer(True, _at(working), note=", ".join(kinds), weight=2 if heavy else 1)
    if readers and all(seen.task_like(use) is False for use in readers):
        return Answer(False, _at(readers))
    return _UNKNOWN


def competing_workers(channel: ChannelNode) -> Answer:
    """Workers compete for messages: replicas, pools, a share group, or a mapping that reads like a queue."""
    found = _readers(channel).where(_competes)
    return Answer(True, _at(found)) if found else _UNKNOWN


def _competes(use: Use) -> bool:
    replicas = use.service.properties.get("replicas_max") if use.service else None
    shared = use.fact("group_kind") == "share" or (use.link and use.link.properties.get("consumption_mode") == "Queue")
    return bool(shared) or use.fact("handoff") in _POOLS or (isinstance(replicas, int) and replicas > 1)


def slow_work(channel: ChannelNode) -> Answer:
    """The work for one message takes seconds, or the poll interval was raised for it."""
    limits = channel.topology.declarations
    slow = _readers(channel).where(
        lambda use: (use.fact("work_seconds") or 0) >= limits.threshold("long_work")
        or _seconds(use.setting("max_poll_interval")) > limits.threshold("long_poll_interval")
    )
    return Answer(True, _at(slow)) if slow else _UNKNOWN


def _seconds(milliseconds: object) -> float:
    return milliseconds / 1000 if isinstance(milliseconds, int | float) else 0.0


def retry_by_hand(channel: ChannelNode) -> Answer | None:
    """Retries or delays of single messages are built on a log: retry topics, attempt counters, waiting."""
    if channel.kind == "queue":
        return None
    marks = [p for use in _readers(channel) for p in seen.said(use.fact("compares_attempt"), "counts attempts")]
    marks += [p for use in _readers(channel) for p in seen.said(use.fact("waits_until"), "holds a record back")]
    own = set(channel.consumer_services())
    for other in channel.topology.channels(system=channel.system):
        if other.key != channel.key and seen.is_retry(other) and other.label.startswith(channel.label):
            marks += [use.place for use in other.producers() if use.service and use.service.name in own]
    return Answer(True, tuple(marks)) if marks else _UNKNOWN


def delays(channel: ChannelNode) -> Answer:
    """Messages are delayed on purpose."""
    late = channel.producers().where(lambda use: bool(use.fact("delay")))
    if late:
        return Answer(True, _at(late))
    return Answer(True, _where(channel)) if channel.property("delay") else _UNKNOWN


# --- Volume -------------------------------------------------------------------------------------------------------


def high_volume(channel: ChannelNode) -> Answer:
    """The declared volume is high; or the shards rule it out."""
    bar = channel.topology.declarations.threshold("high_volume")
    volume = channel.declaration.needs.get("volume")
    if volume is not None:
        return Answer(float(volume) >= bar, declared=True, note=f"{float(volume):g} messages a second")
    shards = channel.property("shards")
    if isinstance(shards, int) and shards * limit("kinesis", "records_per_shard") < bar:
        return Answer(False, _where(channel), note=f"{shards} shard{'s' * (shards != 1)} carry less")
    return _UNKNOWN


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
        return Answer(True, _at(sends), note="sent by schedules only")
    return _UNKNOWN


def large_messages(channel: ChannelNode) -> Answer | None:
    """Messages are larger than a queue takes."""
    most = limit("sqs", "max_size")
    declared = channel.declaration.needs.get("message_size")
    if declared is not None:
        return Answer(float(declared) > most, declared=True, note=f"{float(declared):g} bytes")
    large = channel.producers().where(lambda use: (use.fact("payload_size") or 0) > most)
    return Answer(True, _at(large)) if large else None


# --- Shape, order, duplicates -------------------------------------------------------------------------------------


def caller_waits(channel: ChannelNode) -> Answer:
    """The sender blocks until the receiver answers: it names where to answer, or reads what the receiver sends. Waiting
    for something else is no request and reply."""
    if channel.declaration.rpc:
        return Answer(False, declared=True, note=f"rpc: {channel.declaration.rpc}")
    sends = channel.producers().in_code().unless_tooling()
    waiting = sends.where(lambda use: bool(seen.places(use.fact("waits_for_reply"))))
    asking = waiting.where(lambda use: _expects_answer(channel, use))
    if asking:
        waits = tuple(p for use in asking for p in seen.said(use.fact("waits_for_reply"), "waits for the answer"))
        return Answer(True, waits)
    known = sends and all(use.fact("waits_for_reply") is not None for use in sends)
    alone = len(sends) == len(channel.producers().unless_tooling())
    return Answer(False) if known and alone and not waiting else _UNKNOWN


def carries_answers(channel: ChannelNode) -> Answer | None:
    """It brings the answers of a receiver back to a sender that waits for them."""
    own_senders, own_readers = set(channel.producer_services()), set(channel.consumer_services())
    for request in channel.topology.channels():
        asks = set(request.producer_services()) & own_readers and set(request.consumer_services()) & own_senders
        if request is not channel and asks:
            waiting = caller_waits(request)
            if waiting.value:
                return Answer(True, waiting.places, note=f"answers to {request.label}")
    return None


def _expects_answer(channel: ChannelNode, send: Use) -> bool:
    assert send.endpoint is not None
    if _CORRELATION & set(send.fact("headers") or ()) or send.endpoint.library == "celery":
        return True
    servants = set(channel.consumer_services()) - {send.who}
    answers = channel.topology.uses(role="produce").where(lambda use: use.who in servants)
    answered = {use.channel for use in answers} - {channel.key}
    return any(use.channel in answered and use.who == send.who for use in channel.topology.uses(role="consume"))


def one_to_one(channel: ChannelNode) -> Answer:
    """One program sends, one other receives."""
    senders = channel.producers().unless_tooling().programs()
    receivers = _readers(channel).programs()
    if len(senders) == len(receivers) == 1:
        return Answer(True, tuple(uses[0].place for uses in (*senders.values(), *receivers.values())))
    return Answer(False) if len(senders) > 1 or len(receivers) > 1 else _UNKNOWN


def events(channel: ChannelNode) -> Answer:
    """It carries events: declared so, or messages of several types."""
    if channel.declaration.role:
        return Answer(channel.declaration.role == "event", declared=True, note=f"role: {channel.declaration.role}")
    types = {str(use.fact("event_type")) for use in channel.producers() if use.fact("event_type")}
    types |= {str(kind) for use in _readers(channel) for kind in use.fact("event_types") or ()}
    return Answer(True, _at(channel.producers()), note=", ".join(sorted(types))) if len(types) > 1 else _UNKNOWN


def order_declared(channel: ChannelNode) -> Answer | None:
    """Somebody said whether order matters."""
    ordering = channel.declaration.needs.get("ordering")
    return None if ordering is None else Answer(ordering != "none", declared=True, note=f"needs.ordering: {ordering}")


def order_used(channel: ChannelNode) -> Answer:
    """Consumers compare sequences or keep state per key; or the channel was made FIFO."""
    used = seen.order_use(channel)
    if used:
        return Answer(True, used)
    return Answer(True, _where(channel), note="it is FIFO") if channel.property("fifo") else _UNKNOWN


def keyed(channel: ChannelNode) -> Answer | None:
    """Messages are keyed by one of their fields: those of one key keep their order. Without keys there is none."""
    if channel.system not in ("kafka", "kinesis"):
        return None
    sends = channel.producers().unless_tooling()
    kinds = seen.key_kinds(sends)
    if kinds == {"field"}:
        return Answer(True, _at(sends), note="keyed by a field")
    return Answer(False, _at(sends), note="no key that keeps order") if kinds <= {"none", "random"} else _UNKNOWN


def no_duplicates(channel: ChannelNode) -> Answer:
    """Duplicates matter: declared, transactions, or deduplication asked for."""
    declared = channel.declaration.needs.get("exactly_once")
    if declared is not None:
        return Answer(bool(declared), declared=True, note="needs.exactly_once")
    careful = channel.producers().where(
        lambda use: bool(use.setting("transactional_id"))
        or any((use.fact("transaction") or {}).values())
        or (use.fact("dedup_id") or {}).get("kind", "none") in ("field", "const")
    )
    if careful:
        return Answer(True, _at(careful))
    return Answer(True, _where(channel)) if channel.property("content_deduplication") else _UNKNOWN


def filters(channel: ChannelNode) -> Answer | None:
    """Deliveries are filtered by content."""
    links = [link for link in channel.links_out() if link.properties.get("filters")]
    if channel.kind == "queue":
        return None
    return Answer(True, tuple(link.place for link in links)) if links else _UNKNOWN


def tenants(channel: ChannelNode) -> Answer | None:
    """A standard queue gets message groups, so that one noisy tenant does not hold up the others."""
    if channel.system != "sqs" or channel.property("fifo"):
        return None
    grouped = channel.producers().where(lambda use: (use.fact("group_id") or {}).get("kind") == "field")
    return Answer(True, _at(grouped)) if grouped else None


# --- What the signals share ---------------------------------------------------------------------------------------


def _readers(channel: ChannelNode) -> Uses:
    return channel.consumers().unless_tooling()


def _at(uses: Iterable[Use]) -> tuple[Place, ...]:
    return tuple(use.place for use in uses)


def _where(channel: ChannelNode) -> tuple[Place, ...]:
    return (channel.place,) if channel.place else ()


def _declared(value: object, key: str) -> Answer | None:
    return None if value is None else Answer(bool(value), declared=True, note=key)


def _absent(channel: ChannelNode, uses: Uses, words: str) -> Answer:
    """"No" where all consumers are known, else unknown; both with what was looked at."""
    closed = closure(channel.topology, channel)
    surely = closed.closed and closed.level >= Confidence.MEDIUM
    return Answer(False if surely else None, _at(uses), note=f"{words} ({'; '.join(closed.words()[:2])})")


SIGNALS: tuple[Signal, ...] = (
    Signal("replay-declared", "replay is declared", "replay", 5, replay_declared, decides=True),
    Signal("reads-back", "history is read again", "replay", 3, reads_back, decides=True),
    Signal("keeps-history", "history is kept on purpose", "replay", 3, keeps_history),
    Signal("rebuilds-state", "state is rebuilt from the first record", "replay", 2, rebuilds_state),
    Signal("replay-by-hand", "replay is built by hand", "replay", 3, replay_by_hand),
    Signal("record-kept", "it is a record for later", "replay", 3, record_kept),
    Signal("several-consumers", "independent consumer groups", "consumers", 3, several_consumers, decides=True),
    Signal("shared-queue", "different services poll one queue", "consumers", 3, shared_queue),
    Signal("copies-by-hand", "the producer makes the copies", "consumers", 3, copies_by_hand),
    Signal("streams-declared", "stream processing is declared", "streams", 5, streams_declared, decides=True),
    Signal("stream-framework", "a stream processing framework reads it", "streams", 4, stream_framework, decides=True),
    Signal("state-across-messages", "state across messages", "streams", 2, state_across_messages),
    Signal("work-declared", "the role is declared", "work", 3, work_declared, decides=True),
    Signal("work-per-message", "one piece of work for each message", "work", 2, work_per_message, decides=True),
    Signal("competing-workers", "workers compete for messages", "work", 1, competing_workers),
    Signal("slow-work", "slow work for each message", "work", 2, slow_work),
    Signal("retry-by-hand", "retries are built by hand", "retry", 2, retry_by_hand),
    Signal("delays", "messages are delayed", "retry", 1, delays),
    Signal("high-volume", "high volume", "volume", 3, high_volume, decides=True),
    Signal("bursts", "bursts", "bursts", 1, bursts, decides=True),
    Signal("large-messages", "messages over 1 MiB", "size", 3, large_messages, decides=True),
    Signal("team-capacity", "capacity to operate a cluster", "operations", 3, surroundings.team_capacity, decides=True),
    Signal("well-operated", "the cluster is well operated", "operations", 1, surroundings.well_operated, decides=True),
    Signal("aws-native", "AWS-native surroundings", "aws", 1, surroundings.aws_native, decides=True),
    Signal("serverless", "serverless consumers", "aws", 2, surroundings.serverless),
    Signal("log-in-place", "other channels need the log", "log-in-place", 1, surroundings.log_in_place, decides=True),
    Signal("caller-waits", "the caller waits for an answer", "reply", 4, caller_waits, decides=True),
    Signal("answers", "answers to a waiting caller", "reply", 4, carries_answers),
    Signal("one-to-one", "one sender, one receiver", "direct", 1, one_to_one, decides=True),
    Signal("events", "events", "events", 1, events, decides=True),
    Signal("order-declared", "order is declared", "order", 5, order_declared, decides=True),
    Signal("order-used", "order is used", "order", 3, order_used),
    Signal("keyed", "keyed by a field", "order", 1, keyed, decides=True),
    Signal("no-duplicates", "duplicates matter", "duplicates", 2, no_duplicates, decides=True),
    Signal("filters", "deliveries are filtered", "filters", 1, filters),
    Signal("tenants", "message groups by tenant", "fairness", 1, tenants),
)
"""All signals, by question: replay, consumers, streams, work, volume, operations, shape, guarantees."""
