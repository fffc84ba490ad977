"""Facts -> topology: which names mean the same channel, and who uses it. The rules are told in ``uses``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from brokerlint.confidence import Confidence, binding
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service
from brokerlint.topology.channel import ChannelNode, kind_of
from brokerlint.topology.declarations import Declarations
from brokerlint.topology.query import Topology
from brokerlint.topology.stacks import by_stack
from brokerlint.topology.uses import Use, Uses, names_in

_LITERAL_LETTERS = 4
_LISTED = frozenset({"subscribe", "assign", "incremental_assign", "construct", "KafkaConsumer", "AIOKafkaConsumer"})
_NO_TRAFFIC = frozenset({"redrive", "grant", "archive"})


def build(facts: Facts, declarations: Declarations | None = None) -> Topology:
    """The topology of ``facts``; ``declarations`` hold what people said about channels."""
    topology = Topology(facts, declarations or Declarations())
    names = _Names(facts)
    uses = [*_uses_in_code(facts, names)]
    uses = _with_links(facts, names, uses)
    uses.sort(key=lambda use: (use.place.path, use.place.line, use.channel, use.who))
    by_channel: dict[str, list[Use]] = {}
    for use in uses:
        by_channel.setdefault(use.channel, []).append(use)
    links: dict[str, list[Link]] = {}
    for link in facts.links:
        for end in {link.source, link.target}:
            links.setdefault(end, []).append(link)
    nodes: dict[str, ChannelNode] = {}
    for key, name in sorted(names.nodes.items()):
        whole = ChannelNode(
            key, name.id, name.system, names.kind(key), name.name, tuple(names.declared.get(key, ())),
            Uses(by_channel.get(key, ())), tuple(links.get(key, ())), topology,
        )  # fmt: skip
        nodes |= {node.key: node for node in by_stack(whole)}
    topology.fill(nodes, tuple(use for node in nodes.values() for use in node.uses))
    return topology


class _Names:
    """The channels by key, and which key a name in the code means."""

    def __init__(self, facts: Facts) -> None:
        self.nodes: dict[str, ChannelName] = {}
        self.declared: dict[str, list[Channel]] = {}
        for channel in facts.channels:
            self.nodes.setdefault(channel.id, ChannelName(channel.system, channel.name))
            if channel.declared_at:
                self.declared.setdefault(channel.id, []).append(channel)
        self._kinds = {channel.id: channel.kind for channel in facts.channels if channel.kind}
        for endpoint in facts.endpoints:
            for channel_name in endpoint.channels:
                if channel_name.name.kind in ("exact", "logical"):
                    self.nodes.setdefault(channel_name.id, channel_name)
        for link in facts.links:
            for end in (link.source, link.target):
                self._add_end(end)

    def kind(self, key: str) -> str:
        """queue, topic, stream, bus or cluster."""
        return self._kinds.get(key) or kind_of(self.nodes[key].system)

    def key(self, channel: ChannelName, service: Service | None) -> tuple[str, Confidence] | None:
        """The key of the channel that a name means in a service, and how sure that is; None for an unknown name."""
        name = channel.name
        if name.kind == "unknown":
            return None
        if name.kind == "env":
            key = f"{channel.id}@{service.name if service else ''}"
            self.nodes.setdefault(key, channel)
            return key, Confidence.HIGH
        if name.kind == "pattern":
            return self._pattern(channel)
        self.nodes.setdefault(channel.id, channel)
        return channel.id, binding(name)

    def _pattern(self, channel: ChannelName) -> tuple[str, Confidence]:
        """A name with holes: the same text elsewhere, else the one channel it fits, else a channel of its own."""
        if channel.id not in self.nodes and _literal_letters(str(channel.name.text)) >= _LITERAL_LETTERS:
            fits = [
                key
                for key, other in self.nodes.items()
                if other.system == channel.system
                and other.name.kind == "exact"
                and fnmatchcase(str(other.name.text), str(channel.name.text))
            ]
            if len(fits) == 1:
                return fits[0], Confidence.MEDIUM
        self.nodes.setdefault(channel.id, channel)
        return channel.id, binding(channel.name)

    def _add_end(self, end: str) -> None:
        """A link's end that no fact names otherwise."""
        system, _, text = end.partition(":")
        if system in ("service", "external") or end in self.nodes:
            return
        if "#" in text:
            scope, _, logical = text.partition("#")
            name = Name("logical", logical=logical, origin="manifest", scope=scope)
        elif text.startswith("$"):
            name = Name("env", env=text[1:], origin="manifest")
        elif text == "?":
            return
        else:
            name = Name("pattern" if "*" in text else "exact", text, origin="manifest")
        self.nodes[end] = ChannelName(system, name)


def _literal_letters(pattern: str) -> int:
    """How much of a pattern is really said."""
    return sum(letter.isalnum() for letter in pattern)


def _uses_in_code(facts: Facts, names: _Names) -> Iterator[Use]:
    """One use per endpoint, service and channel."""
    services = {service.name: service for service in facts.services}
    for endpoint in facts.endpoints:
        where: list[Service | None] = [services.get(name) or Service(name) for name in endpoint.services]
        for service in where or [None]:
            own = names_in((channel.name for channel in endpoint.channels), service)
            alternatives = [channel for channel in endpoint.channels if channel.name in own]
            ceiling = Confidence.CERTAIN
            if len(alternatives) > 1 and not _takes_list(endpoint):
                ceiling = Confidence.MEDIUM
            for channel in alternatives:
                found = names.key(channel, service)
                if found is not None:
                    key, level = found
                    yield Use(endpoint.role, key, service, endpoint, None, channel.name, min(level, ceiling))


def _takes_list(endpoint: Endpoint) -> bool:
    """The call uses all of its names, not one of them."""
    return endpoint.facts.get("loop") == "over-channels" or endpoint.operation.rpartition(".")[2] in _LISTED


def _with_links(facts: Facts, names: _Names, uses: list[Use]) -> list[Use]:
    """The uses, joined with the manifests' edges: a mapping is a consumer even where its code was not found."""
    services = {service.name: service for service in facts.services}
    known: dict[tuple[Role, str, str], list[int]] = {}
    for index, use in enumerate(uses):
        known.setdefault((use.role, use.channel, use.service.name if use.service else ""), []).append(index)
    result = list(uses)
    for link in facts.links:
        if link.kind in _NO_TRAFFIC or _is_off(link):
            continue
        sides: tuple[tuple[Role, str, str], ...] = (
            ("consume", link.source, link.target),
            ("produce", link.target, link.source),
        )
        for role, channel, far in sides:
            if channel not in names.nodes:
                continue
            far = "" if far == "service:?" else far
            name = far.removeprefix("service:") if far.startswith("service:") else ""
            same = known.get((role, channel, name), []) if name else []
            for index in same:
                if role == "consume":
                    result[index] = replace(result[index], link=link)
            if not same:
                service = (services.get(name) or Service(name)) if name else None
                result.append(Use(role, channel, service, None, link, None, Confidence.CERTAIN, "" if name else far))
    off = {(link.kind, link.source, link.target) for link in facts.links if _is_off(link)}
    return [use for use in result if not _through(use, off)]


def _is_off(link: Link) -> bool:
    """The manifest has the link and says that nothing goes over it."""
    return link.properties.get("enabled") is False


def _through(use: Use, off: set[tuple[str, str, str]]) -> bool:
    """The handler gets its messages from one of these links, and no other link was joined to it."""
    if use.link is not None or use.endpoint is None or use.service is None:
        return False
    return (use.endpoint.operation, use.channel, f"service:{use.service.name}") in off
