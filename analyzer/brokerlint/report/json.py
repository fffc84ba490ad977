"""Findings as the document ``brokerlint/findings/1``."""

from __future__ import annotations

from typing import Any

from brokerlint.document import TOOL, dumps, plain
from brokerlint.report.outcome import Outcome

SCHEMA = "brokerlint/findings/1"


def to_document(outcome: Outcome) -> dict[str, Any]:
    """The findings document: plain dictionaries and lists."""
    return {
        "schema": SCHEMA,
        "tool": dict(TOOL),
        "findings": [finding.document() for finding in outcome.findings],
        "coverage": plain(outcome.coverage()),
        "diagnostics": [
            {"kind": item.kind, "path": item.path, "line": item.line, "message": item.message}
            for item in outcome.facts.diagnostics
        ],
        "summary": outcome.counts,
    }


def render(outcome: Outcome) -> str:
    """The document as JSON text."""
    return dumps(to_document(outcome))
