"""What a handler does with the content of messages: what it compares, keeps between messages, skips and archives."""

from __future__ import annotations

import re
from typing import Any

from brokerlint.link.behaviour import context, messages, payload
from brokerlint.link.behaviour.acknowledgement import in_turn, kind_of, within
from brokerlint.link.behaviour.effects import Effects
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.behaviour.walk import Frame, Moment, Walk
from brokerlint.link.scopes import base_key, last_name
from brokerlint.places import Place
from brokerlint.python import ir

_ORDER = re.compile(
    r"(?i)(?:^|_|\b)(seq|seq_?(?:no|num|nr|uence)\w*|sequence\w*|version|revision|rev|generation|epoch)(?:$|_|\b)"
)
_SEEN = re.compile(r"(?i)(processed|seen|handled|dedup\w*|duplicate\w*|idempot\w*|already)")
_UPSERTS = frozenset({
    "on_conflict_do_nothing", "on_conflict_do_update", "update_or_create", "get_or_create", "upsert", "bulk_upsert",
    "merge", "setnx", "replace_one", "find_one_and_replace", "insert_ignore",
})  # fmt: skip
_SQL = re.compile(
    r"(?i)on\s+conflict|on\s+duplicate\s+key|insert\s+ignore|merge\s+into|insert\s+or\s+(?:ignore|replace)"
)
_BACKOFF = re.compile(
    r"(?i)(?:^|[^a-z])(?:lock|expires?|(?:attempts?|retry|retries|times?|timestamp|date|deadline|delay|rate|limit|counts"
    r"|age|not_before|ready_at|due)(?:$|[^a-z]))|count(?:$|[^a-z])"
)


def content(
    origins: list[Origin], walks: list[Walk], effects: Effects, acks: list[dict[str, Any]], system: str
) -> dict[str, Any]:
    """The facts about content; those that can't be told are absent."""
    facts: dict[str, Any] = {
        "order_use": order_use(walks),
        "idempotency": idempotency(origins, walks, effects),
        "stores_body": stores_body(origins, walks, effects),
        "state": state(origins, walks, effects, acks) or None,
    }
    if system in ("sqs", "kinesis"):
        facts["skip_paths"] = skip_paths(origins, walks, effects, acks)
    if any(walk.cut for walk in walks) or any(origin.escapes for origin in origins):
        # What was not seen may hold more: only what was found counts.
        facts = {key: value for key, value in facts.items() if value}
    return facts


def order_use(walks: list[Walk]) -> list[Place]:
    """Where a handler relies on order: it compares a message's sequence or version, or keeps state by a message's
    key."""
    found: set[Place] = set()
    for walk in walks:
        for frame in walk.frames:
            for block in frame.body.blocks:
                for one in context.parts(block.subject):
                    if isinstance(one, ir.Compare) and _compares_order(frame.held, one):
                        found.add(Place(frame.scope.path, block.line, block.line))
            found |= set(_state(frame))
    return sorted(found)


def _compares_order(held: messages.Held, compare: ir.Compare) -> bool:
    if not any(
        operator in ("LessThan", "LessThanEqual", "GreaterThan", "GreaterThanEqual", "NotEqual", "Equal")
        for operator, _ in compare.rest
    ):
        return False
    sides = [compare.left, *(right for _, right in compare.rest)]
    ordered = [side for side in sides if _ORDER.search(payload.text_of(side)) and not isinstance(side, ir.Constant)]
    return any(held.kind(side) for side in ordered) and not any(isinstance(side, ir.Constant) for side in sides)


def _state(frame: Frame) -> list[Place]:
    """``totals[message.key] += 1``: state by a key of the messages, kept from one to the next."""
    return [Place(frame.scope.path, binding.line, binding.line) for binding in _accumulations(frame)]


def _accumulations(frame: Frame) -> list[ir.Binding]:
    """The bindings that add to a container under a key taken from a message."""
    found = []
    for binding in frame.body.bindings:
        target = binding.target
        if not isinstance(target, ir.Subscript) or frame.held.kind(target.index) != "part":
            continue
        base = base_key(target.value)
        grows = binding.kind == "augment" or base in {base_key(one) for one in context.parts(binding.value)}
        if grows and base and not _made_anew(frame, base):
            found.append(binding)
    return found


