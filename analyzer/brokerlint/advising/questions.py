"""Open questions: what the evidence leaves unknown and a declaration would decide, decisive ones first."""

from __future__ import annotations

from dataclasses import dataclass

from brokerlint.advising.needs import need_words
from brokerlint.advising.scoring import Case, flips

_FOR_COST = frozenset({"volume", "size"})


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a channel. ``key`` is the configuration's key, ``form`` what it takes. The answer to a
    ``decisive`` one may change the verdict."""

    need: str
    text: str
    key: str
    form: str
    decisive: bool

    def __str__(self) -> str:
        return f"{self.text} ({self.key}: {self.form})"


def open_questions(case: Case) -> tuple[Question, ...]:
    """The unknown needs that can be declared and could change the verdict, and the volume, which the cost needs."""
    could = {key for key, value in flips(case) if value or key == "operations"} - _FOR_COST
    found = []
    for key, words in need_words().items():
        need = case.needs.get(key)
        if words.key and (need is None or need.value is None) and (key in could or key in _FOR_COST):
            found.append(Question(key, words.question, words.key, words.form, key in could))
    return tuple(sorted(found, key=lambda question: not question.decisive))
