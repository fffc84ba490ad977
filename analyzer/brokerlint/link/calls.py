"""Calls: arguments, parameters, and what a call gives back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from brokerlint.link import environment, library, objects, options, projects, standard, stored, texts
from brokerlint.link.scopes import Activation, At
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
    Record,
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

if TYPE_CHECKING:
    from brokerlint.link.evaluate import Evaluator

Args: TypeAlias = list[tuple[str, Values]]
"""Evaluated arguments in order: ("" for a positional one, "*" and "**" for unpacked ones, else the keyword; values)."""

DEEPEST_CALL = 14


def arguments(ev: Evaluator, call: ir.Call, act: Activation, at: At) -> Args:
    """The arguments of a call, evaluated; unpacked ones with known content are spread."""
    found: Args = []
    for argument in call.arguments:
        values = ev.values(argument.value, act, at)
        if argument.star == "*":
            for value in values[:1]:
                spread = texts.as_collection(ev, value)
                found.extend(("", item) for item in spread.items)
                if spread.more:
                    found.append(("*", unknown("unpacked arguments that are not known", needs_of((value,)))))
        elif argument.star == "**":
            records = [value for value in values if isinstance(value, Record)]
            merged: dict[str, Values] = {}
            for record in records:
                for key, item in record.entries:
                    merged[str(key)] = join(merged[str(key)], item) if len(records) > 1 and str(key) in merged else item
            found.extend(merged.items())
            if len(records) < len(values) or any(record.more for record in records):
                needs = needs_of(tuple(value for value in values if not isinstance(value, Record)))
                found.append(("**", unknown("unpacked keywords that are not known", needs)))
        else:
            found.append((argument.keyword or "", values))
    return found


def bind(ev: Evaluator, parameters: tuple[ir.Parameter, ...], args: Args) -> dict[str, Values]:
    """Parameter name -> values, for those that ``args`` give."""
    bound: dict[str, Values] = {}
    plain = [p for p in parameters if p.kind == ""]
    names = {p.name for p in parameters if p.kind in ("", "=")}
    rest_position = next((p.name for p in parameters if p.kind == "*"), None)
    rest_keyword = next((p.name for p in parameters if p.kind == "**"), None)
    extra: list[Values] = []
    loose: list[tuple[str | int | bool | None, Values]] = []
    position = 0
    open_position = open_keyword = False
    for key, values in args:
        if key == "*":
            open_position = True
            for parameter in plain[position:]:
                bound.setdefault(parameter.name, values)
        elif key == "**":
            open_keyword = True
            for parameter in parameters:
                if parameter.kind in ("", "=") and parameter.default is None:
                    bound.setdefault(parameter.name, values)
        elif key == "":
            if position < len(plain):
                bound[plain[position].name] = values
                position += 1
            else:
                extra.append(values)
        elif key in names:
            bound[key] = values
        else:
            loose.append((key, values))
    if rest_position is not None:
        bound[rest_position] = (Collection("tuple", tuple(extra), open_position),)
    if rest_keyword is not None:
        bound[rest_keyword] = (Record(tuple(loose), open_keyword),)
    return bound


def result(ev: Evaluator, call: ir.Call, act: Activation, at: At) -> Values:
    """What ``call`` gives back."""
    functions = ev.values(call.function, act, at)
    if isinstance(call.function, ir.Name) and call.function.id == "super":
        return _super(ev, act)
    args = arguments(ev, call, act, at)
    place = Place(act.path, call.line, call.end_line)
    found = join((), *[call_value(ev, function, args, place, act) for function in functions])
    if isinstance(call.function, ir.Attribute) and call.function.attr == "get" and args and all(map(_says_nothing, found)):
        return projects.configured(ev, call.function.value, args[0][1]) or stored.by_key(ev, args[0][1]) or found
    return found


def call_value(
    ev: Evaluator, function: Value, args: Args, place: Place | None, act: Activation | None = None
) -> Values:
    """What calling ``function`` with these arguments gives back."""
    if isinstance(function, FunctionValue):
        return apply(ev, function, args)
    if isinstance(function, ClassValue):
        return construct(ev, function, args, place)
    if isinstance(function, External):
        if function.path in options.RESULTS:
            return (External(options.RESULTS[function.path]),)
        found = library.call(ev, function.path, args, place)
        if found is None:
            found = environment.call(ev, function.path, args, place)
        if found is None:
            found = standard.call(ev, function.path, args, place, act)
        return unknown(f"result of {function.path}", _needs_of_all(args)) if found is None else found
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


def _needs_of_all(args: Args) -> frozenset[object]:
    return frozenset().union(*[needs_of(values) for _, values in args]) if args else frozenset()


def apply(ev: Evaluator, function: FunctionValue, args: Args) -> Values:
    """Call a function of the program: the values of its returns, or what it yields."""
    definition = function.definition
    here = (function.path, function.qualname)
    if len(ev.inlining) >= DEEPEST_CALL or ev.inlining.count(here) >= 2:
        return unknown(f"{definition.name} calls itself")
    parameters = definition.parameters[1:] if function.receiver is not None else definition.parameters
    given = list(function.given)
    args = [*[("", values) for key, values in given if isinstance(key, int)], *args]
    args = [*args, *[(str(key), values) for key, values in given if not isinstance(key, int)]]
    bound = {**bind(ev, parameters, args), **objects.receiver_argument(function)}
    activation = ev.call(function, bound, bound=True)
    if activation is None:
        return unknown("a function that can't be read")
    ev.inlining.append(here)
    try:
        found = _returned(ev, definition, activation)
    finally:
        ev.inlining.pop()
    if definition.returns is not None and all(_says_nothing(value) for value in found):
        typed = objects.annotated(ev, definition.returns, activation.parent or activation)
        return join(typed, found) if typed else found
    return found


def _says_nothing(value: Value) -> bool:
    return isinstance(value, (Unknown, External)) or value == Const(None)


def _returned(ev: Evaluator, definition: ir.Function, activation: Activation) -> Values:
    body = definition.body
    yields = [leave for leave in body.exits if leave.kind == "yield" and leave.value is not None]
    if yields:
        items = tuple(ev.values(leave.value, activation, At(leave.order, leave.block)) for leave in yields if leave.value)
        return (Collection("generator", items),)
    returns = [leave for leave in body.exits if leave.kind == "return" and leave.value is not None]
    if not returns:
        return NONE
    return join(*[ev.values(leave.value, activation, At(leave.order, leave.block)) for leave in returns if leave.value])


def construct(ev: Evaluator, cls: ClassValue, args: Args, place: Place | None) -> Values:
    """An instance of a class of the program, with its constructor's arguments by parameter."""
    cls = replace(cls, open=False) if cls.open else cls
    order, _ = objects.mro(ev, cls)
    if objects.is_enum(ev, cls):
        return join((), *[values for key, values in args[:1]])
    for one in order:
        for function in one.definition.body.functions:
            if function.name == "__init__":
                bound = bind(ev, function.parameters[1:], args)
                return (instance(cls, place, bound),)
    if objects.library_base(ev, cls) is not None:
        given = {str(index): values for index, (key, values) in enumerate(args) if key == ""}
        given |= {key: values for key, values in args if key not in ("", "*", "**")}
        return (instance(cls, place, given),)
    names = objects.fields(ev, cls)
    positional = [values for key, values in args if key == ""]
    bound = dict(zip(names, positional, strict=False))
    bound |= {key: values for key, values in args if key not in ("", "*", "**")}
    return (instance(cls, place, bound),)


def _super(ev: Evaluator, act: Activation) -> Values:
    receiver = act.receiver
    owner = act.cls
    if owner is None:
        return unknown("super() outside of a class")
    above = objects.bases_in_program(ev, owner)
    if isinstance(receiver, Instance) and above:
        return (Instance(above[0], receiver.site, receiver.arguments),)
    if isinstance(receiver, Instance):
        client = objects.library_part(ev, Instance(owner, receiver.site, receiver.arguments))
        if client is not None:
            return (client,)
    return unknown("a base class outside of the program")


def _method(ev: Evaluator, method: Method, args: Args, place: Place | None) -> Values:
    receiver = method.receiver
    if isinstance(receiver, Client):
        return library.method_result(ev, receiver, method.name, args, place)
    if isinstance(receiver, FunctionValue):
        if method.name in ("delay", "apply_async", "s", "si", "__wrapped__"):
            return unknown("a task's result")
        return apply(ev, receiver, args) if method.name in ("__call__", "fn", "func") else unknown("a function's attribute")
    return texts.method(ev, receiver, method.name, args)


__all__ = ["Args", "Const", "apply", "arguments", "bind", "call_value", "construct", "result"]
