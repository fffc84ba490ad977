"""Objects put somewhere by one module and taken out by another: ``app.state.producer``, ``registry[QUEUE]``, ``module.client = ...``.

When nothing nearer is known about an attribute or a key, what *any* module of the program stores under the same names is
taken. Only objects travel this way; a text found by its key alone would be a guess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokerlint.link.scopes import At
from brokerlint.link.sites import bodies
from brokerlint.link.values import Client, Const, FunctionValue, Instance, ModuleValue, Value, Values, join
from brokerlint.python import ir

if TYPE_CHECKING:
    from brokerlint.link.evaluate import Evaluator


class Stores:
    """Assignments to attributes and items in all modules read so far, by attribute name and by key expression."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self.count = -1
        self.attributes: dict[str, list[tuple[str, tuple[ir.Function | ir.Class, ...], ir.Binding]]] = {}
        self.items: list[tuple[str, tuple[ir.Function | ir.Class, ...], ir.Binding]] = []
        self.keyed: dict[object, list[tuple[str, tuple[ir.Function | ir.Class, ...], ir.Binding]]] = {}
        self.indexed = 0
        self.answers: dict[object, Values] = {}

    def under(self, ev: Evaluator, key: object) -> list[tuple[str, tuple[ir.Function | ir.Class, ...], ir.Binding]]:
        """The item assignments whose key may be ``key``; each key is evaluated once."""
        while self.indexed < len(self.items):
            path, chain, binding = item = self.items[self.indexed]
            self.indexed += 1
            target = binding.target
            if isinstance(target, ir.Subscript) and not isinstance(target.index, ir.Opaque):
                for one in _value(ev, path, chain, target.index, binding):
                    if isinstance(one, Const):
                        self.keyed.setdefault(one.value, []).append(item)
        return self.keyed.get(key, [])

    def refresh(self, ev: Evaluator) -> None:
        """Take in the modules that were read since the last time; earlier answers may then be incomplete."""
        if ev.program.count == self.count:
            return
        self.count = ev.program.count
        for module in ev.program.loaded():
            if module.path in self.seen:
                continue
            self.seen.add(module.path)
            self.answers.clear()
            for chain, body in bodies(module.body):
                for binding in body.bindings:
                    if isinstance(binding.target, ir.Attribute):
                        self.attributes.setdefault(binding.target.attr, []).append((module.path, chain, binding))
                    elif isinstance(binding.target, ir.Subscript):
                        self.items.append((module.path, chain, binding))


def _objects(values: Values) -> Values:
    return tuple(value for value in values if isinstance(value, (Client, Instance, FunctionValue)))


def _value(
    ev: Evaluator, path: str, chain: tuple[ir.Function | ir.Class, ...], expr: ir.Expr, binding: ir.Binding
) -> Values:
    module = ev.module(path)
    scope = ev.symbolic(module, chain) if module is not None and chain else module
    return ev.values(expr, scope, At(binding.order, binding.block)) if scope is not None else ()


def by_attribute(ev: Evaluator, expr: ir.Attribute) -> Values:
    """``app.state.producer`` (or ``request.app.state.producer``): what is stored under the same two last names."""
    if not isinstance(expr.value, ir.Attribute):
        return ()
    stores = ev.stores
    stores.refresh(ev)
    key = ("attribute", expr.value.attr, expr.attr)
    if key not in stores.answers:
        stores.answers[key] = ()
        found = [
            _value(ev, path, chain, binding.value, binding)
            for path, chain, binding in stores.attributes.get(expr.attr, ())
            if isinstance(binding.target, ir.Attribute)
            and isinstance(binding.target.value, ir.Attribute)
            and binding.target.value.attr == expr.value.attr
        ]
        stores.answers[key] = _objects(join((), *found))
    return stores.answers[key]


def on_module(ev: Evaluator, path: str, name: str) -> Values:
    """``settings.client = ...`` in another module: what is stored on the module at ``path``."""
    stores = ev.stores
    stores.refresh(ev)
    key = ("module", path, name)
    if key not in stores.answers:
        stores.answers[key] = ()
        found: list[Values] = []
        for where, chain, binding in stores.attributes.get(name, ()):
            target = binding.target
            if where != path and isinstance(target, ir.Attribute) and isinstance(target.value, (ir.Name, ir.Attribute)):
                base = _value(ev, where, chain, target.value, binding)
                if ModuleValue(path) in base:
                    found.append(_value(ev, where, chain, binding.value, binding))
        stores.answers[key] = _objects(join((), *found))
    return stores.answers[key]


def by_key(ev: Evaluator, keys: Values) -> Values:
    """``container[KEY]`` where the container is not known: the objects that are stored under an equal key."""
    wanted = [key.value for key in keys if _telling(key)]
    if not wanted or len(wanted) < len(keys):
        return ()
    stores = ev.stores
    stores.refresh(ev)
    key = ("key", tuple(wanted))
    if key not in stores.answers:
        stores.answers[key] = ()
        found: list[Values] = []
        for one in wanted:
            for path, chain, binding in stores.under(ev, one):
                found.append(_value(ev, path, chain, binding.value, binding))
        stores.answers[key] = _objects(join((), *found))
    return stores.answers[key]


def _telling(key: Value) -> bool:
    return isinstance(key, Const) and isinstance(key.value, str) and len(key.value) >= 3
