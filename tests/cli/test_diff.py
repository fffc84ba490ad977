"""``brokerlint diff`` on documents, directories and revisions of a real repository."""

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

Diff = Callable[..., tuple[int, str, str]]


def git(*arguments: str) -> None:
    identity = ["-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run(["git", *identity, *arguments], check=True, capture_output=True)


@pytest.fixture
def diff(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Diff:
    """Runs ``brokerlint diff`` in a repository whose only commit has one worker."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "billing").mkdir()
    (tmp_path / "billing" / "worker.py").write_text(WORKER.format(queue="orders"))
    git("init", "-q")
    git("add", "-A")
    git("commit", "-q", "-m", "start")

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["diff", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_a_revision_against_the_working_tree(diff: Diff, tmp_path: Path) -> None:
    (tmp_path / "shipping").mkdir()
    (tmp_path / "shipping" / "worker.py").write_text(WORKER.format(queue="orders"))
    code, out, _ = diff("HEAD", "--format", "json")
    consumers = [change for change in json.loads(out)["changes"] if change["what"] == "consumer"]
    assert code == 0
    assert [(c["change"], c["channel"], c["path"], c["line"]) for c in consumers] == [
        ("added", "orders", "shipping/worker.py", 8),
    ]


def test_two_revisions(diff: Diff, tmp_path: Path) -> None:
    (tmp_path / "billing" / "worker.py").write_text(WORKER.format(queue="orders-v2"))
    git("commit", "-q", "-a", "-m", "rename")
    code, out, _ = diff("HEAD~1", "HEAD")
    assert code == 0
    assert "+ sqs queue 'orders-v2' is new" in out
    assert "- sqs queue 'orders' is gone" in out


def test_nothing_changed(diff: Diff) -> None:
    assert diff("HEAD", "HEAD") == (0, "", "")


def test_the_configuration_here_holds_for_both_sides(diff: Diff, tmp_path: Path) -> None:
    (tmp_path / "brokerlint.yaml").write_text("exclude: [billing]\n")
    assert diff("HEAD")[1] == ""


def test_documents(diff: Diff, tmp_path: Path) -> None:
    run(["graph", "--format", "json", "-o", "before.json"])
    (tmp_path / "billing" / "worker.py").write_text("")
    assert "- sqs queue 'orders' is gone" in diff("before.json")[1]


@pytest.mark.parametrize("revision", ["nowhere", "--upload-pack=x", "HEAD:billing", ""])
def test_what_is_no_revision_is_told(diff: Diff, revision: str) -> None:
    code, out, err = diff("--", revision)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_a_filter_of_the_repository_does_not_run(diff: Diff, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    (tmp_path / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    git("add", ".gitattributes")
    git("commit", "-q", "-m", "attributes")
    for key in ("filter.evil.smudge", "filter.evil.clean", "diff.evil.textconv"):
        git("config", key, f"touch {touched}")
    diff("HEAD", "HEAD")
    assert not touched.exists()


@pytest.mark.usefixtures("on_every_queue")
class TestCheckSince:
    """``brokerlint check --diff-base``."""

    def check(self, *arguments: str) -> int:
        return run(["check", "--format", "json", *arguments])

    def test_only_what_the_change_brought_is_shown(
        self, diff: Diff, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "shipping").mkdir()
        (tmp_path / "shipping" / "worker.py").write_text(WORKER.format(queue="parcels"))
        (tmp_path / "billing" / "worker.py").write_text("# moved\n\n\n" + WORKER.format(queue="orders"))
        assert self.check("--diff-base", "HEAD") == 1
        captured = capfd.readouterr()
        assert [finding["path"] for finding in json.loads(captured.out)["findings"]] == ["shipping/worker.py"]
        assert captured.err.endswith("1 known finding is not shown, 0 are gone.\n")

    def test_a_directory_that_is_new_has_only_new_findings(
        self, diff: Diff, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "shipping").mkdir()
        (tmp_path / "shipping" / "worker.py").write_text(WORKER.format(queue="parcels"))
        assert self.check("shipping", "--diff-base", "HEAD") == 1
        assert [finding["path"] for finding in json.loads(capfd.readouterr().out)["findings"]] == ["worker.py"]

    def test_a_path_elsewhere_has_no_revision_here(
        self, diff: Diff, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert self.check("..", "--diff-base", "HEAD") == 2
        assert "lies outside" in capfd.readouterr().err
