"""What the article that started this says about choosing, sentence by sentence: what serves it, and that it does.

Sentences and headings are numbered from 1 to 163. A sentence is served by a signal (evidence of that name), a question
(a need that is asked for), a candidate, a term of the cost, or the whole (the verdict's form); what only checks serve
stands in ``CHECKED``, and what only says something about the text itself in ``TOLD``.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from exchanges import advice, declared, email_jobs, evidence, exchange, node, reads, sends, thumbnails, where
from scenarios import SCENARIOS

from brokerlint.advising import advise, advise_system, advised
from brokerlint.advising.candidates import candidates
from brokerlint.advising.cost import Cost, Estimate, estimate
from brokerlint.advising.needs import need_words
from brokerlint.advising.prices import builtin
from brokerlint.advising.signals import SIGNALS
from brokerlint.advising.workload import Range, Workload, workload

SIGNAL: dict[str, tuple[int, ...]] = {
    "aws-native": (17, 18, 22, 23, 84, 85, 86),
    "team-capacity": (17, 22, 23, 128, 152, 153),
    "serverless": (21, 35, 36, 37, 38, 78, 79, 80),
    "replay-declared": (145, 146),
    "reads-back": (6, 8, 15, 45, 46, 90, 99),
    "keeps-history": (9, 10, 43, 44, 47, 50),
    "rebuilds-state": (12, 49, 88, 89),
    "replay-by-hand": (97, 98, 135, 136, 137),
    "record-kept": (43, 50, 97, 98),
    "several-consumers": (11, 47, 48, 61, 62, 63, 64, 65, 100, 101, 102, 145, 155),
    "shared-reading": (62, 101, 102, 136),
    "copies-by-hand": (63, 64, 65, 136),
    "stream-framework": (57, 58, 59, 60, 94, 95, 145),
    "state-across-messages": (95, 96),
    "work-per-message": (24, 25, 26, 28, 29, 70, 71, 72, 73, 147, 148, 159, 161),
    "competing-workers": (24, 25, 26),
    "retry-by-hand": (133,),
    "high-volume": (52, 53, 54, 81, 82, 83, 149, 150, 151),
    "bursts": (32, 33, 121),
    "well-operated": (19, 126, 127, 129, 130),
    "log-in-place": (134,),
    "caller-waits": (141, 142, 143),
    "one-to-one": (7, 14, 74, 75, 76, 156),
    "events": (12, 49, 88, 89, 154, 155),
    "order-used": (39, 40, 41),
    "keyed": (40, 41),
    "no-duplicates": (66, 67, 68),
    "filters": (36, 79),
}
"""Served by evidence: on the signal's own small system its answer is yes."""

QUESTION: dict[str, tuple[int, ...]] = {
    "replay": (145, 146),
    "consumers": (145,),
    "streams": (145,),
    "work": (147, 148),
    "volume": (149, 150, 151),
    "operations": (152, 153),
    "events": (154, 155, 156),
    "order": (39, 40, 41),
    "duplicates": (67, 68),
}
"""Served by a question that people can answer in the configuration."""

PIPELINES = (56, 91, 92, 93)
CHECKED = (27, 55, 123, 124, 125)
"""Visibility timeouts, batching on disk, the operating of queues: findings of checks, no matter of choosing."""
TOLD = (4, 16, 42, 69, 87, 103, 110, 122, 131, 144, 157)
"""Headings."""

Shows = Callable[[], bool]


def _monthly(load: Workload, key: str) -> Estimate:
    cost = estimate(load, [key], builtin())
    return next(item for item in cost.estimates if item.candidate == key)


def _load(rate: float, **more: object) -> Workload:
    return Workload(Range(rate, rate), pollers=0, **more)  # type: ignore[arg-type]


def _high(load: Workload, key: str) -> float:
    found = _monthly(load, key).high
    assert found is not None
    return found


def _cost_of_jobs() -> Cost:
    return estimate(workload(node(email_jobs(), "kafka:email-jobs"), builtin()), list(candidates()), builtin())


