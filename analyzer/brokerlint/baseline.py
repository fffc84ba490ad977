"""A baseline: findings that are known already, recognised by their fingerprints and never by their lines.

Any findings document is one. What it knows is not shown again and fails nothing; what it knows and is found no more is
counted, so that a baseline can be written anew. Fewer findings than it knows are never a failure.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from brokerlint.checking.finding import Finding
from brokerlint.document import DocumentError

_SCHEMA = "brokerlint/findings/1"


@dataclass(frozen=True, slots=True)
class Comparison:
    """``new`` findings, how many others are ``known``, and how many known ones are ``gone``."""

    new: tuple[Finding, ...]
    known: int
    gone: int


def fingerprints(path: Path) -> frozenset[str]:
    """The fingerprints in the findings document ``path``. Raises ``DocumentError``, also when there is no such file."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise DocumentError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"{path}: no findings document (brokerlint check --format json writes one)") from error
    entries = document.get("findings") if isinstance(document, dict) and document.get("schema") == _SCHEMA else None
    if not isinstance(entries, list):
        raise DocumentError(f"{path}: no findings document (brokerlint check --format json writes one)")
    found = [entry.get("fingerprint") if isinstance(entry, dict) else None for entry in entries]
    for index, fingerprint in enumerate(found):
        if not isinstance(fingerprint, str):
            raise DocumentError(f"{path}: findings[{index}].fingerprint: missing")
    return frozenset(fingerprint for fingerprint in found if fingerprint)


def compare(findings: Iterable[Finding], known: frozenset[str]) -> Comparison:
    """Tell the new findings from those that are ``known``."""
    found = {finding.fingerprint: finding for finding in findings}
    new = tuple(finding for fingerprint, finding in found.items() if fingerprint not in known)
    return Comparison(new, len(found) - len(new), len(known - found.keys()))
