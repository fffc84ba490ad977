"""Findings as JUnit XML: every finding a failed test case; one passed case where nothing was found."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Finding
from brokerlint.report.escape import xml
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome, body, first_place


def render(outcome: Outcome) -> str:
    """One test suite."""
    findings = outcome.findings
    cases = "".join(f"    {line}\n" for finding in findings for line in _case(finding, outcome.lines))
    if not findings:
        cases = '    <testcase classname="brokerlint" name="check"/>\n'
    total = max(len(findings), 1)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n'
        f'  <testsuite name="brokerlint" tests="{total}" failures="{len(findings)}" errors="0" skipped="0">\n'
        f"{cases}  </testsuite>\n</testsuites>\n"
    )


def _case(finding: Finding, lines: SourceLines) -> Iterator[str]:
    place = first_place(finding)
    path = lines.shown(place.path)
    where = f"{path}:{place.line}" if place.line else path
    others = [f"also {lines.shown(p.path)}:{p.line} {p.text}".rstrip() for p in finding.evidence if p != place]
    text = "\n".join([f"{where}: {finding.message}", *others, *body(finding)])
    at = f'file="{xml(path)}" line="{place.line}"'
    yield f'<testcase classname="{xml(finding.check)}" name="{xml(f"{finding.name} {where}")}" {at}>'
    yield f'  <failure type="{finding.severity.value}" message="{xml(finding.message)}">{xml(text)}</failure>'
    yield "</testcase>"
