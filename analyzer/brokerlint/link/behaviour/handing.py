"""Handing over: how a call starts work elsewhere (threads, pools, tasks), and whether anybody waits for it."""

from __future__ import annotations

from brokerlint.link.behaviour import context
from brokerlint.link.scopes import last_name
from brokerlint.python import ir

_TASKS = frozenset(
    {"create_task", "ensure_future", "start_soon", "run_coroutine_threadsafe", "spawn", "spawn_n", "add_task"}
)
_POOLS = frozenset(
    {
        "submit",
        "map",
        "run_in_executor",
        "apply_async",
        "imap",
        "imap_unordered",
        "starmap",
        "map_async",
        "starmap_async",
    }
)
_WAITS = frozenset(
    {
        "gather",
        "wait",
        "as_completed",
        "result",
        "results",
        "join",
        "wait_for",
        "get",
        "map",
        "imap",
        "imap_unordered",
        "starmap",
    }
)
_RUNNERS = frozenset(
    {
        "run",
        "run_until_complete",
        "wait_for",
        "gather",
        "shield",
        "wait",
        "as_completed",
        "sync",
        "async_to_sync",
        "ensure_future",
    }
)


def how(site: ir.Site, body: ir.Body, path: str) -> str:
    """How a call that gets a function runs it: ``thread-pool``, ``process-pool``, ``task``, or "" for in line.

    ``path`` is the import path of what is called.
    """
    name = last_name(site.call.function)
    if name in _TASKS:
        return "task"
    if name in ("Thread", "Process", "Timer"):
        return "process-pool" if name == "Process" else "thread-pool"
    if name not in _POOLS or waited(body, site):
        return ""
    lower = path.lower()
    return "process-pool" if "process" in lower or "multiprocessing.pool" in lower else "thread-pool"


def handed_over(call: ir.Call, index: int) -> list[ir.Argument]:
    """The arguments that a function passed at ``index`` will get: ``args=(a,)``, or what follows it."""
    argument = call.arguments[index]
    if argument.keyword in ("target", "func", "function"):
        args = call.keyword("args")
        found = [ir.Argument(item) for item in args.items] if isinstance(args, ir.Sequence) else []
        kwargs = call.keyword("kwargs")
        if isinstance(kwargs, ir.Mapping):
            found += [
                ir.Argument(value, str(key.value)) for key, value in kwargs.entries if isinstance(key, ir.Constant)
            ]
        return found
    if last_name(call.function) in ("map", "imap", "imap_unordered", "starmap", "map_async"):
        return [ir.Argument(ir.Element(one.value)) for one in call.arguments[index + 1 :] if one.keyword is None]
    return [one for one in call.arguments[index + 1 :] if not one.star]


def waited(body: ir.Body, site: ir.Site) -> bool:
    """Is what the call starts waited for in the same turn of the loop: ``gather``, ``future.result()``, ``with
    pool``?"""
    if site.awaited:
        return True
    turn = context.loops(body, site.block)
    outer = turn[0] if turn and body.blocks[turn[0]].kind != "comprehension" else (turn[1] if len(turn) > 1 else -1)
    # The futures are waited for inside the loop that receives, but maybe behind the one that hands them over.
    while (
        outer >= 0
        and not context.endless(body.blocks[outer])
        and (above := context.loops(body, body.blocks[outer].parent))
    ):
        outer = above[0]
    for other in body.sites:
        if (
            other.order > site.order
            and last_name(other.call.function) in _WAITS
            and context.inside(body, other.block, outer)
        ):
            return True
    for block in context.around(body, site.block):
        if block == outer:
            break
        subject = body.blocks[block].subject
        if (
            body.blocks[block].kind == "with"
            and isinstance(subject, ir.Call)
            and "Executor" in last_name(subject.function)
        ):
            return True
        if (
            body.blocks[block].kind == "with"
            and isinstance(subject, ir.Call)
            and "TaskGroup" in last_name(subject.function)
        ):
            return True
    return False


def tasks(body: ir.Body) -> dict[int, str]:
    """The calls whose coroutine is started on its own: ``create_task(work(m))``."""
    found: dict[int, str] = {}
    for site in body.sites:
        if last_name(site.call.function) in _TASKS:
            for argument in site.call.arguments:
                if isinstance(argument.value, ir.Call) and not waited(body, site):
                    found[id(argument.value)] = "task"
    return found


def given_away(function: ir.Function, body: ir.Body, site: ir.Site) -> str:
    """A coroutine that is made and passed on without being awaited: whoever gets it starts a task."""
    if not function.is_async or site.awaited or site.use != "argument":
        return ""
    for other in body.sites:
        if any(argument.value is site.call for argument in other.call.arguments):
            name = last_name(other.call.function)
            return "" if name in _RUNNERS or name in _WAITS or other.awaited or waited(body, other) else "task"
    return ""
