"""Sinks: the library calls that really send or receive, and the channels and groups that each one names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from brokerlint.link import calls, library, objects
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, last_name
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import (
    ClassValue,
    Client,
    Collection,
    External,
    Instance,
    Method,
    Unknown,
    Value,
    Values,
    join,
)
from brokerlint.models.model import ClassModel, Library, Models, Operation
from brokerlint.python import ir


@dataclass(frozen=True, slots=True)
class Use:
    """One reading of a call: the operation it performs, on which client, with which channel and group."""

    operation: Operation
    library: Library
    model: ClassModel | None
    client: Client | None
    channel: Values
    group: Values
    args: calls.Args = field(compare=False)
    guessed: bool = False
    config: Values = ()

    @property
    def system(self) -> str:
        """The system that the call speaks to."""
        return self.operation.system or (self.model.system if self.model else self.library.system)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a call is in one activation: its uses, and what the receiver still depends on."""

    uses: tuple[Use, ...]
    receiver: Values


def operations_by_name(models: Models) -> dict[str, list[Operation]]:
    """Every operation that sends, receives or manages, by the last name of its call."""
    found: dict[str, list[Operation]] = {}
    for path, model in models.classes.items():
        for name, operation in model.methods.items():
            if operation.role:
                found.setdefault(name, []).append(operation)
        if model.construct is not None and model.construct.role:
            found.setdefault(path.rpartition(".")[2], []).append(model.construct)
    for path, operation in models.functions.items():
        if operation.role:
            found.setdefault(path.rpartition(".")[2], []).append(operation)
    return found


def signs(models: Models) -> list[bytes]:
    """What a file holds at least one of when it may use an object of a library that another file makes: a call of its
    method, a class or function that is called, a loop over the object, a decorator, a derived class."""
    special = {"__iter__": b"for ", "__call__": b"("}
    operations = operations_by_name(models)
    found = {special.get(name, f"{name}(".encode()) for name in operations}
    if any(operation.decorator for same in operations.values() for operation in same):
        found.add(b"@")
    if any(model.subclass or (model.construct and model.construct.role) for model in models.classes.values()):
        found.add(b"class ")
    return sorted(found)


SHORT = 6
"""Letters of a method's name up to which it says little by itself: ``get``, ``send``, ``delete``."""


def candidates(ev: Evaluator, sites: Sites, near: frozenset[str]) -> list[CallSite]:
    """The calls that may be sinks, by name and keywords: methods, constructors, and constructors of subclasses.

    Methods of short names count, unless they decorate, only in the files of ``near``, which use a library or stand
    beside one that does; others have been read for the sake of a value and call ``delete`` on anything.
    """
    operations = operations_by_name(ev.models)
    names = set(operations)
    derived: list[CallSite] = []
    for module in ev.program.loaded():
        for cls in module.body.classes:
            if cls.bases:
                from_library = objects.library_base(ev, ir_class(module, cls))
                model = ev.models.classes.get(from_library) if from_library else None
                if model is not None and model.construct is not None and model.construct.role:
                    names.add(cls.name)
                if model is not None and model.subclass is not None:
                    derived.append(_class_site(ev, module, cls))
    registering = {name for name, found in operations.items() if any(one.decorator for one in found)}
    decorating = sites.decorating(registering | sites.made_by(registering))
    found = [*sites.all(frozenset(names | {"__init__"})), *decorating]
    short = {name for model in ev.models.classes.values() for name in model.methods if len(name) <= SHORT}
    found = [
        site
        for site in found
        if site.module.path in near or last_name(site.site.call.function) not in short or site.decorated is not None
    ]
    return [*[site for site in found if _may_be(site, operations)], *derived]


def _class_site(ev: Evaluator, module: ir.Module, cls: ir.Class) -> CallSite:
    """A class statement as the call ``Class.__init_subclass__()`` that Python makes of it."""
    key = ("class site", module.path, cls.qualname)
    known: CallSite | None = ev.answers.get(key)
    if known is None:
        call = ir.Call(ir.Attribute(ir.Name(cls.name), "__init_subclass__"), (), cls.line, cls.line)
        known = ev.answers[key] = CallSite(module, (), ir.Site(call, cls.block, cls.order, "dropped", False))
    return known


def _may_be(site: CallSite, operations: dict[str, list[Operation]]) -> bool:
    name = last_name(site.site.call.function)
    if name == "__init__":
        return _is_super(site)
    if any(argument.star == "**" for argument in site.site.call.arguments):
        return True
    given = {argument.keyword for argument in site.site.call.arguments}
    return name not in operations or any(
        all(any(one in given for one in wanted.split("|")) for wanted in operation.requires)
        for operation in operations[name]
    )


