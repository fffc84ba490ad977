"""OPS102 auto-topic-creation."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology

_SELF_MANAGED = frozenset({"strimzi", "helm", "compose", "ec2", "self-managed"})


class AutoTopicCreation(Check):
    """Brokers create a topic when somebody first names it.

    ## What it finds
    `auto.create.topics.enable` set to true, or left at its default of true on a cluster that is run by its owners
    (medium).

    ## Why it is bad
    A typing mistake becomes a topic, with the default number of partitions and copies. The producer succeeds and the
    consumer waits for ever.

    ## When it is fine
    Development, or all topics that the code uses are declared (then the default alone is not told).
    """

    id, name = "OPS102", "auto-topic-creation"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    environment_bound = True
    fix = "patch"
    sources = ("https://kafka.apache.org/documentation/#brokerconfigs_auto.create.topics.enable",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every cluster that creates topics by itself."""
        undeclared = [
            node
            for node in topology.channels(system="kafka", kind="topic")
            if not node.declared and node.name.kind == "exact" and node.uses.in_code()
        ]
        for cluster in topology.channels(kind="cluster"):
            value = cluster.property("auto_create")
            default = value is True and cluster.is_default("auto_create")
            if value is not True or (
                default and (cluster.property("cluster_kind") not in _SELF_MANAGED or not undeclared)
            ):
                continue
            copies, partitions = cluster.property("replication_factor"), cluster.property("partitions")
            defaults = f"{partitions or 1} partition(s) and {copies or 1} cop{'y' if (copies or 1) == 1 else 'ies'}"
            message = f"brokers of {cluster} create topics on first use: a typo becomes a topic with {defaults}"
            finding = self.finding(message, cluster).at(
                cluster, *(use for node in undeclared[:3] for use in node.uses[:1])
            )
            if default:
                finding = finding.capped(Confidence.MEDIUM, "it is the brokers' default, not a setting")
            yield finding.advise("set auto.create.topics.enable to false and declare topics")


def _cluster(value: str) -> dict[str, str]:
    return {
        "deploy/prod/kafka.yaml": f"""
            apiVersion: kafka.strimzi.io/v1beta2
            kind: Kafka
            metadata: {{name: main}}
            spec:
              kafka:
                version: 4.1.0
                replicas: 3
                config: {{auto.create.topics.enable: {value}}}
            """,
    }


_COMPOSE = """
    services:
      kafka:
        image: apache/kafka:4.1.0
        environment: {KAFKA_AUTO_CREATE_TOPICS_ENABLE: "VALUE"}
    """
AutoTopicCreation.bad = (
    Example(_cluster("true"), "switched on"),
    Example({"deploy/prod/docker-compose.yml": _COMPOSE.replace("VALUE", "true")}, "by a variable of the image"),
)
AutoTopicCreation.good = (
    Example(_cluster("false"), "switched off"),
    Example({"deploy/prod/docker-compose.yml": _COMPOSE.replace("VALUE", "false")}, "topics must be declared"),
)
