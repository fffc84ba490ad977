"""The support table: which libraries are understood and what of each, written from the models themselves.

``python -m brokerlint.models.catalogue README.md`` writes it between the markers of a page; ``--check`` only compares.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from brokerlint.models.load import builtin
from brokerlint.models.model import Library, Operation

BEGIN = "<!-- supported libraries: written by python -m brokerlint.models.catalogue README.md -->"
END = "<!-- end of supported libraries -->"


@dataclass(frozen=True, slots=True)
class Row:
    """What is understood of one library: the call names that send and those that receive, without repetition."""

    library: str
    distributions: tuple[str, ...]
    systems: tuple[str, ...]
    produces: tuple[str, ...]
    consumes: tuple[str, ...]
    classes: int
    source: str
    tier: int


def rows(libraries: Iterable[Library]) -> list[Row]:
    """One row per library: the most used first, then by name."""
    return sorted((_row(library) for library in libraries), key=lambda row: (row.tier, row.library.lower()))


def _row(library: Library) -> Row:
    produces: dict[str, None] = {}
    consumes: dict[str, None] = {}
    systems: dict[str, None] = {}
    for name, operation, system in _uses(library):
        if operation.role in ("produce", "consume"):
            systems.setdefault(operation.system or system)
            (produces if operation.role == "produce" else consumes).setdefault(name)
    return Row(
        library.name,
        library.distributions,
        tuple(systems) or (library.system,),
        tuple(produces),
        tuple(consumes),
        len(library.classes),
        library.source,
        library.tier,
    )


def _uses(library: Library) -> Iterator[tuple[str, Operation, str]]:
    """Every operation with the name that a reader of code sees, and its system."""
    for path, model in library.classes.items():
        short = path.rpartition(".")[2]
        if model.construct is not None:
            yield from ((short, one, model.system) for one in (model.construct, *model.construct.also))
        if model.subclass is not None:
            yield f"class (…{short})", model.subclass, model.system
        for name, operation in model.methods.items():
            shown = _SYNTAX.get(name, f".{name}")
            yield from ((_marked(shown, operation), one, model.system) for one in (operation, *operation.also))
    for path, operation in library.functions.items():
        if path == operation.name:
            short = path.rpartition(".")[2]
            yield from ((_marked(short, operation), one, library.system) for one in (operation, *operation.also))


_SYNTAX = {"__call__": "(…)", "__iter__": "for … in", "__getitem__": "[…]"}


def _marked(name: str, operation: Operation) -> str:
    return f"@{name}" if operation.decorator else name


def markdown(libraries: Iterable[Library]) -> str:
    """The support table as Markdown."""
    lines = ["| library | packages | systems | produces | consumes |", "|---|---|---|---|---|"]
    for row in rows(libraries):
        name = f"[{row.library}]({row.source})" if row.source else row.library
        cells = (name, ", ".join(row.distributions), ", ".join(row.systems), _calls(row.produces), _calls(row.consumes))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def text(libraries: Iterable[Library]) -> str:
    """The support table for a terminal: one line per library."""
    found = rows(libraries)
    names = max((len(row.library) for row in found), default=0)
    systems = max((len(", ".join(row.systems)) for row in found), default=0)
    return "".join(
        f"{row.library:<{names}}  {', '.join(row.systems):<{systems}}  {', '.join(row.distributions)}\n"
        for row in found
    )


def _calls(names: tuple[str, ...], most: int = 6) -> str:
    """Call names as code, the first few of them."""
    shown = ", ".join(f"`{name}`" for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def inserted(page: str, table: str) -> str:
    """A page with the table between its markers. Raises ``ValueError`` when it does not have each of them once."""
    head, begin, rest = page.partition(BEGIN)
    _old, end, tail = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in tail:
        raise ValueError(f"the page needs one line {BEGIN} and below it one line {END}")
    return f"{head}{begin}\n{table}{end}{tail}"


def main(arguments: Sequence[str]) -> int:
    """Write the support table into the page that is named, or with ``--check`` tell (1) that it is another one."""
    pages = [Path(argument) for argument in arguments if argument != "--check"]
    if len(pages) != 1:
        print("usage: python -m brokerlint.models.catalogue [--check] PAGE", file=sys.stderr)
        return 2
    try:
        page = pages[0].read_text(encoding="utf-8")
        new = inserted(page, markdown(builtin()))
    except (OSError, ValueError) as error:
        print(f"{pages[0]}: {error}", file=sys.stderr)
        return 2
    if page == new:
        return 0
    if "--check" in arguments:
        says = f"the support table is not that of the models: python -m brokerlint.models.catalogue {pages[0]}"
        print(f"{pages[0]}: {says}", file=sys.stderr)
        return 1
    pages[0].write_text(new, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
