"""What becomes of the answer of a call: dropped, returned, read for failures, or used otherwise."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.link.behaviour import context
from brokerlint.link.behaviour.effects import is_logging
from brokerlint.link.scopes import last_name
from brokerlint.python import ir

FAILURES = frozenset({
    "Failed", "FailedEntryCount", "FailedRecordCount", "FailedPutCount", "ErrorCode", "ErrorMessage",
    "RequestResponses", "Records", "Entries",
})  # fmt: skip
"""Keys under which batch answers report what was not accepted, alone or entry by entry."""


def response(body: ir.Body, site: ir.Site, batch: bool) -> str:
    """``dropped``, ``returned``, ``failures-read`` or ``used``.

    A batch's answer counts as dropped when it is only logged, or when only other keys than the failures are read.
    """
    if site.use == "dropped":
        return "dropped"
    if site.use == "returned" and any(leave.value is site.call for leave in body.exits):
        return "returned"
    names = {b.target.id for b in context.assigned_to(body, site.call) if isinstance(b.target, ir.Name)}
    if any(not isinstance(b.target, ir.Name) for b in context.assigned_to(body, site.call)):
        return "used"
    keys: set[str] = set()
    whole = logged = False
    for expr, in_log in _expressions(body, site):
        for one in context.parts(expr):
            key = _read_key(one, site.call, names)
            if key is not None:
                keys.add(key)
        if not in_log and _whole(expr, site.call, names):
            whole = True
        logged = logged or in_log
    if keys & FAILURES:
        return "failures-read"
    if any(leave.kind in ("return", "yield") and _whole(leave.value, site.call, names) for leave in body.exits):
        return "returned"
    if whole:
        return "used"
    return "used" if keys and not batch else "dropped"


def _expressions(body: ir.Body, site: ir.Site) -> Iterator[tuple[ir.Expr, bool]]:
    """Every expression that may read the answer, and whether it is a log call's argument."""
    for block in body.blocks:
        if block.subject is not None:
            yield block.subject, False
    for binding in body.bindings:
        if binding.order > site.order and binding.value is not site.call:
            yield binding.value, False
    for leave in body.exits:
        if leave.value is not None:
            yield leave.value, False
    for other in body.sites:
        if other.order > site.order and other.call is not site.call:
            yield other.call, is_logging(other.call)


def _is_answer(expr: ir.Expr, call: ir.Call, names: set[str]) -> bool:
    return expr is call or (isinstance(expr, ir.Name) and expr.id in names)


def _read_key(expr: ir.Expr, call: ir.Call, names: set[str]) -> str | None:
    """The key that ``expr`` reads of the answer."""
    if isinstance(expr, ir.Subscript) and _is_answer(expr.value, call, names):
        return str(expr.index.value) if isinstance(expr.index, ir.Constant) else "?"
    if isinstance(expr, ir.Attribute) and _is_answer(expr.value, call, names):
        return None if expr.attr == "get" else expr.attr
    if isinstance(expr, ir.Call) and isinstance(expr.function, ir.Attribute) and expr.function.attr == "get":
        first = expr.arguments[0].value if expr.arguments else None
        asked = _is_answer(expr.function.value, call, names) and isinstance(first, ir.Constant)
        return str(first.value) if asked and isinstance(first, ir.Constant) else None
    if isinstance(expr, ir.Compare) and isinstance(expr.left, ir.Constant):
        inside = any(operator in ("In", "NotIn") and _is_answer(right, call, names) for operator, right in expr.rest)
        return str(expr.left.value) if inside else None
    return None


def _whole(expr: ir.Expr | None, call: ir.Call, names: set[str], depth: int = 30) -> bool:
    """Is the answer itself, not one of its keys, handed on by ``expr``?"""
    if expr is None or depth <= 0:
        return expr is not None
    if _is_answer(expr, call, names):
        return True
    if isinstance(expr, ir.Subscript) and _is_answer(expr.value, call, names):
        return not isinstance(expr.index, ir.Constant)
    if isinstance(expr, ir.Attribute) and _is_answer(expr.value, call, names):
        return False
    if isinstance(expr, ir.Call) and is_logging(expr):
        return False
    if (
        isinstance(expr, ir.Call)
        and isinstance(expr.function, ir.Attribute)
        and _is_answer(expr.function.value, call, names)
    ):
        return False
    if isinstance(expr, ir.Compare):
        return False
    return any(_whole(part, call, names, depth - 1) for part in context.children(expr))


def future(body: ir.Body, site: ir.Site, awaits: bool) -> str:
    """What becomes of the future that a send gives: ``awaited``, ``stored`` (also: returned) or ``dropped``."""
    if awaits:
        return "awaited" if site.awaited or site.use != "dropped" else "dropped"
    if _waited_for(body, site.call):
        return "awaited"
    if site.use == "dropped":
        return "dropped"
    # A plain ``await future`` leaves no call behind: what is kept may be waited for.
    return "stored"


def _waited_for(body: ir.Body, call: ir.Call) -> bool:
    """``producer.send(...).get()``, ``future.get()``, ``await future``."""
    names = {b.target.id for b in context.assigned_to(body, call) if isinstance(b.target, ir.Name)}
    for site in body.sites:
        function = site.call.function
        if (
            isinstance(function, ir.Attribute)
            and function.attr in ("get", "result")
            and _is_answer(function.value, call, names)
        ):
            return True
        if last_name(function) in ("wait_for", "gather", "wait") and any(
            _is_answer(a.value, call, names) for a in site.call.arguments
        ):
            return True
    return False


def has_callback(body: ir.Body, call: ir.Call) -> bool:
    """``.add_callback`` or ``.add_errback`` on the future of a call."""
    names = {b.target.id for b in context.assigned_to(body, call) if isinstance(b.target, ir.Name)}
    for site in body.sites:
        function = site.call.function
        if not isinstance(function, ir.Attribute) or function.attr not in (
            "add_callback",
            "add_errback",
            "add_both",
            "add_done_callback",
        ):
            continue
        base: ir.Expr = function.value
        while isinstance(base, ir.Call) and base is not call and isinstance(base.function, ir.Attribute):
            base = base.function.value
        if _is_answer(base, call, names):
            return True
    return False
