"""What services are called: the words of folders and deployments that tell something, and how alike two names are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_HIGHEST = 4
"""Folders above each other among which services that are called alike are told apart."""
_PLAIN_FOLDERS = frozenset(
    {"src", "app", "lib", "code", "backend", "source", "python", "lambda", "function", "functions"}
)


def telling(folder: str) -> str:
    """The last part of a folder that says what it holds (``orders`` of ``orders/src``)."""
    return next(iter(parts(folder)), "")


def parts(folder: str) -> list[str]:
    """The parts of a folder that say what it holds, the last first."""
    return [part for part in reversed(folder.split("/")) if part and part not in _PLAIN_FOLDERS]


def fronts(folders: Sequence[tuple[str, str]]) -> list[str]:
    """What tells services of one name apart: of each, the stack's folder or its own, or a folder further up where that
    tells more of them apart."""
    paths = [parts(stack) or parts(own) for stack, own in folders]
    levels = [[path[min(level, len(path) - 1)] if path else "" for path in paths] for level in range(_HIGHEST)]
    return max(levels, key=lambda names: len(set(names)))


def plain(name: str) -> str:
    """A name without case and separators."""
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def family(names: Sequence[str]) -> str:
    """What to call one program that is deployed under several names: ``ingest`` of ``ingest-demo`` and ``ingest``,
    else the first name."""
    shortest = min(names, key=len)
    begins = re.compile(rf"{re.escape(shortest)}(?![^\W_])")
    return shortest if all(begins.match(name) for name in names) else names[0]


def likeness(left: str, right: str) -> float:
    """From 0 to 1."""
    return SequenceMatcher(None, plain(left), plain(right)).ratio()
