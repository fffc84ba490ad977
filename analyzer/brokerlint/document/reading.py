"""Graph document -> facts, with errors that name the file and the key."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

from brokerlint.document.writing import SCHEMA
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, NameKind, Service, Unresolved
from brokerlint.places import Diagnostic, Place

_T = TypeVar("_T")
_ROLES = ("produce", "consume", "manage")
_KINDS = ("exact", "pattern", "env", "logical", "unknown")
_PLACE_KEYS = frozenset(("path", "line", "end_line", "text"))


class DocumentError(Exception):
    """A file that is no graph document, or a broken one: one sentence that names the file and the key."""


def load(path: Path) -> Facts:
    """The facts of the graph document in the file ``path``. Raises ``DocumentError``."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except RecursionError as error:
        raise DocumentError(f"{path}: nested too deeply for a graph document") from error
    except ValueError as error:
        raise DocumentError(f"{path}: not JSON: {error}") from error
    return from_document(document, str(path))


def from_document(document: Any, source: str = "graph document") -> Facts:
    """The facts that ``document`` holds; ``source`` names it in errors. Raises ``DocumentError``.

    Keys that this version does not know are ignored; a missing optional key has its default.
    """
    top = _Reader(document, source, "")
    _check_schema(top)
    return Facts(
        services=top.each("services", _read_service),
        channels=top.each("channels", _read_channel),
        endpoints=top.each("endpoints", _read_endpoint),
        links=top.each("links", _read_link),
        unresolved=top.each("unresolved", _read_unresolved),
        diagnostics=top.each("diagnostics", _read_diagnostic),
        stats=top.mapping("stats"),
    )


