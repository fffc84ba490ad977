"""Dapr: which broker stands behind a component's name, and which application a subscription delivers to."""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.facts import Endpoint, Facts
from brokerlint.manifests.formats import dapr
from brokerlint.pipeline import analyse_sources

PUBSUB = """
apiVersion: dapr.io/v1alpha1
kind: Component
metadata: {name: NAME}
spec:
  type: TYPE
  version: v1
  metadata:
  - {name: brokers, value: "kafka:9092"}
"""

PRODUCER = """
from dapr.clients import DaprClient

with DaprClient() as client:
    client.publish_event(pubsub_name="shop", topic_name="orders", data="{}")
"""

CONSUMER = """
from dapr.ext.fastapi import DaprApp
from fastapi import FastAPI

dapr_app = DaprApp(FastAPI())

@dapr_app.subscribe(pubsub="shop", topic="orders")
def on_order(event: dict):
    pass
"""

RUN = """
version: 1
common:
  resourcesPath: ./components
  env:
    STAGE: test
apps:
  - appID: checkout
    appDirPath: ./checkout/
    command: ["python3", "app.py"]
    env:
      TOPIC: orders
  - appID: billing
    appDirPath: ./billing/
    appPort: 6001
    command: ["uvicorn", "app:api"]
"""

SUBSCRIPTION = """
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata: {name: orders}
spec:
  topic: orders
  routes:
    rules: [{match: event.type == "large", path: /large}]
    default: /orders
  pubsubname: shop
"""


def component(kind: str, name: str = "shop", *further: str) -> str:
    lines = "".join(f"  - {{{line}}}\n" for line in further)
    return PUBSUB.replace("NAME", name).replace("TYPE", kind) + lines


def analysed(files: dict[str, str]) -> Facts:
    return analyse_sources({path: dedent(text) for path, text in files.items()})


def channels(facts: Facts) -> list[tuple[str, str, str]]:
    return sorted((one.system, one.role, channel.id) for one in facts.endpoints for channel in one.channels)


def consumer(facts: Facts) -> Endpoint:
    (found,) = [one for one in facts.endpoints if one.role == "consume"]
    return found


# --- Components ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "system"),
    [("pubsub.kafka", "kafka"), ("pubsub.aws.snssqs", "sns"), ("pubsub.redis", "dapr"), ("state.redis", "dapr")],
)
def test_the_system_of_a_topic_is_that_of_its_component(kind: str, system: str) -> None:
    facts = analysed({"components/shop.yaml": component(kind), "out/app.py": PRODUCER, "in/app.py": CONSUMER})
    assert channels(facts) == [(system, "consume", f"{system}:orders"), (system, "produce", f"{system}:orders")]


def test_the_nearest_component_of_a_name_counts() -> None:
    facts = analysed(
        {
            "one/components/shop.yaml": component("pubsub.redis"),
            "two/components/shop.yaml": component("pubsub.kafka"),
            "two/shop/app.py": PRODUCER,
        }
    )
    assert channels(facts) == [("kafka", "produce", "kafka:orders")]


def test_components_that_disagree_tell_nothing() -> None:
    files = {"a/shop.yaml": component("pubsub.redis"), "b/shop.yaml": component("pubsub.kafka"), "app.py": PRODUCER}
    assert channels(analysed(files)) == [("dapr", "produce", "dapr:orders")]


def test_the_component_of_production_counts_more_than_that_of_developers() -> None:
    files = {
        "deploy/local/shop.yaml": component("pubsub.redis"),
        "deploy/prod/shop.yaml": component("pubsub.kafka"),
        "app.py": PRODUCER,
    }
    assert channels(analysed(files)) == [("kafka", "produce", "kafka:orders")]


def test_a_component_is_named_by_a_variable() -> None:
    producer = PRODUCER.replace('"shop"', 'os.environ["PUBSUB"]').replace("\n", "\nimport os\n", 1)
    run = RUN.replace("TOPIC: orders", "PUBSUB: shop")
    files = {"components/shop.yaml": component("pubsub.kafka"), "billing/app.py": "", "dapr.yaml": run}
    assert channels(analysed({**files, "checkout/app.py": producer})) == [("kafka", "produce", "kafka:orders")]


