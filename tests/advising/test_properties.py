"""What must hold for every channel, not only for those somebody thought of."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from exchanges import advice, exchange, reads, sends
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.advising.candidates import candidates
from brokerlint.advising.evidence import Evidence
from brokerlint.advising.needs import Need, need_words, weigh
from brokerlint.advising.scoring import Case, rank
from brokerlint.advising.signals import SIGNALS

QUEUES = frozenset({"queue", "call"})
VALUES = st.sampled_from((True, False, None))


@st.composite
def cases(draw: st.DrawFn) -> Case:
    needs = {}
    for key in need_words():
        value = draw(VALUES)
        needs[key] = Need(key, value, draw(st.integers(1, 5)) if value else 1)
    in_use = draw(
        st.sampled_from((("sqs-standard",), ("sqs-fifo",), ("sns-sqs",), ("eventbridge",), ("kinesis",),
                         ("msk", "self-managed-kafka"), ("kafka-share-group", "msk"), ()))
    )  # fmt: skip
    system = "kafka" if set(in_use) & {"msk", "kafka-share-group"} else draw(st.sampled_from(("sqs", "kinesis")))
    return Case(needs, in_use, system, draw(st.sampled_from(("", "3.9", "4.2.0"))))


@st.composite
def evidence(draw: st.DrawFn) -> list[Evidence]:
    """Any answers to any of the signals."""
    rows = []
    for signal in draw(st.lists(st.sampled_from(SIGNALS), unique_by=lambda s: s.key)):
        value = draw(VALUES)
        origin: Any = "unknown" if value is None else draw(st.sampled_from(("observed", "declared")))
        about = signal.key, signal.title, signal.need
        rows.append(Evidence(*about, value, origin, signal.weight, decides=signal.decides))
    return rows


def family(case: Case) -> str:
    return rank(case).best[0].candidate.family


def order(case: Case) -> int:
    """0 call, 1 queue, 2 publish-subscribe, 3 log."""
    return rank(case).best[0].candidate.rank


def more(case: Case, key: str, strength: int) -> Case:
    """``case`` with one more "yes" for a need: it never becomes weaker."""
    known = case.needs[key]
    stronger = max(strength, known.strength) if known.value else strength
    return replace(case, needs={**case.needs, key: Need(key, True, stronger)})


@given(cases(), st.sampled_from(("replay", "streams")), st.integers(1, 5))
def test_evidence_for_replay_or_streams_never_moves_a_verdict_towards_a_queue(
    case: Case, key: str, strength: int
) -> None:
    assert order(more(case, key, strength)) >= order(case)


@given(cases(), st.integers(1, 5))
def test_evidence_for_independent_consumers_never_moves_a_verdict_to_a_queue(case: Case, strength: int) -> None:
    if family(case) not in QUEUES:
        assert family(more(case, "consumers", strength)) not in QUEUES


@given(cases(), st.sampled_from(("replay", "consumers", "streams")), st.integers(3, 5))
def test_certain_evidence_for_what_queues_lack_rules_them_out(case: Case, key: str, strength: int) -> None:
    assert family(more(case, key, strength)) not in QUEUES


@given(cases())
def test_the_best_candidate_is_never_an_excluded_one_and_there_always_is_one(case: Case) -> None:
    ranking = rank(case)
    assert ranking.best
    assert not any(score.excluded for score in ranking.best)
    assert {score.candidate.key for score in (*ranking.allowed, *ranking.excluded)} == set(candidates())


@given(cases())
def test_nothing_with_fewer_parts_fits_equally_well(case: Case) -> None:
    first = rank(case).best[0]
    for score in rank(case).allowed:
        if score.total == first.total:
            assert score.candidate.moving_parts >= first.candidate.moving_parts


@given(cases())
def test_no_team_without_capacity_is_sent_to_self_managed_brokers(case: Case) -> None:
    if "self-managed-kafka" not in case.in_use and case.needs["operations"].value is not True:
        assert rank(case).best[0].candidate.key != "self-managed-kafka"


@given(cases(), st.integers(3, 5))
def test_where_order_is_certain_nothing_unordered_is_advised(case: Case, strength: int) -> None:
    best = {score.candidate.key for score in rank(more(case, "order", strength)).best}
    assert not best & {"sqs-standard", "eventbridge", "kinesis-queue", "kafka-share-group"}


@given(evidence())
def test_unknown_evidence_neither_satisfies_nor_violates(rows: list[Evidence]) -> None:
    """Leaving out what is unknown makes no need a "yes", and takes none away."""
    known = [row for row in rows if row.value is not None]
    for key, need in weigh(rows).items():
        assert (need.value is True) == (weigh(known)[key].value is True)
        if need.value is False:
            assert weigh(known)[key].value is False


@given(evidence(), st.sampled_from([s for s in SIGNALS if s.need in ("replay", "consumers", "streams")]))
def test_one_more_signal_that_speaks_for_a_log_never_moves_towards_a_queue(rows: list[Evidence], signal: Any) -> None:
    """The same through the needs, where such evidence also weakens what speaks for work distribution."""
    extra = Evidence(signal.key, signal.title, signal.need, True, "observed", signal.weight)
    for in_use in (("sqs-standard",), ("msk", "self-managed-kafka"), ("kinesis",)):
        before = Case(weigh(rows), in_use)
        after = Case(weigh([*(row for row in rows if row.signal != signal.key), extra]), in_use)
        was_yes = any(row.signal == signal.key and row.value for row in rows)
        if not was_yes and family(before) not in QUEUES:
            assert family(after) not in QUEUES


@given(evidence())
def test_no_order_of_the_evidence_matters(rows: list[Evidence]) -> None:
    ahead, back = weigh(rows), weigh(reversed(rows))
    assert {k: (n.value, n.strength) for k, n in ahead.items()} == {k: (n.value, n.strength) for k, n in back.items()}


@settings(max_examples=25)
@pytest.mark.parametrize("system", ["sqs", "kafka", "kinesis"])
@given(effects=st.sets(st.sampled_from(("email", "http", "db", "ml"))), readers=st.integers(1, 3))
def test_another_reader_of_the_same_kind_never_moves_a_channel_to_a_queue(
    system: str, effects: set[str], readers: int
) -> None:
    """From the topology on: one more application of its own, doing the same as the others."""
    channel = f"{system}:orders"

    def look(count: int) -> str:
        every = [reads(f"r{n}", channel, 20 + n, group=f"g{n}", effects=sorted(effects)) for n in range(count)]
        best = advice(exchange(sends("shop", channel), *every), channel).best
        return candidates()[best[0]].family

    if look(readers) not in QUEUES:
        assert look(readers + 1) not in QUEUES
    if readers + 1 > 1:
        assert look(readers + 1) not in QUEUES, "two applications that each want every message"


@pytest.mark.parametrize("need", ["replay", "consumers", "streams"])
def test_the_nearer_to_a_log_the_more_such_evidence_counts(need: str) -> None:
    """The reason why the properties hold, on the table itself: what a further "yes" adds grows with the family."""
    gains: dict[int, list[int]] = {}
    for candidate in candidates().values():
        yes, no = (candidate.yes or {}).get(need, 0), (candidate.no or {}).get(need, 0)
        gains.setdefault(candidate.rank, []).append(yes)
        assert no <= 0 <= yes
    for rank_, higher in pairwise(sorted(gains)):
        assert max(gains[rank_]) <= min(gains[higher])
