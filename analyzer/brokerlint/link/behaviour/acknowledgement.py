"""Acknowledgements: deletes, commits and acks, and where each stands relative to the work.

``before``: the work follows in the same turn. ``finally``: in the ``finally`` of a ``try`` around the work.
``except``: in a handler of such a ``try``. ``always``: behind a handler that swallows every failure of the work.
``after``: only reached when the work went well. An acknowledgement without a position stands where no work could be
seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from brokerlint.link.behaviour import context
from brokerlint.link.behaviour.effects import Effects, is_logging
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.behaviour.walk import Frame, Moment, Walk
from brokerlint.link.scopes import base_key
from brokerlint.places import Place
from brokerlint.python import ir

_KINDS = {
    "delete": "delete", "visibility": "visibility", "commit": "commit", "store": "store", "acknowledge": "acknowledge",
    "partial-response": "return-failures",
}  # fmt: skip
_MEASURES = frozenset({"labels", "inc", "dec", "observe"})
"""A metric is told which of its series counts: numbers, not the message."""
_COLLECTS = frozenset({"append", "add", "put", "put_nowait", "extend", "insert", "update", "appendleft"})
_BY_NAME = {
    "delete": "delete",
    "delete_message": "delete",
    "delete_message_batch": "delete-batch",
    "delete_messages": "delete-batch",
    "change_visibility": "visibility",
    "change_message_visibility": "visibility",
    "ack": "acknowledge",
    "acknowledge": "acknowledge",
    "nack": "acknowledge",
    "commit": "commit",
    "store_offsets": "store",
}


def kind_of(moment: Moment) -> str:
    """The kind of acknowledgement that a call is; "" when it is none."""
    operation = moment.operation
    if operation is not None:
        kind = _KINDS.get(operation.act, "")
        return "delete-batch" if kind == "delete" and operation.batch else kind
    function = moment.call.function
    if isinstance(function, ir.Attribute) and not moment.entered and function.attr in _BY_NAME:
        held = moment.frame.held
        on_message = held.kind(function.value) == "message" and function.attr in (
            "delete",
            "change_visibility",
            "ack",
            "acknowledge",
            "nack",
        )
        by_handle = any(argument.keyword in ("ReceiptHandle", "Entries") for argument in moment.call.arguments)
        with_message = function.attr in ("commit", "store_offsets") and moment.holds() in ("message", "batch")
        if on_message or by_handle or with_message:
            return _BY_NAME[function.attr]
    return ""


def in_turn(origin: Origin, moment: Moment) -> bool:
    """Does a call belong to what happens with the messages of ``origin``, not to what goes before?"""
    root = moment.chain()[0]
    if origin.how == "handler":
        return True
    if origin.how == "loop":
        return context.inside(origin.body, root.site.block, origin.block)
    return root.site.order > origin.order and not context.exclusive(origin.body, origin.block, root.site.block)


def unknown_work(origin: Origin, walk: Walk, effects: Effects) -> list[Moment]:
    """The calls that could be work, though it is not known what they do."""
    return [one for one in walk.moments if in_turn(origin, one) and not kind_of(one) and effects.works(one)]


def work_of(origin: Origin, walk: Walk, effects: Effects) -> tuple[list[Moment], bool]:
    """The calls that do the work, and whether it is known that they change something outside the process."""
    turn = [one for one in walk.moments if in_turn(origin, one) and not kind_of(one)]
    certain = [one for one in turn if effects.of(one)]
    if certain:
        return certain, True
    return [one for one in turn if effects.works(one)], False


def acknowledgements(origin: Origin, walk: Walk, effects: Effects, same_client: frozenset[int]) -> list[dict[str, Any]]:
    """The acknowledgements of one walk; ``same_client`` are the sites of calls on the endpoint's own client."""
    work, certain = work_of(origin, walk, effects)
    maybe = [one.chain() for one in unknown_work(origin, walk, effects)] if certain else []
    found: list[dict[str, Any]] = []
    for moment in walk.moments:
        kind = kind_of(moment)
        if not kind or not _of_endpoint(moment, kind, same_client, origin):
            continue
        one: dict[str, Any] = {"kind": kind, "place": moment.place}
        if kind == "visibility":
            timeout = moment.call.keyword("VisibilityTimeout") or moment.call.position(0)
            if isinstance(timeout, ir.Constant) and isinstance(timeout.value, int):
                one["timeout"] = timeout.value
        one |= _positioned(moment, work, certain, maybe, walk, effects)
        one["per_message"] = _per_message(origin, moment)
        if moment.handed():
            one["handed"] = moment.handed()
        found.append(one)
    return found


def _of_endpoint(moment: Moment, kind: str, same_client: frozenset[int], origin: Origin) -> bool:
    """Commits count on the endpoint's own consumer only; a delete may go through another client."""
    if id(moment.site) in same_client or moment.operation is None or kind in ("delete", "delete-batch", "visibility"):
        return True
    if kind == "return-failures" or origin.receive is None:
        return True
    return moment.client is not None and moment.client.site is None


