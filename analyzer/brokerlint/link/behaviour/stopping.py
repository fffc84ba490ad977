"""Loops that a signal ends: ``while running``, where a handler of SIGTERM makes ``running`` false."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brokerlint.link.behaviour import context
from brokerlint.link.behaviour.origins import Origin
from brokerlint.link.scopes import last_name
from brokerlint.link.sites import CallSite, Sites
from brokerlint.python import ir

_REGISTERING = ("signal", "add_signal_handler", "sigaction")
_SETTING = frozenset({"set", "clear", "stop", "cancel"})
_OF_THE_KEYBOARD = frozenset({"SIGINT"})


def signalled(sites: Sites, origins: list[Origin]) -> list[dict[str, Any]]:
    """Where handlers are registered that end a loop around a receive, as a signal's way to close it.

    A flag is told by its name. The handler of the keyboard's signal is none: containers are sent SIGTERM.
    """
    flags = {name for origin in origins for name in _flags(origin)}
    if not flags:
        return []
    return [
        {"how": "signal", "place": here.place}
        for name in _REGISTERING
        for here in sites.calling(name)
        if _terminates(here) and any(flags & _changed(body) for body in _handlers(here))
    ]


def _flags(origin: Origin) -> Iterator[str]:
    """The names in the tests of the loops around a receive."""
    for index in context.loops(origin.body, origin.block):
        block = origin.body.blocks[index]
        if block.kind != "while" or block.subject is None:
            continue
        for part in context.parts(block.subject):
            if isinstance(part, ir.Attribute):
                yield part.attr
            elif isinstance(part, ir.Name):
                yield part.id


def _terminates(here: CallSite) -> bool:
    first = here.site.call.position(0)
    return first is not None and last_name(first) not in _OF_THE_KEYBOARD


def _handlers(here: CallSite) -> Iterator[ir.Body]:
    """The bodies of what is registered: a lambda, or a function or method of that module with its name."""
    given = here.site.call.position(1)
    if isinstance(given, ir.Lambda):
        yield given.function.body
        return
    name = last_name(given) if given is not None else ""
    for function in _functions(here.module.body):
        if name and function.name == name:
            yield function.body


def _functions(body: ir.Body) -> Iterator[ir.Function]:
    for function in body.functions:
        yield function
        yield from _functions(function.body)
    for one in body.classes:
        yield from _functions(one.body)


def _changed(body: ir.Body) -> set[str]:
    """The names of what a handler assigns, sets or clears."""
    names = {last_name(binding.target) for binding in body.bindings}
    for site in body.sites:
        function = site.call.function
        if isinstance(function, ir.Attribute) and function.attr in _SETTING:
            names.add(last_name(function.value))
    return names
