"""KFK303 connect-drops-errors."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Link
from brokerlint.topology import Topology


class ConnectDropsErrors(Check):
    """A connector tolerates all errors and keeps none of the failed records.

    ## What it finds
    A sink connector with `errors.tolerance=all` and no dead-letter topic; a source connector with it that does not even
    log its errors.

    ## Why it is bad
    Records that cannot be converted or written vanish while the connector shows as running.

    ## When it is fine
    A dead-letter topic is named, or it is a development set-up.
    """

    id, name = "KFK303", "connect-drops-errors"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = ("https://kafka.apache.org/documentation/#sinkconnectconfigs_errors.deadletterqueue.topic.name",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every connector that drops records."""
        told = set()
        for link in topology.links("connector"):
            properties = link.properties
            if properties.get("errors_tolerance") != "all" or properties.get("dead_letter_topic"):
                continue
            sink = topology.channel(link.source) is not None
            name = _name(link, link.target if sink else link.source)
            if (not sink and properties.get("errors_logged")) or (name, link.place) in told:
                continue
            told.add((name, link.place))
            node = topology.channel(link.source if sink else link.target)
            if node is not None and node.environment in ("dev", "test"):
                continue
            finding = self.finding(
                f"connector '{name}' tolerates all errors and has no dead-letter topic: bad records vanish"
            )
            finding = finding.about(node) if node else finding
            advice = "errors.deadletterqueue.topic.name" if sink else "errors.log.enable"
            yield finding.at(link).variety(name).advise(f"set {advice}")


def _name(link: Link, end: str) -> str:
    """The connector's name: its own, its service's, or its class."""
    service = end.removeprefix("service:") if end.startswith("service:") else ""
    return str(link.properties.get("name") or service or link.properties.get("class") or end)


_CONNECTOR = """
    {"name": "warehouse", "config": {
      "connector.class": "io.confluent.connect.jdbc.JdbcSinkConnector",
      "topics": "orders",
      "errors.tolerance": "all"MORE
    }}
    """
_STRIMZI = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: KafkaConnector
    metadata: {name: search, labels: {strimzi.io/cluster: connect}}
    spec:
      class: org.apache.camel.kafkaconnector.elasticsearch.ElasticsearchSinkConnector
      config:
        topics: products
        errors.tolerance: HOW
    """
ConnectDropsErrors.bad = (
    Example({"connect/warehouse.json": _CONNECTOR.replace("MORE", "")}, "errors are tolerated"),
    Example({"k8s/connector.yaml": _STRIMZI.replace("HOW", "all")}, "a connector of an operator"),
)
ConnectDropsErrors.good = (
    Example(
        {
            "connect/warehouse.json": _CONNECTOR.replace(
                "MORE", ',\n      "errors.deadletterqueue.topic.name": "warehouse.dlq"'
            )
        },
        "failed records are kept",
    ),
    Example({"k8s/connector.yaml": _STRIMZI.replace("HOW", "none")}, "a bad record stops the connector"),
)
