"""Classes and their instances: inheritance, attributes set anywhere in a class, properties, enums, annotations."""

from __future__ import annotations

from dataclasses import replace
from dataclasses import replace
from typing import TYPE_CHECKING

from brokerlint.link import calls, library, settings
from brokerlint.link.scopes import END, Activation, At
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
    Needed,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    join,
    needs_of,
    traced,
    unknown,
)
from brokerlint.places import Place
from brokerlint.python import ir

if TYPE_CHECKING:
    from brokerlint.link.evaluate import Evaluator

_ENUMS = frozenset({"Enum", "StrEnum", "IntEnum", "TextChoices", "IntegerChoices", "Choices", "Flag", "IntFlag"})
_PROPERTIES = frozenset({"property", "cached_property", "classproperty", "computed_field", "hybrid_property", "reify"})
_CLASS_METHODS = frozenset({"classmethod"})
_STATIC_METHODS = frozenset({"staticmethod"})


def bases(ev: Evaluator, cls: ClassValue) -> Values:
    """The base classes, of the program and outside."""
    scope = cls.within or ev.module(cls.path)
    if scope is None:
        return ()
    nested = cls.within is None and "." in cls.qualname  # its position counts inside the class around it
    at = END if nested else At(cls.definition.order, cls.definition.block)
    found: list[Value] = []
    for base in cls.definition.bases:
        inner = base.value if isinstance(base, ir.Subscript) else base
        values = ev.values(inner, scope, at)
        found.extend(value for value in values if isinstance(value, (ClassValue, External)))
    return tuple(found)


def mro(ev: Evaluator, cls: ClassValue) -> tuple[list[ClassValue], list[str]]:
    """The class and its bases of the program, nearest first, and the dotted paths of outside bases."""
    key = ("mro", id(cls.definition))
    known: tuple[list[ClassValue], list[str]] | None = ev.answers.get(key)
    if known is not None:
        return known
    order: list[ClassValue] = []
    outside: list[str] = []
    waiting: list[Value] = [cls]
    while waiting and len(order) < 24:
        one = waiting.pop(0)
        if isinstance(one, External):
            if one.path not in outside:
                outside.append(one.path)
        elif isinstance(one, ClassValue) and one not in order:
            order.append(one)
            waiting = [*waiting, *bases(ev, one)]
    ev.answers[key] = order, outside
    return order, outside


def library_base(ev: Evaluator, cls: ClassValue) -> str | None:
    """The path of the modelled library class that ``cls`` derives from."""
    return next((path for path in mro(ev, cls)[1] if path in ev.models.classes), None)


def is_enum(ev: Evaluator, cls: ClassValue) -> bool:
    """Does the class derive from an enumeration?"""
    return any(path.rpartition(".")[2] in _ENUMS for path in mro(ev, cls)[1])


def members(ev: Evaluator, cls: ClassValue) -> list[Values]:
    """The values of an enumeration's members."""
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


# --- Attributes ---------------------------------------------------------------------------------------------------


def attribute(ev: Evaluator, base: Value, name: str) -> Values:
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
    if isinstance(base, (Const, EnvVar, Template)):
        return (base,) if name in ("value", "name_", "_value_") else (Method(base, name),)
    if isinstance(base, (Collection, Record)):
        if isinstance(base, Record) and name not in _MAPPING_METHODS:
            found = base.get(name)
            if found is not None:
                return found
        return (Method(base, name),)
    if isinstance(base, FunctionValue):
        objects = [one for one in library.becoming(ev, base) if name in _members_of(ev, one)]
        if objects:
            return join((), *[library.attribute(ev, one, name) for one in objects])
    if isinstance(base, (FunctionValue, Method)):
        return (Method(base, name),)
    if isinstance(base, Unknown) and name in ev.models.attributes:
        return join((), *[library.given(ev, gives, None, [], None, None) for gives in ev.models.attributes[name]])
    return unknown(f"attribute '{name}' of something unknown", needs_of((base,)))


def _members_of(ev: Evaluator, client: Client) -> set[str]:
    model = ev.models.classes.get(client.model)
    return {*model.methods, *model.attributes} if model else set()


