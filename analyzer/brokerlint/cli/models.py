"""``brokerlint models``: which client libraries are understood, and a model file tried on its own examples."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from brokerlint.cli.inputs import told
from brokerlint.cli.output import put
from brokerlint.report.escape import terminal

_SCHEMA = "brokerlint/models/1"


@click.group("models")
def command() -> None:
    """Show the client libraries that are understood, or try a model of one on its own examples."""


@command.command("list")
@click.option(
    "--format", "output_format", type=click.Choice(("text", "json", "markdown")), default="text", show_default=True
)
def listed(output_format: str) -> int:
    """Show all libraries that come with brokerlint."""
    from brokerlint.models import catalogue
    from brokerlint.models.load import builtin

    if output_format == "json":
        rows = [asdict(row) for row in catalogue.rows(builtin())]
        put(json.dumps({"schema": _SCHEMA, "libraries": rows}, indent=2) + "\n", None)
    else:
        put((catalogue.markdown if output_format == "markdown" else catalogue.text)(builtin()), None)
    return 0


@command.command("test")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@told
def tested(files: tuple[Path, ...]) -> int:
    """Try the model FILES on the examples that they hold."""
    from brokerlint.config.keys import text_of
    from brokerlint.models.load import ModelError, parse
    from brokerlint.models.selftest import tried
    from brokerlint.pipeline import analyse_sources

    failed = 0
    for file in files:
        text = text_of(file)
        try:
            found = tried(text, str(file), analyse_sources)
            if not parse(text, str(file)).examples:
                found = (*found, f"{file}: there are no examples")
        except ModelError as error:
            raise click.ClickException(str(error)) from error
        failed += bool(found)
        put("".join(terminal(one) + "\n" for one in found), None)
    click.echo(f"{len(files)} model{'s' * (len(files) != 1)} tried, {failed} failed.", err=True)
    return 1 if failed else 0
