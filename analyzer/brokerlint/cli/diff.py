"""``brokerlint diff``: what a change does to the topology."""

from __future__ import annotations

from pathlib import Path

import click

from brokerlint.cli.inputs import Inputs, gather, told, warn
from brokerlint.cli.output import colored, put
from brokerlint.cli.revision import checked_out
from brokerlint.report import DIFF_FORMATS


@click.command("diff")
@click.argument("base")
@click.argument("head", default=".")
@click.option("--config", "config_path", type=click.Path(path_type=Path, dir_okay=False), help="Configuration to use.")
@click.option("--format", "output_format", type=click.Choice(DIFF_FORMATS), default="text", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="File for the result instead of standard output.")
@told
def command(base: str, head: str, config_path: Path | None, output_format: str, output: Path | None) -> int:
    """Show how the topology changes between BASE and HEAD.

    Each is a git revision of the repository here, a directory, or a graph document; without HEAD it is the current
    directory.
    """
    from brokerlint.changes import changes
    from brokerlint.meaning import with_meaning
    from brokerlint.report import render_diff
    from brokerlint.topology import build

    before, after = _inputs(base, config_path), _inputs(head, config_path)
    warn(after.facts)
    old, new = (build(inputs.facts, inputs.config.declarations()) for inputs in (before, after))
    found = with_meaning(changes(old, new), old, new)
    put(render_diff(output_format, found, (old, new), color=colored(output)), output)
    return 0


def _inputs(side: str, config_path: Path | None) -> Inputs:
    """The facts of one side. A revision is looked at with the configuration that holds here."""
    if side and Path(side).exists():
        return gather([Path(side)], config_path, (), {})
    with checked_out(side, Path()) as checkout:
        return gather([checkout.root], config_path, (), {}, checkout)
