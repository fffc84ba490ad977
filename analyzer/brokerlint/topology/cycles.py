"""Cycles: ways in which a message can cause, step by step, another message on the channel it came from.

A step goes from the channel that a handler receives from to a channel that the same handler sends to, or along a link
between channels. Steps are taken per handler, never per service: a service that reads one topic in one task and writes
another in a second task moves nothing from the one to the other. Redrives have a bound of their own and are no steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from brokerlint.facts import Endpoint
from brokerlint.places import Place
from brokerlint.topology.uses import Use, Uses

if TYPE_CHECKING:
    from brokerlint.topology.query import ChannelNode, Topology

_LONGEST = 8

_Node: TypeAlias = tuple[str, str]
"""A channel's key and, where messages are tasks, the task's name: a worker runs a task only when that task was sent."""


@dataclass(frozen=True, slots=True)
class Step:
    """From one channel to the next: through a handler (``consume`` and ``produce``), or along a link."""

    source: str
    target: str
    consume: Use | None
    produce: Use


@dataclass(frozen=True, slots=True)
class Cycle:
    """The channels that a message passes, and the steps between them; the last one leads to the first."""

    channels: tuple[ChannelNode, ...]
    steps: tuple[Step, ...]

    def services(self) -> tuple[str, ...]:
        """The services that take part."""
        return tuple(sorted({step.produce.service.name for step in self.steps if step.produce.service}))


def sends_of(topology: Topology, consume: Use) -> Uses:
    """What the handler of ``consume`` sends, as far as that can be told.

    The handler's known effects decide: they name the place of the call. Where several calls of a wrapper share that
    place, only those in the handler itself count, since it is not known which of the others the handler reaches.
    Without known effects, standing in one function after the receiving call does.
    """
    if consume.endpoint is None:
        return Uses()
    produces = topology.uses_by_service("produce").get(consume.service.name if consume.service else "", ())
    own = [use for use in produces if use.handler == consume.handler]
    effects = consume.fact("effects")
    if effects is None or consume.fact("messages_escape") is True:
        return Uses(use for use in own if use.place.line > consume.place.line)
    places = {_at(effect.get("place")) for effect in effects if effect["class"] == "produce"}
    found = []
    for use in produces:
        assert use.endpoint is not None
        through = {(place.path, place.line) for place in use.endpoint.call_chain} & places
        sharing = {other.endpoint.id for other in produces if other.endpoint and _passes(other.endpoint, through)}
        if (use.place.path, use.place.line) in places or (through and (use in own or len(sharing) == 1)):
            found.append(use)
    return Uses(found)


def _passes(endpoint: Endpoint, places: set[tuple[str, int]]) -> bool:
    """The endpoint's calls lead through one of the places."""
    return any((place.path, place.line) in places for place in endpoint.call_chain)


def _at(place: object) -> tuple[str, int] | None:
    """Path and line of a place, read from JSON or not."""
    if isinstance(place, dict):
        return str(place.get("path", "")), int(place.get("line", 0))
    return (place.path, place.line) if isinstance(place, Place) else None


def find_cycles(topology: Topology) -> tuple[Cycle, ...]:
    """All cycles of at most eight channels, shortest first. networkx is loaded only when there are steps to search."""
    steps = _steps(topology)
    if not steps:
        return ()
    import networkx

    graph: networkx.DiGraph[_Node] = networkx.DiGraph()
    graph.add_edges_from(steps)
    found = []
    for nodes in networkx.simple_cycles(graph, length_bound=_LONGEST):
        start = nodes.index(min(nodes))
        ring = nodes[start:] + nodes[:start]
        channels = tuple(node for key, _ in ring if (node := topology.channel(key)))
        pairs = zip(ring, ring[1:] + ring[:1], strict=True)
        found.append(Cycle(channels, tuple(steps[pair] for pair in pairs)))
    return tuple(sorted(found, key=lambda cycle: (len(cycle.channels), [node.key for node in cycle.channels])))


def _steps(topology: Topology) -> dict[tuple[_Node, _Node], Step]:
    """The step between each two channels; through a handler rather than along a link where both exist."""
    steps: dict[tuple[_Node, _Node], Step] = {}
    for produce in topology.uses(role="produce"):
        if produce.link is not None and produce.endpoint is None and produce.other and topology.channel(produce.other):
            step = Step(produce.other, produce.channel, None, produce)
            steps.setdefault(((produce.other, ""), (produce.channel, "")), step)
    for consume in topology.uses(role="consume").in_code():
        for produce in sends_of(topology, consume):
            for source in _nodes(consume):
                for target in _nodes(produce):
                    steps[(source, target)] = Step(consume.channel, produce.channel, consume, produce)
    return steps


def _nodes(use: Use) -> list[_Node]:
    """The channel, once for each task that is sent or run there."""
    task = use.fact("task")
    names = [task] if isinstance(task, str) else list(task or [""])
    return [(use.channel, str(name)) for name in names]
