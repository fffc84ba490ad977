"""Branches that a call certainly does not take: ``if retry:`` where the caller gives ``retry=False``."""

from __future__ import annotations

from typing import TypeVar

from brokerlint.link.engine import Engine
from brokerlint.link.scopes import Activation, At
from brokerlint.link.values import Client, Collection, Const, Instance, Record, Template, Value
from brokerlint.python import ir


def holds(ev: Engine, test: ir.Expr | None, act: Activation, at: At) -> bool | None:
    """Whether a test holds that is a plain name, asks whether one is None or a constant, or denies this; None where
    that is not known."""
    if isinstance(test, ir.Unary) and test.operator == "not":
        held = holds(ev, test.value, act, at)
        return None if held is None else not held
    if isinstance(test, ir.Compare) and isinstance(test.left, ir.Name) and len(test.rest) == 1:
        operator, right = test.rest[0]
        if operator in ("Is", "IsNot") and right == ir.Constant(None):
            answers = {_is_none(value) for value in ev.values(test.left, act, at)}
            held = answers.pop() if len(answers) == 1 else None
            return None if held is None else held is (operator == "Is")
        if operator in ("Equal", "NotEqual") and isinstance(right, ir.Constant):
            known = [value.value if isinstance(value, Const) else None for value in ev.values(test.left, act, at)]
            equal = {None if value is None else value == right.value for value in known}
            held = equal.pop() if len(equal) == 1 else None
            return None if held is None else held is (operator == "Equal")
    values = ev.values(test, act, at) if isinstance(test, ir.Name) else ()
    truths = {bool(value.value) if isinstance(value, Const) else None for value in values}
    return truths.pop() if len(truths) == 1 else None


def _is_none(value: Value) -> bool | None:
    if isinstance(value, Const):
        return value.value is None
    return False if isinstance(value, (Template, Collection, Record, Client, Instance)) else None


def avoided(ev: Engine, act: Activation, at: At) -> bool:
    """Whether ``at`` stands in a branch of ``act`` that is not taken."""
    index = at.block
    while index >= 0:
        block = act.body.blocks[index]
        if block.kind in ("if", "else"):
            held = holds(ev, block.subject, act, At(at.order, block.parent))
            if held is (block.kind == "else"):
                return True
        index = block.parent
    return False


T = TypeVar("T")


def taken(ev: Engine, act: Activation, bindings: list[T]) -> list[T]:
    """The bindings of a name in a function that stand in branches which may be taken; all, should none be left."""
    if len(bindings) < 2 or act.kind != "function":
        return bindings
    left = [
        one
        for one in bindings
        if not (isinstance(one, ir.Binding) and one.block >= 0 and avoided(ev, act, At(one.order, one.block)))
    ]
    return left or bindings
