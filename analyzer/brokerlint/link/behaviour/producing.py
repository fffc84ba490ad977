"""How messages are sent: flushes and their position, callbacks, transactions, database writes beside, and waits for
an answer."""

from __future__ import annotations

from typing import Any

from brokerlint.link.behaviour import context, payload, sources
from brokerlint.link.behaviour.clients import Act, Clients, Identity
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import last_name
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import Values
from brokerlint.python import ir

_SHUTDOWN = frozenset({
    "close", "stop", "shutdown", "__exit__", "__aexit__", "__del__", "teardown", "on_shutdown", "cleanup",
    "disconnect", "terminate", "aclose", "stop_producer", "close_producer", "lifespan",
})  # fmt: skip


# --- Flushes --------------------------------------------------------------------------------------------------------


def flushes(found: Found, acts: list[Act]) -> list[dict[str, Any]]:
    """The flushes (and closes) of the sending client, each with its position relative to the send."""
    return [_placed(found, act) for act in acts if act.operation.act in ("flush", "close")]


def blocking_polls(found: Found, acts: list[Act]) -> list[dict[str, Any]]:
    """The polls of the sending client that wait for an event as long as it takes, placed like flushes."""
    return [_placed(found, act) for act in acts if act.operation.act == "poll" and _has_no_timeout(act.here.site.call)]


def _has_no_timeout(call: ir.Call) -> bool:
    """The timeout is left out, or written as a negative number: the poll returns when something happened."""
    if not call.arguments:
        return True
    given = call.position(0) or call.keyword("timeout")
    return isinstance(given, ir.Constant) and isinstance(given.value, (int, float)) and given.value < 0


def _placed(found: Found, act: Act) -> dict[str, Any]:
    return {"position": _flush_position(found, act), "place": act.here.place, "act": act.operation.act}


def _flush_position(found: Found, act: Act) -> str:
    here = act.here
    beside = _beside_path(found, here)
    if any(here.body.blocks[index].kind == "finally" for index in context.around(here.body, here.site.block)):
        return "per-message" if beside == "per-message" and context.loops(here.body, here.site.block) else "finally"
    if beside is not None:
        return beside
    function = here.chain[-1].name if here.chain else ""
    if act.operation.act == "close" or function in _SHUTDOWN:
        return "close"
    return "end"


def _beside_path(found: Found, here: CallSite) -> str | None:
    """The position relative to the send, or to the call of the same body that leads to it; None in another body."""
    looped = False
    for send in path_up(found):
        if send.body is here.body:
            position = _beside(send, here, found)
            return "after-loop" if looped and position == "per-message" else position
        looped = looped or bool(context.loops(send.body, send.site.block))
    return None


def between(found: Found) -> list[CallSite]:
    """The sink and the calls above it, up to the one that decides the channel."""
    return path_up(found)[: len(found.route) - found.decided + 1]


def gives_partition(found: Found) -> bool | None:
    """Does the call name a partition?"""
    expr, hidden = payload.argument_of(found.sink.site.call, found.use.operation.arguments.get("partition"))
    if expr is None:
        return None if hidden else False
    return expr != ir.Constant(None)


def path_up(found: Found) -> list[CallSite]:
    """The sink and the calls above it, lowest first."""
    return [found.sink, *(step.here for step in reversed(found.route))]


def _beside(send: CallSite, here: CallSite, found: Found) -> str:
    body = send.body
    turn, flush_turn = context.loops(body, send.site.block), context.loops(body, here.site.block)
    if turn and turn[:1] == flush_turn[:1] and here.site.order > send.site.order:
        return (
            "sometimes"
            if context.conditional(body, here.site.block, turn[0]) and not _same_branch(body, send, here)
            else "per-message"
        )
    if turn and len(flush_turn) < len(turn):
        return "after-loop"
    if context.conditional(body, here.site.block) and not _same_branch(body, send, here):
        return "sometimes"
    function = send.chain[-1] if send.chain else None
    if isinstance(function, ir.Function) and _is_helper(send, function, found):
        return "per-message"
    return "end"


def _same_branch(body: ir.Body, send: CallSite, here: CallSite) -> bool:
    """Does whatever decides about the flush decide about the send, too?"""
    return context.inside(body, send.site.block, here.site.block)


def _is_helper(send: CallSite, function: ir.Function, found: Found) -> bool:
    """Does the function send what its caller gives it, so that it runs once for each message?"""
    spec = found.use.operation.arguments.get("value")
    expr, _ = payload.argument_of(send.site.call, spec) if send is found.sink else (None, False)
    given = {p.name for p in function.parameters if p.name not in ("self", "cls")}
    whole = payload.inlined(send.body, expr, send.at)
    used = context.names_in(whole)
    if send is not found.sink:
        used = (
            frozenset().union(*(context.names_in(a.value) for a in send.site.call.arguments))
            if send.site.call.arguments
            else frozenset()
        )
    return bool(given & used) and not context.loops(send.body, send.site.block)


