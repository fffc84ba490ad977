"""``brokerlint graph``: the topology, without any judgement."""

from __future__ import annotations

from pathlib import Path

import click

from brokerlint.cli.inputs import arguments, gather, refuse, told, warn
from brokerlint.cli.output import colored, put
from brokerlint.report import GRAPH_FORMATS


@click.command("graph")
@arguments
@click.option("--format", "output_format", type=click.Choice(list(GRAPH_FORMATS)), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the result instead of standard output.")
@click.option("--trace", is_flag=True, help="Show how each channel's name was found (text).")
@told
def command(
    paths: tuple[Path, ...],
    config_path: Path | None,
    include: tuple[str, ...],
    strict: bool,
    output_format: str,
    output: Path | None,
    trace: bool,
) -> int:
    """Show which services produce to and consume from which channels.

    PATHS are directories, files, or graph documents written earlier; several are merged.
    """
    from brokerlint.report import render_graph
    from brokerlint.report.graph import Graph
    from brokerlint.topology import build

    inputs = gather(paths, config_path, include, {})
    graph = Graph(build(inputs.facts, inputs.config.declarations()), inputs.lines, trace)
    put(render_graph(output_format, graph, color=colored(output)), output)
    warn(inputs.facts)
    refuse(inputs.facts, strict=strict)
    return 0
