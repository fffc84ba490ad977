"""YAML with placeholders of a template language: made readable as YAML without moving a line.

A line that holds nothing but placeholders becomes empty, and so does the rest of a line where a key is followed by a
placeholder for the lines below it (``labels: {{ ... | nindent 4 }}``). Any other placeholder inside a line becomes a
token, and the tokens are resolved later, by whoever knows the values (a chart), or become holes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brokerlint.manifests.facts import Hole, Text, Value
from brokerlint.manifests.values import joined

_COMMENT = re.compile(r"\{\{-?\s*/\*.*?\*/\s*-?\}\}|\{#.*?#\}", re.DOTALL)
_EXPRESSION = re.compile(r"(?<!\$)\{\{-?\s*(.*?)\s*-?\}\}", re.DOTALL)
_BEGINNING = re.compile(r"(?<!\$)\{\{|\{%")
_STATEMENT = re.compile(r"\{%.*?%\}", re.DOTALL)
_INDENTED = re.compile(r"\|\s*nindent\s+[^|]*\Z")
_KEY = re.compile(r"[ \t]*(?:-[ \t]+)*[^\s:#-][^:#]*:[ \t]*\Z")
_DEFINITION = re.compile(r"\{\{-?\s*define\b")
_OPENING = frozenset("if range with define block".split())
_EMPTY_ALTERNATIVE = re.compile(r"(\{\{-?\s*else\s*-?\}\}[ \t]*\n)[ \t]*(?:\{\}|\[\])[ \t]*(?=\n)")
_TOKEN = re.compile(r"__T(\d+)__")


@dataclass(frozen=True, slots=True)
class Blanked:
    """A text without placeholders; ``expressions`` are what the tokens stand for, ``lines`` those that stand for
    whole lines, by line."""

    text: str
    expressions: tuple[str, ...] = ()
    lines: Mapping[int, str] = field(default_factory=dict)


def is_templated(text: str) -> bool:
    """Whether the text has placeholders of Go templates or Jinja; ``${{NAME}}`` is a parameter of OpenShift."""
    return _BEGINNING.search(text) is not None


def blanked(text: str) -> Blanked:
    """The text with its placeholders taken out. The number of lines stays the same."""
    if not is_templated(text):
        return Blanked(text)
    plain = _STATEMENT.sub(_newlines, _COMMENT.sub(_newlines, text))
    plain = _EMPTY_ALTERNATIVE.sub(r"\1", _without_definitions(plain))
    expressions: list[str] = []
    lines: dict[int, str] = {}
    number = 1
    at = 0
    made: list[str] = []
    for match in _EXPRESSION.finditer(plain):
        made.append(plain[at : match.start()])
        number += plain.count("\n", at, match.start())
        at = match.end()
        if _alone(plain, match) or _block(plain, match):
            lines[number] = match[1]
            made.append("\n" * match[0].count("\n"))
        else:
            made.append(f"__T{len(expressions)}__")
            expressions.append(match[1])
        number += match[0].count("\n")
    made.append(plain[at:])
    return Blanked("".join(made), tuple(expressions), lines)


def resolved(text: str, expressions: tuple[str, ...], value_of: Callable[[str], Value]) -> Value:
    """A text with its tokens replaced by what ``value_of`` gives for their expressions."""
    if "__T" not in text:
        return Text(text)
    parts: list[Value] = []
    at = 0
    for match in _TOKEN.finditer(text):
        parts.append(Text(text[at : match.start()]))
        index = int(match[1])
        parts.append(value_of(expressions[index]) if index < len(expressions) else Hole("template"))
        at = match.end()
    parts.append(Text(text[at:]))
    return joined(parts)


def _without_definitions(text: str) -> str:
    """The text without what it only defines for others to include: ``{{ define }}`` to its ``{{ end }}``."""
    if not _DEFINITION.search(text):
        return text
    made: list[str] = []
    at = depth = 0
    inside: tuple[int, int] | None = None
    for match in _EXPRESSION.finditer(text):
        word = match[1].partition(" ")[0]
        if word in _OPENING:
            if word == "define" and inside is None:
                inside = match.start(), depth
            depth += 1
        elif word == "end":
            depth -= 1
            if inside is not None and depth <= inside[1]:
                made += [text[at : inside[0]], "\n" * text.count("\n", inside[0], match.end())]
                at, inside = match.end(), None
    return "".join([*made, text[at:]])


def _alone(text: str, match: re.Match[str]) -> bool:
    """Whether nothing but blanks and other placeholders stand on the placeholder's lines."""
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    around = text[start : match.start()] + text[match.end() : end if end >= 0 else len(text)]
    return not _EXPRESSION.sub("", around).strip()


def _block(text: str, match: re.Match[str]) -> bool:
    """Whether the placeholder is all there is behind a key and stands for indented lines below it."""
    start = text.rfind("\n", 0, match.start()) + 1
    end = text.find("\n", match.end())
    behind = text[match.end() : end if end >= 0 else len(text)]
    alone = not behind.strip() or behind.lstrip().startswith("#")
    return alone and bool(_INDENTED.search(match[1]) and _KEY.match(text[start : match.start()]))


def _newlines(match: re.Match[str]) -> str:
    return "\n" * match[0].count("\n")
