"""Where the code that sends a task blocks until the task's result is there."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.link.behaviour import context
from brokerlint.link.callers import Callers
from brokerlint.link.scopes import last_name
from brokerlint.link.sites import CallSite
from brokerlint.places import Place
from brokerlint.python import ir

HIGHEST = 3
"""Functions that hand the result on to their callers, one inside the other."""

_MANY = 10
_BLOCKING = frozenset({"get", "wait", "join", "join_native", "collect"})
"""Methods of Celery's results that return when the task has ended."""


def waits(callers: Callers, send: CallSite, height: int = 0) -> list[Place]:
    """The calls that block for the result of ``send``: in its own function, or where that function returns it to."""
    found = [CallSite(send.module, send.chain, site).place for site in _blocking(send)]
    if found or height >= HIGHEST or not send.chain or not _returned(send):
        return found
    for step in callers.into(send.module.path, send.chain)[:_MANY]:
        if step.how == "call" and callers.certain(step):
            found += waits(callers, step.here, height + 1)
    return found


def _blocking(send: CallSite) -> Iterator[ir.Site]:
    """``task.delay().get()``, ``result.get()``, ``AsyncResult(result.id).get()``."""
    call, names = send.site.call, _names(send)
    for site in send.body.sites:
        function = site.call.function
        if not isinstance(function, ir.Attribute) or function.attr not in _BLOCKING:
            continue
        if _is_result(function.value, call, names):
            yield site


def _is_result(expr: ir.Expr, call: ir.Call, names: frozenset[str]) -> bool:
    if expr is call or (isinstance(expr, ir.Name) and expr.id in names):
        return True
    if isinstance(expr, ir.Call) and last_name(expr.function) in ("AsyncResult", "GroupResult"):
        given = expr.arguments[0].value if expr.arguments else None
        known = isinstance(given, ir.Attribute) and given.attr in ("id", "task_id")
        return known and isinstance(given, ir.Attribute) and _is_result(given.value, call, names)
    return False


def _names(send: CallSite) -> frozenset[str]:
    """The names that the result is given."""
    bound = context.assigned_to(send.body, send.site.call)
    return frozenset(binding.target.id for binding in bound if isinstance(binding.target, ir.Name))


def _returned(send: CallSite) -> bool:
    names = _names(send)
    return any(leave.kind == "return" and _is_returned(leave.value, send.site.call, names) for leave in send.body.exits)


def _is_returned(value: ir.Expr | None, call: ir.Call, names: frozenset[str]) -> bool:
    return value is call or (isinstance(value, ir.Name) and value.id in names)
