"""What decides whether a send runs: branches and early exits, what they ask for, and what happens when the send
fails."""

from __future__ import annotations

import re
from typing import Any

from brokerlint.link.behaviour import context, payload
from brokerlint.link.behaviour.acknowledgement import swallowing
from brokerlint.link.behaviour.effects import Effects
from brokerlint.link.behaviour.walk import Moment, Walk
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.sites import CallSite
from brokerlint.link.values import Collection
from brokerlint.places import Place
from brokerlint.python import ir

_ASKS = {
    "attempt": re.compile(r"(?i)attempt|retry|retries|tries|receive_?count"),
    "depth": re.compile(r"(?i)depth|level|hops?\b|generation|ttl"),
    "cursor": re.compile(r"(?i)cursor|next|page|token|last_?evaluated|has_more|offset|marker"),
    "remaining": re.compile(r"(?i)remaining|\bleft\b|todo|pending|unprocessed|rest\b|len\("),
}
"""What a condition is about, by the words in it."""


def deciding(send: CallSite) -> list[ir.Block]:
    """The conditions that must hold for a call: branches around it, and earlier branches that leave its turn."""
    body, site = send.body, send.site
    turn = next(iter(context.loops(body, site.block)), -1)
    found = []
    for index in context.around(body, site.block):
        if index == turn:
            break
        if body.blocks[index].kind in ("if", "else", "case", "except"):
            found.append(body.blocks[index])
    for leave in body.exits:
        if leave.order >= site.order or leave.kind not in ("return", "continue", "break"):
            continue
        block = body.blocks[leave.block] if leave.block >= 0 else None
        if block is None or block.kind not in ("if", "else") or not context.inside(body, leave.block, turn):
            continue
        if context.inside(body, site.block, block.parent) and not _asks_for_nothing(block.subject):
            found.append(block)
    return found


def _asks_for_nothing(test: ir.Expr | None) -> bool:
    """``if message is None``, ``if not rows``, ``if message.error()``: there is nothing to send."""
    if isinstance(test, ir.Compare):
        return any(right == ir.Constant(None) for _, right in test.rest)
    if isinstance(test, ir.Unary):
        return test.operator == "not" and isinstance(test.value, (ir.Name, ir.Attribute))
    return isinstance(test, ir.Call) and last_name(test.function) == "error"


def conditional(sends: list[CallSite]) -> bool:
    """May the send be left out for some messages? ``sends`` are the sink and the calls above it up to the anchor."""
    return any(deciding(send) or _in_branch(send) for send in sends)


def _in_branch(send: CallSite) -> bool:
    """Does the loop around a call stand in a branch of its function: sent for each record, in one of two cases?"""
    loops = context.loops(send.body, send.site.block)
    return bool(loops) and any(
        send.body.blocks[index].kind in ("if", "else", "case") for index in context.around(send.body, loops[0])
    )


def guards(sends: list[CallSite]) -> list[dict[str, Any]]:
    """The conditions of a send, with what they ask for: ``attempt``, ``depth``, ``cursor``, ``remaining`` or
    ``other``."""
    found: dict[tuple[str, int], dict[str, Any]] = {}
    for send in sends:
        for block in deciding(send):
            if block.kind == "except":
                continue
            text = payload.text_of(payload.inlined(send.body, block.subject, send.at))
            kind = next((name for name, words in _ASKS.items() if words.search(text)), "other")
            place = Place(send.module.path, block.line, block.line)
            found.setdefault((place.path, place.line), {"on": kind, "place": place})
    return list(found.values())


def best_effort(walk: Walk, send: Moment, effects: Effects) -> bool:
    """Does the send stand alone in a ``try`` that swallows every error?"""
    body = send.frame.body
    for attempt in context.tries(body, send.site.block)[:1]:
        if swallowing(send.frame, attempt, walk, effects) < 0:
            return False
        others = [m for m in walk.moments if m.frame is send.frame and m.site is not send.site and effects.of(m)]
        return not any(context.inside(body, other.site.block, attempt) for other in others)
    return False


def fallback(walk: Walk, send: Moment, effects: Effects) -> bool:
    """Does the send run only when another one has failed?"""
    body = send.frame.body
    for handler in context.handlers(body, send.site.block):
        attempt = context.try_of(body, handler)
        for moment in walk.moments:
            root = next((one for one in moment.chain() if one.frame is send.frame), None)
            if root and effects.of(moment) == "produce" and context.inside(body, root.site.block, attempt):
                return True
    return False


def _turns(call: ir.Call) -> int | None:
    """The length of ``range(...)`` with constant ends."""
    ends = [one.value.value for one in call.arguments if isinstance(one.value, ir.Constant)]
    numbers = [end for end in ends if isinstance(end, int)]
    constant = len(numbers) == len(call.arguments) and 1 <= len(numbers) <= 3 and numbers[2:] != [0]
    return len(range(*numbers)) if constant else None


def loop_count(ev: Evaluator, send: CallSite, loop: int, scope: Activation | None) -> int | None:
    """How often a loop turns, where that is constant."""
    block = send.body.blocks[loop]
    subject = block.subject
    if isinstance(subject, ir.Call) and last_name(subject.function) == "range":
        return _turns(subject)
    if subject is None or scope is None or block.kind not in ("for", "async-for"):
        return None
    values = ev.values(subject, scope, At(send.site.order, block.parent))
    if (
        len(values) == 1
        and isinstance(values[0], Collection)
        and not values[0].more
        and values[0].kind in ("list", "tuple", "set")
    ):
        written = payload.inlined(send.body, subject, send.at)
        return (
            len(values[0].items)
            if isinstance(written, ir.Sequence) or (isinstance(subject, ir.Name) and _is_display(ev, subject, scope))
            else None
        )
    return None


def _is_display(ev: Evaluator, name: ir.Name, scope: Activation) -> bool:
    """Is the name bound to a display of a module or class, so that its length is the number of its items?"""
    here: Activation | None = scope
    while here is not None:
        for one in ev.names(here.body).definitions.get(name.id, ()):
            return isinstance(one, ir.Binding) and isinstance(one.value, ir.Sequence)
        here = here.parent
    return False
