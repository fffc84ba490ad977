"""``brokerlint explain``: a check's documentation, from its docstring and its examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from brokerlint.cli.output import put

if TYPE_CHECKING:
    from brokerlint.checking import Check


@click.command("explain")
@click.argument("checks", nargs=-1)
def command(checks: tuple[str, ...]) -> int:
    """Tell what CHECKS (ids, names or prefixes) find, why that is bad, and when it is fine. Without any: list them."""
    from brokerlint.checking import UnknownCheckError
    from brokerlint.checking.registry import load

    registry = load()
    if not checks:
        put("".join(f"{check.id}  {check.severity.value:<8}{check.name}\n" for check in registry), None)
        return 0
    try:
        found = {check.id: check for word in checks for check in registry.matching(word)}
    except UnknownCheckError as error:
        raise click.ClickException(str(error)) from error
    put("\n".join("".join(f"{line}\n" for line in _page(check)) for check in found.values()), None)
    return 0


def _page(check: Check) -> Iterator[str]:
    """One check's page."""
    docs = check.docs()
    yield f"{check.id} {check.name} ({check.severity.value}, {check.confidence.word} confidence)"
    yield ""
    yield docs.summary
    for heading, text in docs.sections.items():
        yield from ("", heading, *(f"  {line}".rstrip() for line in text.split("\n")))
    for heading, examples in (("Example", check.bad[:1]), ("Instead", check.good[:1])):
        for example in examples:
            yield from ("", heading)
            for path, source in example.files.items():
                yield f"  # {path}"
                yield from (f"  {line}".rstrip() for line in source.strip("\n").split("\n"))
    profiles = ", ".join(sorted(check.profiles)) or "only when selected"
    yield from ("", f"Profiles: {profiles}. Silence one with '# brokerlint: ignore[{check.id}] reason'.")
    for source in check.sources:
        yield f"Source: {source}"
