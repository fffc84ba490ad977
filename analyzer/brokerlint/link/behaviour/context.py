"""Where a call stands in its body: loops, handlers and branches around it, and what has certainly happened before.

Pure questions about one `ir.Body`; nothing is evaluated. A place in a body is its ``block`` and ``order`` (and, where
the summary keeps no block for the ``else`` of a ``try``, its line).
"""

from __future__ import annotations

from brokerlint.link.scopes import last_name
from brokerlint.python import ir

LOOPS = frozenset({"for", "async-for", "while", "comprehension"})
_BROAD = frozenset({"Exception", "BaseException"})
_ENDLESS = frozenset({"count", "repeat", "cycle"})
_ENDING = frozenset({"exit", "_exit", "abort", "kill"})
_LEAVING = frozenset({"return", "raise", "break", "continue"})


def around(body: ir.Body, block: int) -> list[int]:
    """The indices of the blocks around a place, innermost first."""
    found: list[int] = []
    while block >= 0:
        found.append(block)
        block = body.blocks[block].parent
    return found


def loops(body: ir.Body, block: int) -> list[int]:
    """The loops around a place, innermost first."""
    return [index for index in around(body, block) if body.blocks[index].kind in LOOPS]


def inside(body: ir.Body, block: int, outer: int) -> bool:
    """Does ``block`` stand in ``outer`` (or is it that block)?"""
    return outer == -1 or outer in around(body, block)


def endless(block: ir.Block) -> bool:
    """Is the loop meant to go on until the process is told to stop?

    ``while True``, ``while self.running``, ``while not stopped()`` are; a comparison or a collection's name is not
    told.
    """
    test = block.subject
    if block.kind == "while":
        if isinstance(test, ir.Constant):
            return bool(test.value)
        if isinstance(test, ir.Unary):
            return test.operator == "not"
        return isinstance(test, (ir.Attribute, ir.Call)) or (isinstance(test, ir.Name) and _flag(test.id))
    if block.kind == "for" and isinstance(test, ir.Call):
        name = last_name(test.function)
        return name in _ENDLESS or (name == "iter" and len(test.arguments) == 2)
    return False


def _flag(name: str) -> bool:
    return name.lower().strip("_") in {
        "running",
        "run",
        "alive",
        "active",
        "keep_running",
        "keep_going",
        "going",
        "working",
        "looping",
    }


def handlers(body: ir.Body, block: int) -> list[int]:
    """The ``except`` blocks around a place, innermost first."""
    return [index for index in around(body, block) if body.blocks[index].kind == "except"]


def try_of(body: ir.Body, handler: int) -> int:
    """The ``try`` that an ``except`` or ``finally`` block belongs to; -1 when there is none."""
    parent = body.blocks[handler].parent
    for index in range(handler - 1, -1, -1):
        one = body.blocks[index]
        if one.parent == parent and one.kind == "try":
            return index
    return -1


def parts_of(body: ir.Body, attempt: int) -> list[int]:
    """The ``except`` and ``finally`` blocks of a ``try``, in order."""
    return [
        index
        for index in range(attempt + 1, len(body.blocks))
        if body.blocks[index].kind in ("except", "finally") and try_of(body, index) == attempt
    ]


def tries(body: ir.Body, block: int) -> list[int]:
    """The ``try`` blocks whose first part holds a place, innermost first."""
    return [index for index in around(body, block) if body.blocks[index].kind == "try"]


def in_else_of(body: ir.Body, block: int, line: int, attempt: int) -> bool:
    """Does a line of ``block`` stand in the ``else`` part of ``attempt``? The summary keeps no block for that part."""
    one = body.blocks[attempt]
    return (
        inside(body, block, one.parent)
        and one.line <= line <= one.end_line
        and not any(inside(body, block, part) for part in (attempt, *parts_of(body, attempt)))
    )


def broad(handler: ir.Block) -> bool:
    """Does the handler catch everything that can go wrong?"""
    kind = handler.subject
    kinds = kind.items if isinstance(kind, ir.Sequence) else (kind,)
    return any(one is None or last_name(one) in _BROAD for one in kinds)


def leaves(body: ir.Body, block: int, depth: int = 12) -> str:
    """How a block certainly ends: ``return``, ``raise``, ``break``, ``continue``, or "" when control falls out of
    it."""
    for leave in body.exits:
        if leave.block == block and leave.kind in _LEAVING:
            return leave.kind
    if any(site.block == block and last_name(site.call.function) in _ENDING for site in body.sites):
        return "raise"
    return _both_leave(body, block, depth - 1) if depth > 0 else ""


def _both_leave(body: ir.Body, block: int, depth: int) -> str:
    """An ``if`` with an ``else`` that both leave."""
    for index, one in enumerate(body.blocks):
        if one.parent == block and one.kind == "if":
            other = opposite(body, index)
            if other >= 0:
                first, second = leaves(body, index, depth), leaves(body, other, depth)
                if first and second:
                    return first if first == second else "return"
    return ""


