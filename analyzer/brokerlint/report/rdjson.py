"""Findings in Reviewdog's diagnostic format."""

from __future__ import annotations

import json
from typing import Any

from brokerlint.checking import Finding, Severity
from brokerlint.places import Place
from brokerlint.report.escape import terminal
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome, body, first_place

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.ADVICE: "INFO", Severity.INFO: "INFO"}


def render(outcome: Outcome) -> str:
    """The diagnostic result."""
    result = {
        "source": {"name": "brokerlint"},
        "diagnostics": [_diagnostic(finding, outcome.lines) for finding in outcome.findings],
    }
    return json.dumps(result, indent=2) + "\n"


def _diagnostic(finding: Finding, lines: SourceLines) -> dict[str, Any]:
    place = first_place(finding)
    result: dict[str, Any] = {
        "message": "\n".join(terminal(line) for line in (finding.message, *body(finding))),
        "location": _location(place, lines),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.check},
    }
    related = [other for other in finding.evidence if other != place]
    if related:
        result["relatedLocations"] = [
            {"message": terminal(other.text), "location": _location(other, lines)} for other in related
        ]
    return result


def _location(place: Place, lines: SourceLines) -> dict[str, Any]:
    location: dict[str, Any] = {"path": terminal(lines.shown(place.path))}
    if place.line:
        location["range"] = {"start": {"line": place.line}, "end": {"line": place.last}}
    return location
