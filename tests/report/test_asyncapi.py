"""The AsyncAPI document: one channel each, one operation for each service and direction, and names as far as known."""

from __future__ import annotations

import json
from typing import Any

import pytest

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service
from brokerlint.pipeline import analyse_sources
from brokerlint.places import Place
from brokerlint.report import render_graph
from brokerlint.report.graph import Graph
from brokerlint.topology import build


def use(service: str, role: Role, system: str, name: Name, line: int = 1, group: str = "") -> Endpoint:
    groups = (Name("exact", group, origin="literal"),) if group else ()
    place, names = Place(f"{service}/app.py", line), (ChannelName(system, name),)
    key = f"{service}{role}{system}{name.text}{line}"
    return Endpoint(key, place, "main", system, role, "aiokafka", "send", names, groups, (service,))


def exact(text: str) -> Name:
    return Name("exact", text, origin="literal")


def channel(system: str, kind: str, name: str, **properties: Any) -> Channel:
    return Channel(f"{system}:{name}", system, kind, exact(name), properties, (), (Place("main.tf", 3),))


def exported(*endpoints: Endpoint, channels: tuple[Channel, ...] = (), links: tuple[Link, ...] = ()) -> dict[str, Any]:
    names = sorted({service for endpoint in endpoints for service in endpoint.services})
    facts = Facts(tuple(Service(name) for name in names), channels, endpoints, links)
    document: dict[str, Any] = json.loads(render_graph("asyncapi", Graph(build(facts))))
    return document


def test_a_service_has_one_operation_for_each_channel_and_direction() -> None:
    document = exported(
        use("shop", "produce", "kafka", exact("orders"), 41),
        use("shop", "produce", "kafka", exact("orders"), 57),
        use("billing", "consume", "kafka", exact("orders"), 12, "billing"),
    )
    assert document["asyncapi"] == "3.0.0"
    assert document["channels"]["kafka.orders"]["address"] == "orders"
    assert set(document["operations"]) == {"shop.send.kafka.orders", "billing.receive.kafka.orders"}
    sending = document["operations"]["shop.send.kafka.orders"]
    assert sending["x-places"] == ["shop/app.py:41", "shop/app.py:57"]
    receiving = document["operations"]["billing.receive.kafka.orders"]
    assert (receiving["action"], receiving["channel"]) == ("receive", {"$ref": "#/channels/kafka.orders"})
    assert receiving["tags"] == [{"name": "billing"}]
    assert receiving["bindings"]["kafka"]["groupId"] == {"type": "string", "enum": ["billing"]}


def test_a_document_of_one_service_bears_its_name() -> None:
    assert exported(use("shop", "produce", "kafka", exact("orders")))["info"]["title"] == "shop"


def test_properties_become_bindings() -> None:
    topic = {"partitions": 6, "replication_factor": 3, "retention": 60, "cleanup_policy": "compact"}
    document = exported(
        channels=(
            channel("kafka", "topic", "orders", **topic),
            channel("sqs", "queue", "jobs.fifo", visibility_timeout=30, retention=5, fifo=True),
            channel("sns", "topic", "events"),
            channel("kinesis", "stream", "clicks", shards=2),
        ),
        links=(Link("redrive", "sqs:jobs.fifo", "sqs:dead.fifo", Place("main.tf", 9), {"max_receive_count": 5}),),
    )
    bindings = {key: node.get("bindings") for key, node in document["channels"].items()}
    assert bindings["kafka.orders"]["kafka"] == {
        "partitions": 6,
        "replicas": 3,
        "topicConfiguration": {"cleanup.policy": ["compact"], "retention.ms": 60_000},
        "bindingVersion": "0.5.0",
    }
    queue = bindings["sqs.jobs.fifo"]["sqs"]["queue"]
    assert queue["redrivePolicy"] == {"deadLetterQueue": {"name": "dead.fifo"}, "maxReceiveCount": 5}
    assert (queue["fifoQueue"], queue["visibilityTimeout"]) == (True, 30)
    assert "messageRetentionPeriod" not in queue, "what the binding does not allow is left out"
    assert bindings["sns.events"] == {"sns": {"name": "events", "bindingVersion": "0.1.0"}}
    assert bindings["kinesis.clicks"] is None


@pytest.mark.parametrize(
    ("name", "address"),
    [
        (Name("pattern", "orders-*-*", origin="derived"), "orders-{part1}-{part2}"),
        (Name("env", env="QUEUE_URL"), None),
        (Name("logical", logical="Orders", scope="t.yaml"), None),
    ],
)
def test_a_name_that_is_not_known_is_never_made_up(name: Name, address: str | None) -> None:
    (node,) = exported(use("shop", "produce", "sqs", name))["channels"].values()
    assert node["address"] == address
    assert set(node.get("parameters", ())) == {part for part in ("part1", "part2") if address and part in address}
    assert "bindings" not in node


def test_links_between_channels_are_told_apart_from_what_services_do() -> None:
    link = Link("subscription", "sns:events", "sqs:jobs", Place("main.tf", 9))
    document = exported(channels=(channel("sns", "topic", "events"), channel("sqs", "queue", "jobs")), links=(link,))
    assert document["operations"] == {}
    assert document["x-links"] == [
        {"kind": "subscription", "from": "sns:events", "to": "sqs:jobs", "at": "main.tf:9"},
    ]


def test_keys_can_be_referred_to_and_are_unique(hostile: str) -> None:
    document = exported(
        use("a/b", "produce", "kafka", exact("x~1/y")),
        use("a b", "produce", "kafka", exact("x 1 y")),
        use(hostile, "consume", "kafka", exact(hostile)),
    )
    keys = [*document["channels"], *document["operations"]]
    assert len(keys) == 6
    assert all(letter.isascii() and (letter.isalnum() or letter in "._-") for key in keys for letter in key)
    for operation in document["operations"].values():
        assert operation["channel"]["$ref"].removeprefix("#/channels/") in document["channels"]


def test_what_is_exported_can_be_read_again() -> None:
    document = exported(
        use("shop", "produce", "kafka", exact("orders")),
        channels=(channel("kafka", "topic", "orders", partitions=6), channel("sqs", "queue", "jobs", delay=5)),
    )
    facts = analyse_sources({"asyncapi.json": json.dumps(document)})
    assert {(c.id, c.properties.get("partitions"), c.properties.get("delay")) for c in facts.channels} == {
        ("kafka:orders", 6, None),
        ("sqs:jobs", None, 5),
    }
