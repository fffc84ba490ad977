"""What the program hands to a function that is not on the way to a sink: ``registry.register("orders", handler)``.

A sink's own callers are walked up, one route each. What a *sibling* of the sink's function kept somewhere (a handler
under a topic, a configuration in a global) is known only from the calls of that sibling, wherever they stand.
"""

from __future__ import annotations

from collections.abc import Callable

from brokerlint.link.arguments import arguments, bind
from brokerlint.link.classes import receiver_argument
from brokerlint.link.engine import Engine
from brokerlint.link.scopes import Activation, At
from brokerlint.link.sites import CallSite
from brokerlint.link.values import FunctionValue, Instance, Value, Values, join, needs_of

MOST_CALLS = 40
"""Calls of one function that are followed."""


def entered(ev: Engine, function: FunctionValue) -> list[Activation]:
    """The function entered with the arguments of each call that the program makes of it.

    Calls on another object than the function's receiver are left out, where both objects are known.
    """
    receiver = function.receiver if isinstance(function.receiver, Instance) else None
    question = ("handed", function.path, function.qualname, receiver)
    return ev.once(question, lambda: _entered(ev, function), [])


def _entered(ev: Engine, function: FunctionValue) -> list[Activation]:
    skip = 1 if function.receiver is not None else 0
    parameters = function.definition.parameters[skip:]
    found: list[Activation] = []
    for site in ev.sites.calling(function.definition.name, function.path, strictly=True)[:MOST_CALLS]:
        if function.definition in site.chain:
            continue
        start = ev.around(site.module.path, site.chain)
        if start is None or not any(_is(value, function) for value in _callee(ev, site, start)):
            continue
        given = bind(ev, parameters, arguments(ev, site.site.call, start, site.at))
        activation = ev.call(function, {**given, **receiver_argument(function)}, bound=True)
        if activation is not None and activation not in found:
            found.append(activation)
    return found


def _callee(ev: Engine, site: CallSite, start: Activation) -> Values:
    return ev.values(site.site.call.function, start, site.at)


def _is(value: Value, function: FunctionValue) -> bool:
    if not isinstance(value, FunctionValue) or value.definition is not function.definition:
        return False
    mine, theirs = function.receiver, value.receiver
    if isinstance(mine, Instance) and isinstance(theirs, Instance):
        return mine.site is None or theirs.site is None or mine.site == theirs.site
    return True


def settled(ev: Engine, symbolic: Activation, values: Callable[[Activation, At], Values], at: At) -> Values:
    """``values`` at ``at`` in a function whose parameters are open; where they depend on those, for each call of it."""
    found = values(symbolic, at)
    function = symbolic.function
    if function is None or not _depends(found, function):
        return found
    called = [values(one, at) for one in entered(ev, function)]
    return join(*called) if called else found


def _depends(values: Values, function: FunctionValue) -> bool:
    return any((need.path, need.function) == (function.path, function.qualname) for need in needs_of(values))
