"""What every report of the topology starts from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brokerlint.report.excerpt import SourceLines
from brokerlint.topology import Topology

if TYPE_CHECKING:
    from brokerlint.checking import Finding


@dataclass(frozen=True, slots=True)
class Graph:
    """A topology to be shown. ``trace``: show for every use how its channel's name was found.

    ``findings`` are what the checks say about it, for the formats that show that; ``judged``: checks have run.
    """

    topology: Topology
    lines: SourceLines = field(default_factory=lambda: SourceLines(None))
    trace: bool = False
    findings: tuple[Finding, ...] = ()
    judged: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A box of a drawing; ``kind`` is service, queue, topic, stream, bus, group, code or external."""

    key: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """An arrow of a drawing from ``source`` to ``target``; ``role`` is produce, deliver, consume or redrive."""

    source: str
    target: str
    role: str


def drawing(topology: Topology) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Boxes and arrows, each once, sorted; services and channels that nothing touches are left out, unless a manifest
    declares the channel."""
    graph = topology.graph()
    edges = sorted({Edge(source, target, data["role"]) for source, target, data in graph.edges(data=True)})
    touched = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = []
    for key, data in sorted(graph.nodes(data=True)):
        kind, label = data.get("kind", "external"), data.get("label", key)
        channel = topology.channel(key)
        if key in touched or (channel is not None and channel.declared):
            system = data.get("system", "")
            words = {"group": "group ", "external": "", "service": "", "code": ""}.get(
                kind, f"{system} {kind} ".lstrip()
            )
            nodes.append(Node(key, kind, f"{words}{label}"))
    return tuple(nodes), tuple(edges)


def flow(topology: Topology) -> frozenset[Edge]:
    """The arrows with consumer groups drawn in: from services to channels and from channels to who reads them."""
    return frozenset(
        Edge(data["use"].channel if data["role"] == "consume" else source, target, data["role"])
        for source, target, data in topology.graph().edges(data=True)
        if data["role"] != "deliver"
    )
