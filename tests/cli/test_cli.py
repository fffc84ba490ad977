"""The command line: streams, exit codes, and one line for every mistake."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from brokerlint.cli import run
from brokerlint.config import load
from brokerlint.document import dumps, to_document
from brokerlint.facts import ChannelName, Endpoint, Facts, Name, Service
from brokerlint.places import Diagnostic, Place


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Brokerlint = Callable[..., Done]


@pytest.fixture
def brokerlint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], on_every_queue: None
) -> Brokerlint:
    """Runs the command line in ``tmp_path`` with one check."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)

    def call(*arguments: str) -> Done:
        code = run(arguments)
        captured = capfd.readouterr()
        return Done(code, captured.out, captured.err)

    return call


def document(path: Path, *queues: str, service: str = "billing", diagnostics: Sequence[Diagnostic] = ()) -> Path:
    """Write the graph document of a service that polls ``queues``."""
    endpoints = [
        Endpoint(
            *(f"e{index}", Place("app.py", index), "app.poll", "sqs", "consume", "boto3", "receive_message"),
            (ChannelName("sqs", Name("exact", queue, origin="literal")),),
            services=(service,),
        )
        for index, queue in enumerate(queues, start=1)
    ]
    facts = Facts((Service(service),), endpoints=tuple(endpoints), diagnostics=tuple(diagnostics))
    path.write_text(dumps(to_document(facts)))
    return path


class TestStart:
    @pytest.mark.parametrize("option", ["--help", "--version"])
    def test_help_and_version_load_neither_parser_nor_graph(self, option: str) -> None:
        code = (
            "import sys\nfrom brokerlint.cli import run\n"
            f"code = run(['{option}'])\n"
            "heavy = {'libcst', 'networkx', 'yaml', 'hcl2', 'brokerlint.facts'} & set(sys.modules)\n"
            "sys.exit(f'loaded {heavy}' if heavy or code else 0)\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False
        )
        assert (done.returncode, done.stderr) == (0, "")

    def test_version(self, brokerlint: Brokerlint) -> None:
        assert brokerlint("--version") == Done(0, "brokerlint 0.1.0\n", "")

    def test_without_arguments_it_helps_on_the_error_stream(self, brokerlint: Brokerlint) -> None:
        done = brokerlint()
        assert (done.code, done.out) == (2, "")
        assert "Commands:" in done.err