def test_the_group_of_a_subscriber_is_that_of_the_component() -> None:
    own = component("pubsub.kafka", "shop", 'name: consumerGroup, value: "{namespace}-books"')
    plain = component("pubsub.kafka", "shop", "name: consumerGroup, value: books")
    (group,) = consumer(analysed({"c.yaml": plain, "app.py": CONSUMER})).groups
    assert (group.kind, group.text) == ("exact", "books")
    (group,) = consumer(analysed({"c.yaml": own, "app.py": CONSUMER})).groups
    assert (group.kind, group.text) == ("pattern", "*-books")


def test_without_a_group_it_is_the_application() -> None:
    files = {"components/shop.yaml": component("pubsub.kafka"), "billing/app.py": CONSUMER, "dapr.yaml": RUN}
    found = consumer(analysed(files))
    assert found.services == ("billing",)
    assert [group.text for group in found.groups] == ["billing"]


# --- Bindings -----------------------------------------------------------------------------------------------------

BINDING = """
from dapr.clients import DaprClient
from dapr.ext.grpc import App

app = App()

@app.binding("jobs")
def run(request):
    with DaprClient() as client:
        client.invoke_binding("jobs", "create", request.text())

app.run(50051)
"""


@pytest.mark.parametrize(
    ("kind", "metadata", "expected"),
    [
        (
            "bindings.kafka",
            ("name: topics, value: 'in,more'", "name: publishTopic, value: out", "name: consumerGroup, value: g"),
            ["kafka consume kafka:in", "kafka consume kafka:more", "kafka produce kafka:out"],
        ),
        ("bindings.aws.sqs", ("name: queueName, value: jobs-q",), ["sqs consume sqs:jobs-q", "sqs produce sqs:jobs-q"]),
        (
            "bindings.aws.kinesis",
            ("name: streamName, value: s",),
            ["kinesis consume kinesis:s", "kinesis produce kinesis:s"],
        ),
        (
            "bindings.aws.sns",
            ("name: topicArn, value: 'arn:aws:sns:eu-west-1:1:t'",),
            ["sns produce sns:t"],
        ),
        ("bindings.postgresql", ("name: url, value: x",), []),
    ],
)
def test_a_binding_stands_for_the_channel_of_its_component(
    kind: str, metadata: tuple[str, ...], expected: list[str]
) -> None:
    facts = analysed({"components/jobs.yaml": component(kind, "jobs", *metadata), "app.py": BINDING})
    assert [" ".join(one) for one in channels(facts)] == expected


def test_a_binding_without_a_component_is_no_messaging() -> None:
    facts = analysed({"app.py": BINDING})
    assert (facts.endpoints, facts.unresolved) == ((), ())


# --- Applications and subscriptions -------------------------------------------------------------------------------


def test_the_applications_of_a_run_file_are_services() -> None:
    facts = analysed({"checkout/app.py": PRODUCER, "billing/app.py": CONSUMER, "dapr.yaml": RUN})
    assert [(one.name, one.platform, one.roots) for one in facts.services] == [
        ("checkout", "dapr", ("checkout",)),
        ("billing", "dapr", ("billing",)),
    ]
    assert {one.role: one.services for one in facts.endpoints} == {"produce": ("checkout",), "consume": ("billing",)}


def links(facts: Facts) -> list[tuple[str, str, str]]:
    return [(link.kind, link.source, link.target) for link in facts.links]


def test_a_subscription_delivers_to_the_applications_in_its_scopes() -> None:
    files = {
        "components/shop.yaml": component("pubsub.kafka", "shop", "name: consumerGroup, value: books"),
        "components/orders.yaml": SUBSCRIPTION + "scopes: [billing, elsewhere]\n",
        "billing/app.py": "",
        "dapr.yaml": RUN,
    }
    facts = analysed(files)
    assert links(facts) == [
        ("event_source_mapping", "kafka:orders", "service:billing"),
        ("event_source_mapping", "kafka:orders", "service:elsewhere"),
    ]
    assert facts.links[0].properties == {"group": "books", "routes": ["/large", "/orders"]}


