"""What a call does to the world: its class by the import path it leads back to, from the table ``effects.yaml``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import yaml

from brokerlint.link.behaviour.walk import Moment, Walker
from brokerlint.link.scopes import last_name
from brokerlint.link.values import External, FunctionValue, Method
from brokerlint.python import ir

CLASSES = ("email", "http", "db", "aws", "subprocess", "ml", "fs")
_ANSWERS = frozenset({"http", "aws", "subprocess", "fs"})
_LOGGING = frozenset(
    {
        "debug",
        "info",
        "warning",
        "warn",
        "error",
        "exception",
        "critical",
        "log",
        "print",
        "msg",
        "bind",
        "capture_exception",
    }
)
_ENQUEUES = frozenset({"delay", "apply_async", "kiq", "send", "send_with_options", "enqueue"})
"""What puts a task of the program on its queue, to be run elsewhere."""

_NO_WORK = frozenset(
    {
        "decode",
        "encode",
        "loads",
        "dumps",
        "load",
        "dump",
        "append",
        "get",
        "strip",
        "split",
        "format",
        "join",
        "keys",
        "values",
        "items",
    }
)


@cache
def _table() -> dict[str, re.Pattern[str]]:
    text = files(__package__).joinpath("effects.yaml").read_text(encoding="utf-8")
    content: dict[str, list[str]] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    return {name: re.compile("|".join(_expression(line) for line in lines)) for name, lines in content.items()}


def _expression(line: str) -> str:
    return "(?:" + re.escape(line).replace(r"\*", ".*").replace(r"\~", "~").replace("~", "[^().]*") + ")$"


@cache
def class_of_path(path: str) -> str:
    """The class of a call by import path; "" when it changes nothing outside or isn't in the table."""
    table = _table()
    if not path or table["pure"].match(path):
        return ""
    # A method of an answer, as in ``requests.get().json``, does nothing more.
    for index, letter in enumerate(path):
        if letter == "(" and index and class_of_path(path[:index]) in _ANSWERS:
            return ""
    return next((name for name in CLASSES if table[name].match(path)), "")


@cache
def is_harmless(path: str) -> bool:
    """May a call by this path get a whole message without acknowledging it?"""
    return bool(path) and bool(_table()["harmless"].match(path) or class_of_path(path))


def is_write(name: str) -> bool:
    """Does a database method of this name write?"""
    return bool(_table()["writes"].match(name))


def is_logging(call: ir.Call) -> bool:
    """Does the call only write to a log?"""
    name = last_name(call.function)
    if name not in _LOGGING:
        return False
    if name == "print":
        return True
    owner = call.function.value if isinstance(call.function, ir.Attribute) else None
    word = last_name(owner.function if isinstance(owner, ir.Call) else owner).lower() if owner is not None else ""
    return (
        "log" in word
        or word in ("sentry_sdk", "stats", "statsd", "metrics", "self")
        or name in ("exception", "capture_exception")
    )


class Effects:
    """Classes of the calls of a walk; each path is looked up once."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._known: dict[tuple[int, int], str] = {}

    def of(self, moment: Moment) -> str:
        """``http``, ``db`` ... or ``produce``; "" for a call that does nothing outside the process or is not known."""
        key = (id(moment.site), id(moment.frame.scope))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._find(moment)
        return known

    def path(self, moment: Moment) -> str:
        """The import path of what the call calls."""
        return self._walker.paths.path(moment.call.function, moment.frame.scope, moment.at)

    def _find(self, moment: Moment) -> str:
        if moment.operation is not None:
            if moment.operation.role == "produce":
                return "produce"
            return "aws" if moment.operation.act == "invoke" else ""
        if any(
            isinstance(v, Method) and isinstance(v.receiver, FunctionValue) and v.name in _ENQUEUES
            for v in moment.callees
        ):
            return "produce"
        if moment.entered and any(isinstance(value, FunctionValue) for value in moment.callees):
            return ""
        if is_logging(moment.call):
            return ""
        if last_name(moment.call.function) == "open":
            return "fs" if _opens_for_writing(moment) else ""
        return class_of_path(self.path(moment))

    def works(self, moment: Moment) -> bool:
        """Could the call be the work, though it is not known what it does: a message goes into code that isn't here?"""
        if moment.entered or moment.operation is not None or is_logging(moment.call) or not moment.holds():
            return False
        if moment.name in _NO_WORK:
            return False
        held = moment.frame.held
        function = moment.call.function
        if isinstance(function, ir.Attribute) and held.kind(function.value):
            return False
        return not is_harmless(self.path(moment))


def _opens_for_writing(moment: Moment) -> bool:
    if not any(isinstance(value, External) and value.path == "builtins.open" for value in moment.callees):
        return False
    mode = moment.call.position(1) or moment.call.keyword("mode")
    return isinstance(mode, ir.Constant) and isinstance(mode.value, str) and bool(set(mode.value) & set("wax+"))
