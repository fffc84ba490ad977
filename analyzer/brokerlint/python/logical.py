"""Logical lines: where the statements of a text begin and end, told by its strings, brackets and line ends alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""First and last line, 1-based."""

_TOKENS = re.compile(
    r"\n|[()\[\]{}]|#[^\n]*|\\."
    r'|"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""'
    r"|\'\'\'[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*\'\'\'"
    r'|"[^"\\\n]*(?:\\.[^"\\\n]*)*"'
    r"|'[^'\\\n]*(?:\\.[^'\\\n]*)*'",
    re.DOTALL,
)


def logical_lines(source: str) -> Iterator[Span]:
    """The lines that hold statements, each as first and last physical line; blank lines and comments are left out.

    Texts that only the real grammar can tell apart, such as strings of the same quotes inside f-strings over several
    lines, may be cut wrongly.
    """
    text = source.replace("\r\n", "\n").replace("\r", "\n")
    line = first = 1
    depth = begin = 0
    for match in _TOKENS.finditer(text):
        token = match[0]
        mark = token[0]
        if mark == "\n":
            line += 1
            if depth:
                continue
            if _holds_code(text, begin, match.start()):
                yield first, line - 1
            begin, first = match.end(), line
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth = max(0, depth - 1)
        else:
            line += token.count("\n")
    if _holds_code(text, begin, len(text)):
        yield first, line


def _holds_code(text: str, begin: int, end: int) -> bool:
    for char in text[begin:end]:
        if char not in " \t\f\\\n":
            return char != "#"
    return False
