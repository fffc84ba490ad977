"""The keys that a model file may have, and what stands under each: for reading, messages and the JSON schema."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Kind: TypeAlias = Literal[
    "text", "flag", "number", "texts", "constants", "mapping", "names", "defaults", "argument", "arguments", "pair",
    "gives", "attributes", "operation", "operations", "uses", "classes", "shape", "role", "expected", "examples",
]  # fmt: skip

ROLES = ("", "produce", "consume", "manage")
SHAPES = ("name", "list", "regex-list", "varargs", "pattern")


@dataclass(frozen=True, slots=True)
class Key:
    """One key: what kind of value it takes and what it means, in one sentence."""

    kind: Kind
    says: str


LIBRARY: Mapping[str, Key] = {
    "library": Key("text", "The name of the library."),
    "system": Key("text", "The messaging system that it speaks to: kafka, sqs, sns, kinesis ..."),
    "distributions": Key("texts", "Its names on the package index."),
    "modules": Key("texts", "Words that occur in every file that uses it, usually its import names."),
    "needs": Key("texts", "Words of which one must occur somewhere in the program, else the model is not used."),
    "source": Key("text", "The documentation that the model was written from."),
    "tier": Key("number", "1: the analyzer's core libraries, 2: often met, 3: the rest."),
    "extends": Key("text", "The library whose configuration keys and defaults hold here too."),
    "classes": Key("classes", "Import path -> class."),
    "functions": Key("operations", "Import path -> module function or static method."),
    "objects": Key("attributes", "Import path -> what this ready-made object is."),
    "events": Key(
        "names", "Import path (* for any modules) of what tells a handler's event -> the system that calls it."
    ),
    "config_keys": Key("names", "Configuration key of the library -> its common name."),
    "defaults": Key("defaults", "Version range ('' for all) -> common name -> default."),
    "remarks": Key("names", "Version range ('' for all) -> what differs or surprises, for people."),
    "examples": Key("examples", "Programs and the uses that must be found in them."),
}

CLASS: Mapping[str, Key] = {
    "aliases": Key("texts", "Other import paths of the same class."),
    "annotations": Key("texts", "Names in type stubs that mean this class."),
    "like": Key("text", "The class whose keys hold here too, of this file or of a model that comes with brokerlint."),
    "kind": Key("text", "producer, consumer, admin, client, channel, framework ..."),
    "system": Key("text", "The messaging system, when it is not the library's."),
    "config": Key("argument", "Where the configuration stands in the constructor."),
    "keys": Key("text", "The name of the set of configuration keys."),
    "construct": Key("operation", "What constructing does."),
    "methods": Key("operations", "Method name -> what it does."),
    "attributes": Key("attributes", "Attribute name -> what it gives."),
    "group": Key("argument", "Where the consumer group stands in the constructor."),
    "iterates": Key("flag", "Iterating over the object receives messages."),
    "handler": Key("text", "The method that a deriving class writes and that is called for each message."),
    "subclass": Key("operation", "What deriving from the class amounts to."),
    "raises": Key("flag", "Receiving raises errors, where others of the library return them as messages."),
}

OPERATION: Mapping[str, Key] = {
    "aliases": Key("texts", "Other names (of a method) or import paths (of a function)."),
    "role": Key("role", "produce, consume, manage, or absent."),
    "act": Key("text", "What else it does: receive, commit, flush, poll, seek, delete, close ..."),
    "channel": Key("argument", "Where the channel's name stands."),
    "pattern": Key("argument", "Where a regular expression of channel names stands instead."),
    "group": Key("argument", "Where the consumer group stands."),
    "arguments": Key("arguments", "Other arguments that facts need: key, value, callback, handler ..."),
    "gives": Key("gives", "What the call gives back."),
    "becomes": Key("gives", "What the decorated function's name stands for afterwards."),
    "requires": Key("texts", "Keywords without which the call is another operation; a|b: one of them."),
    "distinct": Key("flag", "The method and the required keywords are evidence enough on an unknown object."),
    "decorator": Key("flag", "It registers the decorated function as the handler."),
    "optional": Key("flag", "Without a channel the call is no use of one."),
    "shape": Key("shape", "How the channel argument is to be read."),
    "system": Key("text", "The messaging system, when it is not the library's."),
    "batch": Key("flag", "It handles several messages at once."),
    "awaits": Key("flag", "It waits for delivery."),
    "when": Key("mapping", "Argument or carried name -> the constant that it must have."),
    "also": Key("uses", "Further uses that the same call makes."),
}

GIVES: Mapping[str, Key] = {
    "model": Key("text", "The class of the object."),
    "by": Key("argument", "The argument whose value chooses the class."),
    "choices": Key("names", "Value (or beginning, with a final *) -> class."),
    "carries": Key("arguments", "Name -> the argument that the object brings along under it."),
    "returns": Key("names", "Key of a mapping answer -> what stands there."),
    "config": Key("argument", "Where the object's configuration stands."),
    "element": Key("text", "The class of each item of the answer."),
    "keeps": Key("flag", "The object keeps what the receiver carried."),
    "keyed": Key("pair", "Two arguments: the name to carry under, and the value."),
    "distinct": Key("flag", "Reading this attribute is evidence enough on an unknown object."),
}

ARGUMENT: Mapping[str, Key] = {
    "at": Key("constants", "Positions and keywords, tried in order."),
    "path": Key("constants", "The way into the value: Entries[].EventBusName; a list when a step has dots."),
    "default": Key("text", "The name used when the argument is absent."),
    "separator": Key("text", "What stands between several names in one text."),
    "match": Key("text", "A regular expression whose first group is the name."),
    "prefix": Key("argument", "What is put in front of the name."),
    "joint": Key("text", "What stands between the prefix and the name; a * in it is text that is not known."),
    "otherwise": Key("argument", "Where the name stands when it does not stand there."),
}

EXAMPLE: Mapping[str, Key] = {
    "code": Key("text", "The text of app.py."),
    "expect": Key("expected", "The uses that must be found, and no others."),
}

EXPECTATION: Mapping[str, Key] = {
    "line": Key("number", "The first line of the use."),
    "role": Key("role", "produce, consume or manage."),
    "system": Key("text", "The messaging system, when it is not the library's."),
    "channel": Key("constants", "The channel's name or names; env:NAME when only that is known; ? when unknown."),
    "group": Key("text", "The consumer group's name."),
}

TABLES: Mapping[str, Mapping[str, Key]] = {
    "model": LIBRARY,
    "class": CLASS,
    "operation": OPERATION,
    "gives": GIVES,
    "argument": ARGUMENT,
    "example": EXAMPLE,
    "expectation": EXPECTATION,
}


_MAPPINGS = ("mapping", "names", "defaults", "classes", "operations", "attributes", "arguments", "operation")


def complaint(data: Mapping[str, Any], table: str) -> tuple[str, str] | None:
    """The first thing wrong with the keys of ``data``: (key, sentence); None when all is well."""
    known = TABLES[table]
    for key, value in data.items():
        if key not in known:
            near = difflib.get_close_matches(str(key), list(known), 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; known keys: {', '.join(sorted(known))}"
            return str(key), f"unknown {table} key '{key}'{hint}"
        wrong = _unfit(value, known[key].kind)
        if wrong:
            return str(key), f"'{key}' must be {wrong}"
    return None


def _unfit(value: Any, kind: Kind) -> str:
    """What the value should have been; "" when it fits."""
    if value is None:
        return ""
    if kind == "flag":
        return "" if isinstance(value, bool) else "true or false"
    if kind == "number":
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if kind in ("text", "role", "shape"):
        return _unfit_text(value, kind)
    if kind == "texts":
        fits = isinstance(value, list) and all(isinstance(item, str) for item in value)
        return "" if fits else "a list of texts"
    if kind in ("uses", "examples", "expected"):
        return "" if isinstance(value, list) else "a list"
    if kind in _MAPPINGS:
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            return "a mapping whose keys are texts"
        if kind == "names" and not all(isinstance(item, str) for item in value.values()):
            return "a mapping of texts to texts"
        fits = kind != "defaults" or all(item is None or isinstance(item, dict) for item in value.values())
        return "" if fits else "a mapping of version ranges to mappings"
    if kind == "pair":
        return "" if isinstance(value, list) and len(value) == 2 else "a list of two arguments"
    return ""


def _unfit_text(value: Any, kind: Kind) -> str:
    if not isinstance(value, str):
        return "a text"
    if kind == "role" and value not in ROLES:
        return f"one of {', '.join(ROLES[1:])}, not '{value}'"
    if kind == "shape" and value not in SHAPES:
        return f"one of {', '.join(SHAPES)}, not '{value}'"
    return ""