def _per_message(origin: Origin, moment: Moment) -> bool:
    """Does the call run once for each message?"""
    return origin.message_loop(moment.chain()[0].site.block) is not None


def _positioned(
    moment: Moment, work: list[Moment], certain: bool, maybe: list[list[Moment]], walk: Walk, effects: Effects
) -> dict[str, Any]:
    chain = _collected(moment).chain()
    chains = [one.chain() for one in work]
    for level in range(len(chain) - 1, -1, -1):
        here = chain[level]
        beside = [
            one
            for one in chains
            if len(one) > level and one[level].frame is here.frame and one[level].site is not here.site
        ]
        if beside:
            found = _relation(here, level, beside, walk, effects)
            if found.get("position") == "before" and (not certain or _precedes(here, level, maybe)):
                # What follows may be no work, or the work may already be done.
                return {}
            if found:
                return {**found, "certain": certain}
    return {}


def _precedes(here: Moment, level: int, others: list[list[Moment]]) -> bool:
    """Does one of ``others`` run before ``here`` in the same body or one above?"""
    chain = here.chain()
    for other in others:
        for depth in range(min(level + 1, len(other))):
            one = other[depth]
            if one.frame is chain[depth].frame and one.site.order < chain[depth].site.order:
                return True
    return False


def _collected(moment: Moment) -> Moment:
    """For a batch acknowledgement of entries that a loop collects: the call that adds an entry."""
    entries = moment.call.keyword("Entries")
    target = base_key(entries) if entries is not None else ""
    if not target:
        return moment
    body = moment.frame.body
    for site in body.sites:
        function = site.call.function
        if isinstance(function, ir.Attribute) and function.attr == "append" and base_key(function.value) == target:
            return Moment(moment.frame, site, (), (), moment.operation, moment.client)
    return moment


def _relation(here: Moment, level: int, work: list[list[Moment]], walk: Walk, effects: Effects) -> dict[str, Any]:
    """Position of ``here`` among the work's calls in the same body (each chain's element at ``level``)."""
    body, block, order = here.frame.body, here.site.block, here.site.order
    siblings = [chain[level] for chain in work]
    for handler in context.handlers(body, block):
        attempt = context.try_of(body, handler)
        if any(context.inside(body, one.site.block, attempt) for one in siblings):
            return {"position": "except", "broad": context.broad(body.blocks[handler])}
    for index in context.around(body, block):
        if body.blocks[index].kind == "finally":
            attempt = context.try_of(body, index)
            covered = (attempt, *context.parts_of(body, attempt))
            if any(context.inside(body, one.site.block, part) for one in siblings for part in covered if part != index):
                return {"position": "finally"}
    reached = [chain for chain in work if not context.exclusive(body, block, chain[level].site.block)]
    earlier = [chain for chain in reached if chain[level].site.order < order]
    later = [
        chain
        for chain in reached
        if chain[level].site.order > order and _reachable(body, here, chain[level], chain[-1])
    ]
    if earlier:
        swallow = _swallow(here, level, earlier, walk, effects)
        if swallow is not None:
            return {"position": "always", "handler": swallow}
        return {"position": "after", "guarded": _guard(here, earlier, level) >= 0}
    return {"position": "before"} if later else {}


def _reachable(body: ir.Body, here: Moment, other: Moment, work: Moment) -> bool:
    """Does ``other`` follow ``here`` in the same turn?"""
    for index in context.around(body, here.site.block):
        if not context.inside(body, other.site.block, index):
            if context.leaves(body, index):
                return False
            if body.blocks[index].kind in context.LOOPS and not work.holds():
                return False
    return True


def _guard(here: Moment, earlier: list[list[Moment]], level: int) -> int:
    """The ``if`` around the acknowledgement that no work stands in; -1 when nothing guards it."""
    body = here.frame.body
    for index in context.around(body, here.site.block):
        guarding = body.blocks[index].kind in ("if", "else", "case")
        if guarding and not any(context.inside(body, chain[level].site.block, index) for chain in earlier):
            return index
    return -1


def _swallow(here: Moment, level: int, earlier: list[list[Moment]], walk: Walk, effects: Effects) -> Place | None:
    """The handler that catches every failure of the work and lets control go on to the acknowledgement."""
    if _guard(here, earlier, level) >= 0:
        return None
    body, block = here.frame.body, here.site.block
    for chain in earlier:
        one = chain[level]
        for attempt in context.tries(body, one.site.block):
            if context.inside(body, block, attempt) or context.in_else_of(body, block, here.site.call.line, attempt):
                continue
            handler = swallowing(one.frame, attempt, walk, effects)
            if handler >= 0 and not context.leaves(body, handler):
                line = body.blocks[handler].line
                return Place(one.frame.scope.path, line, line)
        if one.site.use == "dropped":
            below = _swallowed_below(chain[level + 1 :], walk, effects)
            if below is not None:
                return below
    return None


