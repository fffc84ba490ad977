"""From keys to values: every key of the configuration, what it may hold, and how a mistake is told."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

import yaml

from brokerlint.checking.suppression import Suppression
from brokerlint.confidence import Confidence
from brokerlint.config import calls
from brokerlint.config.model import Config, ConfigError, FailOn, ServiceDeclaration
from brokerlint.globs import anchored, globs
from brokerlint.models.load import ModelError, parse
from brokerlint.models.model import Library
from brokerlint.places import Place
from brokerlint.tables import table
from brokerlint.topology.declarations import ChannelDeclaration, World

_ENVIRONMENTS = ("prod", "dev", "test")
_PROFILES = ("default", "strict", "advisory", "ALL")
_CAPACITIES = ("low", "medium", "high", "unknown")
_ROLES = ("event", "command", "work", "audit", "cdc", "metrics", "reply", "retry", "dlq")
_LARGEST = 1_000_000
_RATES = {"/s": 1.0, "/min": 1 / 60, "/h": 1 / 3600, "/day": 1 / 86400}
_BYTES = {"KiB": 1024, "MiB": 1024 * 1024, "KB": 1000, "B": 1}
_SECONDS = {"min": 60, "s": 1, "h": 3600, "d": 86400}
_KEYS = (
    *("world", "profile", "fail_on", "min_confidence", "select", "extend_select", "ignore", "include", "exclude"),
    *("environments", "channels", "services", "wrappers", "thresholds", "monitoring", "team_ops_capacity"),
)
_CHANNEL_KEYS = (
    *("match", "complete", "external_producers", "external_consumers", "needs", "role"),
    *("shared_workers", "best_effort", "rpc"),
)
_SERVICE_KEYS = ("name", "roots", "platform", "environment", "tooling", "owners")
_IGNORE_KEYS = ("check", "channel", "service", "path", "reason", "until")
_NEEDS = (
    *("replay", "ordering", "exactly_once", "volume", "peak", "burst", "retention"),
    *("stream_processing", "message_size"),
)


def from_mapping(data: Any, path: Path) -> Config:
    """The configuration of the keys in ``data``; ``path`` is the file they came from. Raises ``ConfigError``."""
    table_ = _Table(data, str(path), "")
    table_.only(_KEYS)
    fail_on = table_.text("fail_on")
    confidence = table_.text("min_confidence")
    ignored, suppressions = _ignores(table_)
    return Config(
        base=path.parent,
        source=str(path),
        world=cast("World", table_.choice("world", ("auto", "open", "closed")) or "auto"),
        profile=table_.choice("profile", _PROFILES) or "default",
        fail_on=table_.parsed("fail_on", FailOn.of, fail_on) if fail_on else None,
        min_confidence=table_.parsed("min_confidence", Confidence.of, confidence) if confidence else None,
        select=table_.texts("select"),
        extend_select=table_.texts("extend_select"),
        ignore=ignored,
        suppressions=suppressions,
        include=table_.patterns("include"),
        exclude=table_.patterns("exclude"),
        environments=_environments(table_),
        channels=tuple(_channel(item) for item in table_.tables("channels")),
        services=tuple(_service(item) for item in table_.tables("services")),
        wrappers=_wrappers(table_, path.parent),
        thresholds=_thresholds(table_),
        monitoring=table_.text("monitoring"),
        team_ops_capacity=table_.choice("team_ops_capacity", _CAPACITIES) or "unknown",
    )


class _Table:
    """One table of the configuration, with the words to complain about it."""

    __slots__ = ("data", "source", "where")

    def __init__(self, data: Any, source: str, where: str) -> None:
        self.source = source
        self.where = where
        if not isinstance(data, dict):
            raise self.error("", f"expected a table of keys, found {data!r:.60}")
        self.data: dict[str, Any] = data

    def error(self, key: str, message: str) -> ConfigError:
        """An error about ``key`` of this table."""
        where = ".".join(part for part in (self.where, key) if part)
        return ConfigError(f"{self.source}: {where}: {message}" if where else f"{self.source}: {message}")

    def only(self, known: Iterable[str]) -> None:
        """Refuse every other key, naming the nearest known one."""
        for key in self.data:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.5)
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(known))}"
                raise self.error("", f"unknown key {key!r}; {hint}")

    def text(self, key: str) -> str:
        """A text; empty when absent."""
        value = self.data.get(key, "")
        if not isinstance(value, str):
            raise self.error(key, f"expected a text, found {value!r:.60}")
        return value

    def choice(self, key: str, choices: tuple[str, ...]) -> str:
        """One of ``choices``; empty when absent."""
        value = self.text(key)
        if key in self.data and value not in choices:
            raise self.error(key, f"expected one of {', '.join(choices)}; found {value!r}")
        return value

    def flag(self, key: str) -> bool | None:
        """True, false, or None when absent."""
        value = self.data.get(key)
        if value is not None and not isinstance(value, bool):
            raise self.error(key, f"expected true or false, found {value!r:.60}")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; empty when absent."""
        value = self.data.get(key, [])
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not all(isinstance(item, str) and item for item in items):
            raise self.error(key, f"expected a list of texts, found {value!r:.60}")
        return tuple(items)

    def patterns(self, key: str) -> tuple[str, ...]:
        """A list of patterns of paths; empty when absent."""
        patterns = self.texts(key)
        self.parsed(key, globs, patterns)
        return patterns

    def table(self, key: str) -> _Table:
        """A table; empty when absent."""
        return _Table(self.data.get(key, {}), self.source, f"{self.where}.{key}" if self.where else key)

    def tables(self, key: str) -> tuple[_Table, ...]:
        """A list of tables; empty when absent."""
        value = self.data.get(key, [])
        if not isinstance(value, list):
            raise self.error(key, f"expected a list, found {value!r:.60}")
        return tuple(_Table(item, self.source, f"{key}[{index}]") for index, item in enumerate(value))

    def parsed(self, key: str, parse_: Any, text: Any) -> Any:
        """``text`` through ``parse_``, whose ``ValueError`` becomes an error about ``key``."""
        try:
            return parse_(text)
        except ValueError as error:
            raise self.error(key, str(error)) from error


