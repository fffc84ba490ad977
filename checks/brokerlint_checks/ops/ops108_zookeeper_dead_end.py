"""OPS108 zookeeper-dead-end."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology


class ZookeeperDeadEnd(Check):
    """A Kafka cluster depends on ZooKeeper, or is too old to be supported.

    ## What it finds
    Clusters whose manifests use ZooKeeper, and Kafka versions before the oldest that is supported.

    ## Why it is bad
    Kafka 4 has no ZooKeeper. The way there leads through 3.9 and a migration of the metadata, which takes planning.

    ## When it is fine
    KRaft roles are configured, ZooKeeper serves another product, or a managed service hides it.
    """

    id, name = "OPS108", "zookeeper-dead-end"
    severity, confidence = Severity.WARNING, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    environment_bound = True
    sources = ("https://kafka.apache.org/43/getting-started/upgrade",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every cluster without a way forward."""
        for cluster in topology.channels(kind="cluster"):
            hidden = str(cluster.property("cluster_kind") or "").startswith(("msk", "confluent-cloud"))
            zookeeper = cluster.property("metadata") == "zookeeper" and not hidden
            old = _is_old(cluster)
            if not zookeeper and not old:
                continue
            what = "runs with ZooKeeper" if zookeeper else f"runs Kafka {cluster.property('version')}"
            message = f"{cluster} {what}: Kafka 4 has no ZooKeeper, migrate through 3.9 first"
            yield self.finding(message, cluster).at(cluster).advise("plan the migration to KRaft")


def _is_old(cluster: ChannelNode) -> bool:
    """The version is known and before the oldest supported one."""
    version, oldest = _numbers(cluster.property("version")), _numbers(limit("kafka", "oldest_supported"))
    return bool(version) and version < oldest


def _numbers(version: object) -> tuple[int, ...]:
    parts = str(version or "").split(".")[:2]
    return tuple(int(part) for part in parts) if all(part.isdigit() for part in parts) else ()


_OLD = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: Kafka
    metadata: {name: main}
    spec:
      kafka: {version: 3.8.0, replicas: 3}
      zookeeper: {replicas: 3}
    """
_NEW = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: Kafka
    metadata: {name: main, annotations: {strimzi.io/kraft: enabled, strimzi.io/node-pools: enabled}}
    spec:
      kafka: {version: 4.1.0}
    """
_COMPOSE = """
    services:
      zookeeper: {image: "confluentinc/cp-zookeeper:7.6.1", environment: {ZOOKEEPER_CLIENT_PORT: 2181}}
      kafka:
        image: confluentinc/cp-kafka:7.6.1
        environment: {KAFKA_ZOOKEEPER_CONNECT: "zookeeper:2181"}
    """
_KRAFT = """
    services:
      kafka:
        image: confluentinc/cp-kafka:8.0.0
        environment: {KAFKA_PROCESS_ROLES: "broker,controller", KAFKA_NODE_ID: 1}
    """
ZookeeperDeadEnd.bad = (
    Example({"deploy/prod/kafka.yaml": _OLD}, "with ZooKeeper"),
    Example({"deploy/prod/docker-compose.yml": _COMPOSE}, "a container of its own"),
)
ZookeeperDeadEnd.good = (
    Example({"deploy/prod/kafka.yaml": _NEW}, "KRaft"),
    Example({"deploy/prod/docker-compose.yml": _KRAFT}, "broker and controller in one container"),
)
