"""What is sent: payload, keys, group and deduplication ids, headers, batch entries, in the words of the call that
decides.

Expressions are compared by a normalised text: local names that are bound once are put in, a wrapper's parameters are
replaced by what its caller gives, and encodings (``json.dumps``, ``.encode()``) are taken off.
"""

from __future__ import annotations

import hashlib
from typing import Any

from brokerlint.link.behaviour import context
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.sites import CallSite
from brokerlint.link.values import Collection, Const, EnvVar, Record, Values
from brokerlint.models.model import Argument
from brokerlint.python import ir

_ENCODINGS = frozenset(
    {
        "encode",
        "dumps",
        "str",
        "bytes",
        "json",
        "model_dump_json",
        "to_json",
        "dict",
        "model_dump",
        "asdict",
        "jsonable_encoder",
    }
)
_RANDOM = frozenset({
    "uuid1", "uuid4", "uuid6", "uuid7", "random", "randint", "randrange", "choice", "token_hex", "token_urlsafe",
    "urandom", "time", "time_ns", "now", "utcnow", "today", "perf_counter", "monotonic", "getrandbits", "ulid",
    "ULID", "ksuid", "nanoid", "generate", "hostname", "gethostname", "getpid",
})  # fmt: skip
_SERIALIZERS = {
    "dumps": "json", "model_dump_json": "json", "to_json": "json", "json": "json", "SerializeToString": "protobuf",
    "schemaless_writer": "avro", "encode": "str", "str": "str", "packb": "msgpack", "jsonable_encoder": "json",
}  # fmt: skip
_HEADERS = {
    "correlation_id": {"correlation_id", "correlationid", "correlation-id", "x-correlation-id", "cid", "request_id",
    "requestid", "x-request-id", "corr_id"}, "reply_to": {"reply_to", "replyto", "reply-to", "reply_topic",
    "reply-topic", "replytopic", "reply_queue", "response_queue", "response_topic"}, "attempt": {"attempt",
    "attempts", "retry", "retries", "retry_count", "retry-count", "x-retry-count", "x-attempt", "retrycount",
    "attempt_count"}, "not_before": {"not_before", "not-before", "deliver_at", "run_at", "retry_at", "next_attempt",
    "process_after", "due_at"}, "trace": {"traceparent", "trace_id", "x-b3-traceid", "tracestate", "x-amzn-trace-id"},
}  # fmt: skip
_TYPES = ("DetailType", "type", "event_type", "eventType", "event", "event_name", "eventName", "action", "kind", "name")


END = At(1 << 60, -1)
"""Behind everything: every binding of the body counts."""


def argument_of(call: ir.Call, spec: Argument | None) -> tuple[ir.Expr | None, bool]:
    """The expression that a call gives for ``spec``, and whether it may hide in unpacked arguments."""
    if spec is None:
        return None, False
    for place in spec.places:
        if isinstance(place, int):
            found = call.position(place)
        elif place.startswith("*") and place != "**":
            rest = [a.value for a in call.arguments if a.keyword is None and not a.star][int(place[1:] or 0) :]
            found = ir.Sequence("tuple", tuple(rest)) if rest else None
        else:
            found = call.keyword(place)
        if found is not None:
            return found, False
    return None, any(argument.star for argument in call.arguments)


def lifted(found: Found, expr: ir.Expr | None) -> ir.Expr | None:
    """``expr`` of the sink in the words of the anchor: parameters on the way are replaced by what the calls give.

    None when a parameter is given by something that can't be written there.
    """
    route = found.route[found.decided :]
    chain: ir.Expr | None = inlined(found.sink.body, expr, At(found.sink.site.order, found.sink.site.block))
    inner = found.sink
    for step in reversed(route):
        function = step.target[-1]
        if step.how != "call" or not isinstance(function, ir.Function) or function.body is not _own(inner, function):
            return chain
        given = _given(step.here.site.call, function, len(step.target) > 1 and isinstance(step.target[-2], ir.Class))
        chain = substituted(chain, given)
        chain = inlined(step.here.body, chain, step.here.at)
        inner = step.here
    return chain


