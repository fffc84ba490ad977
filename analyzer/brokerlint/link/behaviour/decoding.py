"""How message bodies are decoded and read: formats, guards around the decoding, keys and event types."""

from __future__ import annotations

from typing import Any

from brokerlint.link.behaviour import context, messages, payload
from brokerlint.link.behaviour.acknowledgement import in_turn
from brokerlint.link.behaviour.effects import Effects
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.behaviour.walk import Frame, Moment, Walk
from brokerlint.link.scopes import last_name
from brokerlint.python import ir

_ENVELOPE = frozenset({
    "Body", "body", "Messages", "Records", "ReceiptHandle", "receiptHandle", "MessageId", "messageId",
    "MessageAttributes", "messageAttributes", "Attributes", "attributes", "kinesis", "data", "sqs", "eventSource",
    "eventSourceARN", "value", "records",
})  # fmt: skip
_PICKLES = ("pickle.", "cPickle.", "dill.", "cloudpickle.", "marshal.", "_pickle.", "joblib.")
_JSON = ("json.", "orjson.", "ujson.", "simplejson.", "rapidjson.", "msgspec.json.")
_TYPE_FIELDS = frozenset({
    "type", "event_type", "eventtype", "event", "event_name", "eventname", "action", "kind", "message_type",
    "messagetype", "detail-type", "command", "job_type", "topic", "name", "subject",
})  # fmt: skip
_VERIFYING = frozenset({"compare_digest", "verify", "verify_signature", "check_signature", "validate_signature"})
_MOST = 60