class _Reader:
    """One mapping of a document, with the words to complain about it."""

    __slots__ = ("_data", "_source", "_where")

    def __init__(self, data: Any, source: str, where: str) -> None:
        self._source = source
        self._where = where
        if not isinstance(data, dict):
            raise self.error("", f"expected an object, found {_kind(data)}")
        self._data: dict[str, Any] = data

    def error(self, key: str, message: str) -> DocumentError:
        """An error about ``key`` of this mapping."""
        where = ".".join(part for part in (self._where, key) if part)
        return DocumentError(f"{self._source}: {where}: {message}" if where else f"{self._source}: {message}")

    def get(self, key: str, types: type | tuple[type, ...], words: str, default: Any = ...) -> Any:
        """The value of ``key``, of one of ``types``. ``default`` when absent; an error when that is ``...``."""
        value = self._data.get(key, default)
        if value is ...:
            raise self.error(key, "missing")
        if value is default or (isinstance(value, types) and not (isinstance(value, bool) and types is int)):
            return value
        raise self.error(key, f"expected {words}, found {_kind(value)}")

    def text(self, key: str, default: Any = ...) -> str:
        """A text."""
        return cast(str, self.get(key, str, "a text", default))

    def maybe(self, key: str) -> str | None:
        """A text or null."""
        return cast("str | None", self.get(key, (str, type(None)), "a text or null", None))

    def choice(self, key: str, choices: tuple[str, ...]) -> Any:
        """One of ``choices``."""
        value = self.text(key)
        if value not in choices:
            raise self.error(key, f"expected one of {', '.join(choices)}, found {value!r}")
        return value

    def flag(self, key: str) -> bool:
        """True or false; false when absent."""
        return cast(bool, self.get(key, bool, "true or false", False))

    def number(self, key: str, least: int, default: Any = ...) -> int:
        """A whole number of at least ``least``."""
        value = cast(int, self.get(key, int, "a whole number", default))
        if value < least:
            raise self.error(key, f"expected at least {least}, found {value}")
        return value

    def mapping(self, key: str) -> dict[str, Any]:
        """An object as it stands, places revived; empty when absent."""
        return cast("dict[str, Any]", _revive(self.get(key, dict, "an object", {}), bare=True))

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; empty when absent."""
        values = self.get(key, list, "a list", [])
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise self.error(f"{key}[{index}]", f"expected a text, found {_kind(value)}")
        return tuple(values)

    def each(self, key: str, read: Callable[[_Reader], _T]) -> tuple[_T, ...]:
        """A list of objects, each through ``read``; empty when absent."""
        where = f"{self._where}.{key}" if self._where else key
        values = self.get(key, list, "a list", [])
        return tuple(read(_Reader(value, self._source, f"{where}[{index}]")) for index, value in enumerate(values))


def _kind(value: Any) -> str:
    """What JSON calls the type of ``value``."""
    names = {dict: "an object", list: "a list", str: "a text", bool: "a truth value", type(None): "null"}
    return names.get(type(value), "a number")


def _revive(value: Any, bare: bool = False) -> Any:
    """``value`` with every mapping of a place's shape turned into a ``Place``; ``bare`` keeps the outermost one."""
    if isinstance(value, dict):
        if not bare and _PLACE_KEYS.issuperset(value) and _is_place(value):
            return Place(value["path"], value["line"], value.get("end_line", 0), value.get("text", ""))
        return {key: _revive(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_revive(item) for item in value]
    return value


def _is_place(value: dict[str, Any]) -> bool:
    return isinstance(value.get("path"), str) and type(value.get("line")) is int


def _check_schema(top: _Reader) -> None:
    schema = top.text("schema", "")
    if schema == SCHEMA:
        return
    if schema.startswith("brokerlint/graph/"):
        raise top.error("schema", f"{schema!r} was written by another version of brokerlint, this one reads {SCHEMA!r}")
    if schema:
        raise top.error("schema", f"expected {SCHEMA!r}, found {schema!r}")
    raise top.error("", f"not a graph document: no schema {SCHEMA!r} (brokerlint graph --format json writes one)")


def _read_place(item: _Reader) -> Place:
    return Place(item.text("path"), item.number("line", 0), item.number("end_line", 0, 0), item.text("text", ""))


def _read_service(item: _Reader) -> Service:
    return Service(
        name=item.text("name"),
        roots=item.texts("roots"),
        platform=item.text("platform", "unknown"),
        program=item.text("program", ""),
        environment=item.text("environment", "unknown"),
        tooling=item.flag("tooling"),
        owners=item.texts("owners"),
        properties=item.mapping("properties"),
        evidence=item.each("evidence", _read_place),
    )


def _read_name(item: _Reader, kind_key: str = "kind", kind: str = "") -> Name:
    name = Name(
        kind=cast(NameKind, kind or item.choice(kind_key, _KINDS)),
        text=item.maybe("name"),
        env=item.maybe("env"),
        logical=item.maybe("logical"),
        origin=cast(Any, item.text("origin", "unknown")),
        trace=item.each("trace", _read_place),
        why=item.text("why", ""),
        service=item.maybe("service"),
        scope=item.text("scope", ""),
    )
    needed = {"exact": name.text, "pattern": name.text, "env": name.env, "logical": name.logical}
    if name.kind in needed and needed[name.kind] is None:
        key = {"env": "env", "logical": "logical"}.get(name.kind, "name")
        raise item.error(key, f"a name of the kind {name.kind!r} needs it")
    return name


def _read_channel(item: _Reader) -> Channel:
    return Channel(
        id=item.text("id"),
        system=item.text("system"),
        kind=item.text("kind"),
        name=_read_name(item, "name_kind", "" if item.text("name_kind", "") else _evident_kind(item)),
        properties=item.mapping("properties"),
        defaulted=item.texts("defaulted"),
        declared_at=item.each("declared_at", _read_place),
        environment=item.text("environment", "unknown"),
    )


def _evident_kind(item: _Reader) -> str:
    """The kind of a channel's name in a document that only has the keys of the contract."""
    name = item.maybe("name")
    if name is not None:
        return "pattern" if "*" in name else "exact"
    return next((key for key in ("logical", "env") if item.maybe(key) is not None), "unknown")


def _read_channel_name(item: _Reader) -> ChannelName:
    system, separator, _ = item.text("id").partition(":")
    if not separator or not system:
        raise item.error("id", "expected system:name")
    return ChannelName(system, _read_name(item))


def _read_endpoint(item: _Reader) -> Endpoint:
    return Endpoint(
        id=item.text("id"),
        place=_read_place(item),
        function=item.text("function", ""),
        system=item.text("system"),
        role=item.choice("role", _ROLES),
        library=item.text("library", "unknown"),
        operation=item.text("operation", ""),
        channels=item.each("channels", _read_channel_name),
        groups=item.each("groups", _read_name),
        services=item.texts("services"),
        call_chain=item.each("call_chain", _read_place),
        config=item.mapping("config"),
        facts=item.mapping("facts"),
    )


def _read_link(item: _Reader) -> Link:
    return Link(item.text("kind"), item.text("from"), item.text("to"), _read_place(item), item.mapping("properties"))


def _read_unresolved(item: _Reader) -> Unresolved:
    return Unresolved(_read_place(item), item.text("system", "unknown"), item.text("what"), item.text("why"))


def _read_diagnostic(item: _Reader) -> Diagnostic:
    return Diagnostic(item.text("kind"), item.text("path"), item.number("line", 0), item.text("message"))
