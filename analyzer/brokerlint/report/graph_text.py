"""The topology for people: every channel with who produces to it and who consumes from it.

kafka topic orders (declared at deploy/topics.yaml:3)
├─ produced by checkout   services/checkout/app.py:41
└─ consumed by billing    services/billing/worker.py:12   group billing
"""

from __future__ import annotations

from collections.abc import Iterator

from click import style

from brokerlint.facts import Name
from brokerlint.places import Place
from brokerlint.report.escape import terminal
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.graph import Graph
from brokerlint.topology import ChannelNode, Topology, Use

_VERBS = {"produce": "produced by", "consume": "consumed by", "manage": "managed by"}
_PASSIVE = {"produce": "fed from", "consume": "delivered to", "manage": "managed from"}
"""The same for an edge between channels, which only a manifest shows."""

_ROLES = tuple(_VERBS)


def render(graph: Graph, *, color: bool = False) -> str:
    """The channels by name, then what could not be resolved."""
    nodes = [node for node in graph.topology.channels() if node.declared or node.uses or node.link_list]
    lines = [line for node in nodes for line in (*_channel(node, graph, color), "")]
    lines += _unresolved(graph.topology, graph.lines)
    return "".join(f"{line}\n" for line in lines) if lines else "no channels found\n"


def _channel(node: ChannelNode, graph: Graph, color: bool) -> Iterator[str]:
    declared = [_where(place, graph.lines) for channel in node.declarations for place in channel.declared_at]
    note = f" (declared at {', '.join(declared)})" if declared else ""
    title = terminal(f"{node.system} {node.kind} {node.label}")
    yield f"{style(title, bold=True) if color else title}{note}"
    uses = sorted(node.uses, key=lambda use: _ROLES.index(use.role))
    rows = [_row(use, graph.lines) for use in uses]
    traces = [_trace(use, graph.lines) if graph.trace else [] for use in uses]
    for link in node.links_out("redrive"):
        rows.append((f"dead letters to {terminal(link.target)}", _where(link.place, graph.lines), ""))
        traces.append([])
    widths = [max((len(row[column]) for row in rows), default=0) for column in (0, 1)]
    for index, (who, where, more) in enumerate(rows):
        last = index == len(rows) - 1
        yield f"{'└─' if last else '├─'} {who:<{widths[0]}}  {where:<{widths[1]}}  {more}".rstrip()
        for step in traces[index]:
            yield f"{'  ' if last else '│ '}    {step}"


def _row(use: Use, lines: SourceLines) -> tuple[str, str, str]:
    """Who, where, and what else is worth a word."""
    more = [f"group {_name(group)}" for group in use.groups]
    if use.link is not None:
        more.append(use.link.kind.replace("_", " "))
    if use.confidence.word != "certain":
        more.append(f"{use.confidence.word} confidence")
    verbs = _PASSIVE if use.other and use.endpoint is None else _VERBS
    return f"{verbs[use.role]} {terminal(use.who)}", _where(use.place, lines), ", ".join(more)


def _name(name: Name) -> str:
    return terminal(name.text or (f"${name.env}" if name.env else None) or name.logical or f"? ({name.why})")


def _where(place: Place, lines: SourceLines) -> str:
    return terminal(f"{lines.shown(place.path)}:{place.line}" if place.line else lines.shown(place.path))


def _trace(use: Use, lines: SourceLines) -> list[str]:
    """How the channel's name was found, and the calls down to the library."""
    steps = []
    if use.name is not None:
        steps.append(terminal(f"name {_name(use.name)}: {_origin(use.name)}"))
        steps += [terminal(f"from {_where(place, lines)} {place.text}".rstrip()) for place in use.name.trace]
    if use.endpoint is not None and use.endpoint.call_chain:
        steps.append(f"through {' -> '.join(_where(place, lines) for place in use.endpoint.call_chain)}")
    return steps


def _origin(name: Name) -> str:
    """How a name came to be known, in words."""
    variable = f"variable {name.env}" if name.env else "a variable"
    words = {
        "env-default": f"default of {variable}",
        "env-required": f"{variable}, which nothing in the tree sets",
        "manifest": f"a manifest sets {variable}" if name.env else "a manifest says so",
        "reference": "a manifest's reference to the resource",
        "derived": "computed",
        "library-default": "the library's default",
        "unknown": name.why or "unknown",
    }
    return words.get(name.origin, name.origin)


def _unresolved(topology: Topology, lines: SourceLines) -> Iterator[str]:
    items = topology.facts.unresolved
    if items:
        yield "not resolved:"
    for item in sorted(items, key=lambda u: (u.place, u.what)):
        yield f"  {_where(item.place, lines)}  {terminal(f'{item.system} {item.what}: {item.why}')}"
