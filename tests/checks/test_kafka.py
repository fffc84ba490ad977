"""The checks of Kafka: what they find and what silences them."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, levels
from systems import consume, declared, declaring, link, produce, service, system, works

from brokerlint.places import Place

HERE = Place("x.py", 9)
BACKGROUND = {"auto_commit": True, "auto_commit_background": True, "auto_store": True}


# KFK201
def reads(*more: Any, config: dict[str, Any] | None = None, origin: str = "library-default", **about: Any) -> Any:
    facts = {"group": "g", "effects": works("http"), **about}
    return system(consume("kafka:t", config=BACKGROUND if config is None else config, origin=origin, **facts), *more)


def test_commits_in_the_background():
    assert levels("KFK201", reads()) == [("error", "high")]
    assert levels("KFK201", reads(library="aiokafka")) == [("error", "high")]


def test_its_fix_needs_consent():
    (finding,) = ask("KFK201", reads())
    assert finding.fix is not None
    assert not finding.fix.safe


def test_configuration_that_could_not_be_followed_gives_low():
    assert levels("KFK201", reads(config_complete=False)) == [("error", "low")]


def test_a_commit_before_the_work_and_work_in_a_pool():
    early = [{"kind": "commit", "position": "before", "place": HERE}]
    assert levels("KFK201", reads(config={"auto_commit": False}, acks=early)) == [("error", "high")]
    pooled = {"auto_commit": True, "auto_commit_background": False}
    assert len(ask("KFK201", reads(config=pooled, library="kafka-python", handoff="thread-pool"))) == 1


def test_iterating_kafka_python_is_medium_and_polling_is_fine():
    config = {"auto_commit": True, "auto_commit_background": False}
    iterates = {"library": "kafka-python", "loop_kind": "for-iter", "config": config}
    assert levels("KFK201", reads(**iterates)) == [("error", "medium")]
    assert ask("KFK201", reads(**iterates, operation="KafkaConsumer.poll")) == ()
    assert ask("KFK201", reads(**{**iterates, "loop_kind": "while-true"})) == ()


def test_frameworks_that_acknowledge_first():
    assert levels("KFK201", reads(config={}, library="faststream")) == [("error", "medium")]
    assert ask("KFK201", reads(config={"ack_policy": "NACK_ON_ERROR"}, library="faststream")) == ()


@pytest.mark.parametrize(
    "about",
    [
        {"config": {**BACKGROUND, "auto_store": False}},
        {"config": {"auto_commit": False}},
        {"config": {}},
        {"effects": []},
        {"effects": works("produce")},
        {"group_kind": "none"},
        {"group_kind": "share"},
        {"transaction": {"send_offsets": True}},
    ],
)
def test_offsets_that_follow_the_work(about: dict[str, Any]):
    assert ask("KFK201", reads(**about)) == ()


def test_unknown_effects_are_silent_and_loss_can_be_declared():
    assert ask("KFK201", system(consume("kafka:t", config=BACKGROUND))) == ()
    quiet = declaring("kafka:t", best_effort=True)
    assert ask("KFK201", system(consume("kafka:t", config=BACKGROUND, effects=works("db")), declarations=quiet)) == ()


# KFK101, KFK102, KFK103, KFK105
def sends(*more: Any, **about: Any) -> Any:
    return system(produce("kafka:t", **about), *more)


def test_a_producer_that_ends_early():
    short = {"client_scope": "function", "flushes": []}
    assert levels("KFK101", sends(**short)) == [("error", "high")]
    assert levels("KFK101", sends(**short, library="kafka-python")) == [("error", "medium")]
    assert levels("KFK101", sends(client_scope="module", flushes=[], entry_kind="lambda-handler")) == [
        ("error", "high")
    ]


@pytest.mark.parametrize(
    "about",
    [{"client_scope": "init", "flushes": []}, {"client_scope": "function", "flushes": [{"position": "end"}]},
     {"client_scope": "function"}, {"client_scope": "function", "flushes": [], "future": "awaited"}],
)  # fmt: skip
def test_a_producer_that_does_not(about: dict[str, Any]):
    assert ask("KFK101", sends(**about)) == ()


def test_flushing_each_record():
    each = {"flushes": [{"position": "per-message", "place": HERE}]}
    assert levels("KFK102", sends(**each, loop="over-items")) == [("warning", "high")]
    assert levels("KFK102", sends(**each, entry_kind="http")) == [("advice", "high")]
    assert levels("KFK102", sends(**each, entry_kind="consumer-handler", loop="forever")) == [("advice", "high")]
    assert ask("KFK102", sends(**each, loop="none")) == ()
    assert ask("KFK102", sends(flushes=[{"position": "after-loop"}], loop="over-items")) == ()
    assert ask("KFK102", sends(future="awaited", entry_kind="http")) == ()


def test_a_poll_that_blocks_after_each_record():
    each = {"blocking_polls": [{"position": "per-message", "place": HERE}], "flushes": []}
    (finding,) = ask("KFK102", sends(**each, loop="over-items"))
    assert "poll() without a timeout" in finding.message
    assert finding.fix is None
    assert levels("KFK102", sends(**each, entry_kind="http")) == [("advice", "high")]
    assert ask("KFK102", sends(blocking_polls=[{"position": "after-loop", "place": HERE}], loop="over-items")) == ()


def test_what_a_consumer_does_for_each_record_is_done_per_message():
    place = Place("lib/bus.py", 7)
    reader = consume("kafka:in", effects=[{"class": "produce", "place": place}])
    waits = {"flushes": [{"position": "per-message", "place": HERE}], "chain": place}
    assert levels("KFK102", sends(reader, **waits)) == [("advice", "high")]
    assert levels("KFK105", sends(reader, client_scope="function", chain=place)) == [("warning", "high")]
    assert ask("KFK105", sends(reader, client_scope="function")) == ()


def test_one_flush_of_two_sends_is_told_once():
    each = {"flushes": [{"position": "per-message", "place": HERE}], "loop": "over-items", "function": "export"}
    assert len(ask("KFK102", system(produce("kafka:t", **each), produce("kafka:t", **each)))) == 1


def test_flushing_a_few_records_or_those_of_a_tool():
    each = {"flushes": [{"position": "per-message", "place": HERE}], "loop": "over-items"}
    assert ask("KFK102", sends(**each, loop_count=2)) == ()
    assert ask("KFK102", sends(service("app", tooling=True), **each)) == ()


def test_what_a_shared_producer_is_set_to_is_told_once():
    weak = {"config": {"acks": 1}, "chain": Place("lib/bus.py", 7)}
    (finding,) = ask("KFK104", system(produce("kafka:a", by="a", **weak), produce("kafka:b", by="b", **weak)))
    assert (finding.place.path, finding.channels) == ("lib/bus.py", ("kafka:a", "kafka:b"))


def test_results_that_nobody_looks_at():
    assert len(ask("KFK103", sends(callback=False, flushes=[]))) == 1
    assert ask("KFK103", sends(callback=True, flushes=[])) == ()
    assert ask("KFK103", sends(callback=False, flush_checked=True, flushes=[{"position": "end"}])) == ()
    assert len(ask("KFK103", sends(library="aiokafka", future="dropped"))) == 1
    assert ask("KFK103", sends(library="aiokafka", future="awaited")) == ()
    assert ask("KFK103", sends()) == ()


def test_a_client_per_message():
    assert levels("KFK105", sends(client_scope="loop")) == [("warning", "high")]
    assert levels("KFK105", sends(client_scope="function", entry_kind="http")) == [("warning", "high")]
    assert ask("KFK105", sends(client_scope="function", entry_kind="cron")) == ()
    assert ask("KFK105", sends(client_scope="module", entry_kind="http")) == ()
    assert levels("KFK105", system(produce("sqs:q", client_scope="loop"))) == [("advice", "high")]


# KFK104, KFK106, KFK107
def test_weak_acknowledgements():
    def acks(value: Any, *more: Any, origin: str = "literal", **about: Any) -> Any:
        return sends(*more, config={"acks": value, **about.pop("config", {})}, origin=origin, **about)

    assert levels("KFK104", acks(1)) == [("warning", "high")]
    assert levels("KFK104", acks("0")) == [("warning", "high")]
    assert levels("KFK104", acks(1, origin="library-default", library="kafka-python")) == [("warning", "medium")]
    assert levels("KFK104", acks(1, origin="library-default", library="kafka-python", library_version="2.0.2")) == [
        ("warning", "high")
    ]
    assert levels("KFK104", acks(1, declared("kafka:t", replication_factor=3, min_insync_replicas=2))) == [
        ("error", "high")
    ]
    assert ask("KFK104", acks("all")) == ()
    assert ask("KFK104", acks(1, config={"idempotence": True})) == ()
    assert ask("KFK104", acks(1, service("app", environment="dev"))) == ()


def test_keys_that_do_not_suit_the_topic():
    compact = declared("kafka:t", cleanup_policy="compact")
    assert levels("KFK106", sends(compact, key={"kind": "none"})) == [("error", "certain")]
    assert levels("KFK106", sends(key={"kind": "const"})) == [("warning", "medium")]
    assert levels("KFK106", sends(declared("kafka:t", partitions=6), key={"kind": "const"})) == [("warning", "high")]
    assert ask("KFK106", sends(declared("kafka:t", partitions=1), key={"kind": "const"})) == ()
    ordered = consume("kafka:t", by="b", order_use=[HERE])
    assert levels("KFK106", sends(ordered, key={"kind": "random"})) == [("warning", "high")]
    for fine in ({"key": {"kind": "field"}}, {"key": {"kind": "none"}, "partition": True}, {}):
        assert ask("KFK106", sends(compact, **fine)) == ()


def test_two_hashes_on_one_topic():
    field = {"key": {"kind": "field"}}
    one = produce("kafka:t", by="a", config={"hash": "crc32"}, **field)
    other = produce("kafka:t", by="b", config={"hash": "murmur2"}, **field)
    chosen = produce("kafka:t", by="a", config={"hash": "crc32", "partitioner": "murmur2_random"}, **field)
    assert levels("KFK107", system(one, other)) == [("advice", "high")]
    assert levels("KFK107", system(one, other, consume("kafka:t", by="c", order_use=[HERE]))) == [("warning", "high")]
    assert levels("KFK107", system(one, link("connector", "external:db", "kafka:t"))) == [("advice", "high")]
    assert ask("KFK107", system(chosen, other)) == ()
    assert ask("KFK107", system(one, other, declared("kafka:t", partitions=1))) == ()


# KFK202, KFK203, KFK204, KFK205
SWALLOWS = {"around": True, "broad": True, "swallows": True, "logs_only": True, "place": HERE}


def test_failed_records_that_vanish():
    commits = {"config": {"auto_commit": True}, "try_shape": SWALLOWS}
    assert levels("KFK202", reads(**commits)) == [("warning", "high")]
    assert ask("KFK202", reads(**{**commits, "try_shape": {**SWALLOWS, "to_dlq": True}})) == ()
    assert ask("KFK202", reads(**{**commits, "try_shape": {**SWALLOWS, "broad": False}})) == ()
    assert ask("KFK202", reads(**{**commits, "config": {"auto_commit": False}})) == ()
    assert ask("KFK202", reads(**commits, seeks=[HERE])) == ()


def test_records_that_block_their_partition():
    blocks = {
        "config": {"auto_commit": False}, "loop_kind": "while-true", "try_shape": {"around": False},
        "acks": [{"kind": "commit", "position": "after"}],
    }  # fmt: skip
    assert levels("KFK203", reads(**blocks)) == [("warning", "medium")]
    assert "retries for ever" in ask("KFK203", reads(**blocks, bounded_retry=False))[0].message
    assert ask("KFK203", reads(**{**blocks, "try_shape": {"to_dlq": True}})) == ()
    assert ask("KFK203", reads(**{**blocks, "try_shape": SWALLOWS})) == ()
    assert ask("KFK203", reads(**{**blocks, "loop_kind": "once"})) == ()


def test_work_longer_than_the_poll_interval():
    long = {
        "config": {"max_poll_interval": 300000, "max_poll_records": 500},
        "handoff": "none",
        "library": "kafka-python",
    }
    assert levels("KFK204", reads(**long, work_seconds=1)) == [("warning", "medium")]
    assert ask("KFK204", reads(**long, work_seconds=0.5)) == ()
    assert ask("KFK204", reads(**{**long, "handoff": "thread-pool"}, work_seconds=1)) == ()
    assert ask("KFK204", reads(**long, work_seconds=1, pauses=True)) == ()
    assert ask("KFK204", reads(**{**long, "library": "confluent-kafka"}, work_seconds=1)) == ()


def test_messages_that_are_not_tested():
    assert levels("KFK205", reads(none_test="missing")) == [("error", "high")]
    assert levels("KFK205", reads(none_test="is-none", error_checked=False)) == [("error", "high")]
    assert levels("KFK205", reads(none_test="truthiness", error_checked=True)) == [("advice", "high")]
    compact = declared("kafka:t", cleanup_policy="compact")
    assert levels("KFK205", reads(compact, none_test="truthiness", error_checked=True)) == [("error", "high")]
    assert ask("KFK205", reads(none_test="is-none", error_checked=True)) == ()
    assert ask("KFK205", reads()) == ()
    assert ask("KFK205", reads(none_test="missing", library="kafka-python")) == ()
    assert ask("KFK205", reads(none_test="missing", group_kind="share")) == ()


# KFK206, KFK207, KFK208
def test_transactions_that_are_read_uncommitted():
    def chain(isolation: str, steps: dict[str, bool]) -> Any:
        return system(
            produce("kafka:t", by="a", transaction=steps), consume("kafka:t", by="b", config={"isolation": isolation})
        )

    whole = {"init": True, "begin": True, "commit": True, "abort": True}
    assert levels("KFK206", chain("read_uncommitted", whole)) == [("error", "high")]
    assert ask("KFK206", chain("read_committed", whole)) == ()
    assert len(ask("KFK206", chain("read_committed", {**whole, "abort": False}))) == 1
    assert len(ask("KFK206", chain("read_committed", {**whole, "init": False}))) == 1
    assert ask("KFK206", chain("read_committed", {"begin": True})) == ()


def test_positions_that_do_not_last():
    assert levels("KFK207", reads(group=None, group_kind="none", library="kafka-python")) == [("warning", "high")]
    assert levels("KFK207", reads(group=None, group_kind="none")) == [("warning", "certain")]
    assert levels("KFK207", reads(group_varies=True)) == [("warning", "high")]
    assert ask("KFK207", reads(group=None, group_kind="none", effects=[])) == ()
    assert ask("KFK207", reads(group=None, group_kind="none", seeks=[HERE])) == ()
    assert ask("KFK207", reads()) == ()
    latest = consume("kafka:t", group="g", config={"offset_reset": "latest"})
    assert levels("KFK207", system(latest, declarations=declaring("kafka:t", role="work"))) == [("warning", "medium")]
    assert ask("KFK207", system(latest)) == ()


def test_share_groups_used_like_classic_ones():
    def found(**about: Any) -> set[str]:
        return {
            finding.variant for finding in ask("KFK208", reads(group_kind="share", config={}, library="other", **about))
        }

    assert found(ignored_keys=["auto.offset.reset"]) == {"keys"}
    assert found(order_use=[HERE]) == {"order"}
    assert found(work_seconds=31) == {"lock"}
    assert found() == set()
    assert ask("KFK208", reads(ignored_keys=["auto.offset.reset"])) == ()
    assert [f.variant for f in ask("KFK208", reads(group_kind="share"))] == ["preview"]


# KFK301, KFK302, KFK303, KIN103
def test_more_consumers_than_partitions():
    def run(instances: int, partitions: Any, **about: Any) -> Any:
        deployed = service("app", properties={"replicas_max": instances, **about.pop("properties", {})})
        return system(deployed, declared("kafka:t", partitions=partitions), consume("kafka:t", group="g", **about))

    assert levels("KFK301", run(6, 3)) == [("warning", "certain")]
    assert ask("KFK301", run(3, 3)) == ()
    assert ask("KFK301", run(6, None)) == ()
    assert ask("KFK301", run(6, 3, group_kind="share")) == ()
    assert ask("KFK301", run(6, 3, properties={"scales_itself": True})) == ()


def test_retention_below_what_is_needed():
    topic = declared("kafka:t", retention=3600)
    assert levels("KFK302", system(topic, declarations=declaring("kafka:t", needs={"retention": 86400}))) == [
        ("warning", "high")
    ]
    assert levels("KFK302", system(topic, declarations=declaring("kafka:t", role="event"))) == [("warning", "medium")]
    assert levels("KFK302", system(topic, declarations=declaring("kafka:t", role="audit"))) == [("warning", "high")]
    assert ask("KFK302", system(topic)) == ()
    compact = declared("kafka:t", retention=3600, cleanup_policy="compact")
    assert ask("KFK302", system(compact, declarations=declaring("kafka:t", role="audit"))) == ()
    stream = declared("kinesis:s")
    assert len(ask("KFK302", system(stream, declarations=declaring("kinesis:s", needs={"replay": True})))) == 1


def test_connectors_that_drop_errors():
    def sink(**properties: Any) -> Any:
        return system(service("wh"), link("connector", "kafka:t", "service:wh", **properties))

    assert levels("KFK303", sink(errors_tolerance="all")) == [("error", "certain")]
    assert ask("KFK303", sink(errors_tolerance="all", dead_letter_topic="dlq")) == ()
    assert ask("KFK303", sink()) == ()


def test_mappings_without_a_bound():
    def stream(channel: str = "kinesis:s", **properties: Any) -> Any:
        return system(service("fn"), link("event_source_mapping", channel, "service:fn", **properties))

    assert levels("KIN103", stream()) == [("error", "certain")]
    assert levels("KIN103", stream("kafka:t", max_retries=-1)) == [("error", "certain")]
    assert levels("KIN103", stream(response_types=["ReportBatchItemFailures"])) == [("advice", "certain")]
    assert ask("KIN103", stream(max_retries=5)) == ()
    assert ask("KIN103", stream(max_age=3600)) == ()
    assert ask("KIN103", stream("kafka:t", consumption_mode="Queue")) == ()
    assert ask("KIN103", stream("sqs:q")) == ()


def test_one_key_for_a_stream():
    const = {"key": {"kind": "const"}}
    assert levels("KIN102", system(produce("kinesis:s", **const))) == [("warning", "medium")]
    assert levels("KIN102", system(declared("kinesis:s", shards=4), produce("kinesis:s", **const))) == [
        ("warning", "high")
    ]
    assert ask("KIN102", system(declared("kinesis:s", shards=1), produce("kinesis:s", **const))) == ()
    assert ask("KIN102", system(produce("kinesis:s", key={"kind": "field"}))) == ()
    assert levels("KIN102", system(produce("kinesis:?", **const))) == [("warning", "medium")]
