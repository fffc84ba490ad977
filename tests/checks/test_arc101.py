"""ARC101: a topic is a work queue only when everything that speaks for a log is absent."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, levels
from systems import consume, declared, declaring, link, produce, service, system, works

from brokerlint.places import Place
from brokerlint.topology import Declarations

LOCAL = {"bootstrap": "broker:9092"}


def queue_like(*more: Any, topic: str = "kafka:signups", declarations: Declarations | None = None,
               producing: dict[str, Any] | None = None, **consuming: Any) -> Any:  # fmt: skip
    about = {"group": "mailer", "effects": works("email"), "config": LOCAL, **consuming}
    keyed = {"key": {"kind": "none"}, "config": LOCAL, **(producing or {})}
    return system(
        produce(topic, by="api", **keyed), consume(topic, by="mailer", **about), *more, declarations=declarations
    )


def test_one_group_one_task_no_keys_with_both_ends_and_the_broker_here():
    (finding,) = ask("ARC101", queue_like())
    assert (finding.severity.value, finding.confidence.word) == ("advice", "medium")
    assert finding.services == ("mailer", "api")
    assert any("scanned" in note for note in finding.notes)


def test_an_unknown_broker_leaves_the_world_open():
    topology = queue_like(config={"bootstrap": None}, producing={"config": {"bootstrap": None}})
    assert levels("ARC101", topology) == [("advice", "low")]


def test_a_tool_that_sends_does_not_make_the_other_end_known():
    reads = {"group": "mailer", "effects": works("email"), "config": LOCAL}
    topology = system(
        service("seeder", tooling=True),
        produce("kafka:signups", by="seeder", key={"kind": "none"}, config=LOCAL),
        consume("kafka:signups", by="mailer", **reads),
    )
    assert levels("ARC101", topology) == [("advice", "low")]


def test_a_declaration_closes_it():
    topology = queue_like(declarations=declaring("kafka:*", complete=True))
    assert levels("ARC101", topology) == [("advice", "high")]


def test_unknown_keys_lower_the_level_and_do_not_block():
    topology = system(
        consume("kafka:signups", by="mailer", group="mailer", effects=works("email"), config=LOCAL),
        declarations=declaring("kafka:*", complete=True),
    )
    assert levels("ARC101", topology) == [("advice", "medium")]


def test_a_retry_topic_and_a_dead_letter_topic_are_left_alone():
    assert ask("ARC101", queue_like(topic="kafka:signups-retry")) == ()
    assert ask("ARC101", queue_like(topic="kafka:signups-dlq")) == ()


@pytest.mark.parametrize(
    "other",
    [
        consume("kafka:signups", by="audit", group="audit", effects=works("db")),
        consume("kafka:signups", by="audit", group="?"),
        link("connector", "kafka:signups", "service:warehouse"),
        link("event_source_mapping", "kafka:signups", "service:fn"),
        link("mirror", "kafka:signups", "external:other cluster"),
        declared("kafka:signups", cleanup_policy="compact"),
        declared("kafka:signups", retention=-1),
        declared("kafka:signups", retention=30 * 86400),
        declared("kafka:signups", tiered=True),
        declared("kafka:signups", source="cdc"),
        link("connector", "external:database", "kafka:signups"),
    ],
)
def test_what_speaks_for_a_log_silences_it(other: Any):
    assert ask("ARC101", queue_like(service("fn"), service("warehouse"), other)) == ()


@pytest.mark.parametrize(
    "consuming",
    [
        {"seeks": [Place("mailer/app.py", 3)]},
        {"order_use": [Place("mailer/app.py", 3)]},
        {"loop_kind": "framework-stream"},
        {"group_kind": "share"},
        {"group": None, "group_kind": "none"},
        {"effects": []},
        {"effects": works("produce")},
        {"state": {"container": "totals"}},
    ],
)
def test_how_it_is_consumed_silences_it(consuming: dict[str, Any]):
    assert ask("ARC101", queue_like(**consuming)) == ()


def test_unknown_effects_never_satisfy():
    topology = system(produce("kafka:t", key={"kind": "none"}), consume("kafka:t", by="b", group="g"))
    assert ask("ARC101", topology) == ()


@pytest.mark.parametrize(
    "about",
    [
        {"external_consumers": ("fraud",)},
        {"needs": {"replay": True}},
        {"needs": {"ordering": "per-key"}},
        {"needs": {"volume": 20000}},
    ],
)
def test_declared_needs_silence_it(about: dict[str, Any]):
    assert ask("ARC101", queue_like(declarations=declaring("kafka:*", **about))) == ()


def test_transactions_and_queue_mode_silence_it():
    assert ask("ARC101", queue_like(producing={"transaction": {"begin": True}})) == ()
    mapped = link("event_source_mapping", "kafka:signups", "service:mailer", consumption_mode="Queue")
    assert ask("ARC101", queue_like(mapped)) == ()


def test_field_keys_need_two_hints():
    keyed = {"key": {"kind": "field", "text": "id"}}
    assert ask("ARC101", queue_like(producing=keyed)) == ()
    slow = queue_like(topic="kafka:email-jobs", producing=keyed, work_seconds=10)
    assert len(ask("ARC101", slow)) == 1


def test_a_pool_supports_it_whatever_the_keys():
    assert len(ask("ARC101", queue_like(producing={"key": {"kind": "field"}}, handoff="thread-pool"))) == 1


def test_a_cluster_that_is_there_anyway_lowers_it():
    others = (consume("kafka:orders", by="a", group="a"), consume("kafka:orders", by="b", group="b"))
    (finding,) = ask("ARC101", queue_like(*others))
    assert finding.confidence.word == "low"
    assert any("next to nothing" in note for note in finding.notes)


def test_an_unknown_consumer_poisons_the_absence():
    (finding,) = ask("ARC101", queue_like(consume("kafka:?", by="other")))
    assert finding.confidence.word == "low"


def test_celery_on_kafka_is_certain():
    topology = system(consume("kafka:celery", by="worker", library="celery"))
    assert levels("ARC101", topology) == [("advice", "certain")]


def test_a_stream_with_one_application():
    topology = system(
        declared("kinesis:jobs"), produce("kinesis:jobs", by="api", key={"kind": "random"}),
        consume("kinesis:jobs", by="worker", effects=works("http")),
    )  # fmt: skip
    assert levels("ARC101", topology) == [("advice", "high")]
