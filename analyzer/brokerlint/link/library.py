"""Library objects: constructing the classes that the models describe, and what their methods give."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from brokerlint.link import calls
from brokerlint.link.scopes import At
from brokerlint.link.values import (
    Client,
    Collection,
    Const,
    EnvVar,
    External,
    FunctionValue,
    Instance,
    Method,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    concat,
    join,
    needs_of,
    unknown,
)
from brokerlint.models.model import Argument, ClassModel, Gives, Operation
from brokerlint.places import Place
from brokerlint.python import ir

if TYPE_CHECKING:
    from brokerlint.link.calls import Args
    from brokerlint.link.evaluate import Evaluator


def call(ev: Evaluator, path: str, args: Args, place: Place | None) -> Values | None:
    """The result of a modelled function or constructor; None when the models don't know ``path``."""
    if path in ev.models.classes:
        return construct(ev, path, args, place)
    operation = ev.models.functions.get(path)
    if operation is None or operation.gives is None:
        return None
    return given(ev, operation.gives, None, args, place, operation)


def construct(ev: Evaluator, path: str, args: Args, place: Place | None) -> Values:
    """A new object of the modelled class at ``path``."""
    model = ev.models.classes[path]
    config = configuration(ev, model, args)
    if model.construct is not None and model.construct.gives is not None:
        made = given(ev, model.construct.gives, None, args, place, model.construct)
        return tuple(
            Client(v.model, v.carried, config, place) if isinstance(v, Client) and v.model == model.path else v
            for v in made
        )
    carried: list[tuple[str, Values]] = []
    if model.construct is not None and model.construct.channel is not None:
        values = argument(ev, model.construct.channel, args, None)
        if values:
            carried.append(("channel", values))
    if model.group is not None:
        group = argument(ev, model.group, args, None, config)
        if group:
            carried.append(("group", group))
    return (Client(model.path, tuple(carried), config, place),)


def configuration(ev: Evaluator, model: ClassModel, args: Args) -> Values:
    """The client's configuration as a record: the mapping given, or all keywords."""
    if model.config is None:
        return ()
    entries: list[tuple[str | int | bool | None, Values]] = []
    more = False
    positions = [place for place in model.config.places if isinstance(place, int)]
    positional = [values for key, values in args if key == ""]
    for position in positions:
        for value in positional[position] if position < len(positional) else ():
            if isinstance(value, Record):
                entries.extend(value.entries)
                more = more or value.more
            else:
                more = True
    for place in model.config.places:
        if isinstance(place, str) and place not in ("**",):
            for value in dict(args).get(place, ()):
                if isinstance(value, Record):
                    entries.extend(value.entries)
                    more = more or value.more
    if "**" in model.config.places:
        entries.extend((key, values) for key, values in args if key not in ("", "*", "**"))
        more = more or any(key in ("*", "**") for key, _ in args)
    return (Record(tuple(entries), more),)


def together(config: Values, own: Values) -> Values:
    """A client's configuration with what one call sets for itself on top."""
    records = [value for value in (*config, *own) if isinstance(value, Record)]
    if not config or not own or len(records) < 2:
        return config or own
    entries = tuple(entry for record in records for entry in record.entries)
    return (Record(entries, any(record.more for record in records)),)


def argument(
    ev: Evaluator, spec: Argument, args: Args, receiver: Client | None, config: Values = ()
) -> Values:
    """The value that ``spec`` points at; () when the call does not give it."""
    values = _found(ev, spec, args, receiver, config)
    if values and spec.prefix is not None:
        front = tuple(v for v in argument(ev, spec.prefix, args, receiver, config) if v not in (Const(None), Const("")))
        if front:
            values = _prefixed(values, front, spec.joint)
    return values


def _found(ev: Evaluator, spec: Argument, args: Args, receiver: Client | None, config: Values) -> Values:
    """The value at the first of the places that has one, or the default, or what may hide in unpacked arguments."""
    for place in spec.places:
        values = _at(ev, place, args, receiver, config)
        if values:
            # A configuration key may hold dots (``group.id``): it is one step.
            steps = (".".join(spec.path),) if place == "config" and spec.path else spec.path
            for step in steps if place in ("config", *_deep(spec)) else ():
                values = _step(ev, values, step)
            if spec.match:
                values = _matched(values, spec.match)
            if spec.separator:
                values = _split(values, spec.separator)
            if spec.default is not None:
                values = _defaulted(values, spec.default)
            if values:
                return values
    if spec.default is not None and not any(key in ("*", "**") for key, _ in args):
        return (Const(spec.default),)
    hidden = [values for key, values in args if key in ("*", "**")]
    return join((), *hidden)


