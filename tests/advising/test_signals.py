from __future__ import annotations

from typing import Any

import pytest
from exchanges import LOCAL, declared, email_jobs, evidence, exchange, node, reads, sends, thumbnails, where
from scenarios import SCENARIOS

from brokerlint.advising.signals import SIGNALS, gather
from brokerlint.facts import Channel, Link, Name
from brokerlint.places import Place
from brokerlint.topology import Topology


def test_every_signal_has_a_system_that_shows_it() -> None:
    assert set(SCENARIOS) == {signal.key for signal in SIGNALS}


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.key)
def test_a_signal_says_yes_where_its_evidence_is_and_where_that_stands(signal: Any) -> None:
    topology, channel = SCENARIOS[signal.key]
    row = evidence(topology, channel, signal.key)
    assert row.value is True
    assert row.need == signal.need
    assert row.origin == "declared" or row.places or row.note


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.key)
def test_a_signal_says_nothing_about_a_channel_of_which_nothing_is_known(signal: Any) -> None:
    topology = exchange(channels=[Channel("kafka:t", "kafka", "topic", Name("exact", "t"))])
    row = next((row for row in gather(node(topology, "kafka:t")) if row.signal == signal.key), None)
    assert row is None or row.value is None


class TestAbsence:
    """Nothing seen means no only where everybody who may use the channel is known."""

    def test_one_group_on_a_local_broker_is_one_group(self) -> None:
        assert evidence(email_jobs(), "kafka:email-jobs", "several-consumers").value is False

    def test_one_group_in_an_open_world_is_one_that_was_seen(self) -> None:
        row = evidence(email_jobs(world="open"), "kafka:email-jobs", "several-consumers")
        assert row.value is None
        assert row.note.startswith("one found")

    def test_a_broker_elsewhere_may_have_other_readers(self) -> None:
        far = {"bootstrap": {"value": "kafka.example.org:9092", "origin": "env-default"}}
        topology = exchange(sends("a", "kafka:t", config=far), reads("b", "kafka:t", group="b", config=far))
        assert evidence(topology, "kafka:t", "reads-back").value is None

    def test_a_queue_forgets_what_was_consumed(self) -> None:
        row = evidence(thumbnails(), "sqs:thumbnails", "reads-back")
        assert (row.value, row.note) == (False, "what is consumed is deleted")

    def test_a_handler_that_was_not_understood_is_no_worker_and_not_none(self) -> None:
        topology = exchange(sends("a", "sqs:q"), reads("b", "sqs:q", effects=None))
        assert evidence(topology, "sqs:q", "work-per-message").value is None

    def test_an_unknown_effect_of_one_of_two_readers_leaves_it_open(self) -> None:
        topology = exchange(reads("a", "sqs:q", effects=()), reads("b", "sqs:q", effects=None))
        assert evidence(topology, "sqs:q", "work-per-message").value is None


