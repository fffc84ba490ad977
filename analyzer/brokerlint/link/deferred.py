"""Methods that are handed to something that calls them: ``to_thread(client.receive_message, QueueUrl=url)``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from brokerlint.link.scopes import last_name
from brokerlint.python import ir

_PASS_ON = frozenset(
    "to_thread run_in_executor run_sync run_in_threadpool submit apply call_soon call_soon_threadsafe call_later "
    "call_at spawn start_soon add_callback deferToThread sync_to_async Thread Timer Process".split()
)
"""What gives the method all that follows it; others are known to pass on only what they get by name."""

_TARGETS = frozenset({"target", "func", "function"})


def handed(site: ir.Site) -> Iterator[ir.Site]:
    """The calls that somebody else makes of the methods that the call at ``site`` gets, with the arguments that it
    gets for them; a method without any is only passed around."""
    call = site.call
    for index, argument in enumerate(call.arguments):
        if isinstance(argument.value, ir.Attribute) and not argument.star:
            given = _given(call, index)
            if given:
                yield replace(site, call=ir.Call(argument.value, given, call.line, call.end_line))


def _given(call: ir.Call, index: int) -> tuple[ir.Argument, ...]:
    if call.arguments[index].keyword is not None:
        return _packed(call) if call.arguments[index].keyword in _TARGETS else ()
    following = call.arguments[index + 1 :]
    name = last_name(call.function)
    if name == "partial":
        return (*following, ir.Argument(ir.Opaque("given later"), None, "**")) if following else ()
    if name in _PASS_ON:
        return following
    return tuple(one for one in following if one.keyword is not None or one.star == "**")


def _packed(call: ir.Call) -> tuple[ir.Argument, ...]:
    """``args=(a,), kwargs={...}`` as the arguments that they become."""
    found: list[ir.Argument] = []
    args, named = call.keyword("args"), call.keyword("kwargs")
    if args is not None:
        items = args.items if isinstance(args, ir.Sequence) else None
        found += [ir.Argument(one) for one in items] if items is not None else [ir.Argument(args, None, "*")]
    if named is not None:
        found.append(ir.Argument(named, None, "**"))
    return tuple(found)