def _matched(values: Values, expression: str) -> Values:
    """The first group of ``expression`` in each text; a text that does not match gives nothing."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, str):
            match = re.search(expression, value.value)
            found += [Const(match[1], value.trace)] if match and match[1] else []
        elif isinstance(value, Template):
            text = "".join(part if isinstance(part, str) else "\0" for part in value.parts)
            match = re.search(expression, text)
            if match and "\0" not in match[1]:
                found.append(Const(match[1], value.trace))
            elif match:
                found.append(unknown("a name inside a text that is not known")[0])
        elif isinstance(value, Collection):
            items = tuple(_matched(item, expression) for item in value.items)
            found.append(Collection(value.kind, tuple(item for item in items if item), value.more))
        else:
            found.append(value)
    return tuple(found)


def _prefixed(values: Values, front: Values, joint: str) -> Values:
    """Each name with ``front`` and ``joint`` before it."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Collection):
            items = tuple(_prefixed(item, front, joint) for item in value.items)
            found.append((Collection(value.kind, items, value.more),))
        elif isinstance(value, Client) and value.carry("channel"):
            found.append(_prefixed(value.carry("channel") or (), front, joint))
        elif isinstance(value, (Const, EnvVar, Template)):
            found.append(concat([front, (Const(joint),), (value,)]))
        else:
            found.append((value,))
    return join((), *found)


def _deep(spec: Argument) -> tuple[int | str, ...]:
    """The places that ``spec.path`` applies to: with ``config`` among them, only that one."""
    return () if "config" in spec.places else spec.places


def _at(ev: Evaluator, place: int | str, args: Args, receiver: Client | None, config: Values) -> Values:
    positional = [values for key, values in args if key == ""]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else ()
    if place == "config" and (receiver is not None or config):
        return receiver.config if receiver is not None else config
    if place == "receiver":
        return receiver.carry("channel") or () if receiver else ()
    if place.startswith("self."):
        name = place.removeprefix("self.")
        if receiver is None:
            return ()
        return receiver.carry(name) or ()
    if place.startswith("@"):
        path, _, name = place[1:].rpartition(".")
        return ambient(ev, path, name)
    if place == "**":
        entries = tuple((key, values) for key, values in args if key not in ("", "*", "**"))
        return (Record(entries, any(key == "**" for key, _ in args)),) if entries else ()
    if place.startswith("*"):
        start = int(place[1:] or 0)
        items = tuple(positional[start:])
        spread = any(key == "*" for key, _ in args)
        if not items and not spread:
            return ()
        extra = join((), *[values for key, values in args if key == "*"])
        return (Collection("tuple", (*items, extra) if extra else items),)
    return next((values for key, values in args if key == place), ())


def _step(ev: Evaluator, values: Values, step: str) -> Values:
    found: list[Values] = []
    for value in values:
        if step == "[]":
            found.append(ev.element_of(value))
        elif isinstance(value, Record):
            inner = value.get(step)
            if inner is not None:
                found.append(inner)
            elif value.more:
                found.append(unknown(f"'{step}' may be set elsewhere"))
            else:
                found.append((Const(None),))
        elif isinstance(value, Instance):
            from brokerlint.link import objects

            found.append(objects.instance_attribute(ev, value, step))
        elif isinstance(value, Client):
            found.append(value.carry(step) or unknown(f"'{step}' of a library object"))
        else:
            found.append(unknown(f"'{step}' of something unknown", needs_of((value,))))
    kept = join((), *found)
    return kept


def _split(values: Values, separator: str) -> Values:
    found: list[Value] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, str) and separator in value.value:
            pieces = [piece.strip() for piece in value.value.split(separator)]
            found.append(Collection("list", tuple((Const(piece, value.trace),) for piece in pieces if piece)))
        else:
            found.append(value)
    return tuple(found)


def _defaulted(values: Values, default: str) -> Values:
    return tuple(Const(default) if value == Const(None) else value for value in values)


