"""How messages are consumed: the kind of loop, the tests of what was received, the work and where it runs, seeks and
closes."""

from __future__ import annotations

from typing import Any

from brokerlint.link.behaviour import context, following, messages
from brokerlint.link.behaviour.acknowledgement import in_turn, keeps, within, work_of
from brokerlint.link.behaviour.clients import Act
from brokerlint.link.behaviour.effects import Effects, is_logging
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.behaviour.walk import Frame, Moment, Walk
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.sites import CallSite
from brokerlint.link.values import Client
from brokerlint.places import Place
from brokerlint.python import ir

_STREAMS = frozenset(
    {
        "faust",
        "quixstreams",
        "bytewax",
        "apache-flink",
        "pyspark",
        "apache-beam",
        "streamz",
        "pathway",
        "kstreams",
        "ksqldb",
    }
)
_TASKS = frozenset({"celery", "kombu", "dramatiq-sqs", "taskiq-kafka", "taskiq-sqs", "pyqs", "django-eb-sqs"})


def loop_kind(origins: list[Origin], library: str, decorator: bool) -> str:
    """The kind of loop that messages arrive in; "" when it can't be told."""
    if library in _STREAMS:
        return "framework-stream"
    if library in _TASKS:
        return "framework-task"
    if not origins:
        return ""
    if any(origin.how == "handler" for origin in origins):
        return "decorator" if decorator else "callback"
    for origin in origins:
        if origin.how == "loop":
            kind = origin.body.blocks[origin.block].kind
            return "async-for" if kind == "async-for" else "for-iter"
    kinds = [_around(origin) for origin in origins]
    if "while-true" in kinds:
        return "while-true"
    return "" if any(origin.escapes for origin in origins) else "once"


def _around(origin: Origin) -> str:
    loops = context.loops(origin.body, origin.block)
    return "while-true" if any(context.endless(origin.body.blocks[index]) for index in loops) else "once"


def loop_around(origins: list[Origin]) -> str:
    """The innermost loop around the receiving call or its wrapper's call: ``forever``, ``over-items``, ``none``."""
    found = {"": 0}
    for origin in origins:
        if origin.how == "handler":
            continue
        loops = context.loops(origin.body, origin.block)
        if origin.how == "loop" or any(context.endless(origin.body.blocks[index]) for index in loops):
            return "forever"
        found["over-items" if loops else "none"] = 1
    if any(origin.escapes for origin in origins):
        return ""
    return "over-items" if "over-items" in found else ("none" if "none" in found else "")


def stops_on_empty(origins: list[Origin]) -> bool:
    """Does the loop end when there is nothing to receive: ``if not messages: break``?"""
    for origin in origins:
        body = origin.body
        loops = context.loops(body, origin.block)
        for leave in body.exits:
            if leave.kind not in ("break", "return") or not loops or not context.inside(body, leave.block, loops[0]):
                continue
            for index in context.around(body, leave.block):
                if index == loops[0]:
                    break
                if body.blocks[index].kind in ("if", "else") and _tests_received(origin, body.blocks[index].subject):
                    return True
        for index in loops[:1]:
            block = body.blocks[index]
            if (
                block.kind == "while"
                and not isinstance(block.subject, ir.Constant)
                and _tests_received(origin, block.subject)
            ):
                return True
    return False


def _tests_received(origin: Origin, test: ir.Expr | None) -> bool:
    held = messages.held(origin.body, origin.seeds, origin.results)
    return any(
        messages.whole(held.kind(one))
        for one in context.parts(test)
        if isinstance(one, (ir.Name, ir.Call, ir.Attribute))
    )


# --- Tests of what was received -------------------------------------------------------------------------------------


def error_checked(origins: list[Origin], walks: list[Walk]) -> bool | None:
    """Is the message's ``error()`` asked? None when the messages go where they can't be followed."""
    return _asked(origins, walks, lambda moment: moment.name == "error")


def _asked(origins: list[Origin], walks: list[Walk], asks: Any) -> bool | None:
    seen = False
    for walk in walks:
        for moment in walk.moments:
            function = moment.call.function
            if (
                isinstance(function, ir.Attribute)
                and asks(moment)
                and moment.frame.held.kind(function.value) in ("message", "batch")
            ):
                return True
            seen = seen or moment.name in ("value", "key")
    followed = bool(walks) and not any(walk.cut for walk in walks) and not any(origin.escapes for origin in origins)
    return False if followed and seen and not any(following.escapes(walk) for walk in walks) else None


