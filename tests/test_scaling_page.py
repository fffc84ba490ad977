"""The workflows that SCALING.md shows are valid, and their steps do what the page says."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
FIXTURES = ROOT / "fixtures"


@pytest.fixture(scope="module")
def workflows() -> dict[str, dict[str, Any]]:
    page = (ROOT / "SCALING.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n# \.github/workflows/([\w-]+\.yml)[^\n]*\n(.*?)```", page, re.DOTALL)
    return {name: yaml.safe_load(text) for name, text in blocks}


def steps(workflow: dict[str, Any]) -> list[dict[str, Any]]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def test_there_are_two(workflows: dict[str, dict[str, Any]]) -> None:
    assert set(workflows) == {"messaging-graph.yml", "architecture.yml"}


@pytest.mark.parametrize("name", ["messaging-graph.yml", "architecture.yml"])
def test_each_has_what_a_workflow_needs(workflows: dict[str, dict[str, Any]], name: str) -> None:
    workflow = workflows[name]
    assert set(workflow) - {"env"} == {
        "name",
        True,
        "permissions",
        "jobs",
    }  # YAML takes the key ``on`` for a truth value
    assert workflow["permissions"] == {"contents": "read"}
    for job in workflow["jobs"].values():
        assert job["runs-on"] == "ubuntu-latest"
    for step in steps(workflow):
        assert ("uses" in step) != ("run" in step)
        assert set(step) <= {"name", "uses", "run", "with", "env", "if"}
        assert "uses" not in step or re.fullmatch(r"actions/[\w-]+@v\d+", step["uses"])


def test_the_steps_give_one_picture_of_two_repositories(workflows: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The steps run as they stand, with stand-ins for ``pip`` and ``gh``."""
    tools, store, owner = tmp_path / "bin", tmp_path / "store", "acme"
    tools.mkdir()
    write(tools / "pip", "exit 0")
    write(tools / "brokerlint", f'exec "{sys.executable}" -m brokerlint "$@"')
    write(
        tools / "gh",
        f'if [ "$2" = list ]; then echo "${{4#{owner}/}}"; else mkdir -p "$9"; cp "{store}/$3" "$9/graph.json"; fi',
    )
    store.mkdir()
    names = workflows["architecture.yml"]["env"]["REPOSITORIES"].split()
    for name, fixture in zip(names, ("queue-as-log", "kafka-as-work-queue", "healthy-shop"), strict=True):
        tree = tmp_path / name
        shutil.copytree(FIXTURES / fixture, tree)
        assert [run(step, tree, tools) for step in steps(workflows["messaging-graph.yml"]) if "run" in step] == [0, 0]
        shutil.move(tree / "graph.json", store / name)
    place = tmp_path / "architecture"
    place.mkdir()
    more = {"GITHUB_REPOSITORY_OWNER": owner, "REPOSITORIES": " ".join(names)}
    codes = [run(step, place, tools, **more) for step in steps(workflows["architecture.yml"]) if "run" in step]
    assert codes == [0, 0, 1, 0]
    picture = (place / "topology.html").read_text(encoding="utf-8")
    assert all(f"{name}/" in picture for name in names)


def write(file: Path, text: str) -> None:
    file.write_text(f"#!/bin/bash\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)


def run(step: dict[str, Any], place: Path, tools: Path, **more: str) -> int:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PATH": f"{tools}:{os.environ['PATH']}",
        **more,
    }
    environment.pop("GITHUB_STEP_SUMMARY", None)
    return subprocess.run(["bash", "-e", "-c", step["run"]], cwd=place, env=environment, check=False).returncode
