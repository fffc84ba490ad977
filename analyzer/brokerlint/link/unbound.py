"""Lambda handlers that no manifest binds, where their code says which system calls them.

``@event_source(data_class=SQSEvent)`` makes a function a consumer of SQS as surely as an event source mapping does;
only the queue is told by whoever deploys it. Which calls and classes say so is told by the models (``events``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from brokerlint.facts import ChannelName, Endpoint, Name, endpoint_id
from brokerlint.link import library
from brokerlint.link.arguments import arguments
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.instances import library_part
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import Client, External, Instance, Method, Values
from brokerlint.models.model import Models, Operation
from brokerlint.places import Place
from brokerlint.python import ir

_ACTS = frozenset({"lambda-event", "partial-response", "process"})

_TELLING = ("event", "envelope", "processor")
"""The arguments that say what a handler is called with, by their names in the models."""

WHY = "no manifest binds this handler to a channel"


def unbound(ev: Evaluator, sites: Sites, bound: Collection[tuple[str, str]]) -> list[Endpoint]:
    """A consumer of an unknown channel for each handler whose event the code tells and that is not ``bound`` (path and
    qualified name) already."""
    events = {path: system for one in ev.models.libraries for path, system in one.events.items()}
    if not events:
        return []
    operations = {path: one for path, one in ev.models.functions.items() if one.act in _ACTS}
    classes = [model for one in ev.models.libraries if one.events for model in one.classes.values()]
    methods = {name for model in classes for name, one in model.methods.items() if one.act in _ACTS}
    names = frozenset(methods.union(path.rpartition(".")[2] for path in operations))
    found: dict[tuple[str, str, str], Endpoint] = {}
    for site in (*sites.all(names), *sites.decorating(sorted(names))):
        handler = _handler(site)
        if handler is None or (site.module.path, handler.qualname) in bound:
            continue
        for system in _systems(ev, site, operations, events):
            key = (site.module.path, handler.qualname, system)
            found.setdefault(key, _consumer(site.module.path, handler, system))
    return list(found.values())


def _handler(site: CallSite) -> ir.Function | None:
    """The function of a module that the call decorates or stands in, if Lambda could call it: with an event and a
    context."""
    functions = [one for one in site.chain if isinstance(one, ir.Function)]
    handler = site.decorated or (functions[0] if functions else None)
    if handler is None or "." in handler.qualname:
        return None
    plain = [parameter for parameter in handler.parameters if parameter.kind == ""]
    return handler if len(plain) >= 2 else None


def _systems(
    ev: Evaluator, site: CallSite, operations: dict[str, Operation], events: Mapping[str, str]
) -> Iterator[str]:
    """The systems whose events the call speaks of."""
    scope = ev.around(site.module.path, site.chain)
    if scope is None:
        return
    for function in ev.values(site.site.call.function, scope, site.at):
        if isinstance(function, Method) and isinstance(function.receiver, Client):
            yield from _told(
                ev, (function.receiver,), events
            )  # ``with processor(records, handler): processor.process()``
            continue
        operation = operations.get(function.path) if isinstance(function, External) else None
        if operation is None:
            continue
        if operation.system:
            yield operation.system
            continue
        args = arguments(ev, site.site.call, scope, site.at)
        given = [library.argument(ev, operation.arguments[n], args, None) for n in _TELLING if n in operation.arguments]
        yield from dict.fromkeys(system for values in given for system in _told(ev, values, events))


def _told(ev: Evaluator, values: Values, events: Mapping[str, str]) -> Iterator[str]:
    for value in values:
        if isinstance(value, Instance):  # of a class that derives from a processor
            part = library_part(ev, value)
            yield from _told(ev, (part,) if part else (), events)
        elif isinstance(value, External):
            yield from _system_of(value.path, events)
        elif isinstance(value, Client):
            own = _own_system(ev.models, value.model)
            yield from (own,) if own else _told(ev, value.carry("event_type") or (), events)


def _own_system(models: Models, path: str) -> str:
    """The system that a class is for, where that is not what the library as a whole is for."""
    model = models.classes.get(path)
    return model.system if model and models.library_of[path].system != model.system else ""


def _system_of(path: str, events: Mapping[str, str]) -> Iterator[str]:
    """The system of the event that an import path means, by the first path of the models that it fits."""
    for known, system in events.items():
        front, anywhere, back = known.partition(".*.")
        if path == known or (anywhere and path.startswith(f"{front}.") and path.endswith(f".{back}")):
            yield system
            return


def _consumer(path: str, handler: ir.Function, system: str) -> Endpoint:
    facts = {"loop_kind": "lambda-handler", "entry_kind": "lambda-handler", "group_kind": "lambda"}
    return Endpoint(
        endpoint_id(f"{path}|{handler.qualname}|{system}|trigger"),
        Place(path, handler.line, handler.line), handler.qualname, system, "consume", "aws-lambda", "handler",
        (ChannelName(system, Name("unknown", why=WHY)),), (), facts=facts,
    )  # fmt: skip
