"""Changes of the topology for people: one line each, marked like a patch."""

from __future__ import annotations

from click import style

from brokerlint.changes import Change
from brokerlint.report.escape import terminal

_MARKS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}


def render(found: tuple[Change, ...], *, color: bool = False) -> str:
    """One line for each change, with its place, and one below for what it means; empty when nothing changed."""
    lines = []
    for change in found:
        mark, tone = _MARKS[change.change]
        where = f"  ({terminal(change.place.path)}:{change.place.line})" if change.place else ""
        line = f"{mark} {terminal(change.text)}"
        lines.append(f"{style(line, fg=tone) if color else line}{where}\n")
        if change.meaning:
            lines.append(f"    {terminal(change.meaning)}\n")
    return "".join(lines)
