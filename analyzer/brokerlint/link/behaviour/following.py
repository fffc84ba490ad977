"""Where messages go: whether they reach code that can't be followed, and whether their work is handed to others."""

from __future__ import annotations

from brokerlint.link.behaviour import messages
from brokerlint.link.behaviour.acknowledgement import in_turn, work_of
from brokerlint.link.behaviour.effects import Effects, is_harmless, is_logging
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.behaviour.walk import Frame, Moment, Walk
from brokerlint.link.scopes import base_key, last_name
from brokerlint.python import ir


def escapes(walk: Walk) -> bool:
    """Does a message, or what acknowledges it, reach code that the walk does not see?"""
    if walk.cut:
        return any(messages.whole(moment.holds()) for moment in walk.moments)
    return any(_escapes(moment) for moment in walk.moments) or any(_stored(frame) for frame in walk.frames)


def _escapes(moment: Moment) -> bool:
    if moment.entered or moment.operation is not None or is_logging(moment.call):
        return False
    held = moment.frame.held
    if not any(messages.whole(held.kind(argument.value)) for argument in moment.call.arguments):
        return False
    function = moment.call.function
    name = moment.name
    if isinstance(function, ir.Attribute):
        receiver = held.kind(function.value)
        if receiver and name in ("append", "extend", "add", "insert", "remove", "get", "pop", "update"):
            return False
        if receiver:
            return False
    if name in (
        "list",
        "tuple",
        "sorted",
        "enumerate",
        "reversed",
        "iter",
        "next",
        "zip",
        "map",
        "filter",
        "dict",
        "str",
        "len",
        "repr",
        "set",
    ):
        return False
    paths = [str(getattr(value, "path", "")) for value in moment.callees]
    return not (paths and all(is_harmless(path) for path in paths))


def _stored(frame: Frame) -> bool:
    """``self.message = m``: another method may acknowledge it."""
    for binding in frame.body.bindings:
        target = binding.target
        if isinstance(target, ir.Subscript):
            target = target.value
        if isinstance(target, ir.Attribute) and messages.whole(frame.held.kind(binding.value)):
            return True
    names = frame.held.names
    for site in frame.body.sites:
        function = site.call.function
        if isinstance(function, ir.Attribute) and function.attr in ("append", "put", "add", "put_nowait", "appendleft"):
            key = base_key(function.value)
            if "." in key and messages.whole(names.get(key, "")):
                return True
    return False


def handoff(origins: list[Origin], walks: list[Walk], effects: Effects) -> str:
    """Where the work of a message runs: ``none`` (in the receiving thread), a pool, a task, or behind a ``queue``."""
    for origin, walk in zip(origins, walks, strict=True):
        work, _ = work_of(origin, walk, effects)
        for moment in work:
            if moment.handed():
                return moment.handed()
        for moment in walk.moments:
            if in_turn(origin, moment) and moment.holds() and _started(moment, walk):
                return _started(moment, walk)
    if not walks or any(walk.cut for walk in walks) or any(origin.escapes for origin in origins):
        return ""
    return "none"


def _started(moment: Moment, walk: Walk) -> str:
    frames = [frame for frame in walk.frames if frame.above is moment and frame.handed]
    if frames:
        return frames[0].handed
    if (
        moment.name in ("put", "put_nowait")
        and isinstance(moment.call.function, ir.Attribute)
        and moment.operation is None
    ):
        kind = moment.frame.held.kind(moment.call.function.value)
        word = last_name(moment.call.function.value).lower()
        return (
            "queue"
            if not kind and ("queue" in word or word.strip("_") in ("q", "jobs", "tasks", "work", "pending", "buffer"))
            else ""
        )
    return ""
