"""Findings for people."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from brokerlint.checking import Finding
from brokerlint.facts import Facts
from brokerlint.places import Place
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome
from brokerlint.report.text import MOST_PLACES, render, summary


def test_a_finding_shows_the_source_of_everybody_involved(outcome: Callable[..., Outcome]) -> None:
    assert render(outcome()) == (
        "warning[ARC111] queue-shared-by-services: queue 'orders' is consumed by billing and shipping: "
        "each message reaches only one of them (high confidence)\n"
        "  --> billing/app.py:7\n"
        "   |\n"
        " 7 |     batch = sqs.receive_message(\n"
        "   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ receives from orders\n"
        " 8 |         QueueUrl=ORDERS,\n"
        " 9 |         MaxNumberOfMessages=10,\n"
        "10 |     )\n"
        "  ::: shipping/app.py:1\n"
        "   |\n"
        " 1 | for message in queue.receive_messages():\n"
        "   | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ receives from orders\n"
        "  ::: gone.py:3: was here\n"
        "   = not surer because the name comes from a default\n"
        "   = looked for: same image and command: no; disabled mapping: no\n"
        "   = do: publish to an SNS topic with one queue per service\n"
        "   = fix (changes behaviour): one queue for each service\n"
        "   = more: brokerlint explain ARC111\n"
        "\n"
    )


def test_a_long_call_is_cut(tree: Path, shared_queue: Finding) -> None:
    (tree / "long.py").write_text("send(\n" + "    x,\n" * 20 + ")\n")
    place = Place("long.py", 1, 22, "sends")
    text = render(Outcome((replace(shared_queue, evidence=(place,)),), Facts(), SourceLines(tree, tree)))
    assert " 1 | send(\n   | ^^^^^ sends\n 2 |     x,\n 3 |     x,\n 4 |     x,\n   | …\n" in text


def test_without_findings_there_is_nothing_to_print() -> None:
    assert render(Outcome(())) == ""


def test_many_places_are_listed_after_the_first_ones(outcome: Callable[..., Outcome], shared_queue: Finding) -> None:
    places = tuple(Place(f"s{index}.py", 1) for index in range(MOST_PLACES + 2))
    text = render(outcome(replace(shared_queue, evidence=places)))
    assert text.count(":::") == MOST_PLACES - 1
    assert "and s8.py:1, s9.py:1\n" in text


def test_colour_only_when_asked_for(outcome: Callable[..., Outcome]) -> None:
    assert "\x1b[" not in render(outcome())
    assert "\x1b[33m" in render(outcome(), color=True)


def test_a_finding_without_a_place_is_shown(outcome: Callable[..., Outcome], shared_queue: Finding) -> None:
    text = render(outcome(replace(shared_queue, place=None, evidence=())))
    assert "-->" not in text
    assert text.startswith("warning[ARC111]")


def test_paths_are_told_as_the_user_sees_them(tree: Path, shared_queue: Finding) -> None:
    text = render(Outcome((shared_queue,), Facts(), SourceLines(tree, tree.parent)))
    assert f"--> {tree.name}/billing/app.py:7\n" in text


def test_secrets_are_not_repeated(tree: Path, shared_queue: Finding) -> None:
    (tree / "conf.py").write_text("conf = {'sasl.password': 'hunter2', 'url': 'kafka://u:hunter2@host'}\n")
    place = Place("conf.py", 1)
    text = render(Outcome((replace(shared_queue, place=place, evidence=(place,)),), Facts(), SourceLines(tree, tree)))
    assert "'sasl.password': '***'" in text
    assert "hunter2" not in text


def test_nothing_outside_of_the_tree_is_shown(tree: Path, shared_queue: Finding) -> None:
    (tree / "key").write_text("top secret\n")
    place = Place("../key", 1, 0, "here")
    lines = SourceLines(tree / "billing", tree / "billing")
    text = render(Outcome((replace(shared_queue, place=place, evidence=(place,)),), Facts(), lines))
    assert "top secret" not in text
    assert "--> ../key:1: here" in text


def test_a_line_of_source_is_cut_when_it_is_very_long(tree: Path, shared_queue: Finding) -> None:
    (tree / "long.py").write_text("x = '" + "y" * 10_000 + "'\n")
    place = Place("long.py", 1)
    text = render(Outcome((replace(shared_queue, place=place, evidence=(place,)),), Facts(), SourceLines(tree, tree)))
    assert max(map(len, text.splitlines())) < 250


def test_the_summary_tells_what_was_looked_at(outcome: Callable[..., Outcome]) -> None:
    assert summary(outcome()) == (
        "1 warning in 2 services, 0 channels, 0 endpoints; 1 name unresolved (brokerlint graph shows where)."
    )
    assert summary(Outcome(())) == "No findings in 0 services, 0 channels, 0 endpoints."