def _batches_save() -> bool:
    return _high(_load(10, send=(1, 1), receive=(1, 1), delete=(1, 1)), "sqs-standard") > 9 * _high(
        _load(10, send=(10, 10), receive=(10, 10), delete=(10, 10)), "sqs-standard"
    )


def _shape_of_use_against_system() -> bool:
    return advice(email_jobs(), "kafka:email-jobs").used_as == "work-queue"


def _observed_use_before_features() -> bool:
    return (
        advice(thumbnails(), "sqs:thumbnails").best
        != advice(
            exchange(sends("web", "sqs:thumbnails"), reads("a", "sqs:thumbnails"), reads("b", "sqs:thumbnails")),
            "sqs:thumbnails",
        ).best
    )


def _no_replay_no_readers_no_streams() -> bool:
    topology = email_jobs()
    return advise_system(topology, tuple(advise(c) for c in advised(topology))).verdict == "consider"


def _streams_of_sensors() -> bool:
    topology = exchange(
        sends("sensors", "kafka:metrics"), reads("store", "kafka:metrics", group="s", effects=("db",)),
        needs={"volume": 50_000, "stream_processing": True},
    )  # fmt: skip
    return advice(topology, "kafka:metrics").verdict == "keep"


def _ties_to_fewer_parts() -> bool:
    return candidates()["sqs-standard"].moving_parts < candidates()["msk"].moving_parts


def _badly_run_kafka_is_left() -> bool:
    topology = exchange(
        sends("a", "kafka:t"), reads("b", "kafka:t", group="b", seeks=[where(4)]), team="low",
        channels=(declared("kafka:cluster", "cluster", cluster_kind="strimzi"),),
    )  # fmt: skip
    found = advice(topology, "kafka:t")
    return found.verdict == "consider" and found.best[0] != "self-managed-kafka"


def _kinesis_is_in_the_middle() -> bool:
    parts = candidates()
    middle = parts["sqs-standard"].moving_parts < parts["kinesis"].moving_parts < parts["msk"].moving_parts
    topology = exchange(sends("a", "sqs:t"), reads("b", "sqs:t"), needs={"replay": True})
    return middle and advice(topology, "sqs:t").best[0].startswith("kinesis")


def _a_log_can_more() -> bool:
    return {"replay", "consumers", "streams"} <= candidates()["sqs-standard"].cannot


def _a_queue_is_kept_simple() -> bool:
    return candidates()["sqs-standard"].moving_parts == 0


def _managed_costs_more_and_runs_itself() -> bool:
    dearer = (_monthly(_load(0), "msk").floor or 0) > (_monthly(_load(0), "self-managed-kafka").floor or 0)
    return dearer and candidates()["msk"].moving_parts < candidates()["self-managed-kafka"].moving_parts


