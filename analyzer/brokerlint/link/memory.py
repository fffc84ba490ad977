"""What has been worked out, of questions whose way may lead back to themselves.

A question that is asked while it is being worked out gets a makeshift answer. What was found with such an answer in
hand holds only as long as the question is open: it is used until then, and forgotten when the question is settled. So
what is known in the end does not depend on which question came first.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, TypeAlias

_NOWHERE = 1 << 60

Mark: TypeAlias = tuple[int, int, int]
"""Where a question stands among the open ones, and what has to be put back when it is settled."""


class Memory:
    """Answers by question. ``begin`` and ``end`` go around the work on one, in the manner of brackets."""

    def __init__(self) -> None:
        self._known: dict[Hashable, Any] = {}
        self._open: dict[Hashable, int] = {}
        self._lowest = _NOWHERE
        self._resting: dict[Hashable, int] = {}

    def get(self, question: Hashable) -> Any:
        """The answer, as far as it is known now; None when there is none."""
        found = self._known.get(question)
        if found is not None and self._resting:
            self._lean(self._resting.get(question, _NOWHERE))
        return found

    def is_open(self, question: Hashable) -> bool:
        """Is the question being worked out? Whoever asks has to do with a makeshift."""
        position = self._open.get(question)
        if position is None:
            return False
        self._lean(position)
        return True

    def rest_on_all(self) -> None:
        """What is being worked out would be another answer if fewer questions were open."""
        self._lean(0)

    def begin(self, question: Hashable) -> Mark:
        """Open a question that is not open."""
        position = len(self._open)
        self._open[question] = position
        mark = (position, self._lowest, len(self._resting))
        self._lowest = _NOWHERE
        return mark

    def end(self, question: Hashable, mark: Mark, answer: Any = None) -> None:
        """Settle a question; with None, nothing is remembered of it."""
        position, before, resting = mark
        del self._open[question]
        lowest = self._lowest
        if lowest < position:  # it rests on a question that is still open
            if answer is not None:
                self._known[question] = answer
                self._resting[question] = lowest
        else:
            lowest = _NOWHERE
            while len(self._resting) > resting:
                forgotten, _ = self._resting.popitem()
                del self._known[forgotten]
            if answer is not None:
                self._known[question] = answer
        self._lowest = min(before, lowest)

    def _lean(self, position: int) -> None:
        if position < self._lowest:
            self._lowest = position
