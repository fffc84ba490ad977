from __future__ import annotations

import pytest
from exchanges import advice, declared, email_jobs, exchange, node, reads, sends, thumbnails, where

from brokerlint.advising import advise, advise_system, advised
from brokerlint.confidence import Confidence
from brokerlint.facts import Link
from brokerlint.places import Place


class TestVerdicts:
    def test_a_queue_used_as_a_queue_is_kept(self) -> None:
        found = advice(thumbnails(), "sqs:thumbnails")
        assert (found.verdict, found.used_as, found.best) == ("keep", "work-queue", ("sqs-standard",))
        assert found.migration is None

    def test_a_log_used_as_a_work_queue_would_be_better_off_as_a_queue(self) -> None:
        found = advice(email_jobs(), "kafka:email-jobs")
        assert (found.verdict, found.used_as, found.best[0]) == ("consider", "work-queue", "sqs-standard")
        assert found.confidence == Confidence.MEDIUM  # both ends and the broker are here, but nothing was declared
        assert found.migration is not None
        assert found.migration.target == "sqs-standard"
        assert (found.migration.producers, found.migration.consumers) == (1, 1)

    def test_where_other_readers_cannot_be_ruled_out_the_same_advice_is_a_guess(self) -> None:
        found = advice(email_jobs(world="open"), "kafka:email-jobs")
        assert found.confidence == Confidence.LOW
        assert {"replay", "consumers"} <= {question.need for question in found.questions if question.decisive}

    def test_a_topic_with_several_groups_stays_on_kafka(self) -> None:
        topology = exchange(
            sends("orders", "kafka:orders"),
            reads("billing", "kafka:orders", group="billing", effects=("db",)),
            reads("shipping", "kafka:orders", group="shipping", effects=("http",)),
        )
        found = advice(topology, "kafka:orders")
        assert (found.verdict, found.used_as) == ("keep", "publish-subscribe")
        assert set(found.best) <= {"msk", "self-managed-kafka"}

    def test_a_queue_that_two_services_share_has_to_change(self) -> None:
        topology = exchange(
            sends("orders", "sqs:orders"),
            reads("billing", "sqs:orders", effects=("db",)),
            reads("shipping", "sqs:orders", effects=("http",)),
        )
        found = advice(topology, "sqs:orders")
        assert (found.verdict, found.best[0]) == ("change", "sns-sqs")
        assert dict(found.excluded)["sqs-standard"] == "cannot serve several independent consumers"

    def test_a_queue_with_replay_built_by_hand_wants_a_log(self) -> None:
        topology = exchange(
            sends("orders", "sqs:orders"),
            sends("replay", "sqs:orders", 30, replays_from="s3"),
            reads("archiver", "sqs:orders", effects=("aws",), stores_body=[{"store": "s3", "place": where(9)}]),
        )
        found = advice(topology, "sqs:orders")
        assert (found.verdict, found.used_as) == ("change", "replayable-log")
        assert found.best[0].startswith("kinesis")

    def test_a_queue_whose_consumers_need_order_wants_to_be_fifo(self) -> None:
        topology = exchange(
            sends("shop", "sqs:stock"), reads("stock", "sqs:stock", effects=("db",), order_use=[where(5)])
        )
        found = advice(topology, "sqs:stock")
        assert (found.verdict, found.best) == ("change", ("sqs-fifo",))

    def test_order_survives_the_step_to_publish_and_subscribe(self) -> None:
        topology = exchange(reads("a", "sqs:q.fifo"), reads("b", "sqs:q.fifo"), sends("c", "sqs:q.fifo"))
        found = advice(topology, "sqs:q.fifo")
        assert (found.verdict, found.best) == ("change", ("sns-sqs",))

    def test_a_caller_that_waits_wants_a_direct_call(self) -> None:
        topology = exchange(
            sends("gateway", "kafka:quotes", waits_for_reply=[where(12)], headers=["correlation_id"]),
            reads("pricing", "kafka:quotes", group="pricing", effects=()),
        )
        found = advice(topology, "kafka:quotes")
        assert (found.used_as, found.best) == ("request-reply", ("direct-call",))

    def test_a_stream_processor_keeps_its_log(self) -> None:
        topology = exchange(
            sends("sensors", "kafka:readings"),
            reads("averages", "kafka:readings", group="averages", loop_kind="framework-stream"),
        )
        found = advice(topology, "kafka:readings")
        assert (found.verdict, found.used_as, found.confidence) == ("keep", "stream-processing", Confidence.HIGH)

    def test_without_a_reader_or_a_word_about_it_nothing_is_advised(self) -> None:
        found = advice(exchange(sends("a", "kafka:t")), "kafka:t")
        assert (found.verdict, found.used_as) == ("insufficient", "unknown")

    @pytest.mark.parametrize(("name", "shape"), [("jobs-dlq", "dead-letters"), ("jobs-retry", "retries")])
    def test_channels_that_serve_another_one_go_where_that_goes(self, name: str, shape: str) -> None:
        found = advice(exchange(sends("a", f"sqs:{name}"), reads("b", f"sqs:{name}")), f"sqs:{name}")
        assert (found.verdict, found.used_as) == ("keep", shape)


