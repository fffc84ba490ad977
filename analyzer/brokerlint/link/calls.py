"""Calls: what calling each kind of value gives back."""

from __future__ import annotations

from dataclasses import replace

from brokerlint.link import environment, inheritance, library, objects, options, projects, standard, stored, texts
from brokerlint.link.annotations import annotated
from brokerlint.link.arguments import arguments, bind
from brokerlint.link.branches import avoided
from brokerlint.link.engine import Args, Engine
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.values import (
    NONE,
    ClassValue,
    Client,
    Collection,
    Const,
    External,
    FunctionValue,
    Instance,
    Method,
    Needed,
    Unknown,
    Value,
    Values,
    instance,
    join,
    needs_of,
    unknown,
)
from brokerlint.places import Place
from brokerlint.python import ir

__all__ = ["Args", "apply", "arguments", "bind", "call_value", "construct", "result"]

_RESOLVING = frozenset({"resolve", "resolve_class", "get_instance"})
"""Methods of dependency containers that give an object of the class they get: ``container.resolve(Config)``."""


def result(ev: Engine, call: ir.Call, act: Activation, at: At) -> Values:
    """What ``call``, standing at ``at`` in ``act``, gives back."""
    functions = ev.values(call.function, act, at)
    if isinstance(call.function, ir.Name) and call.function.id == "super":
        return _super(ev, act)
    args = arguments(ev, call, act, at)
    place = Place(act.path, call.line, call.end_line)
    found = join((), *[call_value(ev, function, args, place) for function in functions])
    if call.arguments and last_name(call.function) in _RESOLVING and _says_nothing(found):
        return annotated(ev, call.arguments[0].value, act) or found
    if not (args and isinstance(call.function, ir.Attribute) and call.function.attr == "get"):
        return found
    container, keys = call.function.value, args[0][1]
    elsewhere = projects.configured(ev, container, keys) or stored.by_key(ev, keys) if _says_nothing(found) else ()
    return elsewhere or found


def call_value(ev: Engine, function: Value, args: Args, place: Place | None) -> Values:
    """What calling ``function`` with these arguments gives back. ``place`` is where an object is made."""
    if isinstance(function, FunctionValue):
        return apply(ev, function, args)
    if isinstance(function, ClassValue):
        return construct(ev, function, args, place)
    if isinstance(function, External):
        return _external(ev, function.path, args, place)
    if isinstance(function, Method):
        return _method(ev, function, args, place)
    if isinstance(function, Instance):
        inner = objects.instance_attribute(ev, function, "__call__")
        called = [apply(ev, value, args) for value in inner if isinstance(value, FunctionValue)]
        return join((), *called) or unknown("an object that is called")
    if isinstance(function, Unknown):
        return unknown("result of something unknown", function.needs)
    if isinstance(function, Client):
        return library.called(ev, function, args, place)
    return unknown("something that can't be called")


def _external(ev: Engine, path: str, args: Args, place: Place | None) -> Values:
    """A function from outside: a modelled library's, one that reads the environment, or a standard one."""
    if path in options.RESULTS:
        return (External(options.RESULTS[path]),)
    for answering in (library.call, environment.call, standard.call):
        found = answering(ev, path, args, place)
        if found is not None:
            return found
    none: frozenset[Needed] = frozenset()
    return unknown(f"result of {path}", none.union(*[needs_of(values) for _, values in args]))


def apply(ev: Engine, function: FunctionValue, args: Args) -> Values:
    """Call a function of the program: the values of its returns, or what it yields."""
    definition = function.definition
    here = (function.path, function.qualname)
    parameters = definition.parameters[1:] if function.receiver is not None else definition.parameters
    before = [("", values) for key, values in function.given if isinstance(key, int)]
    after = [(key, values) for key, values in function.given if isinstance(key, str)]
    bound = {**bind(ev, parameters, [*before, *args, *after]), **objects.receiver_argument(function)}
    activation = ev.call(function, bound, bound=True)
    if activation is None:
        return unknown("a function that can't be read")
    found = ev.inside(here, lambda: _returned(ev, definition, activation))
    if found is None:
        return unknown(f"{definition.name} calls itself")
    if definition.returns is not None and _says_nothing(found):
        typed = annotated(ev, definition.returns, activation.parent or activation)
        return join(typed, found) if typed else found
    return found


def _says_nothing(values: Values) -> bool:
    return all(isinstance(value, (Unknown, External)) or value == Const(None) for value in values)


def _returned(ev: Engine, definition: ir.Function, activation: Activation) -> Values:
    """What the function returns where its arguments lead to; the items of a generator."""

    def leaving(kind: str) -> list[Values]:
        found = []
        for leave in definition.body.exits:
            at = At(leave.order, leave.block)
            if leave.kind == kind and leave.value is not None and not avoided(ev, activation, at):
                found.append(ev.values(leave.value, activation, at))
        return found

    yields = leaving("yield")
    if yields:
        return (Collection("generator", tuple(yields)),)
    returns = leaving("return")
    return join(*returns) if returns else NONE


def construct(ev: Engine, cls: ClassValue, args: Args, place: Place | None) -> Values:
    """An instance of a class of the program, with its constructor's arguments by parameter."""
    cls = replace(cls, open=False) if cls.open else cls
    if objects.is_enum(ev, cls):
        return join((), *[values for key, values in args[:1]])
    for one in objects.mro(ev, cls)[0]:
        own = inheritance.initializer(one)
        if own is not None:
            return (instance(cls, place, bind(ev, own.parameters[1:], args)),)
    positional = [values for key, values in args if key == ""]
    keywords = {key: values for key, values in args if key not in ("", "*", "**")}
    if objects.library_base(ev, cls) is not None:
        numbered = {str(index): values for index, (key, values) in enumerate(args) if key == ""}
        return (instance(cls, place, numbered | keywords),)
    named = dict(zip(objects.fields(ev, cls), positional, strict=False))
    return (instance(cls, place, named | keywords),)


def _super(ev: Engine, act: Activation) -> Values:
    receiver = act.receiver
    owner = act.cls
    if owner is None:
        return unknown("super() outside of a class")
    above = objects.bases_in_program(ev, owner)
    if isinstance(receiver, Instance) and above:
        return (objects.as_base(ev, receiver, above[0]),)
    if isinstance(receiver, Instance):
        client = objects.library_part(ev, Instance(owner, receiver.site, receiver.arguments))
        if client is not None:
            return (client,)
    return unknown("a base class outside of the program")


def _method(ev: Engine, method: Method, args: Args, place: Place | None) -> Values:
    receiver = method.receiver
    if isinstance(receiver, Client):
        return library.method_result(ev, receiver, method.name, args, place)
    if isinstance(receiver, FunctionValue):
        if method.name in ("delay", "apply_async", "s", "si", "__wrapped__"):
            return unknown("a task's result")
        calling = method.name in ("__call__", "fn", "func")
        return apply(ev, receiver, args) if calling else unknown("a function's attribute")
    return texts.method(ev, receiver, method.name, args)