def _own(here: CallSite, function: ir.Function) -> ir.Body:
    return function.body if any(one is function for one in here.chain) else here.body


def _given(call: ir.Call, function: ir.Function, method: bool) -> dict[str, ir.Expr]:
    parameters = list(function.parameters)
    if method and parameters and parameters[0].name in ("self", "cls"):
        parameters = parameters[1:]
    plain = [parameter for parameter in parameters if parameter.kind == ""]
    given = {p.name: p.default for p in parameters if p.default is not None}
    for index, parameter in enumerate(plain):
        value = call.position(index)
        if value is not None:
            given[parameter.name] = value
    given |= {a.keyword: a.value for a in call.arguments if a.keyword is not None}
    return given


def substituted(expr: ir.Expr | None, given: dict[str, ir.Expr], depth: int = 8) -> ir.Expr | None:
    """``expr`` with the names of ``given`` replaced."""
    if expr is None or depth <= 0:
        return expr
    if isinstance(expr, ir.Name):
        return given.get(expr.id, expr)
    return _rebuilt(expr, lambda one: substituted(one, given, depth - 1) or one)


def inlined(body: ir.Body, expr: ir.Expr | None, at: At, depth: int = 6) -> ir.Expr | None:
    """``expr`` with the local names that are bound exactly once replaced by their values."""
    if expr is None or depth <= 0:
        return expr
    if isinstance(expr, ir.Name):
        bound = [b for b in body.bindings if isinstance(b.target, ir.Name) and b.target.id == expr.id]
        if (
            len(bound) == 1
            and bound[0].kind == "assign"
            and bound[0].order < at.order
            and expr.id not in context.names_in(bound[0].value)
        ):
            if isinstance(bound[0].value, ir.Opaque):
                return expr
            return inlined(body, bound[0].value, At(bound[0].order, bound[0].block), depth - 1)
        return expr
    return _rebuilt(expr, lambda one: inlined(body, one, at, depth - 1) or one)


def _rebuilt(expr: ir.Expr, change: Any) -> ir.Expr:
    """The same expression with its parts changed."""
    if isinstance(expr, ir.Attribute):
        return ir.Attribute(change(expr.value), expr.attr)
    if isinstance(expr, ir.Subscript):
        return ir.Subscript(change(expr.value), change(expr.index))
    if isinstance(expr, ir.Call):
        arguments = tuple(ir.Argument(change(a.value), a.keyword, a.star) for a in expr.arguments)
        function = change(expr.function) if isinstance(expr.function, ir.Attribute) else expr.function
        return ir.Call(function, arguments, expr.line, expr.end_line)
    if isinstance(expr, ir.Formatted):
        return ir.Formatted(tuple(change(part) for part in expr.parts))
    if isinstance(expr, ir.Binary):
        return ir.Binary(change(expr.left), expr.operator, change(expr.right))
    if isinstance(expr, ir.Boolean):
        return ir.Boolean(change(expr.left), expr.operator, change(expr.right))
    if isinstance(expr, ir.Conditional):
        return ir.Conditional(expr.test, change(expr.body), change(expr.orelse))
    if isinstance(expr, ir.Sequence):
        return ir.Sequence(expr.kind, tuple(change(item) for item in expr.items))
    if isinstance(expr, ir.Mapping):
        return ir.Mapping(tuple((key, change(value)) for key, value in expr.entries))
    return expr


def bare(expr: ir.Expr | None) -> ir.Expr | None:
    """``expr`` without the encodings around it."""
    while isinstance(expr, ir.Call) and last_name(expr.function) in _ENCODINGS:
        name = last_name(expr.function)
        if isinstance(expr.function, ir.Attribute) and name in (
            "encode",
            "to_json",
            "model_dump_json",
            "dict",
            "model_dump",
            "json",
        ):
            expr = expr.function.value
        elif expr.arguments:
            expr = expr.arguments[0].value
        else:
            break
    return expr


