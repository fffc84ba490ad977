"""What is known, what is new, and what is gone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from brokerlint.baseline import Known, compare, load, render
from brokerlint.checking import Finding, Severity
from brokerlint.confidence import Confidence
from brokerlint.document import DocumentError
from brokerlint.places import Place

KNOWN = '{"schema": "brokerlint/baseline/1", "findings": ['


def finding(check: str = "ARC111", queue: str = "orders", services: tuple[str, ...] = ("billing", "mail")) -> Finding:
    place = Place("billing/app.py", 7)
    message = f"queue '{queue}' is shared"
    about = {"channels": (f"sqs:{queue}",), "services": services}
    return Finding(check, "shared", Severity.WARNING, Confidence.HIGH, message, place, (place,), **about)


def known(*findings: Finding) -> tuple[Known, ...]:
    return tuple(Known.of(item) for item in findings)


def test_what_moved_is_known() -> None:
    moved = replace(finding(), place=Place("billing/app.py", 99), evidence=())
    compared = compare([moved], known(finding()))
    assert (compared.new, compared.known, compared.gone) == ((), 1, ())


def test_what_is_about_something_else_is_new() -> None:
    other = finding(queue="refunds")
    compared = compare([finding(), other], known(finding()))
    assert compared.new == (other,)


def test_what_is_found_no_more_is_gone_and_no_failure() -> None:
    compared = compare([], known(finding()))
    assert (compared.new, [entry.message for entry in compared.gone]) == ((), ["queue 'orders' is shared"])


def test_what_is_left_of_a_larger_finding_is_known() -> None:
    before = finding(services=("billing", "mail", "shop"))
    compared = compare([finding(services=("billing", "mail"))], known(before))
    assert (compared.new, compared.known, compared.gone) == ((), 1, ())


@pytest.mark.parametrize(
    "later",
    [
        finding(services=("billing", "mail", "shop")),
        finding(services=("billing", "shop")),
        finding(check="ARC112", services=("billing",)),
        finding(queue="refunds", services=("billing",)),
    ],
    ids=["one more service", "another service", "another check", "another queue"],
)
def test_what_grew_or_differs_is_new(later: Finding) -> None:
    assert compare([later], known(finding())).new == (later,)


def test_a_finding_in_a_renamed_function_is_known() -> None:
    renamed = replace(finding(), functions=("app.new_name",), services=("mail", "billing"))
    assert renamed.fingerprint != finding().fingerprint
    assert compare([renamed], known(finding())).new == ()


def test_one_entry_covers_one_finding() -> None:
    smaller = finding(services=("billing",))
    assert compare([finding(), smaller], known(finding())).new == (smaller,)


def test_checks_that_did_not_run_leave_their_entries_alone() -> None:
    assert compare([], known(finding()), idle={"ARC111"}).gone == ()


class TestFile:
    def test_it_can_be_read_again(self, tmp_path: Path) -> None:
        path = tmp_path / "known.json"
        path.write_text(render(known(finding(), finding(queue="refunds"))))
        assert set(load(path)) == set(known(finding(), finding(queue="refunds")))

    def test_it_is_sorted_and_knows_no_line(self) -> None:
        findings = [finding(queue=name) for name in ("c", "a", "b")]
        text = render(known(*findings))
        assert text == render(known(*(replace(item, place=Place("billing/app.py", 1)) for item in reversed(findings))))
        assert [entry["message"][7] for entry in json.loads(text)["findings"]] == ["a", "b", "c"]
        assert '"line"' not in text

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ("[]", "no findings document"),
            ('{"schema": "brokerlint/baseline/2", "findings": []}', "was written by another version"),
            ('{"schema": "brokerlint/findings/7", "findings": []}', "was written by another version"),
            ('{"schema": "brokerlint/graph/1", "findings": []}', "no findings document"),
            ('{"schema": "brokerlint/baseline/1", "findings": {}}', "no findings document"),
            (f'{KNOWN}{{"check": "A"}}]}}', r"findings\[0\]\.fingerprint: missing"),
            (f'{KNOWN}{{"fingerprint": "f", "channels": [1]}}]}}', "lists of texts"),
            (f'{KNOWN}{{"fingerprint": "f", "message": 1}}]}}', "are texts"),
        ],
    )
    def test_a_damaged_one_is_told_in_a_sentence(self, tmp_path: Path, content: str, message: str) -> None:
        path = tmp_path / "known.json"
        path.write_text(content)
        with pytest.raises(DocumentError, match=message):
            load(path)
