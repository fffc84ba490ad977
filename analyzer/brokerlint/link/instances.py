"""Instances: what their attributes hold, by constructors, methods, fields and the library classes they derive from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial

from brokerlint.link import handed, library, settings
from brokerlint.link.annotations import annotated
from brokerlint.link.arguments import arguments, bind
from brokerlint.link.branches import taken
from brokerlint.link.changes import changed
from brokerlint.link.classes import from_body, overridden, receiver_argument, without_abstract
from brokerlint.link.engine import Args, Engine
from brokerlint.link.inheritance import bases_in_program, field, initializer, library_base, mark, mro, subclasses
from brokerlint.link.scopes import END, Activation, At, Store
from brokerlint.link.values import (
    ClassValue,
    Client,
    Collection,
    Const,
    FunctionValue,
    Instance,
    Needed,
    Record,
    Unknown,
    Values,
    join,
    traced,
    unknown,
)
from brokerlint.link.values import instance as made
from brokerlint.places import Place
from brokerlint.python import ir

_MOST_SUBCLASSES = 12


def instance_attribute(ev: Engine, instance: Instance, name: str) -> Values:
    """``object.name``: set in a method, given to a constructor without code, or bound in the class body."""
    order, outside = mro(ev, instance.cls)
    assigned = _assigned(ev, instance, name, order)
    if any(not isinstance(value, Unknown) and value != Const(None) for value in assigned):
        return assigned
    setting = settings.attribute(ev, instance, name, order, outside)
    if setting is not None:
        return join(assigned, setting) if assigned else setting
    declared = _declared(ev, instance, name, order)
    if declared is not None:
        return declared
    bound = _from_class(ev, instance, name, order)
    if bound is not None:
        return bound
    # What the class sets itself is no attribute of the library's object, even where its value is not known yet.
    client = library_part(ev, instance) if not assigned else None
    if client is not None:
        found = library.attribute(ev, client, name)
        if any(not isinstance(value, Unknown) for value in found):
            return found
    return (
        assigned
        or _from_subclasses(ev, instance, name, order)
        or _computed(ev, instance, name, order)
        or unknown(f"{instance.cls.definition.name} has no attribute '{name}'", _receiver_need(instance))
    )


def _assigned(ev: Engine, instance: Instance, name: str, order: list[ClassValue]) -> Values:
    """What methods of the class, or else of its bases, give to ``self.name``."""
    found: Values = ()
    for one in order:
        values = set_in_methods(ev, one, instance, name)
        useful = tuple(value for value in values if not (isinstance(value, Const) and value.value is None))
        found = join(found, useful or values)
        if useful and not all(isinstance(value, Unknown) and not value.needs for value in useful):
            break
    return found


def _from_class(ev: Engine, instance: Instance, name: str, order: list[ClassValue]) -> Values | None:
    """What the nearest class body binds ``name`` to, for this instance or for any; None when none does."""
    for one in order:
        found = from_body(ev, one, name, instance)
        if found is None:
            continue
        if instance.site is not None:
            return found
        found = without_abstract(ev, instance.cls, name, found)
        plain = not any(isinstance(value, FunctionValue) for value in found)
        return overridden(ev, instance.cls, name, found) if plain else found
    return None


def _from_subclasses(ev: Engine, instance: Instance, name: str, order: list[ClassValue]) -> Values:
    """What ``name`` is on instances of deriving classes, when ``instance`` stands for any."""
    if instance.site is not None:
        return ()
    deriving = [sub for sub in subclasses(ev, instance.cls) if sub not in order]
    return join(*[instance_attribute(ev, Instance(sub, None), name) for sub in deriving[:_MOST_SUBCLASSES]])


def _computed(ev: Engine, instance: Instance, name: str, order: list[ClassValue]) -> Values:
    """What ``__getattr__`` gives."""
    if name.startswith("__"):
        return ()
    for owner in order:
        getter = next((f for f in owner.definition.body.functions if f.name == "__getattr__"), None)
        if getter is not None:
            function = FunctionValue(owner.path, getter.qualname, getter, instance, owner.within, owner)
            return ev.apply(function, [("", (Const(name),))])
    return ()


def _receiver_need(instance: Instance) -> frozenset[Needed]:
    if instance.site is not None:
        return frozenset()
    return frozenset((Needed(instance.cls.path, f"{instance.cls.qualname}.__init__", "self"),))


def set_in_methods(ev: Engine, cls: ClassValue, instance: Instance, name: str) -> Values:
    """The values that methods written in ``cls`` give to ``self.name``."""
    found: list[Values] = []
    for function in cls.definition.body.functions:
        if not function.parameters:
            continue
        own = function.parameters[0].name
        names = ev.names(function.body)
        bindings = names.attributes.get((own, name))
        activation = method_activation(ev, cls, function, instance) if bindings else None
        if not bindings or activation is None:
            continue
        kept = partial(_kept, ev, bindings, names.stores.get(f"{own}.{name}", ()))
        found.append(
            kept(activation, END) if function.name == "__init__" else handed.settled(ev, activation, kept, END)
        )
    return _filled(ev, cls, instance, name, join(*found)) if found else ()


def _kept(ev: Engine, bindings: list[ir.Binding], stores: Iterable[Store], scope: Activation, at: At) -> Values:
    values = [
        traced(ev.values(b.value, scope, At(b.order, b.block)), Place(scope.path, b.line))
        for b in taken(ev, scope, bindings)
    ]
    return changed(ev, join(*values), stores, scope, at)


def _filled(ev: Engine, cls: ClassValue, instance: Instance, name: str, values: Values) -> Values:
    """``values`` with what a method puts into them when it is called: ``self.handlers[topic] = handler``."""
    if not any(isinstance(value, (Record, Collection)) and not _holds(value) for value in values):
        return values
    any_object = False
    for function in cls.definition.body.functions:
        own, *parameters = [parameter.name for parameter in function.parameters] or [""]
        names = ev.names(function.body)
        stores = [one for one in names.stores.get(f"{own}.{name}", ()) if _put(one) in parameters]
        if stores and not names.attributes.get((own, name)):
            value = FunctionValue(cls.path, function.qualname, function, instance, cls.within, cls)
            for activation in handed.entered(ev, value):
                values = changed(ev, values, stores, activation, END)
                any_object = instance.site is None
    return join(values, unknown(f"what fills '{name}'", _receiver_need(instance))) if any_object else values


def _holds(value: Record | Collection) -> bool:
    return bool(value.entries if isinstance(value, Record) else value.items)


def _put(store: Store) -> str:
    """The name that becomes a key or an item."""
    told = store.key if store.how == "item" else store.value
    return told.id if isinstance(told, ir.Name) else ""


def _declared(ev: Engine, instance: Instance, name: str, order: list[ClassValue]) -> Values | None:
    """An attribute that a generated constructor sets; None when the class has no such field."""
    if any(initializer(one) is not None for one in order):
        return None
    for key, values in instance.arguments:
        if key == name:
            return values
    if not any(_annotates(one, name) for one in order):
        return None
    for one in order:
        scope = ev.class_body(one)
        binding = field(one, name)
        if scope is None or binding is None:
            continue
        default: Values = ()
        if binding.kind != "declare":
            default = settings.default_of(ev.values(binding.value, scope, At(binding.order, binding.block)))
        if instance.site is not None:
            return default or unknown(f"field '{name}' was not given")
        typed = annotated(ev, binding.annotation, scope) if binding.annotation is not None else ()
        need = Needed(one.path, f"{one.qualname}.__init__", name)
        return join(default, typed, unknown(f"field '{name}' of {one.definition.name}", frozenset((need,))))
    return None


def _annotates(cls: ClassValue, name: str) -> bool:
    bindings = cls.definition.body.bindings
    return any(isinstance(b.target, ir.Name) and b.target.id == name and b.annotation is not None for b in bindings)


# --- Constructors -------------------------------------------------------------------------------------------------


def method_activation(ev: Engine, cls: ClassValue, function: ir.Function, instance: Instance) -> Activation | None:
    """A method's activation on ``instance``: its constructor with the constructor's arguments, others open."""
    value = FunctionValue(cls.path, function.qualname, function, instance, cls.within, cls)
    if function.name == "__init__":
        given = constructor_arguments(ev, instance, cls)
        if given is not None:
            known = instance.site is not None
            return ev.call(value, {**given, **receiver_argument(value)}, bound=known)
    return ev.call(value, receiver_argument(value), bound=False)


def constructor_arguments(ev: Engine, instance: Instance, cls: ClassValue) -> dict[str, Values] | None:
    """The arguments that ``cls.__init__`` gets when ``instance`` is made: directly or through ``super().__init__``."""
    order, _ = mro(ev, instance.cls)
    first = next((one for one in order if initializer(one) is not None), None)
    if first is None or first == cls:
        return dict(instance.arguments)
    return _through_super(ev, instance, first, cls)


def as_base(ev: Engine, instance: Instance, base: ClassValue) -> Instance:
    """The same object as one of a class that its own derives from, with what that class's constructor gets."""
    first = next((one for one in mro(ev, instance.cls)[0] if initializer(one) is not None), None)
    target = next((one for one in mro(ev, base)[0] if initializer(one) is not None), None)
    if instance.site is not None and target is not None and target != first:
        given = constructor_arguments(ev, instance, target)
        if given is not None:
            return made(base, instance.site, given)
    return Instance(base, instance.site, instance.arguments)


