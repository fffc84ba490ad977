"""What a change of the topology means for messages, in one sentence; nothing where it means no more than it says.

Each rule looks at the whole channel before and after. "Nothing" is only ever said of what was scanned, and a rule that
would need a fact that is not known stays silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from brokerlint.changes import Change, listed
from brokerlint.topology import ChannelNode, Topology, Uses

_SHARED = frozenset({"sqs"})
"""Systems whose consumers share the messages; with the others every reader or group gets a copy."""

_NOTHING = "nothing that was scanned"


def with_meaning(found: Iterable[Change], base: Topology, head: Topology) -> tuple[Change, ...]:
    """The changes, each with what it means where that is more than it says."""
    told = tuple(found)
    sides = _Sides(told, _by_label(base), _by_label(head))
    return tuple(replace(change, meaning=_meaning(change, sides)) for change in told)


@dataclass(frozen=True, slots=True)
class _Sides:
    """All changes, and the channels before and after by system and label."""

    changes: tuple[Change, ...]
    base: dict[tuple[str, str], list[ChannelNode]]
    head: dict[tuple[str, str], list[ChannelNode]]

    def of(self, change: Change) -> tuple[ChannelNode | None, ChannelNode | None]:
        """The channel of a change before and after; None where it is not, or several have its label."""
        key = (change.system or "", change.channel or "")
        before, after = self.base.get(key, []), self.head.get(key, [])
        return (before[0] if len(before) == 1 else None), (after[0] if len(after) == 1 else None)


def _by_label(topology: Topology) -> dict[tuple[str, str], list[ChannelNode]]:
    found: dict[tuple[str, str], list[ChannelNode]] = {}
    for node in topology.channels():
        if node.uses or node.declared:
            found.setdefault((node.system, node.label), []).append(node)
    return found


def _meaning(change: Change, sides: _Sides) -> str:
    rule = _RULES.get((change.what, change.change))
    return rule(change, sides) if rule is not None else ""


# --- Who produces and consumes -------------------------------------------------------------------------------------


def _consumer_added(change: Change, sides: _Sides) -> str:
    before, after = sides.of(change)
    if after is None:
        return ""
    others = _other_programs(after.consumers(), change.service)
    if after.system in _SHARED and others:
        everyone = listed(sorted({*others, change.service or "?"}))
        return f"each message of '{after.label}' now reaches only one of {everyone}"
    if before is not None and before.producers() and not before.consumers():
        return f"so far {_NOTHING} consumed what is sent to '{after.label}'"
    return ""


def _consumer_removed(change: Change, sides: _Sides) -> str:
    before, after = sides.of(change)
    if before is None or after is None or not after.producers():
        return ""
    if not after.consumers():
        return f"{_NOTHING} consumes from '{after.label}' any more (still produced by {_who(after.producers())})"
    alone = after.consumers().parties()
    if after.system in _SHARED and len(alone) == 1 and _other_programs(before.consumers(), alone[0]):
        return f"{alone[0]} now gets every message of '{after.label}'"
    return ""


def _producer_added(change: Change, sides: _Sides) -> str:
    before, after = sides.of(change)
    if before is not None and after is not None and before.consumers() and not before.producers():
        return f"so far {_NOTHING} produced to '{after.label}' (consumed by {_who(after.consumers())})"
    return ""


def _producer_removed(change: Change, sides: _Sides) -> str:
    _, after = sides.of(change)
    if after is not None and after.consumers() and not after.producers():
        return f"{_NOTHING} produces to '{after.label}' any more (still consumed by {_who(after.consumers())})"
    return ""


def _other_programs(uses: Uses, party: str | None) -> set[str]:
    """Parties of the running system that run another program than ``party``: deployments of one program share work."""
    own = {use.program for use in uses if use.who == party}
    running = uses.unless_tooling().in_same_environment()
    return {use.who for use in running if use.who != party and use.program not in own}


# --- Channels and groups -------------------------------------------------------------------------------------------


def _channel_removed(change: Change, sides: _Sides) -> str:
    """A channel that goes while one with the same users comes has most likely been renamed."""
    before, after = sides.of(change)
    if before is None or after is not None or not before.uses:
        return ""
    users = {(use.role, use.who) for use in before.uses}
    for other in sides.changes:
        if (other.what, other.change, other.system) == ("channel", "added", change.system):
            _, new = sides.of(other)
            if new is not None and new.kind == before.kind and {(use.role, use.who) for use in new.uses} == users:
                left = "messages still in the old one are not moved" if before.consumers() else "readers must follow"
                return f"the same services now use '{new.label}' instead: {left}"
    return ""


def _group_added(change: Change, sides: _Sides) -> str:
    before, after = sides.of(change)
    old = [c for c in sides.changes if (c.what, c.change, c.channel) == ("group", "removed", change.channel)]
    if change.service and any(c.service == change.service for c in old):
        return _renamed(change, after)
    if before is not None and any(group.known for group in before.groups()):
        return f"a group of its own: it gets every record of '{change.channel}', beside the groups there are"
    return ""


def _renamed(change: Change, after: ChannelNode | None) -> str:
    """A new group has no committed offsets, so where it starts is the client's reset policy."""
    uses = [use for use in after.consumers() if use.who == change.service] if after is not None else []
    resets = {use.setting("auto_offset_reset") for use in uses}
    start = {"earliest": "reads all retained records again", "latest": "skips what arrives before it first starts"}
    known = start.get(str(resets.pop())) if len(resets) == 1 else None
    return f"the new group has no committed offsets: {known or 'where it starts is up to auto.offset.reset'}"


