"""The arguments of calls: evaluated where they stand, and matched with a function's parameters."""

from __future__ import annotations

from brokerlint.link import texts
from brokerlint.link.engine import Args, Engine
from brokerlint.link.scopes import Activation, At
from brokerlint.link.values import Collection, Record, Values, join, needs_of, unknown
from brokerlint.python import ir


def arguments(ev: Engine, call: ir.Call, act: Activation, at: At) -> Args:
    """The arguments of a call that stands at ``at`` in ``act``; unpacked ones with known content are spread."""
    found: Args = []
    for argument in call.arguments:
        values = ev.values(argument.value, act, at)
        if argument.star == "*":
            found += _spread(ev, values)
        elif argument.star == "**":
            found += _spread_keywords(values)
        else:
            found.append((argument.keyword or "", values))
    return found


def _spread(ev: Engine, values: Values) -> Args:
    found: Args = []
    for value in values[:1]:
        spread = texts.as_collection(ev, value)
        found += [("", item) for item in spread.items]
        if spread.more:
            found.append(("*", unknown("unpacked arguments that are not known", needs_of((value,)))))
    return found


def _spread_keywords(values: Values) -> Args:
    records = [value for value in values if isinstance(value, Record)]
    merged: dict[str, Values] = {}
    for record in records:
        for key, item in record.entries:
            name = str(key)
            merged[name] = join(merged[name], item) if len(records) > 1 and name in merged else item
    found = list(merged.items())
    if len(records) < len(values) or any(record.more for record in records):
        needs = needs_of(tuple(value for value in values if not isinstance(value, Record)))
        found.append(("**", unknown("unpacked keywords that are not known", needs)))
    return found


def bind(ev: Engine, parameters: tuple[ir.Parameter, ...], args: Args) -> dict[str, Values]:
    """Parameter name -> values, for those that ``args`` give.

    What unpacked arguments may hide goes to the parameters that they could fill.
    """
    bound: dict[str, Values] = {}
    plain = [p for p in parameters if p.kind == ""]
    named = {p.name for p in parameters if p.kind in ("", "=")}
    extra: list[Values] = []
    loose: list[tuple[str | int | bool | None, Values]] = []
    position = 0
    for key, values in args:
        if key == "*":
            for parameter in plain[position:]:
                bound.setdefault(parameter.name, values)
        elif key == "**":
            for parameter in parameters:
                if parameter.kind in ("", "=") and parameter.default is None:
                    bound.setdefault(parameter.name, values)
        elif key == "" and position < len(plain):
            bound[plain[position].name] = values
            position += 1
        elif key == "":
            extra.append(values)
        elif key in named:
            bound[key] = values
        else:
            loose.append((key, values))
    keys = {key for key, _ in args}
    for parameter in parameters:
        if parameter.kind == "*":
            bound[parameter.name] = (Collection("tuple", tuple(extra), "*" in keys),)
        elif parameter.kind == "**":
            bound[parameter.name] = (Record(tuple(loose), "**" in keys),)
    return bound