_MAPPING_METHODS = frozenset({"get", "items", "keys", "values", "copy", "pop", "update", "setdefault"})


def class_attribute(ev: Evaluator, cls: ClassValue, name: str) -> Values:
    """``Class.name``: what the class body or a base binds."""
    order, outside = mro(ev, cls)
    enum = any(path.rpartition(".")[2] in _ENUMS for path in outside)
    for one in order:
        found = _from_body(ev, one, name, cls)
        if found is None:
            continue
        if cls.open and not any(isinstance(value, FunctionValue) for value in found):
            return _overridden(ev, cls, name, found)
        if all(value == Const(None) for value in found):
            return join(found, _stored_on_class(ev, cls, name))
        return _member_value(found) if enum else found
    if enum and name == "values":
        return (Collection("list", tuple(members(ev, cls))),)
    if enum and name in ("__members__", "choices"):
        return (Record(tuple((f"#{i}", values) for i, values in enumerate(members(ev, cls)))),)
    for path in outside:
        if path in ev.models.classes:
            return (Method(cls, name),)
    stored = _stored_on_class(ev, cls, name)
    if stored:
        return stored
    return unknown(f"{cls.definition.name} has no '{name}'")


def _from_body(ev: Evaluator, cls: ClassValue, name: str, receiver: ClassValue | Instance) -> Values | None:
    """What the body of ``cls`` binds ``name`` to; methods come bound to ``receiver``."""
    scope = ev.class_body(cls)
    if scope is None:
        return None
    values = ev.defined(scope, name, END)
    if values is None:
        return None
    found: list[Values] = []
    for value in values:
        if isinstance(value, FunctionValue) and value.owner is not None and value.receiver is None:
            found.append(_bound(ev, value, receiver))
        else:
            found.append((value,))
    return join(*found)


def _bound(ev: Evaluator, function: FunctionValue, receiver: ClassValue | Instance) -> Values:
    marks = {_last(decorator) for decorator in function.definition.decorators}
    if marks & _STATIC_METHODS:
        return (function,)
    if marks & _CLASS_METHODS:
        receiver = receiver.cls if isinstance(receiver, Instance) else receiver
    elif isinstance(receiver, ClassValue):
        return (function,)
    bound = FunctionValue(
        function.path, function.qualname, function.definition, receiver, function.within, function.owner
    )
    if marks & _PROPERTIES:
        return calls.apply(ev, bound, [])
    return (bound,)


def _last(decorator: ir.Expr) -> str:
    if isinstance(decorator, ir.Call):
        return _last(decorator.function)
    if isinstance(decorator, ir.Attribute):
        return decorator.attr
    return decorator.id if isinstance(decorator, ir.Name) else ""


def instance_attribute(ev: Evaluator, instance: Instance, name: str) -> Values:
    """``object.name``: set in a method, given to a constructor without code, or bound in the class body."""
    order, outside = mro(ev, instance.cls)
    settled: Values = ()
    for one in order:
        values = set_in_methods(ev, one, instance, name)
        useful = tuple(value for value in values if not (isinstance(value, Const) and value.value is None))
        settled = join(settled, useful or values)
        if useful and not all(isinstance(value, Unknown) and not value.needs for value in useful):
            break
    if settled and any(not isinstance(value, Unknown) and value != Const(None) for value in settled):
        return settled
    setting = settings.attribute(ev, instance, name, order, outside)
    if setting is not None:
        return join(settled, setting) if settled else setting
    field = _field(ev, instance, name, order)
    if field is not None:
        return field
    for one in order:
        found = _from_body(ev, one, name, instance)
        if found is not None:
            found = _without_abstract(ev, instance, name, found)
            plain = instance.site is None and not any(isinstance(value, FunctionValue) for value in found)
            return _overridden(ev, instance.cls, name, found) if plain else found
    client = library_part(ev, instance)
    if client is not None:
        found = library.attribute(ev, client, name)
        if any(not isinstance(value, Unknown) for value in found):
            return found
    if settled:
        return settled
    if instance.site is None:
        from_subclasses = [
            instance_attribute(ev, Instance(sub, None), name) for sub in subclasses(ev, instance.cls) if sub not in order
        ]
        if from_subclasses:
            return join(*from_subclasses[:12])
    getter = next((f for one in order for f in one.definition.body.functions if f.name == "__getattr__"), None)
    if getter is not None and not name.startswith("__"):
        owner = next(one for one in order if getter in one.definition.body.functions)
        function = FunctionValue(owner.path, getter.qualname, getter, instance, owner.within, owner)
        return calls.apply(ev, function, [("", (Const(name),))])
    return unknown(f"{instance.cls.definition.name} has no attribute '{name}'", _receiver_need(instance))