def ir_class(module: ir.Module, cls: ir.Class) -> ClassValue:
    """A top-level class as a value."""
    return ClassValue(module.path, cls, cls.qualname)


def _is_super(site: CallSite) -> bool:
    return len(site.chain) > 1 and isinstance(site.chain[-2], ir.Class)


def read(ev: Evaluator, site: CallSite, act: Activation) -> Reading:
    """What ``site`` does in ``act``."""
    call = site.site.call
    at = site.at
    if isinstance(call.function, ir.Attribute) and call.function.attr == "__init__":
        return _read_super(ev, site, act)
    if isinstance(call.function, ir.Attribute) and call.function.attr == "__init_subclass__":
        return _read_class(ev, site)
    functions = ev.values(call.function, act, at)
    uses: list[Use] = []
    args: calls.Args | None = None
    for function in functions:
        found = list(_operations(ev, function))
        if found and args is None:
            args = calls.arguments(ev, call, act, at)
            decorated = site.decorated if any(operation.decorator for _, _, operation, _ in found) else None
            args += library.decorating(decorated) if decorated else []
        for library_, model, operation, client in found:
            if operation.decorator and operation.gives is not None and not _decorates(site):
                continue
            for one in (operation, *operation.also):
                use = _use(ev, library_, model, one, client, args or []) if one.role else None
                if use is not None:
                    uses.append(use)
    if not uses and all(isinstance(f, Unknown) or _unknown_receiver(f) for f in functions):
        guess = _by_signature(ev, call, act, site)
        if guess is not None:
            uses.append(guess)
    return Reading(tuple(uses), tuple(value for value in functions if isinstance(value, (Unknown, Method))))


def _decorates(site: CallSite) -> bool:
    """Does the call stand as a decorator, or is a function handed to its result at once?"""
    call = site.site.call
    return site.decorated is not None or any(one.call.function is call for one in site.body.sites)


def _read_class(ev: Evaluator, site: CallSite) -> Reading:
    """A class that registers itself by deriving from a library's class, when it writes the handler."""
    definition = next((cls for cls in site.body.classes if cls.line == site.site.call.line), None)
    if definition is None:
        return Reading((), ())
    cls = ir_class(site.module, definition)
    base = objects.library_base(ev, cls)
    model = ev.models.classes.get(base) if base else None
    if model is None or model.subclass is None:
        return Reading((), ())
    written = {function.name for one in objects.mro(ev, cls)[0] for function in one.definition.body.functions}
    if model.handler and model.handler not in written:
        return Reading((), ())
    client = objects.library_part(ev, Instance(cls, None))
    use = _use(ev, ev.models.library_of[model.path], model, model.subclass, client, [])
    return Reading((use,) if use and (use.channel or model.subclass.channel is None) else (), ())


def _unknown_receiver(function: Value) -> bool:
    return isinstance(function, Method) and isinstance(function.receiver, Unknown)


def _operations(
    ev: Evaluator, function: Value
) -> Iterator[tuple[Library, ClassModel | None, Operation, Client | None]]:
    models = ev.models
    if isinstance(function, Method) and isinstance(function.receiver, Client):
        model = models.classes.get(function.receiver.model)
        operation = model.methods.get(function.name) if model else None
        if model is not None and operation is not None and operation.role:
            yield models.library_of[model.path], model, operation, function.receiver
    elif isinstance(function, Client):
        model = models.classes.get(function.model)
        operation = model.methods.get("__call__") if model else None
        if model is not None and operation is not None and operation.role:
            yield models.library_of[model.path], model, operation, function
    elif isinstance(function, External):
        model = models.classes.get(function.path)
        if model is not None and model.construct is not None and model.construct.role:
            yield models.library_of[model.path], model, model.construct, None
        operation = models.functions.get(function.path)
        if operation is not None and operation.role:
            yield models.function_library[function.path], None, operation, None
    elif isinstance(function, ClassValue):
        base = objects.library_base(ev, function)
        model = models.classes.get(base) if base else None
        own_init = any(
            f.name == "__init__" for one in objects.mro(ev, function)[0] for f in one.definition.body.functions
        )
        if model is not None and model.construct is not None and model.construct.role and not own_init:
            yield models.library_of[model.path], model, model.construct, None


