"""A check that is easy to foresee, instead of the installed ones."""

from __future__ import annotations

import pytest

from brokerlint.checking import Check, Confidence, Registry, Severity


class OnEveryQueue(Check):
    """Reports each queue.

    ## What it finds
    Every queue.
    ## Why it is bad
    It is not.
    ## When it is fine
    Always.
    """

    id, name = "TST101", "on-every-queue"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    sources = ("https://example.org/queues",)

    def find(self, topology):  # type: ignore[no-untyped-def]
        for queue in topology.channels(kind="queue"):
            yield self.finding(f"{queue} is a queue", queue).at(*queue.consumers())


@pytest.fixture
def on_every_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only ``OnEveryQueue`` is installed."""
    monkeypatch.setattr("brokerlint.checking.registry.load", lambda: Registry([OnEveryQueue]))
