"""Names: what a body binds, and which of its bindings a use at some place can see.

Bindings are not replayed; they are filtered. A binding that dominates the use (it stands before it, in the same block
or one around it) hides everything before; bindings in branches and loops are joined.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from brokerlint.link.values import Activation
from brokerlint.python import ir

__all__ = [
    "END",
    "Activation",
    "At",
    "Chain",
    "Definition",
    "Names",
    "Store",
    "base_key",
    "global_bindings",
    "grows",
    "last_name",
    "names_of",
    "visible",
]  # fmt: skip

Definition: TypeAlias = ir.Binding | ir.Function | ir.Class | ir.Import
"""What can bind a name."""

Chain: TypeAlias = tuple[ir.Function | ir.Class, ...]
"""The definitions that lead from a module to a body inside it, outermost first."""


@dataclass(frozen=True, slots=True)
class At:
    """A place inside a body: only what stands before ``order`` and is reachable from ``block`` is seen."""

    order: int
    block: int


END = At(1 << 60, -1)
"""The end of a body: everything has happened. What nested functions see of the bodies around them."""


@dataclass(frozen=True, slots=True)
class Store:
    """``base[key] = value``, ``base.update(value)``, ``base.append(value)``: a change to an object in place.

    ``within`` are the keys of the objects around it, the outermost first: ``base["client"]["group.id"] = value``.
    """

    how: str
    key: ir.Expr | None
    value: ir.Expr
    at: At
    within: tuple[ir.Expr, ...] = ()


@dataclass(slots=True)
class Names:
    """What one body binds, by name; attribute stores by (base, attribute); changes in place by base."""

    definitions: dict[str, list[Definition]] = field(default_factory=dict)
    attributes: dict[tuple[str, str], list[ir.Binding]] = field(default_factory=dict)
    stores: dict[str, list[Store]] = field(default_factory=dict)
    stars: list[ir.Import] = field(default_factory=list)


def names_of(body: ir.Body) -> Names:
    """Index a body once."""
    names = Names()
    for binding in body.bindings:
        target = binding.target
        if isinstance(target, ir.Name):
            if binding.kind != "declare":
                names.definitions.setdefault(target.id, []).append(binding)
        elif isinstance(target, ir.Attribute):
            base = base_key(target.value)
            if base and binding.kind != "declare":
                names.attributes.setdefault((base, target.attr), []).append(binding)
        elif isinstance(target, ir.Subscript):
            base, within = _unrolled(target.value)
            if base:
                store = Store("item", target.index, binding.value, At(binding.order, binding.block), within)
                names.stores.setdefault(base, []).append(store)
    for function in body.functions:
        names.definitions.setdefault(function.name, []).append(function)
    for cls in body.classes:
        names.definitions.setdefault(cls.name, []).append(cls)
    for imported in body.imports:
        if imported.name == "*":
            names.stars.append(imported)
        else:
            names.definitions.setdefault(imported.alias, []).append(imported)
    for site in body.sites:
        call = site.call
        if isinstance(call.function, ir.Attribute) and call.function.attr in _CHANGES and call.arguments:
            base, within = _unrolled(call.function.value)
            if base:
                _add_change(names, base, within, call, At(site.order, site.block))
    return names


_CHANGES = frozenset({"update", "append", "extend", "add", "setdefault", "insert"})


_DEEPEST_ITEM = 3
"""Objects inside each other, below a name, that a change is followed into."""


def _unrolled(expr: ir.Expr) -> tuple[str, tuple[ir.Expr, ...]]:
    """The name that an expression begins with and the keys behind it: ``self.config["client"]``."""
    keys: tuple[ir.Expr, ...] = ()
    while isinstance(expr, ir.Subscript) and len(keys) < _DEEPEST_ITEM:
        keys = (expr.index, *keys)
        expr = expr.value
    return base_key(expr), keys


def _add_change(names: Names, base: str, within: tuple[ir.Expr, ...], call: ir.Call, at: At) -> None:
    assert isinstance(call.function, ir.Attribute)
    how = call.function.attr
    stores = names.stores.setdefault(base, [])
    positional = [a.value for a in call.arguments if a.keyword is None and not a.star]
    if how == "update":
        stores.extend(Store("update", None, value, at, within) for value in positional)
        stores.extend(
            Store("item", ir.Constant(a.keyword), a.value, at, within) for a in call.arguments if a.keyword is not None
        )
    elif how == "setdefault" and len(positional) == 2:
        stores.append(Store("item", positional[0], positional[1], at, within))
    elif how == "insert" and len(positional) == 2:
        stores.append(Store("append", None, positional[1], at, within))
    elif positional:
        stores.append(Store("append" if how in ("append", "add") else "extend", None, positional[0], at, within))


def global_bindings(body: ir.Body, chain: Chain = ()) -> dict[str, list[tuple[Chain, ir.Binding]]]:
    """What functions inside a module's ``body`` assign through ``global``: name -> (where, binding)."""
    found: dict[str, list[tuple[Chain, ir.Binding]]] = {}
    nested: list[ir.Function | ir.Class] = [*body.functions, *body.classes]
    for inner in nested:
        path = (*chain, inner)
        if isinstance(inner, ir.Function) and inner.body.outer:
            for binding in inner.body.bindings:
                if isinstance(binding.target, ir.Name) and binding.target.id in inner.body.outer:
                    found.setdefault(binding.target.id, []).append((path, binding))
        for name, bindings in global_bindings(inner.body, path).items():
            found.setdefault(name, []).extend(bindings)
    return found


