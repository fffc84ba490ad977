"""Changes in place: ``config["group.id"] = x``, ``topics.append(y)``, ``options.update(z)``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from brokerlint.link.branches import avoided
from brokerlint.link.engine import Engine
from brokerlint.link.scopes import Activation, At, Store
from brokerlint.link.values import Collection, Const, EnvVar, Record, Value, Values
from brokerlint.python import ir

MOST_ITEMS = 200
"""Items that are kept of one collection."""


def changed(ev: Engine, values: Values, stores: Iterable[Store], scope: Activation, at: At) -> Values:
    """``values`` after those of the ``stores`` in ``scope`` that happened before ``at``."""
    for store in stores:
        if store.at.order < at.order and not avoided(ev, scope, store.at):
            values = tuple(_after(ev, value, store, scope) for value in values)
    return values


def _after(ev: Engine, value: Value, store: Store, scope: Activation) -> Value:
    if store.within:
        return _inside(ev, value, store, scope) if isinstance(value, Record) else value
    if isinstance(value, Record):
        if store.how == "item" and store.key is not None:
            return _with_item(ev, value, store, store.key, scope)
        return _merged(ev, value, store, scope) if store.how == "update" else value
    if isinstance(value, Collection) and store.how in ("append", "extend"):
        added = ev.values(store.value, scope, store.at)
        if store.how == "append":
            return Collection(value.kind, (*value.items, added)[:MOST_ITEMS], value.more)
        inner = [one for one in added if isinstance(one, Collection)]
        items = tuple(item for one in inner for item in one.items)
        more = value.more or len(inner) < len(added)
        return Collection(value.kind, (*value.items, *items)[:MOST_ITEMS], more)
    return value


def _inside(ev: Engine, record: Record, store: Store, scope: Activation) -> Record:
    """The record after a change to what one of its keys holds."""
    deeper = replace(store, within=store.within[1:])
    keys = ev.values(store.within[0], scope, store.at)
    key = keys[0].value if len(keys) == 1 and isinstance(keys[0], Const) else None
    held = record.get(key) if isinstance(key, (str, int)) else None
    if held is None or not isinstance(key, (str, int)):
        return record
    return Record((*record.entries, (key, tuple(_after(ev, one, deeper, scope) for one in held))), record.more)


def _with_item(ev: Engine, record: Record, store: Store, key: ir.Expr, scope: Activation) -> Record:
    added = ev.values(store.value, scope, store.at)
    keys = ev.values(key, scope, store.at)
    named = tuple((k.value, added) for k in keys if isinstance(k, Const) and not isinstance(k.value, (bytes, float)))
    fallback = tuple((repr(key), added) for key in keys if isinstance(key, EnvVar)) if not named else ()
    return Record((*record.entries, *named, *fallback), record.more or len(named) < len(keys))


def _merged(ev: Engine, record: Record, store: Store, scope: Activation) -> Record:
    added = ev.values(store.value, scope, store.at)
    records = [one for one in added if isinstance(one, Record)]
    entries = tuple(entry for one in records for entry in one.entries)
    more = record.more or len(records) < len(added) or any(one.more for one in records)
    return Record((*record.entries, *entries), more)
