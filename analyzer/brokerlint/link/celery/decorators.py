"""Decorators that make a task of a function: Celery's, those of an application, and the program's own around them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from brokerlint.link import calls, objects
from brokerlint.link.celery.application import Code, is_application
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.values import External, FunctionValue, Method, Unknown, Value, Values
from brokerlint.python import ir

_MARKS = frozenset({"task", "shared_task", "periodic_task"})
DEEPEST = 3
"""Functions inside a decorator that are searched for the one that makes the task."""


@dataclass(frozen=True, slots=True)
class Applied:
    """A decorator that makes a task: the application (or what stands in its place), the options, the line."""

    receivers: Values
    options: dict[str, Values]
    line: int


class Decorators:
    """Reads decorators. ``inner`` holds functions that are the bodies of the program's own decorators, not tasks."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self.inner: set[int] = set()

    def read(self, decorator: ir.Expr, function: ir.Function, one: Code) -> Applied | None:
        """What ``decorator`` makes of ``function``; None when it makes no task."""
        self._ev.start()
        at = At(function.order, function.block)
        call = decorator if isinstance(decorator, ir.Call) else None
        direct = self._celerys(decorator, one.act, at)
        if direct is not None:
            return direct
        marker = call.function if call is not None else decorator
        for value in self._ev.values(marker, one.act, at):
            wrapped = self._own(value)
            if wrapped is not None:
                given = _options(calls.arguments(self._ev, call, one.act, at)) if call is not None else {}
                return Applied(wrapped.receivers, {**wrapped.options, **given}, call.line if call is not None else 0)
        return None

    def _celerys(self, applied: ir.Expr, act: Activation, at: At) -> Applied | None:
        """``@app.task``, ``@shared_task(...)``, ``@current_app.task(...)``."""
        call = applied if isinstance(applied, ir.Call) else None
        marker = call.function if call is not None else applied
        if last_name(marker) not in _MARKS or not isinstance(marker, (ir.Name, ir.Attribute)):
            return None
        values = self._ev.values(marker, act, at)
        if any(self._is_marker(value) for value in values):
            receivers = tuple(value.receiver for value in values if isinstance(value, Method))
        elif isinstance(marker, ir.Attribute) and self._like_app(marker.value, act, at):
            receivers = self._ev.values(marker.value, act, at)
        else:
            return None
        options = _options(calls.arguments(self._ev, call, act, at)) if call is not None else {}
        return Applied(receivers, options, call.line if call is not None else 0)

    def _is_marker(self, value: Value) -> bool:
        if isinstance(value, External):
            return value.path.startswith("celery.") or "celery" in value.path.rpartition(".")[0].lower()
        return isinstance(value, Method) and is_application(self._ev, value.receiver)

    def _like_app(self, receiver: ir.Expr, act: Activation, at: At) -> bool:
        """``celery.task`` where ``celery`` comes from code that could not be followed, or overrides ``task``."""
        owners = self._ev.values(receiver, act, at)
        if any(is_application(self._ev, owner) for owner in owners):
            return True
        named = "celery" in last_name(receiver).lower()
        return named and all(isinstance(owner, (Unknown, External)) for owner in owners)

    # --- The program's own ----------------------------------------------------------------------------------------

    def _own(self, value: Value) -> Applied | None:
        """The task that a decorator of the program makes in its body, or in a function that it returns."""
        if not isinstance(value, FunctionValue):
            return None
        act = self._ev.call(value, objects.receiver_argument(value), bound=False)
        return self._inside(value.definition, act, 0) if act is not None else None

    def _inside(self, function: ir.Function, act: Activation, depth: int) -> Applied | None:
        for applied, at in _applications(function.body):
            found = self._celerys(applied, act, at)
            if found is not None:
                return self._settled(found)
        for inner in function.body.functions:
            at = At(inner.order, inner.block)
            found = next((f for d in inner.decorators if (f := self._celerys(d, act, at)) is not None), None)
            if found is not None:
                self.inner.add(id(inner))
                return self._settled(found)
            if depth < DEEPEST:
                below = self._ev.call(FunctionValue(act.path, inner.qualname, inner, None, act), {}, bound=False)
                deeper = self._inside(inner, below, depth + 1) if below is not None else None
                if deeper is not None:
                    return deeper
        return None

    def _settled(self, found: Applied) -> Applied:
        """Without the options that only the decorator's own arguments tell."""
        known = {k: v for k, v in found.options.items() if not any(isinstance(one, Unknown) for one in v)}
        return Applied(found.receivers, known, found.line)


def _applications(body: ir.Body) -> Iterator[tuple[ir.Expr, At]]:
    """``app.task(f)`` and ``app.task(...)(f)``."""
    for site in body.sites:
        yield site.call, At(site.order, site.block)


def _options(args: calls.Args) -> dict[str, Values]:
    return {key: values for key, values in args if key not in ("", "*", "**")}
