"""Branches that a call certainly does not take: ``if retry:`` where the caller gives ``retry=False``."""

from __future__ import annotations

from brokerlint.link.engine import Engine
from brokerlint.link.scopes import Activation, At
from brokerlint.link.values import Const
from brokerlint.python import ir


def holds(ev: Engine, test: ir.Expr | None, act: Activation, at: At) -> bool | None:
    """Whether a test that is a plain name holds; None where its value is not known, and for any other test."""
    values = ev.values(test, act, at) if isinstance(test, ir.Name) else ()
    truths = {bool(value.value) if isinstance(value, Const) else None for value in values}
    return truths.pop() if len(truths) == 1 else None


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
