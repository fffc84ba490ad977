"""Library objects: constructing the classes that the models describe, and what their methods and attributes give."""

from __future__ import annotations

from brokerlint.link.arguments import arguments
from brokerlint.link.engine import Args, Engine
from brokerlint.link.pointers import NO_KEYWORDS, ambient, argument, beginnings, choice, fits
from brokerlint.link.scopes import At
from brokerlint.link.values import (
    Client,
    Const,
    EnvVar,
    External,
    FunctionValue,
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
from brokerlint.models.model import ClassModel, Gives, Operation
from brokerlint.places import Place
from brokerlint.python import ir

__all__ = [
    "ambient", "argument", "asked_of_self", "attribute", "becoming", "beginnings", "call", "called", "choice",
    "configuration", "construct", "decorating", "entered", "fits", "given", "item", "method_result", "ready",
    "together",
]  # fmt: skip


def call(ev: Engine, path: str, args: Args, place: Place | None) -> Values | None:
    """The result of a modelled function or constructor; None when the models don't know ``path``."""
    if path in ev.models.classes:
        return construct(ev, path, args, place)
    operation = ev.models.functions.get(path)
    if operation is None or operation.gives is None:
        return None
    return given(ev, operation.gives, None, args, place, operation)


def construct(ev: Engine, path: str, args: Args, place: Place | None) -> Values:
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
        carried.append(("channel", argument(ev, model.construct.channel, args, None)))
    if model.group is not None:
        carried.append(("group", argument(ev, model.group, args, None, config)))
    return (Client(model.path, tuple((name, values) for name, values in carried if values), config, place),)


def configuration(ev: Engine, model: ClassModel, args: Args) -> Values:
    """The client's configuration as a record: the mapping given, or all keywords; () where a class has none."""
    if model.config is None:
        return ()
    entries: list[tuple[str | int | bool | None, Values]] = []
    more = False
    positional = [values for key, values in args if key == ""]
    for position in (place for place in model.config.places if isinstance(place, int)):
        for value in positional[position] if position < len(positional) else ():
            entries += value.entries if isinstance(value, Record) else ()
            more = more or not isinstance(value, Record) or value.more
    for keyword in (place for place in model.config.places if isinstance(place, str) and place != "**"):
        for value in dict(args).get(keyword, ()):
            if isinstance(value, Record):
                entries += value.entries
                more = more or value.more
    if "**" in model.config.places:
        entries.extend((key, values) for key, values in args if key not in NO_KEYWORDS)
        more = more or any(key in ("*", "**") for key, _ in args)
    return (Record(tuple(entries), more),)


def together(config: Values, own: Values) -> Values:
    """A client's configuration with what one call sets for itself on top."""
    records = [value for value in (*config, *own) if isinstance(value, Record)]
    if not config or not own or len(records) < 2:
        return config or own
    entries = tuple(entry for record in records for entry in record.entries)
    return (Record(entries, any(record.more for record in records)),)


def asked_of_self(model: ClassModel) -> list[str]:
    """The names that the operations of a class read from the object itself."""
    operations = [one for one in (*model.methods.values(), model.subclass) if one]
    specs = [spec for one in operations for spec in (one.channel, one.group, *one.arguments.values()) if spec]
    places = [place for spec in specs for place in spec.places if isinstance(place, str) and place.startswith("self.")]
    return list(dict.fromkeys(place.removeprefix("self.") for place in places))


# --- What a call gives --------------------------------------------------------------------------------------------


def given(
    ev: Engine, gives: Gives, receiver: Client | None, args: Args, place: Place | None, operation: Operation | None
) -> Values:
    """The object or mapping that a call gives.

    Takes what the model says, the object whose method is called (None for functions), the arguments, the call's
    place, and the operation that ``gives`` belongs to, when it is one.
    """
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
            return unknown(f"a client of another service ({', '.join(names[:3])})")
    carried = _carried(ev, gives, receiver, args, place)
    config: Values = receiver.config if receiver is not None and gives.keeps else ()
    if gives.config is not None:
        config = argument(ev, gives.config, args, receiver)
    if not models and gives.element:
        models = ["collection"]
    if not models and "value" in gives.carries:
        return join((), *[values for name, values in carried if name == "value"]) or unknown("an attribute")
    return join(tuple(Client(model, tuple(carried), config, place) for model in models), missing)


def _carried(
    ev: Engine, gives: Gives, receiver: Client | None, args: Args, place: Place | None
) -> list[tuple[str, Values]]:
    """What the object that a call gives carries along: from the arguments, and from the receiver."""
    specs = [(name, argument(ev, spec, args, receiver)) for name, spec in gives.carries.items()]
    carried = [(name, values) for name, values in specs if values]
    if gives.element:
        inner = receiver.carried if receiver else ()
        carried.append(("element", (Client(gives.element, inner, (), place),)))
    if receiver is not None and (gives.keeps or gives.element):
        fresh = {name for name, _ in carried}
        carried = [*[pair for pair in receiver.carried if pair[0] not in fresh], *carried]
    if gives.keyed is not None:
        keys = argument(ev, gives.keyed[0], args, receiver)
        carried += [(str(key), values) for one in keys if isinstance(one, Record) for key, values in one.entries]
        keyed = argument(ev, gives.keyed[1], args, receiver)
        for key in keys:
            if isinstance(key, Const) and isinstance(key.value, str):
                carried = [*[pair for pair in carried if pair[0] != key.value], (key.value, keyed)]
    return carried


def _answer(ev: Engine, gives: Gives, receiver: Client | None, args: Args, operation: Operation | None) -> Record:
    """The mapping that a call answers with or that an attribute is, as far as the model describes it."""
    carried = receiver.carry("channel") or () if receiver is not None and operation is None else ()
    channel = argument(ev, operation.channel, args, receiver) if operation and operation.channel else carried
    record = Record((), True)
    for path, what in gives.returns.items():
        if what == "channel":
            values = channel or unknown("a name that was not given")
        elif what == "ssm":
            values = tuple(_parameter_store(value) for value in channel)
        else:
            values = unknown(what)
        first, *rest = path.split(".")
        for step in reversed(rest):
            values = (Record(((step, values),), True),)
        record = Record((*record.entries, (first, values)), True)
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


# --- What objects give --------------------------------------------------------------------------------------------


def ready(ev: Engine, path: str) -> Values | None:
    """The ready-made library object at this import path; None when the models know none."""
    gives = ev.models.objects.get(path)
    return None if gives is None else given(ev, gives, None, [], None, None)


def attribute(ev: Engine, client: Client, name: str) -> Values:
    """``client.name``: an attribute that the model knows, or a method."""
    model = ev.models.classes.get(client.model)
    if model is None:
        return (Method(client, name),)
    gives = model.attributes.get(name)
    if gives is not None:
        return given(ev, gives, client, [], client.site, None)
    if name in model.methods:
        return (Method(client, name),)
    channel = client.carry("channel") if name in ("topic", "name", "value") else None
    return channel or client.carry(name) or (Method(client, name),)


def item(ev: Engine, client: Client, keys: Values) -> Values:
    """``client[key]``: an object that carries the key as its channel (``client.topics[b"x"]``), or an element."""
    if _operation(ev, client, "__getitem__") is not None:
        return method_result(ev, client, "__getitem__", [("", keys)], client.site)
    return client.carry("element") or unknown("an item of a message", needs_of(keys))


def method_result(ev: Engine, client: Client, name: str, args: Args, place: Place | None) -> Values:
    """What ``client.name(...)`` gives back."""
    operation = _operation(ev, client, name)
    if operation is None:
        return (client,) if name in ("__enter__", "__aenter__") else unknown(f"answer of {name}")
    if operation.gives is None:
        needs = needs_of(tuple(v for _, values in args for v in values)) if operation.role else frozenset()
        return unknown(f"answer of {name}", needs)
    return given(ev, operation.gives, client, args, place, operation)


def called(ev: Engine, client: Client, args: Args, place: Place | None) -> Values:
    """What ``client(...)`` gives, where the model says that the object can be called."""
    operation = _operation(ev, client, "__call__")
    if operation is None or operation.gives is None:
        return unknown("a library object that is called")
    return given(ev, operation.gives, client, args, place, operation)


def entered(ev: Engine, client: Client) -> Values:
    """``with client as``: usually the client itself."""
    operation = _operation(ev, client, "__enter__")
    if operation is not None and operation.gives is not None:
        return given(ev, operation.gives, client, [], client.site, operation)
    return (client,)


def _operation(ev: Engine, client: Client, name: str) -> Operation | None:
    model = ev.models.classes.get(client.model)
    return model.methods.get(name) if model else None


# --- Decorated functions ------------------------------------------------------------------------------------------


def becoming(ev: Engine, function: FunctionValue) -> list[Client]:
    """The objects that a decorated function's name stands for beside the function (a task, an agent)."""
    definition = function.definition
    scope = function.within or (ev.class_body(function.owner) if function.owner else ev.module(function.path))
    if scope is None or not definition.decorators:
        return []
    at = At(definition.order, definition.block)
    found: list[Client] = []
    for decorator in definition.decorators:
        made_by = decorator if isinstance(decorator, ir.Call) else None
        for target in ev.values(made_by.function if made_by else decorator, scope, at):
            operation, client = _decorating(ev, target)
            if operation is None or operation.becomes is None:
                continue
            args = [*(arguments(ev, made_by, scope, at) if made_by else []), *decorating(definition)]
            made = given(ev, operation.becomes, client, args, Place(function.path, definition.line), operation)
            found += [one for one in made if isinstance(one, Client)]
    return found


def decorating(function: ir.Function) -> Args:
    """What a decorator gets beside its arguments: the function's name, under a word that is no keyword."""
    return [("def", (Const(function.name),))]


def _decorating(ev: Engine, target: Value) -> tuple[Operation | None, Client | None]:
    if isinstance(target, Method) and isinstance(target.receiver, Client):
        return _operation(ev, target.receiver, target.name), target.receiver
    if isinstance(target, External):
        return ev.models.functions.get(target.path), None
    return None, None