def _through_super(ev: Engine, instance: Instance, below: ClassValue, cls: ClassValue) -> dict[str, Values] | None:
    """What ``cls.__init__`` gets from the ``__init__`` of ``below``, over any constructors between them."""
    own = initializer(below)
    target = initializer(cls)
    if own is None or target is None or below == cls:
        return None
    activation = method_activation(ev, below, own, instance)
    if activation is None:
        return None
    for site in own.body.sites:
        function = site.call.function
        if not isinstance(function, ir.Attribute) or function.attr != "__init__":
            continue
        at = At(site.order, site.block)
        args = arguments(ev, site.call, activation, at)
        if _calls_super(function):
            above = _next_initializer(ev, instance, below)
            if above is not None and above != cls:
                return _through_super(ev, instance, above, cls)
        elif cls not in ev.values(function.value, activation, at):
            continue
        else:
            args = args[1:]
        return bind(ev, target.parameters[1:], args)
    return None


def _calls_super(function: ir.Attribute) -> bool:
    return isinstance(function.value, ir.Call) and mark(function.value) == "super"


def _next_initializer(ev: Engine, instance: Instance, below: ClassValue) -> ClassValue | None:
    """The class whose ``__init__`` comes after that of ``below`` in the order of the instance's class."""
    order, _ = mro(ev, instance.cls)
    following = order[order.index(below) + 1 :] if below in order else bases_in_program(ev, below)
    return next((one for one in following if initializer(one) is not None), None)