def given(
    ev: Evaluator, gives: Gives, receiver: Client | None, args: Args, place: Place | None, operation: Operation | None
) -> Values:
    """The object or mapping that a call gives."""
    if gives.returns:
        return (_answer(ev, gives, receiver, args, operation),)
    models = [gives.model] if gives.model else []
    missing: Values = ()
    if gives.by is not None:
        chosen = argument(ev, gives.by, args, receiver)
        names = [text for value in chosen for text in beginnings(value)]
        models = [model for name in names if (model := choice(gives.choices, name))]
        if not all(beginnings(value) for value in chosen):
            missing = unknown("a client whose service is not known", needs_of(chosen))
        elif not models:
            return unknown(f"a client of another service ({', '.join(str(name) for name in names[:3])})")
    carried = [(name, argument(ev, spec, args, receiver)) for name, spec in gives.carries.items()]
    carried = [(name, values) for name, values in carried if values]
    if gives.element:
        inner = [(name, values) for name, values in (receiver.carried if receiver else ())]
        carried.append(("element", (Client(gives.element, tuple(inner), (), place),)))
    if receiver is not None and (gives.keeps or gives.element):
        fresh = {name for name, _ in carried}
        carried = [*[pair for pair in receiver.carried if pair[0] not in fresh], *carried]
    if gives.keyed is not None:
        names = argument(ev, gives.keyed[0], args, receiver)
        for one in names:
            if isinstance(one, Record):
                carried += [(str(key), values) for key, values in one.entries]
        values = argument(ev, gives.keyed[1], args, receiver)
        for name in names:
            if isinstance(name, Const) and isinstance(name.value, str):
                carried = [*[pair for pair in carried if pair[0] != name.value], (name.value, values)]
    config: Values = receiver.config if receiver is not None and gives.keeps else ()
    if gives.config is not None:
        config = argument(ev, gives.config, args, receiver)
    if not models and gives.element:
        models = ["collection"]
    if not models and "value" in gives.carries:
        return join((), *[values for name, values in carried if name == "value"]) or unknown("an attribute")
    site = place
    return join(tuple(Client(model, tuple(carried), config, site) for model in models), missing)


def beginnings(value: Value) -> list[str]:
    """The text of a value that chooses a class, or as much of its beginning as is known."""
    if isinstance(value, Const):
        return [str(value.value)]
    if isinstance(value, EnvVar):
        return [text for one in value.default or () for text in beginnings(one)]
    if isinstance(value, Template) and isinstance(value.parts[0], str):
        return [value.parts[0]]
    return []


def choice(choices: Mapping[str, str], text: str) -> str | None:
    """The class for ``text``: by the whole of it, or by a beginning (a key with a final ``*``)."""
    if text in choices:
        return choices[text]
    return next((model for key, model in choices.items() if fits(text, key)), None)


def fits(text: str, wanted: str) -> bool:
    """Is ``text`` the wanted constant, or does it begin as a final ``*`` asks?"""
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted


def asked_of_self(model: ClassModel) -> list[str]:
    """The names that the operations of a class read from the object itself."""
    specs = [spec for one in (*model.methods.values(), model.subclass) if one for spec in (one.channel, one.group) if spec]
    places = [place for spec in specs for place in spec.places if isinstance(place, str) and place.startswith("self.")]
    return list(dict.fromkeys(place.removeprefix("self.") for place in places))


def ready(ev: Evaluator, path: str) -> Values | None:
    """The ready-made library object at this import path; None when the models know none."""
    gives = ev.models.objects.get(path)
    return None if gives is None else given(ev, gives, None, [], None, None)


def ambient(ev: Evaluator, path: str, name: str) -> Values:
    """What objects of the modelled class at ``path`` carry under ``name``, wherever the program makes them."""
    from brokerlint.link.sites import bodies, last_name

    key = ("ambient", path, name)
    known: Values | None = ev.answers.get(key)
    if known is not None:
        return known
    ev.answers[key] = ()
    found: list[Values] = []
    short = path.rpartition(".")[2]
    for module in ev.program.mentioning(short):
        scope = ev.module(module.path)
        for chain, body in bodies(module.body):
            for site in body.sites:
                if scope is None or last_name(site.call.function) != short:
                    continue
                act = ev.symbolic(scope, chain) if chain else scope
                made = ev.values(site.call, act, At(site.order, site.block)) if act else ()
                found += [one.carry(name) or () for one in made if isinstance(one, Client) and one.model == path]
    values = ev.answers[key] = join((), *found)
    return values


