"""OPS101 unsafe-replication."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology

_FIXED = frozenset({"msk-express", "msk-serverless", "confluent-cloud"})


class UnsafeReplication(Check):
    """One broker that fails loses data or stops all writers.

    ## What it finds
    Topics and clusters with fewer than 3 copies, with `min.insync.replicas` of 1 (acks=all then means one copy) or as
    many as there are copies (one broker down stops all writes), with unclean leader election, or with fewer than 3
    copies of the internal topics.

    ## Why it is bad
    Brokers are restarted for each upgrade. With these settings that is an outage, or a loss.

    ## When it is fine
    The service fixes the replication itself (MSK Express and Serverless, Confluent Cloud), or it is a development
    cluster. Where the environment is not known the level is one lower.
    """

    id, name = "OPS101", "unsafe-replication"
    severity, confidence = Severity.WARNING, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    environment_bound = True
    sources = ("https://kafka.apache.org/documentation/#topicconfigs_min.insync.replicas",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every topic and cluster that one broker can stop."""
        clusters = topology.channels(kind="cluster")
        fixed = bool(clusters) and all(cluster.property("cluster_kind") in _FIXED for cluster in clusters)
        topics = () if fixed else topology.channels(system="kafka", kind="topic")
        for node in (*topics, *(c for c in clusters if c.property("cluster_kind") not in _FIXED)):
            if node.declared:
                for variant, severity, words in _faults(node):
                    finding = self.finding(f"{node}: {words}", node).at(node).as_(severity).variety(variant)
                    yield finding.advise("use 3 copies with min.insync.replicas 2")


def _faults(node: ChannelNode) -> Iterator[tuple[str, Severity, str]]:
    copies, insync = node.property("replication_factor"), node.property("min_insync_replicas")
    safe = limit("kafka", "safe_replication")
    if isinstance(copies, int) and 0 < copies < safe:
        loss = "one broker down loses data" if copies == 1 else "two brokers down lose data"
        severity = Severity.ERROR if copies == 1 else Severity.WARNING
        yield "copies", severity, f"replication factor {copies}: {loss}"
    if isinstance(copies, int) and isinstance(insync, int) and copies > 1:
        if insync >= copies:
            yield (
                "insync",
                Severity.WARNING,
                f"min.insync.replicas {insync} of {copies}: one broker down stops all writes",
            )
        elif insync < limit("kafka", "safe_insync") and copies >= safe:
            yield "insync", Severity.WARNING, f"min.insync.replicas {insync}: acks=all means one copy"
    if node.property("unclean_election") is True:
        yield "election", Severity.ERROR, "unclean leader election: a lagging copy may become leader and lose records"
    internal, brokers = node.property("internal_replication"), node.property("brokers")
    if isinstance(internal, int) and internal < safe and isinstance(brokers, int) and brokers >= safe:
        yield "internal", Severity.WARNING, f"{internal} cop{'y' if internal == 1 else 'ies'} of the internal topics"


def _topic(replicas: int, more: str) -> dict[str, str]:
    return {
        "deploy/prod/topic.yaml": f"""
            apiVersion: kafka.strimzi.io/v1beta2
            kind: KafkaTopic
            metadata: {{name: orders, labels: {{strimzi.io/cluster: main}}}}
            spec: {{partitions: 6, replicas: {replicas}{more}}}
            """,
    }


_TERRAFORM = """
    resource "kafka_topic" "payments" {
      name               = "payments"
      partitions         = 6
      replication_factor = 3
      config             = {"min.insync.replicas" = "COPIES"}
    }
    """
UnsafeReplication.bad = (
    Example(_topic(1, ""), "one copy"),
    Example({"prod/topics.tf": _TERRAFORM.replace("COPIES", "3")}, "one broker down stops all writes"),
)
UnsafeReplication.good = (
    Example(_topic(3, ", config: {min.insync.replicas: 2}"), "three copies, two of which confirm"),
    Example({"prod/topics.tf": _TERRAFORM.replace("COPIES", "2")}, "one broker down stops nothing"),
)
