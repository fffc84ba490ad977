"""Checks are chosen by id, name, prefix and profile; what is not known is an error that names the nearest."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from brokerlint.checking import Check, Confidence, Finding, Registry, Severity, UnknownCheckError
from brokerlint.checking.registry import load
from brokerlint.topology import Topology


def make(
    check_id: str, check_name: str, *profiles: str, severity_: Severity = Severity.ERROR, **about: object
) -> type[Check]:
    class Made(Check):
        """Summary."""

        id, name = check_id, check_name
        severity, confidence = severity_, Confidence.HIGH
        sources = ("https://example.org",)

        def find(self, topology: Topology) -> Iterator[Finding]:
            yield from ()

    Made.profiles = frozenset(profiles)
    for key, value in about.items():
        setattr(Made, key, value)
    return Made


REGISTRY = Registry(
    [
        make("ARC101", "log-used-as-work-queue", "default", "advisory", severity_=Severity.ADVICE, headline=True),
        make("ARC111", "queue-shared-by-services", "default"),
        make("SQS101", "short-polling", "strict"),
        make("OPS104", "lag-unmonitored", "advisory", shows_low=True),
    ]
)


def ids(**words: object) -> list[str]:
    return [check.id for check in REGISTRY.select(**words).checks]


def test_profiles():
    assert ids() == ["ARC101", "ARC111"]
    assert ids(profile="strict") == ["ARC101", "ARC111", "SQS101"]
    assert ids(profile="advisory") == ["ARC101", "ARC111", "OPS104"]
    assert ids(profile="ALL") == ["ARC101", "ARC111", "OPS104", "SQS101"]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["SQS101"], ["SQS101"]),
        (["sqs101"], ["SQS101"]),
        (["short-polling"], ["SQS101"]),
        (["ARC1"], ["ARC101", "ARC111"]),
        (["ALL"], ["ARC101", "ARC111", "OPS104", "SQS101"]),
    ],
)
def test_select_replaces_the_profile(words: list[str], wanted: list[str]):
    assert ids(select=words) == wanted


def test_extend_adds_and_ignore_takes_away():
    assert ids(extend=["SQS"], ignore=["ARC111"]) == ["ARC101", "SQS101"]


@pytest.mark.parametrize(
    ("word", "near"),
    [("ARC11l", "ARC111"), ("queue-shared-by-service", "queue-shared-by-services"), ("SQS999", "SQS101")],
)
def test_an_unknown_word_names_the_nearest(word: str, near: str):
    with pytest.raises(UnknownCheckError, match=f"did you mean '{near}'"):
        REGISTRY.select(ignore=[word])


def test_an_unknown_profile_is_an_error():
    with pytest.raises(UnknownCheckError, match="did you mean 'strict'"):
        REGISTRY.select(profile="stric")


def test_two_checks_may_not_share_an_id():
    with pytest.raises(ValueError, match="ARC101"):
        Registry([make("ARC101", "one"), make("ARC101", "two")])


def shown(check_id: str, confidence: Confidence, severity: Severity = Severity.ERROR, **words: object) -> bool:
    selection = REGISTRY.select(**words)
    check = next(check for check in selection.checks if check.id == check_id)
    return selection.shows(Finding(check.id, check.name, severity, confidence, "m"), check)


def test_a_profile_shows_from_medium_up():
    assert shown("ARC111", Confidence.MEDIUM)
    assert not shown("ARC111", Confidence.LOW)


def test_a_named_check_shows_everything_unless_told_otherwise():
    assert shown("ARC111", Confidence.LOW, select=["ARC111"])
    assert not shown("ARC111", Confidence.LOW, select=["ARC111"], minimum=Confidence.HIGH)


def test_low_is_shown_where_the_check_says_so_in_its_own_profile():
    assert shown("OPS104", Confidence.LOW, profile="advisory")
    assert not shown("ARC111", Confidence.LOW, profile="advisory")


def test_the_default_profile_shows_no_advice_but_the_headline():
    assert not shown("ARC111", Confidence.HIGH, Severity.ADVICE)
    assert shown("ARC101", Confidence.MEDIUM, Severity.ADVICE)
    assert shown("ARC111", Confidence.HIGH, Severity.ADVICE, profile="strict")


def test_the_built_in_pack_is_loaded():
    assert load().get("queue-shared-by-services").id == "ARC111"
