"""Reports: one module per output format, each with ``render``. Loaded only when its format is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from brokerlint.changes import Change
    from brokerlint.report.advice import AdviceReport
    from brokerlint.report.graph import Graph
    from brokerlint.report.outcome import Outcome
    from brokerlint.topology import Topology

CHECK_FORMATS = ("text", "github", "json", "sarif", "gitlab", "junit", "rdjson")
"""What ``brokerlint check --format`` takes; each is a module here."""

GRAPH_FORMATS = {
    "text": "graph_text",
    "json": "graph_json",
    "mermaid": "mermaid",
    "dot": "dot",
    "html": "html",
    "asyncapi": "asyncapi",
}
"""What ``brokerlint graph --format`` takes, and the module of each."""


DIFF_FORMATS = ("text", "markdown", "json")
"""What ``brokerlint diff --format`` takes; the modules have ``diff_`` in front."""


ADVICE_FORMATS = ("text", "json", "markdown")
"""What ``brokerlint advise --format`` takes; the modules have ``advice_`` in front."""


def render_check(output: str, outcome: Outcome, *, color: bool = False) -> str:
    """The findings in one of ``CHECK_FORMATS``, with a final newline; empty when there is nothing to say."""
    module = import_module(f"brokerlint.report.{output}")
    return cast("str", module.render(outcome, color=color) if output == "text" else module.render(outcome))


def render_graph(output: str, graph: Graph, *, color: bool = False) -> str:
    """The topology in one of ``GRAPH_FORMATS``, with a final newline."""
    module = import_module(f"brokerlint.report.{GRAPH_FORMATS[output]}")
    return cast("str", module.render(graph, color=color) if output == "text" else module.render(graph))


def render_diff(
    output: str, found: tuple[Change, ...], between: tuple[Topology, Topology] | None = None, *, color: bool = False
) -> str:
    """The changes of a topology in one of ``DIFF_FORMATS``, with a final newline; text is empty when there are none.

    ``between`` holds both topologies, for the formats that draw a picture.
    """
    module = import_module(f"brokerlint.report.diff_{output}")
    if output == "markdown":
        return cast("str", module.render(found, between))
    return cast("str", module.render(found, color=color) if output == "text" else module.render(found))


def render_advice(output: str, advice: AdviceReport, *, color: bool = False) -> str:
    """The advice in one of ``ADVICE_FORMATS``, with a final newline."""
    module = import_module(f"brokerlint.report.advice_{output}")
    return cast("str", module.render(advice, color=color) if output == "text" else module.render(advice))
