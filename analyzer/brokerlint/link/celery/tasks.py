"""Tasks: functions and classes that Celery runs, with their names and options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from brokerlint.link import calls, objects
from brokerlint.link.celery.application import App, Apps, Chain, Code, is_application
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import At
from brokerlint.link.sites import last_name
from brokerlint.link.values import (
    ClassValue,
    Const,
    External,
    FunctionValue,
    Instance,
    Method,
    Unknown,
    Value,
    Values,
)
from brokerlint.places import Place
from brokerlint.python import ir

_MARKS = frozenset({"task", "shared_task", "periodic_task"})
_BASES = frozenset(
    {"celery.Task", "celery.app.task.Task", "celery.task.Task", "celery.task.base.Task", "celery.app.Task"}
)


@dataclass(eq=False, slots=True)
class Task:
    """One task: its function (or the class whose ``run`` it is), its name, and what its decorator says."""

    path: str
    definition: ir.Function | ir.Class
    name: str
    app: App | None
    place: Place
    options: dict[str, Values] = field(default_factory=dict)

    @property
    def bound(self) -> bool:
        """Does the function get the task itself as its first argument?"""
        return isinstance(self.definition, ir.Class) or Const(True) in self.options.get("bind", ())

    def holds(self, chain: Chain) -> bool:
        """Does code inside these definitions belong to the task's body?"""
        return any(one is self.definition for one in chain)


