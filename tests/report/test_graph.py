"""The topology for people and for drawing tools."""

from __future__ import annotations

import pytest

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service, Unresolved
from brokerlint.places import Place
from brokerlint.report import render_graph
from brokerlint.report.graph import Graph
from brokerlint.topology import build

ORDERS = Name("exact", "orders", env="ORDERS_TOPIC", origin="manifest", trace=(Place("compose.yml", 17),))


def reader(service: str, group: Name, channels: tuple[ChannelName, ...]) -> Endpoint:
    """A service's Kafka consumer."""
    place = Place(f"{service}.py", 9)
    return Endpoint(service, place, "main", "kafka", "consume", "aiokafka", "getone", channels, (group,), (service,))


@pytest.fixture
def facts() -> Facts:
    """A producer through a wrapper, two groups, a dead-letter queue, and a name that is not known."""
    orders = (ChannelName("kafka", ORDERS),)
    wrapped = (Place("libs/bus.py", 30),)
    literal = (ChannelName("sqs", Name("exact", "jobs", origin="literal")),)
    jobs = Channel("sqs:jobs", "sqs", "queue", literal[0].name, declared_at=(Place("main.tf", 3),))
    return Facts(
        services=tuple(Service(name) for name in ("shop", "billing", "mail", "idle")),
        channels=(jobs,),
        endpoints=(
            Endpoint(
                *("e1", Place("shop.py", 4), "place", "kafka", "produce", "confluent-kafka", "produce", orders),
                services=("shop",),
                call_chain=wrapped,
            ),
            reader("billing", Name("exact", "billing"), orders),
            reader("mail", Name("env", env="GROUP"), orders),
            Endpoint(
                "e4", Place("shop.py", 8), "place", "sqs", "produce", "boto3", "send_message", literal, (), ("shop",)
            ),
        ),
        links=(Link("redrive", "sqs:jobs", "sqs:jobs-dlq", Place("main.tf", 12)),),
        unresolved=(Unresolved(Place("mail.py", 20), "sqs", "channel", "value comes from a database row"),),
    )


def test_text_is_a_tree_by_channel(facts: Facts) -> None:
    assert render_graph("text", Graph(build(facts))) == (
        "kafka topic orders\n"
        "├─ produced by shop     shop.py:4\n"
        "├─ consumed by billing  billing.py:9  group billing\n"
        "└─ consumed by mail     mail.py:9     group $GROUP\n"
        "\n"
        "sqs queue jobs (declared at main.tf:3)\n"
        "├─ produced by shop              shop.py:8\n"
        "└─ dead letters to sqs:jobs-dlq  main.tf:12\n"
        "\n"
        "sqs queue jobs-dlq\n"
        "\n"
        "not resolved:\n"
        "  mail.py:20  sqs channel: value comes from a database row\n"
    )


def test_the_trace_tells_how_each_name_was_found(facts: Facts) -> None:
    lines = render_graph("text", Graph(build(facts), trace=True)).splitlines()
    assert lines[1:5] == [
        "├─ produced by shop     shop.py:4",
        "│     name orders: a manifest sets variable ORDERS_TOPIC",
        "│     from compose.yml:17",
        "│     through libs/bus.py:30",
    ]


def test_channels_feed_each_other(facts: Facts) -> None:
    link = Link("subscription", "sns:orders", "sqs:orders", Place("main.tf", 5))
    text = render_graph("text", Graph(build(Facts(links=(link,)))))
    assert "sns topic orders\n└─ delivered to sqs:orders  main.tf:5  subscription\n" in text
    assert "sqs queue orders\n└─ fed from sns:orders  main.tf:5  subscription\n" in text


def test_nothing_found_is_said() -> None:
    assert render_graph("text", Graph(build(Facts()))) == "no channels found\n"


def test_mermaid_draws_services_channels_and_groups(facts: Facts) -> None:
    assert render_graph("mermaid", Graph(build(facts))) == (
        "flowchart LR\n"
        '  n0[("kafka topic orders")]\n'
        '  n1("group billing")\n'
        '  n2["billing"]\n'
        '  n3["mail"]\n'
        '  n4["shop"]\n'
        '  n5[["sqs queue jobs"]]\n'
        '  n6[["sqs queue jobs-dlq"]]\n'
        "  n0 --> n1\n"
        "  n0 --> n3\n"
        "  n1 --> n2\n"
        "  n4 --> n0\n"
        "  n4 --> n5\n"
        "  n5 -. dead letters .-> n6\n"
    )


def test_dot_draws_the_same(facts: Facts) -> None:
    lines = render_graph("dot", Graph(build(facts))).splitlines()
    assert lines[0] == "digraph messaging {"
    assert lines[-1] == "}"
    assert '  n0 [label="kafka topic orders", shape=cylinder];' in lines
    assert '  n5 -> n6 [style=dashed, label="dead letters"];' in lines
