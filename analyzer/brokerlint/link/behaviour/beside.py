"""What the function that sends does besides: database writes in the same transaction, and waits for an answer."""

from __future__ import annotations

from typing import Any

from brokerlint.link.behaviour import context, payload
from brokerlint.link.behaviour.effects import Effects, is_write
from brokerlint.link.behaviour.producing import path_up
from brokerlint.link.behaviour.walk import Moment, Walk
from brokerlint.link.endpoints import Found
from brokerlint.link.scopes import last_name
from brokerlint.places import Place
from brokerlint.python import ir


def db_writes(walk: Walk, found: Found, effects: Effects) -> list[dict[str, Any]]:
    """Database writes in the function that sends, and whether they stand before, after, or in one transaction with
    the send."""
    sends = [m for m in walk.moments if any(m.site is one.site for one in path_up(found))]
    if not sends:
        return []
    send = sends[0].chain()[0]
    writes = [m for m in walk.moments if effects.of(m) == "db" and is_write(m.name)]
    commits = [m.chain()[0] for m in writes if m.name == "commit"]
    result = []
    for moment in writes:
        root = moment.chain()[0]
        if root.site is send.site or context.exclusive(walk.frames[0].body, root.site.block, send.site.block):
            continue
        if moment.name in ("commit", "flush") or effects.path(moment).startswith(("redis.", "aioredis.")):
            continue
        position = "before" if root.site.order < send.site.order else "after"
        if _in_transaction(walk, root, send, effects) or (
            position == "before" and any(c.site.order > send.site.order for c in commits)
        ):
            position = "inside"
        one: dict[str, Any] = {"position": position, "place": moment.place}
        if "outbox" in payload.text_of(moment.call).lower():
            one["outbox"] = True
        result.append(one)
    return result


def _in_transaction(walk: Walk, write: Moment, send: Moment, effects: Effects) -> bool:
    body = walk.frames[0].body
    function = walk.frames[0].scope.function
    if function is not None and any("atomic" in payload.text_of(one) for one in function.definition.decorators):
        return True
    shared = set(context.around(body, write.site.block)) & set(context.around(body, send.site.block))
    for index in shared:
        block = body.blocks[index]
        if (
            block.kind == "with"
            and isinstance(block.subject, ir.Call)
            and last_name(block.subject.function) in ("atomic", "begin", "transaction", "begin_nested")
        ):
            return True
    return False


def on_commit(found: Found) -> bool:
    """Does the send run in ``transaction.on_commit``?"""
    anchor = found.anchor
    names = {one.name for one in anchor.chain}
    outer = anchor.module.body if len(anchor.chain) < 2 else anchor.chain[-2].body
    for site in (*outer.sites, *anchor.body.sites):
        if last_name(site.call.function) != "on_commit":
            continue
        for argument in site.call.arguments:
            if isinstance(argument.value, ir.Lambda) and any(one is argument.value.function for one in anchor.chain):
                return True
            if last_name(argument.value) in names or (
                isinstance(argument.value, ir.Call) and argument.value is anchor.site.call
            ):
                return True
            if isinstance(argument.value, ir.Call) and any(
                a.value is anchor.site.call.function for a in argument.value.arguments
            ):
                return True
    return False


def waits_for_reply(walk: Walk, found: Found, effects: Effects) -> list[Place]:
    """Where the sending path blocks for an answer: a receive, or a wait on an event, future or queue."""
    sends = [m for m in walk.moments if any(m.site is one.site for one in path_up(found))]
    if not sends:
        return []
    send = sends[0].chain()[0]
    result = []
    for moment in walk.moments:
        root = moment.chain()[0]
        if root.site.order <= send.site.order or moment.handed() or moment.chain()[0] is send:
            continue
        if moment.operation is not None:
            if moment.operation.act == "receive":
                result.append(moment.place)
            continue
        path = effects.path(moment)
        if path.endswith(
            (
                "Event().wait",
                "Queue().get",
                "Condition().wait",
                "Condition().wait_for",
                "Future().result",
                "SimpleQueue().get",
            )
        ) or (path == "asyncio.wait_for" and moment.site.awaited):
            result.append(moment.place)
    return result
