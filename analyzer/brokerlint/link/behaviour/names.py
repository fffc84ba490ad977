"""The holes of channel names: what a name that is put together depends on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from brokerlint.link.behaviour import context, payload
from brokerlint.link.endpoints import Found
from brokerlint.link.scopes import last_name
from brokerlint.link.values import Client, Collection, Template, Unknown, Values
from brokerlint.python import ir

_ENTITIES = (
    "id uuid guid pk user username tenant customer client device order session account organisation organization org "
    "company merchant store shop room chat game job sensor vehicle symbol"
)
_SETTINGS = "app application service project prefix namespace system suffix version topic queue name"
_CLASSES = (
    ("stage", re.compile(r"(?i)(^|_)(env|environment|stage|deployment|tier)($|_|name)")),
    ("region", re.compile(r"(?i)region")),
    ("account", re.compile(r"(?i)aws_?account|account_?(?:number|no)\b|accountid$")),
    ("team", re.compile(r"(?i)(^|_)(team|squad|owner)($|_)")),
    ("app", re.compile(rf"(?i)(^|_)({_SETTINGS.replace(' ', '|')})($|_|name)")),
    ("entity", re.compile(rf"(?i)(_id|_uuid|_guid|_key|_no|_number)$|^({_ENTITIES.replace(' ', '|')})$")),
)
_FINITE = frozenset({"Literal", "Enum"})


def name_holes(found: Found) -> list[dict[str, Any]]:
    """The holes of a channel's name, by what fills them; empty when the name has none."""
    if not any(isinstance(part, Unknown) for template in _templates(found.use.channel) for part in template.parts):
        return []
    expr, _ = payload.argument_of(found.sink.site.call, found.use.operation.channel)
    written = payload.lifted(found, expr)
    result: dict[str, dict[str, Any]] = {}
    for part in (one for name in _written(written) for one in _filled(name)):
        text = payload.text_of(part)[:80]
        kind = class_of(part)
        result.setdefault(text, {"class": kind, "text": text, "finite": _finite(found, part)})
    return list(result.values())


def _templates(values: Values) -> Iterator[Template]:
    """The texts with holes among values, in a list of them, and in the objects of a list that carry a channel."""
    lists = [value for value in values if isinstance(value, Collection)]
    items = [one for whole in lists for item in whole.items for one in item]
    carried = [one for item in items if isinstance(item, Client) for one in dict(item.carried).get("channel", ())]
    return (one for one in (*values, *items, *carried) if isinstance(one, Template))


def _written(expr: ir.Expr | None) -> list[ir.Expr | None]:
    """The name as it is written, or those of a list of topics to be made."""
    items = expr.items if isinstance(expr, ir.Sequence) else (expr,)
    return [
        item.position(0) or item.keyword("topic") or item.keyword("name")
        if isinstance(item, ir.Call) and last_name(item.function) == "NewTopic"
        else item
        for item in items
    ]


def class_of(part: ir.Expr) -> str:
    """What an expression inside a name stands for, by what it is called: ``entity``, ``stage`` ... or ``unknown``."""
    name = last_name(part.function) if isinstance(part, ir.Call) else _own_name(part)
    return next((kind for kind, pattern in _CLASSES if pattern.search(name)), "unknown")


def _own_name(part: ir.Expr) -> str:
    if isinstance(part, ir.Subscript) and isinstance(part.index, ir.Constant):
        return str(part.index.value)
    return last_name(part)


def _filled(expr: ir.Expr | None, depth: int = 20) -> list[ir.Expr]:
    """The variable parts of a text."""
    if isinstance(expr, ir.Formatted):
        return [part for part in expr.parts if not isinstance(part, ir.Constant)]
    if isinstance(expr, ir.Binary) and expr.operator == "+" and depth > 0:
        found = []
        for side in (expr.left, expr.right):
            inner = _filled(side, depth - 1)
            found += inner or ([] if isinstance(side, ir.Constant) else [side])
        return found
    if isinstance(expr, ir.Binary) and expr.operator == "%":
        right = expr.right
        return list(right.items) if isinstance(right, ir.Sequence) else [right]
    if isinstance(expr, ir.Call) and last_name(expr.function) in ("format", "join"):
        return [argument.value for argument in expr.arguments if not isinstance(argument.value, ir.Constant)]
    return []


def _finite(found: Found, part: ir.Expr) -> bool:
    """Has the part few possible values: an enumeration, a remainder, a loop over constants?"""
    if any(isinstance(one, ir.Binary) and one.operator == "%" for one in context.parts(part)):
        return True
    if isinstance(part, ir.Attribute) and part.attr in ("value", "name"):
        return True
    names = context.names_in(part)
    for function in (*found.sink.chain, *found.anchor.chain):
        for parameter in getattr(function, "parameters", ()):
            note = parameter.annotation
            if (
                parameter.name in names
                and note is not None
                and any(last_name(one) in _FINITE for one in context.parts(note))
            ):
                return True
    for body in (found.sink.body, found.anchor.body):
        for binding in body.bindings:
            if binding.kind == "for" and isinstance(binding.target, ir.Name) and binding.target.id in names:
                of = binding.value.of if isinstance(binding.value, ir.Element) else None
                if isinstance(of, ir.Sequence) or (isinstance(of, ir.Name) and of.id.isupper()):
                    return True
                if isinstance(of, ir.Call) and last_name(of.function) == "range":
                    return True
    return False
