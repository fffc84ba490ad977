"""Where a send runs: inside which tasks, and below which modules that no code of the program calls.

A function beside the tasks is run by the workers when tasks call it, and by the web application when its views do. Code
in a file without tasks counts for whatever imports that file, too, as it does for every other library.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from brokerlint.link.callers import Callers
from brokerlint.link.celery.application import Chain
from brokerlint.link.celery.tasks import Task, Tasks
from brokerlint.link.values import FunctionValue, Method
from brokerlint.python import ir

DEEPEST = 5
MOST_STEPS = 40
"""Calls of one function that are looked at; with more, the function is taken for a root itself."""


@dataclass(slots=True)
class Context:
    """Tasks that reach a place, and files of other code that does."""

    tasks: dict[int, Task] = field(default_factory=dict)
    paths: dict[str, None] = field(default_factory=dict)


class Contexts:
    """Finds the contexts of code, going up from caller to caller."""

    def __init__(self, callers: Callers, tasks: Tasks) -> None:
        self._callers = callers
        self._tasks = tasks
        self._task_files = frozenset(task.path for task in tasks.all)

    def of(self, path: str, chain: Chain) -> Context:
        """What runs the code that stands inside ``chain`` in the file ``path``."""
        found = Context()
        if path not in self._task_files:
            found.paths[path] = None
        self._collect(path, chain, found, set(), 0)
        return found

    def _collect(self, path: str, chain: Chain, found: Context, seen: set[int], depth: int) -> None:
        task = self._tasks.around(chain)
        if task is not None:
            found.tasks[id(task)] = task
            return
        function = next((one for one in reversed(chain) if isinstance(one, ir.Function)), None)
        if function is None or depth >= DEEPEST:
            found.paths[path] = None
            return
        if id(function) in seen:
            return
        seen.add(id(function))
        above = self._above(path, chain[: chain.index(function) + 1])
        for where, around in above:
            self._collect(where, around, found, seen, depth + 1)
        if not above:
            found.paths[path] = None

    def _above(self, path: str, chain: Chain) -> list[tuple[str, Chain]]:
        """The places that call the innermost function of ``chain``."""
        steps = [step for step in self._callers.into(path, chain) if step.how == "call"]
        if len(steps) > MOST_STEPS:
            return []
        target = chain[-1]
        return [
            (step.here.module.path, step.here.chain)
            for step in steps
            for value in self._callers.callee(step)
            if _is(value.receiver if isinstance(value, Method) else value, target)
        ]


def _is(value: object, target: ir.Function | ir.Class) -> bool:
    return isinstance(value, FunctionValue) and value.definition is target
