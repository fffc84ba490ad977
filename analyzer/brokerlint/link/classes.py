"""Attributes of classes: what a class body or a base binds, methods and their receivers, members of enumerations."""

from __future__ import annotations

from dataclasses import replace

from brokerlint.link.engine import Engine
from brokerlint.link.inheritance import implementations, is_abstract, is_enum, mark, mro, subclasses
from brokerlint.link.scopes import END, At
from brokerlint.link.values import (
    ClassValue,
    Collection,
    Const,
    FunctionValue,
    Instance,
    Method,
    Needed,
    Record,
    Values,
    join,
    unknown,
)
from brokerlint.python import ir

_PROPERTIES = frozenset({"property", "cached_property", "classproperty", "computed_field", "hybrid_property", "reify"})
_CLASS_METHODS = frozenset({"classmethod"})
_STATIC_METHODS = frozenset({"staticmethod"})
_MOST_OVERRIDES = 24


def class_attribute(ev: Engine, cls: ClassValue, name: str) -> Values:
    """``Class.name``: what the class body or a base binds."""
    order, outside = mro(ev, cls)
    enum = is_enum(ev, cls)
    for one in order:
        found = from_body(ev, one, name, cls)
        if found is None:
            continue
        if cls.open and not any(isinstance(value, FunctionValue) for value in found):
            return overridden(ev, cls, name, found)
        if all(value == Const(None) for value in found):
            return join(found, _set_on_class(ev, cls, name))
        return _member_value(found) if enum else found
    if enum and name == "values":
        return (Collection("list", tuple(members(ev, cls))),)
    if enum and name in ("__members__", "choices"):
        return (Record(tuple((f"#{i}", values) for i, values in enumerate(members(ev, cls)))),)
    if any(path in ev.models.classes for path in outside):
        return (Method(cls, name),)
    return _set_on_class(ev, cls, name) or unknown(f"{cls.definition.name} has no '{name}'")


def class_item(ev: Engine, cls: ClassValue, keys: Values) -> Values:
    """``Class[key]``: an enumeration gives its member; another class stays what it is."""
    named = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, str)]
    found = [class_attribute(ev, cls, name) for name in named] if is_enum(ev, cls) else []
    return join((), *found) or (cls,)


def members(ev: Engine, cls: ClassValue) -> list[Values]:
    """The values of an enumeration's members; none for another class."""
    scope = ev.class_body(cls)
    if scope is None or not is_enum(ev, cls):
        return []
    return [
        _member_value(ev.values(binding.value, scope, At(binding.order, binding.block)))
        for binding in cls.definition.body.bindings
        if isinstance(binding.target, ir.Name) and binding.kind == "assign" and not binding.target.id.startswith("_")
    ]


def _member_value(values: Values) -> Values:
    """A member's text: Django's choices are written as (value, label)."""
    found = []
    for value in values:
        if isinstance(value, Collection) and value.kind == "tuple" and value.items:
            found.append(value.items[0])
        else:
            found.append((value,))
    return join(*found)


def from_body(ev: Engine, cls: ClassValue, name: str, receiver: ClassValue | Instance) -> Values | None:
    """What the body of ``cls`` binds ``name`` to; methods come bound to ``receiver``; None when it does not."""
    scope = ev.class_body(cls)
    values = ev.defined(scope, name, END) if scope is not None else None
    if values is None:
        return None
    found: list[Values] = []
    for value in values:
        if isinstance(value, FunctionValue) and value.owner is not None and value.receiver is None:
            found.append(_bound(ev, value, receiver))
        else:
            found.append((value,))
    return join(*found)


def _bound(ev: Engine, function: FunctionValue, receiver: ClassValue | Instance) -> Values:
    marks = {mark(decorator) for decorator in function.definition.decorators}
    if marks & _STATIC_METHODS:
        return (function,)
    if marks & _CLASS_METHODS:
        receiver = receiver.cls if isinstance(receiver, Instance) else receiver
    elif isinstance(receiver, ClassValue):
        return (function,)
    bound = FunctionValue(
        function.path, function.qualname, function.definition, receiver, function.within, function.owner
    )
    return ev.apply(bound, []) if marks & _PROPERTIES else (bound,)


def _set_on_class(ev: Engine, cls: ClassValue, name: str) -> Values:
    """Attributes that methods set through ``cls.name = value`` or ``Class.name = value``."""
    found: list[Values] = []
    for function in cls.definition.body.functions:
        if not function.parameters:
            continue
        attributes = ev.names(function.body).attributes
        bindings = [
            *attributes.get((function.parameters[0].name, name), ()),
            *attributes.get((cls.definition.name, name), ()),
        ]
        if not bindings or ev.class_body(cls) is None:
            continue
        value = FunctionValue(cls.path, function.qualname, function, cls, cls.within, cls)
        activation = ev.call(value, receiver_argument(value), bound=False)
        if activation is not None:
            found += [ev.values(b.value, activation, At(b.order, b.block)) for b in bindings]
    return join((), *found)


# --- Any class that derives ---------------------------------------------------------------------------------------


def overridden(ev: Engine, cls: ClassValue, name: str, found: Values) -> Values:
    """A class attribute as any deriving class may have it: who is asked decides, where classes give their own."""
    own = [sub for sub in subclasses(ev, cls) if name in ev.names(sub.definition.body).definitions]
    if not own:
        return found
    given = [from_body(ev, sub, name, sub) or () for sub in own[:_MOST_OVERRIDES]]
    need = Needed(cls.path, f"{cls.qualname}.__init__", "self")
    either = unknown(f"'{name}' of a class that derives from {cls.definition.name}", frozenset((need,)))
    return join(found, *given, either)


def without_abstract(ev: Engine, cls: ClassValue, name: str, found: Values) -> Values:
    """For any instance of ``cls``: what deriving classes put in the place of an abstract method or an empty name."""
    kept: list[Values] = []
    for value in found:
        abstract = isinstance(value, FunctionValue) and is_abstract(value.definition)
        if abstract or (isinstance(value, Const) and value.value in (None, "")):
            given = [from_body(ev, one, name, Instance(one, None)) or () for one in implementations(ev, cls)]
            kept.append(join((), *given) or (value,))
        else:
            kept.append((value,))
    return join(*kept)


# --- Receivers ----------------------------------------------------------------------------------------------------


def symbolic_receiver(function: ir.Function, owner: ClassValue | None) -> Instance | ClassValue | None:
    """What ``self`` (or ``cls``) stands for when the caller is not known: any instance of the class."""
    if owner is None or not function.parameters:
        return None
    marks = {mark(decorator) for decorator in function.decorators}
    if marks & _STATIC_METHODS:
        return None
    return replace(owner, open=True) if marks & _CLASS_METHODS else Instance(owner, None)


def receiver_argument(function: FunctionValue) -> dict[str, Values]:
    """The receiver as the first parameter's argument."""
    if function.receiver is None or not function.definition.parameters:
        return {}
    return {function.definition.parameters[0].name: (function.receiver,)}
