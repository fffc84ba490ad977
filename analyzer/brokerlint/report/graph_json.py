"""The topology as the graph document ``brokerlint/graph/1``."""

from __future__ import annotations

from brokerlint.document import dumps, to_document
from brokerlint.report.graph import Graph


def render(graph: Graph) -> str:
    """The facts as JSON text."""
    return dumps(to_document(graph.topology.facts))