def _made_anew(frame: Frame, name: str) -> bool:
    """Is the container made in each turn of a loop, so that nothing in it lasts?"""
    return any(
        isinstance(b.target, ir.Name) and b.target.id == name and not context.conditional(frame.body, b.block, loop)
        for b in frame.body.bindings
        for loop in context.loops(frame.body, b.block)[:1]
    )


def kept_by_key(walks: list[Walk]) -> list[Place]:
    """``cache[message.key] = message.value``: where a handler keeps the last of each key in memory."""
    found = set()
    for walk in walks:
        for frame in walk.frames:
            for binding in frame.body.bindings:
                target = binding.target
                if not isinstance(target, ir.Subscript) or frame.held.kind(target.index) != "part":
                    continue
                name = base_key(target.value)
                if name and frame.held.kind(binding.value) and not _made_anew(frame, name):
                    found.add(Place(frame.scope.path, binding.line, binding.line))
    return sorted(found)


def state(origins: list[Origin], walks: list[Walk], effects: Effects, acks: list[dict[str, Any]]) -> dict[str, Any]:
    """What is kept in memory from message to message and given out from time to time; empty when nothing is."""
    for walk in walks:
        for frame in walk.frames:
            for binding in _accumulations(frame):
                assert isinstance(binding.target, ir.Subscript)
                container = base_key(binding.target.value)
                flush, block = _flush(frame, container)
                one: dict[str, Any] = {"container": container, "keyed": True, "store": "memory"}
                one["place"] = Place(frame.scope.path, binding.line, binding.line)
                if flush:
                    one["flush"] = flush
                    lines = range(frame.body.blocks[block].line, frame.body.blocks[block].end_line + 1)
                    inner = any(ack["place"].path == frame.scope.path and ack["place"].line in lines for ack in acks)
                    if acks:
                        one["acks"] = "after" if inner else "before"
                return one
    return {}


def _flush(frame: Frame, container: str) -> tuple[str, int]:
    """The branch that gives a container's content out: by ``time`` or by ``size``."""
    for index, block in enumerate(frame.body.blocks):
        if block.kind != "if":
            continue
        text = payload.text_of(payload.inlined(frame.body, block.subject, payload.END))
        uses = any(
            context.inside(frame.body, site.block, index)
            and container
            in {base_key(one) for argument in site.call.arguments for one in context.parts(argument.value)}
            for site in frame.body.sites
        )
        if uses and any(word in text for word in ("time(", "monotonic(", "now(", "perf_counter(")):
            return "time", index
        if uses and "len(" in text:
            return "size", index
    return "", -1


def idempotency(origins: list[Origin], walks: list[Walk], effects: Effects) -> list[Place]:
    """Where a handler makes repeated messages harmless: a store of what was seen, an upsert, a conditional write."""
    found: set[Place] = set()
    for origin, walk in zip(origins, walks, strict=True):
        for moment in walk.moments:
            if in_turn(origin, moment) and _harmless_repeat(moment, effects):
                found.add(moment.place)
        for frame in walk.frames:
            for block in frame.body.blocks:
                if block.kind == "if" and any(_asks_seen(frame.held, one) for one in context.parts(block.subject)):
                    found.add(Place(frame.scope.path, block.line, block.line))
            function = frame.scope.function
            if function is not None and any(
                last_name(one.function if isinstance(one, ir.Call) else one).startswith("idempotent")
                for one in function.definition.decorators
            ):
                found.add(Place(frame.scope.path, function.definition.line, function.definition.line))
    return sorted(found)


def _harmless_repeat(moment: Moment, effects: Effects) -> bool:
    name = moment.name
    if name in _UPSERTS and (effects.of(moment) == "db" or name.startswith("on_conflict") or name == "upsert"):
        return True
    keywords = {argument.keyword for argument in moment.call.arguments}
    if (
        "ConditionExpression" in keywords
        or ("nx" in keywords and name == "set")
        or ("upsert" in keywords and name.startswith(("update", "replace")))
    ):
        return True
    if name.startswith("execute"):
        statement = moment.call.position(0)
        return (
            isinstance(statement, ir.Constant)
            and isinstance(statement.value, str)
            and bool(_SQL.search(statement.value))
        )
    return False


