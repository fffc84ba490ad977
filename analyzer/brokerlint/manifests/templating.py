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
from brokerlint.manifests.placeholders import Placeholder, emptied, placeholders, without_placeholders
from brokerlint.manifests.values import joined

_BEGINNING = re.compile(r"(?<!\$)\{\{|\{%")
_SILENT = (
    (re.compile(r"\{\{-?\s*+/\*"), re.compile(r"\*/\s*+-?\}\}")),
    (re.compile(r"\{#"), re.compile(r"#\}")),
    (re.compile(r"\{%"), re.compile(r"%\}")),
)
"""Begin and end of comments and of statements."""
_INDENTED = re.compile(r"\|\s*+nindent\s[^|]*\Z")
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
    plain = text
    for opening, closing in _SILENT:
        plain = emptied(plain, opening, closing)
    plain = _EMPTY_ALTERNATIVE.sub(r"\1", _without_definitions(plain))
    blank: dict[tuple[int, int], bool] = {}
    expressions: list[str] = []
    lines: dict[int, str] = {}
    number = 1
    at = 0
    made: list[str] = []
    for one in placeholders(plain):
        made.append(plain[at : one.start])
        number += plain.count("\n", at, one.start)
        at = one.end
        height = plain.count("\n", one.start, one.end)
        if _alone(plain, one, blank) or _block(plain, one):
            lines[number] = one.inner
            made.append("\n" * height)
        else:
            made.append(f"__T{len(expressions)}__")
            expressions.append(one.inner)
        number += height
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
    for one in placeholders(text):
        word = one.inner.partition(" ")[0]
        if word in _OPENING:
            if word == "define" and inside is None:
                inside = one.start, depth
            depth += 1
        elif word == "end":
            depth -= 1
            if inside is not None and depth <= inside[1]:
                made += [text[at : inside[0]], "\n" * text.count("\n", inside[0], one.end)]
                at, inside = one.end, None
    return "".join([*made, text[at:]])


def _alone(text: str, one: Placeholder, known: dict[tuple[int, int], bool]) -> bool:
    """Whether nothing but blanks and other placeholders stand on its lines; ``known`` are the lines so far."""
    start, end = _lines(text, one)
    if (start, end) not in known:
        known[start, end] = not without_placeholders(text[start:end]).strip()
    return known[start, end]


def _block(text: str, one: Placeholder) -> bool:
    """Whether the placeholder is all there is behind a key and stands for indented lines below it."""
    if not _INDENTED.search(one.inner):
        return False
    start, end = _lines(text, one)
    behind = text[one.end : end].lstrip()
    return (not behind or behind.startswith("#")) and bool(_KEY.match(text[start : one.start]))


def _lines(text: str, one: Placeholder) -> tuple[int, int]:
    """Where the lines begin and end that the placeholder stands on."""
    end = text.find("\n", one.end)
    return text.rfind("\n", 0, one.start) + 1, end if end >= 0 else len(text)
