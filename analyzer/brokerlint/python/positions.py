"""Line numbers without LibCST's metadata providers.

A provider costs two to seven times the parse. Generating code into a state that only counts line ends costs a third of
it, and LibCST tells that state where each node begins and ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import libcst as cst
from libcst._nodes.internal import CodegenState

_WANTED = (
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
    cst.Comment,
)


class Lines(CodegenState):
    """A code generation state that throws the code away and remembers the lines of the nodes that matter."""

    __slots__ = ("last", "line", "spans")

    def __init__(self, module: cst.Module) -> None:
        super().__init__(default_indent=module.default_indent, default_newline=module.default_newline)
        self.line = 1
        self.last = 1
        self.spans: dict[int, tuple[int, int]] = {}

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
        if isinstance(node, _WANTED):
            start = self.line
            yield
            self.spans[id(node)] = (start, max(start, self.last))
        else:
            yield


def lines_of(module: cst.Module) -> dict[int, tuple[int, int]]:
    """First and last line of each interesting node of ``module``, by the node's ``id``."""
    state = Lines(module)
    module._codegen(state)
    return state.spans