def at_exit(clients: Clients, identity: Identity | None, sites: Sites) -> list[dict[str, Any]]:
    """``atexit.register(producer.flush)`` and the like."""
    if identity is None:
        return []
    found = []
    for name in ("flush", "close", "stop"):
        for here in sites.passing(name):
            if last_name(here.site.call.function) not in (
                "register",
                "on_event",
                "add_event_handler",
                "signal",
                "addfinalizer",
            ):
                continue
            for argument in here.site.call.arguments:
                if (
                    isinstance(argument.value, ir.Attribute)
                    and argument.value.attr == name
                    and clients.same(identity, here, argument.value.value)
                ):
                    found.append(
                        {"position": "atexit", "place": here.place, "act": "flush" if name == "flush" else "close"}
                    )
    return found


# --- Delivery -------------------------------------------------------------------------------------------------------


def callback(found: Found, config: dict[str, dict[str, Any]]) -> bool | None:
    """Is a delivery callback given, with the call or in the configuration? None when it may hide in ``**kwargs``."""
    spec = found.use.operation.arguments.get("callback")
    if config.get("callback", {}).get("value") not in (None, False):
        return True
    if spec is None:
        return None
    expr, hidden = payload.argument_of(found.sink.site.call, spec)
    if expr is not None:
        return expr != ir.Constant(None)
    return None if hidden else False


def transaction(acts: list[Act], config: dict[str, dict[str, Any]]) -> dict[str, bool]:
    """The steps of transactions seen on the client; empty when the client is no transactional one."""
    seen = {
        act.operation.act.removeprefix("transaction-") for act in acts if act.operation.act.startswith("transaction-")
    }
    if not seen and not config.get("transactional_id", {}).get("value"):
        return {}
    if "scope" in seen:
        seen |= {"begin", "commit", "abort"}
    return {
        "init": "init" in seen,
        "begin": "begin" in seen,
        "commit": "commit" in seen,
        "abort": "abort" in seen,
        "send_offsets": "offsets" in seen,
    }


# --- Headers and payload of one send --------------------------------------------------------------------------------


def values_of(ev: Evaluator, expr: ir.Expr | None, found: Found) -> Values:
    """The values of an expression of the sink's body."""
    return ev.values(expr, found.activation, found.sink.at) if expr is not None else ()


def message_facts(ev: Evaluator, found: Found) -> dict[str, Any]:
    """What one send carries: key, ids, delay, payload, headers."""
    operation, call = found.use.operation, found.sink.site.call
    facts: dict[str, Any] = {"batch": operation.batch}
    value, _ = payload.argument_of(call, operation.arguments.get("value"))
    written = payload.lifted(found, value)
    entries_at = operation.arguments.get("entries")
    if entries_at is not None or (operation.batch and operation.arguments.get("value") is not None):
        expr, _ = payload.argument_of(call, entries_at or operation.arguments.get("value"))
        facts |= _entry_facts(ev, found, expr)
    else:
        for name in ("key", "group_id", "dedup_id"):
            spec = operation.arguments.get(name)
            if spec is not None:
                given, hidden = payload.argument_of(call, spec)
                facts[name] = payload.key_of(payload.lifted(found, given), hidden, values_of(ev, given, found))
        if "delay" in operation.arguments:
            facts |= number(ev, found, "delay")
        if written is not None:
            facts |= _payload_facts(written)
    if "headers" in operation.arguments:
        given, hidden = payload.argument_of(call, operation.arguments["headers"])
        names = [] if given is None and not hidden else payload.header_names(values_of(ev, given, found))
        if names is not None and not (given is None and hidden):
            facts["headers"] = names
    return facts


def number(ev: Evaluator, found: Found, name: str) -> dict[str, Any]:
    """A whole number among the call's arguments: its value, None when it is not given, nothing when it can't be
    told."""
    given, hidden = payload.argument_of(found.sink.site.call, found.use.operation.arguments[name])
    if given is None:
        return {} if hidden else {name: None}
    value = payload.constant_of(ev, given, found.activation, found.sink.at)
    return {} if value is None else {name: value}


def _payload_facts(written: ir.Expr) -> dict[str, Any]:
    facts: dict[str, Any] = {"payload": payload.fingerprint(written)}
    keys, kind, how = payload.payload_keys(written), payload.event_type(written), payload.serializer(written)
    if keys:
        facts["payload_keys"] = sorted({payload.spelled(key) for key in keys})
    if kind:
        facts["event_type"] = kind
    if how:
        facts["serializer"] = how
    return facts