def _receiver_need(instance: Instance) -> frozenset[Needed]:
    if instance.site is not None:
        return frozenset()
    return frozenset((Needed(instance.cls.path, f"{instance.cls.qualname}.__init__", "self"),))


def set_in_methods(ev: Evaluator, cls: ClassValue, instance: Instance, name: str) -> Values:
    """The values that methods written in ``cls`` give to ``self.name``."""
    found: list[Values] = []
    for function in cls.definition.body.functions:
        if not function.parameters:
            continue
        own = function.parameters[0].name
        names = ev.names(function.body)
        bindings = names.attributes.get((own, name))
        if not bindings:
            continue
        activation = method_activation(ev, cls, function, instance)
        if activation is None:
            continue
        values = [
            traced(ev.values(b.value, activation, At(b.order, b.block)), Place(cls.path, b.line)) for b in bindings
        ]
        stores = names.stores.get(f"{own}.{name}", ())
        found.append(ev._changed(join(*values), stores, activation, END))
    return join(*found) if found else ()


def method_activation(ev: Evaluator, cls: ClassValue, function: ir.Function, instance: Instance) -> Activation | None:
    """A method's activation on ``instance``: its constructor with the constructor's arguments, others open."""
    value = FunctionValue(cls.path, function.qualname, function, instance, cls.within, cls)
    if function.name == "__init__":
        arguments = constructor_arguments(ev, instance, cls)
        if arguments is not None:
            known = instance.site is not None
            return ev.call(value, {**arguments, **receiver_argument(value)}, bound=known)
    return ev.call(value, receiver_argument(value), bound=False)


def constructor_arguments(ev: Evaluator, instance: Instance, cls: ClassValue) -> dict[str, Values] | None:
    """The arguments that ``cls.__init__`` gets when ``instance`` is made: directly or through ``super().__init__``."""
    order, _ = mro(ev, instance.cls)
    first = next((one for one in order if _initializer(one) is not None), None)
    if first is None or first == cls:
        return dict(instance.arguments)
    return _through_super(ev, instance, first, cls)


def _through_super(ev: Evaluator, instance: Instance, below: ClassValue, cls: ClassValue) -> dict[str, Values] | None:
    own = _initializer(below)
    target = _initializer(cls)
    if own is None or target is None or below == cls:
        return None
    activation = method_activation(ev, below, own, instance)
    if activation is None:
        return None
    for site in own.body.sites:
        function = site.call.function
        if isinstance(function, ir.Attribute) and function.attr == "__init__":
            at = At(site.order, site.block)
            args = calls.arguments(ev, site.call, activation, at)
            is_super = isinstance(function.value, ir.Call) and _last(function.value) == "super"
            if is_super:
                order, _ = mro(ev, instance.cls)
                following = order[order.index(below) + 1 :] if below in order else bases_in_program(ev, below)
                above = next((one for one in following if _initializer(one) is not None), None)
                if above is not None and above != cls:
                    return _through_super(ev, instance, above, cls)
            elif cls not in ev.values(function.value, activation, at):
                continue
            else:
                args = args[1:]
            return calls.bind(ev, target.parameters[1:], args)
    return None


def bases_in_program(ev: Evaluator, cls: ClassValue) -> list[ClassValue]:
    """The bases that belong to the program, all levels, nearest first."""
    return mro(ev, cls)[0][1:]


def _initializer(cls: ClassValue) -> ir.Function | None:
    return next((f for f in cls.definition.body.functions if f.name == "__init__"), None)


def initializer_of(ev: Evaluator, cls: ClassValue) -> FunctionValue | None:
    """The ``__init__`` that makes instances of ``cls``, when the program has it."""
    for one in mro(ev, cls)[0]:
        own = _initializer(one)
        if own is not None:
            return FunctionValue(one.path, own.qualname, own, None, one.within, one)
    return None


