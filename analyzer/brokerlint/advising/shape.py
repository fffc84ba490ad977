"""Signals about the shape of the exchange and its guarantees: request and reply, events, order, duplicates, filters."""

from __future__ import annotations

from brokerlint.advising.evidence import Answer
from brokerlint.advising.looking import UNKNOWN, at, declared_at, readers_of
from brokerlint.topology import ChannelNode, Use
from brokerlint.topology import signals as seen

_CORRELATION = frozenset({"correlation_id", "reply_to"})


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
    return Answer(False) if known and alone and not waiting else UNKNOWN


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
    receivers = readers_of(channel).programs()
    if len(senders) == len(receivers) == 1:
        return Answer(True, tuple(uses[0].place for uses in (*senders.values(), *receivers.values())))
    return Answer(False) if len(senders) > 1 or len(receivers) > 1 else UNKNOWN


def events(channel: ChannelNode) -> Answer:
    """It carries events: declared so, or messages of several types."""
    if channel.declaration.role:
        return Answer(channel.declaration.role == "event", declared=True, note=f"role: {channel.declaration.role}")
    types = {str(use.fact("event_type")) for use in channel.producers() if use.fact("event_type")}
    types |= {str(kind) for use in readers_of(channel) for kind in use.fact("event_types") or ()}
    return Answer(True, at(channel.producers()), note=", ".join(sorted(types))) if len(types) > 1 else UNKNOWN


def order_declared(channel: ChannelNode) -> Answer | None:
    """Somebody said whether order matters."""
    ordering = channel.declaration.needs.get("ordering")
    return None if ordering is None else Answer(ordering != "none", declared=True, note=f"needs.ordering: {ordering}")


def order_used(channel: ChannelNode) -> Answer:
    """Consumers compare sequences or keep state per key; or the channel was made FIFO."""
    used = seen.order_use(channel)
    if used:
        return Answer(True, used)
    return Answer(True, declared_at(channel), note="it is FIFO") if channel.property("fifo") else UNKNOWN


def keyed(channel: ChannelNode) -> Answer | None:
    """Messages are keyed by one of their fields: those of one key keep their order. Without keys there is none."""
    if channel.system not in ("kafka", "kinesis"):
        return None
    sends = channel.producers().unless_tooling()
    kinds = seen.key_kinds(sends)
    if kinds == {"field"}:
        return Answer(True, at(sends), note="keyed by a field")
    return Answer(False, at(sends), note="no key that keeps order") if kinds <= {"none", "random"} else UNKNOWN


def no_duplicates(channel: ChannelNode) -> Answer:
    """Duplicates matter: declared, transactions, or deduplication asked for."""
    declared = channel.declaration.needs.get("exactly_once")
    if declared is not None:
        return Answer(bool(declared), declared=True, note="needs.exactly_once")
    careful = channel.producers().where(
        lambda use: (
            bool(use.setting("transactional_id"))
            or any((use.fact("transaction") or {}).values())
            or (use.fact("dedup_id") or {}).get("kind", "none") in ("field", "const")
        )
    )
    if careful:
        return Answer(True, at(careful))
    return Answer(True, declared_at(channel)) if channel.property("content_deduplication") else UNKNOWN


def filters(channel: ChannelNode) -> Answer | None:
    """Subscriptions or rules take only some of the messages. A mapping that reads everything and drops the rest says
    nothing: every system has that."""
    links = [link for link in channel.links_out("subscription", "rule") if link.properties.get("filters")]
    if channel.kind == "queue":
        return None
    return Answer(True, tuple(link.place for link in links)) if links else UNKNOWN


def tenants(channel: ChannelNode) -> Answer | None:
    """A standard queue gets message groups, so that one noisy tenant does not hold up the others."""
    if channel.system != "sqs" or channel.property("fifo"):
        return None
    grouped = channel.producers().where(lambda use: (use.fact("group_id") or {}).get("kind") == "field")
    return Answer(True, at(grouped)) if grouped else None