class TestWhatIsNoEvidence:
    def test_a_name_alone(self) -> None:
        topology = exchange(sends("a", "kafka:email-jobs"), reads("b", "kafka:email-jobs", group="b", effects=None))
        rows = [row for row in gather(node(topology, "kafka:email-jobs")) if row.need == "work"]
        assert not any(row.value for row in rows)

    def test_waiting_for_something_else(self) -> None:
        topology = exchange(sends("a", "sqs:q", waits_for_reply=[where(3)]), reads("b", "sqs:q"))
        assert evidence(topology, "sqs:q", "caller-waits").value is None

    def test_copies_of_one_program(self) -> None:
        topology = exchange(reads("one", "sqs:q", function="app.work"), reads("one", "sqs:q", 40, function="app.work"))
        assert evidence(topology, "sqs:q", "shared-reading").value is False

    def test_services_that_are_meant_to_share(self) -> None:
        topology = exchange(reads("a", "sqs:q"), reads("b", "sqs:q"), shared_workers=True)
        assert "shared-reading" not in {row.signal for row in gather(node(topology, "sqs:q"))}

    def test_a_mapping_that_drops_what_it_does_not_want(self) -> None:
        mapping = Link("event_source_mapping", "kinesis:s", "service:f", Place("t.yaml", 2), {"filters": True})
        topology = exchange(channels=[declared("kinesis:s")], links=[mapping])
        assert evidence(topology, "kinesis:s", "filters").value is None

    def test_one_name_in_two_stacks(self) -> None:
        stacks = [
            Channel("sqs:q", "sqs", "queue", Name("exact", "q"), {}, (), (Place(f"{folder}/t.yaml", 1),))
            for folder in ("one", "two")
        ]
        topology = exchange(reads("a", "sqs:q"), reads("b", "sqs:q"), channels=stacks)
        assert evidence(topology, "sqs:q", "shared-reading").value is None

    def test_one_of_two_branches(self) -> None:
        topology = exchange(
            sends("a", "sqs:fast", payload="f", conditional=True),
            sends("a", "sqs:slow", 11, payload="f", conditional=True),
        )
        assert evidence(topology, "sqs:fast", "copies-by-hand").value is False

    def test_two_clients_built_side_by_side(self) -> None:
        """Where the object is built, what will be sent is not known, though both pass their own ``message`` on."""
        built = {"payload": "f", "function": "app.Service.__init__"}
        topology = exchange(sends("a", "kafka:x", **built), sends("a", "kafka:y", 11, **built))
        assert evidence(topology, "kafka:x", "copies-by-hand").value is None

    def test_the_platforms_own_retention(self) -> None:
        channel = Channel("kafka:t", "kafka", "topic", Name("exact", "t"), {"retention": 10**9}, ("retention",),
                          (Place("t.yaml", 1),))  # fmt: skip
        assert evidence(exchange(channels=[channel]), "kafka:t", "keeps-history").value is None


def test_a_bus_whose_events_are_archived_keeps_history() -> None:
    archive = Link("archive", "eventbridge:bus", "external:archive:all", Place("template.yaml", 9))
    row = evidence(exchange(sends("a", "eventbridge:bus"), links=[archive]), "eventbridge:bus", "keeps-history")
    assert (row.value, row.places) == (True, (Place("template.yaml", 9),))


def test_two_services_in_one_group_share_it_like_a_queue() -> None:
    topology = exchange(
        sends("a", "kafka:t"), reads("stock", "kafka:t", group="backend"), reads("mail", "kafka:t", group="backend")
    )
    assert evidence(topology, "kafka:t", "shared-reading").value is True


def test_what_a_handler_does_decides_how_much_its_work_says() -> None:
    heavy = evidence(email_jobs(), "kafka:email-jobs", "work-per-message")
    light = exchange(sends("a", "kafka:t"), reads("b", "kafka:t", group="b", effects=("db",)))
    assert heavy.weight > evidence(light, "kafka:t", "work-per-message").weight


def test_few_shards_rule_a_high_volume_out() -> None:
    topology = exchange(channels=[declared("kinesis:s", shards=2)])
    assert evidence(topology, "kinesis:s", "high-volume").value is False


def test_a_poll_interval_is_given_in_milliseconds() -> None:
    def look(milliseconds: int) -> bool | None:
        config = {**LOCAL, "max_poll_interval": {"value": milliseconds}}
        return evidence(exchange(reads("b", "kafka:t", group="b", config=config)), "kafka:t", "slow-work").value

    assert look(300_000) is None
    assert look(1_800_000) is True


def test_a_share_group_and_a_mapping_in_queue_mode_compete_for_messages() -> None:
    shared: Topology = exchange(reads("b", "kafka:t", group="b", group_kind="share"))
    mapping = Link("event_source_mapping", "kafka:t", "service:f", Place("t.yaml", 2), {"consumption_mode": "Queue"})
    mapped = exchange(channels=[declared("kafka:t")], links=[mapping])
    assert evidence(shared, "kafka:t", "competing-workers").value is True
    assert evidence(mapped, "kafka:t", "competing-workers").value is True
