"""Findings as a GitLab code quality report."""

from __future__ import annotations

import json

from brokerlint.checking import Severity
from brokerlint.report.escape import terminal
from brokerlint.report.outcome import Outcome, first_place

_SEVERITIES = {
    Severity.ERROR: "critical",
    Severity.WARNING: "major",
    Severity.ADVICE: "minor",
    Severity.INFO: "info",
}


def render(outcome: Outcome) -> str:
    """The list of issues. GitLab needs a place for each, so a finding without one stands at the configuration."""
    issues = []
    for finding in outcome.findings:
        place = first_place(finding)
        issues.append(
            {
                "description": f"{finding.check} {finding.name}: {terminal(finding.message)}",
                "check_name": finding.check,
                "fingerprint": finding.fingerprint,
                "severity": _SEVERITIES[finding.severity],
                "location": {
                    "path": terminal(outcome.lines.shown(place.path)) or ".",
                    "lines": {"begin": max(place.line, 1), "end": max(place.last, 1)},
                },
            }
        )
    return json.dumps(issues, indent=2) + "\n"
