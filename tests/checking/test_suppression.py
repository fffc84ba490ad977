"""Suppressions silence what they name, and are reported when they don't."""

from __future__ import annotations

from datetime import date

import pytest

from brokerlint.checking import Confidence, Finding, Severity, Suppression, suppress
from brokerlint.checking.suppression import complaints
from brokerlint.places import Place

TODAY = date(2026, 11, 25)
HERE = Place("conf.toml", 1)
FOUND = Finding(
    "ARC111", "queue-shared-by-services", Severity.WARNING, Confidence.HIGH, "m", Place("a.py", 10, 12),
    (Place("a.py", 10, 12), Place("b.py", 7)), channels=("sqs:jobs",), services=("a", "b"),
)  # fmt: skip


def silences(**about: object) -> bool:
    about.setdefault("reason", "why")
    kept, _ = suppress([FOUND], [Suppression(HERE, **about)], TODAY)
    return not kept


@pytest.mark.parametrize("word", ["ARC111", "arc111", "ARC", "queue-shared-by-services"])
def test_by_id_prefix_and_name(word: str):
    assert silences(checks=(word,))


def test_another_check_is_not_silenced():
    assert not silences(checks=("SQS101",))


@pytest.mark.parametrize(
    ("scope", "covered"),
    [(Place("a.py", 12), True), (Place("b.py", 7), True), (Place("a.py", 13), False), (Place("c.py", 10), False)],
)
def test_a_comment_silences_what_stands_on_its_lines(scope: Place, covered: bool):
    assert silences(scope=scope) is covered


def test_by_channel_service_and_path():
    assert silences(channel="sqs:*")
    assert not silences(channel="kafka:*")
    assert silences(service="b")
    assert silences(path="b.*")
    assert not silences(channel="sqs:*", service="other")


def test_after_its_last_day_it_counts_no_more():
    assert silences(until=TODAY)
    assert not silences(until=date(2026, 11, 24))


def test_what_silences_nothing_is_told():
    used = Suppression(HERE, ("ARC111",), "why")
    idle, old = Suppression(HERE, ("SQS101",), "why"), Suppression(HERE, ("ARC111",), "why", until=date(2020, 1, 1))
    kept, unused = suppress([FOUND], [used, idle, old], TODAY)
    assert (kept, unused) == ((), (idle, old))
    assert [each.check for each in complaints([used, idle, old], unused, TODAY)] == ["SUP101", "SUP102"]


def test_a_missing_reason_is_told():
    silent = Suppression(HERE, ("ARC111",))
    _, unused = suppress([FOUND], [silent], TODAY)
    assert [each.check for each in complaints([silent], unused, TODAY)] == ["SUP103"]
