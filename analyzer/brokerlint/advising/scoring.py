"""Scoring: hard constraints first, then points; a tie goes to fewer moving parts, then to what is in use.

Pure functions over needs, so that "what would flip it" is the same calculation with one need changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from brokerlint.advising.candidates import Candidate, candidates
from brokerlint.advising.needs import Need, need_words
from brokerlint.tables import table


@dataclass(frozen=True, slots=True)
class Case:
    """What is scored: the needs of a channel, what it runs on today, its system and its brokers' version."""

    needs: Mapping[str, Need]
    in_use: tuple[str, ...] = ()
    system: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """A candidate's result. ``excluded`` says why it is out (empty: it is not); ``points`` are by need."""

    candidate: Candidate
    total: int
    points: Mapping[str, int]
    excluded: str = ""


@dataclass(frozen=True, slots=True)
class Ranking:
    """All candidates: ``allowed`` best first, and the ``excluded``."""

    allowed: tuple[Score, ...]
    excluded: tuple[Score, ...]

    @property
    def best(self) -> tuple[Score, ...]:
        """Those that nothing tells apart: equal points and equally few moving parts."""
        first = self.allowed[0]
        alike = (first.total, first.candidate.moving_parts)
        return tuple(s for s in self.allowed if (s.total, s.candidate.moving_parts) == alike)

    def of(self, key: str) -> Score:
        """The score of one candidate."""
        return next(score for score in (*self.allowed, *self.excluded) if score.candidate.key == key)


def rank(case: Case) -> Ranking:
    """Every candidate's score for ``case``. There is always an allowed one: no need excludes managed Kafka."""
    scores = [_score(candidate, case) for candidate in candidates().values()]
    allowed = sorted(
        (score for score in scores if not score.excluded),
        key=lambda s: (-s.total, s.candidate.moving_parts, s.candidate.key not in case.in_use, s.candidate.key),
    )
    return Ranking(tuple(allowed), tuple(score for score in scores if score.excluded))


def _score(candidate: Candidate, case: Case) -> Score:
    points: dict[str, int] = {}
    for key, need in case.needs.items():
        if need.value is None:
            continue
        factor = ((candidate.yes if need.value else candidate.no) or {}).get(key, 0)
        if factor:
            points[key] = factor * need.strength if need.value else factor
    bonus = int(table("candidates")["in_use_points"]) if candidate.key in case.in_use else 0
    return Score(candidate, sum(points.values()) + candidate.base + bonus, points, _exclusion(candidate, case))


def _exclusion(candidate: Candidate, case: Case) -> str:
    """Why a candidate is out of the question; empty when it is not."""
    certain = int(table("candidates")["certain_strength"])
    words = need_words()
    for key in words:
        need = case.needs.get(key)
        if key in candidate.cannot and need and need.value and need.strength >= certain:
            return f"cannot serve {words[key].words}"
    if candidate.on_system and candidate.on_system != case.system:
        return f"needs {candidate.on_system} to be in use"
    if candidate.oldest_version and case.version and _older(case.version, candidate.oldest_version):
        return f"needs version {candidate.oldest_version}; the manifests declare {case.version}"
    if candidate.key in case.in_use or not candidate.requires:
        return ""
    if not any(case.needs[key].value for key in candidate.requires if key in case.needs):
        return f"without {' or '.join(words[key].words for key in candidate.requires)} it has no advantage"
    return ""


def _older(version: str, bar: str) -> bool:
    def parts(text: str) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", text)[:2]]

    return bool(parts(version)) and parts(version) < parts(bar)


def with_need(case: Case, key: str, value: bool) -> Case:
    """``case`` with one need answered otherwise, as a certain yes or as no."""
    changed = Need(key, value, int(table("candidates")["certain_strength"]) if value else 1)
    return Case({**case.needs, key: changed}, case.in_use, case.system, case.version)


def flips(case: Case) -> tuple[tuple[str, bool], ...]:
    """The needs that would move the choice to another candidate if they were answered so (need, answer)."""
    best = {score.candidate.key for score in rank(case).best}
    found = []
    for key in need_words():
        need = case.needs.get(key) or Need(key, None)
        for value in (True, False):
            if need.value is value:
                continue
            moved = rank(with_need(case, key, value)).best[0].candidate.key
            if moved not in best and not {moved, *best} <= set(case.in_use):
                found.append((key, value))
    return tuple(found)
