"""The checks of delivery, security and operations: what they find and what silences them."""

from __future__ import annotations

from typing import Any

import pytest
from asking import REGISTRY, ask, levels
from systems import consume, declared, declaring, link, produce, service, system

from brokerlint.checking import run
from brokerlint.places import Place
from brokerlint.topology import Declarations

HERE = Place("x.py", 9)


def shown(check_id: str, topology: Any) -> list[str]:
    """The confidence of what a user sees who selects the check."""
    return [finding.confidence.word for finding in run(topology, REGISTRY.select(select=[check_id])).findings]


# EVT102, EVT103
def test_deliveries_without_dead_letters():
    assert levels("EVT102", system(link("rule", "eventbridge:b", "service:fn"))) == [("warning", "high")]
    assert levels("EVT102", system(link("subscription", "sns:t", "sqs:q"))) == [("info", "high")]
    twice = [link("rule", "eventbridge:b", "service:fn") for _ in range(2)]
    assert [len(finding.evidence) for finding in ask("EVT102", system(*twice))] == [2]
    assert ask("EVT102", system(link("rule", "eventbridge:b", "service:fn", dead_letter="sqs:d"))) == ()
    assert ask("EVT102", system(link("subscription", "sns:t", "external:a@b.c", protocol="email"))) == ()
    assert ask("EVT102", system(link("subscription", "sns:t", "external:email"))) == ()
    assert len(ask("EVT102", system(link("subscription", "sns:t", "external:https")))) == 1
    assert ask("EVT102", system(link("rule", "eventbridge:b", "external:logs:/aws/events/all"))) == ()
    assert (
        ask("EVT102", system(declared("sns:t", environment="dev"), link("subscription", "sns:t", "service:fn"))) == ()
    )


def test_targets_that_refuse():
    assert levels("EVT103", system(link("rule", "eventbridge:b", "sqs:q.fifo"))) == [("error", "certain")]
    assert ask("EVT103", system(link("rule", "eventbridge:b", "sqs:q.fifo", group_id="g"))) == ()
    assert levels("EVT103", system(link("subscription", "sns:t", "sqs:q.fifo"))) == [("error", "certain")]
    assert ask("EVT103", system(link("subscription", "sns:t.fifo", "sqs:q.fifo"))) == ()


def test_policies_that_allow_nothing_to_the_service():
    def policy(*statements: dict[str, Any]) -> Any:
        return system(declared("sqs:q", policy=list(statements)), link("subscription", "sns:t", "sqs:q"))

    allowed = {"effect": "Allow", "principal": {"Service": "sns.amazonaws.com"}, "actions": ["sqs:SendMessage"]}
    assert len(ask("EVT103", policy({**allowed, "principal": {"Service": "s3.amazonaws.com"}}))) == 1
    assert ask("EVT103", policy(allowed)) == ()
    assert ask("EVT103", system(declared("sqs:q"), link("subscription", "sns:t", "sqs:q"))) == ()


# SEC101 to SEC105
def test_policies_for_everybody():
    def policy(environment: str = "prod", **about: Any) -> Any:
        statement = {"effect": "Allow", "principal": "*", "actions": ["sqs:SendMessage"], **about}
        return system(declared("sqs:q", environment=environment, policy=[statement]))

    assert shown("SEC101", policy()) == ["certain"]
    assert shown("SEC101", policy("unknown")) == ["high"]
    assert shown("SEC101", policy("dev")) == []
    assert shown("SEC101", policy(effect="Deny")) == []
    assert shown("SEC101", policy(conditions={"ArnEquals": {}})) == []
    assert shown("SEC101", policy(principal={"Service": "sns.amazonaws.com"})) == []


def test_encryption_that_is_switched_off():
    assert len(ask("SEC102", system(declared("sqs:q", encrypted=False)))) == 1
    assert ask("SEC102", system(declared("sqs:q"))) == ()
    assert ask("SEC102", system(declared("sqs:q", encrypted=False, kms_key="alias/x"))) == ()


