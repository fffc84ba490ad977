"""From files to a report: what a user sees who runs brokerlint on a tree."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlint.cli import run

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
POLL = """\
import boto3

sqs = boto3.client("sqs")


def main():
    while True:
        {call}
            QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/orders", WaitTimeSeconds=20
        )
        print(batch)


main()
"""
CALL = "batch = sqs.receive_message("

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], on_every_queue: None
) -> Check:
    """Runs ``brokerlint check`` in a directory with one service below ``shop``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.py").write_text(POLL.format(call=CALL))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["check", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def findings(result: tuple[int, str, str]) -> list[tuple[str, str, int]]:
    return [(item["check"], item["path"], item["line"]) for item in json.loads(result[1])["findings"]]


def test_the_source_is_shown_where_the_user_finds_it(check: Check) -> None:
    code, out, err = check("shop")
    assert code == 1
    assert "  --> shop/app.py:8\n   |\n 8 |         batch = sqs.receive_message(\n" in out
    assert err == "1 error in 1 service, 1 channel, 1 endpoint.\n"


def test_documents_keep_paths_relative_to_the_root(check: Check) -> None:
    assert findings(check("shop", "--format", "json")) == [("TST101", "app.py", 8)]
    assert findings(check("--format", "json")) == [("TST101", "shop/app.py", 8)]


def test_annotations_have_paths_of_the_work_tree(check: Check) -> None:
    assert check("shop", "--format", "github")[1].startswith("::error file=shop/app.py,line=8,")


def test_a_comment_silences_a_finding(check: Check, tmp_path: Path) -> None:
    (tmp_path / "shop" / "app.py").write_text(POLL.format(call=f"{CALL}  # brokerlint: ignore[TST101] it is only one"))
    assert check("shop")[:2] == (0, "")


def test_a_comment_above_a_call_silences_it_too(check: Check, tmp_path: Path) -> None:
    comment = "# brokerlint: ignore[on-every-queue] it is only one\n        "
    (tmp_path / "shop" / "app.py").write_text(POLL.format(call=comment + CALL))
    assert check("shop")[:2] == (0, "")


def test_a_comment_that_silences_nothing_is_told(check: Check, tmp_path: Path) -> None:
    code = POLL.format(call=CALL) + "\n\nprint()  # brokerlint: ignore[TST101] old\n"
    (tmp_path / "shop" / "app.py").write_text(code)
    assert findings(check("shop", "--format", "json")) == [("TST101", "app.py", 8), ("SUP101", "app.py", 17)]


def test_a_comment_without_a_reason_is_told(check: Check, tmp_path: Path) -> None:
    (tmp_path / "shop" / "app.py").write_text(POLL.format(call=f"{CALL}  # brokerlint: ignore[TST101]"))
    assert findings(check("shop", "--format", "json")) == [("SUP103", "app.py", 8)]


def test_a_comment_about_a_check_that_did_not_run_is_left_alone(check: Check, tmp_path: Path) -> None:
    (tmp_path / "shop" / "app.py").write_text(POLL.format(call=f"{CALL}  # brokerlint: ignore[TST101] known"))
    assert check("shop", "--ignore", "TST101")[:2] == (0, "")


def test_a_file_that_does_not_parse_is_told_and_the_rest_is_looked_at(check: Check, tmp_path: Path) -> None:
    (tmp_path / "shop" / "broken.py").write_text("import boto3\ndef (:\n")
    code, _, err = check("shop")
    assert code == 1
    assert "warning: broken.py:2: " in err
    assert check("shop", "--strict")[0] == 2


def test_tests_are_kept_apart_unless_asked_for(check: Check, tmp_path: Path) -> None:
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_app.py").write_text(POLL.format(call=CALL).replace("orders", "fake"))
    assert len(findings(check("--format", "json"))) == 1
    assert len(findings(check("--format", "json", "--include", "tests"))) == 2


@pytest.mark.parametrize(
    "arguments", [("graph", "--format", "json"), ("check", "--profile", "ALL", "--format", "json")]
)
def test_two_runs_give_the_same_bytes_whatever_the_hash_seed(arguments: tuple[str, ...]) -> None:
    runs = []
    for seed in ("0", "1"):
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed}
        command = [sys.executable, "-m", "brokerlint", *arguments, str(FIXTURES / "mixed-sqs-kafka")]
        runs.append(subprocess.run(command, capture_output=True, env=environment, check=False).stdout)
    assert runs[0] == runs[1] != b""
