"""Reading elsewhere: whatever happens to the workers, the result is that of reading here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from brokerlint.document import dumps, to_document
from brokerlint.pipeline import Options, analyse
from brokerlint.places import Diagnostic
from brokerlint.python import elsewhere
from brokerlint.python.elsewhere import Elsewhere
from brokerlint.python.source import Packed, WorkersError, pack

FILES = 12
POLL = 'import boto3\nboto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/{}")\n'
CHUNKS = [[(f"{name}.py", POLL.format(name).encode())] for name in "abcde"]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree that is large enough to be read by several processes."""
    root = tmp_path / "shop"
    root.mkdir()
    for number in range(FILES):
        (root / f"part{number}.py").write_text(POLL.format(f"q{number}") + "# what fills the file\n" * 2500)
    (root / "broken.py").write_text("import boto3\ndef (:\n" + "# what fills the file\n" * 2500)
    return root


class Scripted(Executor):
    """Does what ``act`` does with the number of the chunk and the future."""

    def __init__(self, act: Callable[[int, Future[Any]], None]) -> None:
        self._act = act
        self._number = -1

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self._number += 1
        future: Future[Any] = Future()
        self._act(self._number, future)
        if not future.done() and self._number != 2:
            future.set_result(fn(*args, **kwargs))
        return future


def read(executor: Executor, patience: float = 0.3) -> list[Packed | Diagnostic]:
    reader = Elsewhere(executor, 1, patience)
    try:
        return [one for results in reader.read(CHUNKS) for one in results]
    finally:
        reader.close()


def expected() -> list[Packed]:
    return [(path, pack(path, data)) for ((path, data),) in CHUNKS]


class TestWorkers:
    def test_threads_that_read_at_the_same_time_do_not_disturb_each_other(self, tree: Path) -> None:
        deep = "import boto3\nx = " + "(" * 150 + "a" + ")" * 150 + "\n"
        for path in tree.glob("part*.py"):
            path.write_text(deep + path.read_text())
        with ThreadPoolExecutor(8) as executor:
            there = dumps(to_document(analyse(tree, Options(executor=executor))))
        assert there == dumps(to_document(analyse(tree, Options(workers=1))))

    @pytest.mark.parametrize("error", [RuntimeError("worker died"), CancelledError(), OSError("lost"), MemoryError()])
    def test_what_a_worker_does_not_give_is_read_here(self, error: BaseException) -> None:
        def fail(number: int, future: Future[Any]) -> None:
            if number in (1, 2):
                future.set_exception(error)

        assert read(Scripted(fail)) == expected()

    def test_workers_that_never_answer_are_not_waited_for(self) -> None:
        started = time.monotonic()
        assert read(Scripted(lambda number, future: None)) == expected()
        assert time.monotonic() - started < 30

    def test_an_executor_that_is_at_its_end(self) -> None:
        executor = ThreadPoolExecutor(1)
        executor.shutdown()
        assert read(executor) == expected()

    def test_another_program_there_is_an_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ours = elsewhere.program()
        monkeypatch.setattr(elsewhere, "program", iter([ours] + [b"other"] * 10).__next__)
        with pytest.raises(WorkersError, match="another version of brokerlint"):
            read(Scripted(lambda number, future: None))

    def test_no_program_there_is_an_error(self) -> None:
        def lack(number: int, future: Future[Any]) -> None:
            future.set_exception(ModuleNotFoundError("No module named 'brokerlint'"))

        with pytest.raises(WorkersError, match="can't read: ModuleNotFoundError: No module named 'brokerlint'"):
            read(Scripted(lack))


def brokerlint(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brokerlint", *arguments]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=120)


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "NO_COLOR": "1"}


@pytest.fixture(scope="class")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a scheduler with two workers, all on this machine."""
    place = tmp_path_factory.mktemp("cluster")
    contact, dask = place / "scheduler.json", [sys.executable, "-m", "dask"]
    file = ["--scheduler-file", str(contact), "--no-dashboard"]
    scheduler = [*dask, "scheduler", "--host", "127.0.0.1", "--port", "0", *file]
    worker = [*dask, "worker", "--nworkers", "2", "--nthreads", "2", "--host", "127.0.0.1", *file]
    running = [
        subprocess.Popen(
            [*command, "--local-directory", str(place)] if command is worker else command,
            cwd=place,
            env={**environment(), "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "False"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in (scheduler, worker)
    ]
    try:
        limit = time.monotonic() + 60
        while not contact.exists() or not contact.read_text().strip():
            assert time.monotonic() < limit, "no scheduler"
            time.sleep(0.1)
        address = json.loads(contact.read_text())["address"]
        _wait_for_workers(address, limit)
        yield address
    finally:
        for process in reversed(running):
            process.terminate()
        for process in reversed(running):
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_for_workers(address: str, limit: float) -> None:
    code = f"import distributed as d; d.Client({address!r}, timeout=30).wait_for_workers(2, timeout=60)"
    subprocess.run([sys.executable, "-c", code], env=environment(), check=True, timeout=limit - time.monotonic() + 60)


@pytest.mark.skipif(find_spec("distributed") is None, reason="needs the extra: pip install 'brokerlint[dask]'")
class TestDask:
    def test_a_cluster_gives_the_same_bytes(self, cluster: str, tree: Path) -> None:
        arguments = ("graph", "--format", "json", "--no-cache", str(tree))
        here, there = brokerlint(*arguments), brokerlint(*arguments, "--executor", f"dask:{cluster}")
        assert there.stdout == here.stdout
        assert there.stderr == here.stderr
        assert there.returncode == here.returncode == 0
        assert len(json.loads(here.stdout)["endpoints"]) == FILES

    def test_the_cluster_really_reads(self, cluster: str, tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from brokerlint.cluster import connected

        with connected(f"dask:{cluster}") as executor:
            asked: list[int] = []

            class Counting(Executor):
                def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
                    future = executor.submit(lambda: (os.getpid(), fn(*args, **kwargs)))
                    given: Future[Any] = Future()
                    future.add_done_callback(lambda done: asked.append(done.result()[0]))
                    future.add_done_callback(lambda done: given.set_result(done.result()[1]))
                    return given

            analyse(tree, Options(executor=Counting()))
        assert asked
        assert os.getpid() not in asked

    def test_an_address_where_nobody_answers_is_one_line(self, tree: Path) -> None:
        started = time.monotonic()
        done = brokerlint("check", "--executor", "dask:tcp://127.0.0.1:9", str(tree))
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            "brokerlint: error: --executor: no dask scheduler answers at tcp://127.0.0.1:9 within 5 seconds\n"
        )
        assert time.monotonic() - started < 30

    @pytest.mark.parametrize("address", ["what://127.0.0.1:1", "127.0.0.1:99999", "tcp://", "tcp://user@127.0.0.1:1"])
    def test_an_address_that_is_none_is_one_line(self, tree: Path, address: str) -> None:
        done = brokerlint("check", "--executor", f"dask:{address}", str(tree))
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)


@pytest.mark.parametrize("name", ["dask", "dask:", "spark:local", ""])
def test_an_executor_that_there_is_not_is_one_line(tree: Path, name: str) -> None:
    done = brokerlint("check", "--executor", name, str(tree))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert "there is dask:ADDRESS" in done.stderr


def test_without_the_extra_it_is_one_line(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from brokerlint.cli import run

    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["check", "--executor", "dask:tcp://127.0.0.1:9", str(tree)]) == 2
    said = "dask needs a package that is not installed: pip install 'brokerlint[dask]'"
    assert capfd.readouterr() == ("", f"brokerlint: error: --executor: {said}\n")
