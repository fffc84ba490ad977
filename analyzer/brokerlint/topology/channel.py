"""A channel as checks and reports ask about it: its properties, who uses it, what links lead in and out."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from brokerlint.confidence import Confidence
from brokerlint.facts import Channel, Link, Name
from brokerlint.places import Place
from brokerlint.tables import limit
from brokerlint.topology.declarations import ChannelDeclaration
from brokerlint.topology.uses import Uses

if TYPE_CHECKING:
    from brokerlint.topology.query import Topology

_ENVIRONMENTS = ("prod", "unknown", "dev", "test")
_KINDS = {"sqs": "queue", "sns": "topic", "kafka": "topic", "eventbridge": "bus"}
_DEAD_WORDS = ("dlq", "dead-letter", "dead_letter", "deadletter", "dead.letter")


def kind_of(system: str) -> str:
    """The kind of a channel that no manifest declares: queue, topic, bus or stream."""
    return _KINDS.get(system, "stream")


@dataclass(frozen=True, slots=True)
class Group:
    """A consumer group of one channel (or, from ``Topology.groups``, of a whole system) and who reads through it.

    ``known`` is False when the name is not: such a group may be the same as any other. A reader that names no group on
    purpose is a group of its own, since it sees every record.
    """

    key: str
    name: str
    known: bool
    uses: Uses
    confidence: Confidence = Confidence.CERTAIN

    def services(self) -> tuple[str, ...]:
        """Names of the services that read through it."""
        return self.uses.services()


@dataclass(frozen=True, eq=False)
class ChannelNode:
    """One queue, topic, stream or bus of the topology.

    ``key`` is unique in the topology, ``id`` is what documents call it (two services' ``$QUEUE_URL`` share an id).
    """

    key: str
    id: str
    system: str
    kind: str
    name: Name
    declarations: tuple[Channel, ...]
    uses: Uses
    link_list: tuple[Link, ...]
    topology: Topology = field(repr=False)

    def __str__(self) -> str:
        return f"{self.kind} '{self.label}'"

    @property
    def label(self) -> str:
        """The name as a report shows it."""
        name = self.name
        return name.text or (f"${name.env}" if name.env else None) or name.logical or "?"

    @property
    def declared(self) -> bool:
        """A manifest in the tree declares it."""
        return bool(self.declarations)

    @property
    def created(self) -> bool:
        """A manifest in the tree creates it; one that only looks it up tells none of its properties."""
        return any(not channel.properties.get("looked_up") for channel in self.declarations)

    @property
    def place(self) -> Place | None:
        """Where a manifest declares it, else where it is used first."""
        for channel in self.declarations:
            for place in channel.declared_at:
                return place.saying(place.text or f"declares {self.label}")
        return self.uses[0].place if self.uses else None

    @cached_property
    def declaration(self) -> ChannelDeclaration:
        """What people declared about it."""
        return self.topology.declarations.of(self.id)

    @property
    def environment(self) -> str:
        """Of its manifest (production first), else of the services that use it; ``unknown`` when these differ."""
        for environment in _ENVIRONMENTS:
            if environment != "unknown" and any(c.environment == environment for c in self.declarations):
                return environment
        found = {use.environment for use in self.uses}
        return found.pop() if len(found) == 1 else "unknown"

    def property(self, key: str) -> Any:
        """A declared property; None when it is unknown or two manifests of one environment disagree.

        Production's value is taken before that of a manifest of unknown environment, that before development's.
        """
        for environment in _ENVIRONMENTS:
            declared = [c.properties for c in self.declarations if c.environment == environment]
            values = [properties[key] for properties in declared if key in properties]
            if values:
                return values[0] if all(value == values[0] for value in values) else None
        if key == "fifo" and self.system in ("sqs", "sns") and self.name.kind == "exact":
            return str(self.name.text).endswith(".fifo")
        return None

    def is_default(self, key: str) -> bool:
        """The property's value is only the platform's default."""
        return any(key in channel.defaulted for channel in self.declarations)

    def effective(self, key: str, default: str) -> Any:
        """The property, or the platform's default ``default`` of the limits table where a manifest creates the channel
        without it; None when no manifest does."""
        value = self.property(key)
        if value is not None or not self.created:
            return value
        disputed = any(key in channel.properties for channel in self.declarations)
        return None if disputed else limit(self.system, default)

    def effective_wait(self) -> int | None:
        """Seconds a receive waits when its call does not say: the attribute, or 0 for a queue created without it."""
        value = self.property("wait_time")
        if value is None and self.created and not any("wait_time" in c.properties for c in self.declarations):
            return 0
        return value if isinstance(value, int) else None

    def producers(self) -> Uses:
        """Who sends to it."""
        return self.uses.where(lambda use: use.role == "produce")

    def consumers(self) -> Uses:
        """Who receives from it: code, mappings that are switched on, connectors, pipes, subscriptions."""
        return self.uses.where(lambda use: use.role == "consume")

    def producer_services(self) -> tuple[str, ...]:
        """Names of the services that send to it."""
        return self.producers().services()

    def consumer_services(self) -> tuple[str, ...]:
        """Names of the services that receive from it."""
        return self.consumers().services()

    def links(self, *kinds: str) -> tuple[Link, ...]:
        """The manifest's edges at this channel, of the given kinds or all."""
        return tuple(link for link in self.link_list if not kinds or link.kind in kinds)

    def links_in(self, *kinds: str) -> tuple[Link, ...]:
        """Those that end here."""
        return tuple(link for link in self.links(*kinds) if link.target in (self.key, self.id))

    def links_out(self, *kinds: str) -> tuple[Link, ...]:
        """Those that start here."""
        return tuple(link for link in self.links(*kinds) if link.source in (self.key, self.id))

    def groups(self) -> tuple[Group, ...]:
        """Its consumer groups. A queue has one, the set of its pollers."""
        from brokerlint.topology.groups import groups_of

        return groups_of(self.consumers(), self.system)

    def beside(self, channel_id: str) -> ChannelNode | None:
        """The channel of that id which a manifest of this one's means: its own stack's, where several create it."""
        stack = self.key.removeprefix(self.id)
        return self.topology.channel(f"{channel_id}{stack}") or self.topology.channel(channel_id)

    def is_dead_letter(self) -> bool:
        """It gets what others could not handle: a manifest says so, a declaration, code that sends to it from an
        ``except``, or its name."""
        if self.declaration.role == "dlq" or self.links_in("redrive"):
            return True
        if self.id in self.topology.dead_letter_targets:
            return True
        name = (self.name.text or self.name.logical or self.name.env or "").lower()
        return any(word in name for word in _DEAD_WORDS) or name.endswith(("-dl", ".dl"))

    def dead_letter(self) -> tuple[str, int | None, Place | None] | None:
        """Its dead-letter channel's id, the receives before a message goes there, and where that is said."""
        for link in self.links_out("redrive"):
            count = link.properties.get("max_receive_count", self.property("max_receive_count"))
            return link.target, count, link.place
        target = self.property("dead_letter")
        return (str(target), self.property("max_receive_count"), self.place) if target else None
