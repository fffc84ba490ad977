"""What PROMISES.md says. Most of it is held by the tests that the page names; here is the rest, and the page itself."""

from __future__ import annotations

import ast
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from brokerlint.cli import run as brokerlint
from brokerlint.cli.inputs import gather
from brokerlint.document import dumps, to_document
from brokerlint.pipeline import analyse

ROOT = Path(__file__).parent.parent
POLL = 'import boto3\nboto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/{}")\n'
TRAP = "import pathlib, os\npathlib.Path(os.environ['SPRUNG']).write_text(__file__)\n"

WATCHED = """
import os, sys
told = os.open(os.environ["TOLD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
def watch(event, arguments):
    if event.startswith("socket.") or event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        os.write(told, f"{event} {arguments[:2]!r}\\n".encode())
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        mode, flags = arguments[1] or "", arguments[2]
        if set(mode) & set("wax+") or (not mode and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)):
            os.write(told, f"write {os.fsdecode(arguments[0])}\\n".encode())
    elif event in ("os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink"):
        os.write(told, f"write {os.fsdecode(arguments[0])}\\n".encode())
    elif event == "exec" and hasattr(arguments[0], "co_filename"):
        if arguments[0].co_filename.startswith(os.environ["TREE"]):
            os.write(told, f"exec {arguments[0].co_filename}\\n".encode())
sys.addaudithook(watch)
from brokerlint.cli import main
main(sys.argv[1:])
"""
"""A run that writes down what Python tells about itself: connections, programs, written files, code that runs."""


def environment(**more: str) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(sys.path),
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        **more,
    }


