"""Signals: what the way a channel is used tells about what it is needed for.

Each answers with evidence, or with nothing where it found none: nothing never means "no", only "not seen".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from brokerlint.places import Place
from brokerlint.topology.channel import ChannelNode
from brokerlint.topology.uses import Use, Uses

_WORK = frozenset({"http", "email", "subprocess", "ml", "aws", "db"})
_WORK_WORDS = re.compile(
    r"(?:^|[^a-z])(jobs?|tasks?|works?|workers?|emails?|mails?|webhooks?|thumbnails?|reports?|renders?|resizes?)"
    r"(?=$|[^a-z])"
)
_RETRY_WORDS = re.compile(r"(?:^|[^a-z])retry|retries(?=$|[^a-z])")


def places(value: object) -> tuple[Place, ...]:
    """The places in a fact: a list of places, or of mappings with a ``place``; read from JSON or not."""
    if not isinstance(value, Iterable) or isinstance(value, str):
        return ()
    found = (_place(item.get("place", item) if isinstance(item, dict) else item) for item in value)
    return tuple(place for place in found if place is not None)


def _place(item: object) -> Place | None:
    if isinstance(item, Place):
        return item
    if isinstance(item, dict) and "path" in item:
        lines = int(item.get("line", 0)), int(item.get("end_line", 0))
        return Place(str(item["path"]), *lines, str(item.get("text", "")))
    return None


def said(value: object, text: str) -> tuple[Place, ...]:
    """The places in a fact, each saying ``text``."""
    return tuple(place.saying(text) for place in places(value))


def task_like(use: Use) -> bool | None:
    """The handler does a piece of work per message and keeps nothing between messages; None when it is not known."""
    effects = use.effects()
    if effects is None:
        return None
    if use.fact("loop_kind") == "framework-stream" or use.fact("state"):
        return False
    return bool(effects & _WORK)


def works(use: Use) -> bool | None:
    """The handler does something that a lost message would leave undone; None when it is not known."""
    effects = use.effects()
    return None if effects is None else bool(effects)


def order_use(channel: ChannelNode) -> tuple[Place, ...]:
    """Where consumers depend on the order of messages."""
    return tuple(p for use in channel.consumers() for p in said(use.fact("order_use"), "depends on the order"))


def needs_order(channel: ChannelNode) -> bool:
    """Order is used in code or declared as needed."""
    return bool(channel.declaration.needs.get("ordering")) or bool(order_use(channel))


def log_uses(channel: ChannelNode) -> Iterator[str]:
    """What shows that a topic or stream is used as a log: history, several readers, change streams, transactions."""
    declared = channel.declaration
    limits = channel.topology.declarations
    if len([group for group in channel.groups() if group.known]) > 1:
        yield "several consumer groups"
    if declared.needs.get("replay"):
        yield "replay is declared as needed"
    if float(declared.needs.get("volume", 0)) >= limits.threshold("high_volume"):
        yield "a high volume is declared"
    if declared.external_consumers:
        yield f"declared to be read by {', '.join(declared.external_consumers)}"
    for use in channel.consumers():
        if places(use.fact("seeks")):
            yield f"{use.who} sets its position back"
        if use.fact("loop_kind") == "framework-stream" or use.fact("group_kind") == "streams":
            yield f"{use.who} reads it with a stream processing framework"
        if use.link is not None and use.link.kind in ("connector", "mirror"):
            yield f"a {use.link.kind} reads it"
    for use in channel.producers():
        if use.setting("transactional_id") or any((use.fact("transaction") or {}).values()):
            yield f"{use.who} writes it in transactions"
        if use.link is not None and use.link.kind in ("connector", "mirror", "notification"):
            yield f"a {use.link.kind} writes it"
    yield from _declared_history(channel)


def _declared_history(channel: ChannelNode) -> Iterator[str]:
    if "compact" in str(channel.property("cleanup_policy") or ""):
        yield "it is compacted"
    retention = channel.property("retention")
    limit = channel.topology.declarations.threshold("log_retention")
    chosen = isinstance(retention, int | float) and not channel.is_default("retention")
    if chosen and (retention == -1 or retention > limit):
        yield "it keeps its records for long"
    if channel.property("tiered"):
        yield "its older records are tiered"
    if channel.property("source"):
        yield f"it is fed by {channel.property('source')}"


def key_kinds(producers: Uses) -> frozenset[str]:
    """How messages are keyed: none, const, field, random, unknown (also for a producer whose code was not seen)."""
    kinds = {(use.fact("key") or {"kind": "unknown"})["kind"] for use in producers}
    return frozenset(kinds or {"unknown"})


def names_work(channel: ChannelNode) -> bool:
    """The name speaks of work to be done (``email-jobs``). A hint, never evidence by itself."""
    return bool(_WORK_WORDS.search((channel.name.text or channel.name.env or "").lower().replace("_", "-")))


def is_retry(channel: ChannelNode) -> bool:
    """The channel holds messages that wait for another attempt."""
    name = (channel.name.text or channel.name.env or "").lower()
    return channel.declaration.role == "retry" or bool(_RETRY_WORDS.search(name))


def is_quiet(channel: ChannelNode) -> bool:
    """Loss is acceptable there: declared best effort, or metrics."""
    return channel.declaration.best_effort or channel.declaration.role == "metrics"
