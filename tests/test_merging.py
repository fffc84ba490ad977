"""Facts of several trees as one system."""

from __future__ import annotations

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service
from brokerlint.merging import merge
from brokerlint.places import Place
from brokerlint.topology import build


def producer(service: str, name: Name, system: str = "kafka") -> Endpoint:
    channels = (ChannelName(system, name),)
    return Endpoint("e1", Place("app.py", 3), "app.send", system, "produce", "x", "send", channels, services=(service,))


def consumer(service: str, name: Name, system: str = "kafka") -> Endpoint:
    channels = (ChannelName(system, name),)
    return Endpoint("e1", Place("app.py", 3), "app.read", system, "consume", "x", "poll", channels, services=(service,))


def test_trees_meet_at_the_real_name_of_a_channel() -> None:
    orders = Name("exact", "orders", origin="literal")
    merged = merge(
        [
            ("shop", Facts(services=(Service("shop"),), endpoints=(producer("shop", orders),))),
            ("mail", Facts(services=(Service("mailer"),), endpoints=(consumer("mailer", orders),))),
        ]
    )
    channel = build(merged).channel("kafka:orders")
    assert channel is not None
    assert channel.producer_services() == ("shop",)
    assert channel.consumer_services() == ("mailer",)
    assert [endpoint.place.path for endpoint in merged.endpoints] == ["shop/app.py", "mail/app.py"]


def test_one_tree_stays_as_it_is() -> None:
    facts = Facts(services=(Service("shop", ("src",)),))
    assert merge([("shop", facts)]) == facts


def test_services_of_one_name_in_two_trees_are_two() -> None:
    orders = Name("exact", "orders", origin="literal")
    merged = merge([(label, Facts((Service("api"),), endpoints=(consumer("api", orders),))) for label in ("a", "b")])
    assert [service.name for service in merged.services] == ["a/api", "b/api"]
    assert [endpoint.services for endpoint in merged.endpoints] == [("a/api",), ("b/api",)]
    assert len({endpoint.id for endpoint in merged.endpoints}) == 2


def test_a_logical_id_is_meant_in_its_own_tree_everywhere_it_is_named() -> None:
    logical = Name("logical", logical="Orders", origin="reference", scope="t.yaml")
    dead = Name("logical", logical="Dead", origin="reference")
    facts = Facts(
        channels=(
            Channel(
                "sqs:t.yaml#Orders", "sqs", "queue", logical, {"dead_letter": "sqs:#Dead"}, (), (Place("t.yaml", 1),)
            ),
            Channel("sqs:#Dead", "sqs", "queue", dead),
        ),
        links=(Link("event_source_mapping", "sqs:t.yaml#Orders", "service:x", Place("t.yaml", 9)),),
        endpoints=(producer("x", logical, "sqs"),),
    )
    merged = merge([("a", facts), ("b", facts)])
    assert [channel.id for channel in merged.channels] == [
        *("sqs:a/t.yaml#Orders", "sqs:a#Dead", "sqs:b/t.yaml#Orders", "sqs:b#Dead"),
    ]
    assert [channel.id for channel in merged.channels] == [
        f"sqs:{channel.name.scope}#{channel.name.logical}" for channel in merged.channels
    ]
    assert merged.channels[0].properties == {"dead_letter": "sqs:a#Dead"}
    assert merged.links[0].source == "sqs:a/t.yaml#Orders"
    assert merged.endpoints[0].channels[0].id == "sqs:a/t.yaml#Orders"


def test_two_documents_of_one_name_are_told_apart() -> None:
    part = Facts(services=(Service("x", ("", "src")),))
    merged = merge([("graph", part), ("graph", part)])
    assert [service.roots for service in merged.services] == [("graph", "graph/src"), ("graph-2", "graph-2/src")]


def test_statistics_add_up() -> None:
    merged = merge([("a", Facts(stats={"files": 2, "seconds": {"read": 1}})), ("b", Facts(stats={"files": 3}))])
    assert merged.stats == {"files": 5, "seconds": {"read": 1}}