def opposite(body: ir.Body, block: int) -> int:
    """The ``else`` of an ``if`` (or the ``if`` of an ``else``); -1 when there is none."""
    here = body.blocks[block]
    wanted = {"if": "else", "else": "if"}.get(here.kind)
    for index, one in enumerate(body.blocks):
        if wanted and one.kind == wanted and one.parent == here.parent and one.subject is here.subject:
            return index
    return -1


def exclusive(body: ir.Body, first: int, second: int) -> bool:
    """Can only one of two blocks run: branches of one ``if``, cases of one ``match``, a ``try`` and its handler?"""
    one, other = around(body, first), around(body, second)
    for index in one:
        here = body.blocks[index]
        for against in other:
            there = body.blocks[against]
            if index == against or here.parent != there.parent:
                continue
            kinds = {here.kind, there.kind}
            if kinds == {"if", "else"} and here.subject is there.subject:
                return True
            if kinds == {"case"} and here.subject is there.subject:
                return True
            if kinds == {"except"} and try_of(body, index) == try_of(body, against):
                return True
    return False


def conditional(body: ir.Body, block: int, within: int = -1) -> bool:
    """Does something between ``within`` and ``block`` decide whether the place is reached?"""
    deciding = {"if", "else", "case", "except", "while", "for", "async-for", "comprehension"}
    for index in around(body, block):
        if index == within:
            return False
        if body.blocks[index].kind in deciding:
            return True
    return False


def same_turn(body: ir.Body, first: int, second: int) -> bool:
    """Do two places stand in the same innermost loop, so that each turn passes both (branches aside)?"""
    return loops(body, first)[:1] == loops(body, second)[:1]


def names_in(expr: ir.Expr | None) -> frozenset[str]:
    """Every plain name that an expression reads."""
    found: set[str] = set()
    for one in parts(expr):
        if isinstance(one, ir.Name):
            found.add(one.id)
    return frozenset(found)


def parts(expr: ir.Expr | None) -> list[ir.Expr]:
    """An expression and everything inside it, outermost first."""
    waiting: list[ir.Expr | None] = [expr]
    found: list[ir.Expr] = []
    while waiting and len(found) < 2000:
        one = waiting.pop()
        if one is None:
            continue
        found.append(one)
        waiting.extend(children(one))
    return found


def children(expr: ir.Expr) -> list[ir.Expr]:
    """The expressions directly inside one."""
    if isinstance(expr, (ir.Attribute, ir.Starred, ir.Unary)):
        return [expr.value]
    if isinstance(expr, (ir.Element, ir.Item, ir.Entered)):
        return [expr.of]
    if isinstance(expr, ir.Subscript):
        return [expr.value, expr.index]
    if isinstance(expr, ir.Call):
        return [expr.function, *(argument.value for argument in expr.arguments)]
    if isinstance(expr, ir.Formatted):
        return list(expr.parts)
    if isinstance(expr, (ir.Binary, ir.Boolean)):
        return [expr.left, expr.right]
    if isinstance(expr, ir.Compare):
        return [expr.left, *(right for _, right in expr.rest)]
    if isinstance(expr, ir.Conditional):
        return [expr.test, expr.body, expr.orelse]
    if isinstance(expr, ir.Sequence):
        return list(expr.items)
    if isinstance(expr, ir.Mapping):
        return [part for key, value in expr.entries for part in (key, value) if part is not None]
    if isinstance(expr, ir.Comprehension):
        return [part for part in (expr.key, expr.element, *expr.iterables) if part is not None]
    return []


def assigned_to(body: ir.Body, call: ir.Call) -> list[ir.Binding]:
    """The bindings whose value is this call (or an unpacked part of it)."""
    found = []
    for binding in body.bindings:
        value = binding.value
        while isinstance(value, (ir.Item, ir.Entered)):
            value = value.of
        if value is call:
            found.append(binding)
    return found


def loop_names(body: ir.Body, loop: int) -> frozenset[str]:
    """The names that change from turn to turn: the loop's targets, and what its body binds from them."""
    names = {
        b.target.id for b in body.bindings if b.kind == "for" and b.block == loop and isinstance(b.target, ir.Name)
    }
    for binding in body.bindings:
        if (
            inside(body, binding.block, loop)
            and isinstance(binding.target, ir.Name)
            and names & names_in(binding.value)
        ):
            names.add(binding.target.id)
    return frozenset(names)


def filled_in(body: ir.Body, loop: int) -> frozenset[str]:
    """The names of containers that a loop's body adds to."""
    found = set()
    for site in body.sites:
        function = site.call.function
        adds = isinstance(function, ir.Attribute) and function.attr in ("append", "extend", "update", "add", "insert")
        if (
            adds
            and isinstance(function, ir.Attribute)
            and isinstance(function.value, ir.Name)
            and inside(body, site.block, loop)
        ):
            found.add(function.value.id)
    for binding in body.bindings:
        target = binding.target
        if isinstance(target, ir.Subscript) and isinstance(target.value, ir.Name) and inside(body, binding.block, loop):
            found.add(target.value.id)
    return frozenset(found)