_ENTRY_VALUES = ("MessageBody", "Message", "Detail", "Data")
_ENTRY_KEYS = {"key": "PartitionKey", "group_id": "MessageGroupId", "dedup_id": "MessageDeduplicationId"}


def _entry_facts(ev: Evaluator, found: Found, expr: ir.Expr | None) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    written = payload.lifted(found, expr)
    entries, count = payload.entries_of(found.sink.body, expr, found.sink.at)
    if not entries and isinstance(written, ir.Sequence):
        entries = [item for item in written.items if isinstance(item, ir.Mapping)]
    if count is not None:
        facts["max_entries"] = count
    if not entries:
        if written is not None:
            facts["payload"] = payload.fingerprint(written)
        return facts
    first = entries[0]
    for name, key in _ENTRY_KEYS.items():
        value, hidden = payload.entry(first, key)
        if found.use.system in (("kinesis",) if name == "key" else ("sqs", "sns")):
            facts[name] = payload.key_of(payload.lifted(found, value), hidden, ())
    ids = [value.value for one in entries if isinstance(value := payload.entry(one, "Id")[0], ir.Constant)]
    if count is not None and len(ids) == count:
        facts["equal_entry_ids"] = len(set(ids)) < len(ids)
    delay, hidden = payload.entry(first, "DelaySeconds")
    if isinstance(delay, ir.Constant) and isinstance(delay.value, int):
        facts["delay"] = delay.value
    elif delay is None and not hidden and found.use.system == "sqs":
        facts["delay"] = None
    body = next((value for key in _ENTRY_VALUES if (value := payload.entry(first, key)[0]) is not None), None)
    facts |= _payload_facts(payload.lifted(found, body) or first)
    kind, _ = payload.entry(first, "DetailType")
    if isinstance(kind, ir.Constant) and isinstance(kind.value, str):
        facts["event_type"] = kind.value
    return facts


def in_except(found: Found) -> bool:
    """Does the send, or a call that leads to it, stand in an ``except`` handler?"""
    return any(context.handlers(one.body, one.site.block) for one in path_up(found))


def loop_of(ev: Evaluator, found: Found) -> tuple[str, CallSite | None, int]:
    """The innermost loop around the send or the calls above it, with the call and the block; ``none`` without one."""
    for send in between(found):
        body = send.body
        loops = context.loops(body, send.site.block)
        if not loops:
            continue
        block = body.blocks[loops[0]]
        if context.endless(block):
            return "forever", send, loops[0]
        return ("over-channels" if _chooses_channel(send, found, loops[0]) else "over-items"), send, loops[0]
    return "none", None, -1


def _chooses_channel(send: CallSite, found: Found, loop: int) -> bool:
    """Does each turn of the loop send to another channel?"""
    turning = context.loop_names(send.body, loop)
    call = send.site.call
    operation = found.use.operation
    expr: ir.Expr | None
    if send is found.sink:
        spec = operation.channel
        if spec is not None and any(
            isinstance(place, str) and place.startswith(("self.", "receiver")) for place in spec.places
        ):
            expr = call.function.value if isinstance(call.function, ir.Attribute) else None
        else:
            expr, _ = payload.argument_of(call, spec)
        return bool(turning & context.names_in(payload.inlined(send.body, expr, send.at)))
    spec = operation.channel
    inner, _ = payload.argument_of(found.sink.site.call, spec)
    written = payload.lifted(found, inner)
    if written is not None and turning & context.names_in(written):
        return True
    receiver = call.function.value if isinstance(call.function, ir.Attribute) else None
    return inner is not None and "self" in context.names_in(inner) and bool(turning & context.names_in(receiver))


def loop_invariant(found: Found, send: CallSite, loop: int) -> bool | None:
    """Does every turn of the loop send the same payload? None when the payload is not known."""
    value, _ = payload.argument_of(found.sink.site.call, found.use.operation.arguments.get("value"))
    written = payload.lifted(found, value)
    if written is None:
        return None
    turning = context.loop_names(send.body, loop) | context.filled_in(send.body, loop)
    used = set(context.names_in(written))
    if send is found.sink:
        used |= {one.id for one in sources.reaching(send.body, value) if isinstance(one, ir.Name)}
    elif used & _bound(found.sink.body) - _bound(send.body):
        return None  # put together inside the wrapper in a way that can't be written where the loop is
    return not turning & used


def _bound(body: ir.Body) -> frozenset[str]:
    return frozenset(one.target.id for one in body.bindings if isinstance(one.target, ir.Name))
