"""Kubernetes, OpenShift and the operators of messaging."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from brokerlint.manifests.facts import ChannelFact, End, ManifestFacts, ServiceFact, Text, Variable
from brokerlint.manifests.formats import kubernetes
from brokerlint.manifests.values import text_of

Reader = Callable[[Mapping[str, str]], ManifestFacts]

ORDERS = {
    "orders/Dockerfile": 'FROM python\nWORKDIR /app\nCOPY . .\nENTRYPOINT ["python", "-m"]\nCMD ["orders.web"]\n',
    "orders/orders/web.py": "",
    "orders/orders/worker.py": "",
}


def one(facts: ManifestFacts) -> ServiceFact:
    (service,) = facts.services
    return service


def held(service: ServiceFact) -> dict[str, str | None]:
    return {name: text_of(setting.value) for name, setting in service.environment.items()}


def channel(facts: ManifestFacts) -> ChannelFact:
    (found,) = facts.channels
    return found


def deployment(container: str, name: str = "orders", kind: str = "Deployment") -> str:
    """A workload with one container, whose further lines are ``container``."""
    lines = "".join(f"          {line}\n" for line in dedent(container).strip().splitlines())
    return (
        f"apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  replicas: 2\n  template:\n    spec:\n"
        f"      containers:\n        - name: main\n          image: registry/acme/orders:1\n{lines}"
    )


def test_manifests_are_recognised_by_version_and_kind() -> None:
    assert kubernetes.wants("k8s/a.yaml", b"apiVersion: v1\nkind: Pod\n")
    assert kubernetes.wants("k8s/a.json", b'{\n  "apiVersion": "v1",\n  "kind": "Pod"}')
    assert kubernetes.wants("k8s/kustomization.yaml", b"resources: [a.yaml]\n")
    assert not kubernetes.wants("a.yaml", b"kind: x\n")
    assert not kubernetes.wants("chart/templates/a.yaml", b"apiVersion: v1\nkind: Pod\nx: {{ .Values.x }}\n")


# --- Workloads ----------------------------------------------------------------------------------------------------


def test_a_workload_is_a_service_with_the_root_of_its_image(facts_of: Reader) -> None:
    service = one(facts_of({"k8s/orders.yaml": deployment("env: [{name: ORDERS_TOPIC, value: orders}]"), **ORDERS}))
    assert (service.name, service.platform, service.roots) == ("orders", "kubernetes", ("orders",))
    assert service.command == ("python", "-m", "orders.web")
    assert service.properties == {"replicas_max": 2}
    assert held(service) == {"ORDERS_TOPIC": "orders"}


@pytest.mark.parametrize(
    ("container", "command"),
    [
        ("args: [orders.worker]", ("python", "-m", "orders.worker")),
        ("command: [python]\nargs: [-m, orders.worker]", ("python", "-m", "orders.worker")),
        ('command: [sh, -c, "exec python -m orders.worker"]', ("python", "-m", "orders.worker")),
    ],
)
def test_command_replaces_the_entry_point_and_args_the_command(
    facts_of: Reader, container: str, command: tuple[str, ...]
) -> None:
    assert one(facts_of({"k8s/orders.yaml": deployment(container), **ORDERS})).command == command


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet", "Job", "DeploymentConfig", "Rollout"])
def test_every_kind_of_workload(facts_of: Reader, kind: str) -> None:
    assert one(facts_of({"a.yaml": deployment("args: [orders.worker]", kind=kind), **ORDERS})).name == "orders"


def test_a_cron_job_and_a_list_of_objects(facts_of: Reader) -> None:
    text = """
        apiVersion: v1
        kind: List
        items:
          - apiVersion: batch/v1
            kind: CronJob
            metadata: {name: nightly}
            spec: {jobTemplate: {spec: {template: {spec: {containers: [{name: x, image: acme/orders}]}}}}}
    """
    assert one(facts_of({"a.yaml": dedent(text), **ORDERS})).name == "nightly"


def test_products_are_no_services(facts_of: Reader) -> None:
    text = deployment("").replace("registry/acme/orders:1", "redis:7")
    assert [service.platform for service in facts_of({"a.yaml": text, **ORDERS}).services] == ["docker"]


def test_variables_from_config_maps_fields_and_secrets(facts_of: Reader) -> None:
    container = """
        envFrom:
          - configMapRef: {name: common}
          - configMapRef: {name: audit}
            prefix: AUDIT_
        env:
          - name: ORDERS_TOPIC
            valueFrom: {configMapKeyRef: {name: common, key: topic}}
          - name: STAGE
            value: own
          - name: FULL_TOPIC
            value: $(STAGE)-orders
          - name: KAFKA_PASSWORD
            valueFrom: {secretKeyRef: {name: kafka, key: password}}
          - name: POD
            valueFrom: {fieldRef: {fieldPath: metadata.name}}
    """
    maps = """
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: common}
        data: {topic: orders, STAGE: map, GROUP_ID: billing, GREETING: hello}
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata: {name: audit}
        data: {TOPIC: audit}
    """
    service = one(facts_of({"k8s/a.yaml": deployment(container), "k8s/maps.yaml": dedent(maps), **ORDERS}))
    known = held(service)
    assert known["ORDERS_TOPIC"] is None or known["ORDERS_TOPIC"] == "orders"
    assert (known["STAGE"], known["GROUP_ID"], known["AUDIT_TOPIC"]) == ("own", "billing", "audit")
    assert known["FULL_TOPIC"] == "own-orders"
    assert known["KAFKA_PASSWORD"] is None
    assert service.environment["GROUP_ID"].place.path == "k8s/maps.yaml"


def test_an_overlay_is_a_deployment_of_its_own(facts_of: Reader) -> None:
    patch = """
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: orders}
        spec:
          replicas: 9
          template:
            spec:
              containers:
                - name: main
                  env: [{name: ORDERS_TOPIC, value: %s}]
    """
    facts = facts_of({
        "base/orders.yaml": deployment("env: [{name: ORDERS_TOPIC, value: base}, {name: GROUP_ID, value: g}]"),
        "overlays/prod/patch.yaml": dedent(patch % "live"),
        "overlays/staging/patch.yaml": dedent(patch % "trial"),
        **ORDERS,
    })  # fmt: skip
    services = {service.profile: service for service in facts.services}
    assert {name: held(one)["ORDERS_TOPIC"] for name, one in services.items()} == {"prod": "live", "test": "trial"}
    assert held(services["prod"])["GROUP_ID"] == "g"
    assert services["prod"].place.path == "overlays/prod/patch.yaml"
    assert services["prod"].properties == {"replicas_max": 9}
    assert len({service.key for service in facts.services}) == 2


def test_config_maps_that_a_kustomization_makes(facts_of: Reader) -> None:
    made = """
        configMapGenerator:
          - name: orders-env
            literals: [ORDERS_TOPIC=live]
            envs: [more.env]
    """
    facts = facts_of({
        "base/orders.yaml": deployment("envFrom: [{configMapRef: {name: orders-env}}]"),
        "overlays/prod/kustomization.yaml": dedent(made),
        "overlays/prod/more.env": "GROUP_ID=billing\n",
        **ORDERS,
    })  # fmt: skip
    service = one(facts)
    assert service.profile == "prod"
    assert (held(service)["ORDERS_TOPIC"], held(service)["GROUP_ID"]) == ("live", "billing")


def test_containers_that_create_topics_first(facts_of: Reader) -> None:
    text = deployment("").replace(
        "      containers:",
        "      initContainers:\n        - name: topics\n          image: apache/kafka\n"
        '          command: [sh, -c, "kafka-topics.sh --create --topic orders --partitions 3"]\n      containers:',
    )
    assert channel(facts_of({"a.yaml": text, **ORDERS})).properties == {"partitions": 3}


# --- OpenShift and Clowder ----------------------------------------------------------------------------------------

TEMPLATE = """
    apiVersion: v1
    kind: Template
    parameters:
      - {name: EVENTS_TOPIC, value: platform.events}
      - {name: ALERTS_TOPIC, required: true}
      - {name: PARTITIONS, value: "12"}
    objects:
      - apiVersion: cloud.redhat.com/v1alpha1
        kind: ClowdApp
        metadata: {name: shop}
        spec:
          deployments:
            - name: worker
              minReplicas: ${{COUNT}}
              podSpec:
                image: ${IMAGE}:${TAG}
                args: [orders.worker]
                env:
                  - {name: IN_TOPIC, value: "${EVENTS_TOPIC}"}
                  - {name: OUT_TOPIC, value: "${ALERTS_TOPIC}"}
          jobs:
            - name: nightly-clean
              schedule: "0 3 * * *"
              podSpec: {image: "${IMAGE}", args: [orders.clean]}
          kafkaTopics:
            - {topicName: "${EVENTS_TOPIC}", partitions: "${{PARTITIONS}}", config: {retention.ms: "60000"}}
            - {topicName: shop.audit}
