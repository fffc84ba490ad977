"""Formats that declare: Quix projects, connectors, AsyncAPI documents, ElasticMQ, Zappa and Chalice, owners."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from brokerlint.manifests.connectors import links
from brokerlint.manifests.facts import Concat, End, Hole, ManifestFacts, Reference, Text
from brokerlint.manifests.values import text_of
from brokerlint.places import Place

Reader = Callable[[Mapping[str, str]], ManifestFacts]


# --- Quix ---------------------------------------------------------------------------------------------------------

PROJECT = """
    deployments:
      - name: Cleaner
        application: clean up
        resources: {replicas: 2}
        variables:
          - {name: input, inputType: InputTopic, value: raw}
          - {name: API_TOKEN, inputType: Secret, secretKey: hunter2}
          - {name: mode, inputType: FreeText, value: fast}
    topics:
      - name: raw
        configuration: {partitions: 4, replicationFactor: 2, retentionInMinutes: 60}
"""
APPLICATION = """
    name: clean up
    runEntryPoint: start.py
    dockerfile: dockerfile
    variables:
      - {name: input, inputType: InputTopic, defaultValue: other}
      - {name: output, inputType: OutputTopic, defaultValue: clean}
"""


def test_a_deployment_of_quix_with_the_defaults_of_its_application(facts_of: Reader) -> None:
    facts = facts_of({
        "quix.yaml": dedent(PROJECT),
        "clean up/app.yaml": dedent(APPLICATION),
        "clean up/dockerfile": 'FROM python\nCMD ["python", "start.py"]\n',
        "clean up/start.py": "",
    })  # fmt: skip
    (service,) = facts.services
    assert (service.name, service.platform, service.roots) == ("Cleaner", "quix", ("clean up",))
    assert service.command == ("python", "start.py")
    assert {name: text_of(one.value) for name, one in service.environment.items()} == {
        "input": "raw", "output": "clean", "API_TOKEN": None, "mode": "fast",
    }  # fmt: skip
    assert [(hint.channel.value, hint.role) for hint in facts.hints] == [
        (Text("raw"), "consume"),
        (Text("clean"), "produce"),
    ]
    (topic,) = facts.channels
    assert topic.properties == {"partitions": 4, "replication_factor": 2, "retention": 3600}


def test_an_application_of_quix_without_a_project(facts_of: Reader) -> None:
    facts = facts_of({"clean/app.yaml": dedent(APPLICATION), "clean/start.py": ""})
    assert [(one.name, one.roots) for one in facts.services] == [("clean up", ("clean",))]


# --- Kafka Connect ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "topics"),
    [
        ({"connector.class": "x.JdbcSinkConnector", "topics": "a, b"}, ["a", "b"]),
        ({"connector.class": "x.S3SinkConnector", "topics.regex": "shop\\.(a|b).*"}, ["shop.*"]),
        ({"connector.class": "x.JdbcSource", "topic.prefix": "db-", "table.whitelist": "a,b"}, ["db-a", "db-b"]),
        ({"connector.class": "x.JdbcSourceConnector", "topic.prefix": "rows", "query": "select 1"}, ["rows"]),
        ({"connector.class": "x.FileSource", "topic": "lines"}, ["lines"]),
        (
            {"connector.class": "io.debezium.X", "topic.prefix": "shop", "table.include.list": "public.orders"},
            ["shop.public.orders"],
        ),
        ({"connector.class": "io.debezium.X", "database.server.name": "shop"}, ["shop.*"]),
        (
            {
                "connector.class": "io.debezium.X",
                "topic.prefix": "shop",
                "transforms": "outbox",
                "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
            },
            ["outbox.event.*"],
        ),
    ],
)
def test_topics_of_a_connector(config: dict[str, str], topics: list[str]) -> None:
    found = links("c", config, Place("c.json", 1))
    service = End("service", Text("c"))
    assert [text_of((link.target if link.source == service else link.source).value) for link in found] == topics


def test_direction_group_and_dead_letters(facts_of: Reader) -> None:
    config = {
        "connector.class": "x.HttpSinkConnector",
        "topics": "orders",
        "errors.tolerance": "all",
        "errors.deadletterqueue.topic.name": "dead",
        "errors.log.enable": "true",
        "connection.password": "hunter2",
    }
    facts = facts_of({"c.json": json.dumps({"name": "to-http", "config": config}, indent=1)})
    (link,) = facts.links
    assert (link.source, link.target) == (End("kafka", Text("orders")), End("service", Text("to-http")))
    assert link.properties == {
        "class": "x.HttpSinkConnector", "dead_letter_topic": "dead", "errors_tolerance": "all", "errors_logged": True,
        "group": "connect-to-http",
    }  # fmt: skip
    assert "hunter2" not in repr(facts)


def test_bare_configurations_lists_and_properties(facts_of: Reader) -> None:
    source = {
        "connector.class": "x.SqsSourceConnector",
        "kafka.topic": "in",
        "sqs.url": "https://sqs.r.amazonaws.com/1/q",
    }
    facts = facts_of({
        "one.json": json.dumps(source),
        "two.json": json.dumps([{"name": "a", "config": {"connector.class": "x.Sink", "topics": "t"}}]),
        "three.properties": "# note\nname=b\nconnector.class=x.Sink\ntopics=u\n",
    })  # fmt: skip
    ends = {(text_of(link.source.value), text_of(link.target.value)) for link in facts.links}
    assert ends == {("one", "in"), ("https://sqs.r.amazonaws.com/1/q", "one"), ("t", "a"), ("u", "b")}


# --- AsyncAPI -----------------------------------------------------------------------------------------------------


def test_version_2_says_what_others_do(facts_of: Reader) -> None:
    text = """
        asyncapi: 2.6.0
        info: {title: Billing, version: 1.0.0}
        servers: {main: {url: kafka:9092, protocol: kafka}}
        channels:
          orders.placed: {publish: {message: {}}}
          invoices.{tenant}:
            subscribe: {message: {}}
            bindings: {kafka: {partitions: 3, replicas: 2, topicConfiguration: {cleanup.policy: [delete, compact]}}}
    """
    facts = facts_of({"billing/asyncapi.yaml": dedent(text)})
    orders, invoices = facts.hints
    assert (orders.service, orders.channel, orders.role) == ("Billing", End("kafka", Text("orders.placed")), "consume")
    assert invoices.role == "produce"
    assert invoices.channel.value == Concat((Text("invoices."), Hole("{tenant}")))
    assert facts.channels[1].properties == {"partitions": 3, "replication_factor": 2, "cleanup_policy": "both"}


def test_version_3_says_what_the_application_does(facts_of: Reader) -> None:
    text = """
        asyncapi: 3.0.0
        info: {title: Billing, version: 1.0.0}
        channels:
          orders:
            address: orders-v1
            bindings: {sqs: {queue: {name: orders-q, fifoQueue: false, visibilityTimeout: 45}}}
          audit: {$ref: '#/components/channels/audit'}
          socket: {address: /ws}
        operations:
          take: {action: receive, channel: {$ref: '#/channels/orders'}}
          note: {action: send, channel: {$ref: '#/channels/audit'}}
        components: {channels: {audit: {address: audit, bindings: {sns: {name: audit-t}}}}}
    """
    facts = facts_of({"asyncapi.yml": dedent(text)})
    assert [(hint.channel, hint.role) for hint in facts.hints] == [
        (End("sqs", Text("orders-q")), "consume"),
        (End("sns", Text("audit-t")), "produce"),
    ]
    assert facts.channels[0].properties == {"fifo": False, "visibility_timeout": 45}
    assert facts.hints[0].place.line == 11


# --- ElasticMQ ----------------------------------------------------------------------------------------------------


def test_queues_of_elasticmq(facts_of: Reader) -> None:
    text = """\
        include classpath("application.conf")
        queues {
          # note
          "orders" {
            defaultVisibilityTimeout = 10 seconds
            delay = 500 ms
            deadLettersQueue { name = "orders-dead", maxReceiveCount = 3 }
          }
          orders-dead { }
          "jobs.fifo" { fifo = true, receiveMessageWait = 1 minute }
        }
    """
    facts = facts_of({"elasticmq.conf": dedent(text)})
    found = {channel.logical: channel.properties for channel in facts.channels}
    dead = End("sqs", Text("orders-dead"))
    assert found == {
        "orders": {"visibility_timeout": 10, "delay": 0, "dead_letter": dead, "max_receive_count": 3},
        "orders-dead": {},
        "jobs.fifo": {"fifo": True, "wait_time": 60},
    }
    assert {channel.profile for channel in facts.channels} == {"dev"}
    (link,) = facts.links
    assert (link.kind, link.target, link.properties) == ("redrive", dead, {"max_receive_count": 3})


# --- Zappa and Chalice --------------------------------------------------------------------------------------------


def test_stages_of_zappa(facts_of: Reader) -> None:
    stages = {
        "base": {"app_function": "shop.app.app", "environment_variables": {"ORDERS_TOPIC": "a", "API_KEY": "hunter2"}},
        "production": {
            "extends": "base",
            "project_name": "shop",
            "aws_environment_variables": {"ORDERS_TOPIC": "b"},
            "events": [
                {"function": "on", "event_source": {"arn": "arn:aws:sqs:r:1:o", "batch_size": 5, "enabled": False}},
                {"function": "shop.tick", "expression": "rate(1 hour)"},
            ],
        },
    }
    facts = facts_of({"zappa_settings.json": json.dumps(stages, indent=1)})
    production = next(one for one in facts.services if one.profile == "prod")
    assert (production.name, production.platform, production.handler) == ("shop", "lambda", "shop/app.app")
    assert text_of(production.environment["ORDERS_TOPIC"].value) == "b"
    assert "hunter2" not in repr(facts)
    (link,) = facts.links
    assert (link.target, link.properties) == (
        End("service", Reference(production.key)), {"batch_size": 5, "enabled": False},
    )  # fmt: skip


def test_settings_of_zappa_in_toml(facts_of: Reader) -> None:
    facts = facts_of({"api/zappa_settings.toml": '[dev]\napp_function = "app.app"\n', "b/zappa_settings.toml": "[dev"})
    assert [(one.name, one.roots, one.profile) for one in facts.services] == [("api", ("api",), "dev")]
    assert [problem.path for problem in facts.diagnostics] == ["b/zappa_settings.toml"]


def test_stages_of_chalice(facts_of: Reader) -> None:
    config = {
        "app_name": "shop",
        "environment_variables": {"ORDERS_TOPIC": "all"},
        "stages": {"prod": {"environment_variables": {"ORDERS_TOPIC": "live"}}, "dev": {}},
    }
    facts = facts_of({"fn/.chalice/config.json": json.dumps(config)})
    found = {one.profile: text_of(one.environment["ORDERS_TOPIC"].value) for one in facts.services}
    assert found == {"prod": "live", "dev": "all"}
    assert {one.roots for one in facts.services} == {("fn",)}


# --- Owners -------------------------------------------------------------------------------------------------------


def test_the_last_matching_pattern_decides_who_owns_a_service(facts_of: Reader) -> None:
    facts = facts_of({
        ".github/CODEOWNERS": "* @all # everyone\n/orders/ @orders @leads\n/orders/docs @docs\n[section]\n",
        "orders/Procfile": "web: python app.py\n",
        "mail/Procfile": "mail: python app.py\n",
    })  # fmt: skip
    assert {one.name: one.owners for one in facts.services} == {"web": ("@orders", "@leads"), "mail": ("@all",)}


def test_a_catalog_owns_its_folder_and_the_component_it_names(facts_of: Reader) -> None:
    catalog = "apiVersion: a/v1\nkind: Component\nmetadata: {name: %s}\nspec: {owner: group:default/%s}\n"
    facts = facts_of({
        "orders/catalog-info.yaml": catalog % ("orders", "team-orders") + "---\n" + catalog % ("worker", "team-jobs"),
        "orders/api/Procfile": "web: python app.py\n",
        "CODEOWNERS": "* @all\n",
    })  # fmt: skip
    assert [one.owners for one in facts.services] == [("default/team-jobs",)]


# --- Bad files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("quix.yaml", "deployments: 5\ntopics: {a: b}\n"),
        ("quix.yaml", "deployments: [5, {variables: [5, {name: [x]}]}]\ntopics: [5]\n"),
        ("a.json", '{"connector.class": [1], "config": {"connector.class": {}}}'),
        ("asyncapi.yaml", "asyncapi: [3]\nchannels: 5\noperations: [a]\nservers: x\n"),
        ("asyncapi.yaml", "asyncapi: 3.0.0\nchannels: {a: {$ref: '#/channels/a'}}\noperations: {x: 5}\n"),
        ("mq.conf", "queues {{{{ } = : , } \n}}}}}}"),
        ("zappa_settings.json", '{"dev": 5, "prod": {"events": {"a": 1}, "extends": [1]}}'),
        ("CODEOWNERS", "** ** ** @a\n/../x @b\n\\# @c\n"),
        ("catalog-info.yaml", "- 5\n---\nkind: Component\nspec: []\n"),
    ],
)
def test_files_of_the_wrong_shape_do_no_harm(facts_of: Reader, path: str, text: str) -> None:
    assert not [problem for problem in facts_of({path: text}).diagnostics if problem.kind == "crash"]
