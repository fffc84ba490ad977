"""The cache never changes what is said, and never is the reason that nothing is said."""

from __future__ import annotations

import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from brokerlint import cache
from brokerlint.cache import Store, digest
from brokerlint.discover import discover
from brokerlint.document import dumps, to_document
from brokerlint.facts import Facts
from brokerlint.packing import Packing, PackingError
from brokerlint.pipeline import Options, analyse
from brokerlint.python import ir, source
from brokerlint.read import Sources
from brokerlint.remembered import Remembered, program

PRODUCER = "import boto3\nfrom names import QUEUE\nboto3.client('sqs').send_message(QueueUrl=QUEUE, MessageBody='x')\n"

Analyse = Callable[[], str]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    (root / "app.py").write_text(PRODUCER)
    (root / "names.py").write_text("QUEUE = 'https://sqs.eu-west-1.amazonaws.com/1/orders'\n")
    (root / "docker-compose.yml").write_text("services:\n  shop:\n    build: .\n    command: python app.py\n")
    return root


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def run(tree: Path, place: Path) -> Analyse:
    return lambda: dumps(to_document(analyse(tree, Options(store=Store(tree, place)))))


def packs(place: Path) -> list[Path]:
    return sorted(place.glob("*.pack"))


@pytest.fixture
def never_parses(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: str, data: bytes) -> None:
        raise AssertionError(f"{path} was parsed")

    monkeypatch.setattr(source, "read_source", refuse)


