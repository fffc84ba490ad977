"""Findings as SARIF 2.1.0, for code scanning services and editors."""

from __future__ import annotations

from typing import Any

from brokerlint import __version__
from brokerlint.checking import Check, Confidence, Finding, Severity
from brokerlint.document import dumps
from brokerlint.places import Diagnostic, Place
from brokerlint.report.escape import markdown, terminal, uri
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome, body, first_place

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "note", Severity.INFO: "note"}
_PRECISION = {
    Confidence.CERTAIN: "very-high",
    Confidence.HIGH: "high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}

MOST_RESULTS = 5000
"""Results of one run that GitHub keeps; the worst come first."""

MOST_RELATED = 100
"""Related places of one result that GitHub shows."""


def render(outcome: Outcome) -> str:
    """The log with one run."""
    findings = outcome.worst_first[:MOST_RESULTS]
    rules = {finding.check: finding for finding in findings}
    order = {check: index for index, check in enumerate(sorted(rules))}
    run = {
        "tool": {
            "driver": {
                "name": "brokerlint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [_rule(rules[check], outcome.checks.get(check)) for check in sorted(rules)],
            }
        },
        "columnKind": "utf16CodeUnits",
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": [_notice(item, outcome.lines) for item in outcome.facts.diagnostics],
            }
        ],
        "results": [_result(finding, order[finding.check], outcome.lines) for finding in findings],
    }
    return dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule(finding: Finding, check: type[Check] | Check | None) -> dict[str, Any]:
    """What is told about a check; a finding about a suppression has no check behind it."""
    rule: dict[str, Any] = {
        "id": finding.check,
        "name": "".join(word.capitalize() for word in finding.name.split("-")),
        "shortDescription": {"text": finding.name.replace("-", " ")},
        "defaultConfiguration": {"level": _LEVELS[check.severity if check else finding.severity]},
        "properties": {"tags": ["messaging", "architecture"]},
    }
    if check is not None:
        docs = check.docs()
        sections = "\n\n".join(f"## {heading}\n{text}" for heading, text in docs.sections.items())
        rule["shortDescription"] = {"text": docs.summary}
        rule["fullDescription"] = {"text": docs.summary}
        rule["help"] = {"text": f"{docs.summary}\n\n{sections}", "markdown": f"{docs.summary}\n\n{sections}"}
        rule["properties"]["precision"] = _PRECISION[check.confidence]
        if check.sources:
            rule["helpUri"] = check.sources[0]
    return rule


def _result(finding: Finding, rule: int, lines: SourceLines) -> dict[str, Any]:
    place = first_place(finding)
    text = "\n".join([terminal(finding.message), *(terminal(line) for line in body(finding))])
    result: dict[str, Any] = {
        "ruleId": finding.check,
        "ruleIndex": rule,
        "level": _LEVELS[finding.severity],
        "message": {"text": text, "markdown": "  \n".join(markdown(line) for line in text.split("\n"))},
        "partialFingerprints": {"brokerlint/v1": finding.fingerprint},
        "properties": {"confidence": finding.confidence.word, "channels": list(finding.channels)},
    }
    if place.path:
        result["locations"] = [_location(place, lines)]
    related = [other for other in finding.evidence if other != place and other.path][:MOST_RELATED]
    if related:
        result["relatedLocations"] = [
            {"id": index, **_location(other, lines), "message": {"text": terminal(other.text) or "involved"}}
            for index, other in enumerate(related, start=1)
        ]
    return result


def _location(place: Place, lines: SourceLines) -> dict[str, Any]:
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri(lines.shown(place.path)), "uriBaseId": "%SRCROOT%"}}
    if place.line:
        physical["region"] = {"startLine": place.line, "endLine": place.last}
    return {"physicalLocation": physical}


def _notice(item: Diagnostic, lines: SourceLines) -> dict[str, Any]:
    notice: dict[str, Any] = {"level": "warning", "message": {"text": f"{item.kind}: {terminal(item.message)}"}}
    if item.path:
        notice["locations"] = [_location(Place(item.path, item.line), lines)]
    return notice