def decoding(
    origins: list[Origin], walks: list[Walk], effects: Effects, config: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    """The facts about decoding; unknown ones are None."""
    loads = [
        (o, m)
        for o, w in zip(origins, walks, strict=True)
        for m in w.moments
        if in_turn(o, m) and format_of(m, effects)
    ]
    configured = str(config.get("value_deserializer", {}).get("value") or "")
    formats = {format_of(moment, effects) for _, moment in loads} | ({_format_of_path(configured)} - {""})
    unsafe = {m.place for _, m in loads if format_of(m, effects) in ("pickle", "eval")}
    return {
        "deserializer": next(iter(formats))
        if len(formats) == 1 and formats <= {"json", "avro", "protobuf", "pickle", "str"}
        else None,
        "unsafe_load": sorted(unsafe),
        "decode_guarded": all(_guarded(origin, moment) for origin, moment in loads) if loads else None,
        "verified": any(m.name in _VERIFYING and m.holds() for w in walks for m in w.moments) or None,
        "body_paths": body_paths(walks) or None,
        "event_types": event_types(walks) or None,
    }


def format_of(moment: Moment, effects: Effects) -> str:
    """The format that a call decodes a message's content from; "" when it decodes nothing."""
    if moment.holds() not in ("part", "message"):
        return ""
    name = moment.name
    if name in ("ParseFromString", "FromString", "MergeFromString"):
        return "protobuf"
    if name in ("model_validate_json", "parse_raw"):
        return "json"
    if (
        name == "json"
        and isinstance(moment.call.function, ir.Attribute)
        and moment.frame.held.kind(moment.call.function.value) == "part"
    ):
        return "json"
    if (
        name not in ("loads", "load", "eval", "exec", "unsafe_load", "decode", "schemaless_reader", "reader", "unpackb")
        or moment.entered
    ):
        return ""
    path = effects.path(moment)
    if path == "yaml.load":
        return "eval" if "Safe" not in payload.text_of(moment.call) else ""
    return _format_of_path(path)


def _format_of_path(path: str) -> str:
    if path.startswith(_PICKLES):
        return "pickle"
    if path.startswith(_JSON):
        return "json"
    if path in ("builtins.eval", "builtins.exec", "yaml.unsafe_load"):
        return "eval"
    lower = path.lower()
    return next((kind for kind in ("avro", "protobuf", "json") if kind in lower), "")


def _guarded(origin: Origin, moment: Moment) -> bool:
    """Does an error while decoding stay inside the loop?"""
    for one in reversed(moment.chain()):
        body = one.frame.body
        for attempt in context.tries(body, one.site.block):
            if (
                one.frame.above is None
                and origin.how == "call"
                and not context.loops(body, body.blocks[attempt].parent)
            ):
                continue
            caught = [part for part in context.parts_of(body, attempt) if body.blocks[part].kind == "except"]
            if any(_catches_decoding(body.blocks[part]) and context.leaves(body, part) != "raise" for part in caught):
                return True
    return False


def _catches_decoding(handler: ir.Block) -> bool:
    kind = handler.subject
    kinds = kind.items if isinstance(kind, ir.Sequence) else (kind,)
    names = {last_name(one) for one in kinds if one is not None}
    return context.broad(handler) or any(
        "Decode" in name or name in ("ValueError", "ValidationError", "KeyError", "TypeError") for name in names
    )


def body_paths(walks: list[Walk]) -> list[str]:
    """The keys that are read from message bodies: ``Message``, ``detail``, ``order_id`` ... in alphabetical order."""
    found: set[str] = set()
    for walk in walks:
        for frame in walk.frames:
            for expr in expressions(frame.body):
                for one in context.parts(expr):
                    key = _read_key(frame.held, one)
                    if key and key not in _ENVELOPE:
                        found.add(key)
    return sorted(found)[:_MOST]


def _read_key(held: messages.Held, expr: ir.Expr) -> str:
    if isinstance(expr, ir.Subscript) and isinstance(expr.index, ir.Constant) and isinstance(expr.index.value, str):
        return expr.index.value if held.kind(expr.value) == "part" else ""
    if (
        isinstance(expr, ir.Call)
        and isinstance(expr.function, ir.Attribute)
        and expr.function.attr == "get"
        and expr.arguments
    ):
        first = expr.arguments[0].value
        if isinstance(first, ir.Constant) and isinstance(first.value, str) and held.kind(expr.function.value) == "part":
            return first.value
    if isinstance(expr, ir.Compare) and isinstance(expr.left, ir.Constant) and isinstance(expr.left.value, str):
        found = any(operator in ("In", "NotIn") and held.kind(right) == "part" for operator, right in expr.rest)
        return expr.left.value if found else ""
    return ""


def expressions(body: ir.Body) -> list[ir.Expr]:
    """Every expression of a body that reads something."""
    found = [binding.value for binding in body.bindings]
    found += [block.subject for block in body.blocks if block.subject is not None]
    found += [leave.value for leave in body.exits if leave.value is not None]
    found += [site.call for site in body.sites]
    return found


def event_types(walks: list[Walk]) -> list[str]:
    """The constants that a handler compares the type of an event with."""
    found: set[str] = set()
    for walk in walks:
        for frame in walk.frames:
            for block in frame.body.blocks:
                for one in context.parts(block.subject):
                    if isinstance(one, ir.Compare) and _is_type(frame, one.left):
                        for _, right in one.rest:
                            items = right.items if isinstance(right, ir.Sequence) else (right,)
                            found |= {
                                item.value
                                for item in items
                                if isinstance(item, ir.Constant) and isinstance(item.value, str)
                            }
    return sorted(found)[:_MOST]


def _is_type(frame: Frame, expr: ir.Expr) -> bool:
    if frame.held.kind(expr) != "part":
        return False
    whole = payload.inlined(frame.body, expr, payload.END)
    if isinstance(whole, ir.Subscript) and isinstance(whole.index, ir.Constant):
        return str(whole.index.value).lower() in _TYPE_FIELDS
    if isinstance(whole, ir.Call) and last_name(whole.function) == "get" and whole.arguments:
        first = whole.arguments[0].value
        return isinstance(first, ir.Constant) and str(first.value).lower() in _TYPE_FIELDS
    return isinstance(whole, ir.Attribute) and whole.attr.lower() in _TYPE_FIELDS
