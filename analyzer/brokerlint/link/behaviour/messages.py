"""What a body's names hold of received messages.

Kinds, from the most to the least: ``batch`` (an answer or list of messages), ``message`` (one with everything that is
needed to acknowledge it), ``handle`` (what acknowledges it), ``part`` (its body, key, headers, or anything derived).
Whoever holds a part only can't acknowledge.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from brokerlint.link.behaviour import context
from brokerlint.link.scopes import base_key, last_name
from brokerlint.python import ir

DEEPEST = 30
"""Nesting of expressions that is followed; of what lies deeper, every name counts."""

_RANK = {"": 0, "part": 1, "handle": 2, "message": 3, "batch": 4}
_LISTS = frozenset({"Messages", "Records", "records", "messages"})
_BODIES = frozenset({
    "Body", "body", "value", "key", "headers", "attributes", "message_attributes", "MessageAttributes",
    "messageAttributes", "Attributes", "kinesis", "Sns", "data", "Data", "json", "payload", "content", "MessageId",
    "messageId", "message_id", "md5OfBody", "eventSourceARN", "timestamp", "offset", "partition", "topic", "error",
    "latency", "delivery_count", "ApproximateReceiveCount", "detail",
})  # fmt: skip
_HANDLES = frozenset({"ReceiptHandle", "receiptHandle", "receipt_handle"})
_SAME = frozenset({
    "items", "values", "list", "tuple", "sorted", "enumerate", "reversed", "iter", "next", "anext", "filter", "zip",
    "copy", "deepcopy", "pop", "chain", "islice", "batched", "set", "cast", "tqdm", "as_completed", "popleft",
    "wait_for", "to_thread", "shield",
})  # fmt: skip
_NOTHING = frozenset({"len", "bool", "isinstance", "type", "id", "hasattr", "print", "callable", "any", "all"})


@dataclass(frozen=True, eq=False, slots=True)
class Held:
    """The kinds that one body's names (``m``, ``self.pending``) and calls (by identity) hold."""

    names: Mapping[str, str]
    calls: Mapping[int, str]

    def kind(self, expr: ir.Expr | None, depth: int = DEEPEST) -> str:
        """What an expression holds of the messages: a kind, or "" for nothing."""
        if expr is None:
            return ""
        if depth <= 0:
            return strongest(*(self.names.get(one.id, "") for one in context.parts(expr) if isinstance(one, ir.Name)))
        if isinstance(expr, ir.Name):
            return self.names.get(expr.id, "")
        if isinstance(expr, ir.Attribute):
            return self.names.get(base_key(expr), "") or _narrowed(self.kind(expr.value, depth - 1), expr.attr)
        if isinstance(expr, ir.Subscript):
            return self._item(expr, depth)
        if isinstance(expr, (ir.Element, ir.Item)):
            return "message" if (kind := self.kind(expr.of, depth - 1)) == "batch" else kind
        if isinstance(expr, ir.Call):
            return self._call(expr, depth)
        if isinstance(expr, ir.Comprehension):
            element = strongest(self.kind(expr.element, depth - 1), self.kind(expr.key, depth - 1))
            return "batch" if element == "message" else element
        if isinstance(expr, (ir.Entered, ir.Starred)):
            return self.kind(expr.of if isinstance(expr, ir.Entered) else expr.value, depth - 1)
        return self._composed(expr, depth)

    def _composed(self, expr: ir.Expr, depth: int) -> str:
        if isinstance(expr, (ir.Boolean, ir.Binary)):
            return strongest(self.kind(expr.left, depth - 1), self.kind(expr.right, depth - 1))
        if isinstance(expr, ir.Conditional):
            return strongest(self.kind(expr.body, depth - 1), self.kind(expr.orelse, depth - 1))
        if isinstance(expr, ir.Formatted):
            return "part" if any(self.kind(part, depth - 1) for part in expr.parts) else ""
        if isinstance(expr, ir.Sequence):
            return strongest(*(self.kind(item, depth - 1) for item in expr.items))
        if isinstance(expr, ir.Mapping):
            return strongest(*(self.kind(value, depth - 1) for _, value in expr.entries))
        return ""

    def _item(self, expr: ir.Subscript, depth: int) -> str:
        whole = self.kind(expr.value, depth - 1)
        if isinstance(expr.index, ir.Constant) and isinstance(expr.index.value, str):
            return _narrowed(whole, expr.index.value)
        if whole == "batch":
            return "batch" if isinstance(expr.index, ir.Opaque) else "message"
        return whole

    def _call(self, expr: ir.Call, depth: int) -> str:
        known = self.calls.get(id(expr))
        if known is not None:
            return known
        name = last_name(expr.function)
        if name in _NOTHING:
            return ""
        if isinstance(expr.function, ir.Attribute):
            whole = self.kind(expr.function.value, depth - 1)
            first = expr.arguments[0].value if expr.arguments else None
            if whole and name in ("get", "pop", "get_value") and isinstance(first, ir.Constant):
                return _narrowed(whole, str(first.value))
            if whole:
                return whole if name in _SAME else _narrowed(whole, name)
        given = strongest(*(self.kind(argument.value, depth - 1) for argument in expr.arguments))
        return given if name in _SAME or given != "batch" else "message"


def strongest(*kinds: str) -> str:
    """The kind that says most."""
    return max(kinds, key=_RANK.__getitem__, default="")


def whole(kind: str) -> bool:
    """Can whoever holds this acknowledge?"""
    return _RANK[kind] > 1


def _narrowed(kind: str, name: str) -> str:
    """What ``.name`` or ``["name"]`` of something of this kind is."""
    if kind in ("", "part", "handle"):
        return kind
    if name in _HANDLES:
        return "handle"
    if kind == "batch":
        return "batch" if name in _LISTS or not name else ("part" if name in _BODIES else "batch")
    return "part" if name in _BODIES else "message"


def held(body: ir.Body, seeds: Mapping[str, str], calls: Mapping[int, str]) -> Held:
    """Follow messages through the bindings of ``body``, from the names ``seeds`` and the results of ``calls``."""
    if not seeds and not calls:
        return Held({}, {})
    names = dict(seeds)
    state = Held(names, calls)
    for _ in range(2):
        for binding in body.bindings:
            kind = state.kind(binding.value)
            target = base_key(binding.target)
            if kind and not target and isinstance(binding.target, ir.Subscript):
                target = base_key(binding.target.value)
            if kind and target:
                names[target] = strongest(names.get(target, ""), kind)
        for site in body.sites:
            function = site.call.function
            if isinstance(function, ir.Attribute) and function.attr in (
                "append",
                "extend",
                "add",
                "insert",
                "appendleft",
            ):
                kind = strongest(*(state.kind(argument.value) for argument in site.call.arguments))
                target = base_key(function.value)
                if kind and target:
                    names[target] = strongest(names.get(target, ""), "batch" if kind == "message" else kind)
    return state
