"""Parameters that a framework fills in: ``Depends(f)`` of FastAPI and its like."""

from __future__ import annotations

from brokerlint.link.engine import Engine
from brokerlint.link.inheritance import mark
from brokerlint.link.objects import entered
from brokerlint.link.scopes import END, Activation
from brokerlint.link.values import Unknown, Values, join
from brokerlint.python import ir

_MARKERS = frozenset({"Depends", "Provide", "Inject", "Security"})


def injected(ev: Engine, parameter: ir.Parameter, scope: Activation) -> Values:
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
    return ()