# --- Properties and links ------------------------------------------------------------------------------------------


def _property_changed(change: Change, _sides: _Sides) -> str:
    rule = _PROPERTIES.get(change.property or "")
    return rule(change.before, change.after) if rule is not None else ""


def _partitions(before: Any, after: Any) -> str:
    if not _numbers(before, after):
        return ""
    if after < before:
        return "partitions cannot be taken away: the topic has to be made anew"
    return "a key can move to another partition, so records of one key are out of order across the change"


def _retention(before: Any, after: Any) -> str:
    if _numbers(before, after) and after != -1 and (before == -1 or after < before):
        return f"what is older than {_seconds(after)} is deleted"
    return ""


def _visibility(before: Any, after: Any) -> str:
    if _numbers(before, after) and after < before:
        return f"a message whose work takes longer than {_seconds(after)} is received again meanwhile"
    return ""


def _fifo(before: Any, after: Any) -> str:
    if isinstance(before, bool) and isinstance(after, bool):
        return "a queue or topic cannot change its type: it is replaced, and what is in it is lost"
    return ""


def _dead_letter(_before: Any, after: Any) -> str:
    return "what cannot be handled is tried again until it expires" if after is None else ""


def _replication(before: Any, after: Any) -> str:
    return "one broker's loss is then a loss of records" if _numbers(before, after) and after == 1 else ""


def _cleanup(before: Any, after: Any) -> str:
    was, now = "compact" in str(before), "compact" in str(after)
    if now and not was:
        return "only the last record of each key is sure to stay, and records need keys"
    return "the last record of a key no longer stays for ever" if was and not now else ""


def _enabled(_before: Any, after: Any) -> str:
    return "nothing is delivered while it is switched off" if after is False else ""


def _redrive_removed(change: Change, sides: _Sides) -> str:
    before, after = sides.of(change)
    if before is None or after is None or after.dead_letter() is not None or not before.links_out("redrive"):
        return ""
    return f"what cannot be handled from '{after.label}' is tried again until it expires"


_PROPERTIES: dict[str, Callable[[Any, Any], str]] = {
    "partitions": _partitions,
    "retention": _retention,
    "visibility_timeout": _visibility,
    "fifo": _fifo,
    "dead_letter": _dead_letter,
    "replication_factor": _replication,
    "cleanup_policy": _cleanup,
    "enabled": _enabled,
}

_RULES: dict[tuple[str, str], Callable[[Change, _Sides], str]] = {
    ("consumer", "added"): _consumer_added,
    ("consumer", "removed"): _consumer_removed,
    ("producer", "added"): _producer_added,
    ("producer", "removed"): _producer_removed,
    ("channel", "removed"): _channel_removed,
    ("group", "added"): _group_added,
    ("property", "changed"): _property_changed,
    ("link", "changed"): _property_changed,
    ("link", "removed"): _redrive_removed,
}


# --- Words ---------------------------------------------------------------------------------------------------------


def _numbers(*values: Any) -> bool:
    return all(isinstance(value, (int, float)) and not isinstance(value, bool) for value in values)


def _seconds(value: float) -> str:
    """A time in the largest unit that fits: ``4 days``, ``90 seconds``."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if value >= size and value % size == 0:
            count = int(value // size)
            return f"{count} {unit}{'s' * (count != 1)}"
    return f"{value:g} second{'s' * (value != 1)}"


def _who(uses: Uses) -> str:
    return listed(uses.parties())
