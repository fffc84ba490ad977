"""Which files may reach the parser, and as which text?"""

from __future__ import annotations

import sys

import pytest

from brokerlint.python import screen
from brokerlint.python.screen import Unreadable, check, decode, deeply


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"x = 1\n", "x = 1\n"),
        ("é = 'ü'\n".encode(), "é = 'ü'\n"),
        (b"\xef\xbb\xbfx = 1\n", "x = 1\n"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "# -*- coding: latin-1 -*-\nx = 'é'\n"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n", None),
        (b"x = 1\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
        (b"", ""),
    ],
)
def test_text_by_mark_or_coding_line(data: bytes, expected: str | None) -> None:
    assert decode(data) == (data.decode("cp1252") if expected is None else expected)


@pytest.mark.parametrize(
    ("data", "line", "message"),
    [
        (b"x = 1\ny = '\xe9'\n", 2, "is not valid utf-8"),
        (b"# coding: nonsense\n", 1, "declares the unknown encoding 'nonsense'"),
        (b"# coding: hex\n", 1, "declares the unknown encoding 'hex'"),
        (b"# coding: undefined\n", 1, "is not valid undefined"),
        (b"# coding: ascii\nx = '\xe9'\n", 2, "is not valid ascii"),
        (b"x = 1\x00\n", 1, "holds NUL bytes, so it is not Python source"),
        ("x = 1".encode("utf-16"), 1, "holds NUL bytes, so it is not Python source"),
    ],
)
def test_what_is_no_text_says_why_and_where(data: bytes, line: int, message: str) -> None:
    with pytest.raises(Unreadable) as raised:
        decode(data)

    assert (raised.value.kind, raised.value.line, str(raised.value)) == ("encoding", line, message)


def test_a_coding_line_counts_only_at_the_top() -> None:
    assert decode(b"\n\n# coding: nonsense\n") == "\n\n# coding: nonsense\n"


@pytest.mark.parametrize("brackets", ["()", "[]", "{}"])
def test_deep_nesting_is_turned_away_with_its_line(brackets: str) -> None:
    opening, closing = brackets
    depth = screen.DEEPEST_NESTING + 1
    data = f"a = 1\nx = {opening * depth}{closing * depth}\n".encode()

    with pytest.raises(Unreadable, match=f"nests {depth} brackets") as raised:
        check(data)

    assert (raised.value.kind, raised.value.line) == ("too-deep", 2)


def test_lines_are_counted_through_texts() -> None:
    depth = screen.DEEPEST_NESTING + 1

    with pytest.raises(Unreadable) as raised:
        check(b'"""\n\n"""\n' + b"(" * depth)

    assert raised.value.line == 4


def test_many_brackets_beside_each_other_or_in_texts_are_no_nesting() -> None:
    depth = screen.DEEPEST_NESTING + 1

    check(b"x = [" + b"(), " * depth + b"]\n")
    check(b"x = '" + b"(" * depth + b"'\n")
    check(b"'''\n" + b"[\n" * depth + b"'''\n")
    check(b"# " + b"{" * depth + b"\n")


def test_a_bracket_too_many_does_not_hide_nesting_below() -> None:
    depth = screen.DEEPEST_NESTING + 1

    with pytest.raises(Unreadable, match="brackets"):
        check(b")]}" * 5 + b"(" * depth)


@pytest.mark.parametrize("link", [b"+ a ", b".a", b"and a ", b"- a "])
def test_long_chains_are_turned_away(link: bytes) -> None:
    with pytest.raises(Unreadable, match="too long") as raised:
        check(b"a = 1\nx = a " + link * (screen.LONGEST_CHAIN + 1) + b"\n")

    assert (raised.value.kind, raised.value.line) == ("too-deep", 2)


@pytest.mark.parametrize("line", [b"  + a\n", b"a + \\\n", b"  and a\n", b"  .a\n"])
def test_chains_over_many_lines_are_turned_away(line: bytes) -> None:
    with pytest.raises(Unreadable, match="too long") as raised:
        check(b"b = 1\nx = (a\n" + line * (screen.LONGEST_CHAIN + 1) + b")\n")

    assert (raised.value.kind, raised.value.line) == ("too-deep", 3)


def test_many_lines_of_statements_or_texts_are_no_chain() -> None:
    check(b"a = b + c\n" * (screen.LONGEST_CHAIN * 2))
    check(b"x = (\n" + b"  'a' +\n  'b',\n" * screen.LONGEST_CHAIN + b")\n")
    check(b'"""\n' + b"- item\n" * (screen.LONGEST_CHAIN * 2) + b'"""\n')


def test_a_long_line_between_many_short_ones_is_looked_at_once() -> None:
    check(b"\n" * (screen.LONGEST_CHAIN + 1) + b"x = '" + b"a" * 1_000_000 + b"'\n")


def test_a_long_line_of_text_is_no_chain() -> None:
    check(b"x = '" + b"a.b+c-" * screen.LONGEST_CHAIN + b"'\n")


def test_huge_files_are_turned_away() -> None:
    check(b"#" * screen.LARGEST_FILE)

    with pytest.raises(Unreadable, match="larger than 2 MiB") as raised:
        check(b"#" * (screen.LARGEST_FILE + 1))

    assert raised.value.kind == "too-large"


def test_deep_recursion_ends_in_an_exception() -> None:
    def down(levels: int) -> int:
        return 0 if levels == 0 else 1 + down(levels - 1)

    limit = sys.getrecursionlimit()

    assert deeply(lambda: down(10_000)) == 10_000
    with pytest.raises(RecursionError):
        deeply(lambda: down(1_000_000))
    assert sys.getrecursionlimit() == limit


def test_what_fails_inside_fails_outside() -> None:
    def fail() -> None:
        raise KeyError("inside")

    with pytest.raises(KeyError, match="inside"):
        deeply(fail)