def none_test(origins: list[Origin]) -> str:
    """How the answer of a single receive is tested for None: ``is-none``, ``truthiness``, ``missing``; "" if it
    escapes."""
    found: set[str] = set()
    for origin in origins:
        if not origin.single:
            continue
        body = origin.body
        held = messages.held(body, origin.seeds, origin.results)
        tests = {_none_test_of(held, part) for test in _tests(body) for part in _operands(test)}
        tests.discard("")
        if tests:
            found.add("is-none" if "is-none" in tests else "truthiness")
            continue
        uses = [s for s in body.sites if s.order > origin.order and isinstance(s.call.function, ir.Attribute)]
        direct = any(
            held.kind(s.call.function.value) == "message"
            and last_name(s.call.function) in ("value", "key", "error", "topic")
            for s in uses
            if isinstance(s.call.function, ir.Attribute)
        )
        if direct:
            found.add("missing")
    return next((one for one in ("missing", "truthiness", "is-none") if one in found), "")


def _tests(body: ir.Body) -> list[ir.Expr]:
    found = [block.subject for block in body.blocks if block.kind in ("if", "while") and block.subject is not None]
    found += [one.test for b in body.bindings for one in context.parts(b.value) if isinstance(one, ir.Conditional)]
    found += [binding.value for binding in body.bindings if isinstance(binding.value, ir.Boolean)]
    return found


def _operands(test: ir.Expr) -> list[ir.Expr]:
    """What ``and``, ``or`` and ``not`` combine."""
    waiting: list[ir.Expr] = [test]
    found: list[ir.Expr] = []
    while waiting:
        one = waiting.pop()
        if isinstance(one, ir.Boolean):
            waiting += [one.left, one.right]
        elif isinstance(one, ir.Unary) and one.operator == "not":
            waiting.append(one.value)
        else:
            found.append(one)
    return found


def _none_test_of(held: messages.Held, test: ir.Expr) -> str:
    if isinstance(test, ir.Compare) and held.kind(test.left) == "message" and test.rest:
        operator, right = test.rest[0]
        if right == ir.Constant(None):
            return "is-none" if operator in ("Is", "IsNot", "Equal", "NotEqual") else ""
        return ""
    if isinstance(test, (ir.Name, ir.Attribute)) and held.kind(test) == "message":
        return "truthiness"
    return ""


# --- The try around the work ----------------------------------------------------------------------------------------


def try_shape(origins: list[Origin], walks: list[Walk], effects: Effects) -> dict[str, Any]:
    """The outermost ``try`` around the work of one message and what its handlers do; empty when it can't be told."""
    unseen = any(walk.cut for walk in walks) or any(origin.escapes for origin in origins)
    for origin, walk in zip(origins, walks, strict=True):
        work, certain = work_of(origin, walk, effects)
        unseen = unseen or (bool(work) and not certain)
        work = work or [
            one for one in walk.moments if in_turn(origin, one) and one.holds() and not is_logging(one.call)
        ]
        for level in range(max((len(moment.chain()) for moment in work), default=0)):
            for moment in work:
                found = _try_at(origin, moment.chain(), level, walk, effects)
                if found and (level == 0 or _around_all(moment.chain()[level], work)):
                    return found
                unseen = unseen or bool(found)
        if not work:
            return {}
    if not walks or unseen:
        return {}
    return {"around": False, "broad": False, "swallows": False, "logs_only": False, "to_dlq": False, "re_raises": False}


def _around_all(one: Moment, work: list[Moment]) -> bool:
    """Does the outermost ``try`` around a call in a function below hold all the work? One around a single step of it,
    such as the shipping of a log, says nothing of what becomes of a message whose work fails."""
    outermost = context.tries(one.frame.body, one.site.block)[-1]
    return len(within(one.frame, outermost, work)) == len(work)


