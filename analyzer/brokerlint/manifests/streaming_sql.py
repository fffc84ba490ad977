"""SQL over streams: which tables of ksqlDB and Flink stand for channels, and which of them a script reads and writes.

Sources: ksqlDB's syntax reference for ``CREATE STREAM`` and ``INSERT INTO``; Flink's Kafka and Kinesis SQL connectors.
A table that a query makes (``CREATE STREAM ... AS SELECT``) is written; a view stands for what it selects from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

_TOKEN = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|`[^`]*`|;", re.DOTALL)
_NAME = r"(?:`[^`]+`|\"[^\"]+\"|[\w$]+)(?:\s*\.\s*(?:`[^`]+`|\"[^\"]+\"|[\w$]+))*"
_CREATE = re.compile(
    rf"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:TEMPORARY\s+|SOURCE\s+)?(STREAM|TABLE|VIEW)\s+(?:IF\s+NOT\s+EXISTS\s+)?({_NAME})",
    re.IGNORECASE,
)
_INSERT = re.compile(rf"\bINSERT\s+(?:INTO|OVERWRITE)\s+(?:TABLE\s+)?({_NAME})", re.IGNORECASE)
_SELECT = re.compile(r"\bSELECT\b", re.IGNORECASE)
_READ = re.compile(rf"\b(?:FROM|JOIN)\s+(?:TABLE\s*\(\s*\w+\s*\(\s*(?:DATA\s*=>\s*)?TABLE\s+)?({_NAME})", re.IGNORECASE)
_OPTION = re.compile(r"(?:'([\w.-]+)'|\b(KAFKA_TOPIC|PARTITIONS)\b)\s*=\s*(?:'((?:[^']|'')*)'|(\d+))", re.IGNORECASE)
_CONNECTOR = re.compile(r"'connector'\s*=", re.IGNORECASE)
_CONNECTORS = {"kafka": "kafka", "upsert-kafka": "kafka", "kinesis": "kinesis", "kinesis-legacy": "kinesis"}


@dataclass(frozen=True, slots=True)
class Flow:
    """A script reads from or writes to a channel; with its group where one is named."""

    role: Literal["read", "write"]
    system: str
    channel: str
    line: int
    group: str = ""


@dataclass(slots=True)
class _Table:
    """A table: the channel that it stands for, if any, and the tables that a view selects from."""

    system: str = ""
    channel: str = ""
    group: str = ""
    of: list[str] = field(default_factory=list)


def flows(text: str) -> list[Flow]:
    """What the statements of a script read and write, in their order."""
    tables: dict[str, _Table] = {}
    named = not _CONNECTOR.search(text)
    found: dict[Flow, None] = {}
    for line, statement in statements(text):
        created = _CREATE.match(statement)
        inserted = None if created else _INSERT.search(statement)
        selects = _SELECT.search(statement)
        read = [plain(match[1]) for match in _READ.finditer(statement, selects.start())] if selects else []
        target = ""
        if created:
            target = "" if created[1].upper() == "VIEW" else plain(created[2])
            tables[plain(created[2])] = _declared(created, statement, read, named)
            if not selects:
                continue
        elif inserted:
            target = plain(inserted[1])
        if not target:
            continue  # a query that somebody looks at moves nothing
        found |= {flow: None for name in read for flow in _of(tables, name, "read", line)}
        found |= dict.fromkeys(_of(tables, target, "write", line))
    return list(found)


def declared(text: str) -> list[str]:
    """The tables that the statements of a text declare over channels."""
    found = ((_CREATE.match(statement), statement) for _, statement in statements(text))
    return [plain(match[2]) for match, statement in found if match and _OPTION.search(statement)]


def uses(text: str) -> Iterator[tuple[Literal["read", "write"], str]]:
    """The tables that the statements of a program's text read and write, by name; a query by itself reads, since the
    program gets its rows."""
    for _, statement in statements(text):
        created = _CREATE.match(statement)
        inserted = None if created else _INSERT.search(statement)
        selects = _SELECT.search(statement)
        if inserted:
            yield "write", plain(inserted[1])
        elif created and selects and created[1].upper() != "VIEW":
            yield "write", plain(created[2])
        for match in _READ.finditer(statement, selects.start()) if selects else ():
            yield "read", plain(match[1])


def plain(name: str) -> str:
    """A table's name for comparison: its last part, in one case, as unquoted names have none."""
    return re.split(r"\s*\.\s*", name)[-1].strip('`"').lower()


def statements(text: str) -> Iterator[tuple[int, str]]:
    """The statements of a script without their comments, each with the line on which it begins."""
    kept: list[str] = []
    begin = last = 0

    def ended(at: int) -> Iterator[tuple[int, str]]:
        statement = "".join([*kept, text[last:at]])
        lead = len(statement) - len(statement.lstrip())
        if statement.strip():
            yield text.count("\n", 0, begin) + 1 + statement[:lead].count("\n"), statement.strip()

    for match in _TOKEN.finditer(text):
        if match[0] == ";":
            yield from ended(match.start())
            kept, begin, last = [], match.end(), match.end()
        elif match[0].startswith(("--", "/*")):
            kept += [text[last : match.start()], "\n" * match[0].count("\n") or " "]
            last = match.end()
    yield from ended(len(text))


def _declared(created: re.Match[str], statement: str, read: list[str], named: bool) -> _Table:
    """What a ``CREATE`` statement makes of a name. ``named``: ksqlDB names the topic of a query like its table."""
    if created[1].upper() == "VIEW":
        return _Table(of=read)
    options = {(m[1] or m[2]).lower(): m[3] if m[3] is not None else m[4] for m in _OPTION.finditer(statement)}
    connector = options.get("connector")
    if connector is not None:
        system = _CONNECTORS.get(connector, "")
        channel = options.get("topic") or options.get("stream") or options.get("stream.arn", "").rpartition("/")[2]
        return _Table(system if channel else "", channel, options.get("properties.group.id", ""))
    if options.get("kafka_topic"):
        return _Table("kafka", options["kafka_topic"])
    if read and named:
        return _Table("kafka", _topic_of(created[2]))
    return _Table(of=read)


def _topic_of(name: str) -> str:
    return name.strip('`"') if name.startswith(("`", '"')) else name.upper()


def _of(tables: dict[str, _Table], name: str, role: Literal["read", "write"], line: int) -> Iterator[Flow]:
    """The flows that using a table amounts to; a view's are those of its tables."""
    waiting, seen = [name], set[str]()
    while waiting:
        table = tables.get(waiting.pop(0))
        if table is None:
            continue
        if table.system:
            yield Flow(role, table.system, table.channel, line, table.group if role == "read" else "")
        elif role == "read":
            waiting += [one for one in table.of if one not in seen]
            seen.update(table.of)
