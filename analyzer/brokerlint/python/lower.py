"""LibCST tree -> summary (``ir``), in one pass by direct attribute dispatch.

Visitors and matchers cost more than the parse; a table from node type to function costs a twentieth of it. The tree is
not kept. What the summary can't express becomes ``Opaque`` with the name of its form.
"""

from __future__ import annotations

import re
import warnings

import libcst as cst

from brokerlint.python import ir
from brokerlint.python.builder import Builder, Shared
from brokerlint.python.positions import lines_of
from brokerlint.python.statements import statements

_MARK = re.compile(r"#\s*(brokerlint:.*)")


class SourceError(Exception):
    """A file that does not parse. ``line`` is 1-based."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def lower(path: str, source: str) -> ir.Module:
    """The summary of one file.

    Takes the file's path (relative to the root) and its decoded text. Raises `SourceError` when LibCST rejects it.
    """
    try:
        tree = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        reason = error.message.split("\n")[0].rstrip(".")
        raise SourceError(error.raw_line, reason) from None
    builder = Builder(Shared(lines_of(tree, source)), "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # reading a literal warns of its odd escapes
        statements(builder, tree.body, -1)
    comments = tuple(_comments(source)) if "brokerlint:" in source else ()
    is_main = any(block.kind == "if" and _tests_main(block.subject) for block in builder.blocks)
    return ir.Module(path, builder.body(), comments, is_main, source.count("\n") + 1)


def _comments(source: str) -> list[ir.Comment]:
    found = ((number, _MARK.search(line)) for number, line in enumerate(source.splitlines(), 1))
    return [ir.Comment(number, match[1].strip()) for number, match in found if match]


def _tests_main(test: ir.Expr | None) -> bool:
    sides = (test.left, *(right for _, right in test.rest)) if isinstance(test, ir.Compare) else ()
    return ir.Name("__name__") in sides and ir.Constant("__main__") in sides
