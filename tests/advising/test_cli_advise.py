"""``brokerlint advise``: streams, exit codes, one line for every mistake, and the interview."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from exchanges import email_jobs, exchange, thumbnails

from brokerlint.cli import run
from brokerlint.config import load
from brokerlint.document import dumps, to_document


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Brokerlint = Callable[..., Done]


@pytest.fixture
def brokerlint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Brokerlint:
    """Runs the command line in a directory with two graph documents; ``typed`` is what the user answers."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "jobs.json").write_text(dumps(to_document(email_jobs().facts)))
    (tmp_path / "queue.json").write_text(dumps(to_document(thumbnails().facts)))
    (tmp_path / "empty.json").write_text(dumps(to_document(exchange().facts)))

    def call(*arguments: str, typed: str = "") -> Done:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = run(("advise", *arguments))
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return call


class TestAdvice:
    def test_advice_is_no_finding(self, brokerlint: Brokerlint) -> None:
        done = brokerlint("jobs.json")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith("consider")

    def test_several_documents_are_one_system(self, brokerlint: Brokerlint) -> None:
        made = json.loads(brokerlint("jobs.json", "queue.json", "--format", "json").out)
        assert [item["channel"] for item in made["channels"]] == ["kafka:email-jobs", "sqs:thumbnails"]

    @pytest.mark.parametrize("pattern", ["sqs:thumbnails", "thumb*", "sqs:*", "thumbnails"])
    def test_channels_are_chosen_by_id_name_or_pattern(self, brokerlint: Brokerlint, pattern: str) -> None:
        made = json.loads(brokerlint("jobs.json", "queue.json", "--format", "json", "--channel", pattern).out)
        assert [item["channel"] for item in made["channels"]] == ["sqs:thumbnails"]

    def test_cost_is_told_on_demand_and_old_prices_are_warned_about(self, brokerlint: Brokerlint) -> None:
        done = brokerlint("jobs.json", "--cost")
        assert "cost       US dollars a month in us-east-1" in done.out
        assert done.err.count("\n") == 1
        assert "prices used are old" in done.err

    def test_a_price_table_replaces_prices(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        (tmp_path / "p.yaml").write_text("region: eu-west-1\nprices: {sqs_standard_requests: 4}\n")
        done = brokerlint("jobs.json", "--prices", "p.yaml")
        assert "US dollars a month in eu-west-1" in done.out
        assert "$0.00 plus $1.20 to $12 for each million messages" in done.out

    def test_an_empty_system_says_so(self, brokerlint: Brokerlint) -> None:
        assert brokerlint("empty.json").out == "no channels to advise on\n"


class TestMistakes:
    def one_line(self, done: Done, *parts: str) -> None:
        assert done.code == 2
        assert done.out == ""
        assert done.err.count("\n") == 1
        assert done.err.startswith("brokerlint: error: ")
        for part in parts:
            assert part in done.err

    def test_a_pattern_that_matches_nothing(self, brokerlint: Brokerlint) -> None:
        self.one_line(brokerlint("jobs.json", "--channel", "email-job"), "'email-job'", "nearest is 'kafka:email-jobs'")
        self.one_line(brokerlint("empty.json", "--channel", "x"), "no channels were found at all")

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("prices: {sqs_standard_requests: -1}", "p.yaml: prices.sqs_standard_requests: expected an amount"),
            ("prices: {sqs_requests: 1}", "unknown key 'sqs_requests'; did you mean"),
            ("prices: {msk_storage: a lot}", "p.yaml: prices.msk_storage: expected an amount"),
        ],
    )
    def test_a_broken_price_table(self, brokerlint: Brokerlint, tmp_path: Path, text: str, part: str) -> None:
        (tmp_path / "p.yaml").write_text(text)
        self.one_line(brokerlint("jobs.json", "--prices", "p.yaml"), part)

    @pytest.mark.parametrize(
        ("text", "part"),
        [
            ("needs: {volumes: 3}", "did you mean 'volume'"),
            ("needs: {volume: -3}", "needs.volume: expected an amount such as '200/s'"),
            ("needs: {message_size: big}", "needs.message_size: expected an amount such as '20KiB'"),
            ("needs: {stream_processing: often}", "needs.stream_processing: expected true or false"),
        ],
    )
    def test_a_broken_declaration(self, brokerlint: Brokerlint, tmp_path: Path, text: str, part: str) -> None:
        (tmp_path / "brokerlint.yaml").write_text(f"channels:\n- match: 'kafka:*'\n  {text}\n")
        self.one_line(brokerlint("jobs.json"), "brokerlint.yaml", part)

    def test_a_price_table_that_is_not_there(self, brokerlint: Brokerlint) -> None:
        self.one_line(brokerlint("jobs.json", "--prices", "none.yaml"), "none.yaml: cannot be read")


class TestInterview:
    def test_answers_are_written_and_count_at_once(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        before = json.loads(brokerlint("jobs.json", "--format", "json").out)["channels"][0]
        assert before["verdict"] == "consider"
        first = before["open_questions"]
        assert first, "there is something to ask"
        (tmp_path / "brokerlint.yaml").write_text("world: open\n")
        done = brokerlint("jobs.json", "--format", "json", "--interactive", typed="yes\n" + "\n" * 30)
        after = json.loads(done.out)["channels"][0]
        assert load(tmp_path / "brokerlint.yaml").declarations().of("kafka:email-jobs").needs == {"replay": True}
        assert after["verdict"] == "keep"
        assert after["used_as"] == "replayable-log"

    def test_an_answer_that_is_not_understood_is_asked_again(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text("world: open\n")
        done = brokerlint("jobs.json", "--interactive", typed="perhaps\nno\n" + "\n" * 30)
        assert "not understood: needs.replay takes true or false" in done.err
        assert load(tmp_path / "brokerlint.yaml").declarations().of("kafka:email-jobs").needs == {"replay": False}

    def test_without_a_configuration_one_is_made(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        asked = json.loads(brokerlint("queue.json", "--format", "json").out)["channels"][0]["open_questions"]
        before = next(number for number, text in enumerate(asked) if "needs.ordering" in text)
        done = brokerlint("queue.json", "--interactive", typed="\n" * before + "per-key\nq\n")
        assert "wrote the answers to brokerlint.yaml" in done.err
        assert load(tmp_path / "brokerlint.yaml").declarations().of("sqs:thumbnails").needs == {"ordering": "per-key"}
        assert done.out.startswith("change"), "a standard queue keeps no order"

    def test_what_only_the_cost_needs_is_asked_only_for_a_cost(self, brokerlint: Brokerlint) -> None:
        plain = brokerlint("queue.json", "--interactive", typed="\n" * 30).err
        priced = brokerlint("queue.json", "--interactive", "--cost", typed="\n" * 30).err
        assert "How large are the messages?" not in plain
        assert "How large are the messages?" in priced

    def test_no_answer_changes_no_file(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        done = brokerlint("jobs.json", "--interactive", typed="\n" * 30)
        assert done.code == 0
        assert not (tmp_path / "brokerlint.yaml").exists()

    def test_input_that_ends_is_an_interruption(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        done = brokerlint("jobs.json", "--interactive", typed="")
        assert done.code == 130
        assert not (tmp_path / "brokerlint.yaml").exists()
