"""The steps of the GitHub Action, run by bash as a runner does, with git's real work and a stand-in for ``gh``."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"] if "name" in step}

MAIL = """import boto3

boto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/orders")
"""
COMPOSE = "services:\n  mail: {build: ./mail, command: python main.py}\n"

GH = """#!{python}
import json, os, sys
arguments, place = sys.argv[1:], {place!r}
comments = json.load(open(place)) if os.path.exists(place) else []
fields = [arguments[i + 1] for i, one in enumerate(arguments) if one == "-F"]
if not fields:  # what --jq gives for the comments that begin with the mark
    print("\\n".join(str(number) for number, text in enumerate(comments, 1) if text.startswith("<!-- brokerlint")))
    sys.exit()
text = open(fields[0].removeprefix("body=@")).read()
if "PATCH" in arguments:
    comments[int(arguments[arguments.index("PATCH") + 1].rpartition("/")[2]) - 1] = text
else:
    comments.append(text)
json.dump(comments, open(place, "w"))
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="a runner's steps are bash")


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


class Runner:
    """A pull request in a clone of depth 1, and the environment that steps see."""

    def __init__(self, place: Path) -> None:
        self.origin, self.clone, self.temp = place / "origin", place / "clone", place / "temp"
        tools = self.temp / "brokerlint/bin"
        for folder in (self.origin / "mail", tools):
            folder.mkdir(parents=True)
        (tools / "brokerlint").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m brokerlint "$@"\n')
        (tools / "gh").write_text(GH.format(python=sys.executable, place=str(place / "comments.json")))
        for tool in tools.iterdir():
            tool.chmod(0o755)
        self.path = f"{tools}:{os.environ['PATH']}"
        self._comments = place / "comments.json"
        git(self.origin, "init", "-q", "-b", "main")
        git(self.origin, "config", "uploadpack.allowAnySHA1InWant", "true")
        (self.origin / "docker-compose.yml").write_text(COMPOSE)
        (self.origin / "mail/main.py").write_text(MAIL)
        git(self.origin, "add", ".")
        git(self.origin, "commit", "-qm", "mail")
        self.base = git(self.origin, "rev-parse", "HEAD")

    def propose(self, change: Callable[[Path], Any]) -> None:
        """Commit ``change`` and check it out as actions/checkout does."""
        change(self.origin)
        git(self.origin, "add", ".")
        git(self.origin, "commit", "-qm", "change")
        shutil.rmtree(self.clone, ignore_errors=True)
        git(self.origin, "clone", "-q", "--depth=1", self.origin.as_uri(), str(self.clone))

    def run(self, name: str, **given: str) -> subprocess.CompletedProcess[str]:
        """Run a step. ``given`` are the values of the expressions in its environment."""
        step = STEPS[name]
        assert set(step["env"]) <= {"GH_TOKEN", *given}
        environment = {**os.environ, **given, "PATH": self.path, "RUNNER_TEMP": str(self.temp)}
        environment |= {"GITHUB_OUTPUT": str(self.temp / "output"), "GITHUB_STEP_SUMMARY": str(self.temp / "summary")}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
            cwd=self.clone,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def comment(self) -> list[str]:
        """Run the step that comments; all comments of the pull request after it."""
        done = self.run("Comment", REPOSITORY="acme/shop", BASE=self.base, NUMBER="7")
        assert done.returncode == 0, done.stderr
        return list(json.loads(self._comments.read_text())) if self._comments.exists() else []


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    return Runner(tmp_path)


def second_consumer(tree: Path) -> None:
    (tree / "billing").mkdir()
    (tree / "billing/main.py").write_text(MAIL + "print('billed')\n")
    (tree / "docker-compose.yml").write_text(COMPOSE + "  billing: {build: ./billing, command: python main.py}\n")


def test_a_change_of_the_topology_is_one_comment_that_is_kept_up_to_date(runner: Runner) -> None:
    runner.propose(second_consumer)
    [first] = runner.comment()
    assert first.startswith("<!-- brokerlint topology -->")
    assert "billing" in first
    assert "```mermaid" in first

    runner.propose(lambda tree: (tree / "billing/main.py").write_text(MAIL.replace("orders", "invoices")))
    [second] = runner.comment()
    assert "invoices" in second
    assert second != first


def test_a_change_of_anything_else_makes_no_comment(runner: Runner) -> None:
    runner.propose(lambda tree: (tree / "mail/README.md").write_text("mail\n"))
    assert runner.comment() == []


def test_findings_are_annotations_a_summary_and_sarif(runner: Runner) -> None:
    runner.propose(second_consumer)
    done = runner.run("Check", PATHS=".\n", ARGUMENTS="--profile=strict\n--fail-on=warning:low\n", SARIF="true")
    assert done.returncode == 1
    assert "::warning" in done.stdout
    assert "orders" in (runner.temp / "summary").read_text()
    assert json.loads((runner.temp / "brokerlint.sarif").read_text())["runs"][0]["results"]
    assert (runner.temp / "output").read_text() == "sarif=written\n"


def test_an_argument_for_each_line_and_none_for_blank_ones(runner: Runner) -> None:
    runner.propose(second_consumer)
    done = runner.run("Check", PATHS="mail\n\nbilling", ARGUMENTS="", SARIF="false")
    assert "in 2 services, 1 channel, 2 endpoints" in done.stderr
    assert not (runner.temp / "brokerlint.sarif").exists()