@pytest.mark.parametrize(
    ("config", "heard"),
    [
        ({"bootstrap": "b.example.org:9092", "security": "PLAINTEXT"}, True),
        ({"bootstrap": "b.example.org:9092", "security": "SASL_SSL"}, False),
        ({"bootstrap": "kafka:9092", "security": "PLAINTEXT"}, False),
        ({"bootstrap": "localhost:9092", "security": "PLAINTEXT"}, False),
        ({"bootstrap": None, "security": "PLAINTEXT"}, False),
        ({"bootstrap": "b.example.org:9093", "security": "SSL", "verify_tls": False}, True),
        ({"bootstrap": "b.example.org:9093", "security": "SSL", "tls_hostname": "none"}, True),
        ({"bootstrap": "b.example.org:9093", "security": "SSL", "tls_hostname": "https"}, False),
    ],
)
def test_clients_that_can_be_overheard(config: dict[str, Any], heard: bool):
    assert bool(ask("SEC103", system(produce("kafka:t", config=config)))) is heard


def test_listeners_without_tls():
    def listener(**about: Any) -> Any:
        return system(declared("kafka:main", kind="cluster", environment="prod", listeners=[{"name": "l", **about}]))

    assert levels("SEC103", listener(tls=False, external=True)) == [("error", "high")]
    assert ask("SEC103", listener(tls=True, external=True)) == ()
    assert ask("SEC103", listener(tls=False, external=False)) == ()


def test_secrets_and_pickles():
    secret = {"key": "sasl_password", "place": HERE}
    two = (produce("kafka:t", credentials=[secret]), produce("kafka:u", credentials=[secret]))
    assert len(ask("SEC104", system(*two))) == 1
    assert ask("SEC104", system(produce("kafka:t", credentials=[]))) == ()
    assert len(ask("SEC105", system(consume("kafka:t", deserializer="pickle")))) == 1
    assert len(ask("SEC105", system(consume("kafka:t", unsafe_load=[HERE])))) == 1
    assert ask("SEC105", system(consume("kafka:t", unsafe_load=[HERE], verified=True))) == ()
    assert ask("SEC105", system(consume("kafka:t", deserializer="json"))) == ()


# OPS101, OPS102, OPS103
@pytest.mark.parametrize(
    ("properties", "wanted"),
    [
        ({"replication_factor": 1}, ["error"]),
        ({"replication_factor": 2, "min_insync_replicas": 1}, ["warning"]),
        ({"replication_factor": 3, "min_insync_replicas": 3}, ["warning"]),
        ({"replication_factor": 3, "min_insync_replicas": 1}, ["warning"]),
        ({"replication_factor": 3, "min_insync_replicas": 2}, []),
        ({"replication_factor": 3, "unclean_election": True}, ["error"]),
        ({}, []),
    ],
)
def test_replication(properties: dict[str, Any], wanted: list[str]):
    assert [f.severity.value for f in ask("OPS101", system(declared("kafka:t", **properties)))] == wanted


def test_replication_that_a_service_fixes():
    express = declared("kafka:main", kind="cluster", cluster_kind="msk-express")
    assert ask("OPS101", system(express, declared("kafka:t", replication_factor=1))) == ()


def test_topics_that_create_themselves():
    def cluster(defaulted: tuple[str, ...] = (), *more: Any, **about: Any) -> Any:
        about = {"cluster_kind": "strimzi", "auto_create": True, **about}
        return system(declared("kafka:main", kind="cluster", defaulted=defaulted, **about), *more)

    assert levels("OPS102", cluster()) == [("warning", "high")]
    assert ask("OPS102", cluster(auto_create=False)) == ()
    assert ask("OPS102", cluster(("auto_create",))) == ()
    assert levels("OPS102", cluster(("auto_create",), produce("kafka:t"))) == [("warning", "medium")]