"""


def test_an_application_of_clowder(facts_of: Reader) -> None:
    image = {"Dockerfile": ORDERS["orders/Dockerfile"], "orders/worker.py": ""}
    facts = facts_of({"deploy/clowdapp.yaml": dedent(TEMPLATE), **image})
    services = {service.name: service for service in facts.services}
    assert set(services) == {"shop-worker", "nightly-clean"}
    worker = services["shop-worker"]
    assert (worker.platform, worker.roots, worker.command) == ("clowdapp", ("",), ("python", "-m", "orders.worker"))
    assert worker.environment["IN_TOPIC"].value == Variable("EVENTS_TOPIC", Text("platform.events"))
    assert worker.environment["IN_TOPIC"].exactness == "defaulted"
    assert worker.environment["OUT_TOPIC"].value == Variable("ALERTS_TOPIC")


def test_the_topics_of_clowder_have_its_defaults(facts_of: Reader) -> None:
    events, audit = facts_of({"deploy/clowdapp.yaml": dedent(TEMPLATE)}).channels
    assert events.name == Variable("EVENTS_TOPIC", Text("platform.events"))
    assert events.properties == {"partitions": 12, "replication_factor": 3, "retention": 60}
    assert events.defaulted == ("replication_factor",)
    assert audit.properties == {"partitions": 3, "replication_factor": 3}
    assert set(audit.defaulted) == {"partitions", "replication_factor"}


# --- Strimzi, KEDA and others -------------------------------------------------------------------------------------


def test_a_topic_of_strimzi(facts_of: Reader) -> None:
    text = """
        apiVersion: kafka.strimzi.io/v1beta2
        kind: KafkaTopic
        metadata: {name: shop-orders, labels: {strimzi.io/cluster: main}}
        spec: {topicName: shop.orders, partitions: 6, replicas: 3, config: {cleanup.policy: compact, retention.ms: -1}}
    """
    found = channel(facts_of({"prod/topics.yaml": dedent(text)}))
    assert (found.name, found.profile) == (Text("shop.orders"), "prod")
    assert found.properties == {"partitions": 6, "replication_factor": 3, "cleanup_policy": "compact", "retention": -1}


def test_a_definition_of_the_kind_is_no_topic(facts_of: Reader) -> None:
    text = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {names: {kind: KafkaTopic}}\n"
    assert facts_of({"crd.yaml": text}).channels == ()


def test_a_cluster_of_strimzi_with_its_node_pools(facts_of: Reader) -> None:
    text = """
        apiVersion: kafka.strimzi.io/v1
        kind: Kafka
        metadata: {name: main}
        spec:
          kafka:
            version: 4.0.0
            listeners:
              - {name: plain, port: 9092, type: internal, tls: false}
              - {name: outside, port: 9094, type: loadbalancer, tls: true}
            config: {default.replication.factor: 3, min.insync.replicas: 2, auto.create.topics.enable: false}
            rack: {topologyKey: zone}
          cruiseControl: {}
        ---
        apiVersion: kafka.strimzi.io/v1
        kind: KafkaNodePool
        metadata: {name: brokers, labels: {strimzi.io/cluster: main}}
        spec: {replicas: 5, roles: [broker], storage: {type: ephemeral}}
        ---
        apiVersion: kafka.strimzi.io/v1
        kind: KafkaNodePool
        metadata: {name: controllers, labels: {strimzi.io/cluster: main}}
        spec: {replicas: 3, roles: [controller]}
    """
    found = channel(facts_of({"kafka.yaml": dedent(text)}))
    assert (found.kind, found.logical) == ("cluster", "main")
    expected = {
        "cluster_kind": "strimzi", "version": "4.0.0", "metadata": "kraft", "brokers": 5, "controllers": 3,
        "replication_factor": 3, "min_insync_replicas": 2, "auto_create": False,
    }  # fmt: skip
    assert {key: found.properties[key] for key in expected} == expected
    assert found.properties["basics"]["rack_awareness"] is True
    assert found.properties["basics"]["exporter"] is False
    assert found.properties["listeners"][1] == {"name": "outside", "tls": True, "external": True}


def scaled(trigger: str, container: str = "args: [orders.worker]") -> dict[str, str]:
    text = f"""
        apiVersion: keda.sh/v1alpha1
        kind: ScaledObject
        metadata: {{name: s}}
        spec:
          scaleTargetRef: {{name: orders}}
          maxReplicaCount: 8
          triggers: [{trigger}]
    """
    return {"k8s/orders.yaml": deployment(container), "k8s/keda.yaml": dedent(text), **ORDERS}


def test_a_scaler_shows_who_consumes(facts_of: Reader) -> None:
    trigger = "{type: kafka, metadata: {topic: orders, consumerGroup: billing}}"
    facts = facts_of(scaled(trigger))
    (hint,) = facts.hints
    assert hint.service == one(facts).key
    assert (hint.channel, hint.role, hint.strength) == (End("kafka", Text("orders")), "consume", "does")
    assert one(facts).properties == {"replicas_max": 8, "scales_itself": True}


def test_a_scaler_may_name_a_variable_of_what_it_scales(facts_of: Reader) -> None:
    trigger = "{type: aws-sqs-queue, metadata: {queueURLFromEnv: QUEUE_URL}}"
    url = "https://sqs.eu-west-1.amazonaws.com/1/orders"
    facts = facts_of(scaled(trigger, f"env: [{{name: QUEUE_URL, value: '{url}'}}]"))
    assert facts.hints[0].channel == End("sqs", Text(url))
    assert "scales_itself" not in one(facts).properties


def test_an_autoscaler_gives_the_largest_number(facts_of: Reader) -> None:
    text = """
        apiVersion: autoscaling/v2
        kind: HorizontalPodAutoscaler
        metadata: {name: x}
        spec: {scaleTargetRef: {kind: Deployment, name: orders}, maxReplicas: 20}
    """
    facts = facts_of({"a.yaml": deployment("args: [orders.worker]"), "hpa.yaml": dedent(text), **ORDERS})
    assert one(facts).properties == {"replicas_max": 20}


def test_a_user_may_use_a_topic(facts_of: Reader) -> None:
    text = """
        apiVersion: kafka.strimzi.io/v1beta2
        kind: KafkaUser
        metadata: {name: orders}
        spec:
          authorization:
            acls:
              - {resource: {type: topic, name: shop., patternType: prefix}, operations: [Read, Describe]}
              - {resource: {type: topic, name: audit}, operation: Write}
              - {resource: {type: group, name: g}, operations: [Read]}
    """
    facts = facts_of({"k8s/a.yaml": deployment("args: [orders.worker]"), "k8s/user.yaml": dedent(text), **ORDERS})
    assert [(hint.channel.value, hint.role, hint.strength) for hint in facts.hints] == [
        (Text("shop.*"), "consume", "may"),
        (Text("audit"), "produce", "may"),
    ]


def test_mirrors_connectors_and_sources(facts_of: Reader) -> None:
    text = """
        apiVersion: kafka.strimzi.io/v1beta2
        kind: KafkaMirrorMaker2
        metadata: {name: m}
        spec: {mirrors: [{sourceCluster: eu, targetCluster: us, topicsPattern: "orders|audit.*"}]}
        ---
        apiVersion: kafka.strimzi.io/v1beta2
        kind: KafkaConnector
        metadata: {name: to-s3}
        spec: {class: io.example.S3SinkConnector, config: {topics: orders, errors.tolerance: all}}
        ---
        apiVersion: sources.knative.dev/v1
        kind: KafkaSource
        metadata: {name: k}
        spec: {consumerGroup: g, topics: [clicks], sink: {ref: {kind: Service, name: counter}}}
    """
    links = facts_of({"a.yaml": dedent(text)}).links
    by_kind = {(link.kind, link.source.value): link for link in links}
    assert by_kind["mirror", Text("orders")].target == End("kafka", Text("eu.orders"))
    assert by_kind["mirror", Text("audit*")].target == End("kafka", Text("eu.audit*"))
    connector = by_kind["connector", Text("orders")]
    assert (connector.target, connector.properties["group"]) == (End("service", Text("to-s3")), "connect-to-s3")
    assert connector.properties["errors_tolerance"] == "all"
    assert by_kind["event_source_mapping", Text("clicks")].properties == {"group": "g"}


def test_a_queue_of_an_aws_controller(facts_of: Reader) -> None:
    text = """
        apiVersion: sqs.services.k8s.aws/v1alpha1
        kind: Queue
        metadata: {name: orders}
        spec: {queueName: shop-orders.fifo, visibilityTimeout: "90", messageRetentionPeriod: "3600"}
    """
    found = channel(facts_of({"a.yaml": dedent(text)}))
    assert found.name == Text("shop-orders.fifo")
    assert found.properties == {"visibility_timeout": 90, "retention": 3600, "fifo": True}


# --- Bad files ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: v1\nkind: Deployment\nspec: 5\n",
        "apiVersion: v1\nkind: Pod\nspec: {containers: [5, [], {env: 5}, {env: [5, {name: []}]}]}\n",
        "apiVersion: v1\nkind: ClowdApp\nspec: {deployments: {a: b}, kafkaTopics: [5, {}]}\n",
        "apiVersion: v1\nkind: List\nitems: 5\n",
        "apiVersion: v1\nkind: [a]\n",
        "apiVersion: keda.sh/v1\nkind: ScaledObject\nspec: {triggers: [5, {type: kafka}]}\n",
        "apiVersion: kafka.strimzi.io/v1\nkind: Kafka\nmetadata: 5\nspec: {kafka: {listeners: {a: b}, config: [1]}}\n",
        "apiVersion: v1\nkind: Template\nparameters: 5\nobjects: {}\n",
        "apiVersion: v1\nkind: Pod\nspec:\n  {{ if x }}\n  containers: {{ toYaml y }}\n",
    ],
)
def test_values_of_the_wrong_kind_do_no_harm(facts_of: Reader, text: str) -> None:
    facts = facts_of({"a.yaml": text, "b.yaml": deployment("args: [orders.worker]"), **ORDERS})
    assert "orders" in {service.name for service in facts.services}
    assert not [problem for problem in facts.diagnostics if problem.kind == "crash"]


def test_what_stands_before_a_mistake_is_read(facts_of: Reader) -> None:
    facts = facts_of({"a.yaml": deployment("args: [orders.worker]") + "---\na: [\n", **ORDERS})
    assert one(facts).name == "orders"
    assert facts.diagnostics[0].kind == "manifest"
