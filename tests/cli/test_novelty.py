"""Only what is new: baselines that are written and pruned, and findings in changed files."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlint.cli import run

WORKER = """\
import boto3

sqs = boto3.client("sqs")


def main():
    while True:
        batch = sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/{queue}")
        for message in batch.get("Messages", []):
            print(message)


if __name__ == "__main__":
    main()
"""

Check = Callable[..., tuple[int, list[str], str]]


def worker(root: Path, service: str, queue: str, head: str = "") -> None:
    (root / service).mkdir(exist_ok=True)
    (root / service / "worker.py").write_text(head + WORKER.format(queue=queue))


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], on_every_queue: None
) -> Check:
    """Runs ``brokerlint check`` on one worker; gives the exit code, the queues of the findings and standard error."""
    monkeypatch.chdir(tmp_path)
    worker(tmp_path, "billing", "orders")

    def call(*arguments: str) -> tuple[int, list[str], str]:
        code = run(["check", "--format", "json", *arguments])
        captured = capfd.readouterr()
        found = json.loads(captured.out)["findings"] if captured.out else []
        return code, [channel.partition(":")[2] for finding in found for channel in finding["channels"]], captured.err

    return call


def test_a_written_baseline_silences_what_it_knows(check: Check, tmp_path: Path) -> None:
    code, found, err = check("--write-baseline", "known.json")
    assert (code, found) == (0, [])
    assert err.splitlines()[0] == "1 finding written to known.json."
    worker(tmp_path, "billing", "orders", head="# moved\n\n\n")
    assert check("--baseline", "known.json")[:2] == (0, [])
    worker(tmp_path, "shipping", "parcels")
    assert check("--baseline", "known.json")[:2] == (1, ["parcels"])


def test_it_stays_the_same_when_only_lines_move(check: Check, tmp_path: Path) -> None:
    check("--write-baseline", "known.json")
    before = (tmp_path / "known.json").read_text()
    worker(tmp_path, "billing", "orders", head="# moved\n")
    check("--write-baseline", "known.json")
    assert (tmp_path / "known.json").read_text() == before


def test_what_is_gone_is_told_and_pruned_on_request(check: Check, tmp_path: Path) -> None:
    worker(tmp_path, "shipping", "parcels")
    check("--write-baseline", "known.json")
    worker(tmp_path, "shipping", "letters")
    code, found, err = check("--baseline", "known.json")
    assert (code, found) == (1, ["letters"])
    assert "gone: TST101 queue 'parcels' is a queue (shipping/worker.py)\n1 known finding is not shown, 1 is" in err
    before = (tmp_path / "known.json").read_text()
    assert "parcels" in before
    check("--baseline", "known.json", "--prune-baseline")
    after = json.loads((tmp_path / "known.json").read_text())
    assert [entry["channels"] for entry in after["findings"]] == [["sqs:orders"]]


def test_pruning_needs_a_baseline(check: Check) -> None:
    code, found, err = check("--prune-baseline")
    assert (code, found, err) == (2, [], "brokerlint: error: --prune-baseline needs --baseline FILE\n")


def test_changed_shows_what_differs_from_the_last_commit(check: Check, tmp_path: Path) -> None:
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "start")
    assert check("--changed")[:2] == (0, [])
    worker(tmp_path, "shipping", "parcels")
    code, found, err = check("--changed")
    assert (code, found) == (1, ["parcels"])
    assert err.endswith("1 finding is in files that are not changed.\n")
    git("add", "-A")
    assert check("--changed")[1] == ["parcels"], "staged is changed"
    worker(tmp_path, "billing", "orders", head="\n")
    assert check("--changed", "billing")[1] == ["orders"]


def test_before_the_first_commit_everything_is_changed(check: Check) -> None:
    git("init", "-q")
    git("add", "-A")
    assert check("--changed")[1] == ["orders"]


def test_without_git_nothing_can_be_called_changed(check: Check) -> None:
    code, found, err = check("--changed")
    assert (code, found, err) == (2, [], "brokerlint: error: --changed: there is no git repository here\n")
