"""Values of manifests: ``${NAME:-default}`` as compose and ``.env`` files have it; what a value is worth as text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from brokerlint.manifests.facts import Choice, Concat, Exactness, Hole, Setting, Text, Value, Variable
from brokerlint.manifests.privacy import keeps, kept
from brokerlint.places import Place

NOT_KEPT = Hole("not kept")
"""The variable is set, but its value is none that may be kept."""

_DEEPEST = 10
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def interpolated(text: str, variables: Mapping[str, Value]) -> Value:
    """``text`` with ``$NAME``, ``${NAME}``, ``${NAME:-default}``, ``${NAME-default}``, ``${NAME:?message}`` and
    ``${NAME:+other}`` replaced from ``variables``; ``$$`` is a dollar. A name that is not set stays a ``Variable``."""
    return joined(_parts(text, variables, 0)) if "$" in text else Text(text)


def joined(parts: Iterable[Value]) -> Value:
    """The parts one after the other, neighbouring texts put together."""
    found: list[Value] = []
    for part in parts:
        for one in part.parts if isinstance(part, Concat) else (part,):
            last = found[-1] if found else None
            if isinstance(one, Text) and isinstance(last, Text):
                found[-1] = Text(last.text + one.text)
            elif not (isinstance(one, Text) and not one.text):
                found.append(one)
    if not found:
        return Text("")
    return found[0] if len(found) == 1 else Concat(tuple(found))


def text_of(value: Value | None) -> str | None:
    """The text of a value, with defaults taken; None when a part is not known."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Variable):
        return text_of(value.default)
    if isinstance(value, Concat):
        texts = [text_of(part) for part in value.parts]
        return None if None in texts else "".join(text for text in texts if text)
    return None


def shown(value: Value) -> str:
    """A value as a shell would be given it: what is not known stands as ``${NAME}``."""
    if isinstance(value, Text):
        return value.text
    if isinstance(value, Variable):
        return f"${{{value.name}}}" if value.default is None else shown(value.default)
    if isinstance(value, Concat):
        return "".join(shown(part) for part in value.parts)
    if isinstance(value, Choice):
        return shown(value.options[0]) if value.options else ""
    return "${}"


def private(name: str, value: Value) -> Value:
    """The value as far as it may be kept under the variable ``name``; ``NOT_KEPT`` when it may not."""
    if isinstance(value, Text):
        text = kept(name, value.text)
        return NOT_KEPT if text is None else Text(text)
    if isinstance(value, Variable) and value.default is not None:
        default = private(name, value.default)
        return Variable(value.name, None if default == NOT_KEPT else default)
    if isinstance(value, Concat):
        return value if keeps(name, shown(value)) else NOT_KEPT
    if isinstance(value, Choice):
        options = tuple(one for one in (private(name, option) for option in value.options) if one != NOT_KEPT)
        return Choice(options) if options else NOT_KEPT
    return value


def setting(name: str, value: Value, place: Place, exactness: Exactness = "exact") -> Setting:
    """The setting of the variable ``name``: what may be kept of the value, and how exact that is."""
    return Setting(private(name, value), place, _exactness(value) if exactness == "exact" else exactness)


def _exactness(value: Value) -> Exactness:
    if isinstance(value, Text):
        return "exact"
    if isinstance(value, Choice):
        return "alternative"
    return "partial" if text_of(value) is None else "defaulted"


def _parts(text: str, variables: Mapping[str, Value], depth: int) -> list[Value]:
    found: list[Value] = []
    at = 0
    while at < len(text):
        dollar = text.find("$", at)
        if dollar < 0 or depth > _DEEPEST:
            return [*found, Text(text[at:])]
        found.append(Text(text[at:dollar]))
        if text.startswith("$$", dollar):
            found.append(Text("$"))
            at = dollar + 2
        elif text.startswith("${", dollar) and (name := _NAME.match(text, dollar + 2)):
            end = _end(text, dollar + 1)
            found.append(_braced(name[0], text[name.end() : end - 1], variables, depth))
            at = end
        elif name := _NAME.match(text, dollar + 1):
            found.append(variables.get(name[0], Variable(name[0])))
            at = name.end()
        else:
            found.append(Text("$"))
            at = dollar + 1
    return found


def _braced(name: str, rest: str, variables: Mapping[str, Value], depth: int) -> Value:
    known = variables.get(name)
    empty_counts = rest.startswith(":")
    operator = rest.lstrip(":")[:1]
    word = rest[2:] if empty_counts else rest[1:]
    is_set = known is not None and not (empty_counts and known == Text(""))
    if operator == "+":
        return joined(_parts(word, variables, depth + 1)) if is_set else Text("")
    if is_set and known is not None:
        return known
    if operator == "-":
        return Variable(name, joined(_parts(word, variables, depth + 1)))
    return Variable(name)


def _end(text: str, at: int) -> int:
    """The position after the brace that closes the one at ``at``."""
    depth = 0
    for position in range(at, len(text)):
        depth += (text[position] == "{") - (text[position] == "}")
        if not depth:
            return position + 1
    return len(text) + 1
