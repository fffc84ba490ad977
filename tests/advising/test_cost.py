"""The formulas, against public examples of the same prices, and what makes a number a range or no number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from exchanges import declared, email_jobs, exchange, node, reads, sends, thumbnails

from brokerlint.advising.candidates import candidates
from brokerlint.advising.cost import Cost, Estimate, estimate
from brokerlint.advising.prices import PriceTable, builtin
from brokerlint.advising.workload import Range, Workload, workload

MONTH = 2_628_000
GB = 1024**3
PRICES = builtin()


def steady(rate: float, batch: float = 1, **more: object) -> Workload:
    """A load of ``rate`` 1 KiB messages a second without empty receives."""
    one = (batch, batch)
    return replace(Workload(Range(rate, rate), 1024, one, one, one, pollers=0), **more)  # type: ignore[arg-type]


def monthly(load: Workload, key: str, prices: PriceTable = PRICES) -> float:
    found = of(estimate(load, [key], prices), key)
    assert found.low is not None
    assert found.high is not None
    return found.high


def of(cost: Cost, key: str) -> Estimate:
    return next(item for item in cost.estimates if item.candidate == key)


class TestPublicExamples:
    """Each figure stands in the golden files that the price table names as its examples."""

    def test_two_million_requests_to_a_standard_queue(self) -> None:
        messages = 2_000_000 / 3  # a send, a receive and a delete each
        assert monthly(steady(messages / MONTH), "sqs-standard") == pytest.approx(0.80)

    def test_one_million_requests_to_a_fifo_queue(self) -> None:
        assert monthly(steady(1_000_000 / 3 / MONTH), "sqs-fifo") == pytest.approx(0.50)

    def test_one_million_publishes_to_a_topic(self) -> None:
        assert monthly(steady(1_000_000 / MONTH, consumers=0), "sns-sqs") == pytest.approx(0.50)

    def test_one_million_events_on_a_bus(self) -> None:
        assert monthly(steady(1_000_000 / MONTH, consumers=0), "eventbridge") == pytest.approx(1.00)

    def test_four_shards_and_six_and_a_half_million_put_units(self) -> None:
        load = steady(6_500_000 / MONTH, mode="provisioned", shards=4)
        assert monthly(load, "kinesis") == pytest.approx(43.80 + 0.091)

    def test_an_on_demand_stream_with_a_fifth_of_a_gigabyte(self) -> None:
        load = steady(0.2 * GB / 1024 / MONTH, mode="on-demand")
        assert monthly(load, "kinesis") == pytest.approx(29.20 + 0.016 + 0.008)

    def test_brokers_and_storage_of_managed_kafka(self) -> None:
        hours, storage = 4 * 730 * 10.08 / 48, 400.00  # 4 x 24xlarge is 48 times as large; 4,000 GB
        load = steady(1, brokers=4, replication=1, retention=4_000 * GB / 1024)
        assert monthly(load, "msk") == pytest.approx(hours + storage)

    def test_three_machines_their_disks_and_traffic_between_zones(self) -> None:
        load = steady(1_000 * GB / 1024 / MONTH, replication=2, retention=20 / 1_000 * MONTH)
        traffic = 1_000 * 2 / 3 * 2 * 0.01
        assert monthly(load, "self-managed-kafka") == pytest.approx(210.24 + 3.20 + traffic)


class TestShape:
    @pytest.mark.parametrize(
        ("rate", "batch", "dollars"), [(1_000, 10, 315), (1_000, 1, 3_154), (10_000, 10, 3_154), (5, 1, 15.8)]
    )
    def test_a_queue_costs_in_proportion_to_its_requests(self, rate: float, batch: float, dollars: float) -> None:
        assert monthly(steady(rate, batch), "sqs-standard") == pytest.approx(dollars, rel=0.01)

    def test_streams_at_a_thousand_messages_a_second(self) -> None:
        assert monthly(steady(1_000, mode="provisioned"), "kinesis") == pytest.approx(48, abs=0.5)
        assert monthly(steady(1_000, mode="on-demand"), "kinesis") == pytest.approx(330, abs=1)

    def test_requests_are_counted_in_pieces_of_64_kib(self) -> None:
        small, large = (monthly(steady(1, size=size), "sqs-standard") for size in (64 * 1024, 64 * 1024 + 1))
        assert large == pytest.approx(small / 3 * 5), "send and receive count twice, the delete does not"

    def test_batches_of_large_messages_save_nothing(self) -> None:
        assert monthly(steady(1, 10, size=64 * 1024), "sqs-standard") > monthly(steady(1, 10), "sqs-standard") * 6

    def test_a_cluster_has_a_floor_and_a_queue_has_none(self) -> None:
        cost = estimate(steady(0), ["sqs-standard", "msk", "self-managed-kafka"], PRICES)
        assert [item.floor for item in cost.estimates] == pytest.approx([0, 459.90, 210.24])

    def test_a_tight_short_poll_costs_more_than_the_messages(self) -> None:
        idle = Workload(Range(0, 0), pollers=1, wait=0)
        assert of(estimate(idle, ["sqs-standard"], PRICES), "sqs-standard").high == pytest.approx(52.56)
        patient = replace(idle, wait=20)
        assert of(estimate(patient, ["sqs-standard"], PRICES), "sqs-standard").high == pytest.approx(0.05, abs=0.01)

    def test_five_pollers_of_a_function_idle_for_a_quarter(self) -> None:
        idle = Workload(Range(0, 0), pollers=5, wait=20)
        assert of(estimate(idle, ["sqs-standard"], PRICES), "sqs-standard").high == pytest.approx(0.26, abs=0.01)

    def test_people_cost_what_the_user_says_and_are_named_as_missing_otherwise(self) -> None:
        paid = replace(PRICES, assumptions={**PRICES.assumptions, "people_hours_per_month": 20, "people_hour_usd": 80})
        gap = monthly(steady(1), "self-managed-kafka", paid) - monthly(steady(1), "self-managed-kafka")
        assert gap == pytest.approx(1_600)
        assert any("people" in text for text in estimate(steady(1), ["msk"], PRICES).assumptions)
        assert not any("people" in text for text in estimate(steady(1), ["msk"], paid).assumptions)

    def test_an_idle_shard_is_told_by_its_utilisation(self) -> None:
        load = steady(50, shards=1, mode="provisioned")
        assert of(estimate(load, ["kinesis"], PRICES), "kinesis").utilisation == pytest.approx(0.05)


class TestCrossovers:
    def test_where_a_queue_costs_as_much_as_the_floor_of_a_cluster(self) -> None:
        found = {item.cluster: item.rate for item in estimate(steady(1), ["msk"], PRICES).crossovers}
        assert (round(found["msk"].low), round(found["msk"].high)) == (146, 1458)
        assert (round(found["self-managed-kafka"].low), round(found["self-managed-kafka"].high)) == (67, 667)

    @pytest.mark.parametrize(
        ("rate", "side"), [(5, "below: the queue is cheaper"), (500, "between: batching decides"),
                           (20_000, "above: the cluster is cheaper")]
    )  # fmt: skip
    def test_the_declared_volume_is_put_on_one_side(self, rate: float, side: str) -> None:
        crossing = next(c for c in estimate(steady(rate), ["msk"], PRICES).crossovers if c.cluster == "msk")
        assert crossing.side == side


class TestNoNumberWithoutInputs:
    def test_without_a_volume_there_is_a_floor_and_a_slope_but_no_estimate(self) -> None:
        load = workload(node(email_jobs(), "kafka:email-jobs"), PRICES)
        cost = estimate(load, list(candidates()), PRICES)
        assert cost.missing == ("expected volume (needs.volume)",)
        assert all(of(cost, key).low is None for key in ("sqs-standard", "msk", "kinesis"))
        slope = of(cost, "sqs-standard").per_million
        assert slope is not None
        assert (slope.low, slope.high) == pytest.approx((0.12, 1.20))

    def test_an_unconfirmed_price_gives_no_number(self) -> None:
        found = of(estimate(steady(10), ["kinesis-queue"], PRICES), "kinesis-queue")
        assert (found.low, found.floor) == (None, None)
        assert "not confirmed" in found.why

    def test_a_region_without_prices_gives_no_number(self) -> None:
        elsewhere = PriceTable("eu-west-1", {"sqs_standard_requests": PRICES.rows["sqs_standard_requests"]},
                               PRICES.assumptions)  # fmt: skip
        cost = estimate(steady(10), ["sqs-standard", "msk"], elsewhere)
        assert of(cost, "sqs-standard").low is not None
        assert of(cost, "msk").why == "no price for msk_m5_large_hour, msk_storage in eu-west-1"
        assert cost.crossovers == ()

    def test_nothing_is_added_to_a_cluster_that_runs(self) -> None:
        key = "kafka-share-group"
        assert of(estimate(steady(10), [key], PRICES, cluster_there=True), key).high == 0
        assert of(estimate(steady(10), [key], PRICES), key).high is None


class TestWorkload:
    """What an estimate rests on is what was seen; the rest is told."""

    def test_batches_come_from_the_code(self) -> None:
        topology = exchange(
            sends("a", "sqs:q", batch=False),
            reads("b", "sqs:q", max_messages=10, wait_time=20, acks=[{"kind": "delete-batch"}]),
            needs={"volume": 100},
        )
        load = workload(node(topology, "sqs:q"), PRICES)
        assert (load.send, load.receive, load.delete) == ((1, 1), (10, 1), (10, 1))
        assert load.volume == Range(100, 100)

    def test_a_receive_without_a_number_brings_one_message(self) -> None:
        topology = exchange(sends("a", "sqs:q", batch=True), reads("b", "sqs:q", max_messages=None))
        load = workload(node(topology, "sqs:q"), PRICES)
        assert (load.send, load.receive) == ((10, 10), (1, 1))

    def test_what_is_not_known_is_a_range_and_an_assumption(self) -> None:
        load = workload(node(thumbnails(), "sqs:thumbnails"), PRICES)
        assert load.send == (10, 1)
        assert load.wait is None, "neither the call nor a manifest says how long a receive waits"
        assert any("1024 bytes" in text for text in load.assumptions)

    def test_shards_bound_the_volume(self) -> None:
        topology = exchange(channels=[declared("kinesis:s", shards=3, mode="provisioned")])
        assert workload(node(topology, "kinesis:s"), PRICES).volume == Range(0, 3_000)

    def test_a_declared_size_counts(self) -> None:
        load = workload(node(thumbnails(needs={"message_size": 4096}), "sqs:thumbnails"), PRICES)
        assert load.size == 4096


@pytest.mark.parametrize("needs", [{"volume": 1e308}, {"volume": 5, "message_size": 1e300}, {"volume": 0}])
def test_absurd_amounts_give_no_crash_and_no_endless_number(needs: dict[str, float]) -> None:
    load = workload(node(thumbnails(needs=needs), "sqs:thumbnails"), PRICES)
    for item in estimate(load, list(candidates()), PRICES).estimates:
        assert item.high is None or item.high < 1e12
