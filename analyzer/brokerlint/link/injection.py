"""Parameters that a framework fills in: ``Depends(f)`` of FastAPI and its like, ``Context("broker")`` of FastStream."""

from __future__ import annotations

from dataclasses import replace

from brokerlint.link.engine import Engine
from brokerlint.link.inheritance import mark
from brokerlint.link.objects import entered
from brokerlint.link.scopes import END, Activation, At
from brokerlint.link.values import Client, External, FunctionValue, Method, Unknown, Value, Values, join
from brokerlint.python import ir

_MARKERS = frozenset({"Depends", "Provide", "Inject", "Security"})


def injected(ev: Engine, function: FunctionValue, parameter: ir.Parameter, scope: Activation) -> Values:
    """What is handed to ``x = Depends(f)`` or ``x: Annotated[T, Depends(f)]``, read in ``scope``; () for others."""
    candidates: list[ir.Call] = []
    if isinstance(parameter.default, ir.Call):
        candidates.append(parameter.default)
    note = parameter.annotation
    if isinstance(note, ir.Subscript) and mark(note.value) == "Annotated" and isinstance(note.index, ir.Sequence):
        candidates.extend(item for item in note.index.items[1:] if isinstance(item, ir.Call))
    for call in candidates:
        if mark(call) in _MARKERS and call.arguments:
            provider = ev.values(call.arguments[0].value, scope, END)
            made = [ev.call_value(value, [], None) for value in provider if not isinstance(value, Unknown)]
            return join((), *[entered(ev, value) for value in join((), *made)])
        if mark(call) == "Context" and _named(call, parameter) == "broker":
            marker = ev.values(call.function, scope, END)
            if any(isinstance(value, External) and value.path.startswith("faststream.") for value in marker):
                return _registering(ev, function.definition, scope)
    return ()


def _named(call: ir.Call, parameter: ir.Parameter) -> object:
    """What a parameter is called in the context: ``Context("broker")``, or its own name."""
    named = call.position(0) or call.keyword("real_name")
    return named.value if isinstance(named, ir.Constant) else parameter.name if named is None else None


def _registering(ev: Engine, function: ir.Function, scope: Activation) -> Values:
    """The library object whose method decorates ``function``, without what it carries for subscriptions."""
    found: list[Value] = []
    for decorator in function.decorators:
        target = decorator.function if isinstance(decorator, ir.Call) else decorator
        for value in ev.values(target, scope, At(function.order, function.block)):
            if isinstance(value, Method) and isinstance(value.receiver, Client):
                found.append(replace(value.receiver, carried=()))
    return tuple(found)
