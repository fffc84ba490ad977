"""Objects that one module puts somewhere and another takes out: ``app.state.producer``, ``registry[QUEUE]``.

When nothing nearer is known about an attribute or a key, what *any* module of the program stores under the same names
is taken. Only objects travel this way; a text found by its key alone would be a guess.
"""

from __future__ import annotations

from brokerlint.link.assignments import Assignment
from brokerlint.link.engine import Engine
from brokerlint.link.scopes import At
from brokerlint.link.values import Client, Const, FunctionValue, Instance, ModuleValue, Values, join
from brokerlint.python import ir


def by_attribute(ev: Engine, expr: ir.Attribute) -> Values:
    """``app.state.producer`` (or ``request.app.state.producer``): what is stored under the same two last names.

    The application itself has many names: ``current_app.producer`` and ``request.app.producer`` are what anybody
    stores as ``app.producer`` or ``flask_app.producer``.
    """
    holder = _last(expr.value)
    if not isinstance(expr.value, ir.Attribute) and holder != "current_app":
        return ()
    ev.assignments.refresh()
    application = holder in ("app", "current_app")
    key = ("attribute", "app" if application else holder, expr.attr)
    answers = ev.assignments.answers
    if key not in answers:
        answers[key] = ()
        found = [
            value_of(ev, one, one.binding.value)
            for one in ev.assignments.attributes.get(expr.attr, ())
            if isinstance(one.binding.target, ir.Attribute)
            and (
                _is_application(one.binding.target.value)
                if application
                else isinstance(one.binding.target.value, ir.Attribute) and one.binding.target.value.attr == holder
            )
        ]
        answers[key] = _objects(join((), *found))
    return answers[key]


def _last(expr: ir.Expr) -> str:
    return expr.attr if isinstance(expr, ir.Attribute) else expr.id if isinstance(expr, ir.Name) else ""


def _is_application(expr: ir.Expr) -> bool:
    name = _last(expr)
    return name in ("app", "application", "current_app") or name.endswith("_app")


def on_module(ev: Engine, path: str, name: str) -> Values:
    """``settings.client = ...`` in another module: what is stored on the module at ``path``."""
    ev.assignments.refresh()
    key = ("module", path, name)
    answers = ev.assignments.answers
    if key not in answers:
        answers[key] = ()
        found: list[Values] = []
        for one in ev.assignments.attributes.get(name, ()):
            target = one.binding.target
            base = target.value if one.path != path and isinstance(target, ir.Attribute) else None
            if isinstance(base, (ir.Name, ir.Attribute)) and ModuleValue(path) in value_of(ev, one, base):
                found.append(value_of(ev, one, one.binding.value))
        answers[key] = _objects(join((), *found))
    return answers[key]


def by_key(ev: Engine, keys: Values) -> Values:
    """``container[KEY]`` where the container is not known: the objects that are stored under an equal key."""
    texts = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, str)]
    wanted = [text for text in texts if len(text) >= _TELLING]
    if not wanted or len(wanted) < len(keys):
        return ()
    ev.assignments.refresh()
    key = ("key", tuple(wanted))
    answers = ev.assignments.answers
    if key not in answers:
        answers[key] = ()
        found = [value_of(ev, one, one.binding.value) for text in wanted for one in under(ev, text)]
        answers[key] = _objects(join((), *found))
    return answers[key]


_TELLING = 3
"""Characters; a shorter key is used for too many things."""


def under(ev: Engine, key: object) -> list[Assignment]:
    """The item assignments whose key may be ``key``, of the modules taken in so far; each key is evaluated once."""
    index = ev.assignments
    while index.indexed < len(index.items):
        one = index.items[index.indexed]
        index.indexed += 1
        target = one.binding.target
        if isinstance(target, ir.Subscript) and not isinstance(target.index, ir.Opaque):
            for value in value_of(ev, one, target.index):
                if isinstance(value, Const):
                    index.keyed.setdefault(value.value, []).append(one)
    return index.keyed.get(key, [])


def value_of(ev: Engine, one: Assignment, expr: ir.Expr) -> Values:
    """The values of ``expr``, a part of an assignment, where the assignment stands."""
    scope = ev.around(one.path, one.chain)
    return ev.values(expr, scope, At(one.binding.order, one.binding.block)) if scope is not None else ()


def _objects(values: Values) -> Values:
    return tuple(value for value in values if isinstance(value, (Client, Instance, FunctionValue)))
