"""Texts and collections: operators, formatting, and the methods of plain values."""

from __future__ import annotations

import re

from brokerlint.link.engine import Args, Engine
from brokerlint.link.values import (
    NONE,
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

_SAME = frozenset({
    "encode", "decode", "strip", "lstrip", "rstrip", "removeprefix", "copy", "get_secret_value", "__str__",
    "unicode_string", "as_posix", "format_map", "resolve", "result",
})  # fmt: skip
"""Methods whose result still names the same channel."""

_FIELD = re.compile(r"\{\{|\}\}|\{([^{}:!]*)(?:![rsa])?(?::[^{}]*)?\}")
_PERCENT = re.compile(r"%%|%(?:\((\w+)\))?[-#0 +]*\d*(?:\.\d+)?[sdrif]")
_LARGE = 1 << 40


def binary(ev: Engine, left: Values, operator: str, right: Values) -> Values:
    """``left operator right``, for the operators that put texts, lists and mappings together."""
    if operator == "+":
        return _plus(ev, left, right)
    if operator == "%":
        return join((), *[_percent(pattern, right) for pattern in left])
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
            small = abs(a.value) < _LARGE and abs(b.value) < _LARGE
            return (Const(a.value * b.value),) if small else unknown("a large number")
    return unknown(f"an expression with '{operator}'", needs_of(left) | needs_of(right))


def _plus(ev: Engine, left: Values, right: Values) -> Values:
    if any(isinstance(value, Collection) for value in left):
        both = [as_collection(ev, value) for value in (*left[:1], *right[:1])]
        return (Collection("list", (*both[0].items, *both[1].items), both[0].more or both[1].more),)
    numbers = [v.value for v in (*left, *right) if isinstance(v, Const) and isinstance(v.value, (int, float))]
    if len(numbers) == 2 and len(left) == len(right) == 1:
        return (Const(numbers[0] + numbers[1]),)
    return concat([left, right])


def _percent(pattern: Value, right: Values) -> Values:
    if isinstance(pattern, (EnvVar, Template)):
        return concat([(pattern,), right])
    if not (isinstance(pattern, Const) and isinstance(pattern.value, str)):
        return unknown("a format that is not known", needs_of((pattern,)))
    positional = as_positions(right)
    parts: list[Values] = []
    last = index = 0
    for match in _PERCENT.finditer(pattern.value):
        parts.append((Const(pattern.value[last : match.start()]),))
        last = match.end()
        if match[0] == "%%":
            parts.append((Const("%"),))
        elif match[1]:
            named = next((r.get(match[1]) for r in right if isinstance(r, Record)), None)
            parts.append(named or unknown(f"format field '{match[1]}'"))
        else:
            parts.append(positional[index] if index < len(positional) else unknown("a format field"))
            index += 1
    parts.append((Const(pattern.value[last:]),))
    return concat(parts)


def as_positions(values: Values) -> list[Values]:
    """The operands of ``%``: a tuple's items, or the one value."""
    if len(values) == 1 and isinstance(values[0], Collection) and values[0].kind == "tuple":
        return list(values[0].items)
    return [values]


def as_collection(ev: Engine, value: Value) -> Collection:
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
        parts.append((Const(pattern[last : match.start()]),))
        last = match.end()
        field = match[1]
        if field is None:
            parts.append((Const(match[0][0]),))
        elif "." in field or "[" in field:
            parts.append(unknown(f"format field '{field}'"))
        elif field == "":
            parts.append(positional[index] if index < len(positional) else unknown("a format field"))
            index += 1
        elif field.isdigit():
            parts.append(positional[int(field)] if int(field) < len(positional) else unknown("a format field"))
        else:
            parts.append(named.get(field) or unknown(f"format field '{field}'"))
    parts.append((Const(pattern[last:]),))
    return concat(parts)


def method(ev: Engine, receiver: Value, name: str, args: Args) -> Values:
    """What the method ``name`` of a plain value gives back for ``args``."""
    if isinstance(receiver, Record):
        return _record_method(receiver, name, args)
    if isinstance(receiver, Collection):
        return _collection_method(ev, receiver, name, args)
    if isinstance(receiver, (EnvVar, Template)) and name in _OPEN:
        return _open_text(ev, receiver, name, args)
    if isinstance(receiver, Const) and isinstance(receiver.value, str):
        return _text_method(ev, receiver, receiver.value, name, args)
    if name in _SAME and isinstance(receiver, (Const, EnvVar, Template)):
        return (receiver,)
    return unknown(f"result of .{name}()", needs_of((receiver,)))


_OPEN = frozenset({"split", "replace", "lower", "upper", "title", "format", "join"})
"""Methods that are followed on a text of which parts are not known."""


def _open_text(ev: Engine, receiver: EnvVar | Template, name: str, args: Args) -> Values:
    if name in ("lower", "upper", "title") and isinstance(receiver, EnvVar):
        changed = [one for default in receiver.default or () for one in method(ev, default, name, args)]
        return (EnvVar(receiver.name, tuple(changed) or receiver.default, receiver.trace),)
    if name != "split":
        return (receiver,)
    if not isinstance(receiver, EnvVar):
        return unknown("a part of a text that is not known")
    if not receiver.default:
        return (Collection("list", ((receiver,),), True),)
    pieces = [method(ev, default, "split", args) for default in receiver.default]
    items = [item for values in pieces for one in values if isinstance(one, Collection) for item in one.items]
    found = tuple((EnvVar(receiver.name, item, receiver.trace),) for item in items)
    return (Collection("list", found or ((receiver,),)),)


_CASES = frozenset({"lower", "upper", "title", "capitalize", "swapcase"})
_STRIPS = frozenset({"strip", "lstrip", "rstrip"})
_CUTS = frozenset({"removesuffix", "removeprefix"})


def _text_method(ev: Engine, receiver: Const, text: str, name: str, args: Args) -> Values:
    given = [values for _, values in args]
    if name == "format":
        return format_text(text, args)
    if name == "join" and given:
        return _joined(ev, receiver, given[0])
    consts = [values[0].value if len(values) == 1 and isinstance(values[0], Const) else None for values in given]
    first = consts[0] if consts else None
    if name in _STRIPS:
        return (Const(getattr(text, name)(_strip_characters(given)), receiver.trace),)
    if name in _CUTS and isinstance(first, str):
        return (Const(getattr(text, name)(first), receiver.trace),)
    if name in _SAME:
        return (receiver,)
    if name in _CASES:
        return (Const(getattr(text, name)(), receiver.trace),)
    if name in ("split", "rsplit") and all(isinstance(value, (str, int)) for value in consts):
        try:
            pieces = getattr(text, name)(*consts)
        except (TypeError, ValueError):
            return unknown("a split that fails")
        return (Collection("list", tuple((Const(piece, receiver.trace),) for piece in pieces[:200])),)
    if name in ("rpartition", "partition") and isinstance(first, str) and first:
        pieces = getattr(text, name)(first)
        return (Collection("tuple", tuple((Const(piece, receiver.trace),) for piece in pieces)),)
    if name == "replace" and len(consts) == 2 and all(isinstance(value, str) for value in consts):
        return (Const(text.replace(str(consts[0]), str(consts[1])), receiver.trace),)
    return unknown(f"result of .{name}()")


def _strip_characters(given: list[Values]) -> str | None:
    consts = [values[0].value for values in given if values and isinstance(values[0], Const)]
    return consts[0] if consts and isinstance(consts[0], str) else None


def _joined(ev: Engine, joint: Const, pieces: Values) -> Values:
    spread = as_collection(ev, pieces[0]) if pieces else Collection("list", ())
    parts: list[Values] = []
    for index, item in enumerate(spread.items):
        parts += [(joint,), item] if index else [item]
    return concat(parts) if parts else unknown("a joined text that is not known")


def _record_method(receiver: Record, name: str, args: Args) -> Values:
    if name in ("get", "pop", "setdefault") and args:
        default = args[1][1] if len(args) > 1 else ()
        return join((), *[_looked_up(receiver, key, default) for key in args[0][1]])
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


def _looked_up(record: Record, key: Value, default: Values) -> Values:
    """``record.get(key, default)``."""
    if not isinstance(key, Const) or isinstance(key.value, (bytes, float)):
        missing = unknown("looked up by a key that is not known", needs_of((key,)))
        return join(default, *[values for _, values in record.entries], missing)
    values = record.get(key.value)
    if values is None and not default:
        return unknown("a key set elsewhere") if record.more else NONE
    return default if values is None else values


def _collection_method(ev: Engine, receiver: Collection, name: str, args: Args) -> Values:
    if name == "copy":
        return (receiver,)
    if name in ("pop", "popleft", "get"):
        return join((), *receiver.items) or unknown("an item of an empty collection")
    if name == "union" and args:
        parts = [receiver, *[as_collection(ev, value) for _, values in args for value in values[:1]]]
        return (Collection("set", tuple(i for p in parts for i in p.items), any(p.more for p in parts)),)
    return unknown(f"result of .{name}()")