def _try_at(origin: Origin, chain: list[Moment], level: int, walk: Walk, effects: Effects) -> dict[str, Any]:
    """The outermost ``try`` of one turn around a call that leads to work, at one level of its chain."""
    if level >= len(chain):
        return {}
    one = chain[level]
    body = one.frame.body
    turn = origin.message_loop(one.site.block) if level == 0 else -1
    inner = [
        t
        for t in context.tries(body, one.site.block)
        if turn is None or context.inside(body, body.blocks[t].parent, turn)
    ]
    if level == 0 and turn is None:
        inner = [t for t in inner if context.same_turn(body, body.blocks[t].parent, origin.block)]
    shapes = [shape for attempt in inner if (shape := _shape(one.frame, attempt, walk, effects))]
    if not shapes:
        return {}
    retries = next((shape["retries"] for shape in shapes if shape["retries"] != "none"), "none")
    return {**shapes[-1], "to_dlq": any(shape["to_dlq"] for shape in shapes), "retries": retries}


def _shape(frame: Frame, attempt: int, walk: Walk, effects: Effects) -> dict[str, Any]:
    body = frame.body
    caught = [part for part in context.parts_of(body, attempt) if body.blocks[part].kind == "except"]
    if not caught:
        return {}
    handler = next((part for part in caught if context.broad(body.blocks[part])), caught[0])
    block = body.blocks[handler]
    raises = [leave for leave in body.exits if leave.kind == "raise" and context.inside(body, leave.block, handler)]
    done = [effects.of(moment) for moment in within(frame, handler, walk.moments)]
    lasting = keeps(frame, handler, walk, effects)
    return {
        "around": True,
        "broad": context.broad(block),
        "swallows": not raises and context.leaves(body, handler) != "raise",
        "logs_only": not raises and not lasting,
        "to_dlq": "produce" in done,
        "re_raises": bool(raises),
        "stores": any(effect in ("db", "fs", "aws", "email", "http") for effect in done),
        "retries": _retries(body, attempt),
        "place": Place(frame.scope.path, block.line, block.line),
    }


def _retries(body: ir.Body, attempt: int) -> str:
    """Does a loop around the ``try`` repeat the work: ``bounded``, ``forever``, or ``none``?"""
    for index in context.loops(body, body.blocks[attempt].parent)[:1]:
        block = body.blocks[index]
        leaving = any(
            leave.kind in ("break", "return") and context.inside(body, leave.block, attempt) for leave in body.exits
        )
        if block.kind == "while" and leaving:
            return "forever" if context.endless(block) else "bounded"
        if (
            block.kind == "for"
            and leaving
            and isinstance(block.subject, ir.Call)
            and last_name(block.subject.function) == "range"
        ):
            return "bounded"
    return "none"


# --- Position and end -----------------------------------------------------------------------------------------------


def seeks(ev: Evaluator, acts: list[Act], sink: CallSite, operation_act: str, scope: Activation) -> list[Place]:
    """Where the position is set back: seek calls, look-ups by time, and assignments of partitions with an offset."""
    found = [act.here.place for act in acts if act.operation.act == "seek"]
    if operation_act == "assign" and _assigns_offset(ev, sink, scope):
        found.append(sink.place)
    return sorted(set(found))


def _assigns_offset(ev: Evaluator, sink: CallSite, scope: Activation) -> bool:
    for argument in sink.site.call.arguments[:1]:
        for value in ev.values(argument.value, scope, At(sink.site.order, sink.site.block)):
            for items in getattr(value, "items", ()):
                for item in items if isinstance(items, tuple) else ():
                    if isinstance(item, Client) and item.carry("offset"):
                        return True
    return False


def closes(acts: list[Act]) -> list[dict[str, Any]]:
    """Where the consumer is closed, and how that place is reached: ``finally``, ``context-manager``, ``signal``,
    ``method``, ``end``."""
    found = []
    for act in acts:
        if act.operation.act != "close":
            continue
        body, site = act.here.body, act.here.site
        how = "end"
        if any(body.blocks[index].kind == "finally" for index in context.around(body, site.block)):
            how = "finally"
        elif any(body.blocks[index].kind == "except" for index in context.around(body, site.block)):
            how = "except"
        elif _is_signal_handler(act.here):
            how = "signal"
        elif len(act.here.chain) > 1 and isinstance(act.here.chain[-2], ir.Class):
            how = "method"
        found.append({"how": how, "place": act.here.place})
    return found


def _is_signal_handler(here: CallSite) -> bool:
    name = here.chain[-1].name if here.chain else ""
    return any(
        last_name(site.call.function) in ("signal", "add_signal_handler")
        and any(last_name(a.value) == name for a in site.call.arguments)
        for site in here.module.body.sites
    )
