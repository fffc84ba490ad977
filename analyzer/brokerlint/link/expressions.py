"""Expressions: what each form of them gives, worked out from the values of its parts.

Every function takes the evaluator, the expression, and the activation and place that it stands at.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from brokerlint.link import branches, calls, objects, projects, stored, texts
from brokerlint.link.changes import changed
from brokerlint.link.engine import Engine
from brokerlint.link.scopes import END, Activation, At, base_key
from brokerlint.link.values import (
    ELLIPSIS,
    NONE,
    Collection,
    Const,
    EnvVar,
    External,
    FunctionValue,
    Record,
    Unknown,
    Value,
    Values,
    concat,
    join,
    unknown,
)
from brokerlint.python import ir

MOST_ITEMS = 200
"""Items of a display that are kept."""

MOST_ENTRIES = 400
"""Entries of a dict display that are kept."""

Form: TypeAlias = Callable[[Engine, Any, Activation, At], Values]


def _name(ev: Engine, expr: ir.Name, act: Activation, at: At) -> Values:
    return ev.name(expr, act, at)


def _attribute(ev: Engine, expr: ir.Attribute, act: Activation, at: At) -> Values:
    bases = ev.values(expr.value, act, at)
    found = join(*[projects.attribute(ev, base, expr.attr, act.path) for base in bases])
    if all(isinstance(value, (Unknown, External)) for value in found):
        elsewhere = stored.by_attribute(ev, expr)
        if elsewhere:
            return elsewhere
    stores = ev.names(act.body).stores
    return changed(ev, found, stores.get(base_key(expr), ()), act, at) if stores else found


def _subscript(ev: Engine, expr: ir.Subscript, act: Activation, at: At) -> Values:
    keys = ev.values(expr.index, act, at)
    found = join(*[objects.item(ev, base, keys) for base in ev.values(expr.value, act, at)])
    if all(isinstance(value, (Unknown, External)) for value in found):
        return projects.configured(ev, expr.value, keys) or stored.by_key(ev, keys) or found
    return found


def _element(ev: Engine, expr: ir.Element, act: Activation, at: At) -> Values:
    return join(*[objects.element_of(ev, base) for base in ev.values(expr.of, act, at)])


def _unpacked(ev: Engine, expr: ir.Item, act: Activation, at: At) -> Values:
    return join(*[objects.part_of(base, expr.index) for base in ev.values(expr.of, act, at)])


def _entered(ev: Engine, expr: ir.Entered, act: Activation, at: At) -> Values:
    return join(*[objects.entered(ev, base) for base in ev.values(expr.of, act, at)])


def _formatted(ev: Engine, expr: ir.Formatted, act: Activation, at: At) -> Values:
    return concat([ev.values(part, act, at) for part in expr.parts])


def _binary(ev: Engine, expr: ir.Binary, act: Activation, at: At) -> Values:
    left, right = ev.values(expr.left, act, at), ev.values(expr.right, act, at)
    return texts.binary(ev, left, expr.operator, right)


def _boolean(ev: Engine, expr: ir.Boolean, act: Activation, at: At) -> Values:
    """``a or b``: the default of a variable, or both; ``a and b``: the last."""
    left, right = ev.values(expr.left, act, at), ev.values(expr.right, act, at)
    if expr.operator == "and":
        return right
    kept: list[Value] = []
    decided = bool(left)
    for value in left:
        if isinstance(value, Const) and not value.value:
            decided = False
        elif isinstance(value, EnvVar) and value.default in (None, NONE):
            kept.append(EnvVar(value.name, right, value.trace))
        else:
            kept.append(value)
            decided = decided and not isinstance(value, Unknown)
    return tuple(kept) if decided else join(tuple(kept), right)


def _conditional(ev: Engine, expr: ir.Conditional, act: Activation, at: At) -> Values:
    held = branches.holds(ev, expr.test, act, at)
    if held is not None:
        return ev.values(expr.body if held else expr.orelse, act, at)
    test = ev.values(expr.test, act, at)
    body, orelse = ev.values(expr.body, act, at), ev.values(expr.orelse, act, at)
    if len(test) == 1 and isinstance(test[0], Const):
        return body if test[0].value else orelse
    return join(body, orelse)


def _sequence(ev: Engine, expr: ir.Sequence, act: Activation, at: At) -> Values:
    items: list[Values] = []
    more = len(expr.items) > MOST_ITEMS
    for item in expr.items[:MOST_ITEMS]:
        if not isinstance(item, ir.Starred):
            items.append(ev.values(item, act, at))
            continue
        for inner in ev.values(item.value, act, at):
            spread = texts.as_collection(ev, inner)
            items.extend(spread.items)
            more = more or spread.more
    return (Collection(expr.kind, tuple(items), more),)


def _mapping(ev: Engine, expr: ir.Mapping, act: Activation, at: At) -> Values:
    """A dict display; entries of ``**`` parts come in their turn, so that later ones win."""
    entries: list[tuple[str | int | bool | None, Values]] = []
    more = len(expr.entries) > MOST_ENTRIES
    for key, value in expr.entries[:MOST_ENTRIES]:
        values = ev.values(value, act, at)
        if key is None:
            records = [one for one in values if isinstance(one, Record)]
            more = more or len(records) < len(values) or any(one.more for one in records)
            entries.extend(entry for one in records for entry in one.entries)
            continue
        known = [known for one in ev.values(key, act, at) for known in _keys(one)]
        entries.extend((one, values) for one in known)
        more = more or not known
    return (Record(tuple(entries), more),)


def _keys(value: Value) -> list[str | int | bool | None]:
    """The key that ``value`` is; a variable counts as its default. Empty when it is not known."""
    if isinstance(value, Const) and not isinstance(value.value, (bytes, float)):
        return [value.value]
    if isinstance(value, EnvVar) and value.default and isinstance(value.default[0], Const):
        return [str(value.default[0].value)]
    return []


def _comprehension(ev: Engine, expr: ir.Comprehension, act: Activation, at: At) -> Values:
    """One element stands for all of them, one for each value of its source."""
    inside = At(END.order, at.block)
    element = ev.values(expr.element, act, inside)
    if expr.kind == "dict" and expr.key is not None:
        keys = ev.values(expr.key, act, inside)
        known = [key.value for key in keys if isinstance(key, Const) and not isinstance(key.value, (bytes, float))]
        return (Record(tuple((key, element) for key in known), len(known) < len(keys)),)
    items = tuple((value,) for value in element)
    return (Collection("list" if expr.kind == "generator" else expr.kind, items),)


def _lambda(ev: Engine, expr: ir.Lambda, act: Activation, at: At) -> Values:
    within = act if act.kind == "function" else None
    return (FunctionValue(act.path, expr.function.qualname, expr.function, None, within),)


def _truth(ev: Engine, expr: ir.Expr, act: Activation, at: At) -> Values:
    return unknown("a truth value")


def _opaque(ev: Engine, expr: ir.Opaque, act: Activation, at: At) -> Values:
    return (ELLIPSIS,) if expr.why == "ellipsis" else unknown("an expression no name comes from")


FORMS: dict[type[Any], Form] = {
    ir.Name: _name,
    ir.Attribute: _attribute,
    ir.Subscript: _subscript,
    ir.Call: calls.result,
    ir.Formatted: _formatted,
    ir.Binary: _binary,
    ir.Boolean: _boolean,
    ir.Conditional: _conditional,
    ir.Sequence: _sequence,
    ir.Mapping: _mapping,
    ir.Comprehension: _comprehension,
    ir.Lambda: _lambda,
    ir.Element: _element,
    ir.Item: _unpacked,
    ir.Entered: _entered,
    ir.Compare: _truth,
    ir.Unary: _truth,
    ir.Opaque: _opaque,
}
"""How each form is worked out."""
