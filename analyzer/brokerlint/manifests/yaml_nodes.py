"""YAML (and JSON) as a tree of nodes that know their lines and tags: the core of every reader of YAML formats.

``documents(text)`` gives the documents of a file; ``partial(text)`` also those of one that is partly broken. A ``Node``
is a mapping, a sequence or a scalar. Asking never fails: ``node.get("a").get("b").text`` is ``""`` where nothing is
there, and a node that is missing or null is false.

Anchors and merge keys are resolved; a tag that the file writes stays (``!Ref``, ``!GetAtt``), so that formats with
their own tags can tell them. Nothing is constructed: a date is a text, and so are YAML 1.1's ``on`` and ``yes``. A few
aliases that stand for millions of values are refused, as is nesting without end, so readers may walk a tree freely.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, TypeAlias

import yaml

from brokerlint.manifests.tree import ManifestError
from brokerlint.manifests.yaml_mending import quoted, without

DEEPEST = 100
"""Levels of nesting; files that people write have below thirty."""

MOST_NODES = 1_000_000
"""Nodes of a document with every alias counted as often as it is used."""

MOST_MENDED = 5
"""Parts of a file that are left out because they are not valid."""

Kind: TypeAlias = Literal["mapping", "sequence", "scalar"]

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CORE = "tag:yaml.org,2002:"
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)\Z")
_FLOAT = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, bool | None] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_JSON_STRING_OR_TAB = re.compile(r'"(?:[^"\\]|\\.)*"|\t')
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F][0-9a-fA-F]{2}")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file.

    ``line`` is 1-based; at an alias it is the line of the anchor. ``tag`` is what the file writes (``!Ref``,
    ``!!binary``), else empty. ``text`` is a scalar's text, ``quoted`` tells ``"5"`` from ``5``. ``size`` counts the
    node and all below.
    """

    kind: Kind
    line: int
    tag: str = ""
    text: str = ""
    quoted: bool = False
    pairs: tuple[tuple[Node, Node], ...] = ()
    """Of a mapping: keys and values, merge keys resolved, each key once (the last one counts)."""
    repeated: tuple[tuple[Node, Node], ...] = ()
    """Of a mapping: pairs that a later pair with the same key overrode."""
    children: tuple[Node, ...] = ()
    size: int = 1

    def __bool__(self) -> bool:
        return self.kind != "scalar" or not self.is_null

    @property
    def is_null(self) -> bool:
        """Whether nothing is there: a missing key, an empty value, ``null``."""
        return self.kind == "scalar" and not self.quoted and not self.tag and _WORDS.get(self.text, True) is None

    @property
    def is_mapping(self) -> bool:
        """Whether this is a mapping."""
        return self.kind == "mapping"

    @property
    def is_sequence(self) -> bool:
        """Whether this is a sequence."""
        return self.kind == "sequence"

    def get(self, *path: str) -> Node:
        """The value at a key, or at one key below another; ``MISSING`` (which is false) where there is none."""
        node = self
        for key in path:
            for name, value in node.pairs:
                if name.text == key:
                    node = value
                    break
            else:
                return MISSING
        return node

    def line_of(self, key: str) -> int:
        """The line of a key of this mapping; the mapping's own line when it has no such key."""
        return next((name.line for name, _ in self.pairs if name.text == key), self.line)

    def items(self) -> Iterator[tuple[str, Node]]:
        """Keys and values of a mapping; nothing for other nodes."""
        for name, value in self.pairs:
            yield name.text, value

    def elements(self) -> tuple[Node, ...]:
        """The elements of a sequence; nothing for other nodes."""
        return self.children

    def plain(self) -> Any:
        """Dictionaries, lists, strings, integers, floats, booleans, None. Tags are dropped."""
        if self.kind == "mapping":
            return {name.text: value.plain() for name, value in self.pairs}
        if self.kind == "sequence":
            return [child.plain() for child in self.children]
        return _scalar(self.text) if not self.quoted and not self.tag else self.text

    def walk(self) -> Iterator[Node]:
        """The node itself and every value below it, each as often as it is used."""
        yield self
        for _, value in self.pairs:
            yield from value.walk()
        for child in self.children:
            yield from child.walk()


MISSING = Node("scalar", 0)
"""What a missing key gives."""


def documents(text: str) -> list[Node]:
    """The documents of a YAML or JSON file, empty ones left out. Raises ``ManifestError`` at the first mistake."""
    found, error = partial(text)
    if error is not None:
        raise error
    return found


def partial(text: str) -> tuple[list[Node], ManifestError | None]:
    """The documents that could be read, and the first mistake, if any. Of a broken file that is what ``yaml_mending``
    leaves of it."""
    found, error = _parsed(text)
    return list(found), error


