"""Library objects: constructing the classes that the models describe, and what their methods give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokerlint.link.values import (
    Client,
    Collection,
    Const,
    EnvVar,
    Instance,
    Method,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    join,
    needs_of,
    unknown,
)
from brokerlint.models.model import Argument, ClassModel, Gives, Operation
from brokerlint.places import Place

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


def argument(
    ev: Evaluator, spec: Argument, args: Args, receiver: Client | None, config: Values = ()
) -> Values:
    """The value that ``spec`` points at; () when the call does not give it."""
    for place in spec.places:
        values = _at(ev, place, args, receiver, config)
        if values:
            # A configuration key may hold dots (``group.id``): it is one step.
            steps = (".".join(spec.path),) if place == "config" and spec.path else spec.path
            for step in steps if place in ("config", *_deep(spec)) else ():
                values = _step(ev, values, step)
            if spec.separator:
                values = _split(values, spec.separator)
            if spec.default is not None:
                values = _defaulted(values, spec.default)
            return values
    if spec.default is not None and not any(key in ("*", "**") for key, _ in args):
        return (Const(spec.default),)
    hidden = [values for key, values in args if key in ("*", "**")]
    return join((), *hidden)


def _deep(spec: Argument) -> tuple[int | str, ...]:
    """The places that ``spec.path`` applies to: with ``config`` among them, only that one."""
    return () if "config" in spec.places else spec.places


def _at(ev: Evaluator, place: int | str, args: Args, receiver: Client | None, config: Values) -> Values:
    positional = [values for key, values in args if key == ""]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else ()
    if place == "config":
        if receiver is not None:
            return receiver.config
        return config
    if place == "receiver":
        return receiver.carry("channel") or () if receiver else ()
    if place.startswith("self."):
        name = place.removeprefix("self.")
        if receiver is None:
            return ()
        return receiver.carry(name) or ()
    if place.startswith("*") and place != "**":
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
        names = [value.value for value in chosen if isinstance(value, Const)]
        models = [gives.choices[str(name)] for name in names if str(name) in gives.choices]
        if len(names) < len(chosen):
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