def fields(ev: Evaluator, cls: ClassValue) -> list[str]:
    """The annotated names of the class and its bases, base first: a dataclass's constructor parameters."""
    order, _ = mro(ev, cls)
    seen: dict[str, None] = {}
    for one in reversed(order):
        for binding in one.definition.body.bindings:
            if isinstance(binding.target, ir.Name) and binding.annotation is not None:
                seen.setdefault(binding.target.id)
    return list(seen)


def _field(ev: Evaluator, instance: Instance, name: str, order: list[ClassValue]) -> Values | None:
    """An attribute that a generated constructor sets."""
    if any(_initializer(one) is not None for one in order):
        return None
    for key, values in instance.arguments:
        if key == name:
            return values
    declared = any(
        isinstance(b.target, ir.Name) and b.target.id == name and b.annotation is not None
        for one in order
        for b in one.definition.body.bindings
    )
    if not declared:
        return None
    for one in order:
        scope = ev.class_body(one)
        binding = next(
            (b for b in one.definition.body.bindings if isinstance(b.target, ir.Name) and b.target.id == name), None
        )
        if scope is None or binding is None:
            continue
        default: Values = ()
        if binding.kind != "declare":
            default = settings.default_of(ev, ev.values(binding.value, scope, At(binding.order, binding.block)))
        if instance.site is not None:
            return default or unknown(f"field '{name}' was not given")
        typed = annotated(ev, binding.annotation, scope) if binding.annotation is not None else ()
        need = Needed(one.path, f"{one.qualname}.__init__", name)
        return join(default, typed, unknown(f"field '{name}' of {one.definition.name}", frozenset((need,))))
    return None


def _without_abstract(ev: Evaluator, instance: Instance, name: str, found: Values) -> Values:
    """For any instance of a base class, what its implementations put in the place of an abstract method or an empty name."""
    if instance.site is not None:
        return found
    kept: list[Values] = []
    for value in found:
        abstract = isinstance(value, FunctionValue) and is_abstract(value.definition)
        if abstract or (isinstance(value, Const) and value.value in (None, "")):
            implementing = implementations(ev, instance.cls)
            given = [_from_body(ev, one, name, Instance(one, None)) or () for one in implementing]
            kept.append(join((), *given) or (value,))
        else:
            kept.append((value,))
    return join(*kept)


def _overridden(ev: Evaluator, cls: ClassValue, name: str, found: Values) -> Values:
    """A class attribute as any deriving class may have it: who is asked decides, where classes give their own."""
    own = [sub for sub in subclasses(ev, cls) if name in ev.names(sub.definition.body).definitions]
    if not own:
        return found
    given = [_from_body(ev, sub, name, sub) or () for sub in own[:24]]
    need = Needed(cls.path, f"{cls.qualname}.__init__", "self")
    return join(found, *given, unknown(f"'{name}' of a class that derives from {cls.definition.name}", frozenset((need,))))


def implementations(ev: Evaluator, cls: ClassValue) -> list[ClassValue]:
    """The subclasses of ``cls``; of a protocol without any, the classes that have all its methods."""
    derived = subclasses(ev, cls)
    if derived or not any(path.rpartition(".")[2] == "Protocol" for path in mro(ev, cls)[1]):
        return derived
    wanted = {f.name for f in cls.definition.body.functions if not f.name.startswith("__")}
    if not wanted:
        return []
    found: list[ClassValue] = []
    for module in ev.program.mentioning(f"def {min(wanted)}("):
        for one in module.body.classes:
            value = ClassValue(module.path, one, one.qualname)
            has = {f.name for f in one.body.functions if not is_abstract(f)}
            if one is not cls.definition and wanted <= has:
                found.append(value)
    return found[:12]