@pytest.mark.parametrize(
    ("hosts", "one"),
    [
        ("kafka-0.kafka:9092", True),
        ("b-1.x.amazonaws.com:9098", True),
        ("10.0.0.7:9092", True),
        ("kafka-bootstrap:9092", False),
        ("kafka-0:9092,kafka-1:9092", False),
        ("localhost:9092", False),
        ("127.0.0.1:9092", False),
        (None, False),
    ],
)
def test_one_way_into_the_cluster(hosts: str | None, one: bool):
    assert bool(ask("OPS103", system(produce("kafka:t", config={"bootstrap": hosts})))) is one


# OPS104, OPS105
ALARM = [{"metric": "ApproximateAgeOfOldestMessage"}]


def test_consumers_that_nobody_watches():
    def watched(alarms: Any, *more: Any, **about: Any) -> Any:
        return system(declared("sqs:q", alarms=alarms), consume("sqs:q"), *more, **about)

    assert levels("OPS104", watched([])) == [("advice", "low")]
    assert levels("OPS104", watched([], declared("sqs:other", alarms=ALARM))) == [("advice", "medium")]
    assert ask("OPS104", watched(ALARM)) == ()
    assert ask("OPS104", watched([], declarations=Declarations(monitoring="datadog"))) == ()


def test_dead_letters_that_nobody_reads():
    def dead(*more: Any, alarms: Any = (), **about: Any) -> Any:
        return system(declared("sqs:q", dead_letter="sqs:d"), declared("sqs:d", alarms=list(alarms)), *more, **about)

    assert levels("OPS105", dead()) == [("warning", "medium")]
    assert levels("OPS105", dead(declared("sqs:o", alarms=ALARM))) == [("warning", "high")]
    assert ask("OPS105", dead(alarms=ALARM)) == ()
    assert ask("OPS105", dead(consume("sqs:d"))) == ()
    assert ask("OPS105", dead(declarations=Declarations(monitoring="org-wide"))) == ()
    assert ask("OPS105", system(declared("sqs:x-dlq"))) == ()


# OPS106, OPS107, OPS108
def test_consumers_that_are_killed():
    def loop(**about: Any) -> Any:
        return system(consume("kafka:t", **{"loop_kind": "while-true", "closes": [], **about}))

    assert levels("OPS106", loop()) == [("advice", "medium")]
    assert ask("OPS106", loop(closes=[{"how": "finally", "place": HERE}])) == ()
    assert ask("OPS106", loop(loop_kind="lambda-handler")) == ()
    assert ask("OPS106", system(consume("kafka:t", loop_kind="while-true"))) == ()


def test_clusters_that_lack_the_basics():
    gaps = {"cluster_kind": "strimzi", "brokers": 1, "storage": "ephemeral", "basics": {"exporter": False}}

    def cluster(environment: str = "prod", **about: Any) -> Any:
        return system(declared("kafka:main", kind="cluster", environment=environment, **{**gaps, **about}))

    assert shown("OPS107", cluster()) == ["high"]
    assert shown("OPS107", cluster("dev")) == []
    assert shown("OPS107", cluster(basics={"exporter": True})) == []
    assert shown("OPS107", cluster(cluster_kind="msk-standard")) == []
    capable = Declarations(team_ops_capacity="high")
    topology = system(declared("kafka:main", kind="cluster", environment="prod", **gaps), declarations=capable)
    assert levels("OPS107", topology) == [("info", "high")]


def test_clusters_without_a_way_forward():
    def cluster(**about: Any) -> Any:
        return system(declared("kafka:main", kind="cluster", **about))

    assert levels("OPS108", cluster(metadata="zookeeper")) == [("warning", "certain")]
    assert levels("OPS108", cluster(version="3.6.1", metadata="kraft")) == [("warning", "certain")]
    assert ask("OPS108", cluster(version="3.9.0", metadata="kraft")) == ()
    assert ask("OPS108", cluster(metadata="zookeeper", cluster_kind="msk-standard", version="3.9.x")) == ()
    assert ask("OPS108", cluster(version="latest")) == ()


def test_declared_readers_end_an_orphan():
    assert ask("ARC132", system(produce("sqs:q"), declarations=declaring("sqs:q", external_consumers=("crm",)))) == ()
    assert service("x").name == "x"
