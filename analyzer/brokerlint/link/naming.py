"""From values to names: what a channel or group is called, as far as its values tell.

A queue URL or ARN is reduced to the name at its end; a text with holes becomes a glob; an environment variable stays
one, with its default as the name.
"""

from __future__ import annotations

import re

from brokerlint.facts import Name, NameKind, Origin
from brokerlint.link.values import (
    Client,
    Collection,
    Const,
    EnvVar,
    Instance,
    Record,
    Template,
    Unknown,
    Value,
    Values,
)
from brokerlint.places import Place

_QUEUE_URL = re.compile(r"^(?:https?|sqs)://[^/]*(?:/[^/?#]*)*?/([^/?#]+)/?(?:[?#].*)?$")
_ARN = re.compile(r"^arn:[^:]*:([a-z0-9-]+):[^:]*:[^:]*:(.+)$")


def plain(text: str, system: str) -> str:
    """The channel's own name inside a URL or ARN; other texts stay as they are."""
    arn = _ARN.match(text)
    if arn:
        rest = arn[2]
        if arn[1] == "kinesis" and rest.startswith("stream/"):
            return rest.split("/")[1]
        if arn[1] == "kafka":
            return rest.rpartition("/")[2]
        if arn[1] in ("events", "firehose"):
            return rest.split("/")[1] if "/" in rest else rest
        return rest.split(":")[0].rpartition("/")[2]
    if system in ("sqs", "kinesis"):
        url = _QUEUE_URL.match(text)
        if url:
            return url[1]
    return text


def names(values: Values, system: str, shape: str = "name") -> tuple[Name, ...]:
    """The names that ``values`` stand for; an unknown is kept only where nothing else is known."""
    found: dict[tuple[str, str | None, str | None], Name] = {}
    reasons: list[str] = []
    for value in values:
        for name in _names(value, system, shape, reasons, 0):
            found.setdefault((name.kind, name.text, name.env), name)
    if found:
        return tuple(found.values())
    return (Name("unknown", why=reasons[0] if reasons else "no value reaches the call"),)


def _names(value: Value, system: str, shape: str, reasons: list[str], depth: int) -> list[Name]:
    if depth > 6:
        return []
    if isinstance(value, Const):
        return _constant(value, system, shape, reasons)
    if isinstance(value, EnvVar):
        return _variable(value, system, shape, depth)
    if isinstance(value, Template):
        return _template(value, system, reasons)
    if isinstance(value, Collection):
        return [n for item in value.items for one in item for n in _names(one, system, shape, reasons, depth + 1)]
    if isinstance(value, Record):
        keys = [key for key, _ in value.entries if isinstance(key, str)]
        return [Name("exact", plain(key, system), origin="constant") for key in keys]
    if isinstance(value, Client):
        channel = value.carry("channel")
        if channel:
            return [n for one in channel for n in _names(one, system, shape, reasons, depth + 1)]
        reasons.append("a library object without a known name")
        return []
    if isinstance(value, Instance):
        for key in ("name", "topic", "topic_name", "value", "queue_name"):
            given = next((values for known, values in value.arguments if known == key), None)
            if given:
                return [n for one in given for n in _names(one, system, shape, reasons, depth + 1)]
        reasons.append(f"an object of {value.cls.definition.name}")
        return []
    reasons.append(value.why if isinstance(value, Unknown) else "not a text")
    return []


def _constant(value: Const, system: str, shape: str, reasons: list[str]) -> list[Name]:
    text = value.value.decode("utf-8", "replace") if isinstance(value.value, bytes) else value.value
    if not isinstance(text, str) or not text.strip():
        reasons.append("the value is empty" if text in (None, "") else "not a text")
        return []
    origin: Origin = "constant" if value.trace else "literal"
    if (shape == "regex-list" and text.startswith("^")) or shape == "pattern":
        return [Name("pattern", _glob(text), origin=origin, trace=nearest_first(value.trace))]
    return [Name("exact", plain(text, system), origin=origin, trace=nearest_first(value.trace))]


def _glob(regex: str) -> str:
    """A regular expression as a glob: classes, groups and repetitions are holes."""
    text = regex.removeprefix("^").removesuffix("$").replace("\\.", "\0")
    text = re.sub(r"(?:\[[^]]*\]|\([^)]*\)|\.)[*+?]*|\\[dwsDWS][*+?]*", "*", text)
    text = re.sub(r"\\(.)", r"\1", text)
    return re.sub(r"\*+", "*", text.replace("\0", "."))


def nearest_first(trace: tuple[Place, ...]) -> tuple[Place, ...]:
    """A value's trace grows from its origin; readers want the place nearest to the call first."""
    return tuple(reversed(trace))


def _variable(value: EnvVar, system: str, shape: str, depth: int) -> list[Name]:
    trace = nearest_first(value.trace)
    if value.name.startswith("ssm:"):
        return [Name("env", env=value.name, origin="reference", trace=trace)]
    inner: list[Name] = []
    for default in value.default or ():
        inner += _names(default, system, shape, [], depth + 1)
    if not inner:
        return [Name("env", env=value.name, origin="env-required", trace=trace)]
    return [_defaulted(name, value.name, trace) for name in inner]


def _defaulted(default: Name, variable: str, trace: tuple[Place, ...]) -> Name:
    """A variable's name when its default is known: the default's, unless that is only another variable."""
    if default.kind == "env":
        return Name("env", env=variable, origin="env-required", trace=trace)
    env = variable if default.parts else default.env or variable
    return Name(default.kind, default.text, env, origin="env-default", trace=trace, parts=default.parts)


def _template(value: Template, system: str, reasons: list[str]) -> list[Name]:
    parts: list[tuple[str, str]] = []
    for part in value.parts:
        if isinstance(part, str):
            parts.append(("", part))
        elif isinstance(part, EnvVar):
            defaults = [d.value for d in part.default or () if isinstance(d, Const) and isinstance(d.value, str)]
            parts.append((part.name, defaults[0] if len(defaults) == 1 and defaults[0] else "*"))
        else:
            reasons.append(part.why)
            parts.append(("", "*"))
    whole = "".join(text for _, text in parts)
    text = plain(whole, system)
    parts = _behind(parts, len(whole) - len(text)) if whole.endswith(text) else parts
    variables = [variable for variable, _ in parts if variable]
    text = re.sub(r"\*+", "*", text)
    if not text.strip("*./:-_"):
        if variables:
            return [Name("env", env=variables[-1], origin="env-required", trace=nearest_first(value.trace))]
        reasons.append("only a hole")
        return []
    kind: NameKind = "pattern" if "*" in text else "exact"
    variable = variables[0] if len(variables) == 1 else None
    made = tuple(parts) if variables else ()
    return [Name(kind, text, variable, origin="derived", trace=nearest_first(value.trace), parts=made)]


def _behind(parts: list[tuple[str, str]], skipped: int) -> list[tuple[str, str]]:
    """The parts of a text behind its first ``skipped`` characters: those of the name at the end of a URL or ARN, and
    not the variables for its region and account."""
    kept: list[tuple[str, str]] = []
    for variable, text in parts:
        if skipped < len(text):
            kept.append((variable, text[skipped:]))
        skipped = max(0, skipped - len(text))
    return kept
