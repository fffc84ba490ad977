"""A small system on disk and findings about it, for every output format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlint.checking import Finding, Fix, Severity
from brokerlint.confidence import Confidence
from brokerlint.facts import Facts, Service, Unresolved
from brokerlint.places import Diagnostic, Place
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome

HOSTILE = "x\n::error file=a::b\r\x1b[31m\x9b2J\u202e\u2028<script>alert(1)</script>]]>`|\"'&%0A\\#;--{}[](@team)"
"""A name that tries to forge lines, colours, markup, entities and mentions."""


@pytest.fixture
def hostile() -> str:
    return HOSTILE


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two services that poll one queue."""
    for service in ("billing", "shipping"):
        (tmp_path / service).mkdir()
    (tmp_path / "billing" / "app.py").write_text(
        'import boto3\n\nsqs = boto3.client("sqs")\n\n\ndef poll():\n'
        "\tbatch = sqs.receive_message(\n\t\tQueueUrl=ORDERS,\n\t\tMaxNumberOfMessages=10,\n\t)\n"
    )
    (tmp_path / "shipping" / "app.py").write_text("for message in queue.receive_messages():\n    ship(message)\n")
    return tmp_path


@pytest.fixture
def shared_queue() -> Finding:
    """Several services on one queue, with everything that a finding can say."""
    return Finding(
        check="ARC111",
        name="queue-shared-by-services",
        severity=Severity.WARNING,
        confidence=Confidence.HIGH,
        message="queue 'orders' is consumed by billing and shipping: each message reaches only one of them",
        place=Place("billing/app.py", 7, 10, "receives from orders"),
        evidence=(
            Place("billing/app.py", 7, 10, "receives from orders"),
            Place("shipping/app.py", 1, 0, "receives from orders"),
            Place("gone.py", 3, 0, "was here"),
        ),
        notes=("the name comes from a default",),
        advice=("publish to an SNS topic with one queue per service",),
        channels=("sqs:orders",),
        services=("billing", "shipping"),
        fix=Fix("one queue for each service", safe=False),
    ).checked("same image and command: no", "disabled mapping: no")


@pytest.fixture
def outcome(tree: Path, shared_queue: Finding) -> Callable[..., Outcome]:
    """Makes an outcome of some findings, by default of the shared queue."""

    def make(*findings: Finding) -> Outcome:
        facts = Facts(
            services=(Service("billing"), Service("shipping")),
            unresolved=(Unresolved(Place("a.py", 1), "kafka", "channel", "read from a database"),),
            diagnostics=(Diagnostic("syntax-error", "broken.py", 3, "does not parse"),),
            stats={"files": 12, "parsed": 2},
        )
        return Outcome(findings or (shared_queue,), facts, SourceLines(tree, tree))

    return make


def finding(index: int, severity: Severity = Severity.ERROR, confidence: Confidence = Confidence.HIGH) -> Finding:
    """One of many findings."""
    place = Place(f"m{index:03}.py", index + 1)
    return Finding("X101", "some-check", severity, confidence, f"finding {index}", place, (place,))


@pytest.fixture
def many() -> Callable[..., tuple[Finding, ...]]:
    """Makes several findings of one severity."""
    return lambda count, severity=Severity.ERROR: tuple(finding(index, severity) for index in range(count))
