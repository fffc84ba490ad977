"""Terms: what a template's values come to, once its functions and variables have been worked out.

A term is a mapping, a list, a single ``Value`` or nothing, and knows its line. Asking never fails:
``term.get("a", "b").text`` is ``""`` where nothing is there or the text is not known, and a term that is nothing is
false. Numbers and booleans stay texts until somebody asks for ``number`` or ``flag``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from brokerlint.manifests.facts import Choice, Concat, Hole, Reference, Text, Value, Variable
from brokerlint.manifests.tree import ManifestError
from brokerlint.manifests.values import joined
from brokerlint.manifests.yaml_nodes import Node, documents

MOST_PARTS = 1000
MOST_OPTIONS = 8
LONGEST = 100000
"""Parts of a text, alternatives of a value, characters of a text that are followed."""

_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}")
_MARK = re.compile("\ue000([0-9]+)\ue001")

Content: TypeAlias = "Value | Mapping[str, Term] | tuple[Term, ...] | None"


@dataclass(frozen=True, slots=True)
class Term:
    """One value of a template. ``line`` is 1-based, 0 when it is not known."""

    content: Content = None
    line: int = 0

    def __bool__(self) -> bool:
        return self.content is not None

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return isinstance(self.content, Mapping)

    @property
    def is_list(self) -> bool:
        """Whether this is a list."""
        return isinstance(self.content, tuple)

    def get(self, *path: str) -> Term:
        """The term at a key, or at one key below another; ``NOTHING`` where there is none."""
        term = self
        for key in path:
            if not isinstance(term.content, Mapping):
                return NOTHING
            term = term.content.get(key, NOTHING)
        return term

    def items(self) -> Iterator[tuple[str, Term]]:
        """Keys and terms of a mapping; nothing for others."""
        if isinstance(self.content, Mapping):
            yield from self.content.items()

    def elements(self) -> tuple[Term, ...]:
        """The elements of a list; a single value stands for a list of one, as most formats have it."""
        if isinstance(self.content, tuple):
            return self.content
        return (self,) if self else ()

    @property
    def value(self) -> Value:
        """The value of a scalar; a hole for a structure or nothing."""
        if self.content is None or isinstance(self.content, (Mapping, tuple)):
            return Hole("no single value")
        return self.content

    @property
    def text(self) -> str:
        """The text, where it is known."""
        return self.content.text if isinstance(self.content, Text) else ""

    @property
    def number(self) -> int | None:
        """The whole number, where it is one."""
        return int(self.text) if _INTEGER.match(self.text) else None

    @property
    def flag(self) -> bool | None:
        """The boolean, where it is one; templates write it as a text as well."""
        return {"true": True, "false": False}.get(self.text.lower())

    def plain(self) -> Any:
        """Dictionaries, lists, integers, booleans, texts; what is not known stays a ``Value``."""
        if isinstance(self.content, Mapping):
            return {key: term.plain() for key, term in self.content.items()}
        if isinstance(self.content, tuple):
            return [term.plain() for term in self.content]
        for known in (self.number, self.flag):
            if known is not None:
                return known
        return self.text if isinstance(self.content, Text) else self.content

    def at(self, line: int) -> Term:
        """The same at another line."""
        return replace(self, line=line)


NOTHING = Term()
"""A missing term."""


def literal(text: object, line: int = 0) -> Term:
    """The term of a known text, number or boolean."""
    return Term(Text(str(text).lower() if isinstance(text, bool) else str(text)), line)


def mapping(entries: Mapping[str, Term], line: int = 0) -> Term:
    """A mapping of the entries that are something."""
    return Term({key: term for key, term in entries.items() if term}, line)


def from_node(node: Node) -> Term:
    """A node of YAML or JSON as it stands."""
    if node.is_mapping:
        return Term({key: from_node(value) for key, value in node.items()}, node.line)
    if node.is_sequence:
        return Term(tuple(from_node(child) for child in node.elements()), node.line)
    return Term(None if node.is_null else Text(node.text), node.line)


def merged(general: Term, own: Term) -> Term:
    """SAM's and most others' merge: mappings recursively, lists one after the other, otherwise ``own`` where it is."""
    if not own or not general:
        return own or general
    if isinstance(general.content, Mapping) and isinstance(own.content, Mapping):
        keys = {**general.content, **own.content}
        return Term({key: merged(general.get(key), own.get(key)) for key in keys}, own.line)
    if isinstance(general.content, tuple) and isinstance(own.content, tuple):
        return Term(general.content + own.content, own.line)
    return own


def substituted(term: Term, given: Mapping[str, Term]) -> Term:
    """The term with ``${name}`` in its texts replaced by what is given for the name."""
    if isinstance(term.content, Mapping):
        return Term({key: substituted(one, given) for key, one in term.content.items()}, term.line)
    if isinstance(term.content, tuple):
        return Term(tuple(substituted(one, given) for one in term.content), term.line)
    if term.content is None:
        return term
    parts = term.content.parts if isinstance(term.content, Concat) else (term.content,)
    found: list[Value] = []
    for part in parts:
        pieces = _PLACEHOLDER.split(part.text) if isinstance(part, Text) else []
        for index, piece in enumerate(pieces):
            found.append(given[piece].value if index % 2 and piece in given else Text(_written(index, piece)))
        if not pieces:
            found.append(part)
    return Term(concat(found), term.line)


def _written(index: int, piece: str) -> str:
    return f"${{{piece}}}" if index % 2 else piece


def without_lines(term: Term) -> Term:
    """The term with no lines: of a copy whose place is another file."""
    if isinstance(term.content, Mapping):
        return Term({key: without_lines(one) for key, one in term.content.items()})
    if isinstance(term.content, tuple):
        return Term(tuple(without_lines(one) for one in term.content))
    return Term(term.content)


def concat(parts: Iterable[Value]) -> Value:
    """The parts one after the other; a hole where that would grow without measure."""
    value = joined(parts)
    if isinstance(value, Concat):
        size = sum(len(part.text) for part in value.parts if isinstance(part, Text))
        return Hole("too long") if len(value.parts) > MOST_PARTS or size > LONGEST else value
    return Hole("too long") if isinstance(value, Text) and len(value.text) > LONGEST else value


def choice(options: Iterable[Value]) -> Value:
    """One of several; the value itself when all are the same."""
    flat = [one for option in options for one in (option.options if isinstance(option, Choice) else (option,))]
    different = tuple(dict.fromkeys(flat))
    if len(different) == 1:
        return different[0]
    return Choice(different[:MOST_OPTIONS]) if different else Hole("nothing to choose from")


def pattern(value: Value) -> str:
    """The value as a glob: what is not known as ``*``. Of alternatives the first."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Concat):
        return re.sub(r"\*+", "*", "".join(pattern(part) for part in value.parts))
    if isinstance(value, Variable) and value.default is not None:
        return pattern(value.default)
    if isinstance(value, Choice) and value.options:
        return pattern(value.options[0])
    return "*"


