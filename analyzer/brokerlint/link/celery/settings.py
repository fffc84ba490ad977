"""Celery's settings: their names (old, new, with a namespace) and the places where programs write them.

A setting is written into one application (``Celery(broker=...)``, ``app.conf.update(...)``, ``config_from_object``) or
stands in the program's own configuration (``CELERY_BROKER_URL`` of Django or Flask, ``CELERY = {...}``) from where code
that is not here, such as an extension, hands it to Celery. The latter form a *pool*; an application takes the entries
nearest to it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from brokerlint.link import objects
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import END, Activation, At
from brokerlint.link.values import ClassValue, Const, External, Instance, ModuleValue, Record, Values, join
from brokerlint.python import ir

OLD_NAMES = {
    "default_queue": "task_default_queue", "queues": "task_queues", "routes": "task_routes",
    "acks_late": "task_acks_late", "create_missing_queues": "task_create_missing_queues",
    "always_eager": "task_always_eager", "include": "imports",
    "broker": "broker_url", "enable_remote_control": "worker_enable_remote_control",
    "celeryd_prefetch_multiplier": "worker_prefetch_multiplier", "celerybeat_schedule": "beat_schedule",
    "celeryd_task_time_limit": "task_time_limit", "celeryd_task_soft_time_limit": "task_soft_time_limit",
    "reject_on_worker_lost": "task_reject_on_worker_lost", "default_delivery_mode": "task_default_delivery_mode",
    "track_started": "task_track_started", "backend": "result_backend", "celeryd_concurrency": "worker_concurrency",
}  # fmt: skip
"""Setting names before Celery 4, without the leading ``celery_``, and arguments of ``Celery(...)``."""

KNOWN = frozenset(OLD_NAMES.values()) | {
    "broker_url", "broker_read_url", "broker_write_url", "broker_transport", "broker_transport_options",
    "task_serializer", "accept_content", "result_serializer", "imports",
}  # fmt: skip
"""The settings that matter here, under their present names."""

DICTIONARIES = frozenset({"celery", "celery_config", "celery_settings", "celery_conf", "celery_options"})
"""Names of mappings whose entries are settings."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it is written somewhere: its present name, its values, and the file."""

    key: str
    values: Values
    path: str


def present_name(key: str, namespaces: Iterable[str] = ()) -> str | None:
    """The present name of a setting (``CELERY_ROUTES`` -> ``task_routes``); None for other names."""
    name = key.lower()
    for namespace in ("celery", *namespaces):
        prefix = f"{namespace.lower()}_"
        if name.startswith(prefix) and name.removeprefix(prefix) in (KNOWN | OLD_NAMES.keys()):
            name = name.removeprefix(prefix)
            break
    name = OLD_NAMES.get(name, name)
    return name if name in KNOWN else None


def of_record(record: Record, path: str, namespaces: Iterable[str] = ()) -> Iterator[Setting]:
    """The settings among the entries of a mapping."""
    for key, values in record.entries:
        name = present_name(key, namespaces) if isinstance(key, str) else None
        if name is not None:
            yield Setting(name, values, path)


def of_object(ev: Evaluator, source: Values, path: str, namespace: str) -> Iterator[Setting]:
    """The settings of what ``config_from_object`` is given: a module (or its name), a class, an object, a mapping."""
    spaces = (namespace,) if namespace else ()
    for value in source:
        if isinstance(value, Const) and isinstance(value.value, str):
            yield from of_object(ev, _named(ev, value.value, path), path, namespace)
        elif isinstance(value, ModuleValue):
            scope = ev.module(value.path)
            yield from _of_body(ev, scope, spaces) if scope is not None else ()
        elif isinstance(value, (ClassValue, Instance)):
            cls = value.cls if isinstance(value, Instance) else value
            for one in reversed(objects.mro(ev, cls)[0]):
                scope = ev.class_body(one)
                yield from _of_body(ev, scope, spaces) if scope is not None else ()
        elif isinstance(value, Record):
            yield from of_record(value, path, spaces)


def _named(ev: Evaluator, text: str, path: str) -> Values:
    module, _, attribute = text.partition(":")
    target = ev.program.resolve(path, module)
    if isinstance(target, External) and not attribute and "." in module:
        module, _, attribute = module.rpartition(".")
        target = ev.program.resolve(path, module)
    if isinstance(target, ModuleValue):
        return ev.member(target.path, attribute) if attribute else (target,)
    return ()


