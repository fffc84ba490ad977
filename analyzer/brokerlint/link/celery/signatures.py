"""Signatures and canvases: ``task.s(...)``, ``signature("name")``, ``chain``, ``group``, ``chord``, and their tasks."""

from __future__ import annotations

from dataclasses import dataclass, replace

from brokerlint.link import calls
from brokerlint.link.celery.tasks import Task, Tasks
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import END, Activation, At, visible
from brokerlint.link.values import Const, External, FunctionValue, Record, Values, join, needs_of
from brokerlint.python import ir

_MAKING = frozenset({"s", "si", "signature", "subtask", "starmap", "map", "chunks"})
_KEEPING = frozenset({"clone", "on_error", "link", "link_error", "set_immutable", "freeze", "group"})
_CANVASES = frozenset(
    {"chain", "group", "chord", "signature", "subtask", "xmap", "chunks", "starmap", "maybe_signature"}
)
DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Signature:
    """One task that is going to be sent: the task or its name, and the queue that the signature itself names."""

    task: Task | None
    name: str
    queue: Values = ()


class Signatures:
    """Reads canvases where they stand in the code."""

    def __init__(self, ev: Evaluator, tasks: Tasks) -> None:
        self._ev = ev
        self._tasks = tasks

    def read(self, expr: ir.Expr, act: Activation, at: At, depth: int = 0) -> list[Signature]:
        """The signatures in ``expr``; [] when it is no canvas."""
        if depth > DEEPEST:
            return []
        if isinstance(expr, ir.Call):
            return self._call(expr, act, at, depth)
        parts: tuple[ir.Expr, ...] = ()
        if isinstance(expr, ir.Binary) and expr.operator == "|":
            parts = (expr.left, expr.right)
        elif isinstance(expr, ir.Sequence):
            parts = expr.items
        elif isinstance(expr, ir.Starred):
            parts = (expr.value,)
        elif isinstance(expr, ir.Comprehension):
            parts, at = (expr.element,), At(END.order, at.block)
        elif isinstance(expr, ir.Conditional):
            parts = (expr.body, expr.orelse)
        elif isinstance(expr, ir.Name):
            return self._name(expr.id, act, at, depth)
        return [one for part in parts for one in self.read(part, act, at, depth + 1)]

    def _name(self, name: str, act: Activation, at: At, depth: int) -> list[Signature]:
        """What a local name was bound to, with what was appended to it."""
        names = self._ev.names(act.body)
        found: list[Signature] = []
        definitions = names.definitions.get(name, [])
        for one in visible(act.body, definitions, at)[0] if definitions else []:
            if isinstance(one, ir.Binding):
                found += self.read(one.value, act, At(one.order, one.block), depth + 1)
        for store in names.stores.get(name, ()):
            if store.how in ("append", "extend"):
                found += self.read(store.value, act, store.at, depth + 1)
        return found

    def _call(self, call: ir.Call, act: Activation, at: At, depth: int) -> list[Signature]:
        function = call.function
        if isinstance(function, ir.Attribute):
            if function.attr in _MAKING:
                made = self._made(call, function, act, at)
                if made:
                    return made
            if function.attr == "set" or function.attr in _KEEPING:
                inner = self.read(function.value, act, at, depth + 1)
                queue = self.queue(call, act, at)
                return [replace(one, queue=queue) for one in inner] if queue else inner
        values = self._ev.values(function, act, at)
        if any(
            isinstance(v, External) and v.path.startswith("celery.") and v.path.rpartition(".")[2] in _CANVASES
            for v in values
        ):
            named = self._named(call, act, at)
            return named or [one for a in call.arguments for one in self.read(a.value, act, at, depth + 1)]
        return [
            one
            for value in values
            if isinstance(value, FunctionValue)
            for one in self._returned(value, call, act, at, depth)
        ]

    def _made(self, call: ir.Call, function: ir.Attribute, act: Activation, at: At) -> list[Signature]:
        values = self._ev.values(function.value, act, at)
        found = [Signature(task, task.name, self.queue(call, act, at)) for v in values if (task := self._tasks.of(v))]
        return found or (self._named(call, act, at) if function.attr in ("signature", "subtask") else [])

    def _named(self, call: ir.Call, act: Activation, at: At) -> list[Signature]:
        """``signature("package.task", queue="q")``."""
        first = call.position(0)
        values = self._ev.values(first, act, at) if first is not None else ()
        names = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, str)]
        queue = self.queue(call, act, at)
        found: list[Signature] = []
        for name in names:
            tasks: list[Task | None] = [*self._tasks.named(name)] or [None]
            found += [Signature(task, name, queue) for task in tasks]
        return found

    def _returned(self, function: FunctionValue, call: ir.Call, act: Activation, at: At, depth: int) -> list[Signature]:
        """The canvas that a function of the program returns."""
        if not any(leave.kind == "return" for leave in function.definition.body.exits) or self._tasks.of(function):
            return []
        parameters = (
            function.definition.parameters[1:] if function.receiver is not None else function.definition.parameters
        )
        bound = calls.bind(self._ev, parameters, calls.arguments(self._ev, call, act, at))
        inside = self._ev.call(function, bound, bound=True)
        if inside is None:
            return []
        leaves = [
            leave for leave in function.definition.body.exits if leave.kind == "return" and leave.value is not None
        ]
        return [
            one
            for leave in leaves
            if leave.value is not None
            for one in self.read(leave.value, inside, At(leave.order, leave.block), depth + 1)
        ]

    def queue(self, call: ir.Call, act: Activation, at: At) -> Values:
        """The queue that a call names, ``queue=`` before ``options=`` and ``routing_key=``; () when it names none.

        Keywords that are unpacked from what only a caller knows stand for the queue that they may hold.
        """
        given = dict(calls.arguments(self._ev, call, act, at))
        if "queue" in given:
            return given["queue"]
        for value in given.get("options", ()):
            inner = value.get("queue") if isinstance(value, Record) else None
            if inner:
                return inner
        if "routing_key" in given:
            return given["routing_key"]
        hidden = given.get("**", ())
        return join((Const(None),), hidden) if needs_of(hidden) else ()
