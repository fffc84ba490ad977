"""The graph document: what it says, that it reads back, and how it complains."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerlint.document import SCHEMA, DocumentError, dumps, from_document, load, plain, to_document
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service, Unresolved
from brokerlint.places import Diagnostic, Place

ORDERS = Name("exact", "orders", env="ORDERS_TOPIC", origin="manifest", trace=(Place("compose.yml", 17),))

FACTS = Facts(
    services=(
        Service("shipping", ("services/shipping",), "container", "shipping:run", "prod"),
        Service("billing", ("services/billing",), evidence=(Place("compose.yml", 12, 0, "service billing"),)),
    ),
    channels=(
        Channel("kafka:orders", "kafka", "topic", ORDERS, {"partitions": 6}, ("partitions",), (Place("k.yml", 3),)),
    ),
    endpoints=(
        Endpoint(
            id="e1",
            place=Place("services/billing/app.py", 41, 44),
            function="app.handle",
            system="kafka",
            role="produce",
            library="confluent-kafka",
            operation="produce",
            channels=(ChannelName("kafka", ORDERS),),
            groups=(Name("exact", "billing", origin="literal"),),
            services=("billing",),
            call_chain=(Place("libs/bus.py", 30),),
            config={"acks": {"value": "all", "origin": "literal"}},
            facts={"flushes": [{"position": "per-message", "place": Place("libs/bus.py", 31)}], "async": False},
        ),
    ),
    links=(
        Link("event_source_mapping", "sqs:orders", "service:billing", Place("template.yaml", 88), {"batch_size": 10}),
    ),
    unresolved=(Unresolved(Place("a.py", 1), "kafka", "channel", "value comes from a database row"),),
    diagnostics=(Diagnostic("syntax-error", "b.py", 3, "invalid syntax"),),
    stats={"files": 2},
)


def written(**changes: Any) -> dict[str, Any]:
    """The document of ``FACTS`` with top-level keys changed."""
    return {**to_document(FACTS), **changes}


def test_it_has_the_keys_that_other_programs_rely_on() -> None:
    document = to_document(FACTS)
    assert document["schema"] == "brokerlint/graph/1"
    assert document["tool"]["name"] == "brokerlint"
    assert document["root"] == "."
    endpoint = document["endpoints"][0]
    assert {key: endpoint[key] for key in ("path", "line", "end_line", "function", "system", "role", "library")} == {
        "path": "services/billing/app.py",
        "line": 41,
        "end_line": 44,
        "function": "app.handle",
        "system": "kafka",
        "role": "produce",
        "library": "confluent-kafka",
    }
    assert endpoint["channels"] == [
        {
            "id": "kafka:orders",
            "name": "orders",
            "kind": "exact",
            "env": "ORDERS_TOPIC",
            "logical": None,
            "origin": "manifest",
            "trace": [{"path": "compose.yml", "line": 17}],
        }
    ]
    assert document["links"][0]["from"] == "sqs:orders"
    assert document["links"][0]["to"] == "service:billing"
    assert document["channels"][0]["declared_at"] == [{"path": "k.yml", "line": 3}]


def test_an_endpoint_of_one_line_ends_where_it_starts() -> None:
    facts = Facts(endpoints=(Endpoint("e", Place("a.py", 7), "f", "sqs", "consume", "boto3", "receive_message", ()),))
    assert to_document(facts)["endpoints"][0]["end_line"] == 7


def test_services_channels_and_endpoints_come_sorted() -> None:
    assert [service["name"] for service in to_document(FACTS)["services"]] == ["billing", "shipping"]


@pytest.mark.parametrize(
    ("name", "identity"),
    [
        (Name("exact", "orders"), "kafka:orders"),
        (Name("pattern", "orders-*"), "kafka:orders-*"),
        (Name("env", env="TOPIC"), "kafka:$TOPIC"),
        (Name("logical", logical="Orders"), "kafka:#Orders"),
        (Name("logical", logical="Orders", scope="a/template.yaml"), "kafka:a/template.yaml#Orders"),
        (Name("unknown", why="read from a database"), "kafka:?"),
    ],
)
def test_every_kind_of_name_reads_back(name: Name, identity: str) -> None:
    endpoint = Endpoint(
        "e", Place("a.py", 1, 1), "f", "kafka", "produce", "aiokafka", "send", (ChannelName("kafka", name),)
    )
    document = to_document(Facts(endpoints=(endpoint,)))
    assert document["endpoints"][0]["channels"][0]["id"] == identity
    assert from_document(document).endpoints == (endpoint,)


def test_places_inside_facts_read_back_as_places() -> None:
    flush = from_document(to_document(FACTS)).endpoints[0].facts["flushes"][0]
    assert flush == {"position": "per-message", "place": Place("libs/bus.py", 31)}


def test_writing_what_was_read_gives_the_same_document() -> None:
    document = to_document(FACTS)
    assert to_document(from_document(json.loads(dumps(document)))) == document


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=5), _json, max_size=3), st.text(max_size=8))
def test_any_properties_and_names_survive(properties: dict[str, Any], text: str) -> None:
    facts = Facts(channels=(Channel(f"sqs:{text}", "sqs", "queue", Name("exact", text), properties),))
    document = to_document(facts)
    assert to_document(from_document(json.loads(dumps(document).encode()))) == document


def test_an_undecodable_file_name_survives() -> None:
    facts = Facts(diagnostics=(Diagnostic("encoding", "caf\udce9.py", 1, "not UTF-8"),))
    assert from_document(json.loads(dumps(to_document(facts)).encode())).diagnostics == facts.diagnostics


def test_two_orders_of_the_same_facts_give_the_same_bytes() -> None:
    turned = Facts(
        tuple(reversed(FACTS.services)),
        FACTS.channels,
        FACTS.endpoints,
        FACTS.links,
        FACTS.unresolved,
        FACTS.diagnostics,
        FACTS.stats,
    )
    assert dumps(to_document(turned)) == dumps(to_document(FACTS))


def test_times_are_no_part_of_the_document() -> None:
    assert to_document(Facts(stats={"files": 2, "seconds": {"read": 0.3}}))["stats"] == {"files": 2}


def test_unknown_keys_and_missing_optional_keys_are_fine() -> None:
    document = {
        "schema": SCHEMA,
        "written_on": "a Tuesday",
        "channels": [{"id": "kafka:orders", "system": "kafka", "kind": "topic", "name": "orders", "colour": "blue"}],
        "endpoints": [{"id": "x", "path": "a.py", "line": 1, "system": "sqs", "role": "consume"}],
    }
    facts = from_document(document)
    assert facts.channels[0].name == Name("exact", "orders")
    assert facts.endpoints[0].channels == ()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "doc.json: expected an object, found a list"),
        ({}, f"doc.json: not a graph document: no schema {SCHEMA!r} (brokerlint graph --format json writes one)"),
        ({"schema": "findings/1"}, "doc.json: schema: expected 'brokerlint/graph/1', found 'findings/1'"),
        (written(services=3), "doc.json: services: expected a list, found a number"),
        (written(services=[{"roots": []}]), "doc.json: services[0].name: missing"),
        (written(services=[{"name": "a", "roots": [1]}]),
         "doc.json: services[0].roots[0]: expected a text, found a number"),
        (written(links=[{"kind": "rule", "from": "a", "to": "b", "path": "x", "line": True}]),
         "doc.json: links[0].line: expected a whole number, found a truth value"),
        (written(links=[{"kind": "rule", "from": "a", "to": "b", "path": "x", "line": -1}]),
         "doc.json: links[0].line: expected at least 0, found -1"),
        (written(endpoints=[{"id": "x", "path": "a.py", "line": 1, "system": "sqs", "role": "eat"}]),
         "doc.json: endpoints[0].role: expected one of produce, consume, manage, found 'eat'"),
        (written(endpoints=[{"id": "x", "path": "a.py", "line": 1, "system": "sqs", "role": "consume",
                             "channels": [{"id": "orders", "kind": "exact", "name": "orders"}]}]),
         "doc.json: endpoints[0].channels[0].id: expected system:name"),
        (written(endpoints=[{"id": "x", "path": "a.py", "line": 1, "system": "sqs", "role": "consume",
                             "channels": [{"id": "sqs:orders", "kind": "exact", "name": None}]}]),
         "doc.json: endpoints[0].channels[0].name: a name of the kind 'exact' needs it"),
    ],
)  # fmt: skip
def test_a_broken_document_is_told_with_file_and_key(document: Any, message: str) -> None:
    with pytest.raises(DocumentError) as caught:
        from_document(document, "doc.json")
    assert str(caught.value) == message


def test_a_document_of_a_later_version_says_so() -> None:
    with pytest.raises(DocumentError, match="written by another version"):
        from_document({"schema": "brokerlint/graph/2"}, "doc.json")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe{}", b"[" * 100_000, b""])
def test_a_file_that_is_no_json_is_told_in_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "graph.json"
    path.write_bytes(content)
    with pytest.raises(DocumentError) as caught:
        load(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="cannot be read: No such file"):
        load(tmp_path / "nowhere.json")


def test_what_a_document_cannot_hold_is_a_bug() -> None:
    with pytest.raises(TypeError, match="cannot hold a object"):
        plain({"key": object()})


def test_a_secret_setting_is_not_written_down() -> None:
    config = {"sasl_password": {"value": "hunter2", "origin": "literal"}, "acks": {"value": "all", "origin": "literal"}}
    endpoint = Endpoint("e", Place("a.py", 1), "f", "kafka", "produce", "x", "send", (), config=config)
    written_config = to_document(Facts(endpoints=(endpoint,)))["endpoints"][0]["config"]
    assert written_config["sasl_password"] == {"origin": "literal", "value": "***"}
    assert written_config["acks"]["value"] == "all"


def test_sets_and_tuples_become_sorted_and_plain_lists() -> None:
    assert plain({"b": {"y", "x"}, "a": ("2", "1")}) == {"a": ["2", "1"], "b": ["x", "y"]}
