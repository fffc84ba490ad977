"""Asks one check about a system."""

from __future__ import annotations

import brokerlint_checks
from brokerlint.checking import Finding, Registry
from brokerlint.checking.registry import checks_in
from brokerlint.topology import Topology

REGISTRY = Registry(checks_in(brokerlint_checks))


def ask(check_id: str, topology: Topology) -> tuple[Finding, ...]:
    """Everything that the check says, whatever its confidence."""
    return tuple(REGISTRY.get(check_id).find(topology))


def levels(check_id: str, topology: Topology) -> list[tuple[str, str]]:
    """Severity and confidence of each finding."""
    return [(finding.severity.value, finding.confidence.word) for finding in ask(check_id, topology)]
