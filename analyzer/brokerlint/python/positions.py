"""Line numbers without LibCST's metadata providers.

A provider costs two to seven times the parse, and generating the code into a state that only counts line ends most of
one. But the statements of a tree stand on the logical lines of the text in the same order, and what is inside a
statement on one line stands on that line. Code is generated for the others only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import libcst as cst
from libcst._nodes.internal import CodegenState

from brokerlint.python.logical import Span, logical_lines

_WANTED = {
    cst.Call,
    cst.FunctionDef,
    cst.ClassDef,
    cst.SimpleStatementLine,
    cst.If,
    cst.For,
    cst.While,
    cst.Try,
    cst.TryStar,
    cst.ExceptHandler,
    cst.ExceptStarHandler,
    cst.Finally,
    cst.Else,
    cst.With,
    cst.Match,
    cst.MatchCase,
    cst.Return,
    cst.Assign,
    cst.AnnAssign,
    cst.Expr,
    cst.Lambda,
    cst.Decorator,
}


class Lines(CodegenState):
    """A code generation state that throws the code away and remembers the lines of the nodes that matter."""

    __slots__ = ("last", "line", "spans")

    def __init__(self, module: cst.Module, line: int = 1, spans: dict[int, Span] | None = None) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.line = line
        self.last = line
        self.spans = {} if spans is None else spans

    def add_indent_tokens(self) -> None:
        """Indentation has no line ends."""

    def add_token(self, value: str) -> None:
        """Count the line ends of a token; remember the last line that holds more than one."""
        if value == "\n":
            self.line += 1
        elif value:
            if "\n" in value:
                self.line += value.count("\n")
            if not value.isspace():
                self.last = self.line

    def pop_trailing_newline(self) -> None:
        """Nothing is kept, so nothing is taken back."""

    @contextmanager
    def record_syntactic_position(
        self, node: cst.CSTNode, *, start_node: cst.CSTNode | None = None, end_node: cst.CSTNode | None = None
    ) -> Iterator[None]:
        """Remember the lines of ``node`` when it is one that the summary needs."""
        if type(node) in _WANTED:  # LibCST's classes are abstract ones, for which isinstance is slow
            start = self.line
            yield
            self.spans[id(node)] = (start, max(start, self.last))
        else:
            yield


class _Unequal(Exception):  # noqa: N818 - what the two views of the text are, never seen outside
    """The text has other logical lines than the tree has statements."""


def lines_of(module: cst.Module, source: str) -> dict[int, Span]:
    """First and last line of each interesting node of ``module``, which ``source`` was parsed to, by the node's ``id``.

    What is missing stands on the first line of the statement around it.
    """
    walk = _Walk(module, logical_lines(source))
    try:
        walk.statements(module.body)
        walk.end()
    except _Unequal:
        state = Lines(module)
        module._codegen(state)
        return state.spans
    return walk.spans


class _Walk:
    """Statements and logical lines, side by side."""

    def __init__(self, module: cst.Module, lines: Iterator[Span]) -> None:
        self.spans: dict[int, Span] = {}
        self._module = module
        self._lines = lines
        self._last = 0

    def statements(self, nodes: Iterable[cst.CSTNode]) -> None:
        """Statements in order, each on the next line."""
        for node in nodes:
            if type(node) is cst.SimpleStatementLine:
                first, last = self.spans[id(node)] = self._next()
                if first != last:
                    self._generate(node.body, first)
            else:
                self._compound(node)

    def end(self) -> None:
        """All lines must have been used."""
        if next(self._lines, None) is not None:
            raise _Unequal

    def _next(self) -> Span:
        span = next(self._lines, None)
        if span is None:
            raise _Unequal
        self._last = span[1]
        return span

    def _generate(self, nodes: Iterable[cst.CSTNode], line: int) -> None:
        """The lines of what is inside ``nodes``, which begin on ``line``."""
        state = Lines(self._module, line, self.spans)
        for node in nodes:
            node._codegen(state)

    def _compound(self, node: Any) -> None:
        for decorator in getattr(node, "decorators", ()):
            self.spans[id(decorator)] = self._next()
            self._generate([decorator.decorator], self.spans[id(decorator)][0])
        first, last = self._next()
        suite = isinstance(getattr(node, "body", None), cst.SimpleStatementSuite)
        if isinstance(node, cst.Match):
            if first != last:
                self._generate([node.whitespace_after_match, node.subject], first)
            self._parts(node.cases)
        elif suite or first != last:
            self._generate([_header(node)], first)
        if isinstance(node, (cst.Try, cst.TryStar)):
            self._body(node.body)
            self._parts([*node.handlers, *filter(None, (node.orelse, node.finalbody))])
        elif not isinstance(node, cst.Match):
            self._body(node.body)
            if getattr(node, "orelse", None) is not None:
                self._compound(node.orelse)
        self.spans[id(node)] = (first, self._last)

    def _parts(self, nodes: Iterable[cst.CSTNode]) -> None:
        for node in nodes:
            self._compound(node)

    def _body(self, body: cst.BaseSuite) -> None:
        if isinstance(body, cst.IndentedBlock):
            self.statements(body.body)


_WITHOUT: dict[str, object] = {
    "leading_lines": (),
    "decorators": (),
    "lines_after_decorators": (),
    "orelse": None,
    "handlers": (),
    "finalbody": None,
}


def _header(node: Any) -> cst.CSTNode:
    """``node`` with nothing but what stands on its first logical line; the parts themselves are kept."""
    if isinstance(node, (cst.Try, cst.TryStar)):
        return cst.If(cst.Name("x"), node.body)
    changes = {name: empty for name, empty in _WITHOUT.items() if hasattr(node, name)}
    if isinstance(node.body, cst.IndentedBlock):
        changes["body"] = cst.SimpleStatementSuite((cst.Pass(),))
    header: cst.CSTNode = node.with_changes(**changes)
    return header
