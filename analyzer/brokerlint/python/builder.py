"""Builders: the summary of one body, collected while its statements are read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst

from brokerlint.python import ir
from brokerlint.python.logical import Span


class Shared:
    """What all bodies of one file share: the lines of its nodes and the names in it, each made once."""

    def __init__(self, spans: dict[int, Span]) -> None:
        self._spans = spans
        self._names: dict[str, ir.Name] = {}

    def name(self, text: str) -> ir.Name:
        """The name ``text``."""
        known = self._names.get(text)
        if known is None:
            known = self._names[text] = ir.Name(text)
        return known

    def span(self, node: cst.CSTNode) -> Span | None:
        """First and last line of a node that has lines of its own."""
        return self._spans.get(id(node))


class Builder:
    """Collects one body.

    ``block`` is the index of the block that is being read (-1: the body itself), ``line`` that of the statement.
    """

    def __init__(self, shared: Shared, qualname: str, line: int = 0) -> None:
        self.shared = shared
        self.qualname = qualname
        self.line = line
        self.block = -1
        self.blocks: list[ir.Block] = []
        self.bindings: list[ir.Binding] = []
        self.sites: list[ir.Site] = []
        self.exits: list[ir.Exit] = []
        self.imports: list[ir.Import] = []
        self.functions: list[ir.Function] = []
        self.classes: list[ir.Class] = []
        self.outer: list[str] = []
        self._order = 0

    def inner(self, name: str, line: int) -> Builder:
        """A builder for the body of the definition ``name`` in this one."""
        return Builder(self.shared, f"{self.qualname}.{name}" if self.qualname else name, line)

    def next(self) -> int:
        """The order of the next part."""
        self._order += 1
        return self._order

    def span(self, node: cst.CSTNode) -> Span:
        """First and last line of a node; those of the statement that is being read when it has none of its own."""
        return self.shared.span(node) or (self.line, self.line)

    def at_line_of(self, node: cst.CSTNode) -> None:
        """Go on at the first line of ``node``."""
        self.line = self.span(node)[0]

    def open(self, kind: str, subject: ir.Expr | None, node: cst.CSTNode) -> int:
        """A new block inside the one that is being read; its index."""
        line, end = self.span(node)
        self.blocks.append(ir.Block(self.block, kind, subject, line, end))
        return len(self.blocks) - 1

    @contextmanager
    def inside(self, block: int) -> Iterator[None]:
        """Read what follows as part of ``block``."""
        saved, self.block = self.block, block
        yield
        self.block = saved

    def leave(self, kind: str, value: ir.Expr | None) -> None:
        """Note that the body is left here."""
        self.exits.append(ir.Exit(kind, value, self.block, self.next(), self.line))

    def body(self) -> ir.Body:
        """What was collected."""
        return ir.Body(
            tuple(self.blocks),
            tuple(self.bindings),
            tuple(self.sites),
            tuple(self.exits),
            tuple(self.imports),
            tuple(self.functions),
            tuple(self.classes),
            tuple(self.outer),
        )
