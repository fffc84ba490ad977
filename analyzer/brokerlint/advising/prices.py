"""Prices: the dated table, and what a user's file replaces in it for another region or contract."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from brokerlint.tables import table

_LARGEST = 1_000_000
_KEYS = ("as_of", "region", "prices", "assumptions")
_ROW_KEYS = ("usd", "unit", "read", "source", "example")


class PriceError(Exception):
    """A price table that cannot be used: one sentence that names the file and the key."""


@dataclass(frozen=True, slots=True)
class Price:
    """One price in US dollars for each ``unit``; ``read`` is the month in which it was looked up."""

    usd: float
    unit: str
    read: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class PriceTable:
    """The prices of one region, and the assumptions of every estimate. A price that is missing gives no estimate."""

    region: str
    rows: Mapping[str, Price]
    assumptions: Mapping[str, float | None]

    def usd(self, name: str) -> float:
        """The price ``name``. Raises ``KeyError`` when the table has none for its region."""
        return self.rows[name].usd

    def assumed(self, name: str) -> float:
        """An assumption that always has a value."""
        value = self.assumptions[name]
        assert value is not None
        return value

    def stale(self, names: Iterable[str], today: date) -> tuple[str, ...]:
        """Those of ``names`` whose price was read too long ago to be relied on."""
        limit = int(table("prices")["stale_after_days"])
        return tuple(n for n in names if n in self.rows and _age(self.rows[n].read, today) > limit)


def _age(read: str, today: date) -> int:
    """Days since a price was read; 0 when that is not said."""
    return (today - date(*_numbers(read))).days if read else 0


def builtin() -> PriceTable:
    """The table that comes with the program."""
    data = table("prices")
    rows = {key: _row(value, str(data["prices"][key]["unit"])) for key, value in data["prices"].items()}
    return PriceTable(data["region"], rows, data["assumptions"])


def override(path: Path) -> PriceTable:
    """The table with what the file ``path`` replaces; for another region only what it holds. Raises ``PriceError``."""
    data = _read(path)
    base = builtin()
    _only(data, _KEYS, str(path))
    region = data.get("region", base.region)
    if not isinstance(region, str):
        raise PriceError(f"{path}: region: expected a name such as eu-west-1, found {region!r:.60}")
    as_of = _month(data.get("as_of", ""), f"{path}: as_of")
    rows = dict(base.rows) if region == base.region else {}
    for key, value in _mapping(data, "prices", path).items():
        _known(key, base.rows, f"{path}: prices")
        rows[key] = _given(value, f"{path}: prices.{key}", base.rows[key].unit, as_of)
    assumptions = dict(base.assumptions)
    for key, value in _mapping(data, "assumptions", path).items():
        _known(key, base.assumptions, f"{path}: assumptions")
        assumptions[key] = _amount(value, f"{path}: assumptions.{key}", "3")
    if not all(assumptions[key] for key in ("hours_per_month", "seconds_per_month", "message_bytes", "brokers")):
        raise PriceError(f"{path}: assumptions: hours, seconds, message_bytes and brokers must be above 0, such as 730")
    return PriceTable(region, rows, assumptions)


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST:
            raise PriceError(f"{path}: larger than {_LARGEST} bytes, so no price table")
        text = path.read_text(encoding="utf-8")
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.SafeLoader)):
            raise PriceError(f"{path}: aliases (*name) are not supported in a price table")
        data = yaml.safe_load(text)
    except OSError as error:
        raise PriceError(f"{path}: cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise PriceError(f"{path}: not UTF-8") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise PriceError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', None) or 'unreadable'}") from error
    except (RecursionError, ValueError) as error:
        raise PriceError(f"{path}: not a price table: a value cannot be read") from error
    if not isinstance(data, dict):
        raise PriceError(f"{path}: expected the keys {', '.join(_KEYS)}, found {data!r:.60}")
    return data


def _mapping(data: Mapping[str, Any], key: str, path: Path) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise PriceError(f"{path}: {key}: expected names and amounts, found {value!r:.60}")
    return value


def _only(data: Mapping[Any, Any], known: Iterable[str], where: str) -> None:
    for key in data:
        _known(key, known, where)


def _known(key: object, known: Iterable[str], where: str) -> None:
    names = list(known)
    if key not in names:
        near = difflib.get_close_matches(str(key), names, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"
        raise PriceError(f"{where}: unknown key {key!r}; {hint}")


def _given(value: object, where: str, unit: str, as_of: str) -> Price:
    if not isinstance(value, dict):
        return Price(_amount(value, where, "0.40"), unit, as_of, "given by the user")
    _only(value, _ROW_KEYS, where)
    if "usd" not in value:
        raise PriceError(f"{where}: expected usd, such as {{usd: 0.40}}")
    read = _month(value.get("read", as_of), f"{where}.read")
    usd = _amount(value["usd"], f"{where}.usd", "0.40")
    return _row({"source": "given by the user", **value, "usd": usd, "read": read}, unit)


def _month(value: object, where: str) -> str:
    """A month or day as text; empty when none is given."""
    text = str(value)
    try:
        if text:
            date(*_numbers(text))
    except (TypeError, ValueError):
        raise PriceError(f"{where}: expected a month such as 2026-11, found {text!r:.60}") from None
    return text


def _numbers(text: str) -> tuple[int, int, int]:
    """Year, month and day of a month (its end, as good as) or a day. Raises ``ValueError``."""
    parts = [int(part) for part in text.split("-")]
    year, month, day = parts if len(parts) == 3 else (*parts, 28)
    return year, month, day


def _row(value: Mapping[str, Any], unit: str) -> Price:
    return Price(float(value["usd"]), unit, str(value.get("read", "")), str(value.get("source", "")))


def _amount(value: object, where: str, example: str) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= float(value) < float("inf"):  # type: ignore[arg-type]
        raise PriceError(f"{where}: expected an amount of at least 0 such as {example}, found {value!r:.60}")
    return float(value)  # type: ignore[arg-type]