def becoming(ev: Evaluator, function: FunctionValue) -> list[Client]:
    """The objects that a decorated function's name stands for beside the function (a task, an agent)."""
    definition = function.definition
    scope = function.within or (ev.class_body(function.owner) if function.owner else ev.module(function.path))
    if scope is None or not definition.decorators:
        return []
    at = At(definition.order, definition.block)
    found: list[Client] = []
    for decorator in definition.decorators:
        call_ = decorator if isinstance(decorator, ir.Call) else None
        for target in ev.values(call_.function if call_ else decorator, scope, at):
            operation, client = _decorating(ev, target)
            if operation is None or operation.becomes is None:
                continue
            args = calls.arguments(ev, call_, scope, at) if call_ else []
            made = given(ev, operation.becomes, client, args, Place(function.path, definition.line), operation)
            found += [one for one in made if isinstance(one, Client)]
    return found


def _decorating(ev: Evaluator, target: Value) -> tuple[Operation | None, Client | None]:
    if isinstance(target, Method) and isinstance(target.receiver, Client):
        model = ev.models.classes.get(target.receiver.model)
        return (model.methods.get(target.name) if model else None), target.receiver
    if isinstance(target, External):
        return ev.models.functions.get(target.path), None
    return None, None


def _answer(ev: Evaluator, gives: Gives, receiver: Client | None, args: Args, operation: Operation | None) -> Record:
    channel = argument(ev, operation.channel, args, receiver) if operation and operation.channel else ()
    record = Record((), True)
    for path, what in gives.returns.items():
        if what == "channel":
            values = channel or unknown("a name that was not given")
        elif what == "ssm":
            values = tuple(_parameter_store(value) for value in channel)
        else:
            values = unknown(what)
        steps = path.split(".")
        for step in reversed(steps[1:]):
            values = (Record(((step, values),), True),)
        record = Record((*record.entries, (steps[0], values)), True)
    return record


def _parameter_store(value: Value) -> Value:
    """A value kept in the parameter store: a variable of its own kind, which manifests may bind."""
    if isinstance(value, Const) and isinstance(value.value, str):
        return EnvVar(f"ssm:{value.value}")
    if isinstance(value, EnvVar):
        return Unknown(f"a parameter store value under ${value.name}")
    if isinstance(value, Template):
        text = "".join(part if isinstance(part, str) else "*" for part in value.parts)
        return EnvVar(f"ssm:{text}")
    return Unknown("a parameter store value", needs_of((value,)))


def attribute(ev: Evaluator, client: Client, name: str) -> Values:
    """``client.name``: an attribute that the model knows, or a method."""
    model = ev.models.classes.get(client.model)
    if model is None:
        return (Method(client, name),)
    gives = model.attributes.get(name)
    if gives is not None:
        return given(ev, gives, client, [], client.site, None)
    if name in model.methods:
        return (Method(client, name),)
    if name in ("topic", "name", "value") and client.carry("channel"):
        return client.carry("channel") or ()
    carried = client.carry(name)
    return carried if carried else (Method(client, name),)


def method_result(ev: Evaluator, client: Client, name: str, args: Args, place: Place | None) -> Values:
    """What ``client.name(...)`` gives back."""
    model = ev.models.classes.get(client.model)
    operation = model.methods.get(name) if model else None
    if operation is None:
        return _unmodelled(client, name)
    if operation.gives is None:
        return unknown(f"answer of {name}", needs_of(tuple(v for _, values in args for v in values)) if operation.role else frozenset())
    return given(ev, operation.gives, client, args, place, operation)


def _unmodelled(client: Client, name: str) -> Values:
    if name in ("__enter__", "__aenter__", "start", "connect", "with_options") and name.startswith("__"):
        return (client,)
    return unknown(f"answer of {name}")


def called(ev: Evaluator, client: Client, args: Args, place: Place | None) -> Values:
    """``client(...)``: the object itself where the model says that it can be called."""
    model = ev.models.classes.get(client.model)
    operation = model.methods.get("__call__") if model else None
    if operation is None or operation.gives is None:
        return unknown("a library object that is called")
    return given(ev, operation.gives, client, args, place, operation)


def entered(ev: Evaluator, client: Client) -> Values:
    """``with client as``: usually the client itself."""
    model = ev.models.classes.get(client.model)
    operation = model.methods.get("__enter__") if model else None
    if operation is not None and operation.gives is not None:
        return given(ev, operation.gives, client, [], client.site, operation)
    return (client,)