def text_of(expr: ir.Expr | None, depth: int = 12) -> str:
    """An expression as a normalised text; formatting, quotes and line breaks do not count."""
    if expr is None:
        return ""
    if depth <= 0:
        return "..."
    if isinstance(expr, ir.Constant):
        return repr(expr.value)
    if isinstance(expr, ir.Name):
        return expr.id
    if isinstance(expr, ir.Attribute):
        return f"{text_of(expr.value, depth - 1)}.{expr.attr}"
    if isinstance(expr, ir.Subscript):
        return f"{text_of(expr.value, depth - 1)}[{text_of(expr.index, depth - 1)}]"
    if isinstance(expr, ir.Call):
        arguments = [
            f"{a.star}{a.keyword + '=' if a.keyword else ''}{text_of(a.value, depth - 1)}" for a in expr.arguments
        ]
        return f"{text_of(expr.function, depth - 1)}({', '.join(arguments)})"
    if isinstance(expr, ir.Mapping):
        entries = [
            f"{text_of(key, depth - 1) if key else '**'}: {text_of(value, depth - 1)}" for key, value in expr.entries
        ]
        return "{" + ", ".join(entries) + "}"
    parts = ", ".join(text_of(part, depth - 1) for part in context.children(expr))
    mark = getattr(expr, "operator", "") or getattr(expr, "why", "")
    return f"{type(expr).__name__.lower()}:{mark}({parts})"


def fingerprint(expr: ir.Expr | None) -> str:
    """A short hash of a payload expression; "" when there is none."""
    text = text_of(bare(expr))
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:12] if text else ""


# --- Keys -----------------------------------------------------------------------------------------------------------


def key_of(expr: ir.Expr | None, hidden: bool, values: Values) -> dict[str, Any]:
    """What kind of key an expression is: ``none``, ``const``, ``random``, ``field`` or ``unknown``, with its text."""
    if expr is None:
        return {"kind": "unknown", "text": ""} if hidden else {"kind": "none", "text": ""}
    plain = bare(expr)
    text = text_of(plain)[:120]
    if plain == ir.Constant(None):
        return {"kind": "none", "text": ""}
    if any(isinstance(one, ir.Call) and last_name(one.function) in _RANDOM for one in context.parts(plain)):
        return {"kind": "random", "text": text}
    if isinstance(plain, ir.Constant):
        return {"kind": "const", "text": str(plain.value)}
    if values and all(isinstance(value, (Const, EnvVar)) for value in values):
        if all(value == Const(None) for value in values):
            return {"kind": "none", "text": ""}
        if len(values) == 1:
            value = values[0]
            return {
                "kind": "const",
                "text": str(value.value) if isinstance(value, Const) else f"${getattr(value, 'name', '')}",
            }
        return {"kind": "unknown", "text": text}
    return {"kind": _shape(plain), "text": text}


def _shape(expr: ir.Expr | None) -> str:
    while isinstance(expr, ir.Boolean):
        expr = expr.left
    if isinstance(expr, ir.Name):
        return (
            "unknown"
            if expr.id.lower().strip("_")
            in ("key", "k", "partition_key", "message_key", "msg_key", "group_id", "kwargs")
            else "field"
        )
    if isinstance(expr, (ir.Attribute, ir.Subscript)):
        return "field"
    if isinstance(expr, (ir.Formatted, ir.Binary)):
        return "field" if context.names_in(expr) else "const"
    if isinstance(expr, ir.Call):
        return "field" if context.names_in(expr) - {last_name(expr.function)} else "unknown"
    if isinstance(expr, ir.Conditional) and ir.Constant(None) not in (expr.body, expr.orelse):
        return "field" if context.names_in(expr.body) else "unknown"
    return "unknown"


# --- Batches --------------------------------------------------------------------------------------------------------


def entries_of(body: ir.Body, expr: ir.Expr | None, at: At) -> tuple[list[ir.Mapping], int | None]:
    """The entry displays of a batch argument, and their number when the batch is written out in full."""
    whole = inlined(body, expr, at)
    if isinstance(whole, ir.Sequence):
        entries = [item for item in whole.items if isinstance(item, ir.Mapping)]
        grows = isinstance(expr, ir.Name) and _grows(body, expr.id)
        full = not grows and not any(isinstance(item, ir.Starred) for item in whole.items)
        added = _appended(body, expr.id) if isinstance(expr, ir.Name) else []
        return entries + added, len(whole.items) if full else None
    if isinstance(whole, ir.Comprehension):
        return ([whole.element] if isinstance(whole.element, ir.Mapping) else []), None
    if isinstance(expr, ir.Name):
        return _appended(body, expr.id), None
    return [], None


