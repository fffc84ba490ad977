"""What every report of the topology starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
    ``collapsed``: draw services only, joined by the channels between them.
    """

    topology: Topology
    lines: SourceLines = field(default_factory=lambda: SourceLines(None))
    trace: bool = False
    findings: tuple[Finding, ...] = ()
    judged: bool = False
    collapsed: bool = False


@dataclass(frozen=True, slots=True)
class Node:
    """A box of a drawing; ``kind`` is service, queue, topic, stream, bus, group, code or external."""

    key: str
    kind: str
    label: str


@dataclass(frozen=True, slots=True, order=True)
class Edge:
    """An arrow of a drawing from ``source`` to ``target``; ``role`` is produce, deliver, consume, redrive, or via.

    ``label`` names the channels of an arrow that leads from service to service (via).
    """

    source: str
    target: str
    role: str
    label: str = ""


_PARTIES = ("service", "code", "external")


def drawing(topology: Topology, *, collapsed: bool = False) -> tuple[tuple[Node, ...], tuple[Edge, ...]]:
    """Boxes and arrows, each once, sorted; services and channels that nothing touches are left out, unless a manifest
    declares the channel. ``collapsed``: services only."""
    graph = topology.graph()
    edges = {Edge(source, target, data["role"]) for source, target, data in graph.edges(data=True)}
    if collapsed:
        edges = {Edge(source, target, "via", ", ".join(way)) for (source, target), way in between(topology).items()}
    touched = {end for edge in edges for end in (edge.source, edge.target)}
    nodes = []
    for key, data in sorted(graph.nodes(data=True)):
        channel = topology.channel(key)
        if key in touched or (channel is not None and channel.declared and not collapsed):
            kind, label = named(key, data)
            system = data.get("system", "")
            words = "" if kind in _PARTIES else "group " if kind == "group" else f"{system} {kind} ".lstrip()
            nodes.append(Node(key, kind, f"{words}{label}"))
    return tuple(nodes), tuple(sorted(edges))


def named(key: str, data: Mapping[str, str]) -> tuple[str, str]:
    """Kind and label of a box; one that only a link names, and no manifest tells more of, says so by its key."""
    prefix, _, rest = key.partition(":")
    if "kind" in data:
        return data["kind"], data["label"]
    return ("service" if prefix == "service" else "external"), (rest if prefix in _PARTIES else key)


def flow(topology: Topology) -> frozenset[Edge]:
    """The arrows with consumer groups drawn in: from services to channels and from channels to who reads them."""
    return frozenset(
        Edge(data["use"].channel if data["role"] == "consume" else source, target, data["role"])
        for source, target, data in topology.graph().edges(data=True)
        if data["role"] != "deliver"
    )


def between(topology: Topology) -> dict[tuple[str, str], tuple[str, ...]]:
    """From which service to which messages go, and the labels of the channels that they take: a topic whose messages
    go through a queue is one way (``events > jobs``)."""
    after: dict[str, list[str]] = {}
    for edge in sorted(flow(topology)):
        if edge.role in ("produce", "consume"):
            after.setdefault(edge.source, []).append(edge.target)
    found: dict[tuple[str, str], set[str]] = {}
    for start in after:
        if topology.channel(start) is None:
            for label, end in _ways(start, after, topology):
                found.setdefault((start, end), set()).add(label)
    return {ends: tuple(sorted(labels)) for ends, labels in sorted(found.items())}


def _ways(start: str, after: Mapping[str, Sequence[str]], topology: Topology) -> Iterator[tuple[str, str]]:
    """To each service that messages of ``start`` reach over channels, by the labels on the shortest way there through
    each channel."""
    waiting: list[tuple[str, tuple[str, ...]]] = [(start, ())]
    seen: set[str] = set()
    for place, way in waiting:
        for target in after.get(place, ()):
            node = topology.channel(target)
            if node is None and way:
                yield " > ".join(way), target
            elif node is not None and target not in seen:
                seen.add(target)
                waiting.append((target, (*way, node.label)))
