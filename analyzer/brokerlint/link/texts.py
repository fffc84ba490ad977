"""Texts and collections: operators, formatting, and the methods of plain values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from brokerlint.link.values import (
    Collection,
    Const,
    EnvVar,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    concat,
    join,
    needs_of,
    unknown,
)

if TYPE_CHECKING:
    from brokerlint.link.calls import Args
    from brokerlint.link.evaluate import Evaluator

_SAME = frozenset({
    "encode", "decode", "strip", "lstrip", "rstrip", "removeprefix", "copy", "get_secret_value", "__str__", "unicode_string", "as_posix",
    "format_map", "resolve", "result",
})  # fmt: skip
"""Methods whose result still names the same channel."""

_FIELD = re.compile(r"\{([^{}:!]*)(?:![rsa])?(?::[^{}]*)?\}")
_PERCENT = re.compile(r"%(?:\((\w+)\))?[-#0 +]*\d*(?:\.\d+)?[sdrif]")


def binary(ev: Evaluator, left: Values, operator: str, right: Values) -> Values:
    """``left operator right``."""
    if operator == "+":
        if any(isinstance(value, Collection) for value in left):
            both = [as_collection(ev, value) for value in (*left[:1], *right[:1])]
            return (Collection("list", (*both[0].items, *both[1].items), both[0].more or both[1].more),)
        numbers = [v.value for v in (*left, *right) if isinstance(v, Const) and isinstance(v.value, (int, float))]
        if len(numbers) == 2 and len(left) == len(right) == 1:
            return (Const(numbers[0] + numbers[1]),)
        return concat([left, right])
    if operator == "%":
        return _percent(left, right)
    if operator == "/":
        return concat([left, (Const("/"),), right])
    if operator == "|":
        records = [value for value in (*left, *right) if isinstance(value, Record)]
        if len(records) == len(left) + len(right):
            return (Record(tuple(e for record in records for e in record.entries), any(r.more for r in records)),)
        return join(left, right)
    if operator == "*" and len(left) == len(right) == 1:
        a, b = left[0], right[0]
        if isinstance(a, Const) and isinstance(b, Const) and isinstance(a.value, int) and isinstance(b.value, int):
            return (Const(a.value * b.value) if abs(a.value) < 1 << 40 and abs(b.value) < 1 << 40 else Unknown("a large number"),)
    return unknown(f"an expression with '{operator}'", needs_of(left) | needs_of(right))


def _percent(left: Values, right: Values) -> Values:
    found: list[Values] = []
    for pattern in left:
        if not (isinstance(pattern, Const) and isinstance(pattern.value, str)):
            found.append(concat([(pattern,), right]) if isinstance(pattern, (EnvVar, Template)) else unknown("a format that is not known", needs_of((pattern,))))
            continue
        positional = as_positions(right)
        parts: list[Values] = []
        last = index = 0
        for match in _PERCENT.finditer(pattern.value):
            parts.append((Const(pattern.value[last : match.start()]),))
            last = match.end()
            if match[1]:
                named = next((r.get(match[1]) for r in right if isinstance(r, Record)), None)
                parts.append(named or unknown(f"format field '{match[1]}'"))
            else:
                parts.append(positional[index] if index < len(positional) else unknown("a format field"))
                index += 1
        parts.append((Const(pattern.value[last:].replace("%%", "%")),))
        found.append(concat(parts))
    return join((), *found)


def as_positions(values: Values) -> list[Values]:
    """The operands of ``%``: a tuple's items, or the one value."""
    if len(values) == 1 and isinstance(values[0], Collection) and values[0].kind == "tuple":
        return list(values[0].items)
    return [values]


def as_collection(ev: Evaluator, value: Value) -> Collection:
    """``value`` as an iterable of known items, as far as it is one."""
    if isinstance(value, Collection):
        return value
    element = ev.element_of(value)
    known = tuple((one,) for one in element if not isinstance(one, Unknown))
    return Collection("list", known, len(known) < len(element))


def format_text(pattern: str, args: Args) -> Values:
    """``pattern.format(...)``."""
    positional = [values for key, values in args if key == ""]
    named = {key: values for key, values in args if key not in ("", "*", "**")}
    parts: list[Values] = []
    last = index = 0
    for match in _FIELD.finditer(pattern):
        parts.append((Const(pattern[last : match.start()].replace("{{", "{").replace("}}", "}")),))
        last = match.end()
        field = match[1].split(".")[0].split("[")[0]
        if "." in match[1] or "[" in match[1]:
            parts.append(unknown(f"format field '{match[1]}'"))
        elif field == "":
            parts.append(positional[index] if index < len(positional) else unknown("a format field"))
            index += 1
        elif field.isdigit():
            parts.append(positional[int(field)] if int(field) < len(positional) else unknown("a format field"))
        else:
            parts.append(named.get(field) or unknown(f"format field '{field}'"))
    parts.append((Const(pattern[last:].replace("{{", "{").replace("}}", "}")),))
    return concat(parts)


