"""The page: what it holds about a system, and that nothing foreign in it is more than text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from brokerlint.checking import Finding, Severity
from brokerlint.confidence import Confidence
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service, Unresolved
from brokerlint.places import Place
from brokerlint.report import render_graph
from brokerlint.report.graph import Graph
from brokerlint.topology import build


def use(service: str, role: Role, channel: str, line: int = 1, group: str = "") -> Endpoint:
    system, _, name = channel.partition(":")
    names = (ChannelName(system, Name("exact", name, origin="literal")),)
    groups = (Name("exact", group, origin="literal"),) if group else ()
    place, chain = Place(f"{service}/app.py", line), (Place("libs/bus.py", 30),)
    key = f"{service}{role}{channel}"
    return Endpoint(key, place, "app.main", system, role, "aiokafka", "send", names, groups, (service,), chain)


def shared_queue() -> Finding:
    return Finding(
        *("ARC111", "queue-shared-by-services", Severity.WARNING, Confidence.HIGH, "two services poll one queue"),
        place=Place("billing/app.py", 1),
        evidence=(Place("billing/app.py", 1, 0, "receives from jobs"),),
        channels=("sqs:jobs",),
        services=("billing", "mail"),
        advice=("one queue for each",),
    )


def system() -> Graph:
    """A topic with two groups, a queue with a dead-letter queue, and one service without channels."""
    name = Name("exact", "orders", env="ORDERS_TOPIC", origin="manifest")
    topic = Channel("kafka:orders", "kafka", "topic", name, {"partitions": 6}, (), (Place("topics.yaml", 3),))
    facts = Facts(
        tuple(Service(name, (f"services/{name}",), "compose") for name in ("shop", "billing", "mail", "idle")),
        (topic,),
        (
            use("shop", "produce", "kafka:orders", 41),
            use("billing", "consume", "kafka:orders", 12, "billing"),
            use("mail", "consume", "kafka:orders", 9, "mail"),
            use("billing", "produce", "sqs:jobs", 20),
            use("mail", "consume", "sqs:jobs", 30),
        ),
        (Link("redrive", "sqs:jobs", "sqs:jobs-dlq", Place("main.tf", 12)),),
        (Unresolved(Place("mail/app.py", 20), "sqs", "channel", "value comes from a database row"),),
    )
    return Graph(build(facts), findings=(shared_queue(),), judged=True)


def data_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


@pytest.fixture
def data() -> dict[str, Any]:
    return data_of(render_graph("html", system()))


def box(data: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (box for box in data["boxes"] if box["name"] == name)
    return dict(found)


def ends(data: dict[str, Any], view: str) -> set[tuple[str, str, str]]:
    names = [box["name"] for box in data["boxes"]]
    return {(names[arrow["from"]], arrow["role"], names[arrow["to"]]) for arrow in data["views"][view]["arrows"]}


def test_boxes_are_services_and_channels_that_have_to_do_with_each_other(data: dict[str, Any]) -> None:
    assert {(box["kind"], box["name"]) for box in data["boxes"]} == {
        *(("service", name) for name in ("shop", "billing", "mail")),
        *(("topic", "orders"), ("queue", "jobs"), ("queue", "jobs-dlq")),
    }
    assert data["idle"] == ["idle"]


def test_arrows_follow_the_messages(data: dict[str, Any]) -> None:
    assert ends(data, "channels") == {
        ("shop", "produce", "orders"),
        ("orders", "consume", "billing"),
        ("orders", "consume", "mail"),
        ("billing", "produce", "jobs"),
        ("jobs", "consume", "mail"),
        ("jobs", "redrive", "jobs-dlq"),
    }


def test_services_only_are_joined_by_what_is_between_them(data: dict[str, Any]) -> None:
    assert ends(data, "services") == {("shop", "via", "billing"), ("shop", "via", "mail"), ("billing", "via", "mail")}
    labels = [arrow["labels"] for arrow in data["views"]["services"]["arrows"]]
    assert sorted(labels) == [["jobs"], ["orders"], ["orders"]]


def test_a_channel_tells_its_endpoints_groups_and_properties(data: dict[str, Any]) -> None:
    orders = box(data, "orders")
    assert [(use["role"], use["name"], use["at"]) for use in orders["uses"]] == [
        ("consume", "billing", "billing/app.py:12"),
        ("consume", "mail", "mail/app.py:9"),
        ("produce", "shop", "shop/app.py:41"),
    ]
    assert orders["uses"][0]["through"] == ["libs/bus.py:30"]
    assert orders["groups"] == [
        {"name": "billing", "services": ["billing"]},
        {"name": "mail", "services": ["mail"]},
    ]
    assert orders["about"] == [["variable", "$ORDERS_TOPIC"], ["declared at", "topics.yaml:3"], ["partitions", "6"]]


def test_a_service_leads_to_its_channels(data: dict[str, Any]) -> None:
    mail = box(data, "mail")
    assert [(use["role"], data["boxes"][use["box"]]["name"]) for use in mail["uses"]] == [
        ("consume", "orders"),
        ("consume", "jobs"),
    ]
    assert ["code in", "services/mail"] in mail["about"]


def test_a_finding_is_at_all_it_concerns(data: dict[str, Any]) -> None:
    (finding,) = data["findings"]
    assert [data["boxes"][index]["name"] for index in finding["boxes"]] == ["billing", "mail", "jobs"]
    assert box(data, "jobs")["findings"] == [0]
    assert box(data, "orders")["findings"] == []


def test_what_is_not_known_is_told(data: dict[str, Any]) -> None:
    (item,) = data["unresolved"]
    assert (item["at"], item["why"]) == ("mail/app.py:20", "value comes from a database row")


def test_the_page_needs_nothing_else() -> None:
    page = render_graph("html", system())
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"""(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//""", page)
    assert "{{" not in page


def test_it_is_the_same_every_time() -> None:
    assert render_graph("html", system()) == render_graph("html", system())


def test_an_empty_system_is_a_page_too() -> None:
    assert data_of(render_graph("html", Graph(build(Facts()))))["boxes"] == []


def test_a_hostile_name_is_text_wherever_it_stands(hostile: str) -> None:
    name = Name("exact", hostile, origin="manifest")
    channel = Channel(f"kafka:{hostile}", "kafka", "topic", name, {"policy": hostile}, (), (Place(hostile, 1),))
    facts = Facts((Service(hostile, (hostile,)),), (channel,), (use(hostile, "produce", f"kafka:{hostile}"),))
    page = render_graph("html", Graph(build(facts)))
    assert page.count("<script") == 2
    assert page.count("</script>") == 2
    assert "alert(1)<" not in page
    assert not re.search("[\x00-\x08\x1b\x7f-\x9f\u202e\u2028]", page)
    assert "<script>alert(1)" in data_of(page)["boxes"][0]["name"]
