"""A baseline: findings that are known already, recognised by what they are about and never by their lines.

What a baseline knows is not shown again and fails nothing; what it knows and is found no more is told, and can be
pruned. Fewer findings than it knows are never a failure, and neither is a known finding about fewer services than
before. Any findings document is a baseline; the one that is written for the purpose has nothing in it that changes with
every edit.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from brokerlint.checking.finding import Finding
from brokerlint.document import TOOL, DocumentError, dumps

SCHEMA = "brokerlint/baseline/1"
_SCHEMAS = (SCHEMA, "brokerlint/findings/1")


@dataclass(frozen=True, slots=True, order=True)
class Known:
    """One known finding."""

    check: str
    path: str
    message: str
    fingerprint: str
    channels: tuple[str, ...] = ()
    services: tuple[str, ...] = ()

    @classmethod
    def of(cls, finding: Finding) -> Known:
        """The entry of a finding."""
        path = finding.place.path if finding.place else ""
        return cls(finding.check, path, finding.message, finding.fingerprint, finding.channels, finding.services)

    def covers(self, finding: Finding) -> bool:
        """Whether ``finding`` is what has become of this one: the same check about the same services and channels, in a
        renamed function, or about fewer of them."""
        channels, services = set(finding.channels), set(finding.services)
        within = channels <= set(self.channels) and services <= set(self.services)
        return finding.check == self.check and within and bool(services or channels)


@dataclass(frozen=True, slots=True)
class Comparison:
    """``new`` findings, how many others are ``known``, and which known ones are ``gone``."""

    new: tuple[Finding, ...]
    known: int
    gone: tuple[Known, ...]


def compare(findings: Iterable[Finding], known: Iterable[Known], idle: Collection[str] = ()) -> Comparison:
    """Tell the new findings from those that are ``known``.

    What checks that did not run (``idle``, by id) would say of their known findings is open: these are not gone.
    """
    entries = sorted(set(known))
    exact = {entry.fingerprint: entry for entry in entries}
    found = tuple(findings)
    used = {exact[finding.fingerprint] for finding in found if finding.fingerprint in exact}
    new = []
    for finding in found:
        if finding.fingerprint in exact:
            continue
        former = next((entry for entry in entries if entry not in used and entry.covers(finding)), None)
        if former is None:
            new.append(finding)
        else:
            used.add(former)
    gone = tuple(entry for entry in entries if entry not in used and entry.check not in idle)
    return Comparison(tuple(new), len(found) - len(new), gone)


def load(path: Path) -> tuple[Known, ...]:
    """The known findings in the file ``path``. Raises ``DocumentError``, also when there is no such file."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{path}: {_NONE}") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if isinstance(schema, str) and schema not in _SCHEMAS and schema.rpartition("/")[0] in _FAMILIES:
        raise DocumentError(f"{path}: {schema!r} was written by another version of brokerlint")
    entries = document.get("findings") if schema in _SCHEMAS else None
    if not isinstance(entries, list):
        raise DocumentError(f"{path}: {_NONE}")
    return tuple(_entry(entry, f"{path}: findings[{index}]") for index, entry in enumerate(entries))


_NONE = "no findings document (brokerlint check --format json writes one)"
_FAMILIES = tuple(schema.rpartition("/")[0] for schema in _SCHEMAS)


def _entry(entry: Any, where: str) -> Known:
    if not isinstance(entry, dict) or not isinstance(entry.get("fingerprint"), str):
        raise DocumentError(f"{where}.fingerprint: missing")
    texts = [entry.get(key, "") for key in ("check", "path", "message")]
    lists = [entry.get(key, []) for key in ("channels", "services")]
    if not all(isinstance(text, str) for text in texts) or not all(_is_texts(names) for names in lists):
        raise DocumentError(f"{where}: check, path and message are texts, channels and services lists of texts")
    check, path, message = texts
    channels, services = map(tuple, lists)
    return Known(check, path, message, entry["fingerprint"], channels, services)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def render(known: Iterable[Known]) -> str:
    """The baseline as JSON text: sorted, without lines, so that it changes only when findings do."""
    entries: list[Mapping[str, Any]] = [
        {
            "check": entry.check,
            "path": entry.path,
            "message": entry.message,
            "channels": list(entry.channels),
            "services": list(entry.services),
            "fingerprint": entry.fingerprint,
        }
        for entry in sorted(set(known))
    ]
    return dumps({"schema": SCHEMA, "tool": {"name": TOOL["name"]}, "findings": entries})
