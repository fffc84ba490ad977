"""Statements of a LibCST tree, flattened into the parts of a body."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import libcst as cst

from brokerlint.python import ir
from brokerlint.python.builder import Builder
from brokerlint.python.expressions import bind, dotted, expression, operator, parameters


def statements(builder: Builder, nodes: Iterable[cst.CSTNode], block: int) -> None:
    """Read statements that stand in ``block``."""
    with builder.inside(block):
        for node in nodes:
            _statement(builder, node)


def _statement(builder: Builder, node: cst.CSTNode) -> None:
    handler = _STATEMENTS.get(type(node))
    if handler is not None:
        handler(builder, node)


def _simple_line(builder: Builder, node: cst.SimpleStatementLine) -> None:
    builder.line = builder.span(node)[0]
    for small in node.body:
        _statement(builder, small)


# --- Small statements ---------------------------------------------------------------------------------------------


def _assign(builder: Builder, node: cst.Assign) -> None:
    value = expression(builder, node.value, "assigned")
    for target in node.targets:
        bind(builder, target.target, value, "assign", builder.span(node)[0])


def _annotated(builder: Builder, node: cst.AnnAssign) -> None:
    note = expression(builder, node.annotation.annotation)
    line = builder.span(node)[0]
    if node.value is None:
        bind(builder, node.target, ir.Opaque("declared only"), "declare", line, note)
    else:
        bind(builder, node.target, expression(builder, node.value, "assigned"), "assign", line, note)


def _augmented(builder: Builder, node: cst.AugAssign) -> None:
    value = expression(builder, node.value)
    target = expression(builder, node.target)
    after = ir.Binary(target, operator(node.operator).removesuffix("="), value)
    builder.bindings.append(ir.Binding(target, after, "augment", builder.block, builder.next(), builder.line))


def _expression(builder: Builder, node: cst.Expr) -> None:
    expression(builder, node.value, "dropped")


def _assert(builder: Builder, node: cst.Assert) -> None:
    expression(builder, node.test)


def _return(builder: Builder, node: cst.Return) -> None:
    builder.leave("return", None if node.value is None else expression(builder, node.value, "returned"))


def _raise(builder: Builder, node: cst.Raise) -> None:
    builder.leave("raise", None if node.exc is None else expression(builder, node.exc))


def _break(builder: Builder, node: cst.Break) -> None:
    builder.leave("break", None)


def _continue(builder: Builder, node: cst.Continue) -> None:
    builder.leave("continue", None)


def _import(builder: Builder, node: cst.Import) -> None:
    for alias in node.names:
        module = dotted(alias.name)
        bound = dotted(alias.asname.name) if alias.asname else module.split(".")[0]
        _imported(builder, module, None, bound, 0)


def _import_from(builder: Builder, node: cst.ImportFrom) -> None:
    module = dotted(node.module) if node.module else ""
    level = len(node.relative)
    if isinstance(node.names, cst.ImportStar):
        _imported(builder, module, "*", "*", level)
        return
    for alias in node.names:
        name = dotted(alias.name)
        _imported(builder, module, name, dotted(alias.asname.name) if alias.asname else name, level)


def _imported(builder: Builder, module: str, name: str | None, alias: str, level: int) -> None:
    builder.imports.append(ir.Import(module, name, alias, level, builder.line, builder.block, builder.next()))


def _outer(builder: Builder, node: cst.Global | cst.Nonlocal) -> None:
    builder.outer.extend(item.name.value for item in node.names)


# --- Branches and loops -------------------------------------------------------------------------------------------


def _if(builder: Builder, node: cst.If) -> None:
    builder.at_line_of(node)
    test = expression(builder, node.test)
    statements(builder, node.body.body, builder.open("if", test, node))
    if node.orelse is not None:
        otherwise = builder.open("else", test, node.orelse)
        inside = [node.orelse] if isinstance(node.orelse, cst.If) else node.orelse.body.body
        statements(builder, inside, otherwise)


def _for(builder: Builder, node: cst.For) -> None:
    line = builder.line = builder.span(node)[0]
    iterable = expression(builder, node.iter)
    block = builder.open("async-for" if node.asynchronous else "for", iterable, node)
    with builder.inside(block):
        bind(builder, node.target, ir.Element(iterable), "for", line)
    statements(builder, node.body.body, block)
    _after_loop(builder, node)


def _while(builder: Builder, node: cst.While) -> None:
    builder.line = builder.span(node)[0]
    block = builder.open("while", None, node)
    with builder.inside(block):  # the test, too, runs again and again
        test = expression(builder, node.test)
    opened = builder.blocks[block]
    builder.blocks[block] = ir.Block(opened.parent, opened.kind, test, opened.line, opened.end_line)
    statements(builder, node.body.body, block)
    _after_loop(builder, node)


def _after_loop(builder: Builder, node: cst.For | cst.While) -> None:
    if node.orelse is not None:
        statements(builder, node.orelse.body.body, builder.block)


def _match(builder: Builder, node: cst.Match) -> None:
    builder.line = builder.span(node)[0]
    subject = expression(builder, node.subject)
    for case in node.cases:
        statements(builder, case.body.body, builder.open("case", subject, case))


# --- Handlers and contexts ----------------------------------------------------------------------------------------


def _try(builder: Builder, node: cst.Try | cst.TryStar) -> None:
    statements(builder, node.body.body, builder.open("try", None, node))
    for handler in node.handlers:
        builder.at_line_of(handler)
        kind = expression(builder, handler.type) if handler.type is not None else None
        block = builder.open("except", kind, handler)
        if handler.name is not None:
            with builder.inside(block):
                bind(builder, handler.name.name, ir.Opaque("exception"), "assign", builder.line)
        statements(builder, handler.body.body, block)
    if node.orelse is not None:
        statements(builder, node.orelse.body.body, builder.block)
    if node.finalbody is not None:
        statements(builder, node.finalbody.body.body, builder.open("finally", None, node.finalbody))


def _with(builder: Builder, node: cst.With) -> None:
    builder.line = builder.span(node)[0]
    outer = builder.block
    for item in node.items:
        value = expression(builder, item.item, "assigned" if item.asname else "used")
        builder.block = builder.open("with", value, node)
        if item.asname is not None:
            bind(builder, item.asname.name, ir.Entered(value), "with", builder.line)
    block, builder.block = builder.block, outer
    statements(builder, node.body.body, block)


# --- Definitions --------------------------------------------------------------------------------------------------


def _function(builder: Builder, node: cst.FunctionDef) -> None:
    line, end = builder.span(node)
    builder.line = line
    decorators = tuple(expression(builder, decorator.decorator, "decorator") for decorator in node.decorators)
    given = parameters(builder, node.params)
    returns = expression(builder, node.returns.annotation) if node.returns else None
    name = node.name.value
    inner = builder.inner(name, line)
    statements(inner, node.body.body, -1)
    is_async = node.asynchronous is not None
    place = builder.block, builder.next()
    lines = tuple(builder.span(decorator)[0] for decorator in node.decorators)
    builder.functions.append(
        ir.Function(name, inner.qualname, line, end, given, decorators, returns, is_async, *place, inner.body(), lines)
    )


def _class(builder: Builder, node: cst.ClassDef) -> None:
    line, end = builder.span(node)
    builder.line = line
    decorators = tuple(expression(builder, decorator.decorator, "decorator") for decorator in node.decorators)
    bases = tuple(expression(builder, argument.value) for argument in node.bases if not argument.star)
    keywords = tuple(
        ir.Argument(expression(builder, a.value), a.keyword.value if a.keyword else None, a.star) for a in node.keywords
    )
    name = node.name.value
    inner = builder.inner(name, line)
    statements(inner, node.body.body, -1)
    place = builder.block, builder.next()
    builder.classes.append(ir.Class(name, inner.qualname, line, end, bases, keywords, decorators, *place, inner.body()))


_STATEMENTS: dict[type[cst.CSTNode], Callable[[Builder, Any], None]] = {
    cst.SimpleStatementLine: _simple_line,
    cst.Assign: _assign,
    cst.AnnAssign: _annotated,
    cst.AugAssign: _augmented,
    cst.Expr: _expression,
    cst.Return: _return,
    cst.Raise: _raise,
    cst.Break: _break,
    cst.Continue: _continue,
    cst.Assert: _assert,
    cst.Import: _import,
    cst.ImportFrom: _import_from,
    cst.Global: _outer,
    cst.Nonlocal: _outer,
    cst.If: _if,
    cst.For: _for,
    cst.While: _while,
    cst.Try: _try,
    cst.TryStar: _try,
    cst.With: _with,
    cst.Match: _match,
    cst.FunctionDef: _function,
    cst.ClassDef: _class,
}
