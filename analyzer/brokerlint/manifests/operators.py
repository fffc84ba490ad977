"""Kubernetes objects about messaging: Strimzi's topics, clusters, users and connectors, KEDA's scalers and others.

Properties and defaults are those of the operators' own schemas (Strimzi ``kafka.strimzi.io``, KEDA ``keda.sh``, Clowder
``cloud.redhat.com``, Knative ``sources.knative.dev``, ACK ``sqs.services.k8s.aws``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from brokerlint.manifests import connectors
from brokerlint.manifests.facts import ChannelFact, End, LinkFact, ManifestFacts, Text, Value
from brokerlint.manifests.kafka_properties import broker_properties, topic_properties, whole
from brokerlint.manifests.values import shown
from brokerlint.manifests.workloads import Texts
from brokerlint.manifests.yaml_nodes import Node
from brokerlint.places import Place

_CLOWDER_PARTITIONS = 3
_CLOWDER_REPLICAS = 3
_ACL_ROLES = {"read": "consume", "write": "produce", "create": "manage", "delete": "manage", "alter": "manage"}
_SCALERS = {
    "kafka": ("kafka", "topic"),
    "apache-kafka": ("kafka", "topic"),
    "aws-sqs-queue": ("sqs", "queueURL"),
    "aws-kinesis-stream": ("kinesis", "streamName"),
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What an object says about a workload's use of a channel; ``variable`` names a variable of the workload that holds
    the channel, where the object does not say it itself."""

    workload: str
    channel: End | None
    role: str
    strength: str
    place: Place
    variable: str = ""
    system: str = "kafka"


