"""A file as a tree whose parts can be found by line and replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import libcst as cst
from libcst.metadata import MetadataWrapper, ParentNodeProvider, PositionProvider

_N = TypeVar("_N", bound=cst.CSTNode)


class NotMadeError(Exception):
    """An edit that is not made; the message says why, as the end of a sentence."""


class Syntax:
    """One parsed file. A node that was replaced is gone, so that a tree serves for one edit."""

    def __init__(self, data: bytes) -> None:
        """From the bytes of a file. Raises `NotMadeError` when they cannot be parsed and written back as they are."""
        try:
            module = cst.parse_module(data)
        except (cst.ParserSyntaxError, SyntaxError, UnicodeError, LookupError, RecursionError) as error:
            raise NotMadeError("the file does not parse") from error
        if module.bytes != data:
            raise NotMadeError("the file's encoding would change")
        wrapper = MetadataWrapper(module, unsafe_skip_copy=True)
        found = wrapper.resolve_many((PositionProvider, ParentNodeProvider))
        self.module = module
        self._positions: Mapping[cst.CSTNode, Any] = found[PositionProvider]
        self._parents: Mapping[cst.CSTNode, Any] = found[ParentNodeProvider]

    def line(self, node: cst.CSTNode) -> int:
        """The first line of a node, from 1."""
        return int(self._positions[node].start.line)

    def all(self, kind: type[_N], inside: cst.CSTNode | None = None) -> Iterator[_N]:
        """Every node of this kind, in order; only those ``inside`` a node when one is given."""
        waiting: list[cst.CSTNode] = [inside or self.module]
        while waiting:
            node = waiting.pop()
            if isinstance(node, kind):
                yield node
            waiting += reversed(node.children)

    def around(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes that a node stands in, the nearest first."""
        while node in self._parents:
            node = self._parents[node]
            yield node

    def scope(self, node: cst.CSTNode) -> cst.CSTNode:
        """The function that a node stands in, or the module."""
        kinds = (cst.FunctionDef, cst.Lambda, cst.Module)
        return next(each for each in self.around(node) if isinstance(each, kinds))

    def replaced(self, changes: Sequence[tuple[cst.CSTNode, cst.CSTNode]]) -> bytes:
        """The file's bytes with every first node exchanged for the second."""
        by_old = {id(old): new for old, new in changes}
        module = by_old.get(id(self.module)) or self.module.visit(_Exchange(by_old.get))
        assert isinstance(module, cst.Module)
        return module.bytes


class _Exchange(cst.CSTTransformer):
    def __init__(self, new: Callable[[int], cst.CSTNode | None]) -> None:
        super().__init__()
        self._new = new

    def on_leave(self, original_node: cst.CSTNodeT, updated_node: cst.CSTNodeT) -> cst.CSTNodeT:
        return self._new(id(original_node)) or updated_node  # type: ignore[return-value]


def only(found: Sequence[_N], what: str) -> _N:
    """The only one. Raises `NotMadeError` when there is none or when there are several."""
    if len(found) != 1:
        raise NotMadeError(f"{'no' if not found else 'more than one'} {what}")
    return found[0]


def last_name(node: cst.CSTNode) -> str:
    """``poll`` of ``self.consumer.poll``; empty for what is no name."""
    if isinstance(node, cst.Attribute):
        return node.attr.value
    return node.value if isinstance(node, cst.Name) else ""


def text_of(node: cst.CSTNode) -> str:
    """A node as Python text."""
    return cst.Module(body=()).code_for_node(node)
