"""Tables over channels that a program declares in SQL: who reads or writes them shows in its queries.

``CREATE TABLE orders ... WITH ('connector' = 'kafka', 'topic' = 'orders')`` only names a topic. What an ``INSERT
INTO``, a ``SELECT`` or a call with the table's name (``execute_insert("orders")``) does to the table is done to the
topic. Where no query of the program is known to use a table, the declaration is read as the model says.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from brokerlint.link import library, sinks
from brokerlint.link.arguments import arguments
from brokerlint.link.endpoints import Found
from brokerlint.link.engine import Args
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import Client, Const, Method, Template, Value, Values
from brokerlint.manifests.streaming_sql import declared, plain, uses
from brokerlint.models.model import Operation

STATEMENT, READS, WRITES, GROUP = "statement", "reads", "writes", "reading_group"
"""What models call the arguments that hold statements, the table that a call reads or writes, and the group with which
a declared table is read."""

_ROLES = {"read": "consume", "write": "produce"}
_HOLE = "ʘ"
"""Stands in a text for what is not known: a letter, so that a name with it is like no other."""


def directed(ev: Evaluator, sites: Sites, found: list[Found]) -> list[Found]:
    """The uses, those of declared tables with the roles that the program's queries give them."""
    declaring = [one for one in found if STATEMENT in one.use.operation.arguments]
    if not declaring:
        return found
    tables = _Tables(ev, sites)
    groups: dict[tuple[int, ...], list[Found]] = {}
    for one in declaring:
        groups.setdefault((id(one.sink), *(id(step.here) for step in one.route)), []).append(one)
    kept = [one for one in found if STATEMENT not in one.use.operation.arguments]
    for members in groups.values():
        for same in _by_statement(ev, members):
            kept += _with_roles(ev, same, tables)
    return kept


def _by_statement(ev: Evaluator, members: list[Found]) -> Iterator[list[Found]]:
    """The uses of one call, those of each statement apart where it is called with several in turn."""
    use = members[0].use
    statements = library.argument(ev, use.operation.arguments[STATEMENT], use.args, use.client, use.config)
    if len(statements) < 2:
        yield members
        return
    for statement in statements:
        alone: Args = [(key, (statement,) if values == statements else values) for key, values in use.args]
        single = [replace(one, use=_read_anew(ev, one.use, alone)) for one in members]
        yield [one for one in single if one.use.channel]


def _read_anew(ev: Evaluator, use: sinks.Use, args: Args) -> sinks.Use:
    """The use with what its model finds in these arguments."""
    channel, group = (
        library.argument(ev, spec, args, use.client, use.config) if spec else ()
        for spec in (use.operation.channel, use.operation.group)
    )
    return replace(use, args=args, channel=channel, group=group)


def _with_roles(ev: Evaluator, members: list[Found], tables: _Tables) -> list[Found]:
    """The uses of one statement: those of other roles than the queries' left out, missing ones made of what declares
    the table."""
    if not members:
        return []
    use = members[0].use
    statements = library.argument(ev, use.operation.arguments[STATEMENT], use.args, use.client, use.config)
    if not _texts(statements):
        return []  # SQL of which nothing is known is not known to be about a broker
    names = {name for text in _texts(statements) for name in declared(text)}
    roles = {role for name in names for role in tables.roles(name, members[0].sink.module.path)}
    if not roles:
        return members
    kept = [one for one in members if one.use.operation.role in ("manage", *roles)]
    for one in [one for one in kept if one.use.operation.role == "manage"]:
        there = {other.use.operation.role for other in kept if other.use.system == one.use.system}
        kept += [replace(one, use=_in_role(ev, one.use, role)) for role in sorted(roles - there)]
    return kept


def _in_role(ev: Evaluator, use: sinks.Use, role: str) -> sinks.Use:
    spec = use.operation.arguments.get(GROUP) if role == "consume" else None
    group = library.argument(ev, spec, use.args, use.client, use.config) if spec else ()
    return replace(use, operation=replace(use.operation, role=role, act="", system=use.system), group=group)


@dataclass(slots=True)
class _Tables:
    """How the queries of a program use tables, by file. Names are often alike from script to script, so those of a
    file count first."""

    ev: Evaluator
    sites: Sites
    _found: dict[str, dict[str, set[str]]] | None = None
    _operations: dict[str, dict[str, Operation]] = field(default_factory=dict)

    def roles(self, table: str, path: str) -> set[str]:
        """What is done to a table that is declared in the file at ``path``."""
        if self._found is None:
            self._found = self._all()
        near = self._found.get(path, {}).get(table)
        return near or {role for names in self._found.values() for role in names.get(table, ())}

    def _all(self) -> dict[str, dict[str, set[str]]]:
        found: dict[str, dict[str, set[str]]] = {}
        wanted = {STATEMENT, READS, WRITES}
        for path, model in self.ev.models.classes.items():
            own = {name: one for name, one in model.methods.items() if not wanted.isdisjoint(one.arguments)}
            if own:
                self._operations[path] = own
        names = frozenset(name for own in self._operations.values() for name in own)
        for site in self.sites.all(names):
            for role, table in self._used(site):
                found.setdefault(site.module.path, {}).setdefault(table, set()).add(role)
        return found

    def _used(self, site: CallSite) -> Iterator[tuple[str, str]]:
        """The roles and tables of one call."""
        scope = self.ev.around(site.module.path, site.chain)
        if scope is None:
            return
        for function in self.ev.values(site.site.call.function, scope, site.at):
            receiver = function.receiver if isinstance(function, Method) else None
            if not isinstance(receiver, Client) or not isinstance(function, Method):
                continue
            operation = self._operations.get(receiver.model, {}).get(function.name)
            if operation is None:
                continue
            args = arguments(self.ev, site.site.call, scope, site.at)
            for key in (STATEMENT, READS, WRITES):
                spec = operation.arguments.get(key)
                texts = _texts(library.argument(self.ev, spec, args, receiver)) if spec else []
                for text in texts:
                    if key == STATEMENT:
                        yield from ((_ROLES[role], name) for role, name in uses(text))
                    else:
                        yield ("consume" if key == READS else "produce"), plain(text)


def _texts(values: Values) -> list[str]:
    return [text for value in values if (text := _text(value)) is not None]


def _text(value: Value) -> str | None:
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else None
    if isinstance(value, Template):
        return "".join(part if isinstance(part, str) else _HOLE for part in value.parts)
    return None