def _grows(body: ir.Body, name: str) -> bool:
    return any(
        isinstance(site.call.function, ir.Attribute)
        and site.call.function.attr in ("append", "extend", "insert")
        and site.call.function.value == ir.Name(name)
        for site in body.sites
    )


def _appended(body: ir.Body, name: str) -> list[ir.Mapping]:
    found = []
    for site in body.sites:
        function = site.call.function
        if isinstance(function, ir.Attribute) and function.attr == "append" and function.value == ir.Name(name):
            value = inlined(body, site.call.position(0), At(site.order, site.block))
            if isinstance(value, ir.Mapping):
                found.append(value)
    return found


def entry(mapping: ir.Mapping, key: str) -> tuple[ir.Expr | None, bool]:
    """The value under ``key`` of an entry, and whether it may hide in a ``**`` part."""
    for known, value in mapping.entries:
        if known == ir.Constant(key):
            return value, False
    return None, any(known is None for known, _ in mapping.entries)


# --- Content --------------------------------------------------------------------------------------------------------


def header_names(values: Values) -> list[str] | None:
    """The names of headers, known ones under one spelling; None when they can't be told."""
    found: list[str] = []
    for value in values:
        if isinstance(value, Record):
            found += [str(key) for key, _ in value.entries]
            if value.more:
                return None
        elif isinstance(value, Collection):
            for item in value.items:
                first = next((one.items[0] for one in item if isinstance(one, Collection) and one.items), ())
                found += [str(one.value) for one in first if isinstance(one, Const)]
            if value.more:
                return None
        elif value != Const(None):
            return None
    return sorted({spelled(name) for name in found})


def spelled(name: str) -> str:
    """A header's or field's name: one spelling for those with a meaning."""
    lower = name.lower()
    return next((word for word, names in _HEADERS.items() if lower in names), name)


def payload_keys(expr: ir.Expr | None) -> list[str]:
    """The keys of a payload that is written as a mapping."""
    plain = bare(expr)
    if isinstance(plain, ir.Mapping):
        return [str(key.value) for key, _ in plain.entries if isinstance(key, ir.Constant)]
    if isinstance(plain, ir.Call) and last_name(plain.function) == "dict":
        return [a.keyword for a in plain.arguments if a.keyword]
    return []


def event_type(expr: ir.Expr | None) -> str:
    """The literal type that a payload names; "" when it names none."""
    plain = bare(expr)
    if not isinstance(plain, ir.Mapping):
        return ""
    for wanted in _TYPES:
        value, _ = entry(plain, wanted)
        if isinstance(value, ir.Constant) and isinstance(value.value, str):
            return value.value
    return ""


def serializer(expr: ir.Expr | None) -> str:
    """How the payload is put into bytes: ``json``, ``str``, ``protobuf`` ...; "" when it can't be told."""
    found = ""
    while isinstance(expr, ir.Call):
        name = last_name(expr.function)
        path = text_of(expr.function)
        if name == "dumps" and ("pickle" in path or "dill" in path):
            return "pickle"
        kind = _SERIALIZERS.get(name, "")
        if kind and kind != "str":
            return kind
        found = kind or found
        nested = expr.function.value if isinstance(expr.function, ir.Attribute) and name == "encode" else None
        inner = (
            nested
            if nested is not None
            else (expr.arguments[0].value if expr.arguments and name in _ENCODINGS else None)
        )
        if inner is None:
            break
        expr = inner
    return found


def constant_of(ev: Evaluator, expr: ir.Expr | None, scope: Activation, at: At) -> int | None:
    """A whole number that an expression certainly is."""
    if expr is None:
        return None
    values = ev.values(expr, scope, at)
    numbers = {value.value for value in values if isinstance(value, Const) and isinstance(value.value, int)}
    return int(next(iter(numbers))) if len(numbers) == 1 and len(values) == 1 else None
