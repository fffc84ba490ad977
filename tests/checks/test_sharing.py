"""ARC111 and ARC131: what must not be shared."""

from __future__ import annotations

from typing import Any

import pytest
from asking import ask, levels
from systems import consume, declaring, link, name, service, system, works


def two(**about: Any) -> list[Any]:
    return [
        consume("sqs:orders", by="billing", effects=works("http"), **about),
        consume("sqs:orders", by="shipping", effects=works("db"), **about),
    ]


def test_two_services_with_different_work():
    (finding,) = ask("ARC111", system(*two()))
    assert (finding.severity.value, finding.confidence.word) == ("warning", "high")
    assert (
        finding.message == "queue 'orders' is consumed by billing and shipping: each message reaches only one of them"
    )
    assert len(finding.evidence) == 2


def test_folders_give_medium():
    parts = [service("billing", platform="unknown"), service("shipping", platform="unknown")]
    assert levels("ARC111", system(*parts, *two())) == [("warning", "medium")]


def test_work_that_cannot_be_compared_gives_medium():
    topology = system(consume("sqs:q", by="a"), consume("sqs:q", by="b"))
    assert levels("ARC111", topology) == [("warning", "medium")]


def test_two_mappings_and_mappings_with_filters():
    links = [link("event_source_mapping", "sqs:q", f"service:{fn}") for fn in ("a", "b")]
    assert levels("ARC111", system(service("a"), service("b"), *links)) == [("warning", "high")]
    links = [link("event_source_mapping", "sqs:q", f"service:{fn}", filters=True) for fn in ("a", "b")]
    assert levels("ARC111", system(service("a"), service("b"), *links)) == [("error", "high")]


@pytest.mark.parametrize(
    "parts",
    [
        [service("a", program="p"), service("b", program="p"), consume("sqs:q", by="a"), consume("sqs:q", by="b")],
        [consume("sqs:q", by=("a", "b"))],
        [service("a"), *(link("event_source_mapping", "sqs:q", f"service:{who}") for who in ("a", "?"))],
        [service("b", tooling=True), consume("sqs:q", by="a"), consume("sqs:q", by="b")],
        [consume("sqs:q", by="a"), consume("sqs:q", by="b", entry_kind="cli")],
        [
            service("a", environment="prod"),
            service("b", environment="dev"),
            consume("sqs:q", by="a"),
            consume("sqs:q", by="b"),
        ],
        [consume("sqs:orders-dlq", by="a"), consume("sqs:orders-dlq", by="b")],
        [consume("sqs:$URL", by="a"), consume("sqs:$URL", by="b")],
        [consume("sqs:orders-*", by="a"), consume("sqs:orders-1", by="b")],
        [consume("sqs:q", by="a"), service("b"), link("event_source_mapping", "sqs:q", "service:b", enabled=False)],
    ],
    ids=[
        "one program",
        "shared handler",
        "unknown target of a mapping",
        "tool",
        "command line",
        "two environments",
        "dead letters",
        "same variable",
        "pattern",
        "disabled mapping",
    ],
)
def test_silent(parts: list[Any]):
    assert ask("ARC111", system(*parts)) == ()


def test_shared_workers_can_be_declared():
    assert ask("ARC111", system(*two(), declarations=declaring("sqs:orders", shared_workers=True))) == ()


def test_a_copied_handler_is_one_worker():
    about = {"function": "work", "effects": works("db"), "body_paths": ["id"]}
    assert ask("ARC111", system(consume("sqs:q", by="a", **about), consume("sqs:q", by="b", **about))) == ()


def groups(
    first: Any = "orders", second: Any = "orders", topics: tuple[str, str] = ("kafka:t", "kafka:t"), **about: Any
):
    return system(
        consume(topics[0], by="billing", group=first, **about), consume(topics[1], by="mail", group=second, **about)
    )


def test_one_group_on_one_topic():
    (finding,) = ask("ARC131", groups())
    assert finding.confidence.word == "high"
    assert "of t each sees only a part" in finding.message


def test_one_group_on_two_topics():
    (finding,) = ask("ARC131", groups(topics=("kafka:t", "kafka:u")))
    assert "makes the other rebalance" in finding.message
    assert finding.channels == ("kafka:t", "kafka:u")


def test_a_default_that_may_be_overridden_gives_medium():
    default = name("orders", origin="env-default", env="GROUP")
    assert levels("ARC131", groups(default, default)) == [("warning", "medium")]


def test_manifests_that_override_the_default_silence_it():
    default = name("orders", origin="env-default", env="GROUP")
    own = [name(each, origin="manifest", service=each) for each in ("billing", "mail")]
    endpoint = consume("kafka:t", by=("billing", "mail"))
    from dataclasses import replace

    assert ask("ARC131", system(replace(endpoint, groups=(default, *own)))) == ()


@pytest.mark.parametrize(
    "topology",
    [
        groups("billing", "mail"),
        groups("$GROUP", "$GROUP"),
        groups("?", "?"),
        groups(entry_kind="cli"),
        system(consume("kafka:t", by=("a", "b"), group="g")),
        system(
            consume("kafka:t", by="a", group="g", config={"bootstrap": "one:9092"}),
            consume("kafka:t", by="b", group="g", config={"bootstrap": "two:9092"}),
        ),
    ],
    ids=["two groups", "same variable", "unknown", "tools", "shared handler", "two clusters"],
)
def test_groups_that_are_not_shared(topology: Any):
    assert ask("ARC131", topology) == ()
