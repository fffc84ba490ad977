"""Reports: one module per output format, each with ``render``. Loaded only when its format is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from brokerlint.report.graph import Graph
    from brokerlint.report.outcome import Outcome

CHECK_FORMATS = ("text", "github", "json", "sarif", "gitlab", "junit", "rdjson")
"""What ``brokerlint check --format`` takes; each is a module here."""

GRAPH_FORMATS = {"text": "graph_text", "json": "graph_json", "mermaid": "mermaid", "dot": "dot"}
"""What ``brokerlint graph --format`` takes, and the module of each."""


def render_check(output: str, outcome: Outcome, *, color: bool = False) -> str:
    """The findings in one of ``CHECK_FORMATS``, with a final newline; empty when there is nothing to say."""
    module = import_module(f"brokerlint.report.{output}")
    return cast("str", module.render(outcome, color=color) if output == "text" else module.render(outcome))


def render_graph(output: str, graph: Graph, *, color: bool = False) -> str:
    """The topology in one of ``GRAPH_FORMATS``, with a final newline."""
    module = import_module(f"brokerlint.report.{GRAPH_FORMATS[output]}")
    return cast("str", module.render(graph, color=color) if output == "text" else module.render(graph))
