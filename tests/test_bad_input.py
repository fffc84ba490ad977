"""Whatever a tree holds, each thing that can't be read is one line on standard error, and the rest is analysed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from brokerlint import read
from brokerlint.document import dumps, to_document
from brokerlint.pipeline import Options, analyse
from brokerlint.places import Diagnostic
from brokerlint.python import source
from brokerlint.python.pool import Pool

GOOD = 'import boto3\nboto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/orders")\n'

BAD = {
    "syntax.py": (b"import boto3\ndef (:\n", "syntax-error"),
    "python2.py": (b'import boto3\nprint "hello"\n', "syntax-error"),
    "latin.py": (b'import boto3\nname = "\xff\xfe"\n', "encoding"),
    "unknown.py": (b"# coding: klingon\nimport boto3\n", "encoding"),
    "nul.py": (b"import boto3\nx = 1\0\n", "encoding"),
    "large.py": (b"import boto3\n" + b"x = 1\n" * 900_000, "too-large"),
    "brackets.py": (b"import boto3\nx = " + b"[" * 2000 + b"]" * 2000 + b"\n", "too-deep"),
    "chain.py": (b"import boto3\nx = " + b"+".join([b"a"] * 20_000) + b"\n", "too-deep"),
    "lines.py": (b"import boto3\nx = (" + b"+\n".join([b"a"] * 20_000) + b")\n", "too-deep"),
    "dots.py": (b"import boto3\nx = a" + b".b" * 20_000 + b"\n", "too-deep"),
    "calls.py": (b"import boto3\nx = a" + b"()" * 20_000 + b"\n", "too-deep"),
    "nots.py": (b"import boto3\nx = " + b"not " * 20_000 + b"y\n", "too-deep"),
    "lambdas.py": (b"import boto3\nx = " + b"lambda: " * 20_000 + b"y\n", "too-deep"),
}


def check(root: Path, *options: str, seed: str = "0") -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONHASHSEED": seed, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "brokerlint", "check", "--format", "json", *options, "."]
    return subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text(GOOD)
    return tmp_path


def test_all_at_once_costs_one_line_each(tree: Path) -> None:
    for name, (data, _) in BAD.items():
        (tree / name).write_bytes(data)
    (tree / "loop.py").symlink_to("loop.py")
    (tree / "around").symlink_to(tree)
    (tree / "gone.py").symlink_to("nowhere.py")
    done = check(tree)
    document = json.loads(done.stdout)
    told = {(one["path"], one["kind"]) for one in document["diagnostics"]}
    expected = {(name, kind) for name, (_, kind) in BAD.items()}
    expected |= {("loop.py", "symlink-loop"), ("around", "symlink-loop"), ("gone.py", "unreadable")}
    assert told == expected
    assert "Traceback" not in done.stderr
    for path, _ in expected:
        assert sum(f"warning: {path}" in line for line in done.stderr.splitlines()) == 1
    assert document["coverage"]["endpoints"] == 1
    assert document["coverage"]["diagnostics"] == len(expected)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_permission(tree: Path) -> None:
    (tree / "secret.py").write_text(GOOD)
    (tree / "secret.py").chmod(0)
    done = check(tree)
    assert [one["kind"] for one in json.loads(done.stdout)["diagnostics"]] == ["unreadable"]
    assert json.loads(done.stdout)["coverage"]["endpoints"] == 1


def test_an_unknown_key_of_the_configuration_names_the_nearest(tree: Path) -> None:
    (tree / "brokerlint.yaml").write_text("wrold: closed\n")
    done = check(tree)
    assert (done.returncode, done.stdout) == (2, "")
    assert "'world'" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_names_that_no_encoding_can_write(tree: Path) -> None:
    queue = "https://sqs.eu-west-1.amazonaws.com/1/or\\ud800ders"
    (tree / "odd.py").write_text(f"import boto3\nboto3.client('sqs').receive_message(QueueUrl='{queue}')\n")
    tasks = "import celery\napp = celery.Celery('\\udfff', broker='sqs://')\napp.send_task('a', queue='\\ud800')\n"
    (tree / "tasks.py").write_text(tasks)
    (tree / os.fsdecode(b"\xff.py")).write_text(GOOD)
    done = check(tree, "--profile", "ALL")
    assert done.returncode == 0
    assert "internal error" not in done.stderr
    assert json.loads(done.stdout)["coverage"]["endpoints"] == 4


def test_neither_workers_nor_hash_seeds_nor_the_cache_change_a_byte(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(read, "SMALL", 0)  # so that workers are worth it
    monkeypatch.setattr(read, "CHUNK", 1)
    for number in range(8):
        (tree / f"part{number}.py").write_text(GOOD.replace("orders", f"q{number}"))
    (tree / "broken.py").write_bytes(BAD["syntax.py"][0])
    assert len({dumps(to_document(analyse(tree, Options(workers=count)))) for count in (1, 2, 3)}) == 1
    options: list[tuple[str, ...]] = [("--no-cache",), (), ()]
    assert len({check(tree, *more, seed=str(seed)).stdout for seed, more in enumerate(options)}) == 1


def spin(seconds: float) -> None:
    """Keep the processor busy."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass


