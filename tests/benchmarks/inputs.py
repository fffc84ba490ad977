"""Inputs for fuzzing, each a small tree that a seed decides: programs from a grammar, and damaged copies of real files.

Everything is drawn from an object with the methods of ``random.Random``, so a test can let a shrinking one draw.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from programs import program

from brokerlint.discover import form_of

LARGEST = 20_000
"""Bytes of the largest real file that is damaged: larger ones only make fuzzing slow."""

Tree = dict[str, bytes]
"""The files of an input, by path."""


@dataclass(frozen=True, slots=True)
class Real:
    """Files that exist: Python, and manifests."""

    sources: Sequence[Path] = ()
    manifests: Sequence[Path] = ()

    @classmethod
    def below(cls, folders: Sequence[Path]) -> Real:
        """The files of ``folders`` that are not too large, in an order that depends on their names alone."""
        sources, manifests = [], []
        for folder in folders:
            for path in sorted(folder.rglob("*")):
                if ".git" in path.parts or path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
                    continue
                form = form_of(path.name)
                if form != "other":
                    (sources if form == "python" else manifests).append(path)
        return cls(sources, manifests)


def draw(random: random.Random, real: Real, alone: bool = False) -> tuple[str, Tree]:
    """What kind of input it is, and its files; ``alone``: one file without those around it."""
    kinds: list[Callable[[], Tree]] = [lambda: _generated(random), lambda: _wild(random)]
    if real.sources:
        kinds += [lambda: _source(random, real)] * 4
    if real.manifests:
        kinds += [lambda: _manifests(random, real)] * 4
    number = random.randrange(len(kinds))
    name = "generated" if number == 0 else "wild" if number == 1 else "python" if number < 6 else "manifests"
    tree = kinds[number]()
    if alone:
        tree = {next(iter(tree)): next(iter(tree.values()))}
    return name if real.sources or number < 2 else "manifests", tree


def _generated(random: random.Random) -> Tree:
    tree = {"app/main.py": program(random).encode("utf-8", "surrogatepass"), "app/bus.py": program(random).encode()}
    tree["app/names.py"] = program(random).encode()
    tree["docker-compose.yml"] = b"services:\n  app:\n    build: .\n    command: python -m app.main\n"
    return tree


def _wild(random: random.Random) -> Tree:
    """A program from the grammar that is damaged."""
    return {"main.py": damaged(random, program(random).encode(), program(random).encode())}


def _source(random: random.Random, real: Real) -> Tree:
    first, second = random.choice(real.sources), random.choice(real.sources)
    data = damaged(random, first.read_bytes(), second.read_bytes())
    if random.randrange(2):  # so that it is read at all
        data = b"import boto3, kafka, confluent_kafka\n" + data
    return {"app/main.py": data, "app/other.py": second.read_bytes()}


def _manifests(random: random.Random, real: Real) -> Tree:
    """A damaged manifest beside another one and a program."""
    first, second = random.choice(real.manifests), random.choice(real.manifests)
    tree = {_named(first): damaged(random, first.read_bytes(), second.read_bytes())}
    tree.setdefault(_named(second), second.read_bytes())
    tree["main.py"] = b"import os, boto3\nboto3.client('sqs').send_message(QueueUrl=os.environ['QUEUE_URL'])\n"
    return tree


def _named(path: Path) -> str:
    """The file's last two names: some formats are known by the directory."""
    return "/".join(path.parts[-2:])


def damaged(random: random.Random, data: bytes, other: bytes) -> bytes:
    """``data`` after one to four changes such as an editor, a merge or a bad disk makes; ``other`` gives parts."""
    for _ in range(random.randrange(1, 5)):
        data = random.choice(_DAMAGES)(random, data, other)
    return data[: 3 * LARGEST]


def _flip(random: random.Random, data: bytes, other: bytes) -> bytes:
    if not data:
        return b"\x00"
    at = random.randrange(len(data))
    return data[:at] + bytes([random.randrange(256)]) + data[at + 1 :]


def _cut(random: random.Random, data: bytes, other: bytes) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def _lines(random: random.Random, data: bytes, other: bytes) -> bytes:
    """Some lines go, come twice, or change places."""
    lines = data.splitlines(keepends=True)
    if len(lines) < 2:
        return data
    at = random.randrange(len(lines))
    to = min(len(lines), at + random.randrange(1, 12))
    there = random.randrange(len(lines))
    act = random.randrange(3)
    if act == 0:
        return b"".join(lines[:at] + lines[to:])
    if act == 1:
        return b"".join(lines[:there] + lines[at:to] + lines[there:])
    rest = lines[:at] + lines[to:]
    return b"".join(rest[:there] + lines[at:to] + rest[there:])


def _spliced(random: random.Random, data: bytes, other: bytes) -> bytes:
    start = random.randrange(len(other) + 1)
    part = other[start : start + random.randrange(1, 2000)]
    at = random.randrange(len(data) + 1)
    return data[:at] + part + data[at:]


def _word(random: random.Random, data: bytes, other: bytes) -> bytes:
    """One word takes the place of another everywhere, so that names come together that never were."""
    words = sorted({word for word in data.split() if len(word) < 40})
    if len(words) < 2:
        return data
    return data.replace(random.choice(words), random.choice(words))


def _odd(random: random.Random, data: bytes, other: bytes) -> bytes:
    at = random.randrange(len(data) + 1)
    return data[:at] + random.choice(_ODDITIES) * random.choice((1, 1, 2, 30, 500)) + data[at:]


def _indented(random: random.Random, data: bytes, other: bytes) -> bytes:
    lines = data.splitlines(keepends=True)
    if not lines:
        return data
    at = random.randrange(len(lines))
    for number in range(at, min(len(lines), at + random.randrange(1, 30))):
        lines[number] = b"  " + lines[number] if random.randrange(2) else lines[number].removeprefix(b"  ")
    return b"".join(lines)


_ODDITIES = (
    b"(", b"[", b"{", b"}", b")", b"]", b'"', b"'", b'"""', b"\\", b"\r", b"\t", b"\x00", b"\xff", b"\xef\xbb\xbf",
    b"\xed\xa0\x80", b"# coding: utf-7\n", b"#", b":", b": ", b"- ", b"&a ", b"*a ", b"<<: *a\n", b"!Ref ",
    b"!!python/object ", b"${", b"${a.b}", b"{{", b"}}", b"{%", b"%}", b"---\n", b"...\n", b"|\n", b">\n", b"\n",
    b"1e999", b"0x", b".inf", b"~", b"null", b"true", b"-1", b"99999999999999999999", b"{}", b"[]", b"Fn::Sub",
    b"for_each", b"<<EOF\n", b"f'{", b"lambda: ", b"not ", b"a.", b"a(", b"a[", b"**", b"* ", b"await ", b"yield ",
    b"...", b":=", b"@", b";", b",", b"=", b"==", b"\xe2\x80\xae", b"if x:\n", b"class A(A): pass\n",
    b"def f(): return f()\n", b"x = x\n", b"from . import *\n", b"import boto3\n",
)  # fmt: skip
_DAMAGES: tuple[Callable[[random.Random, bytes, bytes], bytes], ...] = (
    _flip, _cut, _lines, _lines, _lines, _spliced, _word, _word, _odd, _odd, _indented,
)  # fmt: skip
