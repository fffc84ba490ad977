"""``brokerlint check --fix``: files on disk, streams and exit codes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlint.cli import run

WORKER = """\
import boto3

sqs = boto3.client("sqs")

def main():
    while True:
        answer = sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/orders")
        for message in answer.get("Messages", []):
            print(message["Body"])
            sqs.delete_message(QueueUrl="orders", ReceiptHandle=message["ReceiptHandle"])

main()
"""
FIXED = WORKER.replace('/orders")', '/orders", WaitTimeSeconds=20)')

Check = Callable[..., tuple[int, str, str]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Check:
    """Runs ``brokerlint check --select SQS101`` on one worker."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "worker.py").write_text(WORKER)

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["check", "--select", "SQS101", "--fail-on", "warning:low", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_the_file_is_changed_and_nothing_is_found_any_more(check: Check, tmp_path: Path) -> None:
    assert check()[0] == 1
    code, out, err = check("--fix")
    assert (tmp_path / "shop" / "worker.py").read_text() == FIXED
    assert code == 0
    assert "SQS101" not in out
    assert "1 finding was fixed." in err
    assert [path.name for path in (tmp_path / "shop").iterdir()] == ["worker.py"]


def test_a_patch_is_shown_and_nothing_written(check: Check, tmp_path: Path) -> None:
    code, out, err = check("--fix", "--diff", "shop")
    assert code == 1
    assert out.startswith("--- a/shop/worker.py\n+++ b/shop/worker.py\n@@ ")
    assert out.count("WaitTimeSeconds=20") == 1
    assert "1 finding would be fixed." in err
    assert (tmp_path / "shop" / "worker.py").read_text() == WORKER
    (tmp_path / "shop" / "worker.py").write_text(FIXED)
    assert check("--diff")[:2] == (0, "")


def test_several_trees_are_fixed_together(check: Check, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "worker.py").write_text(WORKER.replace("orders", "mails"))
    assert check("--fix", "shop", "mail")[0] == 0
    assert "WaitTimeSeconds" in (tmp_path / "mail" / "worker.py").read_text()
    assert (tmp_path / "shop" / "worker.py").read_text() == FIXED


def test_a_finding_that_somebody_lives_with_is_not_fixed(check: Check, tmp_path: Path) -> None:
    lived = WORKER.replace('/orders")', '/orders")  # brokerlint: ignore[SQS101] a stub answers at once')
    (tmp_path / "shop" / "worker.py").write_text(lived)
    check("--fix")
    assert (tmp_path / "shop" / "worker.py").read_text() == lived


def test_what_needs_consent_is_told_and_made_with_it(check: Check, tmp_path: Path) -> None:
    path = tmp_path / "shop" / "worker.py"
    path.write_text(WORKER.replace("        for", "        beat()\n        for"))
    code, _, err = check("--fix")
    assert code == 1
    assert "not fixed: shop/worker.py:7: SQS101 short-polling: the loop does other work" in err
    assert "(--unsafe-fixes makes it)" in err
    assert check("--fix", "--unsafe-fixes")[0] == 0
    assert "WaitTimeSeconds=20" in path.read_text()


def test_a_document_has_no_sources_to_fix(check: Check, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(["graph", "shop", "--format", "json", "-o", "shop.json"])
    _, _, err = check("--fix", "shop.json")
    assert "its source is not among the files given" in err


def test_consent_alone_asks_for_nothing(check: Check) -> None:
    code, out, err = check("--unsafe-fixes")
    assert (code, out) == (2, "")
    assert "--unsafe-fixes needs --fix or --diff" in err
