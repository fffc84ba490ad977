"""Which names mean the same channel, and who counts as its user."""

from __future__ import annotations

import pytest
from systems import channel_name, consume, declared, link, produce, service, system

from brokerlint.confidence import Confidence


def test_producers_and_consumers_of_one_name_meet():
    topology = system(produce("sqs:jobs", by="api"), consume("sqs:jobs", by="worker"))
    queue = topology.channel("sqs:jobs")
    assert queue is not None
    assert (queue.producer_services(), queue.consumer_services()) == (("api",), ("worker",))


def test_names_of_other_systems_do_not_meet():
    topology = system(produce("sqs:jobs", by="api"), consume("kafka:jobs", by="worker"))
    assert topology.channel("sqs:jobs").consumers().services() == ()


def test_a_service_s_own_name_replaces_the_general_one():
    names = (channel_name("kafka:default"), channel_name("kafka:real", service="a", origin="manifest"))
    topology = system(consume(*names, by=("a", "b")))
    assert topology.channel("kafka:real").consumer_services() == ("a",)
    assert topology.channel("kafka:default").consumer_services() == ("b",)


def test_one_of_several_possible_names_is_worth_medium():
    topology = system(consume("sqs:one", "sqs:two"))
    assert {use.confidence for use in topology.uses()} == {Confidence.MEDIUM}


def test_a_subscription_uses_all_its_names():
    topology = system(consume("kafka:one", "kafka:two", operation="confluent_kafka.Consumer.subscribe"))
    assert {use.confidence for use in topology.uses()} == {Confidence.CERTAIN}


def test_a_variable_is_a_channel_of_its_own_in_each_service():
    topology = system(produce("sqs:$QUEUE_URL", by="api"), consume("sqs:$QUEUE_URL", by="worker"))
    assert [(node.id, node.producer_services(), node.consumer_services()) for node in topology.channels()] == [
        ("sqs:$QUEUE_URL", ("api",), ()),
        ("sqs:$QUEUE_URL", (), ("worker",)),
    ]


def test_a_variable_is_one_channel_within_a_service():
    topology = system(produce("sqs:$QUEUE_URL", by="app"), consume("sqs:$QUEUE_URL", by="app"))
    assert len(topology.channels()) == 1


def test_a_pattern_joins_the_one_name_it_fits_at_medium():
    topology = system(produce("kafka:orders-prod", by="api"), consume("kafka:orders-*", by="worker"))
    consumers = topology.channel("kafka:orders-prod").consumers()
    assert consumers.services() == ("worker",)
    assert consumers.confidence() == Confidence.MEDIUM


def test_a_pattern_that_fits_two_names_joins_neither():
    topology = system(produce("kafka:orders-a"), produce("kafka:orders-b"), consume("kafka:orders-*", by="worker"))
    assert topology.channel("kafka:orders-a").consumers().services() == ()
    assert topology.channel("kafka:orders-*").consumer_services() == ("worker",)


def test_a_pattern_without_letters_of_its_own_joins_nothing():
    topology = system(produce("kafka:abc"), consume("kafka:*-a*", by="worker"), consume("kafka:*", by="other"))
    assert topology.channel("kafka:abc").consumers().services() == ()


def test_an_unknown_name_uses_no_channel_but_is_told():
    topology = system(consume("sqs:?", by="worker"))
    assert topology.channels() == ()
    assert [item.why for item in topology.unresolved("sqs", "consume")] == ["it comes from a database"]


def test_a_mapping_is_a_consumer_without_any_code():
    topology = system(declared("sqs:jobs"), service("fn"), link("event_source_mapping", "sqs:jobs", "service:fn"))
    assert topology.channel("sqs:jobs").consumer_services() == ("fn",)


def test_a_mapping_and_its_handler_are_one_consumer():
    topology = system(
        consume("sqs:jobs", by="fn", loop_kind="lambda-handler"),
        link("event_source_mapping", "sqs:jobs", "service:fn", batch_size=5),
    )
    (use,) = topology.channel("sqs:jobs").consumers()
    assert use.endpoint is not None
    assert use.link.properties["batch_size"] == 5


def test_a_disabled_mapping_consumes_nothing():
    topology = system(service("fn"), link("event_source_mapping", "sqs:jobs", "service:fn", enabled=False))
    assert topology.channel("sqs:jobs").consumers().services() == ()


@pytest.mark.parametrize(("others", "consumers"), [((), ()), ((True,), ("fn",))])
def test_the_handler_of_a_disabled_mapping_consumes_nothing(others, consumers):
    handler = consume("sqs:jobs", by="fn", library="aws-lambda", operation="event_source_mapping")
    mappings = [link("event_source_mapping", "sqs:jobs", "service:fn", enabled=each) for each in (*others, False)]
    assert system(handler, *mappings).channel("sqs:jobs").consumers().services() == consumers


def test_code_that_polls_beside_a_disabled_mapping_consumes():
    mapping = link("event_source_mapping", "sqs:jobs", "service:fn", enabled=False)
    topology = system(consume("sqs:jobs", by="fn", operation="receive_message"), mapping)
    assert topology.channel("sqs:jobs").consumers().services() == ("fn",)


def test_a_subscription_joins_topic_and_queue():
    topology = system(produce("sns:orders", by="shop"), link("subscription", "sns:orders", "sqs:orders-billing"))
    assert topology.channel("sns:orders").consumers()[0].other == "sqs:orders-billing"
    assert topology.channel("sqs:orders-billing").producers()[0].other == "sns:orders"


