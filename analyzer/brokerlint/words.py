"""Which files hold a word: one of several, looked for at once, or one of many, for which an index is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

FEW = 200
"""Words that are looked for in every file; a program that asks for more is worth an index."""

_TOKEN = re.compile(rb"\w+")


def any_of(words: Iterable[bytes]) -> Callable[[bytes], bool]:
    """Whether a text holds one of ``words``, wherever it stands."""
    from ahocorasick_rs import BytesAhoCorasick, Implementation

    known = tuple(words)
    search = BytesAhoCorasick(known, implementation=Implementation.DFA).find_matches_as_indexes
    return lambda text: bool(search(text)) if known else False


def occurring(words: Iterable[bytes], texts: Iterable[bytes]) -> set[bytes]:
    """Those of ``words`` that stand anywhere in one of ``texts``."""
    from ahocorasick_rs import BytesAhoCorasick, Implementation

    known = tuple(words)
    search = BytesAhoCorasick(known, implementation=Implementation.DFA).find_matches_as_indexes
    found: set[int] = set()
    for text in texts:
        found.update({number for number, _, _ in search(text, overlapping=True)})
        if len(found) == len(known):
            break
    return {known[number] for number in found}


class Words:
    """Asked for words of the files ``paths``, whose bytes ``text`` gives."""

    def __init__(self, paths: Sequence[str], text: Callable[[str], bytes]) -> None:
        self._paths = paths
        self._text = text
        self._asked = 0
        self._index: dict[bytes, list[str]] | None = None

    def holding(self, word: bytes) -> Sequence[str]:
        """The files that may hold ``word`` from one word's border to another, in the order of the paths."""
        if not _TOKEN.fullmatch(word):
            return self._paths
        self._asked += 1
        if self._index is None and self._asked > FEW:
            self._index = self._indexed()
        return self._paths if self._index is None else self._index.get(word, ())

    def _indexed(self) -> dict[bytes, list[str]]:
        index: dict[bytes, list[str]] = {}
        for path in self._paths:
            for word in set(_TOKEN.findall(self._text(path))):
                index.setdefault(word, []).append(path)
        return index