def _ignores(top: _Table) -> tuple[tuple[str, ...], tuple[Suppression, ...]]:
    """``ignore``: a text deselects checks, a table silences some of their findings."""
    value = top.data.get("ignore", [])
    items = value if isinstance(value, list) else [value]
    words, suppressions = [], []
    for index, item in enumerate(items):
        if isinstance(item, str) and item:
            words.append(item)
            continue
        entry = _Table(item, top.source, f"ignore[{index}]")
        entry.only(_IGNORE_KEYS)
        checks = entry.texts("check")
        scope = {key: entry.text(key) for key in ("channel", "service", "path")}
        if not checks and not any(scope.values()):
            raise entry.error("", "names neither a check nor a channel, service or path")
        place = Place(Path(top.source).name, 1)
        suppressions.append(
            Suppression(place, checks, entry.text("reason"), None, **scope, until=_date(entry, "until"))
        )
    return tuple(words), tuple(suppressions)


def _date(entry: _Table, key: str) -> date | None:
    value = entry.data.get(key)
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise entry.error(key, f"expected a date such as 2027-01-31, found {value!r:.60}") from None


def _environments(top: _Table) -> dict[str, tuple[str, ...]]:
    entries = top.table("environments")
    entries.only(_ENVIRONMENTS)
    return {key: entries.patterns(key) for key in entries.data}


def _channel(entry: _Table) -> ChannelDeclaration:
    entry.only(_CHANNEL_KEYS)
    match = entry.text("match")
    if not match:
        raise entry.error("match", "missing: which channels is this about? Such as 'kafka:orders.*'")
    if ":" not in match and not match.startswith("*"):
        raise entry.error("match", f"expected system:name such as 'sqs:{match}', found {match!r}")
    return ChannelDeclaration(
        match=match,
        complete=entry.flag("complete"),
        external_producers=entry.texts("external_producers"),
        external_consumers=entry.texts("external_consumers"),
        needs=_needs(entry.table("needs")),
        role=entry.choice("role", _ROLES),
        shared_workers=bool(entry.flag("shared_workers")),
        best_effort=bool(entry.flag("best_effort")),
        rpc=entry.choice("rpc", ("buffered",)),
    )


