"""OPS107 self-managed-kafka-gaps."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology

_SELF_MANAGED = frozenset({"strimzi", "helm", "compose", "ec2", "self-managed"})
_WORDS = {
    "rack_awareness": "no rack awareness",
    "disruption_budget": "no disruption budget",
    "exporter": "no metrics exporter",
    "resource_limits": "no resource limits",
    "quotas": "no quotas",
    "pinned_image": "image without a fixed version",
    "rebalancing": "no plan for rebalancing",
    "backup": "no backup or mirror",
}


class SelfManagedKafkaGaps(Check):
    """A cluster that its owners run lacks several of the basics of operating Kafka.

    ## What it finds
    A production cluster (Strimzi, Helm chart, plain containers) with three or more gaps: fewer than 3 brokers or
    controllers, storage that does not survive a restart, no rack awareness, disruption budget, exporter, resource
    limits or quotas, a floating image, no rebalancing, no backup.

    ## Why it is bad
    Kafka is easy to start and hard to run: sizing, partitions, replication, lag, upgrades. A cluster that is run badly
    is worse than a simpler service.

    ## When it is fine
    Managed services, development clusters, and teams that declare a high operating capacity (they get
    the list as info).
    """

    id, name = "OPS107", "self-managed-kafka-gaps"
    severity, confidence = Severity.ADVICE, Confidence.HIGH
    profiles = frozenset({"advisory"})
    needs = "manifest"
    fix = "patch"
    environment_bound = True
    sources = ("https://strimzi.io/docs/operators/latest/deploying",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every cluster with too many gaps."""
        for cluster in topology.channels(kind="cluster"):
            if cluster.property("cluster_kind") not in _SELF_MANAGED:
                continue
            gaps = list(_gaps(cluster))
            if len(gaps) < topology.declarations.threshold("operating_gaps"):
                continue
            message = f"self-managed Kafka {cluster} misses {len(gaps)} operating basics: {', '.join(gaps)}"
            finding = self.finding(message, cluster).at(cluster)
            if topology.declarations.team_ops_capacity == "high":
                yield finding.as_(Severity.INFO)
            else:
                yield finding.advise("budget for the expertise, or use a managed service")


def _gaps(cluster: ChannelNode) -> Iterator[str]:
    """What is known to be missing; what is not known is not counted."""
    enough = limit("kafka", "safe_replication")
    for key in ("brokers", "controllers"):
        count = cluster.property(key)
        if isinstance(count, int) and count < enough:
            yield f"{count} {key if count != 1 else key.removesuffix('s')}"
    if cluster.property("storage") == "ephemeral":
        yield "ephemeral storage"
    basics = cluster.property("basics") or {}
    yield from (words for key, words in _WORDS.items() if basics.get(key) is False)


_SMALL = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: Kafka
    metadata: {name: main}
    spec:
      kafka:
        version: 4.1.0
        replicas: 1
        storage: {type: ephemeral}
    """
_COMPOSE = """
    services:
      kafka: {image: "apache/kafka:latest", ports: ["9092:9092"]}
    """
_LARGE = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: Kafka
    metadata: {name: main, annotations: {strimzi.io/kraft: enabled, strimzi.io/node-pools: enabled}}
    spec:
      kafka: {version: 4.1.0, rack: {topologyKey: topology.kubernetes.io/zone}, resources: {limits: {memory: 8Gi}}}
      kafkaExporter: {}
      cruiseControl: {}
    ---
    apiVersion: kafka.strimzi.io/v1beta2
    kind: KafkaNodePool
    metadata: {name: both, labels: {strimzi.io/cluster: main}}
    spec: {replicas: 3, roles: [controller, broker], storage: {type: persistent-claim, size: 100Gi}}
    """
SelfManagedKafkaGaps.bad = (
    Example({"deploy/prod/kafka.yaml": _SMALL}, "one broker without a disk"),
    Example({"deploy/prod/docker-compose.yml": _COMPOSE}, "one container"),
)
SelfManagedKafkaGaps.good = (
    Example(
        {
            "template.yaml": """
                AWSTemplateFormatVersion: "2010-09-09"
                Resources:
                  Main:
                    Type: AWS::MSK::ServerlessCluster
                    Properties: {ClusterName: main}
                """,
        },
        "a managed service",
    ),
    Example({"deploy/prod/kafka.yaml": _LARGE}, "three brokers with disks, racks, limits and metrics"),
)