class TestDeclarations:
    def test_declared_readers_elsewhere_keep_the_log(self) -> None:
        found = advice(email_jobs(external_consumers=("fraud",)), "kafka:email-jobs")
        assert found.verdict == "keep"
        assert any(row.origin == "declared" and "fraud" in row.note for row in found.evidence)

    def test_a_declared_answer_counts_before_what_was_seen(self) -> None:
        topology = exchange(
            sends("a", "kafka:t"), reads("b", "kafka:t", group="b", effects=("email",), seeks=[where(4)]),
            needs={"replay": False},
        )  # fmt: skip
        assert advice(topology, "kafka:t").needs["replay"].value is False

    def test_answering_a_question_closes_it(self) -> None:
        open_ = advice(email_jobs(world="open"), "kafka:email-jobs")
        told = {"replay": False, "stream_processing": False}
        answered = advice(email_jobs(world="open", needs=told), "kafka:email-jobs")
        assert "replay" in {question.need for question in open_.questions}
        assert not {"replay", "streams"} & {question.need for question in answered.questions}

    def test_a_team_without_capacity_is_not_sent_to_self_managed_brokers(self) -> None:
        topology = exchange(
            sends("a", "sqs:t"), reads("b", "sqs:t"), needs={"replay": True, "stream_processing": True}, team="low"
        )
        assert "self-managed-kafka" in dict(advice(topology, "sqs:t").excluded)


class TestWhatWouldFlipIt:
    def test_replay_or_a_second_consumer_would_keep_the_log(self) -> None:
        flips = advice(email_jobs(), "kafka:email-jobs").flips_if
        assert {"history must be read again", "a second independent consumer"} <= set(flips)

    def test_doubts_name_the_absence_that_the_advice_rests_on(self) -> None:
        doubts = advice(email_jobs(), "kafka:email-jobs").doubts
        assert any("both ends of the topic are here" in doubt for doubt in doubts)


class TestSystems:
    def test_a_cluster_without_a_single_log_is_questioned_as_a_whole(self) -> None:
        topology = email_jobs()
        system = advise_system(topology, tuple(advise(channel) for channel in advised(topology)))
        assert system.verdict == "consider"
        assert "no channel seen needs a log" in system.summary

    def test_one_log_justifies_the_cluster_for_the_others(self) -> None:
        topology = exchange(
            sends("signup", "kafka:email-jobs"),
            reads("mailer", "kafka:email-jobs", group="mailer", effects=("email",)),
            sends("shop", "kafka:orders"),
            reads("billing", "kafka:orders", group="billing"),
            reads("shipping", "kafka:orders", group="shipping"),
        )
        items = tuple(advise(channel) for channel in advised(topology))
        system = advise_system(topology, items)
        assert "Kafka is justified by orders" in system.summary
        jobs = next(item for item in items if item.channel.id == "kafka:email-jobs")
        assert any("orders" in text for text in jobs.against), "the counter-evidence names the cluster that stays"

    def test_nothing_seen_is_nothing_said(self) -> None:
        topology = exchange(sends("a", "kafka:t"))
        assert advise_system(topology, (advise(node(topology, "kafka:t")),)).verdict == "insufficient"


def test_an_event_bus_with_filters_is_kept() -> None:
    rules = [
        Link("rule", "eventbridge:shop", f"service:{name}", Place("template.yaml", line), {"filters": True})
        for name, line in (("billing", 10), ("shipping", 20))
    ]
    topology = exchange(sends("orders", "eventbridge:shop"), channels=[declared("eventbridge:shop")], links=rules)
    found = advice(topology, "eventbridge:shop")
    assert (found.verdict, found.best) == ("keep", ("eventbridge",))