@dataclass(frozen=True, slots=True)
class Scaling:
    """An autoscaler's limit for a workload; ``within_partitions`` when it never goes beyond its topic's partitions."""

    workload: str
    most: int | None
    within_partitions: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What one object tells."""

    facts: ManifestFacts = field(default_factory=ManifestFacts)
    claims: tuple[Claim, ...] = ()
    scaling: tuple[Scaling, ...] = ()
    pool: tuple[str, int, int] | None = None
    """Of a node pool: the cluster, its brokers and its controllers."""


def told(path: str, node: Node, texts: Texts, profile: str) -> Told | None:
    """What an object says about messaging; None for objects of other kinds."""
    group = node.get("apiVersion").text.partition("/")[0]
    reader = _READERS.get((group, node.get("kind").text))
    return reader(path, node, texts, profile) if reader else None


def clowder_topics(path: str, node: Node, texts: Texts, profile: str) -> Iterator[ChannelFact]:
    """The topics that a ``ClowdApp`` asks for."""
    for one in node.get("spec", "kafkaTopics").elements():
        name = texts(one.get("topicName").text)
        if not one.get("topicName"):
            continue
        defaults = {"partitions": _CLOWDER_PARTITIONS, "replication_factor": _CLOWDER_REPLICAS}
        given = {
            "partitions": _number(one.get("partitions"), texts),
            "replication_factor": _number(one.get("replicas"), texts),
        }
        known = {key: value for key, value in given.items() if value is not None}
        properties = {**defaults, **known, **topic_properties(_config(one.get("config"), texts))}
        defaulted = tuple(key for key, value in given.items() if value is None)
        yield _topic(path, one.line, name, properties, profile, defaulted)


# --- Strimzi ------------------------------------------------------------------------------------------------------


def _kafka_topic(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    name = texts(spec.get("topicName").text or node.get("metadata", "name").text)
    properties = {
        "partitions": _number(spec.get("partitions"), texts),
        "replication_factor": _number(spec.get("replicas"), texts),
        **topic_properties(_config(spec.get("config"), texts)),
    }
    return Told(ManifestFacts(channels=(_topic(path, node.line, name, _known(properties), profile),)))


def _kafka_cluster(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    kafka = spec.get("kafka")
    name = shown(texts(node.get("metadata", "name").text))
    zookeeper = spec.get("zookeeper")
    properties = {
        "cluster_kind": "strimzi",
        "version": kafka.get("version").text or None,
        "metadata": "zookeeper" if zookeeper else "kraft",
        "brokers": _number(kafka.get("replicas"), texts),
        "storage": _storage(kafka.get("storage")),
        "listeners": [_listener(one) for one in kafka.get("listeners").elements()] or None,
        "basics": {
            "rack_awareness": bool(kafka.get("rack")),
            "disruption_budget": True,  # the operator makes one
            "exporter": bool(spec.get("kafkaExporter") or kafka.get("metricsConfig")),
            "resource_limits": bool(kafka.get("resources", "limits")),
            "rebalancing": bool(spec.get("cruiseControl")),
            "quotas": bool(kafka.get("quotas")),
        },
        **broker_properties(_config(kafka.get("config"), texts)),
    }
    channel = ChannelFact(
        f"{path}#cluster/{name}",
        "kafka",
        "cluster",
        Text(name),
        name,
        Place(path, node.line, 0, f"declares the cluster {name}"),
        _known(properties),
        profile=profile,
    )
    return Told(ManifestFacts(channels=(channel,)))


def _node_pool(path: str, node: Node, texts: Texts, profile: str) -> Told:
    cluster = node.get("metadata", "labels", "strimzi.io/cluster").text
    count = _number(node.get("spec", "replicas"), texts) or 0
    roles = [role.text for role in node.get("spec", "roles").elements()]
    return Told(pool=(cluster, count if "broker" in roles else 0, count if "controller" in roles else 0))


def _kafka_user(path: str, node: Node, texts: Texts, profile: str) -> Told:
    user = shown(texts(node.get("metadata", "name").text))
    claims = []
    for acl in node.get("spec", "authorization", "acls").elements():
        resource = acl.get("resource")
        if resource.get("type").text != "topic":
            continue
        name = resource.get("name").text
        glob = f"{name}*" if resource.get("patternType").text == "prefix" and name != "*" else name
        operations = [one.text for one in acl.get("operations").elements()] or [acl.get("operation").text]
        for role in dict.fromkeys(_ACL_ROLES.get(operation.lower(), "") for operation in operations):
            if role and glob != "*":
                place = Place(path, acl.line, 0, f"lets {user} {role} {glob}")
                claims.append(Claim(user, End("kafka", texts(glob)), role, "may", place))
    return Told(claims=tuple(claims))


def _kafka_connector(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    config = {connectors.CLASS: spec.get("class").text, **_config(spec.get("config"), texts)}
    name = shown(texts(node.get("metadata", "name").text))
    return Told(ManifestFacts(links=connectors.links(name, config, Place(path, node.line))))


def _mirror_maker(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    links = []
    for mirror in spec.get("mirrors").elements():
        alias = mirror.get("sourceCluster").text or mirror.get("source", "alias").text
        keeps_name = (
            "IdentityReplicationPolicy" in mirror.get("sourceConnector", "config", "replication.policy.class").text
        )
        for topic in mirror.get("topicsPattern").text.replace(",", "|").split("|"):
            name = topic.strip().replace(".*", "*")
            if name and alias:
                ends = End("kafka", texts(name)), End("kafka", texts(name if keeps_name else f"{alias}.{name}"))
                links.append(LinkFact("mirror", *ends, Place(path, mirror.line, 0, f"mirrors {name}")))
    return Told(ManifestFacts(links=tuple(links)))


def _storage(node: Node) -> str | None:
    kinds = {one.get("type").text for one in (node, *node.get("volumes").elements())}
    if "ephemeral" in kinds:
        return "ephemeral"
    return "persistent" if "persistent-claim" in kinds else None


def _listener(node: Node) -> dict[str, Any]:
    kind = node.get("type").text
    found = {"name": node.get("name").text, "tls": node.get("tls").plain()}
    return _known({**found, "external": kind not in ("internal", "cluster-ip") if kind else None})


# --- Scalers ------------------------------------------------------------------------------------------------------


def _keda(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    own = node.get("kind").text == "ScaledJob"
    target = shown(texts((node.get("metadata", "name") if own else spec.get("scaleTargetRef", "name")).text))
    claims = []
    within = False
    for trigger in spec.get("triggers").elements():
        known = _SCALERS.get(trigger.get("type").text)
        if known is None:
            continue
        system, key = known
        metadata = trigger.get("metadata")
        place = Place(path, trigger.line, 0, f"scales {target} by its backlog")
        value = metadata.get(key).text
        variable = metadata.get(f"{key}FromEnv").text
        if value or variable:
            end = End(system, texts(value)) if value else None
            claims.append(Claim(target, end, "consume", "does", place, variable, system))
        within = within or (system == "kafka" and metadata.get("allowIdleConsumers").text.lower() != "true")
    most = _number(spec.get("maxReplicaCount"), texts)
    return Told(claims=tuple(claims), scaling=(Scaling(target, most, within),))


def _autoscaler(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    target = shown(texts(spec.get("scaleTargetRef", "name").text))
    return Told(scaling=(Scaling(target, _number(spec.get("maxReplicas"), texts)),))


def _knative_source(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec")
    target = shown(texts(spec.get("sink", "ref", "name").text))
    group = spec.get("consumerGroup").text
    place = Place(path, node.line, 0, f"delivers to {target}")
    links = [
        LinkFact(
            "event_source_mapping",
            End("kafka", texts(topic.text)),
            End("service", Text(target)),
            place,
            {"group": group} if group else {},
        )
        for topic in spec.get("topics").elements()
    ]
    return Told(ManifestFacts(links=tuple(links)))


# --- AWS resources ------------------------------------------------------------------------------------------------

_QUEUE_KEYS = {
    "visibilityTimeout": "visibility_timeout",
    "visibilityTimeoutSeconds": "visibility_timeout",
    "messageRetentionPeriod": "retention",
    "messageRetentionSeconds": "retention",
    "delaySeconds": "delay",
    "receiveMessageWaitTimeSeconds": "wait_time",
    "receiveWaitTimeSeconds": "wait_time",
    "maximumMessageSize": "max_size",
    "maxMessageSize": "max_size",
}


def _aws_queue(path: str, node: Node, texts: Texts, profile: str) -> Told:
    spec = node.get("spec", "forProvider") or node.get("spec")
    metadata = node.get("metadata")
    external = metadata.get("annotations", "crossplane.io/external-name").text
    name = texts(spec.get("queueName").text or spec.get("name").text or external or metadata.get("name").text)
    properties = {own: _number(spec.get(key), texts) for key, own in _QUEUE_KEYS.items() if spec.get(key)}
    fifo = spec.get("fifoQueue").text.lower() == "true" or shown(name).endswith(".fifo")
    if fifo:
        properties["fifo"] = True
    place = Place(path, node.line, 0, f"declares {shown(name)}")
    channel = ChannelFact(
        f"{path}#sqs/{shown(name)}", "sqs", "queue", name, metadata.get("name").text, place, _known(properties),
        profile=profile,
    )  # fmt: skip
    return Told(ManifestFacts(channels=(channel,)))


_Reader = Callable[[str, Node, Texts, str], Told]
_READERS: Mapping[tuple[str, str], _Reader] = {
    ("kafka.strimzi.io", "KafkaTopic"): _kafka_topic,
    ("kafka.strimzi.io", "Kafka"): _kafka_cluster,
    ("kafka.strimzi.io", "KafkaNodePool"): _node_pool,
    ("kafka.strimzi.io", "KafkaUser"): _kafka_user,
    ("kafka.strimzi.io", "KafkaConnector"): _kafka_connector,
    ("kafka.strimzi.io", "KafkaMirrorMaker2"): _mirror_maker,
    ("keda.sh", "ScaledObject"): _keda,
    ("keda.sh", "ScaledJob"): _keda,
    ("autoscaling", "HorizontalPodAutoscaler"): _autoscaler,
    ("sources.knative.dev", "KafkaSource"): _knative_source,
    ("sqs.services.k8s.aws", "Queue"): _aws_queue,
    ("sqs.aws.upbound.io", "Queue"): _aws_queue,
    ("sqs.aws.crossplane.io", "Queue"): _aws_queue,
}


def _topic(
    path: str, line: int, name: Value, properties: Mapping[str, Any], profile: str, defaulted: Iterable[str] = ()
) -> ChannelFact:
    text = shown(name)
    place = Place(path, line, 0, f"declares {text}")
    return ChannelFact(
        f"{path}#kafka/{text}", "kafka", "topic", name, text, place, properties, tuple(defaulted), profile
    )


def _config(node: Node, texts: Texts) -> dict[str, str]:
    return {key: shown(texts(value.text)) for key, value in node.items() if value.kind == "scalar"}


def _number(node: Node, texts: Texts) -> int | None:
    return whole(shown(texts(node.text))) if node.text else None


def _known(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}