class TestMistakes:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (["chek"], "no command 'chek'; did you mean 'check'?"),
            (["check", "nowhere"], "nowhere: no such file or directory"),
            (["check", "--format", "xml"], "Invalid value for '--format'"),
            (["check", "g.json", "--select", "TST11"], "unknown check 'TST11'; did you mean 'TST101'?"),
            (["check", "g.json", "--fail-on", "fatal"], "expected severity or severity:confidence"),
            (["check", "g.json", "--min-confidence", "sure"], "unknown confidence 'sure'"),
            (["check", "g.json", "--config", "none.yaml"], "none.yaml: cannot be read: No such file or directory"),
            (["check", "g.json", "-o", "missing/out.txt"], "missing/out.txt: cannot be written"),
            (["check", "broken.json"], "broken.json: not JSON"),
            (["explain", "TST9"], "unknown check 'TST9'"),
            (["graph", "g.json", "--format", "svg"], "Invalid value for '--format'"),
        ],
    )
    def test_each_is_one_line_on_the_error_stream_and_exit_code_2(
        self, brokerlint: Brokerlint, tmp_path: Path, arguments: list[str], message: str
    ) -> None:
        document(tmp_path / "g.json", "orders")
        (tmp_path / "broken.json").write_text('{"schema": "brokerlint/graph/1"')
        done = brokerlint(*arguments)
        assert (done.code, done.out) == (2, "")
        assert done.err.count("\n") == 1
        assert done.err.startswith("brokerlint: error: ")
        assert message in done.err

    def test_a_broken_configuration(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders")
        (tmp_path / "brokerlint.yaml").write_text("tresholds: {}\n")
        done = brokerlint("check", "g.json")
        assert done.code == 2
        assert "unknown key 'tresholds'; did you mean 'thresholds'?" in done.err

    def test_a_hostile_file_name_cannot_forge_lines(self, brokerlint: Brokerlint) -> None:
        done = brokerlint("check", "a\n::error::\x1b[31m")
        assert done.err.count("\n") == 1
        assert "\x1b" not in done.err

    def test_a_fault_of_our_own_shows_no_traceback(
        self, brokerlint: Brokerlint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("brokerlint.checking.registry.load", lambda: 1 / 0)
        done = brokerlint("check", str(document(tmp_path / "g.json", "orders")))
        assert done.code == 2
        assert done.err.startswith("brokerlint: internal error: ZeroDivisionError")
        assert "Traceback" not in done.err


class TestCheck:
    def test_findings_go_to_standard_output_and_the_summary_does_not(
        self, brokerlint: Brokerlint, tmp_path: Path
    ) -> None:
        document(tmp_path / "g.json", "orders")
        done = brokerlint("check", "g.json")
        assert done.code == 1
        assert done.out.startswith("error[TST101] on-every-queue: queue 'orders' is a queue")
        assert done.err == "1 error in 1 service, 0 channels, 1 endpoint.\n"

    def test_nothing_found_is_exit_code_0_and_no_output(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json")
        assert brokerlint("check", "g.json") == Done(0, "", "No findings in 1 service, 0 channels, 0 endpoints.\n")

    def test_the_failing_level_decides_the_exit_code(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders")
        assert brokerlint("check", "g.json", "--fail-on", "error:certain").code == 0
        assert brokerlint("check", "g.json", "--fail-on", "never").code == 0
        assert brokerlint("check", "g.json", "--fail-on", "info").code == 1

    def test_checks_can_be_ignored(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders")
        assert brokerlint("check", "g.json", "--ignore", "TST").out == ""

    def test_several_documents_are_merged(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "a.json", "orders", service="billing")
        document(tmp_path / "b.json", "orders", service="shipping")
        (finding,) = json.loads(brokerlint("check", "a.json", "b.json", "--format", "json").out)["findings"]
        assert finding["services"] == ["billing", "shipping"]
        assert [place["path"] for place in finding["evidence"]] == ["a/app.py", "b/app.py"]

    def test_the_result_can_go_to_a_file(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders")
        assert brokerlint("check", "g.json", "--format", "sarif", "-o", "out.sarif").out == ""
        assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"

    def test_statistics_count_the_findings_of_each_check(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders", "refunds")
        assert brokerlint("check", "g.json", "--statistics").out == "2  TST101  on-every-queue\n"

    def test_on_github_the_job_summary_is_written(
        self, brokerlint: Brokerlint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        document(tmp_path / "g.json", "orders")
        (tmp_path / "summary.md").write_text("before\n")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
        assert brokerlint("check", "g.json", "--format", "github").out.startswith("::error file=app.py,line=1")
        assert (tmp_path / "summary.md").read_text().startswith("before\n### brokerlint: 1 error\n")

    def test_what_could_not_be_read_is_a_warning_and_with_strict_an_error(
        self, brokerlint: Brokerlint, tmp_path: Path
    ) -> None:
        document(tmp_path / "g.json", diagnostics=[Diagnostic("syntax-error", "bad.py", 3, "does not parse")])
        done = brokerlint("check", "g.json")
        assert (done.code, done.out) == (0, "")
        assert "warning: bad.py:3: does not parse\n" in done.err
        strict = brokerlint("check", "g.json", "--strict")
        assert strict.code == 2
        assert strict.err.endswith("brokerlint: error: 1 warning, and --strict allows none\n")

    def test_the_configuration_silences_findings(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders", "jobs")
        (tmp_path / "brokerlint.yaml").write_text(
            "ignore:\n"
            "- {check: TST101, channel: 'sqs:jobs', reason: agreed}\n"
            "- {check: TST101, channel: 'sqs:gone', reason: agreed too}\n"
        )
        findings = json.loads(brokerlint("check", "g.json", "--format", "json").out)["findings"]
        assert [(finding["check"], finding["channels"]) for finding in findings] == [
            ("TST101", ["sqs:orders"]),
            ("SUP101", []),
        ]

    def test_two_runs_give_the_same_bytes(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", *(f"q{index}" for index in range(20)))
        assert brokerlint("check", "g.json", "--format", "json") == brokerlint("check", "g.json", "--format", "json")


class TestBaseline:
    def test_known_findings_are_not_shown_and_fail_nothing(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders", "gone")
        brokerlint("check", "g.json", "--format", "json", "-o", "baseline.json")
        document(tmp_path / "g.json", "refunds", "orders")
        done = brokerlint("check", "g.json", "--baseline", "baseline.json", "--format", "json")
        assert done.code == 1
        assert [finding["channels"] for finding in json.loads(done.out)["findings"]] == [["sqs:refunds"]]
        assert done.err.endswith("1 known finding is not shown, 1 is gone.\n")

    def test_fewer_findings_than_known_never_fail(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders", "gone")
        brokerlint("check", "g.json", "--format", "json", "-o", "baseline.json")
        document(tmp_path / "g.json", "orders")
        assert brokerlint("check", "g.json", "--baseline", "baseline.json").code == 0

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (None, "cannot be read: No such file"),
            ("{", "no findings document"),
            ('{"schema": "brokerlint/graph/1"}', "no findings document"),
            ('{"schema": "brokerlint/findings/1", "findings": [3]}', "findings[0].fingerprint: missing"),
        ],
    )
    def test_a_baseline_that_is_none_is_an_error(
        self, brokerlint: Brokerlint, tmp_path: Path, content: str | None, message: str
    ) -> None:
        document(tmp_path / "g.json", "orders")
        if content is not None:
            (tmp_path / "baseline.json").write_text(content)
        done = brokerlint("check", "g.json", "--baseline", "baseline.json")
        assert (done.code, done.out) == (2, "")
        assert message in done.err


class TestGraph:
    def test_it_is_a_tree_by_channel(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        document(tmp_path / "g.json", "orders")
        done = brokerlint("graph", "g.json")
        assert done.code == 0
        assert done.out == "sqs queue orders\n└─ consumed by billing  app.py:1\n\n"

    def test_a_document_comes_out_as_it_went_in(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        path = document(tmp_path / "g.json", "orders")
        assert brokerlint("graph", "g.json", "--format", "json").out == path.read_text()

    @pytest.mark.parametrize(("output", "start"), [("mermaid", "flowchart LR\n"), ("dot", "digraph messaging {\n")])
    def test_it_can_be_drawn(self, brokerlint: Brokerlint, tmp_path: Path, output: str, start: str) -> None:
        document(tmp_path / "g.json", "orders")
        done = brokerlint("graph", "g.json", "--format", output)
        assert done.out.startswith(start)
        assert "sqs queue orders" in done.out


class TestExplain:
    def test_a_check_tells_what_it_finds(self, brokerlint: Brokerlint) -> None:
        out = brokerlint("explain", "on-every-queue").out
        assert out.startswith("# TST101 on-every-queue\n\nReports each queue.\n")
        assert "## What it finds\n\nEvery queue.\n" in out
        assert "- https://example.org/queues\n" in out

    def test_without_a_check_all_are_listed(self, brokerlint: Brokerlint) -> None:
        assert brokerlint("explain").out == "TST101  error   on-every-queue\n"


class TestInit:
    def test_it_writes_a_configuration_that_loads(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        assert brokerlint("init").code == 0
        assert load(tmp_path / "brokerlint.yaml").world == "auto"

    def test_every_example_in_it_is_valid(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        brokerlint("init")
        path = tmp_path / "brokerlint.yaml"
        path.write_text(re.sub(r"^#(?! \S)", "", path.read_text(), flags=re.MULTILINE))
        assert load(path).wrappers[0].name == "acme-bus"

    def test_it_overwrites_nothing(self, brokerlint: Brokerlint, tmp_path: Path) -> None:
        (tmp_path / "brokerlint.yaml").write_text("world: open\n")
        done = brokerlint("init")
        assert done.code == 2
        assert "exists already" in done.err
        assert (tmp_path / "brokerlint.yaml").read_text() == "world: open\n"