def _asks_seen(held: messages.Held, expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Compare) and held.kind(expr.left) and expr.rest:
        operator, right = expr.rest[0]
        return operator in ("In", "NotIn") and bool(_SEEN.search(payload.text_of(right)))
    if isinstance(expr, ir.Call):
        given = any(held.kind(argument.value) for argument in expr.arguments)
        return given and bool(_SEEN.search(payload.text_of(expr.function)))
    return False


def stores_body(origins: list[Origin], walks: list[Walk], effects: Effects) -> list[dict[str, Any]]:
    """Where the raw body of a message is archived: an object store, a database, a file."""
    found: dict[tuple[str, str, int], dict[str, Any]] = {}
    for origin, walk in zip(origins, walks, strict=True):
        for moment in walk.moments:
            kind = effects.of(moment) if in_turn(origin, moment) else ""
            store = {"aws": "s3" if "(s3)" in effects.path(moment) else "", "db": "db", "fs": "fs"}.get(kind, "")
            if store and any(_is_raw_body(moment.frame, argument.value) for argument in moment.call.arguments):
                found.setdefault((store, moment.place.path, moment.place.line), {"store": store, "place": moment.place})
    return list(found.values())


def _is_raw_body(frame: Frame, expr: ir.Expr) -> bool:
    """The whole body: ``m["Body"]``, ``m.value()``, or a name for it."""
    whole = payload.bare(payload.inlined(frame.body, expr, payload.END))
    if isinstance(whole, ir.Subscript) and isinstance(whole.index, ir.Constant):
        return whole.index.value in ("Body", "body") and frame.held.kind(whole.value) in ("message", "part")
    if isinstance(whole, ir.Call) and isinstance(whole.function, ir.Attribute):
        return whole.function.attr == "value" and frame.held.kind(whole.function.value) == "message"
    if isinstance(whole, ir.Attribute):
        return whole.attr in ("body", "value") and frame.held.kind(whole.value) == "message"
    return False


# --- Skipped messages -----------------------------------------------------------------------------------------------


def skip_paths(
    origins: list[Origin], walks: list[Walk], effects: Effects, acks: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    """The branches on a field of the message that give it back: hidden for no time, sent again, or left without an
    ack."""
    acked = {(one["place"].path, one["place"].line) for one in acks if one["kind"] in ("delete", "delete-batch")}
    found: list[dict[str, Any]] = []
    for walk in walks:
        for frame in walk.frames:
            for index, block in enumerate(frame.body.blocks):
                field = _field_tested(frame, block) if block.kind in ("if", "else") else ""
                if field and not _BACKOFF.search(field):
                    kind = _gives_back(frame, index, walk, effects, acked)
                    if kind:
                        place = Place(frame.scope.path, block.line, block.line)
                        found.append({"kind": kind, "on": "field", "field": field, "place": place})
    return found


def _field_tested(frame: Frame, block: ir.Block) -> str:
    """The field of the message that is compared with a constant."""
    for one in context.parts(block.subject):
        if isinstance(one, ir.Compare) and frame.held.kind(one.left) == "part":
            constants = all(_is_constant(right) for _, right in one.rest)
            if constants and not any(right == ir.Constant(None) for _, right in one.rest):
                return payload.text_of(payload.inlined(frame.body, one.left, payload.END))[-60:]
    return ""


def _is_constant(expr: ir.Expr) -> bool:
    if isinstance(expr, ir.Sequence):
        return all(_is_constant(item) for item in expr.items)
    return isinstance(expr, ir.Constant) or (isinstance(expr, (ir.Name, ir.Attribute)) and last_name(expr).isupper())


def _gives_back(frame: Frame, block: int, walk: Walk, effects: Effects, acked: set[tuple[str, int]]) -> str:
    inner = within(frame, block, walk.moments)
    if any((moment.place.path, moment.place.line) in acked for moment in inner):
        return ""
    for moment in inner:
        if kind_of(moment) == "visibility":
            timeout = moment.call.keyword("VisibilityTimeout") or moment.call.position(0)
            return "visibility-zero" if timeout == ir.Constant(0) else ""
    if any(effects.of(moment) == "produce" and moment.holds() for moment in inner):
        return "resend"
    if any(effects.of(moment) for moment in inner):
        return ""
    in_loop = bool(context.loops(frame.body, block))
    leaving = context.leaves(frame.body, block)
    return "no-ack" if leaving == "continue" and in_loop and acked else ""
