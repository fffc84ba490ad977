"""Beat schedules: tasks that a clock sends, each entry at the lines where it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from brokerlint.link.celery.application import Code
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import At
from brokerlint.link.values import Const, Record, Values
from brokerlint.places import Place
from brokerlint.python import ir

DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a schedule: the task's name, the queue that its options name, and where it stands."""

    code: Code
    task: str
    queue: Values
    place: Place


def entries(ev: Evaluator, code: Iterable[Code], text: Callable[[str], bytes]) -> list[Entry]:
    """Every entry of every mapping that has the form of a beat schedule: entries with ``task`` and ``schedule``."""
    found: list[Entry] = []
    seen: set[int] = set()
    for one in code:
        for expr, at, line in _written(one):
            for mapping in _mappings(expr, 0):
                if id(mapping) not in seen:
                    seen.add(id(mapping))
                    found += _entries(ev, mapping, one, at, line, text)
    return found


def _written(one: Code) -> Iterator[tuple[ir.Expr, At, int]]:
    for binding in one.body.bindings:
        yield binding.value, At(binding.order, binding.block), binding.line
    for site in one.body.sites:
        for argument in site.call.arguments:
            yield argument.value, At(site.order, site.block), site.call.line


def _mappings(expr: ir.Expr, depth: int) -> Iterator[ir.Mapping]:
    if depth > DEEPEST:
        return
    if isinstance(expr, ir.Mapping):
        yield expr
        for _, value in expr.entries:
            yield from _mappings(value, depth + 1)
    elif isinstance(expr, ir.Call):
        for argument in expr.arguments:
            yield from _mappings(argument.value, depth + 1)


def _entries(
    ev: Evaluator, mapping: ir.Mapping, one: Code, at: At, line: int, text: Callable[[str], bytes]
) -> Iterator[Entry]:
    for key, value in mapping.entries:
        if not isinstance(value, ir.Mapping) or not {"task", "schedule"} <= _constant_keys(value):
            continue
        ev.start()
        record = next((v for v in ev.values(value, one.act, at) if isinstance(v, Record)), None)
        if record is None:
            continue
        task = next(
            (v.value for v in record.get("task") or () if isinstance(v, Const) and isinstance(v.value, str)), ""
        )
        options = [inner.get("queue") for inner in record.get("options") or () if isinstance(inner, Record)]
        queue = next((values for values in options if values), ())
        name = key.value if isinstance(key, ir.Constant) and isinstance(key.value, str) else task
        yield Entry(one, task, queue, _place(one.path, text(one.path), name, line, value))


def _constant_keys(mapping: ir.Mapping) -> set[object]:
    return {key.value for key, _ in mapping.entries if isinstance(key, ir.Constant)}


def _place(path: str, data: bytes, name: str, line: int, value: ir.Mapping) -> Place:
    """The lines of an entry, found by its key in the text; expressions other than calls have no lines of their own."""
    lines = data.decode("utf-8", "replace").splitlines()
    quoted = re.compile(r"[\"']" + re.escape(name) + r"[\"']")
    first = next((n for n in range(line, len(lines) + 1) if quoted.search(lines[n - 1])), 0) if name else 0
    inner = [one.line for one in _calls(value, 0)]
    if not first or (inner and not first <= min(inner)):
        first = min(inner, default=line)
    depth = 0
    for number in range(first, min(first + 40, len(lines)) + 1):
        depth += sum(lines[number - 1].count(c) for c in "{([") - sum(lines[number - 1].count(c) for c in "})]")
        if depth <= 0:
            return Place(path, first, number)
    return Place(path, first, first)


def _calls(expr: ir.Expr, depth: int) -> Iterator[ir.Call]:
    if isinstance(expr, ir.Call):
        yield expr
    elif isinstance(expr, ir.Mapping) and depth < DEEPEST:
        for _, value in expr.entries:
            yield from _calls(value, depth + 1)
