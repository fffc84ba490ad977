"""Where a sent payload comes from: an archive that is read back, an outbox table, a body just received, a constant."""

from __future__ import annotations

from typing import Any

from brokerlint.link.behaviour import context, payload
from brokerlint.link.behaviour.effects import class_of_path
from brokerlint.link.behaviour.paths import Paths
from brokerlint.link.endpoints import Found
from brokerlint.link.scopes import Activation, At
from brokerlint.link.values import Const, Values
from brokerlint.python import ir

_DATABASE_READS = frozenset(
    {
        "fetchall",
        "fetchone",
        "fetchmany",
        "fetch",
        "scalars",
        "all",
        "filter",
        "query",
        "find",
        "scan",
        "execute",
        "get_item",
        "search",
    }
)
_FILE_READS = frozenset({"read", "readlines", "read_text", "read_bytes", "readline", "open"})


def sources(found: Found, scope: Activation | None, paths: Paths, values: Values) -> dict[str, Any]:
    """``replays_from``, ``relays_outbox``, ``payload_is_body`` and ``payload_size``, as far as they can be told."""
    operation = found.use.operation
    expr, _ = payload.argument_of(found.sink.site.call, operation.arguments.get("value"))
    if expr is None:
        return {}
    facts: dict[str, Any] = {}
    size = _size(values)
    if size is not None:
        facts["payload_size"] = size
    written = payload.bare(payload.lifted(found, expr))
    if not isinstance(written, ir.Name) and not operation.batch:
        facts["payload_is_body"] = is_body(written)
    reached = reaching(found.anchor.body, written)
    store = _archive(reached, found, scope, paths)
    if store:
        facts["replays_from"] = store
    if any("outbox" in payload.text_of(one).lower() for one in reached):
        facts["relays_outbox"] = True
    return facts


def _size(values: Values) -> int | None:
    if len(values) != 1 or not isinstance(values[0], Const):
        return None
    value = values[0].value
    if isinstance(value, str):
        return len(value.encode("utf-8", "surrogateescape"))
    return len(value) if isinstance(value, bytes) else None


def is_body(expr: ir.Expr | None) -> bool:
    """Is an expression a received body, unchanged: ``m["Body"]``, ``m.value()``, ``record["body"]``?"""
    if isinstance(expr, ir.Subscript):
        return isinstance(expr.index, ir.Constant) and expr.index.value in ("Body", "body")
    if isinstance(expr, ir.Call):
        return isinstance(expr.function, ir.Attribute) and expr.function.attr == "value" and not expr.arguments
    return isinstance(expr, ir.Attribute) and expr.attr in ("body", "value") and isinstance(expr.value, ir.Name)


def reaching(body: ir.Body, expr: ir.Expr | None, depth: int = 5) -> list[ir.Expr]:
    """Every expression that a value comes from within one body, through names, loops and ``with``."""
    waiting = [(expr, depth)]
    found: list[ir.Expr] = []
    seen: set[str] = set()
    while waiting and len(found) < 400:
        one, left = waiting.pop()
        for part in context.parts(one):
            found.append(part)
            if isinstance(part, ir.Name) and left > 0 and part.id not in seen:
                seen.add(part.id)
                bound = [b.value for b in body.bindings if isinstance(b.target, ir.Name) and b.target.id == part.id]
                waiting += [(value, left - 1) for value in bound]
    return found


def _archive(reached: list[ir.Expr], found: Found, scope: Activation | None, paths: Paths) -> str:
    """The kind of store that the payload is read back from."""
    if scope is None:
        return ""
    at = At(found.anchor.site.order, found.anchor.site.block)
    for one in reached:
        if not isinstance(one, ir.Call):
            continue
        name = one.function.attr if isinstance(one.function, ir.Attribute) else ""
        path = paths.path(one.function, scope, at)
        if "(s3)" in path and ("get" in name or "download" in name):
            return "s3"
        if path == "builtins.open" or (name in _FILE_READS and path.startswith(("builtins.open", "pathlib."))):
            return "fs"
        if name in _DATABASE_READS and (
            class_of_path(path) == "db" or path.startswith(("sqlalchemy.", "psycopg", "sqlite3.", "pymongo."))
        ):
            return "db"
    return ""
