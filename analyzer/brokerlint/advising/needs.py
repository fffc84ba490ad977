"""Needs: what the evidence says a channel needs, each yes, no or unknown, with a strength of 1 to 5.

Declared evidence answers alone where there is any. Otherwise one "yes" is enough; "no" takes a signal that can decide
it and none that cannot be answered among those. Two signals that agree are worth one more than the stronger of them.

Where every reader has a copy of its own, or reads a log, that each handles one message at a time says little: most
handlers do. There the need for work distribution is only a hint, unless somebody declared it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from brokerlint.advising.evidence import Evidence
from brokerlint.tables import table

_STRONGEST = 5
_OVERSHADOW = ("replay", "consumers", "streams")


@dataclass(frozen=True, slots=True)
class NeedWords:
    """How a need is asked for and spoken of; ``key`` and ``form`` say how to declare it, both empty when one cannot."""

    question: str
    words: str
    if_yes: str
    if_no: str
    key: str = ""
    form: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """One need and the evidence that answers it."""

    key: str
    value: bool | None
    strength: int = 0
    evidence: tuple[Evidence, ...] = ()


@cache
def need_words() -> Mapping[str, NeedWords]:
    """All needs by key, in the order of the questions."""
    return {key: _words(row) for key, row in table("candidates")["needs"].items()}


def _words(row: Mapping[str, Any]) -> NeedWords:
    declare = row.get("declare", {})
    flips = row["flips"]
    return NeedWords(
        row["question"], row["words"], flips[True], flips[False], declare.get("key", ""), declare.get("form", "")
    )


def weigh(evidence: Iterable[Evidence]) -> dict[str, Need]:
    """What ``evidence`` says about every need; a need without any is unknown."""
    rows: dict[str, list[Evidence]] = {key: [] for key in need_words()}
    for row in evidence:
        rows[row.need].append(row)
    needs = {key: _need(key, found) for key, found in rows.items()}
    work = needs["work"]
    if work.value and any(needs[key].value for key in _OVERSHADOW) and work.strength > 1 and not _said(work):
        needs["work"] = Need("work", True, 1, work.evidence)
    return needs


def _said(need: Need) -> bool:
    return any(row.origin == "declared" for row in need.evidence)


def _need(key: str, rows: list[Evidence]) -> Need:
    declared = [row for row in rows if row.origin == "declared" and row.value is not None]
    counted = declared or rows
    yes = [row for row in counted if row.value]
    if yes:
        agreeing = len({row.signal for row in yes}) > 1
        return Need(key, True, min(_STRONGEST, max(row.weight for row in yes) + agreeing), tuple(yes))
    deciding = [row for row in counted if row.decides]
    no = tuple(row for row in deciding if row.value is False)
    if no and len(no) == len(deciding):
        return Need(key, False, max(row.weight for row in no), no)
    return Need(key, None, 0, tuple(row for row in rows if row.value is None))