def references(value: Value) -> Iterator[Reference]:
    """The references inside a value, from left to right."""
    if isinstance(value, Reference):
        yield value
    for part in value.parts if isinstance(value, Concat) else value.options if isinstance(value, Choice) else ():
        yield from references(part)


def parsed(term: Term) -> Term:
    """A structure that is written as JSON or YAML inside a text, with its values put back; other terms as they are."""
    if isinstance(term.content, Choice):
        structures = [one for option in term.content.options if (one := parsed(Term(option, term.line))).is_mapping]
        return structures[0] if structures else term
    if not isinstance(term.content, (Text, Concat)):
        return term
    parts = term.content.parts if isinstance(term.content, Concat) else (term.content,)
    values: list[Value] = []
    text = ""
    for part in parts:
        if isinstance(part, Text):
            text += part.text
        else:
            text += f"\ue000{len(values)}\ue001"
            values.append(part)
    if not text.lstrip().startswith(("{", "[")):
        return term
    try:
        found = documents(text)
    except ManifestError:
        return term
    return _put_back(from_node(found[0]), values, term.line) if len(found) == 1 else term


def _put_back(term: Term, values: list[Value], line: int) -> Term:
    """The term with the values in place of their marks; everything stands at ``line``."""
    if isinstance(term.content, Mapping):
        entries = {_MARK.sub("*", key): _put_back(one, values, line) for key, one in term.content.items()}
        return Term(entries, line)
    if isinstance(term.content, tuple):
        return Term(tuple(_put_back(one, values, line) for one in term.content), line)
    if not isinstance(term.content, Text) or "\ue000" not in term.content.text:
        return term.at(line)
    pieces = _MARK.split(term.content.text)
    known: list[Value] = []
    for index, piece in enumerate(pieces):
        known.append(values[int(piece)] if index % 2 and int(piece) < len(values) else Text(piece))
    return Term(concat(known), line)
