"""YAML with a mistake, without the part that holds it: what can be read of a file that is partly broken.

Left out is a document of several, or one entry of a section whose entries stand for themselves: a service of compose, a
resource of a template, a function. Nothing smaller is, for half an entry would say what nobody wrote.
"""

from __future__ import annotations

import re

_PLACEHOLDER = re.compile(
    r"^([ \t]*(?:-[ \t]+)?(?:[\w.-]+:[ \t]+)?)([%@][A-Za-z_][\w.-]*[%@][^\n'\"#{}\[\]]*?)[ \t]*$", re.M
)
"""A value that begins with what a script of the project replaces before it deploys: ``CodeUri: %code%``."""
_SEPARATOR = re.compile(r"(?:---|\.\.\.)(?:\s|\Z)")
_SECTION = re.compile(r"(?:services|Resources|functions):\s*(?:#.*)?\Z")


def quoted(text: str) -> str:
    """The text with values that begin with a placeholder (``%code%``, ``@code@``), which YAML takes for a directive or
    refuses, in quotes."""
    return _PLACEHOLDER.sub(r'\1"\2"', text)


def without(text: str, line: int) -> str:
    """The text with the part around a line (1-based) blanked, every other line where it was."""
    lines = text.split("\n")
    at = min(line, len(lines)) - 1
    first, last = _entry(lines, at) or _document(lines, at)
    return "\n".join([*lines[:first], *[""] * (last - first), *lines[last:]])


def _document(lines: list[str], at: int) -> tuple[int, int]:
    """First line of a document and the line behind it."""
    first = next((n + 1 for n in range(at, -1, -1) if _SEPARATOR.match(lines[n])), 0)
    return min(first, at), next((n for n in range(at + 1, len(lines)) if _SEPARATOR.match(lines[n])), len(lines))


def _entry(lines: list[str], at: int) -> tuple[int, int] | None:
    """First line of an entry and the line behind it; None where the line is in no section that may lose one."""
    first, last = _document(lines, at)
    head = next((n for n in range(at, first - 1, -1) if _SECTION.match(lines[n])), None)
    if head is None or any(_indent(lines[n]) == 0 for n in range(head + 1, at + 1)):
        return None
    depth = next((width for n in range(head + 1, last) if (width := _indent(lines[n])) is not None), 0)
    starts = [n for n in range(head + 1, at + 1) if _indent(lines[n]) == depth]
    if not depth or not starts:
        return None
    end = next((n for n in range(starts[-1] + 1, last) if (w := _indent(lines[n])) is not None and w <= depth), last)
    return starts[-1], end


def _indent(line: str) -> int | None:
    """Blanks before what a line says; None for one that says nothing."""
    said = line.lstrip(" ")
    return None if not said.strip() or said.startswith("#") else len(line) - len(said)