def is_abstract(function: ir.Function) -> bool:
    """Has the function no body of its own (``...``, ``pass``, ``raise NotImplementedError``)?"""
    body = function.body
    if body.sites and not all(_last(site.call) == "NotImplementedError" for site in body.sites):
        return False
    raises = any(
        leave.kind == "raise" and leave.value is not None and _last(leave.value) == "NotImplementedError"
        for leave in body.exits
    )
    marked = any(_last(decorator) in ("abstractmethod", "abstractproperty") for decorator in function.decorators)
    empty = not body.bindings and not any(leave.kind in ("return", "yield") for leave in body.exits)
    return raises or marked or (empty and not body.sites and not body.functions)


def subclasses(ev: Evaluator, cls: ClassValue) -> list[ClassValue]:
    """The classes of the program that derive from ``cls``, in files that name it."""
    cls = replace(cls, open=False) if cls.open else cls
    key = ("subclasses", cls.path, cls.qualname)
    cached = ev._activations.get(key)
    if cached is not None:
        return cached  # type: ignore[return-value]
    ev._activations[key] = []  # type: ignore[assignment]
    found: list[ClassValue] = []
    waiting = [cls]
    while waiting and len(found) < 60:
        here = waiting.pop(0)
        for module in ev.program.mentioning(here.definition.name):
            for candidate in module.body.classes:
                value = ClassValue(module.path, candidate, candidate.qualname)
                if value not in found and value != cls and candidate.bases and here in bases(ev, value):
                    found.append(value)
                    waiting.append(value)
    ev._activations[key] = found  # type: ignore[assignment]
    return found


def library_part(ev: Evaluator, instance: Instance) -> Client | None:
    """The library object inside an instance whose class derives from a modelled library class."""
    model = library_base(ev, instance.cls)
    if model is None:
        return None
    order, _ = mro(ev, instance.cls)
    args: calls.Args = [("" if key.isdigit() else key, values) for key, values in instance.arguments]
    below = next((one for one in order if _initializer(one) is not None), None)
    if below is not None:
        own = _initializer(below)
        activation = method_activation(ev, below, own, instance) if own else None
        args = []
        if own is not None and activation is not None:
            for site in own.body.sites:
                function = site.call.function
                if isinstance(function, ir.Attribute) and function.attr == "__init__":
                    args = calls.arguments(ev, site.call, activation, At(site.order, site.block))
                    if not (isinstance(function.value, ir.Call) and _last(function.value) == "super"):
                        args = args[1:]
                    break
    made = library.construct(ev, model, args, instance.site)
    client = next((value for value in made if isinstance(value, Client)), None)
    if client is None:
        return None
    named = [(name, _from_class(ev, order, name, instance)) for name in library.asked_of_self(ev.models.classes[model])]
    written = tuple((name, values) for name, values in named if values and client.carry(name) is None)
    return replace(client, carried=(*client.carried, *written))


def _from_class(ev: Evaluator, order: list[ClassValue], name: str, instance: Instance) -> Values:
    """What the body of the nearest class binds ``name`` to."""
    found = (_from_body(ev, one, name, instance) for one in order)
    return next((values for values in found if values is not None), ())


# --- Receivers and annotations ------------------------------------------------------------------------------------


def symbolic_receiver(function: ir.Function, owner: ClassValue | None) -> Instance | ClassValue | None:
    """What ``self`` (or ``cls``) stands for when the caller is not known: any instance of the class."""
    if owner is None or not function.parameters:
        return None
    marks = {_last(decorator) for decorator in function.decorators}
    if marks & _STATIC_METHODS:
        return None
    return replace(owner, open=True) if marks & _CLASS_METHODS else Instance(owner, None)


def receiver_argument(function: FunctionValue) -> dict[str, Values]:
    """The receiver as the first parameter's argument."""
    if function.receiver is None or not function.definition.parameters:
        return {}
    return {function.definition.parameters[0].name: (function.receiver,)}


