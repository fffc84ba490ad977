"""``brokerlint explain``: a check's page, or the list of all checks."""

from __future__ import annotations

import click

from brokerlint.cli.output import put


@click.command("explain")
@click.argument("checks", nargs=-1)
def command(checks: tuple[str, ...]) -> int:
    """Tell what CHECKS (ids, names or prefixes) find, why that is bad, and when it is fine. Without any: list them."""
    from brokerlint.checking import UnknownCheckError
    from brokerlint.checking.registry import load
    from brokerlint.explain import explain

    registry = load()
    if not checks:
        put("".join(f"{check.id}  {check.severity.value:<8}{check.name}\n" for check in registry), None)
        return 0
    try:
        found = {check.id: check for word in checks for check in registry.matching(word)}
    except UnknownCheckError as error:
        raise click.ClickException(str(error)) from error
    put("\n".join(explain(check) for check in found.values()), None)
    return 0
