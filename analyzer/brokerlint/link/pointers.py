"""Pointers: where a model says that a value stands in a call (`Argument`), followed to the value.

A pointer names places in the call or in its receiver, tried in order, and then what to do with the value found there: a
path into it, a pattern that cuts the name out of it, a separator, a prefix.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from brokerlint.link.engine import Args, Engine
from brokerlint.link.scopes import At, last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import (
    NONE,
    Client,
    Collection,
    Const,
    EnvVar,
    Instance,
    Record,
    Template,
    Value,
    Values,
    concat,
    join,
    needs_of,
    unknown,
)
from brokerlint.models.model import Argument

NO_KEYWORDS = frozenset({"", "*", "**", "def"})
"""The names under which arguments stand that are not given by keyword."""


def argument(ev: Engine, spec: Argument, args: Args, receiver: Client | None, config: Values = ()) -> Values:
    """The value that ``spec`` points at; () when the call does not give it.

    Takes the call's arguments, the object whose method it calls (None for functions and constructors), and the
    configuration of an object that is being made.
    """
    values = _found(ev, spec, args, receiver, config)
    if values and spec.prefix is not None:
        front = tuple(v for v in argument(ev, spec.prefix, args, receiver, config) if v not in (Const(None), Const("")))
        if front:
            values = _prefixed(values, front, _joint(spec.joint))
    if not values and spec.otherwise is not None:
        return argument(ev, spec.otherwise, args, receiver, config)
    return values


def _found(ev: Engine, spec: Argument, args: Args, receiver: Client | None, config: Values) -> Values:
    """The value at the first of the places that has one, or the default, or what may hide in unpacked arguments."""
    for place in spec.places:
        values = _at(ev, place, args, receiver, config)
        if not values:
            continue
        for step in _steps(spec, place):
            values = _step(ev, values, step)
        if spec.match:
            values = _matched(values, spec.match)
        if spec.separator:
            values = _split(values, spec.separator)
        if spec.default is not None:
            values = tuple(Const(spec.default) if value == Const(None) else value for value in values)
        if values:
            return values
    if spec.default is not None and not any(key in ("*", "**") for key, _ in args):
        return (Const(spec.default),)
    return join((), *[values for key, values in args if key in ("*", "**")])


def _steps(spec: Argument, place: int | str) -> tuple[str, ...]:
    """The path into the value at ``place``: with ``config`` among the places, only that one has it."""
    if place == "config":
        # A configuration key may hold dots (``group.id``): it is one step.
        return (".".join(spec.path),) if spec.path else ()
    return () if "config" in spec.places else spec.path


def _at(ev: Engine, place: int | str, args: Args, receiver: Client | None, config: Values) -> Values:
    positional = [values for key, values in args if key == ""]
    if isinstance(place, int):
        return positional[place] if place < len(positional) else ()
    if place == "config" and (receiver is not None or config):
        return receiver.config if receiver is not None else config
    if place == "receiver":
        return receiver.carry("channel") or () if receiver else ()
    if place.startswith("self."):
        return receiver.carry(place.removeprefix("self.")) or () if receiver else ()
    if place.startswith("@"):
        path, _, name = place[1:].rpartition(".")
        return ambient(ev, path, name)
    if place == "**":
        entries = tuple((key, values) for key, values in args if key not in NO_KEYWORDS)
        return (Record(entries, any(key == "**" for key, _ in args)),) if entries else ()
    if place.startswith("*"):
        items = tuple(positional[int(place[1:] or 0) :])
        extra = join((), *[values for key, values in args if key == "*"])
        return (Collection("tuple", (*items, extra) if extra else items),) if items or extra else ()
    return next((values for key, values in args if key == place), ())


def ambient(ev: Engine, path: str, name: str) -> Values:
    """What objects of the modelled class at ``path`` carry under ``name``, wherever the program makes them."""
    nothing: Values = ()
    return ev.once(("ambient", path, name), lambda: _carried_anywhere(ev, path, name), nothing)


def _carried_anywhere(ev: Engine, path: str, name: str) -> Values:
    found: list[Values] = []
    short = path.rpartition(".")[2]
    for module in ev.program.mentioning(short):
        scope = ev.module(module.path)
        for chain, body in bodies(module.body):
            for site in body.sites:
                if scope is None or last_name(site.call.function) != short:
                    continue
                act = ev.symbolic(scope, chain) if chain else scope
                made = ev.values(site.call, act, At(site.order, site.block)) if act else ()
                found += [one.carry(name) or () for one in made if isinstance(one, Client) and one.model == path]
    return join((), *found)


# --- What is done with the value ----------------------------------------------------------------------------------


def _step(ev: Engine, values: Values, step: str) -> Values:
    return join((), *[ev.element_of(value) if step == "[]" else _under(ev, value, step) for value in values])


def _under(ev: Engine, value: Value, step: str) -> Values:
    if isinstance(value, Record):
        inner = value.get(step)
        if inner is not None:
            return inner
        return unknown(f"'{step}' may be set elsewhere") if value.more else NONE
    if isinstance(value, Instance):
        return ev.attribute_of(value, step)
    if isinstance(value, Client):
        return value.carry(step) or unknown(f"'{step}' of a library object")
    return unknown(f"'{step}' of something unknown", needs_of((value,)))


def _matched(values: Values, expression: str) -> Values:
    """The first group of ``expression`` in each text; a text that does not match gives nothing."""
    found: list[Value] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, (str, int)) and not isinstance(value.value, bool):
            match = re.search(expression, str(value.value))
            found += [Const(match[1], value.trace)] if match and match[1] else []
        elif isinstance(value, Template):
            text = "".join(part if isinstance(part, str) else "\0" for part in value.parts)
            match = re.search(expression, text)
            if match and "\0" not in match[1]:
                found.append(Const(match[1], value.trace))
            elif match:
                found += unknown("a name inside a text that is not known")
        elif isinstance(value, Collection):
            items = tuple(_matched(item, expression) for item in value.items)
            found.append(Collection(value.kind, tuple(item for item in items if item), value.more))
        else:
            found.append(value)
    return tuple(found)


def _joint(text: str) -> list[Values]:
    """What stands between a prefix and a name; a ``*`` is text that is not known."""
    pieces: list[Values] = []
    for number, piece in enumerate(text.split("*")):
        pieces += [unknown("a part that the library adds")] if number else []
        pieces += [(Const(piece),)] if piece else []
    return pieces


def _prefixed(values: Values, front: Values, joint: list[Values]) -> Values:
    """Each name with ``front`` and ``joint`` before it."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Collection):
            items = tuple(_prefixed(item, front, joint) for item in value.items)
            found.append((Collection(value.kind, items, value.more),))
        elif isinstance(value, Client) and value.carry("channel"):
            found.append(_prefixed(value.carry("channel") or (), front, joint))
        elif isinstance(value, (Const, EnvVar, Template)):
            found.append(concat([front, *joint, (value,)]))
        else:
            found.append((value,))
    return join((), *found)


def _split(values: Values, separator: str) -> Values:
    found: list[Value] = []
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, str) and separator in value.value:
            pieces = [piece.strip() for piece in value.value.split(separator)]
            found.append(Collection("list", tuple((Const(piece, value.trace),) for piece in pieces if piece)))
        else:
            found.append(value)
    return tuple(found)


# --- Texts that choose --------------------------------------------------------------------------------------------


def beginnings(value: Value) -> list[str]:
    """The text of a value that chooses a class, or as much of its beginning as is known."""
    if isinstance(value, Const):
        return [str(value.value)]
    if isinstance(value, EnvVar):
        return [text for one in value.default or () for text in beginnings(one)]
    if isinstance(value, Template) and isinstance(value.parts[0], str):
        return [value.parts[0]]
    return []


def choice(choices: Mapping[str, str], text: str) -> str | None:
    """The class for ``text``: by the whole of it, or by a beginning (a key with a final ``*``)."""
    if text in choices:
        return choices[text]
    return next((model for key, model in choices.items() if fits(text, key)), None)


def fits(text: str, wanted: str) -> bool:
    """Is ``text`` the wanted constant, or does it begin as a final ``*`` asks?"""
    return text.startswith(wanted[:-1]) if wanted.endswith("*") else text == wanted
