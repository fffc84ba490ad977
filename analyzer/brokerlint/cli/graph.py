"""``brokerlint graph``: the topology, or the part of it around one box; the page tells what the checks say, too."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from brokerlint.cli.inputs import Inputs, arguments, gather, refuse, told, warn
from brokerlint.cli.output import colored, put
from brokerlint.report import GRAPH_FORMATS

if TYPE_CHECKING:
    from brokerlint.checking import Finding
    from brokerlint.facts import Facts

_DRAWINGS = ("mermaid", "dot", "html")


@click.command("graph")
@arguments
@click.option("--format", "output_format", type=click.Choice(list(GRAPH_FORMATS)), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the result instead of standard output.")
@click.option("--trace", is_flag=True, help="Show how each channel's name was found (text).")
@click.option("--focus", "node", metavar="NODE", help="Only what is near this service or channel.")
@click.option("--depth", type=click.IntRange(0), default=2, show_default=True, help="How many steps count as near.")
@click.option("--collapse", is_flag=True, help="Draw services only, joined by the channels between them.")
@click.option("--anonymize", is_flag=True, help="Replace every name, path and text by a pseudonym.")
@told
def command(
    paths: tuple[Path, ...],
    config_path: Path | None,
    include: tuple[str, ...],
    strict: bool,
    output_format: str,
    output: Path | None,
    trace: bool,
    node: str | None,
    depth: int,
    collapse: bool,
    anonymize: bool,
) -> int:
    """Show which services produce to and consume from which channels.

    PATHS are directories, files, or graph documents written earlier; several are merged.
    """
    from brokerlint.report import render_graph
    from brokerlint.report.excerpt import SourceLines
    from brokerlint.report.graph import Graph
    from brokerlint.topology import build

    if collapse and output_format not in _DRAWINGS:
        raise click.UsageError(f"--collapse is for drawings: --format {', '.join(_DRAWINGS)}")
    inputs = gather(paths, config_path, include, {})
    facts = _near(inputs.facts, node, depth) if node else inputs.facts
    findings: tuple[Finding, ...] = ()
    lines, judged = inputs.lines, output_format == "html" and not anonymize
    if anonymize:
        from brokerlint.anonymize import anonymize as anonymous

        facts, lines = anonymous(facts), SourceLines(None)
    elif judged:
        findings = _findings(inputs)
    graph = Graph(build(facts, inputs.config.declarations()), lines, trace, findings, judged, collapse)
    put(render_graph(output_format, graph, color=colored(output)), output)
    warn(inputs.facts)
    refuse(inputs.facts, strict=strict)
    return 0


def _near(facts: Facts, node: str, depth: int) -> Facts:
    """The part of a system around one box."""
    from brokerlint.focus import UnknownNodeError, focus

    try:
        return focus(facts, node, depth)
    except UnknownNodeError as error:
        raise click.ClickException(str(error)) from error


def _findings(inputs: Inputs) -> tuple[Finding, ...]:
    """What the configured checks say about the whole system: a part of it would let them see absences."""
    from brokerlint.checking import UnknownCheckError
    from brokerlint.checking.registry import load
    from brokerlint.suppressions import in_tree
    from brokerlint.verdict import judge

    comments, _ = in_tree(inputs.facts, inputs.lines.root) if inputs.lines.root else ((), ())
    try:
        return judge(inputs.facts, inputs.config, load(), comments).findings
    except UnknownCheckError as error:
        raise click.ClickException(str(error)) from error