def run(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "brokerlint", *arguments]
    return subprocess.run(
        command, cwd=cwd, env=environment(**more), capture_output=True, text=True, check=False, timeout=300
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree large enough for worker processes, in which everything that could be imported or started is a trap."""
    root = tmp_path / "tree"
    (root / "shop").mkdir(parents=True)
    for number in range(6):
        (root / "shop" / f"part{number}.py").write_text(POLL.format(f"q{number}") + "# filler\n" * 9000)
    for (
        name
    ) in "boto3 click yaml json libcst networkx sitecustomize usercustomize conftest setup shop/__init__".split():
        (root / f"{name}.py").write_text(TRAP)
    (root / "shop" / "app.py").write_text(TRAP + POLL.format("orders"))
    (root / "pyproject.toml").write_text(
        "[build-system]\nrequires = []\nbuild-backend = 'setup'\nbackend-path = ['.']\n"
    )
    (root / "docker-compose.yml").write_text("services:\n  shop:\n    build: .\n    command: python shop/app.py\n")
    (root / "values.yaml").write_text("a: !!python/object/apply:os.system ['touch sprung']\nkafka: {}\n")
    (root / "main.tf").write_text(
        'data "external" "x" { program = ["touch", "sprung"] }\nresource "aws_sqs_queue" "q" {}\n'
    )
    git = ["git", "-C", str(root)]
    subprocess.run([*git, "init", "-q"], check=True)
    trap = root / "trap.sh"
    trap.write_text('#!/bin/sh\ntouch "$SPRUNG"\n')
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "core.editor"):
        subprocess.run([*git, "config", key, str(trap)], check=True)
    for hook in ("post-index-change", "post-checkout", "pre-auto-gc"):
        (root / ".git" / "hooks" / hook).write_text(trap.read_text())
        (root / ".git" / "hooks" / hook).chmod(0o755)
    return root


COMMANDS = [
    ("check", ".", "--profile", "ALL", "--fail-on", "never"),
    ("graph", ".", "--format", "html"),
    ("graph", ".", "--format", "json", "--anonymize"),
    ("advise", ".", "--cost"),
    ("diff", "shop", "."),
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: " ".join(command[:1] + command[2:4]))
def test_nothing_is_connected_executed_or_written(tree: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    told, cache, sprung = tmp_path / "told", tmp_path / "cache", tmp_path / "sprung"
    more = {"TOLD": str(told), "TREE": str(tree), "SPRUNG": str(sprung), "BROKERLINT_CACHE_DIR": str(cache)}
    done = subprocess.run(
        [sys.executable, "-P", "-c", WATCHED, *command],
        cwd=tree, env=environment(**more), capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = told.read_text().splitlines()
    assert [line for line in lines if line.startswith(("socket.", "exec ", "os.system", "os.exec"))] == []
    programs = [line for line in lines if line.startswith(("subprocess", "os.posix_spawn"))]
    assert all(line.startswith("subprocess.Popen ('git'") for line in programs), programs
    allowed = (str(cache), os.devnull)
    assert [line for line in lines if line.startswith("write ") and not line[6:].startswith(allowed)] == []
    assert any(line.startswith(f"write {cache}") for line in lines)
    assert not sprung.exists()
    assert not (tree / "sprung").exists()


def test_modules_of_the_current_directory_are_not_imported(tree: Path, tmp_path: Path) -> None:
    done = run("check", ".", "--no-cache", cwd=tree, SPRUNG=str(tmp_path / "sprung"))
    assert "Traceback" not in done.stderr
    assert "endpoints" in done.stderr or done.returncode in (0, 1)
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize(
    "text",
    [
        "world: !!python/object/apply:os.system ['touch sprung']\n",
        "wrappers: [!!python/name:os.system {}]\n",
        "checks: [setup]\n",
        "plugins: [setup]\n",
        "select: ['setup:Check']\n",
        "wrappers: [setup.py]\n",
    ],
)
def test_a_configuration_loads_no_code(tree: Path, tmp_path: Path, text: str) -> None:
    (tree / "brokerlint.yaml").write_text(text)
    done = run("check", ".", "--no-cache", cwd=tree, SPRUNG=str(tmp_path / "sprung"))
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert not (tmp_path / "sprung").exists()
    assert not (tree / "sprung").exists()


BOMBS = {
    "docker-compose.yml": "a: &a [x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in zip("abcdefghijk", "bcdefghijkl", strict=True))
    + "services:\n  shop:\n    image: *l\n    environment: *l\n",
    "merge.yaml": "a: &a {x: 1}\n" + "".join(f"b{n}: &b{n}\n  <<: [*a, *a, *a, *a]\n" for n in range(3000)),
    "deep.yaml": "kafka:\n" + "\n".join(" " * n + "a:" for n in range(1, 900)),
    "flow.yaml": "kafka: " + "[" * 20_000,
    "template.json": '{"Resources": ' + '{"a":' * 50_000,
    "numbers.json": '{"kafka": ' + "9" * 400_000 + "}",
    "main.tf": "locals {\n" + "".join(f'  v{n} = "${{local.v{n + 1}}}${{local.v{n + 1}}}"\n' for n in range(60)) + "}\n"
    'resource "aws_sqs_queue" "q" { name = local.v0 }\n',
    "deep.tf": "locals { x = " + "[" * 20_000,
    "loop.py": "import boto3\nx = 'a' * 10**9\n" + "".join(f"x{n} = x{n - 1} + x{n - 1}\n" for n in range(1, 60))
    + "boto3.client('sqs').send_message(QueueUrl=x59, MessageBody='%099999999999d' % 1)\n"
    "boto3.client('sqs').send_message(QueueUrl='{:>999999999}'.format(1) + 'a' * 99999999999)\n",
    "Dockerfile": "FROM python\n" + "ARG A=x\n" + "ENV A=$A$A$A$A\n" * 40 + "CMD python loop.py\n",
    ".env": "A=x\n" + "A=$A$A$A$A\n" * 40 + "QUEUE_URL=$A\n",
    "run.sh": "A=x\n" + "A=$A$A$A$A\n" * 40 + 'python loop.py "$A"\n',
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_grows_when_it_is_read_is_bounded(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(BOMBS[name])
    (tmp_path / "app.py").write_text(POLL.format("orders"))
    started = time.monotonic()
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", LIMITED, "check", ".", "--no-cache", "--format", "json"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False, timeout=300
    )
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode in (0, 1), done.stderr[-2000:]
    assert '"orders"' in done.stdout or '"endpoints": ' in done.stdout
    assert used.ru_utime - before.ru_utime < 30
    assert time.monotonic() - started < 300


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (1536 * 1024**2, -1))
resource.setrlimit(resource.RLIMIT_CPU, (60, -1))
from brokerlint.cli import main
main(sys.argv[1:])
"""
"""A run with half a GiB besides the address space of the large stack that it parses on."""


def test_the_order_of_paths_and_of_files_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        (tmp_path / name).mkdir()
        for number in range(3):
            (tmp_path / name / f"part{number}.py").write_text(POLL.format(f"{name}{number}"))
        compose = f"services:\n  {name}:\n    build: .\n    command: python part1.py\n"
        (tmp_path / name / "docker-compose.yml").write_text(compose)
    one = dumps(to_document(analyse(tmp_path)))
    scandir = os.scandir

    class Backwards:
        def __init__(self, path: str) -> None:
            with scandir(path) as entries:
                self._entries = sorted(entries, key=lambda entry: entry.name, reverse=True)

        def __iter__(self) -> Iterator[os.DirEntry[str]]:
            return iter(self._entries)

        def __enter__(self) -> Backwards:
            return self

        def __exit__(self, *exception: object) -> None:
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert dumps(to_document(analyse(tmp_path))) == one
    orders = [[tmp_path / name for name in names] for names in ("abc", "cba", "bca")]
    assert len({dumps(to_document(gather(paths, None, (), {}).facts)) for paths in orders}) == 1


SECRET = "wJalrXUtnFEMI0K7MDENGbPxRfiCYzzEXAMPLEKEY"


def test_no_secret_of_the_tree_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "app.py").write_text(
        f"import boto3\nfrom kafka import KafkaProducer\n"
        f'sqs = boto3.client("sqs", aws_access_key_id="AKIAIOSFODNN7EXAMPLE", aws_secret_access_key="{SECRET}")\n'
        f'sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/orders")\n'
        f'KafkaProducer(bootstrap_servers="kafka:9092", sasl_plain_password="{SECRET}").send("orders", b"x")\n'
    )
    (tmp_path / "docker-compose.yml").write_text(
        "services:\n  shop:\n    build: .\n    command: python app.py\n    environment:\n"
        f"      KAFKA_PASSWORD: {SECRET}\n"
        f"      BROKER_URL: amqp://user:{SECRET}@broker:5672\n      API_TOKEN: {SECRET}\n"
    )
    (tmp_path / ".env").write_text(f"AWS_SECRET_ACCESS_KEY={SECRET}\nQUEUE_URL=https://user:{SECRET}@sqs/1/orders\n")
    (tmp_path / "main.tf").write_text(
        f'resource "aws_lambda_function" "f" {{\n  environment {{ variables = {{ DB_PASSWORD = "{SECRET}" }} }}\n}}\n'
    )
    said = 0
    for command, formats in {
        "check": "text github json sarif gitlab junit rdjson",
        "graph": "text json mermaid dot html asyncapi",
        "advise": "text json markdown",
    }.items():
        for form in formats.split():
            profile = ["--profile", "ALL"] if command == "check" else []
            assert brokerlint([command, ".", "--format", form, *profile]) in (0, 1)
            out, err = capfd.readouterr()
            assert SECRET not in out + err, f"{command} --format {form}"
            said += "orders" in out
    assert said >= 10


# --- The page -----------------------------------------------------------------------------------------------------


def test_the_page_names_tests_that_there_are() -> None:
    page = (ROOT / "PROMISES.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/]+\.py)::([\w:]+)`", page)
    assert len(named) > 40
    missing = [f"{path}::{name}" for path, name in named if name not in _tests(ROOT / path)]
    assert missing == []


def test_every_promise_names_a_test() -> None:
    page = (ROOT / "PROMISES.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith(("| promise", "|---"))]
    assert len(rows) > 20
    assert [row for row in rows if "`tests/" not in row] == []


def _tests(file: Path) -> set[str]:
    """The tests of a file, and its classes of tests."""
    if not file.exists():
        return set()
    found = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
            found |= {f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return found