def method(ev: Evaluator, receiver: Value, name: str, args: Args) -> Values:
    """What a method of a plain value gives back."""
    if isinstance(receiver, Record):
        return _record_method(ev, receiver, name, args)
    if isinstance(receiver, Collection):
        return _collection_method(ev, receiver, name, args)
    if isinstance(receiver, (EnvVar, Template)) and name in ("split", "replace", "lower", "upper", "title", "format", "join"):
        return _open_text(ev, receiver, name, args)
    if name in _SAME and isinstance(receiver, (Const, EnvVar, Template)):
        if isinstance(receiver, Const) and isinstance(receiver.value, str) and name in ("strip", "lstrip", "rstrip"):
            given = [values[0].value for _, values in args if values and isinstance(values[0], Const)]
            chars = given[0] if given and isinstance(given[0], str) else None
            return (Const(getattr(receiver.value, name)(chars), receiver.trace),)
        return (receiver,)
    if isinstance(receiver, Const) and isinstance(receiver.value, str):
        return _text_method(ev, receiver, receiver.value, name, args)
    return unknown(f"result of .{name}()", needs_of((receiver,)))


def _open_text(ev: Evaluator, receiver: EnvVar | Template, name: str, args: Args) -> Values:
    if name == "split" and isinstance(receiver, EnvVar):
        if not receiver.default:
            return (Collection("list", ((receiver,),), True),)
        pieces = [method(ev, default, "split", args) for default in receiver.default]
        items = [item for values in pieces for one in values if isinstance(one, Collection) for item in one.items]
        found = tuple((EnvVar(receiver.name, item, receiver.trace),) for item in items)
        return (Collection("list", found or ((receiver,),)),)
    if name in ("lower", "upper", "title") and isinstance(receiver, EnvVar):
        changed = [one for default in receiver.default or () for one in method(ev, default, name, args)]
        return (EnvVar(receiver.name, tuple(changed) or receiver.default, receiver.trace),)
    if name == "replace" and isinstance(receiver, EnvVar):
        return (receiver,)
    if name == "split":
        return unknown("a part of a text that is not known")
    return (receiver,)


def _text_method(ev: Evaluator, receiver: Const, text: str, name: str, args: Args) -> Values:
    given = [values for _, values in args]
    consts = [values[0].value if len(values) == 1 and isinstance(values[0], Const) else None for values in given]
    if name == "format":
        return format_text(text, args)
    if name == "join" and given:
        spread = as_collection(ev, given[0][0]) if given[0] else Collection("list", ())
        parts: list[Values] = []
        for index, item in enumerate(spread.items):
            parts += [(receiver,), item] if index else [item]
        return concat(parts) if parts else unknown("a joined text that is not known")
    if name in ("lower", "upper", "title", "capitalize", "swapcase"):
        return (Const(getattr(text, name)(), receiver.trace),)
    if name in ("split", "rsplit") and all(isinstance(value, (str, int)) for value in consts):
        try:
            pieces = getattr(text, name)(*consts)
        except (TypeError, ValueError):
            return unknown("a split that fails")
        return (Collection("list", tuple((Const(piece, receiver.trace),) for piece in pieces[:200])),)
    if name in ("rpartition", "partition") and consts and isinstance(consts[0], str) and consts[0]:
        return (Collection("tuple", tuple((Const(piece, receiver.trace),) for piece in getattr(text, name)(consts[0]))),)
    if name == "replace" and len(consts) == 2 and all(isinstance(value, str) for value in consts):
        return (Const(text.replace(str(consts[0]), str(consts[1])), receiver.trace),)
    if name in ("removesuffix", "removeprefix") and consts and isinstance(consts[0], str):
        return (Const(getattr(text, name)(consts[0]), receiver.trace),)
    return unknown(f"result of .{name}()")


def _record_method(ev: Evaluator, receiver: Record, name: str, args: Args) -> Values:
    if name in ("get", "pop", "setdefault") and args:
        keys = args[0][1]
        default = args[1][1] if len(args) > 1 else ()
        found: list[Values] = []
        for key in keys:
            if isinstance(key, Const) and not isinstance(key.value, (bytes, float)):
                values = receiver.get(key.value)
                if values is not None:
                    found.append(values)
                elif default:
                    found.append(default)
                else:
                    found.append(unknown("a key set elsewhere") if receiver.more else (Const(None),))
            else:
                found.append(join(default, *[values for _, values in receiver.entries], unknown("looked up by a key that is not known", needs_of((key,)))))
        return join((), *found)
    if name == "keys":
        return (Collection("list", tuple((Const(key),) for key, _ in receiver.entries), receiver.more),)
    if name == "values":
        return (Collection("list", tuple(values for _, values in receiver.entries), receiver.more),)
    if name == "items":
        pairs = tuple(((Collection("tuple", ((Const(key),), values)),)) for key, values in receiver.entries)
        return (Collection("list", pairs, receiver.more),)
    if name in ("copy", "dict", "model_dump", "_asdict"):
        return (receiver,)
    return unknown(f"result of .{name}()")


def _collection_method(ev: Evaluator, receiver: Collection, name: str, args: Args) -> Values:
    if name == "copy":
        return (receiver,)
    if name in ("pop", "popleft", "get"):
        return join((), *receiver.items) or unknown("an item of an empty collection")
    if name == "union" and args:
        parts = [receiver, *[as_collection(ev, value) for _, values in args for value in values[:1]]]
        return (Collection("set", tuple(i for p in parts for i in p.items), any(p.more for p in parts)),)
    return unknown(f"result of .{name}()")


