"""What counts as a change of the topology, and how it is told."""

from __future__ import annotations

import json
from collections.abc import Sequence

from brokerlint.changes import Change, changes
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service
from brokerlint.places import Place
from brokerlint.report import DIFF_FORMATS, render_diff
from brokerlint.topology import build


def use(service: str, role: Role, channel: str, line: int = 1, group: str = "") -> Endpoint:
    system, _, name = channel.partition(":")
    names = (ChannelName(system, Name("exact", name, origin="literal")),)
    groups = (Name("exact", group, origin="literal"),) if group else ()
    place = Place(f"{service}/app.py", line)
    return Endpoint(f"{service}{role}{channel}", place, "f", system, role, "lib", "call", names, groups, (service,))


def topic(partitions: int) -> Channel:
    name = Name("exact", "orders", origin="manifest")
    return Channel("kafka:orders", "kafka", "topic", name, {"partitions": partitions}, (), (Place("topics.yaml", 3),))


def found(base: Facts, head: Facts) -> tuple[Change, ...]:
    return changes(build(base), build(head))


def system(*endpoints: Endpoint, channels: Sequence[Channel] = (), links: Sequence[Link] = ()) -> Facts:
    names = sorted({service for endpoint in endpoints for service in endpoint.services})
    return Facts(tuple(Service(name) for name in names), tuple(channels), endpoints, tuple(links))


def texts(base: Facts, head: Facts) -> list[str]:
    return [f"{change.change} {change.what}: {change.text}" for change in found(base, head)]


def test_nothing_changes_when_code_moves() -> None:
    base = system(use("billing", "consume", "sqs:orders", line=10))
    assert texts(base, system(use("billing", "consume", "sqs:orders", line=99))) == []


def test_a_second_consumer_of_a_queue_is_told_with_the_first() -> None:
    billing, shipping = use("billing", "consume", "sqs:orders"), use("shipping", "consume", "sqs:orders")
    assert texts(system(billing), system(billing, shipping)) == [
        "added service: service shipping is new",
        "added consumer: shipping now consumes from sqs queue 'orders', as billing does",
    ]


def test_what_is_gone_is_told_too() -> None:
    assert texts(system(use("shop", "produce", "kafka:orders")), Facts((Service("shop"),))) == [
        "removed channel: kafka topic 'orders' is gone",
        "removed producer: shop no longer produces to kafka topic 'orders'",
    ]


def test_a_renamed_group_is_one_gone_and_one_new() -> None:
    base = system(use("mail", "consume", "kafka:orders", group="mail"))
    assert texts(base, system(use("mail", "consume", "kafka:orders", group="mail-v2"))) == [
        "removed group: group mail (in mail) no longer reads kafka topic 'orders'",
        "added group: group mail-v2 (in mail) reads kafka topic 'orders'",
    ]


def test_a_property_tells_both_values() -> None:
    (change,) = found(system(channels=[topic(3)]), system(channels=[topic(6)]))
    assert change.text == "kafka topic 'orders': partitions 3 -> 6"
    assert (change.property, change.before, change.after) == ("partitions", 3, 6)
    assert change.place == Place("topics.yaml", 3, 0, "declares orders")


def test_a_link_and_its_properties() -> None:
    def link(size: int) -> Link:
        return Link("event_source_mapping", "sqs:orders", "service:billing", Place("t.yaml", 9), {"batch_size": size})

    assert texts(system(), system(links=[link(1)]))[-1:] == [
        "added link: event source mapping from sqs:orders to billing is new",
    ]
    assert texts(system(links=[link(1)]), system(links=[link(10)])) == [
        "changed link: event source mapping from sqs:orders to billing: batch size 1 -> 10",
    ]


def test_the_document_has_the_keys_that_others_rely_on() -> None:
    base, head = system(), system(use("billing", "produce", "kafka:orders", line=41))
    document = json.loads(render_diff("json", found(base, head)))
    assert document["schema"] == "brokerlint/diff/1"
    assert document["changes"][-1] == {
        "change": "added",
        "what": "producer",
        "system": "kafka",
        "channel": "orders",
        "service": "billing",
        "path": "billing/app.py",
        "line": 41,
        "property": None,
        "from": None,
        "to": None,
        "text": "billing now produces to kafka topic 'orders'",
        "meaning": None,
    }


def test_text_is_marked_like_a_patch() -> None:
    text = render_diff("text", found(system(), system(use("billing", "produce", "kafka:orders", line=41))))
    assert text.splitlines()[-1] == "+ billing now produces to kafka topic 'orders'  (billing/app.py:41)"
    assert render_diff("text", ()) == ""


def test_markdown_has_a_section_for_each_kind() -> None:
    text = render_diff("markdown", found(system(), system(use("billing", "produce", "kafka:orders"))))
    assert text.startswith("### Messaging topology\n\n**Services**\n\n- :heavy_plus_sign: service billing is new\n")
    assert render_diff("markdown", ()) == "The messaging topology does not change.\n"


def test_hostile_names_are_inert_in_every_format() -> None:
    hostile = "x\n+ forged\x1b[31m\u202e<script>|`[a](b)"
    plain, forged = (found(system(), system(use(name, "produce", f"kafka:{name}"))) for name in ("x", hostile))
    for output in DIFF_FORMATS:
        text = render_diff(output, forged)
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert text.count("\n") == render_diff(output, plain).count("\n")
    assert "<script>" not in render_diff("markdown", forged)
