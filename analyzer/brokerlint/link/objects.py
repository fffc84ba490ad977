"""What attribute access, indexing, iteration and ``with`` give, for every kind of value.

The questions about classes and instances that linking asks beyond that are offered here, too.
"""

from __future__ import annotations

from brokerlint.link import environment, ini_files, library
from brokerlint.link.annotations import annotated
from brokerlint.link.classes import (
    class_attribute,
    class_item,
    members,
    receiver_argument,
    symbolic_receiver,
)
from brokerlint.link.engine import Engine
from brokerlint.link.inheritance import (
    bases,
    bases_in_program,
    fields,
    implementations,
    initializer_of,
    is_abstract,
    is_enum,
    library_base,
    mro,
    subclasses,
)
from brokerlint.link.instances import (
    as_base,
    constructor_arguments,
    instance_attribute,
    library_part,
    method_activation,
    set_in_methods,
)
from brokerlint.link.values import (
    ClassValue,
    Client,
    Collection,
    Const,
    EnvVar,
    External,
    FunctionValue,
    Instance,
    Method,
    ModuleValue,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    join,
    needs_of,
    unknown,
)

__all__ = [
    "annotated",
    "as_base",
    "attribute",
    "bases",
    "bases_in_program",
    "class_attribute",
    "constructor_arguments",
    "element_of",
    "entered",
    "fields",
    "implementations",
    "initializer_of",
    "instance_attribute",
    "is_abstract",
    "is_enum",
    "item",
    "library_base",
    "library_part",
    "members",
    "method_activation",
    "mro",
    "part_of",
    "receiver_argument",
    "set_in_methods",
    "subclasses",
    "symbolic_receiver",
]

_MAPPING_METHODS = frozenset({"get", "items", "keys", "values", "copy", "pop", "update", "setdefault"})


def attribute(ev: Engine, base: Value, name: str) -> Values:
    """``base.name``."""
    if isinstance(base, External):
        path = f"{base.path}.{name}"
        return library.ready(ev, path) or (External(path),)
    if isinstance(base, ModuleValue):
        return ev.member(base.path, name)
    if isinstance(base, Instance):
        return instance_attribute(ev, base, name)
    if isinstance(base, ClassValue):
        return class_attribute(ev, base, name)
    if isinstance(base, Client):
        return library.attribute(ev, base, name)
    if isinstance(base, Unknown):
        return _of_unknown(ev, base, name)
    if isinstance(base, FunctionValue):
        made = [one for one in library.becoming(ev, base) if name in _members_of(ev, one)]
        return join((), *[library.attribute(ev, one, name) for one in made]) or (Method(base, name),)
    if isinstance(base, (Const, EnvVar, Template)) and name in ("value", "name_", "_value_"):
        return (base,)
    kept = base.get(name) if isinstance(base, Record) and name not in _MAPPING_METHODS else None
    return (Method(base, name),) if kept is None else kept


def _of_unknown(ev: Engine, base: Unknown, name: str) -> Values:
    """An attribute of something unknown tells what it is when only one library has it."""
    if name in ev.models.attributes:
        return join((), *[library.given(ev, gives, None, [], None, None) for gives in ev.models.attributes[name]])
    return unknown(f"attribute '{name}' of something unknown", base.needs)


def _members_of(ev: Engine, client: Client) -> set[str]:
    model = ev.models.classes.get(client.model)
    return {*model.methods, *model.attributes} if model else set()


def item(ev: Engine, base: Value, keys: Values) -> Values:
    """The item of ``base`` under any of ``keys``; under an unknown key, any item."""
    if isinstance(base, Record):
        return _record_item(base, keys)
    if isinstance(base, Collection):
        index = next((key.value for key in keys if isinstance(key, Const)), None)
        if isinstance(index, int) and not base.more and base.items:
            within = -len(base.items) <= index < len(base.items)
            return base.items[index] if within else unknown("an item that the list lacks")
        return join(*base.items) if base.items else unknown("an item of an empty collection", needs_of(keys))
    if isinstance(base, External):
        if base.path in environment.MAPPINGS:
            return join((), *[environment.variable((key,), ()) for key in keys])
        if base.path.startswith(ini_files.PARSER):
            return ini_files.section(ev, base.path, keys)
        return (base,)
    if isinstance(base, ClassValue):
        return class_item(ev, base, keys)
    if isinstance(base, Client):
        return library.item(ev, base, keys)
    if isinstance(base, Instance):
        method = attribute(ev, base, "__getitem__")
        functions = [value for value in method if isinstance(value, FunctionValue)]
        if functions:
            return join(*[ev.apply(function, [("", keys)]) for function in functions])
    return unknown("an item of something unknown", needs_of((base,)))


def _record_item(base: Record, keys: Values) -> Values:
    plain = [key.value for key in keys if isinstance(key, Const) and not isinstance(key.value, (bytes, float))]
    found = [values for key in plain if (values := base.get(key)) is not None]
    if found and len(found) == len(keys):
        return join(*found)
    if plain and len(plain) == len(keys):
        return unknown("a key set elsewhere") if base.more else unknown("a key that the mapping lacks")
    every = [values for _, values in base.entries]
    return join(*every, unknown("looked up by a key that is not known", needs_of(keys)))


def element_of(ev: Engine, base: Value) -> Values:
    """Any element of ``base``."""
    if isinstance(base, Collection):
        more = unknown("an element added elsewhere") if base.more else ()
        return join(*base.items, more) if base.items or more else unknown("an element of an empty collection")
    if isinstance(base, Record):
        keys = tuple(Const(key) for key, _ in base.entries)
        return join(keys, unknown("a key added elsewhere")) if base.more or not keys else keys
    if isinstance(base, ClassValue):
        values = members(ev, base)
        return join(*values) if values else unknown("an element of a class")
    if isinstance(base, Client):
        given = base.carry("element")
        return given if given else unknown("a message")
    return unknown("an element of something unknown", needs_of((base,)))


def part_of(base: Value, index: int | None) -> Values:
    """What unpacking ``base`` gives to the target at ``index``; None: to a starred target or one behind it."""
    if isinstance(base, Collection) and index is not None and index < len(base.items):
        return base.items[index]
    if isinstance(base, Collection) and base.items:
        return (Collection("list", base.items[1:]),) if index is None else join(*base.items)
    return unknown("a part of something unknown", needs_of((base,)))


def entered(ev: Engine, base: Value) -> Values:
    """What a context manager gives: itself, what ``__enter__`` returns, or what a generator yields."""
    if isinstance(base, Collection) and base.kind == "generator":
        return join((), *base.items)
    if isinstance(base, Client):
        return library.entered(ev, base)
    if isinstance(base, Instance):
        for name in ("__aenter__", "__enter__"):
            method = [v for v in instance_attribute(ev, base, name) if isinstance(v, FunctionValue)]
            if method:
                given = join((), *[ev.apply(function, []) for function in method])
                useful = tuple(value for value in given if value != Const(None) and not isinstance(value, Unknown))
                return useful or (base,)
    return (base,)