def last_name(expr: ir.Expr) -> str:
    """The last part of what is called: ``send`` of ``self.bus.send``."""
    if isinstance(expr, ir.Attribute):
        return expr.attr
    if isinstance(expr, ir.Name):
        return expr.id
    if isinstance(expr, ir.Subscript):
        return last_name(expr.value)
    return ""


def base_key(expr: ir.Expr) -> str:
    """``name`` or ``name.attr.attr`` as text; "" for anything else."""
    if isinstance(expr, ir.Name):
        return expr.id
    if isinstance(expr, ir.Attribute):
        base = base_key(expr.value)
        return f"{base}.{expr.attr}" if base else ""
    return ""


def visible(body: ir.Body, definitions: list[Definition], at: At) -> tuple[list[Definition], bool]:
    """The definitions that a use at ``at`` may mean, latest first, and whether one of them certainly happened."""
    around = _around(body, at.block)
    before: list[Definition] = []
    for definition in sorted(definitions, key=_order, reverse=True):
        if definition.order >= at.order or _excluded(body, definition.block, around):
            continue
        before.append(definition)
        if definition.block in around:
            return before, True
    # A use above every binding belongs to a loop or to a function that runs later.
    return before or definitions, False


_LOOPS = frozenset({"for", "async-for", "while"})


def grows(body: ir.Body, binding: Definition, definitions: list[Definition]) -> bool:
    """Does every round of a loop make this text from the one before (``name = name + "x"``, ``f"{name}x"``)?

    Takes all ``definitions`` of the name; one that begins the round anew ends the growth.
    """
    if not isinstance(binding, ir.Binding) or not isinstance(binding.target, ir.Name):
        return False
    loop = binding.block
    while loop >= 0 and body.blocks[loop].kind not in _LOOPS:
        loop = body.blocks[loop].parent
    if loop < 0 or not _holds(binding.value, binding.target):
        return False
    around = _around(body, binding.block)
    before = [one for one in definitions if one.order < binding.order and one.block in around]
    return not any(loop in _around(body, one.block) for one in before)


def _holds(text: ir.Expr, name: ir.Name) -> bool:
    """Is ``name`` a part of what ``text`` puts together?"""
    waiting = [text]
    while waiting:
        part = waiting.pop()
        if isinstance(part, ir.Binary):
            waiting += (part.left, part.right)
        elif isinstance(part, ir.Formatted):
            waiting += part.parts
        elif isinstance(part, ir.Sequence):
            waiting += part.items
        elif part == name and part is not text:
            return True
    return False


def _order(definition: Definition) -> int:
    return definition.order


def _around(body: ir.Body, block: int) -> set[int]:
    found = {-1}
    while block >= 0:
        found.add(block)
        block = body.blocks[block].parent
    return found


def _excluded(body: ir.Body, block: int, around: set[int]) -> bool:
    """Does the definition stand in the other branch of an ``if`` around the use?"""
    while block >= 0:
        here = body.blocks[block]
        if here.kind in ("if", "else") and block not in around:
            opposite = "else" if here.kind == "if" else "if"
            for other in around:
                there = body.blocks[other] if other >= 0 else None
                if there and there.kind == opposite and there.parent == here.parent and there.subject is here.subject:
                    return True
        block = here.parent
    return False
