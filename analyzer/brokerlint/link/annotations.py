"""Annotations: the objects that they promise."""

from __future__ import annotations

from brokerlint.link.classes import members
from brokerlint.link.engine import Engine
from brokerlint.link.inheritance import mark
from brokerlint.link.scopes import END, Activation
from brokerlint.link.values import ClassValue, Client, External, Instance, Value, Values, join
from brokerlint.python import ir

_MOST_MEMBERS = 12
_WRAPPING = frozenset({"Optional", "Annotated", "Final", "ClassVar", "Union"})


def annotated(ev: Engine, annotation: ir.Expr, scope: Activation) -> Values:
    """What ``annotation``, read in ``scope``, promises: any instance of a class of the program, or a library object."""
    if isinstance(annotation, ir.Constant) and isinstance(annotation.value, str):
        return _quoted(ev, annotation.value, scope)
    if isinstance(annotation, ir.Binary) and annotation.operator == "|":
        return join((), annotated(ev, annotation.left, scope), annotated(ev, annotation.right, scope))
    if isinstance(annotation, ir.Subscript):
        return _subscripted(ev, annotation, scope)
    if not isinstance(annotation, (ir.Name, ir.Attribute)):
        return ()
    found: list[Value] = []
    for value in ev.values(annotation, scope, END):
        if isinstance(value, ClassValue):
            found += _members(ev, value) or [Instance(value, None)]
        elif isinstance(value, External) and value.path in ev.models.classes:
            found.append(Client(ev.models.classes[value.path].path))
    return tuple(found)


def _members(ev: Engine, cls: ClassValue) -> list[Value]:
    """The members that an enumeration's annotation leaves to choose from; none for large ones and other classes."""
    found = members(ev, cls)
    return [value for values in found for value in values] if len(found) <= _MOST_MEMBERS else []


def _subscripted(ev: Engine, annotation: ir.Subscript, scope: Activation) -> Values:
    """``Optional[T]`` and its like promise a ``T``; ``Box[T]`` a ``Box``; ``list[T]`` nothing."""
    outer = mark(annotation.value)
    if outer not in _WRAPPING:
        return annotated(ev, annotation.value, scope) if outer and outer[0].isupper() else ()
    inner = annotation.index
    parts = inner.items if isinstance(inner, ir.Sequence) else (inner,)
    return join((), *[annotated(ev, part, scope) for part in (parts[:1] if outer == "Annotated" else parts)])


def _quoted(ev: Engine, text: str, scope: Activation) -> Values:
    parts = text.split("[")[0].split("|")[0].strip().split(".")
    if not all(part.isidentifier() for part in parts):
        return ()
    expr: ir.Expr = ir.Name(parts[0])
    for part in parts[1:]:
        expr = ir.Attribute(expr, part)
    ev.keep(expr)
    return annotated(ev, expr, scope)
