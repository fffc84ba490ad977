"""Which files may hold a word: the index and the search agree."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from brokerlint.words import FEW, Words, any_of

TEXTS = {"a.py": b"send(orders)\n", "b.py": b"resend(order)\n", "c.py": "s\u00e9nd = send\n".encode()}


def asked_often(texts: dict[str, bytes]) -> Words:
    words = Words(tuple(texts), texts.__getitem__)
    for number in range(FEW + 1):
        words.holding(b"w%d" % number)
    return words


def test_all_files_may_hold_a_word_while_few_are_asked_for() -> None:
    assert Words(tuple(TEXTS), TEXTS.__getitem__).holding(b"send") == tuple(TEXTS)


def test_later_only_those_that_hold_it_whole() -> None:
    words = asked_often(TEXTS)
    assert list(words.holding(b"send")) == ["a.py", "c.py"]
    assert list(words.holding(b"order")) == ["b.py"]
    assert list(words.holding(b"nowhere")) == []


def test_what_is_no_word_of_plain_letters_may_be_anywhere() -> None:
    words = asked_often(TEXTS)
    assert words.holding("s\u00e9nd".encode()) == tuple(TEXTS)
    assert words.holding(b"send(") == tuple(TEXTS)


@given(st.lists(st.text("ab_(). \n", max_size=12), max_size=4), st.text("ab_", min_size=1, max_size=3))
def test_no_file_with_the_word_is_left_out(contents: list[str], word: str) -> None:
    texts = {f"{number}.py": content.encode() for number, content in enumerate(contents)}
    found = asked_often(texts).holding(word.encode())
    separated = "".join(letter if letter in "ab_" else " " for letter in "\0".join(contents))
    assert bool(list(found)) == (word in separated.split())


@given(st.lists(st.binary(min_size=1, max_size=3), max_size=4), st.binary(max_size=30))
def test_several_words_are_found_wherever_one_of_them_stands(words: list[bytes], text: bytes) -> None:
    assert any_of(words)(text) == any(word in text for word in words)
