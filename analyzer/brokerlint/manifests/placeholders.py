"""``{{ ... }}`` and what else templates put between two marks, found in one pass however a file is broken.

A pattern such as ``{{.*?}}`` looks to the end of the file from every mark that nothing closes, which takes hours for
a file of nothing but marks. Here the search ends with the first mark that nothing closes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Placeholder:
    """``text[start:end]`` is a placeholder; ``inner`` is what stands in it, without blanks and dashes around."""

    start: int
    end: int
    inner: str


def placeholders(text: str) -> Iterator[Placeholder]:
    """Those of ``text``, in order; ``${{NAME}}`` is none."""
    start = text.find("{{")
    while start >= 0:
        if start and text[start - 1] == "$":
            start = text.find("{{", start + 1)
            continue
        end = text.find("}}", start + 2)
        if end < 0:
            return
        inner = text[start + 2 : end].removeprefix("-").strip() if text[end - 1] != "-" else _dashed(text, start, end)
        yield Placeholder(start, end + 2, inner)
        start = text.find("{{", end + 2)


def _dashed(text: str, start: int, end: int) -> str:
    return text[start + 2 : max(start + 2, end - 1)].removeprefix("-").strip()


def without_placeholders(text: str) -> str:
    """The text with each of them taken out."""
    made, at = [], 0
    for one in placeholders(text):
        made.append(text[at : one.start])
        at = one.end
    return "".join([*made, text[at:]])


def emptied(text: str, opening: re.Pattern[str], closing: re.Pattern[str]) -> str:
    """The text with what stands from each ``opening`` to the next ``closing`` taken out, except for line ends."""
    made, at = [], 0
    while (begin := opening.search(text, at)) and (end := closing.search(text, begin.end())):
        made += [text[at : begin.start()], "\n" * text.count("\n", begin.start(), end.end())]
        at = end.end()
    return "".join([*made, text[at:]])
