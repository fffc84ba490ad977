"""What the paths on the command line mean: trees, files, documents, and the configuration that holds for them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

import click
import pytest

from brokerlint.cli.inputs import gather
from brokerlint.cli.progress import Progress
from brokerlint.document import dumps, to_document
from brokerlint.facts import ChannelName, Endpoint, Facts, Name, Service
from brokerlint.places import Place


@dataclass(frozen=True)
class Options:
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    libraries: tuple[object, ...] = ()
    executor: object = None
    texts: Mapping[str, bytes] = field(default_factory=dict)
    store: object = None


@dataclass
class Engine:
    """Stands for the pipeline: every Python file below a root polls a queue."""

    calls: list[tuple[Path, Options]] = field(default_factory=list)

    def analyse(self, root: Path, options: Options, progress: Callable[[str, int, int], None]) -> Facts:
        self.calls.append((root, options))
        progress("reading", 1, 2)
        queue = (ChannelName("sqs", Name("exact", "orders", origin="literal")),)
        paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py"))
        endpoints = (
            Endpoint(path, Place(path, 1), "f", "sqs", "consume", "boto3", "receive_message", queue) for path in paths
        )
        return Facts((Service("app"),), endpoints=tuple(endpoints))


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    for path in ("a/x.py", "a/y.py", "b/x.py"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    module, engine = ModuleType("pipeline"), Engine()
    module.analyse, module.Options = engine.analyse, Options  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "brokerlint.pipeline", module)
    return engine


def places(*paths: str) -> list[str]:
    facts = gather([Path(path) for path in paths], None, (), {}).facts
    return [endpoint.place.path for endpoint in facts.endpoints]


def test_one_directory_is_the_root(engine: Engine) -> None:
    assert places("a") == ["x.py", "y.py"]


def test_the_current_directory_is_the_default(engine: Engine) -> None:
    assert places() == ["a/x.py", "a/y.py", "b/x.py"]


def test_several_directories_are_merged_under_what_they_have_in_common(engine: Engine) -> None:
    assert places("a", "b") == ["a/x.py", "a/y.py", "b/x.py"]
    assert [service.name for service in gather([Path("a"), Path("b")], None, (), {}).facts.services] == [
        "a/app",
        "b/app",
    ]


def test_a_file_is_looked_at_with_its_neighbours_but_alone_told(engine: Engine) -> None:
    assert places("a/y.py") == ["y.py"]
    assert engine.calls[0][0] == Path("a")


def test_files_of_one_directory_are_analysed_once(engine: Engine) -> None:
    assert places("a/x.py", "a/y.py") == ["x.py", "y.py"]
    assert len(engine.calls) == 1


def test_documents_and_trees_are_merged(engine: Engine, tmp_path: Path) -> None:
    facts = Facts((Service("other"),))
    (tmp_path / "other.json").write_text(dumps(to_document(facts)))
    merged = gather([Path("other.json"), Path("b")], None, (), {}).facts
    assert [service.name for service in merged.services] == ["other", "app"]


def test_a_template_in_json_is_no_document(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "a" / "template.json").write_text(json.dumps({"Resources": {}}))
    assert places("a/template.json") == []
    assert engine.calls[0][0] == Path("a")


def test_patterns_hold_from_the_directory_of_the_configuration(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "brokerlint.yaml").write_text("include: [tests, a/tests/load]\nexclude: [a/old, b, '*.gen.py']\n")
    gather([Path("a")], None, ("vendored",), {})
    options = engine.calls[0][1]
    assert options.include == ("tests", "vendored", "/tests/load")
    assert options.exclude == ("/old", "/**/b", "/**/*.gen.py")


def test_a_configuration_that_is_named_wins(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "brokerlint.yaml").write_text("world: open\n")
    (tmp_path / "other.yaml").write_text("world: closed\n")
    assert gather([Path("a")], None, (), {}).config.world == "open"
    assert gather([Path("a")], Path("other.yaml"), (), {}).config.world == "closed"


def test_a_pattern_that_cannot_be_used_is_wrong_usage(engine: Engine) -> None:
    with pytest.raises(click.UsageError, match="does not stay below the root"):
        gather([Path("a")], None, ("../x",), {})


class TestProgress:
    def test_is_silent_when_nobody_watches(self, capfd: pytest.CaptureFixture[str]) -> None:
        with Progress() as progress:
            progress("reading", 1, 2)
        assert capfd.readouterr().err == ""

    def test_is_shown_on_a_terminal_when_the_work_is_long(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
        now = [0.0]
        monkeypatch.setattr("brokerlint.cli.progress.time.monotonic", lambda: now[0])
        with Progress() as progress:
            progress("reading", 1, 9)
            now[0] = 5.0
            progress("reading", 7, 9)
            progress("reading", 8, 9)
        assert capsys.readouterr().err == "\r\x1b[Kreading 7/9\r\x1b[K"
