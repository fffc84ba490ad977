"""Tasks: functions and classes that Celery runs, with their names and options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from brokerlint.link import objects
from brokerlint.link.celery.application import App, Apps, Chain, Code, is_application
from brokerlint.link.celery.decorators import Decorators
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import At, last_name
from brokerlint.link.values import (
    ClassValue,
    Const,
    FunctionValue,
    Instance,
    Method,
    Unknown,
    Value,
    Values,
)
from brokerlint.places import Place
from brokerlint.python import ir

_BASES = frozenset(
    {"celery.Task", "celery.app.task.Task", "celery.task.Task", "celery.task.base.Task", "celery.app.Task"}
)
_ATTRIBUTES = (
    "name", "queue", "acks_late", "time_limit", "soft_time_limit", "default_retry_delay", "max_retries", "serializer",
)  # fmt: skip


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

    def means(self, name: str) -> bool:
        """May a task without a name of its own be registered as ``name``, seen from any folder above its file?"""
        return any(f".{one}".endswith(f".{name}") for one in self.spellings) and "name" not in self.options

    @property
    def spellings(self) -> tuple[str, ...]:
        """The names that it may be registered under: its own, or by package and by path where it has none."""
        if "name" in self.options:
            return (self.name,)
        return self.name, f"{self.path.removesuffix('.py').replace('/', '.')}.{self.definition.name}"


class Tasks:
    """The tasks of a program, found by their decorators and base classes."""

    def __init__(self, ev: Evaluator, apps: Apps, code: Iterable[Code]) -> None:
        self._ev = ev
        self._apps = apps
        self.all: list[Task] = []
        self._by_definition: dict[int, Task] = {}
        self._by_name: dict[str, list[Task]] = {}
        self._decorators = Decorators(ev)
        code = list(code)
        registered = {id(cls.definition): cls for one in code for cls in self._registered(one)}
        for one in code:
            self._in(one)
        classes = [cls for one in code for cls in _classes(one)]
        for cls in classes:
            self._class(cls, id(cls.definition) in registered)
            # What derives from it need not mention Celery.
            if self._is_task_class(cls):
                classes += [sub for sub in objects.subclasses(ev, cls) if sub not in classes]
        for cls in registered.values():
            self._class(cls, True)
        self.all = [task for task in self.all if id(task.definition) not in self._decorators.inner]

    def named(self, name: str) -> list[Task]:
        """The tasks registered under ``name``; where packages are not marked, those that it may mean by their path."""
        found = self._by_name.get(name)
        if found is None and "." in name:
            found = [task for task in self._by_name.get(name.rpartition(".")[2], ()) if task.means(name)]
        return found or []

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
            read = (self._decorators.read(decorator, function, one) for decorator in function.decorators)
            found = next((applied for applied in read if applied is not None), None)
            if found is not None:
                place = Place(one.path, found.line or function.line, function.line)
                app = self._apps.meant(found.receivers, one.path)
                name = self._name(function, found.options, one.path)
                self._add(Task(one.path, function, name, app, place, found.options))

    def _add(self, task: Task) -> None:
        self.all.append(task)
        self._by_definition[id(task.definition)] = task
        self._by_name.setdefault(task.name, []).append(task)
        if "name" not in task.options:
            self._by_name.setdefault(task.definition.name, []).append(task)

    def _name(self, definition: ir.Function | ir.Class, options: dict[str, Values], path: str) -> str:
        given = next(
            (v.value for v in options.get("name", ()) if isinstance(v, Const) and isinstance(v.value, str)), ""
        )
        return given or f"{self._ev.program.dotted(path)}.{definition.name}"

    def _registered(self, one: Code) -> list[ClassValue]:
        """The classes that ``app.register_task(Ship())`` makes tasks of."""
        found: list[ClassValue] = []
        for site in one.body.sites:
            given = site.call.position(0) if last_name(site.call.function) == "register_task" else None
            for value in self._ev.values(given, one.act, At(site.order, site.block)) if given is not None else ():
                cls = value.cls if isinstance(value, Instance) else value
                if isinstance(cls, ClassValue):
                    found.append(cls)
        return found

    def _class(self, value: ClassValue, registered: bool) -> None:
        """A class that Celery runs: it has a ``run``, maybe from a class above, and is no base of other tasks."""
        cls = value.definition
        if id(cls) in self._by_definition or not cls.bases or not self._is_task_class(value):
            return
        runs = [f for one in objects.mro(self._ev, value)[0] for f in one.definition.body.functions if f.name == "run"]
        own = next((f for f in cls.body.functions if f.name == "run"), None)
        options = {}
        for key in _ATTRIBUTES:
            found = objects.class_attribute(self._ev, value, key)
            if found and not all(isinstance(v, (Unknown, Method)) or v == Const(None) for v in found):
                options[key] = found
        named = "name" in options and any(
            isinstance(b.target, ir.Name) and b.target.id == "name" for b in cls.body.bindings
        )
        base = not named and bool(objects.subclasses(self._ev, value))
        if not runs or not (registered or (not base and (named or own is not None))):
            return
        place = Place(value.path, cls.line, own.line if own is not None else cls.line)
        name = self._name(cls, options, value.path)
        self._add(Task(value.path, cls, name, self._apps.meant((), value.path), place, options))

    def _is_task_class(self, value: ClassValue) -> bool:
        order, outside = objects.mro(self._ev, value)
        return any(path in _BASES for path in outside) or any(self._derives(one) for one in order)

    def _derives(self, value: ClassValue) -> bool:
        """Does the class derive from ``app.Task`` of an application?"""
        scope = value.within or self._ev.module(value.path)
        at = At(value.definition.order, value.definition.block)
        return scope is not None and any(
            isinstance(base, ir.Attribute)
            and base.attr == "Task"
            and any(is_application(self._ev, v) for v in self._ev.values(base.value, scope, at))
            for base in value.definition.bases
        )


def _classes(one: Code) -> list[ClassValue]:
    """The classes that a body defines."""
    within = one.act if one.act.kind == "function" else None
    return [ClassValue(one.path, cls, cls.qualname, within) for cls in one.body.classes]


def _is_self(task: Task, function: str, parameter: str) -> bool:
    if isinstance(task.definition, ir.Function):
        first = task.definition.parameters[0].name if task.definition.parameters else ""
        return task.bound and task.definition.qualname == function and parameter == first
    return function.startswith(f"{task.definition.qualname}.") and parameter == "self"
