"""Patterns of paths, as the configuration writes them.

``*`` and ``?`` stand for characters within one part of a path, ``**`` for any number of parts. A pattern that matches a
directory covers everything below it; a pattern without ``/`` matches a part anywhere in the path. Matching takes linear
time in the length of the path for each ``**``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

MOST_PARTS = 3
"""The largest number of ``**`` in one pattern: each multiplies the time that a hostile path can take."""


@dataclass(frozen=True, slots=True)
class Globs:
    """Some patterns; true when there are any."""

    patterns: tuple[str, ...]
    expression: re.Pattern[str] | None

    def __bool__(self) -> bool:
        return self.expression is not None

    def match(self, path: str) -> bool:
        """Whether a path (relative, with ``/``) or a directory above it is covered."""
        return self.expression is not None and self.expression.match(path) is not None


def globs(patterns: Iterable[str]) -> Globs:
    """Compile ``patterns``. Raises ``ValueError`` for one that cannot be used."""
    kept = tuple(pattern for pattern in patterns if pattern)
    expression = "|".join(_translate(pattern) for pattern in kept)
    return Globs(kept, re.compile(f"(?:{expression})(?:/|\\Z)", re.DOTALL) if kept else None)


def anchored(path: str) -> str:
    """The pattern that covers a path from the root, and nothing elsewhere of the same name."""
    steps = [step for step in path.split("/") if step not in ("", ".")]
    return f"/{'/'.join(steps)}" if steps else "/**"


def below(patterns: Iterable[str], directory: str) -> tuple[str, ...]:
    """``patterns`` as seen from a directory below the one that they are relative to; those that end above it are left
    out. Raises ``ValueError`` for a pattern that cannot be used."""
    steps = [step for step in directory.split("/") if step not in ("", ".")]
    found: dict[str, None] = {}
    for pattern in patterns:
        for parts in _below(_parts(pattern), steps):
            found["/" + "/".join(parts) if parts else "*"] = None
    return tuple(found)


def _below(parts: list[str], steps: list[str]) -> Iterator[list[str]]:
    """What is left of a pattern after the parts of a path; nothing is left when it covers the whole directory."""
    if not steps or not parts:
        yield parts
    elif parts[0] == "**":
        yield from _below(parts[1:], steps)
        yield from _below(parts, steps[1:])
    elif re.fullmatch(_part(parts[0]), steps[0]):
        yield from _below(parts[1:], steps[1:])


def _parts(pattern: str) -> list[str]:
    """The parts of a pattern, ``**`` in front of one that may match anywhere."""
    parts = [part for part in pattern.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        raise ValueError(f"pattern {pattern!r} does not stay below the root")
    if parts.count("**") > MOST_PARTS:
        raise ValueError(f"pattern {pattern!r} has more than {MOST_PARTS} times **")
    if len(parts) == 1 and not pattern.startswith(("/", "./")):
        parts = ["**", *parts]
    if parts[-1] == "**":
        parts[-1] = "*"
    return parts


def _translate(pattern: str) -> str:
    parts = _parts(pattern)
    pieces = ["(?:[^/]+/)*" if part == "**" else _part(part) + "/" for part in parts]
    return "".join(pieces).removesuffix("/")


def _part(part: str) -> str:
    """One part of a path. Each ``*`` takes the least that lets the next text match, and is never tried again."""
    first, *rest = [re.escape(text).replace(r"\?", "[^/]") for text in re.split(r"\*+", part)]
    if not rest:
        return first
    middle = "".join(f"(?>[^/]*?{text})" for text in rest[:-1])
    return f"{first}{middle}[^/]*{rest[-1]}"