@lru_cache(maxsize=1)
def _parsed(text: str) -> tuple[tuple[Node, ...], ManifestError | None]:
    """The documents of a text, remembered while one format after the other looks at it."""
    plain = text.removeprefix("\ufeff")
    found, error, line = _read(plain)
    if error is not None and plain.lstrip().startswith(("{", "[")):
        found, error, line = _read(_as_yaml(plain))
        return tuple(found), error
    if error is not None and (filled := quoted(plain)) != plain:
        plain = filled
        found, error, line = _read(plain)
    first = error
    for _ in range(MOST_MENDED):
        if line is None:
            return tuple(found), first
        plain = without(plain, line)
        found, error, line = _read(plain)
    return tuple(found), first


def _as_yaml(text: str) -> str:
    """JSON without what YAML does not allow: tabs between values, surrogates in strings."""
    return _JSON_STRING_OR_TAB.sub(lambda m: " " if m[0] == "\t" else _SURROGATE.sub("?", m[0]), text)


def _read(text: str) -> tuple[list[Node], ManifestError | None, int | None]:
    """The documents before the first mistake, the mistake, and the line where the part begins that is not valid."""
    found: list[Node] = []
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            document = builder.take(event)
            if document:
                found.append(document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = error.problem or error.context or "can't be read"
        inside = (error.context or "").startswith(("while parsing a flow", "while scanning"))
        start = error.context_mark if inside and error.context_mark else mark
        line = start.line + 1 if start else 1
        return found, ManifestError(line, f"is not valid YAML: {problem}"), line
    except yaml.YAMLError as error:
        position = getattr(error, "position", 0)
        line = text.count("\n", 0, position if isinstance(position, int) else 0) + 1
        return found, ManifestError(line, "is not valid YAML: holds a character that is not allowed"), None
    except ManifestError as error:
        return found, error, None
    return found, None, None


@dataclass(slots=True)
class _Open:
    """A collection whose end has not been met."""

    kind: Kind
    line: int
    tag: str
    anchor: str | None
    nodes: list[Node]


class _Builder:
    """Makes nodes from the parser's events, without recursion: a file decides its depth, not the stack."""

    def __init__(self) -> None:
        self._open: list[_Open] = []
        self._anchors: dict[str, Node] = {}

    def take(self, event: Any) -> Node | None:
        """One event; the document when it completes one."""
        kind = type(event)
        if kind is yaml.ScalarEvent:
            node = Node("scalar", event.start_mark.line + 1, _tag(event.tag), event.value, bool(event.style))
            return self._put(node, event.anchor)
        if kind is yaml.AliasEvent:
            line = event.start_mark.line + 1
            return self._put(self._anchors.get(event.anchor) or Node("scalar", line, text=f"*{event.anchor}"), None)
        if kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            line = event.start_mark.line + 1
            if len(self._open) >= DEEPEST:
                raise ManifestError(line, f"is nested more than {DEEPEST} levels deep")
            which: Kind = "mapping" if kind is yaml.MappingStartEvent else "sequence"
            self._open.append(_Open(which, line, _tag(event.tag), event.anchor, []))
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            done = self._open.pop()
            return self._put(_mapping(done) if done.kind == "mapping" else _sequence(done), done.anchor)
        elif kind is yaml.DocumentStartEvent:
            self._anchors.clear()
        return None

    def _put(self, node: Node, anchor: str | None) -> Node | None:
        if node.size > MOST_NODES:
            raise ManifestError(node.line, f"stands for more than {MOST_NODES} values through its aliases")
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            return node
        self._open[-1].nodes.append(node)
        return None


def _sequence(done: _Open) -> Node:
    return Node(
        "sequence", done.line, done.tag, children=tuple(done.nodes), size=1 + sum(node.size for node in done.nodes)
    )


def _mapping(done: _Open) -> Node:
    """The mapping, with merged pairs after its own: own keys win, and of several merged mappings the first."""
    own: dict[str, tuple[Node, Node]] = {}
    merged: dict[str, tuple[Node, Node]] = {}
    repeated: list[tuple[Node, Node]] = []
    nodes = done.nodes
    for name, value in zip(nodes[::2], nodes[1::2], strict=True):
        if name.text == "<<" and not name.quoted and value.kind != "scalar":
            for source in (value, *value.children):
                for pair in source.pairs:
                    merged.setdefault(pair[0].text, pair)
            continue
        if name.text in own:
            repeated.append(own[name.text])
        own[name.text] = (name, value)
    for key, pair in merged.items():
        own.setdefault(key, pair)
    pairs = tuple(own.values())
    size = 1 + sum(value.size + 1 for _, value in pairs)
    return Node("mapping", done.line, done.tag, pairs=pairs, repeated=tuple(repeated), size=size)


def _tag(tag: str | None) -> str:
    if tag is None or tag == "!":
        return ""
    return f"!!{tag[len(_CORE) :]}" if tag.startswith(_CORE) else tag


def _scalar(text: str) -> Any:
    """The value of an unquoted scalar, by the few rules that all readers of YAML agree on."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) < 25:
        if _INTEGER.match(text):
            return int(text)
        if _FLOAT.match(text):
            return float(text)
    return text
