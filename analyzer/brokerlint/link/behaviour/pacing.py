"""Time: what a consumer waits for, the attempts that it counts, and how it keeps a message longer."""

from __future__ import annotations

import re
from typing import Any

from brokerlint.link.behaviour import context, payload
from brokerlint.link.behaviour.acknowledgement import in_turn
from brokerlint.link.behaviour.clients import Act
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.behaviour.walk import Frame, Moment, Walk
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.values import Const
from brokerlint.places import Place
from brokerlint.python import ir

_SLEEPS = frozenset({"time.sleep", "asyncio.sleep", "gevent.sleep", "eventlet.sleep", "anyio.sleep", "trio.sleep"})
_ATTEMPT = re.compile(r"(?i)attempt|retry|retries|tries|receive_?count|delivery_?count")
_TIME = re.compile(
    r"(?i)not_?before|deliver_?at|run_?at|retry_?at|due|process_?after|next_attempt|available_at|timestamp|delay|scheduled"
)


def is_sleep(moment: Moment) -> bool:
    """Does the call put its thread or task to sleep?"""
    if moment.name != "sleep" or not moment.call.arguments:
        return False
    return {getattr(value, "path", "") for value in moment.callees} <= _SLEEPS


def seconds(ev: Evaluator, moment: Moment) -> float | None:
    """The constant time that a sleep takes; the shortest of several; None when it is not constant."""
    values = ev.values(moment.call.arguments[0].value, moment.frame.scope, moment.at)
    numbers = [value.value for value in values if isinstance(value, Const) and isinstance(value.value, (int, float))]
    return float(min(numbers)) if numbers and len(numbers) == len(values) else None


def work_seconds(ev: Evaluator, origins: list[Origin], walks: list[Walk]) -> float | None:
    """A lower bound of the work of one message: constant sleeps that every message passes. None without any."""
    totals = []
    for origin, walk in zip(origins, walks, strict=True):
        total = sum(
            seconds(ev, moment) or 0.0 for moment in walk.moments if is_sleep(moment) and _in_work(origin, moment)
        )
        if total:
            totals.append(total)
    return min(totals) if totals else None


def _in_work(origin: Origin, moment: Moment) -> bool:
    if not in_turn(origin, moment) or moment.handed():
        return False
    chain = moment.chain()
    loop = origin.message_loop(chain[0].site.block)
    if loop is None or context.conditional(origin.body, chain[0].site.block, loop):
        return False
    return not any(context.conditional(one.frame.body, one.site.block) for one in chain[1:])


def between(ev: Evaluator, origins: list[Origin], walks: list[Walk]) -> dict[str, Any]:
    """What happens between two receives of one loop when nothing goes wrong: ``sleep_between``, the longest constant
    sleep in seconds, and ``sleeps_unknown`` where a sleep takes a time that is not constant."""
    known: list[float] = []
    unknown = False
    for origin, walk in zip(origins, walks, strict=True):
        loop = next(iter(context.loops(origin.body, origin.block)), None)
        if origin.how != "call" or loop is None:
            continue
        handlers = set(context.handlers(origin.body, origin.block))
        for moment in walk.moments:
            if (
                moment.frame.above is None
                and is_sleep(moment)
                and context.loops(origin.body, moment.site.block)[:1] == [loop]
                and set(context.handlers(origin.body, moment.site.block)) <= handlers
            ):
                time = seconds(ev, moment)
                if time is None:
                    unknown = True
                else:
                    known.append(time)
    return {"sleep_between": max(known, default=None), "sleeps_unknown": unknown}


def waits_until(walks: list[Walk]) -> list[Place]:
    """Where a record is held back until a time that it carries: a sleep or pause that depends on such a field."""
    found: set[Place] = set()
    for walk in walks:
        for moment in walk.moments:
            if is_sleep(moment) and not isinstance(moment.call.arguments[0].value, ir.Constant):
                value = moment.call.arguments[0].value
                if moment.frame.held.kind(value) and _TIME.search(_written(moment.frame, value)):
                    found.add(moment.place)
            elif _holds_back(moment) and _under_time(moment):
                found.add(moment.place)
    return sorted(found)


def _holds_back(moment: Moment) -> bool:
    return is_sleep(moment) or (moment.operation is not None and moment.operation.act == "pause")


def _under_time(moment: Moment) -> bool:
    """Does a test of a time that the message carries lead here?"""
    body = moment.frame.body
    return any(_tests_time(moment.frame, index) for index in context.around(body, moment.site.block))


def _written(frame: Frame, expr: ir.Expr | None) -> str:
    return payload.text_of(payload.inlined(frame.body, expr, payload.END))


def _tests_time(frame: Frame, index: int) -> bool:
    block = frame.body.blocks[index]
    if block.kind not in ("if", "while"):
        return False
    return any(
        isinstance(one, ir.Compare)
        and (frame.held.kind(one.left) or any(frame.held.kind(right) for _, right in one.rest))
        for one in context.parts(block.subject)
    ) and bool(_TIME.search(_written(frame, block.subject)))


def compares_attempt(walks: list[Walk]) -> list[Place]:
    """Where an attempt counter that the message carries is compared with a limit."""
    found: set[Place] = set()
    for walk in walks:
        for frame in walk.frames:
            for block in frame.body.blocks:
                for one in context.parts(block.subject):
                    if isinstance(one, ir.Compare) and _is_attempt(frame, one):
                        found.add(Place(frame.scope.path, block.line, block.line))
    return sorted(found)


def _is_attempt(frame: Frame, compare: ir.Compare) -> bool:
    ordered = any(
        operator in ("LessThan", "LessThanEqual", "GreaterThan", "GreaterThanEqual", "Equal")
        for operator, _ in compare.rest
    )
    sides = [compare.left, *(right for _, right in compare.rest)]
    return ordered and any(frame.held.kind(side) and _ATTEMPT.search(_written(frame, side)) for side in sides)


def keeping(acts: list[Act], acks: list[dict[str, Any]], walks: list[Walk]) -> dict[str, bool]:
    """``pauses``: partitions are paused while work runs. ``heartbeat``: the visibility timeout is extended."""
    extends = any(one["kind"] == "visibility" and one.get("timeout") != 0 for one in acks)
    return {
        "pauses": any(act.operation.act == "pause" for act in acts),
        "heartbeat": extends or any(act.operation.act == "visibility" for act in acts),
        "delivery_count": any(moment.name == "delivery_count" for walk in walks for moment in walk.moments),
    }
