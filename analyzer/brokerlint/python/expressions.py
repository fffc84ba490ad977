"""Expressions of a LibCST tree -> expressions of the summary; the calls, lambdas and bindings in them are collected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import libcst as cst

from brokerlint.python import ir
from brokerlint.python.builder import Builder


def expression(builder: Builder, node: cst.BaseExpression, use: str = "used", awaited: bool = False) -> ir.Expr:
    """Lower one expression. ``use`` says what becomes of its value (see `ir.Site`); calls inside it become sites."""
    if isinstance(node, cst.Call):
        return _call(builder, node, use, awaited)
    if isinstance(node, cst.Await):
        return expression(builder, node.expression, use, True)
    handler = _EXPRESSIONS.get(type(node))
    return ir.Opaque(type(node).__name__.lower()) if handler is None else handler(builder, node)


def bind(
    builder: Builder, target: cst.BaseExpression, value: ir.Expr, kind: str, line: int, note: ir.Expr | None = None
) -> None:
    """Bind a target, taking tuples and lists of targets apart. ``note`` is its annotation."""
    if isinstance(target, (cst.Tuple, cst.List)):
        after_star = False
        for index, element in enumerate(target.elements):
            starred = isinstance(element, cst.StarredElement)
            after_star = after_star or starred
            bind(builder, element.value, ir.Item(value, None if after_star else index), kind, line)
        return
    lowered = expression(builder, target)
    builder.bindings.append(ir.Binding(lowered, value, kind, builder.block, builder.next(), line, note))


def parameters(builder: Builder, node: cst.Parameters) -> tuple[ir.Parameter, ...]:
    """The parameters of a function, in the order of its definition; annotations and defaults belong to ``builder``."""
    found = [_parameter(builder, p, "") for p in (*node.posonly_params, *node.params)]
    if isinstance(node.star_arg, cst.Param):
        found.append(_parameter(builder, node.star_arg, "*"))
    found += [_parameter(builder, p, "=") for p in node.kwonly_params]
    if node.star_kwarg is not None:
        found.append(_parameter(builder, node.star_kwarg, "**"))
    return tuple(found)


def _parameter(builder: Builder, node: cst.Param, kind: str) -> ir.Parameter:
    note = expression(builder, node.annotation.annotation) if node.annotation else None
    default = expression(builder, node.default) if node.default else None
    return ir.Parameter(node.name.value, kind, note, default)


def dotted(node: cst.CSTNode) -> str:
    """``a.b.c`` as text; "" for anything but names."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


def operator(node: cst.CSTNode) -> str:
    """The sign of an operator, as far as it puts values together; otherwise its name."""
    name = type(node).__name__
    return _OPERATORS.get(name, name)


# --- Names and calls ----------------------------------------------------------------------------------------------


def _call(builder: Builder, node: cst.Call, use: str, awaited: bool) -> ir.Call:
    function = expression(builder, node.func)
    arguments = tuple(
        ir.Argument(expression(builder, a.value, "argument"), a.keyword.value if a.keyword else None, a.star)
        for a in node.args
    )
    line, end = builder.span(node)
    lowered = ir.Call(function, arguments, line, end)
    builder.sites.append(ir.Site(lowered, builder.block, builder.next(), use, awaited))
    return lowered


def _name(builder: Builder, node: cst.Name) -> ir.Expr:
    return _KEYWORDS.get(node.value) or builder.shared.name(node.value)


def _attribute(builder: Builder, node: cst.Attribute) -> ir.Expr:
    return ir.Attribute(expression(builder, node.value), node.attr.value)


def _subscript(builder: Builder, node: cst.Subscript) -> ir.Expr:
    value = expression(builder, node.value)
    indices = [
        expression(builder, element.slice.value) if isinstance(element.slice, cst.Index) else ir.Opaque("slice")
        for element in node.slice
    ]
    return ir.Subscript(value, indices[0] if len(indices) == 1 else ir.Sequence("tuple", tuple(indices)))


# --- Literals and texts -------------------------------------------------------------------------------------------


def _text(builder: Builder, node: cst.SimpleString) -> ir.Expr:
    try:
        return ir.Constant(node.evaluated_value)
    except (SyntaxError, ValueError):
        return ir.Opaque("string that can't be read")


def _number(builder: Builder, node: cst.Integer | cst.Float) -> ir.Expr:
    try:
        return ir.Constant(node.evaluated_value)
    except (ValueError, SyntaxError):  # Python limits how many digits it takes
        return ir.Opaque("number that can't be read")


def _concatenated(builder: Builder, node: cst.ConcatenatedString) -> ir.Expr:
    left, right = expression(builder, node.left), expression(builder, node.right)
    if isinstance(left, ir.Constant) and isinstance(right, ir.Constant):
        both = (left.value, right.value)
        if isinstance(both[0], str) and isinstance(both[1], str):
            return ir.Constant(both[0] + both[1])
    parts = [part for side in (left, right) for part in (side.parts if isinstance(side, ir.Formatted) else (side,))]
    return ir.Formatted(tuple(parts))


def _formatted(builder: Builder, node: cst.FormattedString) -> ir.Expr:
    parts: list[ir.Expr] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            parts.append(ir.Constant(part.value.replace("{{", "{").replace("}}", "}")))
        elif isinstance(part, cst.FormattedStringExpression):
            parts.append(expression(builder, part.expression))
    return ir.Formatted(tuple(parts))


# --- Operators ----------------------------------------------------------------------------------------------------


def _binary(builder: Builder, node: cst.BinaryOperation) -> ir.Expr:
    return ir.Binary(expression(builder, node.left), operator(node.operator), expression(builder, node.right))


