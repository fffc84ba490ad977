"""What can be asked of a topology as a whole: its channels, services, uses, links, groups and cycles."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from brokerlint.facts import Endpoint, Facts, Link, Role, Service, Unresolved
from brokerlint.topology.channel import ChannelNode, Group, kind_of
from brokerlint.topology.declarations import Declarations
from brokerlint.topology.sends import Sends
from brokerlint.topology.uses import Use, Uses, sink_of

if TYPE_CHECKING:
    from brokerlint.topology.cycles import Cycle

_SHOWN = 3


class Topology:
    """The whole: what ``build`` made of the facts."""

    def __init__(self, facts: Facts, declarations: Declarations) -> None:
        self.facts = facts
        self.declarations = declarations
        self._channels: dict[str, ChannelNode] = {}
        self._uses: tuple[Use, ...] = ()
        self._grouped: dict[Role, Mapping[str, Uses]] = {}
        self._sends: dict[str, Sends] = {}
        self._unresolved: dict[tuple[str, Role], tuple[Unresolved, ...]] = {}
        self._unnamed: dict[str, tuple[ChannelNode, ...]] = {}
        self._counts: dict[tuple[str, Role], int] = {}

    def fill(self, channels: Mapping[str, ChannelNode], uses: tuple[Use, ...]) -> None:
        """Set once by ``build``: nodes point back at the topology, so they come after it."""
        self._channels = dict(channels)
        self._uses = uses

    def channels(self, *, system: str | tuple[str, ...] = (), kind: str = "") -> tuple[ChannelNode, ...]:
        """The channels of the given systems and kind (or all), by key. Clusters come only when asked for."""
        systems = (system,) if isinstance(system, str) else system
        return tuple(
            node
            for node in self._channels.values()
            if (not systems or node.system in systems) and (node.kind == kind if kind else node.kind != "cluster")
        )

    def channel(self, key: str) -> ChannelNode | None:
        """The channel of this key or id, if there is one; the first stack's where several create it."""
        return self._channels.get(key) or self._by_id.get(key)

    def services(self) -> tuple[Service, ...]:
        """All services."""
        return self.facts.services

    def service(self, name: str) -> Service | None:
        """The service of this name, if there is one."""
        return self._services.get(name)

    def uses(self, *, role: Role | None = None, system: str = "") -> Uses:
        """All uses of known channels."""
        return Uses(
            use
            for use in self._uses
            if (role is None or use.role == role) and (not system or self._channels[use.channel].system == system)
        )

    def endpoints(
        self, *, role: Role | None = None, system: str | tuple[str, ...] = (), library: str = ""
    ) -> Iterator[Endpoint]:
        """The places in code, also those whose channel is not known."""
        systems = (system,) if isinstance(system, str) else system
        for endpoint in self.facts.endpoints:
            if (
                (role is None or endpoint.role == role)
                and (not systems or endpoint.system in systems)
                and (not library or endpoint.library == library)
            ):
                yield endpoint

    def channels_of(self, endpoint: Endpoint) -> tuple[ChannelNode, ...]:
        """The channels that an endpoint uses, as far as they are known."""
        keys = {use.channel: None for use in self._by_endpoint.get(endpoint.id, ())}
        return tuple(self._channels[key] for key in keys)

    def channels_of_all(self, endpoints: Iterable[Endpoint]) -> tuple[ChannelNode, ...]:
        """The channels that several endpoints use, each once."""
        return tuple({node.key: node for endpoint in endpoints for node in self.channels_of(endpoint)}.values())

    def label_of(self, *endpoints: Endpoint) -> str:
        """The names of the endpoints' channels as a report shows them."""
        labels = list(dict.fromkeys(node.label for node in self.channels_of_all(endpoints)))
        more = [f"{len(labels) - _SHOWN} more"] if len(labels) > _SHOWN else []
        return ", ".join(labels[:_SHOWN] + more) or f"unknown {kind_of(endpoints[0].system)}"

    def is_tooling(self, endpoint: Endpoint) -> bool:
        """It runs in administrators' tools, command lines or tests only."""
        uses = self.uses_of(endpoint)
        if uses:
            return not uses.unless_tooling()
        return endpoint.facts.get("entry_kind") in ("cli", "test")

    def sends_for_each_message(self, endpoint: Endpoint) -> bool:
        """Its sink is among the things that some consumer does with each message."""
        place = sink_of(endpoint)
        return (place.path, place.line) in self._sent_per_message

    def runs_for_each_message(self, endpoint: Endpoint) -> bool:
        """The function around its sink is called for messages that some consumer gets, each or some at a time."""
        place = sink_of(endpoint)
        return (place.path, place.line) in self._sent_in_handling

    @cached_property
    def _sent_in_handling(self) -> frozenset[tuple[str, int]]:
        beside = (
            (effect["place"].path, effect["place"].line)
            for endpoint in self.endpoints(role="consume")
            for effect in endpoint.facts.get("effects") or ()
            if effect["class"] == "produce" and effect.get("beside_receive")
        )
        return self._sent_per_message - frozenset(beside)

    @cached_property
    def _sent_per_message(self) -> frozenset[tuple[str, int]]:
        """Where consumers send something for each message that they get."""
        return frozenset(
            (effect["place"].path, effect["place"].line)
            for endpoint in self.endpoints(role="consume")
            for effect in endpoint.facts.get("effects") or ()
            if effect["class"] == "produce"
        )

    def uses_of(self, endpoint: Endpoint) -> Uses:
        """One use per service and channel of an endpoint."""
        return Uses(self._by_endpoint.get(endpoint.id, ()))

    def uses_by_service(self, role: Role) -> Mapping[str, Uses]:
        """The uses in code of one role, by service; those of no known service under ""."""
        if role not in self._grouped:
            found: dict[str, list[Use]] = {}
            for use in self.uses(role=role).in_code():
                found.setdefault(use.service.name if use.service else "", []).append(use)
            self._grouped[role] = {name: Uses(uses) for name, uses in found.items()}
        return self._grouped[role]

    def sends_of(self, consume: Use) -> Uses:
        """What the handler of ``consume`` sends, as far as that can be told (see ``sends``)."""
        service = consume.service.name if consume.service else ""
        if service not in self._sends:
            self._sends[service] = Sends(self.uses_by_service("produce").get(service, Uses()))
        return self._sends[service].of(consume)

    def links(self, *kinds: str) -> tuple[Link, ...]:
        """The manifests' edges, of the given kinds or all."""
        return tuple(link for link in self.facts.links if not kinds or link.kind in kinds)

    def groups(self, system: str = "kafka") -> tuple[Group, ...]:
        """The named consumer groups of a system, each with everything that reads through it, whatever the channel."""
        from brokerlint.topology.groups import groups_of

        return tuple(group for group in groups_of(self.uses(role="consume", system=system), system) if group.known)

    def cycles(self) -> tuple[Cycle, ...]:
        """The ways in which messages can travel in a circle (see ``cycles``)."""
        from brokerlint.topology.cycles import find_cycles

        return find_cycles(self)

    def unresolved(self, system: str, role: Role) -> tuple[Unresolved, ...]:
        """Calls of a system that may produce or consume anywhere: their channel, or even their client, is not known."""
        key = (system, role)
        if key not in self._unresolved:
            self._unresolved[key] = self._find_unresolved(system, role)
        return self._unresolved[key]

    def unnamed(self, system: str) -> tuple[ChannelNode, ...]:
        """The channels of a system of which only a variable is known."""
        if system not in self._unnamed:
            nodes = self.channels(system=system)
            self._unnamed[system] = tuple(node for node in nodes if node.name.kind == "env")
        return self._unnamed[system]

    def count(self, system: str, role: Role) -> int:
        """How many places in code have that role in a system."""
        key = (system, role)
        if key not in self._counts:
            self._counts[key] = sum(1 for _ in self.endpoints(role=role, system=system))
        return self._counts[key]

    def _find_unresolved(self, system: str, role: Role) -> tuple[Unresolved, ...]:
        by_place = {(e.place.path, e.place.line): e for e in self.facts.endpoints}
        found = []
        for item in self.facts.unresolved:
            endpoint = by_place.get((item.place.path, item.place.line))
            if item.system == system and item.what != "group" and (endpoint is None or endpoint.role == role):
                found.append(item)
        seen = {(item.place.path, item.place.line) for item in found}
        for endpoint in self.endpoints(role=role, system=system):
            reasons = [c.name.why for c in endpoint.channels if c.name.kind == "unknown"] or ["no channel seen"]
            told = (endpoint.place.path, endpoint.place.line) in seen
            if not told and not self._by_endpoint.get(endpoint.id):
                found.append(Unresolved(endpoint.place, system, "channel", reasons[0]))
        return tuple(found)

    @cached_property
    def dead_letter_targets(self) -> frozenset[str]:
        """Ids of the channels that a queue, mapping or subscription names as the place for what it gives up."""
        named = {channel.property("dead_letter") for channel in self.channels()}
        named |= {link.properties.get(key) for link in self.facts.links for key in ("on_failure", "dead_letter")}
        return frozenset(str(target) for target in named if target)

    @cached_property
    def _services(self) -> dict[str, Service]:
        return {service.name: service for service in self.facts.services}

    @cached_property
    def _by_id(self) -> dict[str, ChannelNode]:
        found: dict[str, ChannelNode] = {}
        for node in self._channels.values():
            if node.name.kind != "env":
                found.setdefault(node.id, node)
        return found

    @cached_property
    def _by_endpoint(self) -> dict[str, list[Use]]:
        found: dict[str, list[Use]] = {}
        for use in self._uses:
            if use.endpoint is not None:
                found.setdefault(use.endpoint.id, []).append(use)
        return found

    def graph(self) -> Any:
        """A networkx ``MultiDiGraph``: service -> channel -> group or service. Node attribute ``kind`` and ``label``;
        edge attributes ``role`` and ``use`` (or ``link``). Loads networkx, so ask only when you draw or search."""
        import networkx

        graph: networkx.MultiDiGraph[str] = networkx.MultiDiGraph()
        for service in self.facts.services:
            graph.add_node(f"service:{service.name}", kind="service", label=service.name)
        for node in self.channels():
            graph.add_node(node.key, kind=node.kind, label=node.label, system=node.system)
            for use in node.producers():
                graph.add_edge(_party(use, graph), node.key, role="produce", use=use)
            for group in node.groups():
                if node.system == "kafka" and group.known:
                    key = f"{node.key}|{group.key}"
                    graph.add_node(key, kind="group", label=group.name, system=node.system)
                    graph.add_edge(node.key, key, role="deliver")
                    for use in group.uses:
                        graph.add_edge(key, _party(use, graph), role="consume", use=use)
                else:
                    for use in group.uses:
                        graph.add_edge(node.key, _party(use, graph), role="consume", use=use)
            for link in node.links_out("redrive"):
                graph.add_edge(node.key, link.target, role="redrive", link=link)
        return graph


def _party(use: Use, graph: Any) -> str:
    """The graph's node for whoever uses a channel; added when it is neither a service nor a channel."""
    if use.service is not None:
        return f"service:{use.service.name}"
    if use.other and use.other in graph:
        return use.other
    key = use.other or f"code:{use.handler[0]}:{use.handler[1]}"
    if key not in graph:
        graph.add_node(key, kind="external" if use.other else "code", label=use.who)
    return key