class Tasks:
    """The tasks of a program, found by their decorators and base classes."""

    def __init__(self, ev: Evaluator, apps: Apps, code: Iterable[Code]) -> None:
        self._ev = ev
        self._apps = apps
        self.all: list[Task] = []
        self._by_definition: dict[int, Task] = {}
        self._by_name: dict[str, list[Task]] = {}
        for one in code:
            self._in(one)

    def named(self, name: str) -> list[Task]:
        """The tasks registered under ``name``."""
        return self._by_name.get(name, [])

    def around(self, chain: Chain) -> Task | None:
        """The task whose body code inside ``chain`` belongs to."""
        return next((found for one in reversed(chain) if (found := self._by_definition.get(id(one)))), None)

    def of(self, value: Value) -> Task | None:
        """The task that ``value`` is: its function, its class or object, or ``self`` inside it."""
        if isinstance(value, FunctionValue):
            return self._by_definition.get(id(value.definition))
        if isinstance(value, (Instance, ClassValue)):
            cls = value.cls if isinstance(value, Instance) else value
            return self._by_definition.get(id(cls.definition))
        if isinstance(value, Unknown):
            for need in value.needs:
                for task in self.all:
                    if task.path == need.path and _is_self(task, need.function, need.name):
                        return task
        return None

    # --- Finding --------------------------------------------------------------------------------------------------

    def _in(self, one: Code) -> None:
        for function in one.body.functions:
            found = next((f for d in function.decorators if (f := self._decorated(d, function, one))), None)
            if found is not None:
                app, options, line = found
                place = Place(one.path, line or function.line, function.line)
                self._add(Task(one.path, function, self._name(function, options, one), app, place, options))
        for cls in one.body.classes:
            self._class(cls, one)

    def _add(self, task: Task) -> None:
        self.all.append(task)
        self._by_definition[id(task.definition)] = task
        self._by_name.setdefault(task.name, []).append(task)

    def _name(self, definition: ir.Function | ir.Class, options: dict[str, Values], one: Code) -> str:
        given = next(
            (v.value for v in options.get("name", ()) if isinstance(v, Const) and isinstance(v.value, str)), ""
        )
        return given or f"{self._ev.program.dotted(one.path)}.{definition.name}"

    def _decorated(
        self, decorator: ir.Expr, function: ir.Function, one: Code
    ) -> tuple[App | None, dict[str, Values], int] | None:
        """The application, options and line of a decorator that makes a task; None for any other decorator."""
        call = decorator if isinstance(decorator, ir.Call) else None
        marker = call.function if call is not None else decorator
        if not isinstance(marker, (ir.Name, ir.Attribute)):
            return None
        at = At(function.order, function.block)
        self._ev.start()
        values = self._ev.values(marker, one.act, at)
        mark = last_name(marker)
        inherited: dict[str, Values] = {}
        if mark in _MARKS and any(self._is_marker(value) for value in values):
            receivers = tuple(value.receiver for value in values if isinstance(value, Method))
        elif mark in _MARKS and isinstance(marker, ir.Attribute) and self._like_app(marker.value, values, one, at):
            receivers = self._ev.values(marker.value, one.act, at)
        else:
            wrapped = self._wrapped(values)
            if wrapped is None:
                return None
            receivers, inherited = wrapped
        options = {**inherited, **dict(calls.arguments(self._ev, call, one.act, at))} if call is not None else inherited
        kept = {key: values for key, values in options.items() if key not in ("", "*", "**")}
        if mark == "periodic_task":
            kept.setdefault("periodic", (Const(True),))
        return self._apps.meant(receivers, one.path), kept, call.line if call is not None else 0

    def _is_marker(self, value: Value) -> bool:
        if isinstance(value, External):
            return value.path.startswith("celery.") or "celery" in value.path.rpartition(".")[0].lower()
        return isinstance(value, Method) and is_application(self._ev, value.receiver)

    def _like_app(self, receiver: ir.Expr, values: Values, one: Code, at: At) -> bool:
        """``celery.task`` where ``celery`` comes from code that could not be followed, or overrides ``task``."""
        owners = self._ev.values(receiver, one.act, at)
        if any(is_application(self._ev, owner) for owner in owners):
            return True
        named = "celery" in last_name(receiver).lower()
        return named and all(isinstance(owner, (Unknown, External)) for owner in owners)

    def _wrapped(self, values: Values) -> tuple[Values, dict[str, Values]] | None:
        """The applications and options behind the program's own decorator around Celery's; None for another one."""
        for value in values:
            if not isinstance(value, FunctionValue):
                continue
            act = self._ev.call(value, objects.receiver_argument(value), bound=False)
            if act is None:
                continue
            for site in value.definition.body.sites:
                marker = site.call.function.function if isinstance(site.call.function, ir.Call) else site.call.function
                if last_name(marker) not in _MARKS:
                    continue
                at = At(site.order, site.block)
                found = self._ev.values(marker, act, at)
                if any(self._is_marker(one) for one in found):
                    receivers = tuple(one.receiver for one in found if isinstance(one, Method))
                    applied = site.call.function if isinstance(site.call.function, ir.Call) else site.call
                    given = dict(calls.arguments(self._ev, applied, act, at))
                    return receivers, {key: v for key, v in given.items() if not any(isinstance(x, Unknown) for x in v)}
        return None

    def _class(self, cls: ir.Class, one: Code) -> None:
        within = one.act if one.act.kind == "function" else None
        value = ClassValue(one.path, cls, cls.qualname, within)
        run = next((f for f in cls.body.functions if f.name == "run"), None)
        if run is None or not cls.bases or not self._is_task_class(value, one):
            return
        options = {}
        for key in (
            "name",
            "queue",
            "acks_late",
            "time_limit",
            "soft_time_limit",
            "default_retry_delay",
            "max_retries",
            "serializer",
        ):
            found = objects.class_attribute(self._ev, value, key)
            if found and not all(isinstance(v, (Unknown, Method)) for v in found):
                options[key] = found
        place = Place(one.path, cls.line, run.line)
        self._add(Task(one.path, cls, self._name(cls, options, one), self._apps.meant((), one.path), place, options))

    def _is_task_class(self, value: ClassValue, one: Code) -> bool:
        _, outside = objects.mro(self._ev, value)
        if any(path in _BASES for path in outside):
            return True
        at = At(value.definition.order, value.definition.block)
        return any(
            isinstance(base, ir.Attribute)
            and base.attr == "Task"
            and any(is_application(self._ev, v) for v in self._ev.values(base.value, one.act, at))
            for base in value.definition.bases
        )


def _is_self(task: Task, function: str, parameter: str) -> bool:
    if isinstance(task.definition, ir.Function):
        first = task.definition.parameters[0].name if task.definition.parameters else ""
        return task.bound and task.definition.qualname == function and parameter == first
    return function.startswith(f"{task.definition.qualname}.") and parameter == "self"