def _use(
    ev: Evaluator,
    library_: Library,
    model: ClassModel | None,
    operation: Operation,
    client: Client | None,
    args: calls.Args,
    guessed: bool = False,
) -> Use | None:
    if not _has_required(operation, args):
        return None
    config = client.config if client else library.configuration(ev, model, args) if model else ()
    if not _holds(ev, operation, args, client, config):
        return None
    channel = library.argument(ev, operation.channel, args, client, config) if operation.channel else ()
    if not channel and operation.pattern is not None:
        channel = library.argument(ev, operation.pattern, args, client, config)
        operation = replace(operation, shape="pattern")
    if operation.optional and not _says_something(channel):
        return None
    if channel and all(_in_memory(ev, value) for value in channel):
        return None
    group_at = operation.group or (model.group if model else None)
    group: Values = ()
    if group_at is not None:
        group = library.argument(ev, group_at, args, client, config) if operation.group or client is None else ()
        group = group or (client.carry("group") or () if client else ())
        group = group or library.argument(ev, group_at, [], client, config)
    if operation.gives is not None and operation.gives.config is not None:
        config = library.together(config, library.argument(ev, operation.gives.config, args, client, config))
    return Use(operation, library_, model, client, channel, group, args, guessed, config)


def _holds(ev: Evaluator, operation: Operation, args: calls.Args, client: Client | None, config: Values) -> bool:
    """Have the arguments and carried values that ``when`` names the constants it asks for?"""
    for name, wanted in operation.when.items():
        spec = operation.arguments.get(name)
        carried = client.carry(name) or () if client else ()
        values = library.argument(ev, spec, args, client, config) if spec else carried
        if not any(library.fits(text, str(wanted)) for value in values for text in library.beginnings(value)):
            return False
    return True


def _in_memory(ev: Evaluator, value: Value) -> bool:
    """Is the channel an object of the library that no broker knows?"""
    if isinstance(value, Collection):
        return bool(value.items) and all(_in_memory(ev, one) for item in value.items for one in item)
    model = ev.models.classes.get(value.model) if isinstance(value, Client) else None
    return model is not None and model.kind == "memory"


def _says_something(channel: Values) -> bool:
    """Does an optional channel argument name anything at all?"""
    for value in channel:
        if isinstance(value, Collection) and not value.items:
            continue
        return True
    return False


def _has_required(operation: Operation, args: calls.Args) -> bool:
    given = {key for key, _ in args}
    if given & {"**"}:
        return True
    return all(any(name in given for name in wanted.split("|")) for wanted in operation.requires)


def _by_signature(ev: Evaluator, call: ir.Call, act: Activation, site: CallSite) -> Use | None:
    """A call whose receiver is not known but whose keywords belong to one operation only."""
    name = last_name(call.function)
    if not isinstance(call.function, ir.Attribute):
        return None
    given = {argument.keyword for argument in call.arguments}
    for model, operation in ev.models.distinct.get(name, ()):
        if all(any(alternative in given for alternative in wanted.split("|")) for wanted in operation.requires):
            args = calls.arguments(ev, call, act, site.at)
            return _use(ev, ev.models.library_of[model.path], model, operation, None, args, guessed=True)
    return None


def _read_super(ev: Evaluator, site: CallSite, act: Activation) -> Reading:
    """``super().__init__("orders", **CONF)`` in a class that derives from a library's consumer."""
    function = site.site.call.function
    assert isinstance(function, ir.Attribute)
    owner = act.cls
    if owner is None or site.chain[-1].name != "__init__":
        return Reading((), ())
    base = objects.library_base(ev, owner)
    above = objects.bases_in_program(ev, owner)
    if any(f.name == "__init__" for one in above for f in one.definition.body.functions):
        base = None
    model = ev.models.classes.get(base) if base else None
    if model is None or model.construct is None or not model.construct.role:
        return Reading((), ())
    args = calls.arguments(ev, site.site.call, act, site.at)
    if not (isinstance(function.value, ir.Call) and last_name(function.value.function) == "super"):
        args = args[1:]
    use = _use(ev, ev.models.library_of[model.path], model, model.construct, None, args)
    return Reading((use,) if use else (), ())


def wanted_values(reading: Reading) -> Values:
    """All values whose needs decide whether the callers must be asked."""
    parts = [use.channel for use in reading.uses] + [use.group for use in reading.uses]
    if not reading.uses or any(_lacks_carried(use) for use in reading.uses):
        parts.append(reading.receiver)
    return join((), *parts)


def _lacks_carried(use: Use) -> bool:
    """Should the object have brought its channel along, and was it only known by its type?"""
    at = use.operation.channel
    return not use.channel and at is not None and any(isinstance(p, str) and p.startswith("self.") for p in at.places)