def test_one_program_deployed_twice_is_one_program():
    topology = system(
        service("a", program="image cmd"), service("b", program="image cmd"), consume("sqs:jobs", by=("a", "b"))
    )
    assert list(topology.channel("sqs:jobs").consumers().programs()) == ["image cmd"]


def test_environments_are_not_mixed():
    topology = system(
        service("a", environment="prod"), service("b", environment="dev"), service("c"),
        *(consume("sqs:jobs", by=each) for each in "abc"),
    )  # fmt: skip
    assert topology.channel("sqs:jobs").consumers().in_same_environment().services() == ("a", "c")


def test_production_s_property_wins_and_a_dispute_is_unknown():
    topology = system(
        declared("kafka:a", environment="dev", partitions=1), declared("kafka:a", environment="prod", partitions=6),
        declared("kafka:b", partitions=1), declared("kafka:b", partitions=2),
    )  # fmt: skip
    assert topology.channel("kafka:a").property("partitions") == 6
    assert topology.channel("kafka:b").property("partitions") is None


def test_the_platform_s_default_counts_for_declared_queues_only():
    topology = system(declared("sqs:here"), consume("sqs:there"))
    assert topology.channel("sqs:here").effective("visibility_timeout", "default_visibility") == 30
    assert topology.channel("sqs:there").effective("visibility_timeout", "default_visibility") is None


def test_groups_of_a_topic():
    topology = system(
        consume("kafka:t", by="a", group="one"), consume("kafka:t", by="b", group="one"),
        consume("kafka:t", by="c", group="two"), consume("kafka:t", by="d", group_kind="none"),
        consume("kafka:t", by="e", group="?"), link("connector", "kafka:t", "external:warehouse"),
    )  # fmt: skip
    groups = topology.channel("kafka:t").groups()
    assert [(group.name, group.known, len(group.uses)) for group in groups if group.key in ("one", "two")] == [
        ("one", True, 2), ("two", True, 1),
    ]  # fmt: skip
    assert sum(group.known for group in groups) == 4
    assert len(groups) == 5


def test_a_queue_has_one_group():
    topology = system(consume("sqs:q", by="a"), consume("sqs:q", by="b"))
    assert len(topology.channel("sqs:q").groups()) == 1


def test_dead_letters_are_known_by_redrive_property_and_name():
    topology = system(
        declared("sqs:a", dead_letter="sqs:failed"), declared("sqs:failed"), declared("sqs:x-dlq"), declared("sqs:c"),
        link("redrive", "sqs:a", "sqs:broken", max_receive_count=3),
    )  # fmt: skip
    dead = {node.key for node in topology.channels() if node.is_dead_letter()}
    assert dead == {"sqs:failed", "sqs:x-dlq", "sqs:broken"}
    assert topology.channel("sqs:a").dead_letter()[:2] == ("sqs:broken", 3)


def test_the_graph_holds_services_channels_and_groups():
    graph = system(produce("kafka:t", by="a"), consume("kafka:t", by="b", group="g")).graph()
    assert set(graph) == {"service:a", "service:b", "kafka:t", "kafka:t|g"}
    assert graph.number_of_edges() == 3


def _two_stacks(first: str = "a/template.yaml", second: str = "b/template.yaml", **about):
    """A queue `jobs` that both manifests create, each with a function that reads it."""
    return system(
        declared("sqs:jobs", path=first, **about),
        declared("sqs:jobs", path=second, **about),
        link("event_source_mapping", "sqs:jobs", "service:one", path=first),
        link("event_source_mapping", "sqs:jobs", "service:two", path=second),
        produce("sqs:jobs", by="outside"),
    )


def test_a_queue_that_two_stacks_create_is_two_queues():
    topology = _two_stacks()
    assert [(node.id, node.consumer_services()) for node in topology.channels()] == [
        ("sqs:jobs", ("one",)),
        ("sqs:jobs", ("two",)),
    ]


def test_a_user_outside_of_the_stacks_may_use_either():
    assert [node.producer_services() for node in _two_stacks().channels()] == [("outside",), ("outside",)]


def test_a_kafka_topic_that_two_folders_declare_is_one_topic():
    topology = system(
        declared("kafka:events", path="a/clowdapp.yaml"),
        declared("kafka:events", path="b/clowdapp.yaml"),
        produce("kafka:events", by="inventory", path="a/main.py"),
        consume("kafka:events", by="advisor", path="b/main.py"),
    )
    assert [(node.producer_services(), node.consumer_services()) for node in topology.channels()] == [
        (("inventory",), ("advisor",)),
    ]


def test_files_of_one_folder_are_one_stack():
    assert len(_two_stacks("infra/queues.tf", "infra/more.tf").channels()) == 1


def test_set_ups_for_development_create_what_others_own():
    assert len(_two_stacks(environment="dev").channels()) == 1


def test_a_stack_without_users_of_its_own_tells_nothing_apart():
    topology = system(
        declared("sqs:jobs", path="a/template.yaml"),
        declared("sqs:jobs", path="b/template.yaml"),
        link("event_source_mapping", "sqs:jobs", "service:one", path="a/template.yaml"),
    )
    assert len(topology.channels()) == 1


def test_an_archive_of_a_bus_is_no_consumer():
    topology = system(link("archive", "eventbridge:shop", "external:archive:month"), declared("eventbridge:shop"))
    assert topology.channel("eventbridge:shop").consumers().services() == ()
