"""The cache while processes are killed, the disk is full and others write: the result is that of a run without it."""

from __future__ import annotations

import errno
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlint import cache
from brokerlint.cache import Store
from brokerlint.document import dumps, to_document
from brokerlint.pipeline import Options, analyse

POLL = 'import boto3\nboto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/{}")\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    for number in range(10):
        (root / f"part{number}.py").write_text(POLL.format(f"q{number}"))
    (root / "docker-compose.yml").write_text("services:\n  shop:\n    build: .\n    command: python part1.py\n")
    return root


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def said(tree: Path, place: Path | None) -> str:
    return dumps(to_document(analyse(tree, Options(store=Store(tree, place) if place else None))))


def started(tree: Path, place: Path, code: str = "") -> subprocess.Popen[bytes]:
    """A run of its own on the cache at ``place``; ``code`` comes before it."""
    command = "import sys\n" + code + "\nfrom brokerlint.cli import main\nmain(sys.argv[1:])\n"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), cache.DIRECTORY: str(place)}
    arguments = ["graph", str(tree), "--format", "json"]
    return subprocess.Popen(
        [sys.executable, "-c", command, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


SLOWLY = """
from pathlib import Path
import time
def slowly(self, data):
    with self.open("wb") as file:
        for at in range(0, len(data), max(1, len(data) // 50)):
            file.write(data[at:at + max(1, len(data) // 50)])
            file.flush()
            time.sleep(0.02)
Path.write_bytes = slowly
print("ready", file=sys.stderr, flush=True)
"""
"""Makes writing take a second, so that a kill comes in the middle."""


class TestManyRuns:
    def test_all_say_what_a_run_without_the_cache_says(self, tree: Path, place: Path) -> None:
        expected = started(tree, Path(os.devnull)).communicate(timeout=120)[0]
        for _ in range(2):  # the second time they all find a cache
            runs = [started(tree, place) for _ in range(3)]
            results = [run.communicate(timeout=240)[0] for run in runs]
            assert results == [expected] * 3
        assert [path.name for path in place.iterdir() if path.name.startswith(".new-")] == []
        assert len(list(place.glob("*.pack"))) == 1

    def test_runs_that_are_killed_leave_whole_files(self, tree: Path, place: Path) -> None:
        expected = said(tree, None)
        draw = random.Random(1)
        for number in range(6):
            (tree / "part0.py").write_text(POLL.format("q0") + f"# {number}\n")  # so that there is news to write
            run = started(tree, place, SLOWLY)
            assert run.stderr is not None
            assert run.stderr.readline() == b"ready\n"
            time.sleep(draw.random() * 2.5)
            run.send_signal(signal.SIGKILL)
            run.communicate(timeout=60)
            packs = list(place.glob("*.pack"))
            assert all(_is_whole(pack) for pack in packs)
            assert said(tree, place) == expected

    def test_what_killed_runs_left_behind_goes_after_a_while(self, tree: Path, place: Path) -> None:
        place.mkdir()
        old, young = place / ".new-1-aa", place / ".new-2-bb"
        for path in (old, young):
            path.write_bytes(b"half")
        os.utime(old, (time.time() - 7200,) * 2)
        said(tree, place)
        assert (old.exists(), young.exists()) == (False, True)


def _is_whole(pack: Path) -> bool:
    data = pack.read_bytes()
    start = len(cache._MAGIC) + cache._DIGEST
    return (
        data[: len(cache._MAGIC)] == cache._MAGIC and cache._checksum(data[start:]) == data[len(cache._MAGIC) : start]
    )


class TestDisk:
    @pytest.mark.parametrize("room", [0, 1, 100, 1000, 4000])
    def test_no_more_than_some_bytes_can_be_written(self, tree: Path, place: Path, room: int) -> None:
        expected = said(tree, None)
        with Limited(room):
            assert said(tree, place) == expected
        assert said(tree, place) == expected
        assert all(_is_whole(pack) for pack in place.glob("*.pack"))

    def test_a_disk_that_is_full_from_the_start(self, tree: Path, full: Path) -> None:
        expected = said(tree, None)
        for _ in range(2):
            assert said(tree, full / "cache") == expected
        assert list((full / "cache").glob("*.pack")) == []

    @pytest.mark.parametrize("error", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO, errno.EACCES])
    @pytest.mark.parametrize("step", ["write_bytes", "replace", "mkdir", "iterdir", "stat", "read_bytes"])
    def test_any_step_may_fail(
        self, tree: Path, place: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: int
    ) -> None:
        expected = said(tree, None)
        said(tree, place)
        (tree / "part0.py").write_text(POLL.format("q0") + "\n")
        real = getattr(Path, step)

        def failing(self: Path, *arguments: object, **options: object) -> object:
            if self == place or place in self.parents:
                raise OSError(error, os.strerror(error))
            return real(self, *arguments, **options)

        with monkeypatch.context() as patch:
            patch.setattr(Path, step, failing)
            assert said(tree, place) == expected
        assert said(tree, place) == expected

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_directory_that_is_read_only_is_still_read(self, tree: Path, place: Path) -> None:
        expected = said(tree, place)
        place.chmod(0o500)
        try:
            assert said(tree, place) == expected
        finally:
            place.chmod(0o700)

    @pytest.mark.skipif(sys.platform != "linux" or not shutil.which("mount"), reason="needs a small file system")
    def test_a_file_system_that_is_read_only(self, tree: Path, small: Path) -> None:
        expected = said(tree, small / "cache")
        subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
        (tree / "part0.py").write_text(POLL.format("q0") + "# changed\n")
        assert said(tree, small / "cache") == expected


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB."""
    target = tmp_path / "small"
    target.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,nr_inodes=64", "tmpfs", str(target)]
    if sys.platform != "linux" or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("a small file system can't be mounted here")
    try:
        yield target
    finally:
        subprocess.run(["umount", str(target)], check=True)


@pytest.fixture
def full(small: Path) -> Path:
    with (small / "filler").open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1024))
        except OSError:
            return small


class Limited:
    """While it lasts, no file of this process may grow beyond ``size`` bytes."""

    def __init__(self, size: int) -> None:
        self._size = size

    def __enter__(self) -> None:
        self._old = resource.getrlimit(resource.RLIMIT_FSIZE)
        self._handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (self._size, self._old[1]))

    def __exit__(self, *exception: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self._old)
        signal.signal(signal.SIGXFSZ, self._handler)


@pytest.mark.parametrize(
    "data",
    [
        b"brokerlint-pack\x00" + bytes(100),
        b"brokerlint-pack\x02" + bytes(100),
        b"SQLite format 3\x00" + bytes(1000),
        b"\x80\x05\x95" + bytes(50),
        b"{}",
        b"",
    ],
)
def test_files_of_other_versions_count_as_empty(tree: Path, place: Path, data: bytes) -> None:
    expected = said(tree, place)
    (pack,) = place.glob("*.pack")
    pack.write_bytes(data)
    (place / "cache.sqlite").write_bytes(data)
    assert said(tree, place) == expected
    assert _is_whole(pack)


def test_entries_of_an_older_program_are_not_used(tree: Path, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(cache, "__version__", "0.0.1")
        patch.setattr("brokerlint.python.source.pack", lambda path, data: b"what an older version wrote")
        old = Store(tree, place)
        old.put(cache.digest(b"other"), b"what an older version wrote")
        old.save()
    assert said(tree, place) == said(tree, None) == said(tree, place)
