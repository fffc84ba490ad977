"""Functions of Terraform that build names and structures. A function gives None for arguments that it can't follow."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from brokerlint.manifests.facts import Choice, Concat, Hole, Text, Value
from brokerlint.manifests.terms import NOTHING, Term, choice, concat, literal, parsed

MOST_ELEMENTS = 500

Function = Callable[[list[Term]], Term | None]

_VERB = re.compile(r"%(?:%|[-+ #0]*[0-9]*(?:\.[0-9]+)?[sdvqtfgx])")


def _itself(arguments: list[Term]) -> Term | None:
    return arguments[0]


def _format(arguments: list[Term]) -> Term | None:
    shape = arguments[0].text
    parts: list[Value] = []
    given = iter(arguments[1:])
    end = 0
    for verb in _VERB.finditer(shape):
        parts.append(Text(shape[end : verb.start()]))
        end = verb.end()
        parts.append(Text("%") if verb[0] == "%%" else next(given, NOTHING).value)
    return Term(concat([*parts, Text(shape[end:])])) if shape else None


def _join(arguments: list[Term]) -> Term | None:
    parts: list[Value] = []
    for argument in arguments[1:]:
        for one in argument.elements():
            parts += [*([Text(arguments[0].text)] if parts else []), one.value]
    return Term(concat(parts))


def _merge(arguments: list[Term]) -> Term | None:
    found: dict[str, Term] = {}
    for argument in arguments:
        found |= dict(argument.items())
    return Term(found)


def _map(arguments: list[Term]) -> Term | None:
    return Term({key.text: value for key, value in zip(arguments[::2], arguments[1::2], strict=False) if key.text})


def _concat(arguments: list[Term]) -> Term | None:
    elements = tuple(one for argument in arguments for one in argument.elements())
    return Term(elements) if len(elements) <= MOST_ELEMENTS else None


def _flatten(arguments: list[Term]) -> Term | None:
    found: list[Term] = []
    waiting = list(arguments[0].elements())
    while waiting and len(found) < MOST_ELEMENTS:
        one = waiting.pop(0)
        if one.is_list:
            waiting = [*one.elements(), *waiting]
        else:
            found.append(one)
    return Term(tuple(found))


def _compact(arguments: list[Term]) -> Term | None:
    return Term(tuple(one for one in arguments[0].elements() if one.content != Text("")))


def _element(arguments: list[Term]) -> Term | None:
    elements = _compact(arguments)
    index = arguments[1].number if len(arguments) > 1 else None
    if elements is None or not elements.elements():
        return arguments[0] if not arguments[0].is_list else Term(Hole("element()"))
    found = elements.elements()
    if index is None:
        return Term(choice(one.value for one in found))
    return found[index % len(found)]


def _one(arguments: list[Term]) -> Term | None:
    elements = arguments[0].elements()
    return elements[0] if len(elements) == 1 else None if elements else NOTHING


def _lookup(arguments: list[Term]) -> Term | None:
    table = arguments[0]
    if not table.is_mapping or len(arguments) < 2:
        return arguments[2] if len(arguments) > 2 and not table else None
    key = arguments[1]
    if isinstance(key.content, Text):
        return table.get(key.text) or (arguments[2] if len(arguments) > 2 else None)
    values = [one for _, one in table.items()]
    if values and not any(one.is_mapping or one.is_list for one in values):
        return Term(choice(one.value for one in values))
    return None


def _keys(arguments: list[Term]) -> Term | None:
    return Term(tuple(literal(key) for key, _ in arguments[0].items())) if arguments[0].is_mapping else None


def _values(arguments: list[Term]) -> Term | None:
    return Term(tuple(one for _, one in arguments[0].items())) if arguments[0].is_mapping else None


def _zipmap(arguments: list[Term]) -> Term | None:
    keys, values = (one.elements() for one in arguments[:2])
    return Term({key.text: value for key, value in zip(keys, values, strict=False) if key.text})


def _split(arguments: list[Term]) -> Term | None:
    separator, text = arguments[0].text, arguments[1]
    if not separator or not isinstance(text.content, Text):
        return None
    return Term(tuple(literal(piece) for piece in text.text.split(separator)[:MOST_ELEMENTS]))


def _contains(arguments: list[Term]) -> Term | None:
    elements = arguments[0].elements()
    if not all(isinstance(one.content, Text) for one in (*elements, arguments[1])):
        return None
    return literal(any(one.text == arguments[1].text for one in elements))


def _length(arguments: list[Term]) -> Term | None:
    if arguments[0].is_mapping:
        return literal(sum(1 for _ in arguments[0].items()))
    return literal(len(arguments[0].elements())) if arguments[0].is_list else None


def _on_text(change: Callable[..., str], count: int = 1) -> Function:
    """A function of texts; known parts of a text that is only partly known are changed by themselves."""

    def function(arguments: list[Term]) -> Term | None:
        others = [one.text for one in arguments[1:count]]
        if len(others) < count - 1 or not all(isinstance(one.content, Text) for one in arguments[1:count]):
            return None
        return Term(_changed(arguments[0].value, lambda text: change(text, *others)))

    return function


def _changed(value: Value, change: Callable[[str], str]) -> Value:
    if isinstance(value, Text):
        return Text(change(value.text))
    if isinstance(value, Concat):
        return concat(_changed(part, change) if isinstance(part, Text) else part for part in value.parts)
    if isinstance(value, Choice):
        return choice(_changed(option, change) for option in value.options)
    return value


def _replace(text: str, old: str, new: str) -> str:
    if len(old) > 1 and old.startswith("/") and old.endswith("/"):
        return text
    return text.replace(old, new) if old else text


def _substr(arguments: list[Term]) -> Term | None:
    start, length = (one.number for one in arguments[1:3])
    if not isinstance(arguments[0].content, Text) or start is None or length is None:
        return arguments[0]
    return literal(arguments[0].text[start:] if length < 0 else arguments[0].text[start : start + length])


def _decoded(arguments: list[Term]) -> Term | None:
    return parsed(arguments[0])


FUNCTIONS: Mapping[str, Function] = {
    "jsonencode": _itself,
    "yamlencode": _itself,
    "jsondecode": _decoded,
    "yamldecode": _decoded,
    "tostring": _itself,
    "tonumber": _itself,
    "tobool": _itself,
    "toset": _itself,
    "tolist": _itself,
    "tomap": _itself,
    "distinct": _itself,
    "sort": _itself,
    "reverse": _itself,
    "sensitive": _itself,
    "nonsensitive": _itself,
    "abspath": _itself,
    "pathexpand": _itself,
    "map": _map,
    "list": lambda arguments: Term(tuple(arguments)),
    "format": _format,
    "join": _join,
    "merge": _merge,
    "concat": _concat,
    "setunion": _concat,
    "flatten": _flatten,
    "compact": _compact,
    "element": _element,
    "one": _one,
    "lookup": _lookup,
    "keys": _keys,
    "values": _values,
    "zipmap": _zipmap,
    "split": _split,
    "contains": _contains,
    "length": _length,
    "lower": _on_text(str.lower),
    "upper": _on_text(str.upper),
    "title": _on_text(str.title),
    "trimspace": _on_text(str.strip),
    "trimsuffix": _on_text(str.removesuffix, 2),
    "trimprefix": _on_text(str.removeprefix, 2),
    "trim": _on_text(str.strip, 2),
    "replace": _on_text(_replace, 3),
    "substr": _substr,
}
