"""``brokerlint checks``: which checks there are, and a pack of checks tried on its own examples."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import click

from brokerlint.cli.output import put
from brokerlint.report.escape import terminal

if TYPE_CHECKING:
    from brokerlint.checking import Check
    from brokerlint.facts import Facts
    from brokerlint.topology import Declarations

_SCHEMA = "brokerlint/checks/1"


@click.group("checks")
def command() -> None:
    """Show the installed checks, or try a pack of checks on its own examples."""


@command.command("list")
@click.option("--format", "output_format", type=click.Choice(("text", "json")), default="text", show_default=True)
def listed(output_format: str) -> int:
    """Show all installed checks."""
    from brokerlint.checking.registry import load

    registry = load()
    if output_format == "json":
        put(json.dumps({"schema": _SCHEMA, "checks": [_described(check) for check in registry]}, indent=2) + "\n", None)
        return 0
    width = max((len(check.name) for check in registry), default=0)
    for check in registry:
        put(
            f"{check.id:<8} {check.severity.value:<8} {check.name:<{width}}  {' '.join(sorted(check.profiles))}\n", None
        )
    return 0


@command.command("test")
@click.argument("module")
def tested(module: str) -> int:
    """Try the checks of MODULE (a package or module, imported from here or where it is installed) on their examples."""
    from brokerlint.checking.registry import checks_in
    from brokerlint.checking.trial import complaints

    checks = checks_in(_imported(module))
    if not checks:
        raise click.ClickException(f"{module} defines no check")
    failed = 0
    for check in checks:
        found = complaints(check, _analyse)
        failed += bool(found)
        put("".join(terminal(f"{check.id} {check.name}: {one}") + "\n" for one in found), None)
    click.echo(f"{len(checks)} check{'s' * (len(checks) != 1)} tried, {failed} failed.", err=True)
    return 1 if failed else 0


def _analyse(files: Mapping[str, str]) -> tuple[Facts, Declarations]:
    """An example is analysed as a repository is: its ``brokerlint.yaml`` counts."""
    from brokerlint.config import within
    from brokerlint.pipeline import analyse_sources

    return analyse_sources(files), within(files).declarations()


def _imported(name: str) -> ModuleType:
    """The module that the user names. Its code runs, as that of any pack does that is installed."""
    sys.path.insert(0, str(Path.cwd()))
    try:
        return import_module(name)
    except Exception as error:  # whatever the module's own code raises
        raise click.ClickException(f"{name}: cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.path.pop(0)


def _described(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "name": check.name,
        "summary": check.docs().summary,
        "severity": check.severity.value,
        "confidence": check.confidence.word,
        "profiles": sorted(check.profiles),
        "needs": check.needs,
        "fix": check.fix,
        "sources": list(check.sources),
        "pack": type(check).__module__.partition(".")[0],
    }
