"""Cycles: ways in which a message can cause, step by step, another message on the channel it came from.

A step goes from the channel that a handler receives from to a channel that the same handler sends to, or along a link
between channels. Steps are taken per handler, never per service: a service that reads one topic in one task and writes
another in a second task moves nothing from the one to the other. Redrives have a bound of their own and are no steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from brokerlint.topology.uses import Use

if TYPE_CHECKING:
    from brokerlint.topology.query import ChannelNode, Topology

_LONGEST = 8


@dataclass(frozen=True, slots=True)
class Step:
    """From one channel to the next: through a handler (``consume`` and ``produce``), or along a link."""

    source: str
    target: str
    consume: Use | None
    produce: Use


@dataclass(frozen=True, slots=True)
class Cycle:
    """The channels that a message passes, each once, and the steps between them; the last one leads to the first."""

    channels: tuple[ChannelNode, ...]
    steps: tuple[Step, ...]

    def services(self) -> tuple[str, ...]:
        """The services that take part."""
        return tuple(sorted({step.produce.service.name for step in self.steps if step.produce.service}))


def forwards(consume: Use, produce: Use) -> bool | None:
    """Whether the handler of ``consume`` is what sends at ``produce``; None when that cannot be told.

    The handler's known effects decide. Without them, standing in one function after the receiving call does.
    """
    if consume.endpoint is None or produce.endpoint is None:
        return None
    if consume.service and produce.service and consume.service.name != produce.service.name:
        return False
    effects = consume.fact("effects")
    sends = produce.endpoint
    if effects is not None:
        places = {(sends.place.path, sends.place.line)} | {(place.path, place.line) for place in sends.call_chain}
        return any(effect["class"] == "produce" and _at(effect.get("place")) in places for effect in effects)
    return consume.handler == produce.handler and sends.place.line > consume.endpoint.place.line


def _at(place: object) -> tuple[str, int] | None:
    if isinstance(place, dict):
        return str(place.get("path", "")), int(place.get("line", 0))
    path, line = getattr(place, "path", None), getattr(place, "line", None)
    return (path, line) if path is not None and line is not None else None


def find_cycles(topology: Topology) -> tuple[Cycle, ...]:
    """All cycles of at most eight channels, shortest first. networkx is loaded only when there are steps to search."""
    steps = _steps(topology)
    if not steps:
        return ()
    import networkx

    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_edges_from(steps)
    found = []
    for keys in networkx.simple_cycles(graph, length_bound=_LONGEST):
        start = keys.index(min(keys))
        ring = keys[start:] + keys[:start]
        nodes = tuple(node for key in ring if (node := topology.channel(key)))
        pairs = zip(ring, ring[1:] + ring[:1], strict=True)
        found.append(Cycle(nodes, tuple(steps[pair] for pair in pairs)))
    return tuple(sorted(found, key=lambda cycle: (len(cycle.channels), [node.key for node in cycle.channels])))


def _steps(topology: Topology) -> dict[tuple[str, str], Step]:
    """The step between each two channels; through a handler rather than along a link where both exist."""
    steps: dict[tuple[str, str], Step] = {}
    for produce in topology.uses(role="produce"):
        if produce.link is not None and produce.endpoint is None and produce.other and topology.channel(produce.other):
            steps.setdefault((produce.other, produce.channel), Step(produce.other, produce.channel, None, produce))
    by_service: dict[str, list[Use]] = {}
    for consume in topology.uses(role="consume").in_code():
        by_service.setdefault(consume.service.name if consume.service else "", []).append(consume)
    for produce in topology.uses(role="produce").in_code():
        for consume in by_service.get(produce.service.name if produce.service else "", ()):
            if forwards(consume, produce):
                pair = (consume.channel, produce.channel)
                steps[pair] = Step(consume.channel, produce.channel, consume, produce)
    return steps
