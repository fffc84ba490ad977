"""What a change does to the topology: services, channels, who produces and consumes, groups, properties, links.

Two topologies are compared by what an architect would name, never by file or line, so moving or reformatting code is no
change. Every change has a place in the topology that still (or last) had it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from brokerlint.document import plain
from brokerlint.facts import Link
from brokerlint.places import Place
from brokerlint.topology import ChannelNode, Topology

Direction: TypeAlias = Literal["added", "removed", "changed"]
What: TypeAlias = Literal["service", "channel", "producer", "consumer", "group", "property", "link"]

_ORDER: tuple[What, ...] = ("service", "channel", "producer", "consumer", "group", "property", "link")
_MOST_NAMES = 4


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``channel`` is the channel's label; ``before`` and ``after`` hold a property's plain values.

    ``meaning`` says what follows from it for messages, where that is more than ``text`` says (see ``meaning``).
    """

    change: Direction
    what: What
    text: str
    place: Place | None = None
    system: str | None = None
    channel: str | None = None
    service: str | None = None
    property: str | None = None
    before: Any = None
    after: Any = None
    meaning: str = ""

    def document(self) -> dict[str, Any]:
        """The entry of the document ``brokerlint/diff/1``."""
        return {
            "change": self.change,
            "what": self.what,
            "system": self.system,
            "channel": self.channel,
            "service": self.service,
            "path": self.place.path if self.place else None,
            "line": self.place.line if self.place else None,
            "property": self.property,
            "from": self.before,
            "to": self.after,
            "text": self.text,
            "meaning": self.meaning or None,
        }


def changes(base: Topology, head: Topology) -> tuple[Change, ...]:
    """Everything that differs between ``base`` and ``head``: by kind of thing, then by channel and service."""
    found = [
        *_services(base, head),
        *_channels(base, head),
        *_parties(base, head, "producer"),
        *_parties(base, head, "consumer"),
        *_groups(base, head),
        *_properties(base, head),
        *_links(base, head),
    ]
    return tuple(sorted(found, key=lambda c: (_ORDER.index(c.what), c.system or "", c.channel or "", c.text)))


def _services(base: Topology, head: Topology) -> Iterator[Change]:
    before = {service.name: service for service in base.services()}
    after = {service.name: service for service in head.services()}
    for name, direction in _differing(before, after):
        service = after.get(name) or before[name]
        words = "is new" if direction == "added" else "is gone"
        place = service.evidence[0] if service.evidence else None
        yield Change(direction, "service", f"service {name} {words}", place, service=name)


def _channels(base: Topology, head: Topology) -> Iterator[Change]:
    before, after = _known(base), _known(head)
    for key, direction in _differing(before, after):
        node = after.get(key) or before[key]
        words = "is new" if direction == "added" else "is gone"
        yield Change(direction, "channel", f"{_title(node)} {words}", node.place, node.system, node.label)


def _known(topology: Topology) -> dict[str, ChannelNode]:
    """The channels that somebody uses or a manifest declares."""
    return {node.key: node for node in topology.channels() if node.uses or node.declared}


def _parties(base: Topology, head: Topology, what: Literal["producer", "consumer"]) -> Iterator[Change]:
    before, after = _uses(base, what), _uses(head, what)
    verb = "produces to" if what == "producer" else "consumes from"
    for key, direction in _differing(before, after):
        who, (node, place) = key[1], after.get(key) or before[key]
        words = f"now {verb}" if direction == "added" else f"no longer {verb}"
        others = sorted({other for channel, other in after if channel == key[0] and other != who})
        too = f", as {listed(others)} {'does' if len(others) == 1 else 'do'}" if others else ""
        text = f"{who} {words} {_title(node)}{too if direction == 'added' else ''}"
        yield Change(direction, what, text, place, node.system, node.label, who)


def _uses(topology: Topology, what: str) -> dict[tuple[str, str], tuple[ChannelNode, Place]]:
    """The first place at which each party produces to or consumes from each channel."""
    found: dict[tuple[str, str], tuple[ChannelNode, Place]] = {}
    for node in topology.channels():
        for use in node.producers() if what == "producer" else node.consumers():
            found.setdefault((node.key, use.who), (node, use.place))
    return found


