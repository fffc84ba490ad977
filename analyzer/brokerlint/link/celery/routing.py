"""Routing: the queue that a task is sent to, and what the broker calls that queue.

Celery's own order: the queue of the call, the task's option, the first route that matches, the default queue.
(docs.celeryq.dev, userguide/routing.)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from brokerlint.facts import ChannelName, Name
from brokerlint.link import calls, naming, objects
from brokerlint.link.celery.application import QUEUE, App
from brokerlint.link.celery.tasks import Task
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.values import (
    Client,
    Collection,
    Const,
    EnvVar,
    FunctionValue,
    Instance,
    ModuleValue,
    Record,
    Value,
    Values,
    join,
    unknown,
)

DEFAULT = "celery"
"""The default queue when nothing is configured."""

_FORBIDDEN = re.compile(r"[^\w*-]")


class Routing:
    """Queues of tasks in one program."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._declared: dict[int, frozenset[str]] = {}

    def queues(self, app: App, task: Task | None, name: str, given: Values) -> Values:
        """The queues of one send: ``given`` is the call's own ``queue``; ``name`` the task's name where it is known."""
        own = tuple(value for value in given if value != Const(None) and value != Const(""))
        if own and len(own) == len(given):
            return own
        return join(own, self.unsaid(app, task, name)) if own else self.unsaid(app, task, name)

    def unsaid(self, app: App, task: Task | None, name: str) -> Values:
        """The queues of a task when the call names none."""
        option = tuple(v for v in task.options.get("queue", ()) if v != Const(None)) if task is not None else ()
        if option:
            return option
        if name:
            routed = self._routed(app.get("task_routes"), name, task)
            if routed:
                return routed
        return self._default(app)

    def _default(self, app: App) -> Values:
        configured = tuple(value for value in app.get("task_default_queue") if value != Const(None))
        if configured:
            return configured
        declared = self.declared(app)
        if not declared or DEFAULT in declared:
            return (Const(DEFAULT),)
        if len(declared) == 1:
            return (Const(next(iter(declared))),)
        return unknown("no queue is given, and the default queue is none of the declared ones")

    def declared(self, app: App) -> frozenset[str]:
        """The queues that ``task_queues`` and ``predefined_queues`` declare, without the prefix, if all are known."""
        known = self._declared.get(id(app))
        if known is None:
            prefix = _text(app.option("queue_name_prefix")) or ""
            predefined = {text.removeprefix(prefix) for text in _listed(app.option("predefined_queues"))}
            known = self._declared[id(app)] = self.listed(app) | predefined
        return known

    def listed(self, app: App) -> frozenset[str]:
        """The queues that ``task_queues`` declares, which a worker takes that is told of none, if all are known."""
        return frozenset(_listed(app.get("task_queues")))

    # --- Routes ---------------------------------------------------------------------------------------------------

    def _routed(self, routes: Values, name: str, task: Task | None) -> Values:
        spelt = name if task is None else max(task.spellings, key=len)
        for route in routes:
            found = self._by_router(route, spelt)
            if found:
                return found
        return ()

    def _by_router(self, router: Value, name: str, depth: int = 0) -> Values:
        """The queues that one router gives; () when it leaves the task to the next one."""
        if depth > 4:
            return ()
        if isinstance(router, Record):
            for pattern, target in router.entries:
                if isinstance(pattern, str) and matches(name, pattern):
                    return self._target(target)
        elif isinstance(router, Collection):
            pair = self._pair(router, name)
            if pair is not None:
                return pair
            for item in router.items:
                for one in item:
                    found = self._by_router(one, name, depth + 1)
                    if found:
                        return found
        elif isinstance(router, FunctionValue):
            return self._target(calls.apply(self._ev, router, [("", (Const(name),))]))
        elif isinstance(router, Instance):
            method = objects.instance_attribute(self._ev, router, "route_for_task")
            return join(
                (), *[self._by_router(one, name, depth + 1) for one in method if isinstance(one, FunctionValue)]
            )
        elif isinstance(router, Const) and isinstance(router.value, str) and "." in router.value:
            module, _, attribute = router.value.rpartition(".")
            resolved = self._ev.program.resolve("", module)
            values = self._ev.member(resolved.path, attribute) if isinstance(resolved, ModuleValue) else ()
            return join(
                (), *[self._by_router(one, name, depth + 1) for one in values if isinstance(one, FunctionValue)]
            )
        return ()

    def _pair(self, router: Collection, name: str) -> Values | None:
        """``("pattern", {"queue": ...})``; None when the collection is not such a pair."""
        if len(router.items) != 2:
            return None
        pattern = _text(router.items[0])
        if pattern is None or not any(isinstance(one, (Record, Const)) for one in router.items[1]):
            return None
        return self._target(router.items[1]) if matches(name, pattern) else ()

    def _target(self, target: Values) -> Values:
        found: list[Values] = []
        for value in target:
            if isinstance(value, Record):
                queue = value.get("queue") or value.get("routing_key")
                found.append(queue or ())
            elif value != Const(None):
                found.append((value,))
        return join((), *found)