class TestWorkers:
    FILES = ((("a.py", b"x = 1\n"), ("bad.py", b"y")), (("b.py", b"x = 2\n"),), (("c.py", b"x = 3\n"),))

    @pytest.mark.skipif(sys.platform != "linux", reason="workers inherit the stand-in only when they are forks")
    @pytest.mark.parametrize(
        ("kind", "act"),
        [("crash", lambda: os._exit(7)), ("timeout", lambda: time.sleep(60)), ("timeout", lambda: spin(60))],
    )
    def test_a_worker_that_ends_takes_only_its_file(
        self, kind: str, act: object, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pack = source.pack
        monkeypatch.setattr(source, "pack", lambda path, data: act() if path == "bad.py" else pack(path, data))
        workers = Pool(2, patience=1.0)
        try:
            found = [one for results in workers.read(self.FILES) for one in results]
        finally:
            workers.close()
        problems = {one.path: one.kind for one in found if not isinstance(one, tuple)}
        assert problems == {"bad.py": kind}
        assert sorted(one[0] for one in found if isinstance(one, tuple)) == ["a.py", "b.py", "c.py"]

    @pytest.mark.skipif(sys.platform == "win32", reason="there the clock is all there is")
    def test_a_busy_machine_leaves_nothing_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        pack = source.pack
        monkeypatch.setattr(source, "pack", lambda path, data: time.sleep(1.5) or pack(path, data))
        workers = Pool(1, patience=1.0)
        try:
            found = [one for results in workers.read(self.FILES[1:]) for one in results]
        finally:
            workers.close()
        assert [type(one) for one in found] == [tuple, tuple]

    @pytest.mark.skipif(sys.platform != "linux", reason="workers inherit the stand-in only when they are forks")
    def test_a_file_begun_ahead_that_ends_its_worker_is_told_when_it_is_asked_for(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pack = source.pack
        monkeypatch.setattr(source, "pack", lambda path, data: os._exit(7) if path == "bad.py" else pack(path, data))
        workers = Pool(2)
        files = [file for chunk in self.FILES for file in chunk]
        try:
            workers.begin(files)
            found = [workers.begun(file, True) for file in files]
        finally:
            workers.close()
        problems = {one.path: one.kind for one in found if isinstance(one, Diagnostic)}
        assert problems == {"bad.py": "crash"}
        assert sorted(one[0] for one in found if isinstance(one, tuple)) == ["a.py", "b.py", "c.py"]

    @pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
    def test_they_end_when_their_parent_is_killed(self) -> None:
        program = (
            "import multiprocessing, time\nfrom brokerlint.python.pool import Pool\n"
            "pool = Pool(2)\npool.begin([('a.py', b'x = 1'), ('b.py', b'x = 2')])\npool.begun(('a.py', b''), True)\n"
            "print(*[one.pid for one in multiprocessing.active_children()], flush=True)\ntime.sleep(60)\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen([sys.executable, "-c", program], env=environment, stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            workers = parent.stdout.readline().split()
            parent.kill()
        assert workers
        until = time.monotonic() + 30
        while any(map(runs, workers)) and time.monotonic() < until:
            time.sleep(0.1)
        assert not any(map(runs, workers))


def runs(process: bytes) -> bool:
    """Is there a process of this number that has not ended?"""
    try:
        return Path(f"/proc/{process.decode()}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_what_was_read_ahead_and_not_asked_for_leaves_no_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(read, "SMALL", 0)
    texts = {"app.py": GOOD.encode(), "broken.py": b"def f(:\n"}
    sources = read.Sources(None, texts, dict(texts), workers=2)
    try:
        sources.ahead(texts)
        assert sources.summary("app.py") is not None
        assert list(sources.summaries) == ["app.py"]
        assert sources.diagnostics == []
        assert sources.summary("broken.py") is None
        assert [one.kind for one in sources.diagnostics] == ["syntax-error"]
    finally:
        sources.close()