OTHER: list[tuple[tuple[int, ...], str, Shows]] = [
    ((1, 2, 158), "the shape of the use is set against the system", _shape_of_use_against_system),
    ((3, 13), "the observed use decides, not what a system could do", _observed_use_before_features),
    ((5, 20, 77), "simplicity counts: fewer moving parts", _a_queue_is_kept_simple),
    ((77,), "ties go to fewer moving parts", _ties_to_fewer_parts),
    (PIPELINES, "pipelines of many small records stay on a log", _streams_of_sensors),
    ((51, 160, 162), "hard constraints: what a queue cannot do", _a_log_can_more),
    ((104, 105, 106, 119), "managed and self-managed Kafka side by side", _managed_costs_more_and_runs_itself),
    ((107, 108, 109), "Kinesis lies in the middle", _kinesis_is_in_the_middle),
    ((128, 129, 130, 138, 139, 140), "a cluster that nobody can operate is left", _badly_run_kafka_is_left),
    ((132, 133, 134, 163), "a log of which no capability is used", _no_replay_no_readers_no_streams),
    ((30,), "a queue is charged for each request", lambda: _high(_load(20), "sqs-standard") == pytest.approx(
        2 * _high(_load(10), "sqs-standard"))),
    ((31, 112), "batches reduce requests", _batches_save),
    ((33, 113, 121), "a queue has no floor, a cluster has one",
     lambda: _monthly(_load(0), "sqs-standard").floor == 0 and (_monthly(_load(0), "msk").floor or 0) > 400),
    ((34,), "at a moderate volume a queue is cheaper", lambda: _high(_load(20), "sqs-standard") < _high(
        _load(20), "msk")),
    ((54, 114), "the slope: at a high volume a queue is dearer", lambda: _high(_load(20_000), "sqs-standard") > _high(
        _load(20_000), "msk")),
    ((111,), "every figure has inputs and assumptions", lambda: bool(
        _cost_of_jobs().assumptions and _cost_of_jobs().missing)),
    ((115, 116), "machines, disks and traffic", lambda: _high(_load(100, retention=604_800), "self-managed-kafka")
     > _high(_load(100), "self-managed-kafka") > 210.24),
    ((117, 120), "utilisation decides", lambda: _monthly(
        _load(900, shards=1, mode="provisioned"), "kinesis").utilisation == pytest.approx(0.9)),
    ((118,), "managed brokers and their storage", lambda: _high(_load(100, retention=604_800), "msk") > _high(
        _load(100), "msk") > 459),
    ((82, 83, 149, 150, 151), "the crossover is printed", lambda: len(_cost_of_jobs().crossovers) == 2),
    ((146,), "what a log is needed for leads to Kafka, Kinesis or the like", lambda: rank_of_replay() == "log"),
]  # fmt: skip
"""Served by the verdict's form, a candidate or a term of the cost; each with what shows it."""


def rank_of_replay() -> str:
    topology = exchange(sends("a", "sqs:t"), reads("b", "sqs:t"), needs={"replay": True})
    return candidates()[advice(topology, "sqs:t").best[0]].family


def test_every_sentence_has_its_place() -> None:
    served = {number for numbers in (*SIGNAL.values(), *QUESTION.values()) for number in numbers}
    served |= {number for numbers, _, _ in OTHER for number in numbers} | set(CHECKED) | set(TOLD)
    assert sorted(set(range(1, 164)) - served) == []
    assert sorted(served - set(range(1, 164))) == []


@pytest.mark.parametrize("key", SIGNAL)
def test_the_evidence_is_found(key: str) -> None:
    topology, channel = SCENARIOS[key]
    assert evidence(topology, channel, key).value is True


def test_the_signals_exist() -> None:
    assert set(SIGNAL) <= {signal.key for signal in SIGNALS}


@pytest.mark.parametrize("key", QUESTION)
def test_the_question_is_asked_and_can_be_answered(key: str) -> None:
    words = need_words()[key]
    assert words.question.endswith("?")
    answers: dict[str, dict[str, object]] = {
        "replay": {"needs": {"replay": True}},
        "consumers": {"external_consumers": ("fraud",)},
        "streams": {"needs": {"stream_processing": True}},
        "work": {"role": "work"},
        "volume": {"needs": {"volume": 20}},
        "operations": {"team": "low"},
        "events": {"role": "event"},
        "order": {"needs": {"ordering": "per-key"}},
        "duplicates": {"needs": {"exactly_once": True}},
    }
    bare = exchange(sends("a", "kafka:t", key={"kind": "unknown"}), reads("b", "kafka:t", group="b", effects=None),
                    world="open")  # fmt: skip
    told = exchange(sends("a", "kafka:t", key={"kind": "unknown"}), reads("b", "kafka:t", group="b", effects=None),
                    world="open", **answers[key])  # type: ignore[arg-type]  # fmt: skip
    assert advice(bare, "kafka:t").needs[key].value is None
    assert advice(told, "kafka:t").needs[key].value is not None


@pytest.mark.parametrize(("numbers", "words", "shows"), OTHER, ids=[words for _, words, _ in OTHER])
def test_the_rest_is_shown(numbers: tuple[int, ...], words: str, shows: Shows) -> None:
    assert shows(), f"{numbers}: {words}"