def _groups(base: Topology, head: Topology) -> Iterator[Change]:
    before, after = _named_groups(base), _named_groups(head)
    for key, direction in _differing(before, after):
        node, services, place = after.get(key) or before[key]
        words = "reads" if direction == "added" else "no longer reads"
        by = f" (in {listed(services)})" if services else ""
        text = f"group {key[1]}{by} {words} {_title(node)}"
        service = services[0] if len(services) == 1 else None
        yield Change(direction, "group", text, place, node.system, node.label, service)


def _named_groups(topology: Topology) -> dict[tuple[str, str], tuple[ChannelNode, tuple[str, ...], Place]]:
    """The consumer groups that have names of their own, which only Kafka's have."""
    return {
        (node.key, group.name): (node, group.uses.services(), group.uses[0].place)
        for node in topology.channels(system="kafka")
        for group in node.groups()
        if group.known and group.uses and not group.key.startswith("@")
    }


def _properties(base: Topology, head: Topology) -> Iterator[Change]:
    before, after = _known(base), _known(head)
    for key in sorted(before.keys() & after.keys()):
        node = after[key]
        if not (before[key].declared and node.declared):
            continue
        names = {name for channel in (*before[key].declarations, *node.declarations) for name in channel.properties}
        for name in sorted(names):
            old, new = plain(before[key].property(name)), plain(node.property(name))
            if old != new:
                text = f"{_title(node)}: {name.replace('_', ' ')} {_value(old)} -> {_value(new)}"
                yield Change("changed", "property", text, node.place, node.system, node.label, None, name, old, new)


def _links(base: Topology, head: Topology) -> Iterator[Change]:
    before, after = ({(k.kind, k.source, k.target): k for k in topology.links()} for topology in (base, head))
    for key, direction in _differing(before, after):
        link = after.get(key) or before[key]
        yield _link(direction, link, f"{_words(link)} is {'new' if direction == 'added' else 'gone'}")
    for key in sorted(before.keys() & after.keys()):
        old, new = plain(before[key].properties), plain(after[key].properties)
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                value = f"{_value(old.get(name))} -> {_value(new.get(name))}"
                text = f"{_words(after[key])}: {name.replace('_', ' ')} {value}"
                yield _link("changed", after[key], text, name, old.get(name), new.get(name))


def _link(
    direction: Direction, link: Link, text: str, name: str | None = None, old: Any = None, new: Any = None
) -> Change:
    ends = [end for end in (link.source, link.target) if not end.startswith(("service:", "external:"))]
    system, _, channel = ends[0].partition(":") if ends else ("", "", "")
    services = [end.removeprefix("service:") for end in (link.source, link.target) if end.startswith("service:")]
    service = services[0] if services else None
    return Change(direction, "link", text, link.place, system or None, channel or None, service, name, old, new)


def _differing(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[tuple[Any, Direction]]:
    """The keys that only one of the two has, and which way that goes."""
    added: list[tuple[Any, Direction]] = [(key, "added") for key in after if key not in before]
    removed: list[tuple[Any, Direction]] = [(key, "removed") for key in before if key not in after]
    return sorted(added + removed, key=lambda item: (str(item[0]), item[1]))


def _title(node: ChannelNode) -> str:
    return f"{node.system} {node.kind} '{node.label}'"


def _words(link: Link) -> str:
    ends = [end.removeprefix("service:").removeprefix("external:") for end in (link.source, link.target)]
    return f"{link.kind.replace('_', ' ')} from {ends[0]} to {ends[1]}"


def _value(value: Any) -> str:
    return "unset" if value is None else str(value)


def listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``; of many only the first."""
    few = len(names) <= _MOST_NAMES + 1
    shown = list(names) if few else [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} others"]
    return " and ".join(part for part in (", ".join(shown[:-1]), shown[-1]) if part) if shown else ""