def _needs(entry: _Table) -> dict[str, Any]:
    """``needs`` with volumes as messages a second and retention as seconds."""
    entry.only(_NEEDS)
    needs: dict[str, Any] = {}
    for key in entry.data:
        if key in ("replay", "exactly_once", "stream_processing"):
            needs[key] = entry.flag(key)
        elif key == "ordering":
            needs[key] = entry.choice(key, ("per-key", "global", "none"))
        elif key == "retention":
            needs[key] = _amount(entry, key, _SECONDS, "7d")
        elif key == "message_size":
            needs[key] = _amount(entry, key, _BYTES, "20KiB")
        else:
            needs[key] = _amount(entry, key, _RATES, "200/s")
    return needs


def _amount(entry: _Table, key: str, units: Mapping[str, float], example: str) -> float:
    """A number in the base unit, or a text such as ``2k/s``."""
    value = entry.data[key]
    if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value < float("inf"):
        return value
    text = value.strip() if isinstance(value, str) else ""
    for unit, size in units.items():
        number = text.removesuffix(unit).strip()
        if number != text:
            scale = {"k": 1_000, "M": 1_000_000}.get(number[-1:], 1)
            digits = number[:-1] if scale != 1 else number
            if digits.replace(".", "", 1).isdecimal():
                return float(digits) * scale * size
    raise entry.error(key, f"expected an amount such as {example!r}, found {value!r:.60}")


def _service(entry: _Table) -> ServiceDeclaration:
    entry.only(_SERVICE_KEYS)
    name, roots = entry.text("name"), entry.texts("roots")
    entry.parsed("roots", globs, [anchored(root) for root in roots])
    if not name or not roots:
        raise entry.error("", "a service needs a name and its roots, such as roots = ['services/billing']")
    environment = entry.choice("environment", _ENVIRONMENTS)
    return ServiceDeclaration(
        name, roots, entry.text("platform"), environment, entry.flag("tooling"), entry.texts("owners")
    )


def _wrappers(top: _Table, base: Path) -> tuple[Library, ...]:
    """``wrappers``: paths of model files (relative to the configuration), models written in place, single calls."""
    value = top.data.get("wrappers", [])
    if not isinstance(value, list):
        raise top.error("wrappers", f"expected a list of models or of paths, found {value!r:.60}")
    found, single = [], []
    for index, item in enumerate(value):
        where = f"wrappers[{index}]"
        try:
            if isinstance(item, dict) and "call" in item:
                single.append(_call(_Table(item, top.source, where)))
            elif isinstance(item, str):
                if not (base / item).resolve().is_relative_to(base.resolve()):
                    raise top.error(where, f"{item!r} lies outside of the configuration's directory")
                found.append(parse(text_of(base / item), item))
            else:
                found.append(parse(yaml.safe_dump(item), where))
        except ModelError as error:
            raise top.error("" if isinstance(item, dict) else where, str(error)) from error
    return (*found, *(parse(yaml.safe_dump(model), "wrappers") for model in calls.models(single)))


def _call(entry: _Table) -> dict[str, Any]:
    """A single call of an in-house library. Raises ``ConfigError``."""
    entry.only(calls.KEYS)
    wrong = calls.mistake(entry.data)
    if wrong is not None:
        raise entry.error(*wrong)
    try:
        for model in calls.models([entry.data]):
            parse(yaml.safe_dump(model), "wrappers")
    except ModelError as error:
        raise entry.error("", str(error).rpartition(": ")[2]) from error
    return entry.data


def _thresholds(top: _Table) -> dict[str, float]:
    entries = top.table("thresholds")
    entries.only(tuple(table("thresholds")["thresholds"]))
    for key, value in entries.data.items():
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise entries.error(key, f"expected a number of at least 0, found {value!r:.60}")
    return {key: float(value) for key, value in entries.data.items()}


def text_of(path: Path) -> str:
    """The text of a configuration or model file. Raises ``ConfigError``."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ConfigError(f"{path}: larger than {_LARGEST} bytes, so no configuration")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8") from error
