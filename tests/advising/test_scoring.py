from __future__ import annotations

from brokerlint.advising.needs import Need
from brokerlint.advising.scoring import Case, flips, rank


def case(in_use: tuple[str, ...] = (), system: str = "", version: str = "", **needs: bool | int) -> Case:
    """Needs by name (``_`` for ``-``): a number is a yes of that strength, False a no."""
    made = {}
    for key, value in needs.items():
        name = key.replace("_", "-")
        made[name] = Need(name, bool(value), 1 if value is False else int(value))
    return Case(made, in_use, system, version)


class TestHardConstraints:
    def test_what_cannot_serve_a_certain_need_is_out_however_well_it_fits_otherwise(self) -> None:
        result = rank(case(("sqs-standard",), replay=3, work=5, retry=5))
        assert result.of("sqs-standard").excluded == "cannot serve replay or history"
        assert result.best[0].candidate.family == "log"

    def test_a_hint_alone_excludes_nothing(self) -> None:
        assert not rank(case(replay=2)).of("sqs-standard").excluded

    def test_publish_and_subscribe_needs_somebody_to_subscribe(self) -> None:
        assert rank(case(work=2)).of("sns-sqs").excluded
        assert not rank(case(consumers=3)).of("sns-sqs").excluded
        assert not rank(case(("sns-sqs",), work=2)).of("sns-sqs").excluded, "what is in use needs no reason"

    def test_a_share_group_needs_a_cluster_that_is_new_enough(self) -> None:
        assert rank(case(work=2, system="sqs")).of("kafka-share-group").excluded == "needs kafka to be in use"
        old = rank(case(work=2, system="kafka", version="3.7.0")).of("kafka-share-group").excluded
        assert old == "needs version 4.2; the manifests declare 3.7.0"
        assert not rank(case(work=2, system="kafka", version="4.2.1")).of("kafka-share-group").excluded
        unknown = rank(case(work=2, system="kafka")).of("kafka-share-group")
        assert not unknown.excluded, "an unknown version is a condition, no constraint"

    def test_self_managed_brokers_need_a_team_that_operates(self) -> None:
        assert rank(case(replay=3)).of("self-managed-kafka").excluded
        assert not rank(case(replay=3, operations=3)).of("self-managed-kafka").excluded


class TestPoints:
    def test_ties_go_to_fewer_moving_parts(self) -> None:
        first, *_rest = rank(case(consumers=3)).allowed
        tied = [score.candidate for score in rank(case(consumers=3)).allowed if score.total == first.total]
        assert len(tied) > 1
        assert first.candidate.moving_parts == min(candidate.moving_parts for candidate in tied)

    def test_what_is_in_use_wins_unless_another_fits_clearly_better(self) -> None:
        assert rank(case(("msk",), direct=1)).best[0].candidate.key == "msk"
        assert rank(case(("msk",), work=2, direct=1, replay=False, consumers=False)).best[0].candidate.family == "queue"

    def test_replay_and_work_together_want_a_stream_with_a_queue(self) -> None:
        assert rank(case(replay=3, work=3)).best[0].candidate.key == "kinesis-queue"

    def test_a_high_volume_of_streams_wants_kafka(self) -> None:
        assert rank(case(streams=4, volume=3)).best[0].candidate.key == "msk"

    def test_order_and_work_want_a_fifo_queue(self) -> None:
        assert rank(case(work=2, order=3)).best[0].candidate.key == "sqs-fifo"


def test_flips_name_the_answers_that_would_change_the_choice() -> None:
    moved = flips(case(("sqs-standard",), work=2))
    assert ("replay", True) in moved
    assert ("consumers", True) in moved
    assert ("fairness", True) not in moved