# --- Library objects inside ---------------------------------------------------------------------------------------


def library_part(ev: Engine, instance: Instance) -> Client | None:
    """The library object inside an instance whose class derives from a modelled library class."""
    model = library_base(ev, instance.cls)
    if model is None:
        return None
    order, _ = mro(ev, instance.cls)
    args = _base_arguments(ev, instance, order)
    made = library.construct(ev, model, args, instance.site)
    client = next((value for value in made if isinstance(value, Client)), None)
    if client is None:
        return None
    asked = library.asked_of_self(ev.models.classes[model])
    named = [(name, _written(ev, order, name, instance)) for name in asked]
    carried = tuple((name, values) for name, values in named if values and client.carry(name) is None)
    return replace(client, carried=(*client.carried, *carried))


def _base_arguments(ev: Engine, instance: Instance, order: list[ClassValue]) -> Args:
    """The arguments that reach the library class: those of the first ``__init__`` call in the constructor next to it,
    or all."""
    making = [one for one in order if initializer(one) is not None]
    below = next((one for one in reversed(making) if library_base(ev, one) is not None), None)
    own = initializer(below) if below is not None else None
    if below is None or own is None:
        return [("" if key.isdigit() else key, values) for key, values in instance.arguments]
    activation = method_activation(ev, below, own, instance)
    if activation is None:
        return []
    for site in own.body.sites:
        function = site.call.function
        if isinstance(function, ir.Attribute) and function.attr == "__init__":
            args = arguments(ev, site.call, activation, At(site.order, site.block))
            return args if _calls_super(function) else args[1:]
    return []


def _written(ev: Engine, order: list[ClassValue], name: str, instance: Instance) -> Values:
    """What the body of the nearest class binds ``name`` to, else what its methods set it to."""
    found = (from_body(ev, one, name, instance) for one in order)
    written = next((values for values in found if values is not None), ())
    return written or next((values for one in order if (values := set_in_methods(ev, one, instance, name))), ())
