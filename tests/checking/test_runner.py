"""Runs: production-only checks, checks that crash, findings that would look the same."""

from __future__ import annotations

from collections.abc import Iterator

from systems import system

from brokerlint.checking import Check, Confidence, Finding, Registry, Severity, run
from brokerlint.places import Place
from brokerlint.topology import Topology


class Told(Check):
    """Summary."""

    id, name = "OPS999", "told"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"default"})
    sources = ()
    environment_bound = True
    findings: tuple[Finding, ...] = ()

    def find(self, topology: Topology) -> Iterator[Finding]:
        yield from self.findings


class Crashes(Check):
    """Summary."""

    id, name = "XXX999", "crashes"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"default"})
    sources = ()

    def find(self, topology: Topology) -> Iterator[Finding]:
        raise ZeroDivisionError("oops")


def told(line: int = 1, environment: str = "prod") -> Finding:
    place = Place("a.py", line)
    return Finding("OPS999", "told", Severity.ERROR, Confidence.CERTAIN, "m", place, (place,), environment=environment)


def shown(*findings: Finding, profile: str = "default") -> tuple[Finding, ...]:
    Told.findings = findings
    return run(system(), Registry([Told]).select(profile=profile)).findings


def test_a_production_check_is_silent_in_development():
    assert shown(told(environment="dev")) == ()
    assert shown(told(environment="test")) == ()
    assert len(shown(told(environment="dev"), profile="ALL")) == 1


def test_a_production_check_is_less_sure_where_the_environment_is_unknown():
    assert [each.confidence for each in shown(told(environment="unknown"))] == [Confidence.HIGH]
    assert [each.confidence for each in shown(told())] == [Confidence.CERTAIN]


def test_a_crash_is_a_diagnostic_and_the_others_run():
    Told.findings = (told(),)
    result = run(system(), Registry([Crashes, Told]).select())
    assert len(result.findings) == 1
    assert [(each.kind, each.message) for each in result.diagnostics] == [
        ("crash", "check XXX999 failed: ZeroDivisionError: oops")
    ]


def test_findings_come_by_place_and_each_has_its_own_fingerprint():
    first, second = shown(told(9), told(2))
    assert (first.place.line, second.place.line) == (2, 9)
    assert first.fingerprint != second.fingerprint


def test_the_same_finding_counts_once():
    assert len(shown(told(), told())) == 1