class TestFacts:
    def test_a_second_run_says_the_same_without_parsing(
        self, run: Analyse, request: pytest.FixtureRequest, tree: Path
    ) -> None:
        first, without = run(), afresh(tree)
        request.getfixturevalue("never_parses")
        assert run() == first == without

    @pytest.mark.parametrize(
        ("file", "text", "now"),
        [
            ("names.py", "QUEUE = 'https://sqs.eu-west-1.amazonaws.com/1/refunds'\n", "sqs:refunds"),
            ("docker-compose.yml", "services:\n  till:\n    build: .\n    command: python app.py\n", '"till"'),
        ],
    )
    def test_a_changed_file_is_seen(self, run: Analyse, tree: Path, file: str, text: str, now: str) -> None:
        assert now not in run()
        (tree / file).write_text(text)
        assert now in run()

    def test_a_new_and_a_removed_file_are_seen(self, run: Analyse, tree: Path) -> None:
        first = run()
        (tree / "more.py").write_text(PRODUCER.replace("QUEUE)", "'https://sqs.eu-west-1.amazonaws.com/1/more')"))
        assert run() != first
        (tree / "more.py").unlink()
        assert run() == first

    def test_a_file_that_only_this_tree_led_to_counts_too(self, tree: Path, place: Path) -> None:
        (tree / "notes.md").write_text("one")

        def remembered() -> tuple[Remembered, Sources]:
            found = discover(tree)
            sources = Sources(tree, found.sources)
            return Remembered(store, sources, found, lambda path: (tree / path).read_bytes(), ""), sources

        store = Store(tree, place)
        memory, sources = remembered()
        sources.text("notes.md")
        memory.keep(Facts())
        assert remembered()[0].facts() == Facts()
        (tree / "notes.md").write_text("two")
        assert remembered()[0].facts() is None

    def test_after_one_change_only_that_file_is_parsed(
        self, run: Analyse, tree: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run()
        (tree / "app.py").write_text(PRODUCER + "# changed\n")
        parsed: list[str] = []
        read = source.read_source
        monkeypatch.setattr(source, "read_source", lambda path, data: parsed.append(path) or read(path, data))
        run()
        assert parsed == ["app.py"]

    def test_a_syntax_error_is_told_again(self, run: Analyse, tree: Path) -> None:
        (tree / "broken.py").write_text("import boto3\ndef (:\n")
        tell = [one.kind for _ in (1, 2) for one in analyse(tree, Options(store=Store(tree, tree / "c"))).diagnostics]
        assert tell == ["syntax-error", "syntax-error"]

    def test_another_version_of_the_program_finds_nothing(
        self, run: Analyse, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
    ) -> None:
        run()
        monkeypatch.setattr(cache, "__version__", "0.0.0")
        program.cache_clear()  # another version is another process
        request.getfixturevalue("never_parses")
        with pytest.raises(AssertionError, match="was parsed"):
            run()


def afresh(tree: Path) -> str:
    return dumps(to_document(analyse(tree)))


class TestDamage:
    @pytest.mark.parametrize("cut", [0, 1, 14, 30, 46, 60, 200, -1])
    def test_a_file_that_is_cut_off_counts_as_empty(self, run: Analyse, place: Path, cut: int) -> None:
        first = run()
        (pack,) = packs(place)
        whole = pack.read_bytes()
        pack.write_bytes(whole[:cut])
        assert run() == first
        assert len(pack.read_bytes()) > 0.9 * len(whole)

    def test_no_flipped_bit_is_ever_believed(self, place: Path, tmp_path: Path) -> None:
        store = Store(tmp_path, place)
        store.put(digest(b"key"), b"value")
        store.save()
        (pack,) = packs(place)
        whole = pack.read_bytes()
        for at in range(len(whole)):
            pack.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
            assert Store(tmp_path, place).get(digest(b"key")) is None

    def test_a_pack_in_the_way_that_is_a_directory(self, run: Analyse, place: Path) -> None:
        first = run()
        (pack,) = packs(place)
        pack.unlink()
        pack.mkdir()
        assert run() == first

    def test_values_that_are_not_summaries_are_not_believed(self) -> None:
        module = ir.Module("a.py", ir.Body())
        good = Packing(ir).pack((module, None))
        assert source.unpack("a.py", good) == (module, None)
        assert source.unpack("b.py", good) is None
        for bad in (b"", b"junk", Packing(ir).pack("text"), Packing(ir).pack((1, 2)), Packing(ir).pack((None, None))):
            assert source.unpack("a.py", bad) is None


class TestPacking:
    def test_nothing_but_known_types_comes_out(self, tmp_path: Path) -> None:
        class Evil:
            def __reduce__(self) -> tuple[object, ...]:
                return os.mkdir, (str(tmp_path / "made"),)

        with pytest.raises(PackingError, match="is not unpacked"):
            Packing(ir).unpack(pickle.dumps(Evil()))
        assert not (tmp_path / "made").exists()

    @pytest.mark.parametrize("value", [Path("x"), object(), print, [lambda: 0]])
    def test_nothing_else_goes_in(self, value: object) -> None:
        with pytest.raises(PackingError):
            Packing(ir).pack(value)


class TestPlace:
    def test_the_directory_is_marked_and_hidden_from_git(self, run: Analyse, place: Path) -> None:
        run()
        assert (place / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")
        assert (place / ".gitignore").read_text() == "*\n"
        assert {path.name for path in place.iterdir()} == {"CACHEDIR.TAG", ".gitignore", packs(place)[0].name}

    @pytest.mark.parametrize(
        ("environment", "expected"),
        [
            ({"BROKERLINT_CACHE_DIR": "/elsewhere"}, "/elsewhere"),
            ({"XDG_CACHE_HOME": "/xdg"}, "/xdg/brokerlint"),
            ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/brokerlint"),
        ],
    )
    @pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="these platforms have other places")
    def test_where_it_is(self, environment: dict[str, str], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("BROKERLINT_CACHE_DIR", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        assert cache.directory() == Path(expected)

    def test_a_file_in_the_place_of_the_directory(self, run: Analyse, place: Path) -> None:
        place.write_text("in the way")
        assert run() == run()
        assert place.read_text() == "in the way"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_directory_that_is_read_only(self, run: Analyse, place: Path) -> None:
        place.mkdir()
        place.chmod(stat.S_IRUSR | stat.S_IXUSR)
        assert run() == run()

    def test_a_full_disk(self, run: Analyse, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(self: Path, data: bytes) -> int:
            self.touch()
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(Path, "write_bytes", full)
        assert run() == run()
        assert list(place.iterdir()) == []


class TestBounds:
    def test_entries_that_nobody_asks_for_go_after_a_while(self, tmp_path: Path, place: Path) -> None:
        old = digest(b"old")
        store = Store(tmp_path, place)
        store.put(old, b"value")
        store.save()
        for number in range(cache.KEPT_UNUSED + 1):
            assert packs(place)
            store = Store(tmp_path, place)
            store.get(digest(b"nothing"))
            store.put(digest(bytes([number])), b"new")
            store.save()
        assert Store(tmp_path, place).get(old) is None
        assert Store(tmp_path, place).get(digest(bytes([cache.KEPT_UNUSED]))) == b"new"

    def test_a_tree_has_no_more_than_its_share(
        self, tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache, "LARGEST", 1000)
        store = Store(tmp_path, place)
        for number in range(50):
            store.put(digest(bytes([number])), bytes(100))
        store.save()
        assert 500 < packs(place)[0].stat().st_size < 1200

    def test_the_trees_that_were_used_least_lately_go_first(
        self, tmp_path: Path, place: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(cache, "LARGEST_TOGETHER", 2500)
        for number in range(3):
            store = Store(tmp_path / str(number), place)
            store.put(digest(b"key"), bytes(1000))
            store.save()
            for pack in packs(place):
                os.utime(pack, (pack.stat().st_mtime - 10,) * 2)
        left = [Store(tmp_path / str(number), place).get(digest(b"key")) is not None for number in range(3)]
        assert left == [False, True, True]


class TestManyRuns:
    def test_runs_at_the_same_time_read_whole_files_only(self, tmp_path: Path, place: Path) -> None:
        value = os.urandom(200_000)

        def work(number: int) -> bool:
            for _ in range(20):
                store = Store(tmp_path, place)
                found = store.get(digest(b"shared"))
                if found is not None and bytes(found) != value:
                    return False
                store.put(digest(b"shared"), value)
                store.put(digest(bytes([number])), value)
                store.save()
            return True

        with ThreadPoolExecutor(4) as pool:
            assert all(pool.map(work, range(4)))
        assert Store(tmp_path, place).get(digest(b"shared")) == value
        assert not list(place.glob(".new-*"))

    def test_a_run_that_is_killed_while_it_writes_leaves_the_old_file(self, tmp_path: Path, place: Path) -> None:
        store = Store(tmp_path, place)
        store.put(digest(b"key"), b"old")
        store.save()
        code = (
            "import os, signal, sys\nfrom pathlib import Path\nfrom brokerlint.cache import Store, digest\n"
            "def die(self, data):\n    self.touch(); os.kill(os.getpid(), signal.SIGKILL)\n"
            "store = Store(Path(sys.argv[1]), Path(sys.argv[2]))\nPath.write_bytes = die\n"
            "store.put(digest(b'key'), b'new')\nstore.save()\n"
        )
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run([sys.executable, "-c", code, tmp_path, place], env=environment, check=False)
        assert done.returncode == -9
        assert Store(tmp_path, place).get(digest(b"key")) == b"old"
