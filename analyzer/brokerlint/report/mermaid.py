"""The topology as a Mermaid flow chart, for Markdown pages."""

from __future__ import annotations

from brokerlint.report.escape import mermaid
from brokerlint.report.graph import Graph, drawing

SHAPES = {
    "service": ("[", "]"),
    "code": ("[", "]"),
    "queue": ("[[", "]]"),
    "topic": ("[(", ")]"),
    "stream": ("[(", ")]"),
    "bus": ("{{", "}}"),
    "group": ("(", ")"),
}
"""What stands around the label of each kind of box."""

_ARROWS = {"produce": "-->", "deliver": "-->", "consume": "-->", "redrive": "-. dead letters .->"}


def render(graph: Graph) -> str:
    """A left-to-right chart; nodes have numbers for names, so no foreign text is ever syntax."""
    nodes, edges = drawing(graph.topology, collapsed=graph.collapsed)
    names = {node.key: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["flowchart LR"]
    for node in nodes:
        opened, closed = SHAPES.get(node.kind, ("([", "])"))
        lines.append(f'  {names[node.key]}{opened}"{mermaid(node.label)}"{closed}')
    for edge in edges:
        arrow = f'-->|"{mermaid(edge.label)}"|' if edge.label else _ARROWS.get(edge.role, "-->")
        lines.append(f"  {names[edge.source]} {arrow} {names[edge.target]}")
    return "\n".join(lines) + "\n"
