"""The topology in the DOT language of Graphviz."""

from __future__ import annotations

from brokerlint.report.escape import dot
from brokerlint.report.graph import Graph, drawing

_SHAPES = {
    "service": "box",
    "code": "box",
    "queue": "cds",
    "topic": "cylinder",
    "stream": "cylinder",
    "group": "ellipse",
}


def render(graph: Graph) -> str:
    """A left-to-right digraph; nodes have numbers for names, so no foreign text is ever syntax."""
    nodes, edges = drawing(graph.topology, collapsed=graph.collapsed)
    names = {node.key: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["digraph messaging {", "  rankdir=LR;"]
    for node in nodes:
        lines.append(f'  {names[node.key]} [label="{dot(node.label)}", shape={_SHAPES.get(node.kind, "hexagon")}];')
    for edge in edges:
        style = ' [style=dashed, label="dead letters"]' if edge.role == "redrive" else ""
        style = f' [label="{dot(edge.label)}"]' if edge.label else style
        lines.append(f"  {names[edge.source]} -> {names[edge.target]}{style};")
    return "\n".join([*lines, "}"]) + "\n"
