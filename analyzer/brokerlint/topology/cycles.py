"""Cycles: ways in which a message can cause, step by step, another message on the channel it came from.

A step goes from the channel that a handler receives from to a channel that the same handler sends to, or along a link
between channels. Steps are taken per handler, never per service: a service that reads one topic in one task and writes
another in a second task moves nothing from the one to the other. Redrives have a bound of their own and are no steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from brokerlint.topology.uses import Use

if TYPE_CHECKING:
    from brokerlint.topology.channel import ChannelNode
    from brokerlint.topology.query import Topology

_LONGEST = 8
_MOST = 1000
"""Cycles beyond which no longer ones are looked for: where everything sends to everything there are millions."""

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


def find_cycles(topology: Topology) -> tuple[Cycle, ...]:
    """All cycles of at most eight channels, shortest first; of fewer channels where there would be over a thousand.
    networkx, which takes long to load, is asked only when some way does not end."""
    steps = _steps(topology)
    endless = _endless(list(steps))
    if not endless:
        return ()
    import networkx

    graph: networkx.DiGraph[_Node] = networkx.DiGraph()
    graph.add_edges_from(endless)
    rings = list(networkx.simple_cycles(graph, length_bound=2))
    for length in range(3, _LONGEST + 1):
        longer = list(islice(networkx.simple_cycles(graph, length_bound=length), _MOST + 1))
        if len(longer) > _MOST:
            break
        rings = longer
    found = []
    for nodes in rings:
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
        for produce in topology.sends_of(consume):
            for source in _nodes(consume):
                for target in _nodes(produce):
                    steps[(source, target)] = Step(consume.channel, produce.channel, consume, produce)
    return steps


def _endless(steps: list[tuple[_Node, _Node]]) -> list[tuple[_Node, _Node]]:
    """The steps without those that come from nowhere or lead nowhere: nothing is left where there is no cycle."""
    while True:
        sources, targets = {source for source, _ in steps}, {target for _, target in steps}
        left = [(source, target) for source, target in steps if source in targets and target in sources]
        if len(left) == len(steps):
            return left
        steps = left


def _nodes(use: Use) -> list[_Node]:
    """The channel, once for each task that is sent or run there."""
    task = use.fact("task")
    names = [task] if isinstance(task, str) else list(task or [""])
    return [(use.channel, str(name)) for name in names]