def matches(name: str, pattern: str) -> bool:
    """Does a route's pattern (a glob) cover the task's name, whose outer packages may not be known?"""
    return fnmatchcase(name, pattern) or fnmatchcase(name, f"*.{pattern}")


def _listed(values: Values) -> Iterator[str]:
    for value in values:
        if isinstance(value, (Record, Collection)) and not value.more:
            yield from _keys(value)


def _keys(value: Value) -> Iterator[str]:
    """The queue names in a mapping, or in a list of names and ``Queue`` objects."""
    if isinstance(value, Record):
        yield from (key for key, _ in value.entries if isinstance(key, str) and "(" not in key)
    elif isinstance(value, Collection):
        for item in value.items:
            for one in item:
                given = one.carry("channel") if isinstance(one, Client) and one.model == QUEUE else (one,)
                yield from (v.value for v in given or () if isinstance(v, Const) and isinstance(v.value, str))


def _text(values: Values) -> str | None:
    for value in values:
        inner = value.default if isinstance(value, EnvVar) else (value,)
        for one in inner or ():
            if isinstance(one, Const) and isinstance(one.value, str):
                return one.value
    return None


# --- Names --------------------------------------------------------------------------------------------------------


def channel_names(app: App, values: Values) -> tuple[ChannelName, ...]:
    """The channels behind queue names, called as Celery calls the queues."""
    found: dict[tuple[str | None, str | None], ChannelName] = {}
    for name in naming.names(values, app.system):
        if name.text == DEFAULT and name.origin == "literal" and not name.trace:
            name = replace(name, origin="library-default")
        found.setdefault((name.text, name.env), ChannelName(app.system, name))
    known = [channel for channel in found.values() if channel.name.kind != "unknown"]
    return tuple(known or found.values())


def at_broker(app: App, channels: Iterable[ChannelName]) -> tuple[ChannelName, ...]:
    """The channels by the names that the broker knows: SQS queues with their prefix, Kafka topics."""
    found: dict[tuple[str | None, str | None], ChannelName] = {}
    for channel in channels:
        for name in _renamed(app, channel.name):
            found.setdefault((name.text, name.env), replace(channel, name=name))
    return tuple(found.values())


def _renamed(app: App, name: Name) -> Iterable[Name]:
    if name.kind not in ("exact", "pattern") or name.text is None:
        return (name,)
    if app.system == "kafka":
        return (replace(name, text=name.text.replace("@", "")),)
    return _predefined(app, name.text) or (_prefixed(app, name, entity_name(name.text)),)


def _prefixed(app: App, name: Name, queue: str) -> Name:
    """A queue with ``queue_name_prefix`` before it. One that only the deployment knows is put there by the manifests;
    where they don't, the queue goes by its own name."""
    prefixes = app.option("queue_name_prefix")
    only = prefixes[0] if len(prefixes) == 1 else None
    if isinstance(only, Const) and isinstance(only.value, str):
        return replace(name, text=entity_name(only.value + queue))
    if isinstance(only, EnvVar) and name.kind == "exact" and not name.parts:
        return replace(name, text=queue, parts=((only.name, _text(prefixes) or ""), ("", queue)))
    return replace(name, text=queue)


def _predefined(app: App, queue: str) -> tuple[Name, ...]:
    """The queue's own name where ``predefined_queues`` gives its address."""
    prefix = _text(app.option("queue_name_prefix")) or ""
    found: list[Name] = []
    for record in app.option("predefined_queues"):
        entry = (record.get(f"{prefix}{queue}") or record.get(queue)) if isinstance(record, Record) else None
        for one in entry or ():
            for url in naming.names(one.get("url") or (), "sqs") if isinstance(one, Record) else ():
                if url.kind == "exact" and url.text not in (f"{prefix}{queue}", queue):
                    found.append(url)
                elif url.kind == "env":
                    found.append(replace(url, kind="exact", text=entity_name(queue), origin="env-default"))
    return tuple(found)


def entity_name(queue: str) -> str:
    """What the SQS transport makes of a queue's name: points become hyphens, other punctuation underscores."""
    base, fifo = (queue.removesuffix(".fifo"), ".fifo") if queue.endswith(".fifo") else (queue, "")
    return _FORBIDDEN.sub("_", base.replace(".", "-")) + fifo