def test_an_older_subscription_has_one_route() -> None:
    old = SUBSCRIPTION.replace("v2alpha1", "v1alpha1")
    old = old[: old.index("  routes")] + "  route: /orders\n  pubsubname: shop\nscopes: [billing]\n"
    (link,) = analysed({"orders.yaml": old}).links
    assert (link.source, link.target, link.properties) == ("dapr:orders", "service:billing", {"routes": ["/orders"]})


def test_without_scopes_only_a_lone_application_is_certain_to_subscribe() -> None:
    files = {"components/orders.yaml": SUBSCRIPTION, "checkout/app.py": "", "billing/app.py": "", "dapr.yaml": RUN}
    assert links(analysed(files)) == []
    alone = RUN[: RUN.index("  - appID: billing")]
    found = links(analysed({**files, "dapr.yaml": alone}))
    assert found == [("event_source_mapping", "dapr:orders", "service:checkout")]


def test_a_workload_is_called_by_its_annotation() -> None:
    workload = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: billing-deployment}
        spec:
          template:
            metadata:
              annotations: {dapr.io/enabled: "true", dapr.io/app-id: billing}
            spec:
              containers:
              - {name: main, image: registry/billing:1, command: [python, billing/app.py]}
        """
    files = {"k8s/billing.yaml": workload, "k8s/orders.yaml": SUBSCRIPTION + "scopes: [billing]\n"}
    facts = analysed({**files, "billing/app.py": ""})
    assert links(facts) == [("event_source_mapping", "dapr:orders", "service:billing-deployment")]


def test_a_container_is_called_by_the_sidecar_in_its_network() -> None:
    compose = """
        services:
          worker:
            build: ./billing
            command: [python, app.py]
          worker-dapr:
            image: daprio/daprd
            command: ["./daprd", "--app-id", "billing", "--app-port", "5000"]
            network_mode: "service:worker"
          other:
            build: ./other
            command: dapr run --app-id other --app-port 80 -- python main.py
        """
    files = {"docker-compose.yml": compose, "c/orders.yaml": SUBSCRIPTION + "scopes: [billing, other]\n"}
    dockerfiles = {f"{name}/Dockerfile": "FROM python\nWORKDIR /app\nCOPY . .\n" for name in ("billing", "other")}
    facts = analysed({**files, **dockerfiles, "billing/app.py": "", "other/main.py": ""})
    assert [target for _, _, target in links(facts)] == ["service:worker", "service:other"]
    assert [one.program for one in facts.services] == ["billing/app.py", "other/main.py"]


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: dapr.io/v1alpha1\nkind: Component\n",
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata: [x]\nspec: {type: [kafka], metadata: {a: b}}\n",
        "apiVersion: dapr.io/v1alpha1\nkind: Subscription\nspec: {topic: {}, scopes: x}\nscopes: 3\n",
        "version: 1\napps: {appID: x}\n",
        "version: 1\napps:\n  - appID: x\n    appDirPath: ../..\n    command: 3\n    env: [a]\n",
    ],
)
def test_broken_files_say_nothing(text: str) -> None:
    facts = analyse_sources({"components/dapr.yaml": text, "app.py": "", "dapr.yaml": text})
    assert (facts.links, facts.channels, facts.endpoints) == ((), (), ())


def test_files_are_recognised_by_their_api_or_name() -> None:
    assert dapr.wants("components/x.yaml", b"apiVersion: dapr.io/v1alpha1\nkind: Component\n")
    assert dapr.wants("dapr.yaml", b"version: 1\napps:\n  - appID: a\n")
    assert not dapr.wants("k8s/x.yaml", b"apiVersion: apps/v1\nkind: Deployment\n")
    assert not dapr.wants("dapr.md", b"apiVersion: dapr.io/v1alpha1\n")
