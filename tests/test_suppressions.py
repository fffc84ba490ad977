"""Suppression comments: how they are written and which line they speak for."""

from __future__ import annotations

from datetime import date

import pytest

from brokerlint.places import Place
from brokerlint.suppressions import Ignore, find_suppressions, parse_ignore


@pytest.mark.parametrize(
    ("words", "meaning"),
    [
        ("ignore[ARC111] tenants are isolated", Ignore(("ARC111",), "tenants are isolated")),
        ("ignore[ARC111, queue-without-dlq] -- known", Ignore(("ARC111", "queue-without-dlq"), "known")),
        ("ignore", Ignore(())),
        ("ignore: the whole line", Ignore((), "the whole line")),
        ("ignore[SQS1] until=2027-01-31 blue/green", Ignore(("SQS1",), "blue/green", date(2027, 1, 31))),
        ("ignore[SQS1] migration, until=2027-01-31", Ignore(("SQS1",), "migration", date(2027, 1, 31))),
        ("ignore[SQS1] until=soon", Ignore(("SQS1",), "", None, "soon")),
        ("ignored by everybody", None),
        ("channel needs=replay", None),
    ],
)
def test_what_the_words_mean(words: str, meaning: Ignore | None) -> None:
    assert parse_ignore(words) == meaning


def test_a_comment_speaks_for_its_own_line() -> None:
    (suppression,), wrong = find_suppressions("a.py", "x = 1\nsend(x)  # brokerlint: ignore[ARC112] isolated\n")
    assert suppression.scope == Place("a.py", 2, 2)
    assert suppression.reason == "isolated"
    assert wrong == ()


def test_a_comment_alone_speaks_for_the_next_line_of_code() -> None:
    text = "# brokerlint: ignore[ARC112] isolated\n\n# why: see the wiki\nsend(x)\n"
    (suppression,), _ = find_suppressions("a.py", text)
    assert suppression.scope == Place("a.py", 1, 4)
    assert suppression.place == Place("a.py", 1)


def test_a_comment_on_the_last_line_speaks_for_itself() -> None:
    (suppression,), _ = find_suppressions("a.py", "send(x)\n# brokerlint: ignore[ARC112] isolated")
    assert suppression.scope == Place("a.py", 2, 2)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_kind_of_newline_counts_as_one_line(newline: str) -> None:
    text = newline.join(["a = '\x0c'", "b = 1", "send(a)  # brokerlint: ignore[ARC112] isolated", ""])
    assert find_suppressions("a.py", text)[0][0].place.line == 3


def test_manifests_have_them_too() -> None:
    text = "services:\n  worker:  # brokerlint: ignore[SQS201] drained by hand\n"
    assert find_suppressions("compose.yml", text)[0][0].checks == ("SQS201",)


def test_a_date_that_is_none_is_told() -> None:
    _, (wrong,) = find_suppressions("a.py", "send(x)  # brokerlint: ignore[ARC112] until=31.1.2027 moved\n")
    assert (wrong.path, wrong.line) == ("a.py", 1)
    assert "until=31.1.2027 is no date" in wrong.message


def test_other_comments_are_left_alone() -> None:
    assert find_suppressions("a.py", "# noqa: E501\n# ignore[ARC111]\n# brokerlint: channel role=event\n") == ((), ())


def test_a_long_line_takes_no_long_time() -> None:
    find_suppressions("a.py", "# brokerlint: ignore[" + "[" * 200_000 + "\n" + "# brokerlint:" * 50_000)
