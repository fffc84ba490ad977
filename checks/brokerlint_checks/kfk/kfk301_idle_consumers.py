"""KFK301 idle-consumers."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Service
from brokerlint.topology import Group, Topology


class IdleConsumers(Check):
    """A service can run more consumers than its topics have partitions.

    ## What it finds
    A largest number of instances above the sum of the partitions of the topics that the group reads, all of them known.

    ## Why it is bad
    A partition goes to one member of a group. The rest are idle, paid for, and take part in every rebalance.

    ## When it is fine
    A share group or a mapping in queue mode gives out single records, an autoscaler stops at the partitions, or one
    instance is a standby on purpose.
    """

    id, name = "KFK301", "idle-consumers"
    severity, confidence = Severity.WARNING, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    sources = ("https://keda.sh/docs/latest/scalers/apache-kafka/",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every group with more members than partitions."""
        for group in topology.groups("kafka"):
            if any(use.fact("group_kind") not in ("classic", None) for use in group.uses):
                continue
            for name in group.services():
                service = topology.service(name)
                if service is not None and not service.properties.get("scales_itself"):
                    yield from self._idle(topology, group, service)

    def _idle(self, topology: Topology, group: Group, service: Service) -> Iterator[Finding]:
        instances = service.properties.get("replicas_max")
        mine = group.uses.where(lambda use: use.service is not None and use.service.name == service.name)
        topics = {use.channel: node for use in mine if (node := topology.channel(use.channel))}
        counts = [None if node.is_default("partitions") else node.property("partitions") for node in topics.values()]
        known = [count for count in counts if isinstance(count, int) and count > 0]
        if not isinstance(instances, int) or not known or len(known) < len(counts):
            return
        idle = instances - sum(known)
        if idle > 0:
            names = ", ".join(node.label for node in topics.values())
            message = (
                f"{service.name} can run {instances} consumers of group '{group.name}', '{names}' has {sum(known)} "
                f"partition{'' if sum(known) == 1 else 's'}: {idle} stay idle"
            )
            finding = self.finding(message, *topics.values()).at(*mine, *topics.values(), *service.evidence[:1])
            yield finding.checked("share group: no", "autoscaler that stops at the partitions: no").advise(
                "add partitions before instances"
            )


def _system(replicas: int) -> dict[str, str]:
    return {
        "k8s/app.yaml": f"""
            apiVersion: kafka.strimzi.io/v1beta2
            kind: KafkaTopic
            metadata: {{name: orders, labels: {{strimzi.io/cluster: main}}}}
            spec: {{partitions: 3, replicas: 3}}
            ---
            apiVersion: apps/v1
            kind: Deployment
            metadata: {{name: billing}}
            spec:
              replicas: {replicas}
              selector: {{matchLabels: {{app: billing}}}}
              template:
                metadata: {{labels: {{app: billing}}}}
                spec:
                  containers:
                    - {{name: billing, image: "example/billing:1", command: [python, billing/app.py]}}
            """,
        "billing/app.py": """
            from kafka import KafkaConsumer

            for message in KafkaConsumer("orders", bootstrap_servers="main-kafka-bootstrap:9092", group_id="billing"):
                print(message.value)
            """,
    }


_CONTAINERS = {
    "topics.tf": """
        resource "kafka_topic" "clicks" {
          name               = "clicks"
          partitions         = 4
          replication_factor = 3
        }
        """,
    "docker-compose.yml": """
        services:
          clicks: {build: ., command: python app.py, deploy: {replicas: COUNT}}
        """,
    "Dockerfile": "FROM python:3.12\nCOPY . .\n",
    "app.py": """
        from aiokafka import AIOKafkaConsumer

        async def main():
            async with AIOKafkaConsumer("clicks", bootstrap_servers="broker:9092", group_id="clicks") as consumer:
                async for message in consumer:
                    print(message.value)
        """,
}


def _scaled(count: int) -> dict[str, str]:
    return {path: text.replace("COUNT", str(count)) for path, text in _CONTAINERS.items()}


IdleConsumers.bad = (
    Example(_system(6), "six instances, three partitions"),
    Example(_scaled(8), "eight containers, four partitions"),
)
IdleConsumers.good = (
    Example(_system(3), "one instance per partition"),
    Example(_scaled(4), "four containers"),
)