def _of_body(ev: Evaluator, scope: Activation, namespaces: Iterable[str]) -> Iterator[Setting]:
    for name in ev.names(scope.body).definitions:
        key = present_name(name, namespaces)
        values = ev.defined(scope, name, END) if key is not None else None
        if key is not None and values is not None:
            yield Setting(key, values, scope.path)


# --- The pool -----------------------------------------------------------------------------------------------------


def pool(ev: Evaluator, module: ir.Module, namespaces: Iterable[str]) -> Iterator[Setting]:
    """The settings that a module's globals, classes and configuration calls hold under Celery's own names."""
    scope = ev.module(module.path)
    if scope is None:
        return
    lower = "celery" in posixpath.basename(module.path).lower()
    yield from _globals(ev, scope, namespaces, lower)
    waiting = [ClassValue(module.path, cls, cls.qualname) for cls in module.body.classes]
    for cls in waiting:
        yield from _class_attributes(ev, cls, namespaces)


def _marked(name: str, namespaces: Iterable[str]) -> bool:
    """Does the name itself say that it is about Celery?"""
    spaces = tuple(f"{space.upper()}_" for space in namespaces if space)
    return name.upper().startswith(("CELERY", "BROKER_", *spaces))


def _globals(ev: Evaluator, scope: Activation, namespaces: Iterable[str], lower: bool) -> Iterator[Setting]:
    for name in ev.names(scope.body).definitions:
        if not _marked(name, namespaces) and not (lower and name in KNOWN):
            continue
        key = present_name(name, namespaces)
        if key is None and name.lower() not in DICTIONARIES:
            continue
        values = ev.defined(scope, name, END) or ()
        yield from _entries(name, key, values, scope.path, namespaces)


def _class_attributes(ev: Evaluator, cls: ClassValue, namespaces: Iterable[str]) -> Iterator[Setting]:
    for binding in cls.definition.body.bindings:
        name = binding.target.id if isinstance(binding.target, ir.Name) else ""
        if not name or not _marked(name, namespaces):
            continue
        key = present_name(name, namespaces)
        if key is not None or name.lower() in DICTIONARIES:
            values = objects.instance_attribute(ev, Instance(cls, None), name)
            yield from _entries(name, key, values, cls.path, namespaces)


def _entries(name: str, key: str | None, values: Values, path: str, namespaces: Iterable[str]) -> Iterator[Setting]:
    if name.lower() in DICTIONARIES:
        for value in values:
            if isinstance(value, Record):
                yield from of_record(value, path, namespaces)
    elif key is not None:
        yield Setting(key, values, path)


def written_into(ev: Evaluator, binding: ir.Binding, act: Activation, namespaces: Iterable[str]) -> Iterator[Setting]:
    """``app.config["CELERY_BROKER_URL"] = ...``: a setting written into another configuration object."""
    target = binding.target
    if (
        isinstance(target, ir.Subscript)
        and isinstance(target.index, ir.Constant)
        and isinstance(target.index.value, str)
    ):
        name = target.index.value
        key = present_name(name, namespaces)
        if _marked(name, namespaces) and (key is not None or name.lower() in DICTIONARIES):
            values = ev.values(binding.value, act, At(binding.order, binding.block))
            yield from _entries(name, key, values, act.path, namespaces)


def given_to(ev: Evaluator, call: ir.Call, act: Activation, at: At, namespaces: Iterable[str]) -> Iterator[Setting]:
    """``app.config.from_mapping(CELERY=dict(...))``: settings given as keywords."""
    for argument in call.arguments:
        name = argument.keyword or ""
        key = present_name(name, namespaces)
        if name.isupper() and _marked(name, namespaces) and (key is not None or name.lower() in DICTIONARIES):
            yield from _entries(name, key, ev.values(argument.value, act, at), act.path, namespaces)


def nearest(path: str, settings: Iterable[Setting]) -> Values:
    """The values of those settings that stand nearest to ``path`` in the tree."""
    found = list(settings)
    if not found:
        return ()
    best = max(shared(path, one.path) for one in found)
    return join((), *[one.values for one in found if shared(path, one.path) == best])


def shared(left: str, right: str) -> int:
    """How many folders two paths have in common."""
    count = 0
    for one, other in zip(left.split("/")[:-1], right.split("/")[:-1], strict=False):
        if one != other:
            break
        count += 1
    return count