def annotated(ev: Evaluator, annotation: ir.Expr, scope: Activation) -> Values:
    """The object that an annotation promises: any instance of a class of the program, or a library object."""
    if isinstance(annotation, ir.Constant) and isinstance(annotation.value, str):
        return _annotated_name(ev, annotation.value, scope)
    if isinstance(annotation, ir.Binary) and annotation.operator == "|":
        return join((), annotated(ev, annotation.left, scope), annotated(ev, annotation.right, scope))
    if isinstance(annotation, ir.Subscript):
        outer = _last(annotation.value)
        if outer in ("Optional", "Annotated", "Final", "ClassVar", "Union"):
            inner = annotation.index
            parts = inner.items if isinstance(inner, ir.Sequence) else (inner,)
            return join((), *[annotated(ev, part, scope) for part in (parts[:1] if outer == "Annotated" else parts)])
        return annotated(ev, annotation.value, scope) if outer and outer[0].isupper() else ()
    if not isinstance(annotation, (ir.Name, ir.Attribute)):
        return ()
    found: list[Value] = []
    for value in ev.values(annotation, scope, END):
        if isinstance(value, ClassValue):
            found.append(Instance(value, None))
        elif isinstance(value, External) and value.path in ev.models.classes:
            model = ev.models.classes[value.path]
            found.append(Client(model.path))
    return tuple(found)


def _annotated_name(ev: Evaluator, text: str, scope: Activation) -> Values:
    parts = text.split("[")[0].split("|")[0].strip().split(".")
    if not all(part.isidentifier() for part in parts):
        return ()
    expr: ir.Expr = ir.Name(parts[0])
    for part in parts[1:]:
        expr = ir.Attribute(expr, part)
    ev.keep(expr)
    return annotated(ev, expr, scope)


def injected(ev: Evaluator, parameter: ir.Parameter, scope: Activation) -> Values:
    """What a framework hands to this parameter: ``x = Depends(f)`` or ``x: Annotated[T, Depends(f)]``."""
    candidates: list[ir.Expr] = []
    if isinstance(parameter.default, ir.Call):
        candidates.append(parameter.default)
    note = parameter.annotation
    if isinstance(note, ir.Subscript) and _last(note.value) == "Annotated" and isinstance(note.index, ir.Sequence):
        candidates.extend(item for item in note.index.items[1:] if isinstance(item, ir.Call))
    for call in candidates:
        if _last(call) in ("Depends", "Provide", "Inject", "Security") and call.arguments:
            provider = ev.values(call.arguments[0].value, scope, END)
            made = [calls.call_value(ev, value, [], None) for value in provider if not isinstance(value, Unknown)]
            found = join((), *made)
            return join((), *[entered(ev, value) for value in found])
    return ()


def entered(ev: Evaluator, base: Value) -> Values:
    """What a context manager gives: itself, what ``__enter__`` returns, or what a generator yields."""
    if isinstance(base, Collection) and base.kind == "generator":
        return join((), *base.items)
    if isinstance(base, Instance):
        for name in ("__aenter__", "__enter__"):
            method = [v for v in instance_attribute(ev, base, name) if isinstance(v, FunctionValue)]
            if method:
                given = join((), *[calls.apply(ev, function, []) for function in method])
                useful = tuple(value for value in given if value != Const(None) and not isinstance(value, Unknown))
                return useful or (base,)
        return (base,)
    if isinstance(base, Client):
        return library.entered(ev, base)
    return (base,)


def client_item(ev: Evaluator, base: Client, keys: Values) -> Values:
    """``client[key]``: an object that carries the key as its channel (``client.topics[b"x"]``)."""
    model = ev.models.classes.get(base.model)
    if model is not None and "__getitem__" in model.methods:
        return library.method_result(ev, base, "__getitem__", [("", keys)], base.site)
    element = base.carry("element")
    return element if element else unknown("an item of a message", needs_of(keys))


def _stored_on_class(ev: Evaluator, cls: ClassValue, name: str) -> Values:
    """Attributes that class methods set through ``cls.name = value``, or that code sets from outside."""
    found: list[Values] = []
    for function in cls.definition.body.functions:
        if not function.parameters:
            continue
        bindings = ev.names(function.body).attributes.get((function.parameters[0].name, name), [])
        bindings = bindings + ev.names(function.body).attributes.get((cls.definition.name, name), [])
        if not bindings:
            continue
        scope = ev.class_body(cls)
        value = FunctionValue(cls.path, function.qualname, function, cls, cls.within, cls)
        activation = ev.call(value, receiver_argument(value), bound=False) if scope else None
        if activation is not None:
            found += [ev.values(b.value, activation, At(b.order, b.block)) for b in bindings]
    return join((), *found)
