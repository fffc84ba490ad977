"""A verdict is remembered for as long as it would be the same, and never changes what is said."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from brokerlint import judged
from brokerlint.cache import Store
from brokerlint.checking import Suppression
from brokerlint.config import Config
from brokerlint.facts import Facts
from brokerlint.judged import judged as judge_once
from brokerlint.pipeline import analyse_sources
from brokerlint.places import Diagnostic, Place
from brokerlint.verdict import Verdict, judge

TODAY = date(2030, 1, 2)
POLLER = """
import boto3
sqs = boto3.client("sqs")
while True:
    for message in sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/orders")["Messages"]:
        print(message["Body"])
"""
EVERYTHING = Config(profile="ALL")


@pytest.fixture
def facts() -> Facts:
    return analyse_sources({"app.py": POLLER})


@pytest.fixture
def store(tmp_path: Path) -> Callable[[], Store]:
    """The same place, as each new run opens it."""
    return lambda: Store(tmp_path / "tree", tmp_path / "cache")


@pytest.fixture
def forbidden(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on nothing may be judged anew."""

    def refuse(*_: object) -> Verdict:
        raise AssertionError("judged anew")

    return lambda: monkeypatch.setattr(judged, "judge", refuse)


def test_the_next_run_says_the_same_without_running_a_check(
    facts: Facts, store: Callable[[], Store], forbidden: Callable[[], None]
) -> None:
    first = judge_once(store(), facts, EVERYTHING, today=TODAY)
    forbidden()
    again = judge_once(store(), facts, EVERYTHING, today=TODAY)
    assert first.findings
    assert (again.findings, again.suppressed, again.diagnostics) == (first.findings, first.suppressed, ())
    assert {key: type(check) for key, check in again.checks.items()} == {
        key: type(check) for key, check in first.checks.items()
    }
    with pytest.raises(KeyError):
        again.checks["NONE"]


OTHERS: dict[str, Callable[[Facts], tuple[Facts, Config, tuple[Suppression, ...], date]]] = {
    "other facts": lambda facts: (replace(facts, endpoints=()), EVERYTHING, (), TODAY),
    "other checks": lambda facts: (facts, replace(EVERYTHING, ignore=("SQS",)), (), TODAY),
    "a comment": lambda facts: (facts, EVERYTHING, (Suppression(Place("app.py", 5), reason="known"),), TODAY),
    "another day": lambda facts: (facts, EVERYTHING, (), date(2030, 1, 3)),
}


@pytest.mark.parametrize("what", OTHERS)
def test_anything_else_is_judged_anew(
    what: str, facts: Facts, store: Callable[[], Store], forbidden: Callable[[], None]
) -> None:
    judge_once(store(), facts, EVERYTHING, today=TODAY)
    forbidden()
    with pytest.raises(AssertionError, match="judged anew"):
        judge_once(store(), *OTHERS[what](facts))


def test_other_code_of_the_checks_is_judged_anew(
    facts: Facts, store: Callable[[], Store], forbidden: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    judge_once(store(), facts, EVERYTHING, today=TODAY)
    forbidden()
    monkeypatch.setattr(judged, "installed", lambda: b"another pack")
    with pytest.raises(AssertionError, match="judged anew"):
        judge_once(store(), facts, EVERYTHING, today=TODAY)


def test_a_pack_is_told_by_the_bytes_of_its_modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "housepack").mkdir()
    for name in ("__init__.py", "own.py"):
        (tmp_path / "housepack" / name).write_text("")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("brokerlint.checking.registry.packs", lambda: ("housepack",))
    before = judged.installed()
    (tmp_path / "housepack" / "own.py").write_text("LIMIT = 3\n")
    assert judged.installed() != before
    assert "housepack" not in sys.modules


def test_a_verdict_in_which_a_check_failed_is_not_kept(
    facts: Facts, store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(*given: object) -> Verdict:
        return replace(judge(*given), diagnostics=(Diagnostic("crash", "", 0, "a check failed"),))  # type: ignore[arg-type]

    monkeypatch.setattr(judged, "judge", failing)
    assert judge_once(store(), facts, EVERYTHING, today=TODAY).diagnostics
    monkeypatch.undo()
    assert judge_once(store(), facts, EVERYTHING, today=TODAY).diagnostics == ()


def test_damaged_memories_count_as_none(facts: Facts, tmp_path: Path) -> None:
    class Damaged(Store):
        def get(self, key: bytes) -> bytes:
            return b"\x80\x05N."

    found = judge_once(Damaged(tmp_path / "tree", tmp_path / "cache"), facts, EVERYTHING, today=TODAY)
    assert found.findings == judge_once(None, facts, EVERYTHING, today=TODAY).findings


def test_a_run_without_news_imports_no_parser_no_graph_and_no_check(tmp_path: Path) -> None:
    tree = tmp_path / "shop"
    tree.mkdir()
    (tree / "app.py").write_text(POLLER)
    code = (
        "import sys\nfrom brokerlint.cli import main\n"
        f"sys.argv = ['brokerlint', 'check', {str(tree)!r}, '--profile', 'ALL', '--fail-on', 'never']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('modules:', sorted({'libcst', 'networkx', 'brokerlint_checks'} & set(sys.modules)))\n"
    )
    environment = {
        **os.environ,
        "BROKERLINT_CACHE_DIR": str(tmp_path / "cache"),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    runs = [subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True) for _ in "ab"]
    first, second = (run.stdout.rpartition("modules: ") for run in runs)
    assert first[0] == second[0]
    assert "brokerlint_checks" in first[2]
    assert second[2].strip() == "[]"
