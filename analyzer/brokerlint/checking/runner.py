"""Runs the selected checks over a topology."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from brokerlint.checking.check import Check
from brokerlint.checking.finding import Finding
from brokerlint.checking.registry import Selection
from brokerlint.places import Diagnostic
from brokerlint.topology import Topology


@dataclass(frozen=True, slots=True)
class Result:
    """The findings that are shown, sorted by place; the diagnostics of checks that failed."""

    findings: tuple[Finding, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def run(topology: Topology, selection: Selection) -> Result:
    """The findings of the selected checks. A check that crashes gives a diagnostic; the others still run."""
    findings: list[Finding] = []
    diagnostics = []
    for check in selection.checks:
        try:
            found = list(check.find(topology))
        except Exception as error:  # a fault of one pack must not hide what the others found
            words = f"check {check.id} failed: {type(error).__name__}: {error}"
            diagnostics.append(Diagnostic("crash", "", 0, words))
            continue
        for finding in found:
            settled = in_environment(finding, check, everything=selection.everything)
            if settled is not None and selection.shows(settled, check):
                findings.append(settled)
    return Result(tuple(told_apart(findings)), tuple(diagnostics))


def in_environment(finding: Finding, check: Check, *, everything: bool) -> Finding | None:
    """A production-only check's finding: less sure where the environment is unknown, None in development and tests."""
    if not check.environment_bound or finding.environment == "prod":
        return finding
    if finding.environment in ("dev", "test"):
        return finding if everything else None
    return finding.capped(finding.confidence.lower, "whether this is production is not known")


def told_apart(findings: Iterable[Finding]) -> list[Finding]:
    """Sorted, exact repetitions dropped, and numbered where two would have one fingerprint."""
    result: list[Finding] = []
    seen: dict[str, int] = {}
    for finding in sorted(set(findings), key=Finding.sort_key):
        count = seen.get(finding.fingerprint, 0)
        seen[finding.fingerprint] = count + 1
        result.append(replace(finding, occurrence=count) if count else finding)
    return result