def _boolean(builder: Builder, node: cst.BooleanOperation) -> ir.Expr:
    word = "and" if isinstance(node.operator, cst.And) else "or"
    return ir.Boolean(expression(builder, node.left), word, expression(builder, node.right))


def _unary(builder: Builder, node: cst.UnaryOperation) -> ir.Expr:
    value = expression(builder, node.expression)
    negative = isinstance(node.operator, cst.Minus)
    if negative and isinstance(value, ir.Constant) and isinstance(value.value, (int, float)):
        return ir.Constant(-value.value)
    return ir.Unary("not" if isinstance(node.operator, cst.Not) else type(node.operator).__name__, value)


def _compare(builder: Builder, node: cst.Comparison) -> ir.Expr:
    left = expression(builder, node.left)
    rest = tuple((type(c.operator).__name__, expression(builder, c.comparator)) for c in node.comparisons)
    return ir.Compare(left, rest)


def _conditional(builder: Builder, node: cst.IfExp) -> ir.Expr:
    test, body = expression(builder, node.test), expression(builder, node.body)
    return ir.Conditional(test, body, expression(builder, node.orelse))


# --- Displays and comprehensions ----------------------------------------------------------------------------------


def _display(builder: Builder, node: cst.List | cst.Tuple | cst.Set) -> ir.Expr:
    items: list[ir.Expr] = []
    for element in node.elements:
        value = expression(builder, element.value)
        items.append(ir.Starred(value) if isinstance(element, cst.StarredElement) else value)
    return ir.Sequence(type(node).__name__.lower(), tuple(items))


def _mapping(builder: Builder, node: cst.Dict) -> ir.Expr:
    entries: list[tuple[ir.Expr | None, ir.Expr]] = []
    for element in node.elements:
        key = expression(builder, element.key) if isinstance(element, cst.DictElement) else None
        entries.append((key, expression(builder, element.value)))
    return ir.Mapping(tuple(entries))


def _comprehension(builder: Builder, node: cst.BaseComp) -> ir.Expr:
    iterables: list[ir.Expr] = []
    outside = builder.block
    clause: cst.CompFor | None = node.for_in
    while clause is not None:
        iterable = expression(builder, clause.iter)
        iterables.append(iterable)
        builder.block = builder.open("comprehension", iterable, node)
        bind(builder, clause.target, ir.Element(iterable), "for", builder.line)
        for condition in clause.ifs:
            expression(builder, condition.test)
        clause = clause.inner_for_in
    key = None
    if isinstance(node, cst.DictComp):
        key, element = expression(builder, node.key), expression(builder, node.value)
    else:
        assert isinstance(node, cst.BaseSimpleComp)
        element = expression(builder, node.elt, "collected")
    builder.block = outside
    return ir.Comprehension(_COMPREHENSIONS[type(node)], key, element, tuple(iterables))


# --- Functions and what binds or leaves in the middle -------------------------------------------------------------


def _lambda(builder: Builder, node: cst.Lambda) -> ir.Expr:
    line, end = builder.span(node)
    given = parameters(builder, node.params)
    inner = builder.inner("<lambda>", line or builder.line)
    inner.leave("return", expression(inner, node.body, "returned"))
    block, order = builder.block, builder.next()
    function = ir.Function(
        "<lambda>", inner.qualname, inner.line, end, given, (), None, False, block, order, inner.body()
    )
    builder.functions.append(function)
    return ir.Lambda(function)


def _walrus(builder: Builder, node: cst.NamedExpr) -> ir.Expr:
    value = expression(builder, node.value, "assigned")
    bind(builder, node.target, value, "assign", builder.line)
    return value


def _yield(builder: Builder, node: cst.Yield) -> ir.Expr:
    inner = node.value.item if isinstance(node.value, cst.From) else node.value
    value = None if inner is None else expression(builder, inner)
    builder.leave("yield-from" if isinstance(node.value, cst.From) else "yield", value)
    return ir.Opaque("yield")


_KEYWORDS: dict[str, ir.Expr] = {"True": ir.Constant(True), "False": ir.Constant(False), "None": ir.Constant(None)}

_OPERATORS = {
    "Add": "+",
    "AddAssign": "+=",
    "Modulo": "%",
    "BitOr": "|",
    "BitOrAssign": "|=",
    "Divide": "/",
    "Multiply": "*",
    "Subtract": "-",
    "FloorDivide": "//",
    "RightShift": ">>",
    "LeftShift": "<<",
}

_COMPREHENSIONS: dict[type[cst.CSTNode], str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.DictComp: "dict",
    cst.GeneratorExp: "generator",
}

_EXPRESSIONS: dict[type[cst.CSTNode], Callable[[Builder, Any], ir.Expr]] = {
    cst.Name: _name,
    cst.Attribute: _attribute,
    cst.Subscript: _subscript,
    cst.SimpleString: _text,
    cst.ConcatenatedString: _concatenated,
    cst.FormattedString: _formatted,
    cst.Integer: _number,
    cst.Float: _number,
    cst.BinaryOperation: _binary,
    cst.BooleanOperation: _boolean,
    cst.UnaryOperation: _unary,
    cst.Comparison: _compare,
    cst.IfExp: _conditional,
    cst.List: _display,
    cst.Tuple: _display,
    cst.Set: _display,
    cst.Dict: _mapping,
    cst.ListComp: _comprehension,
    cst.SetComp: _comprehension,
    cst.DictComp: _comprehension,
    cst.GeneratorExp: _comprehension,
    cst.Lambda: _lambda,
    cst.NamedExpr: _walrus,
    cst.Yield: _yield,
}