def _swallowed_below(chain: list[Moment], walk: Walk, effects: Effects) -> Place | None:
    for one in chain:
        for attempt in context.tries(one.frame.body, one.site.block):
            handler = swallowing(one.frame, attempt, walk, effects)
            if handler >= 0 and context.leaves(one.frame.body, handler) != "raise":
                line = one.frame.body.blocks[handler].line
                return Place(one.frame.scope.path, line, line)
        if one.site.use != "dropped":
            return None
    return None


def swallowing(frame: Frame, attempt: int, walk: Walk, effects: Effects) -> int:
    """The broad handler of a ``try`` that neither raises nor keeps the failed message somewhere; -1 when there is
    none."""
    body = frame.body
    for part in context.parts_of(body, attempt):
        block = body.blocks[part]
        if block.kind != "except" or not context.broad(block):
            continue
        if context.leaves(body, part) == "raise" or any(
            leave.kind == "raise" and context.inside(body, leave.block, part) for leave in body.exits
        ):
            continue
        if not keeps(frame, part, walk, effects):
            return part
    return -1


def keeps(frame: Frame, handler: int, walk: Walk, effects: Effects) -> bool:
    """Does a handler do anything lasting about the failure: send it on, store it, count it, hand it to other code?

    Moving the position past the record is the opposite.
    """
    for moment in within(frame, handler, walk.moments):
        if effects.of(moment) or kind_of(moment) not in ("", "commit", "store"):
            return True
        if moment.frame is frame and _hands_on(moment):
            return True
    body = frame.body
    return any(
        context.inside(body, binding.block, handler)
        and binding.kind in ("assign", "augment")
        and not isinstance(binding.value, ir.Opaque)
        for binding in body.bindings
    )


def _hands_on(moment: Moment) -> bool:
    """Does a handler give the message, or a part of it, to a container or to other code?"""
    if is_logging(moment.call) or not moment.holds() or moment.entered or moment.name in _MEASURES:
        return False
    function = moment.call.function
    of_message = isinstance(function, ir.Attribute) and moment.frame.held.kind(function.value) in ("message", "batch")
    return moment.name in _COLLECTS or not of_message


def within(frame: Frame, block: int, moments: Iterable[Moment]) -> list[Moment]:
    """The calls of a walk that happen inside ``block`` of ``frame``, also deeper ones."""
    found = []
    for moment in moments:
        for one in moment.chain():
            if one.frame is frame and context.inside(frame.body, one.site.block, block):
                found.append(moment)
                break
    return found


def returned_failures(origin: Origin, walk: Walk) -> list[dict[str, Any]]:
    """A handler's partial answer: ``return {"batchItemFailures": ...}``, its own or that of a function it returns."""
    below = {id(frame.above.call): frame for frame in walk.frames if frame.above is not None}
    found: list[dict[str, Any]] = []
    waiting = [frame for frame in walk.frames if frame.above is None]
    for frame in waiting:
        for leave in frame.body.exits:
            if leave.kind != "return":
                continue
            if _names_failures(frame.body, leave.value):
                place = Place(frame.scope.path, leave.line, leave.line)
                found.append({"kind": "return-failures", "position": "after", "place": place})
            waiting += [below[id(call)] for call in _answering(frame.body, leave.value) if id(call) in below]
    return found


def _answering(body: ir.Body, value: ir.Expr | None) -> list[ir.Expr | None]:
    """The calls whose result is returned as it is: ``return handle(event)``, ``answer = handle(event); return
    answer``."""
    if isinstance(value, ir.Name):
        return [b.value for b in body.bindings if isinstance(b.target, ir.Name) and b.target.id == value.id]
    return [value]


def _names_failures(body: ir.Body, value: ir.Expr | None, depth: int = 2) -> bool:
    for one in context.parts(value):
        if isinstance(one, ir.Mapping) and any(
            isinstance(key, ir.Constant) and key.value in ("batchItemFailures", "BatchItemFailures")
            for key, _ in one.entries
        ):
            return True
        if isinstance(one, ir.Name) and depth:
            bindings = [b for b in body.bindings if isinstance(b.target, ir.Name) and b.target.id == one.id]
            if any(_names_failures(body, binding.value, depth - 1) for binding in bindings):
                return True
            stored = [
                b for b in body.bindings if isinstance(b.target, ir.Subscript) and base_key(b.target.value) == one.id
            ]
            if any(
                isinstance(b.target, ir.Subscript)
                and isinstance(b.target.index, ir.Constant)
                and b.target.index.value == "batchItemFailures"
                for b in stored
            ):
                return True
    return False
