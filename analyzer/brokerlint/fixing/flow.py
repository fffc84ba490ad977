"""Edits of statements: a truth test that becomes a test for None, a flush that moves behind its loop."""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from brokerlint.checking.finding import Edit
from brokerlint.fixing.calls import call_at
from brokerlint.fixing.syntax import NotMadeError, Syntax, last_name, only, text_of

_LEAVES = (cst.Return, cst.Yield, cst.Await)
_RESTS_ON_DELIVERY = frozenset({"commit", "store_offsets", "delete_message", "delete", "ack", "acknowledge"})


def test_none(syntax: Syntax, edit: Edit) -> bytes:
    """The file with ``if not message`` as ``if message is None``, for what the file's only ``edit.call`` gives."""
    found = [one for one in syntax.all(cst.Assign) if isinstance(one.value, cst.Call)]
    gives = only(
        [one for one in found if _called(one.value) == edit.call], f"{edit.call}() is bound to a name in this file"
    )
    name = text_of(gives.targets[0].target)
    tests = [
        (old, new)
        for one in syntax.all(cst.If, syntax.scope(gives))
        if syntax.scope(one) is syntax.scope(gives)
        for old, new in _tests(one.test, name)
    ]
    if not tests:
        raise NotMadeError(f"no plain test of {name} was found")
    return syntax.replaced(tests)


def _called(node: cst.BaseExpression) -> str:
    return last_name(node.func) if isinstance(node, cst.Call) else ""


def _tests(test: cst.BaseExpression, name: str) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression]]:
    """The operands that take ``name`` for a truth value, each with the test for None."""
    if isinstance(test, cst.BooleanOperation):
        yield from _tests(test.left, name)
        yield from _tests(test.right, name)
    elif isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        if text_of(test.expression) == name:
            yield test, _like(test, f"{name} is None")
    elif text_of(test) == name:
        yield test, _like(test, f"{name} is not None")


def _like(old: cst.BaseExpression, text: str) -> cst.BaseExpression:
    """The expression of ``text``, in the parentheses of the old one."""
    return cst.parse_expression(text).with_changes(lpar=getattr(old, "lpar", ()), rpar=getattr(old, "rpar", ()))


def after_loop(syntax: Syntax, edit: Edit) -> bytes:
    """The file with the statement ``client.flush()`` behind its loop; ``edit.value`` takes its place (``poll(0)``).

    Only where the statement stands directly in a ``for`` loop that sends and in which nothing rests on the delivery.
    """
    call = call_at(syntax, edit)
    line, block, loop, parent = _loop_of(syntax, call)
    if any(isinstance(node, _LEAVES) for kind in _LEAVES for node in syntax.all(kind, loop)):
        raise NotMadeError("the loop can be left or waits between two records")
    client = call.func.value if isinstance(call.func, cst.Attribute) else None
    if client is None:
        raise NotMadeError("the client cannot be told")
    others = [one for one in syntax.all(cst.Call, loop) if one is not call]
    if any(last_name(one.func) in _RESTS_ON_DELIVERY for one in others):
        raise NotMadeError("something in the loop may rest on the delivery")
    rest: list[cst.BaseStatement | cst.SimpleStatementLine] = []
    for one in block.body:
        if one is not line:
            rest.append(one)
        elif edit.value:
            served = cst.Expr(cst.parse_expression(f"{text_of(client)}.{edit.value}"))
            end = line.trailing_whitespace.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
            rest.append(line.with_changes(body=[served], trailing_whitespace=end))
    new = loop.with_changes(body=block.with_changes(body=rest))
    moved = line.with_changes(leading_lines=())
    body = [part for one in parent.body for part in ((new, moved) if one is loop else (one,))]
    return syntax.replaced([(parent, parent.with_changes(body=body))])


def _loop_of(
    syntax: Syntax, call: cst.Call
) -> tuple[cst.SimpleStatementLine, cst.IndentedBlock, cst.For, cst.IndentedBlock | cst.Module]:
    """The statement of a call, the block of its loop, the loop, and what the loop stands in."""
    expression, line, block, loop, parent = [*syntax.around(call), *[None] * 5][:5]
    if (
        isinstance(expression, cst.Expr)
        and isinstance(line, cst.SimpleStatementLine)
        and len(line.body) == 1
        and isinstance(block, cst.IndentedBlock)
        and isinstance(loop, cst.For)
        and loop.orelse is None
        and isinstance(parent, (cst.IndentedBlock, cst.Module))
    ):
        return line, block, loop, parent
    raise NotMadeError(f"{last_name(call.func)}() does not stand directly in a for loop")
