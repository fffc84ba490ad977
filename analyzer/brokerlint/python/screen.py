"""Is this file safe and worth to parse? Decoding, and a look at nesting before LibCST sees it.

LibCST's parser is native code: input that is nested deeply enough ends the process, not just the file. So nesting is
measured first, cheaply, and what is left runs on a thread with a large stack.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

DEEPEST_NESTING = 200
"""Open brackets at one place: as many as Python itself allows. LibCST survives more than 2,000 on the stack below."""

LONGEST_CHAIN = 1500
"""Operators in one expression; the time of LibCST grows with their square, and 1,500 take half a second."""

LARGEST_FILE = 2 * 1024 * 1024
"""Bytes; larger Python files are generated data."""

_STACK = 512 * 1024 * 1024
_ALONE = threading.Lock()
"""The size of stacks and the limit of recursion are those of the whole process, which may have several threads read."""
_CODING = re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_STRINGS = re.compile(rb"\"\"\"(?s:.*?)\"\"\"|'''(?s:.*?)'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*")
_OPERATOR = re.compile(rb"[-+*/.%|&~^]|\b(?:not|and|or|lambda|if|await)\b|[)\]][(\[]")
_JOINTS = re.compile(
    rb"(?:^[^\n]*[-+*/.%|&^][ \t]*\\?\n|^[ \t]*(?:[-+*/.%|&^]|and\b|or\b|if\b|else\b)[^\n]*\n)+", re.MULTILINE
)
"""Lines that end or begin with an operator, so that an expression goes on."""
_BRACKETS = re.compile(rb"[\[\](){}]")
T = TypeVar("T")


class Unreadable(Exception):  # noqa: N818 - what the file is, not what went wrong
    """A file that is not parsed. ``kind`` is a diagnostic kind; the message is one clause."""

    def __init__(self, kind: str, message: str, line: int = 1) -> None:
        super().__init__(message)
        self.kind = kind
        self.line = line


def decode(data: bytes) -> str:
    """The text of a source file by its byte order mark or coding line. Raises `Unreadable`."""
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    if b"\x00" in data:
        raise Unreadable("encoding", "holds NUL bytes, so it is not Python source")
    coding = "utf-8"
    for line in data.split(b"\n", 2)[:2]:
        match = _CODING.match(line)
        if match:
            coding = match[1].decode("ascii")
            break
    try:
        return data.decode(coding)
    except LookupError:
        raise Unreadable("encoding", f"declares the unknown encoding '{coding}'") from None
    except UnicodeDecodeError as error:
        raise Unreadable("encoding", f"is not valid {coding}", data[: error.start].count(b"\n") + 1) from None
    except ValueError:  # of codecs that are not for source code, such as the one for host names
        raise Unreadable("encoding", f"is not valid {coding}") from None


def check(data: bytes) -> None:
    """Raises `Unreadable` for files that are too large, or nested too deeply for the parser."""
    if len(data) > LARGEST_FILE:
        raise Unreadable("too-large", f"is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    if data.count(b"(") + data.count(b"[") + data.count(b"{") > DEEPEST_NESTING:
        _check_nesting(_bare(data))
    if len(data) > LONGEST_CHAIN:
        _check_chains(data)


def _bare(data: bytes) -> bytes:
    """The source without its strings and comments, line by line."""
    return _STRINGS.sub(lambda match: b"\n" * match[0].count(b"\n"), data)


def _check_nesting(bare: bytes) -> None:
    depth = deepest = where = 0
    for match in _BRACKETS.finditer(bare):
        depth = depth + 1 if match[0] in b"([{" else max(0, depth - 1)
        if depth > deepest:
            deepest, where = depth, match.start()
    if deepest > DEEPEST_NESTING:
        raise Unreadable("too-deep", f"nests {deepest} brackets", bare[:where].count(b"\n") + 1)


def _check_chains(data: bytes) -> None:
    """Every operator of a chain nests the expression one level deeper, on one line or with one on each of many."""
    for number, line in enumerate(data.split(b"\n"), 1):
        if len(line) > LONGEST_CHAIN:
            parts = _STRINGS.sub(b"", line).split(b",")
            if any(len(part) > LONGEST_CHAIN and len(_OPERATOR.findall(part)) > LONGEST_CHAIN for part in parts):
                raise Unreadable("too-deep", "holds an expression that is too long", number)
    if any(_joined(data)):
        bare = _bare(data)
        run = next(_joined(bare), None)
        if run is not None:
            raise Unreadable("too-deep", "holds an expression that is too long", bare[: run.start()].count(b"\n") + 1)


def _joined(data: bytes) -> Iterator[re.Match[bytes]]:
    """The runs of more than `LONGEST_CHAIN` lines that one expression may go on over."""
    return (match for match in _JOINTS.finditer(data) if match[0].count(b"\n") > LONGEST_CHAIN)


def deeply(function: Callable[[], T]) -> T:
    """Run ``function`` on a thread with a large stack, so that deep trees end in an exception and not in a crash."""
    result: list[T] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            result.append(function())
        except BaseException as error:  # handed to the caller below
            failure.append(error)

    with _ALONE:
        limit, size = sys.getrecursionlimit(), threading.stack_size(_STACK)
        sys.setrecursionlimit(max(limit, 40_000))
        try:
            thread = threading.Thread(target=run, daemon=True)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(size)
            sys.setrecursionlimit(limit)
    if failure:
        raise failure[0]
    return result[0]
