"""When "nobody else" may be said."""

from __future__ import annotations

import pytest
from systems import consume, declared, declaring, link, produce, service, system

from brokerlint.confidence import Confidence
from brokerlint.topology import Declarations, closure
from brokerlint.topology.openworld import broker_hosts, is_local

LOCAL = {"bootstrap": "broker:9092"}


def of(topology, key):
    return closure(topology, topology.channel(key))


def topic(config, origin="literal", **about):
    return (
        produce("kafka:t", by="a", config=config, origin=origin),
        consume("kafka:t", by="b", config=config, origin=origin, group="g", **about),
    )


def test_both_ends_and_a_local_broker_close_a_topic_at_medium():
    assert of(system(*topic(LOCAL)), "kafka:t").level == Confidence.MEDIUM


def test_a_literal_address_closes_and_an_unknown_one_does_not():
    assert of(system(*topic({"bootstrap": "kafka.example.org:9092"})), "kafka:t").closed
    assert not of(system(*topic({"bootstrap": None}, "env-required")), "kafka:t").closed


def test_an_address_from_a_manifest_must_lead_to_a_broker_of_the_tree():
    inside = {"bootstrap": "msk.internal.example:9092"}
    assert not of(system(*topic(inside, "manifest")), "kafka:t").closed
    cluster = declared("kafka:msk", kind="cluster")
    assert of(system(cluster, *topic(inside, "manifest")), "kafka:t").closed


def test_an_address_for_development_says_nothing_about_where_it_is_deployed():
    deployed = [service("a", platform="kubernetes"), service("b", platform="kubernetes")]
    assert not of(system(*deployed, *topic({"bootstrap": "localhost:9092"})), "kafka:t").closed
    cluster = declared("kafka:broker", kind="cluster", environment="dev")
    assert not of(system(*deployed, cluster, *topic(LOCAL, "manifest")), "kafka:t").closed
    assert of(system(cluster, service("a", platform="compose"), *topic(LOCAL, "manifest")), "kafka:t").closed


def test_one_end_only_stays_open():
    assert of(system(consume("kafka:t", config=LOCAL)), "kafka:t").level == Confidence.LOW


def test_a_declaration_wins():
    assert (
        of(system(*topic({}), declarations=declaring("kafka:*", complete=True)), "kafka:t").level == Confidence.CERTAIN
    )
    told = of(system(*topic(LOCAL), declarations=declaring("kafka:t", external_consumers=("fraud",))), "kafka:t")
    assert not told.closed
    assert "fraud" in told.reason


def test_a_closed_world_closes_queues_but_no_shared_cluster():
    world = Declarations(world="closed")
    assert of(system(consume("sqs:q"), declarations=world), "sqs:q").level == Confidence.CERTAIN
    assert not of(system(*topic({"bootstrap": None}), declarations=world), "kafka:t").closed


def test_an_unknown_consumer_poisons_the_absence_of_consumers():
    result = of(system(*topic(LOCAL), consume("kafka:?", by="c")), "kafka:t")
    assert result.level == Confidence.LOW
    assert "c/app.py" in result.doubts[0]


def test_an_unknown_producer_does_not_poison_the_absence_of_consumers():
    assert of(system(*topic(LOCAL), produce("kafka:?", by="c")), "kafka:t").level == Confidence.MEDIUM


def test_another_variable_gives_medium():
    world = Declarations(world="closed")
    result = of(system(consume("sqs:q"), consume("sqs:$OTHER", by="c"), declarations=world), "sqs:q")
    assert result.level == Confidence.MEDIUM


def test_a_queue_of_one_stack_is_closed_unless_exported():
    assert of(system(declared("sqs:q")), "sqs:q").level == Confidence.HIGH
    assert not of(system(declared("sqs:q", exported=True)), "sqs:q").closed


def test_permissions_for_services_of_the_tree_close_at_medium():
    grant = link("grant", "kafka:t", "service:b", role="consume")
    assert of(system(service("b"), grant), "kafka:t").level == Confidence.MEDIUM
    foreign = link("grant", "kafka:t", "service:stranger", role="consume")
    assert not of(system(service("b"), grant, foreign), "kafka:t").closed


def test_what_was_scanned_is_told():
    assert of(system(*topic(LOCAL)), "kafka:t").scanned == "1 kafka consumer in 2 services scanned"


@pytest.mark.parametrize("value", ["a:9092,b:9092", ["a:9092", "b:9092"], "PLAINTEXT://a:9092,PLAINTEXT://b:9092"])
def test_hosts_of_a_bootstrap_setting(value):
    assert broker_hosts(value) == ("a", "b")


@pytest.mark.parametrize(
    ("host", "local"),
    [("localhost", True), ("kafka", True), ("kafka.ns.svc", True), ("b-1.example.com", False), ("10.0.0.4", False)],
)
def test_local_hosts(host, local):
    assert is_local(host) is local
