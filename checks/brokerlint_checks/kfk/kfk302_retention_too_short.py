"""KFK302 retention-too-short."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology, signals


class RetentionTooShort(Check):
    """A topic or stream forgets sooner than it is needed.

    ## What it finds
    A declared retention below the replay or retention that is declared as needed; a finite one on an audit topic, or
    where a consumer is seen to go back to the beginning to rebuild its state; and below a day on a topic of work or
    events (medium). For Kinesis the default of 24 hours counts where replay is needed.

    ## Why it is bad
    A weekend's outage of a consumer, or a rebuild after a mistake, needs what is no longer there.

    ## When it is fine
    The topic is compacted or tiered, a connector stores it, or it holds metrics.
    """

    id, name = "KFK302", "retention-too-short"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = ("https://kafka.apache.org/documentation/#topicconfigs_retention.ms",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every topic that keeps too little."""
        for channel in topology.channels(system=("kafka", "kinesis")):
            keeps = channel.property("retention")
            if keeps is None and channel.system == "kinesis":
                keeps = channel.effective("retention", "default_retention")
            if not isinstance(keeps, int | float) or keeps < 0 or _kept_otherwise(channel):
                continue
            for variant, why, level in _wants(topology, channel, keeps):
                message = f"{channel} keeps {_span(keeps)}, but {why}"
                finding = self.finding(message, channel).at(channel, *channel.consumers()).variety(variant)
                yield finding.capped(level).advise("keep records longer, tier them, or store them with a connector")


def _wants(topology: Topology, channel: ChannelNode, keeps: float) -> Iterator[tuple[str, str, Confidence]]:
    """What needs more, and how sure that is."""
    needs, role = channel.declaration.needs, channel.declaration.role
    wanted = needs.get("retention") or (needs.get("replay") if not isinstance(needs.get("replay"), bool) else None)
    if isinstance(wanted, int | float) and wanted > keeps:
        yield "declared", f"{_span(wanted)} are declared as needed", Confidence.CERTAIN
    elif needs.get("replay") is True and channel.system == "kinesis" and keeps <= limit("kinesis", "default_retention"):
        yield "replay", "replay is declared as needed", Confidence.CERTAIN
    if role == "audit":
        yield "audit", "it is declared an audit record", Confidence.CERTAIN
    rebuilt = [use.who for use in channel.consumers() if signals.places(use.fact("rebuilds"))]
    if rebuilt:
        yield "rebuild", f"{rebuilt[0]} rebuilds its state from the beginning", Confidence.CERTAIN
    if role in ("work", "event") and keeps < topology.declarations.threshold("short_retention"):
        yield "short", "an outage of a day would lose records", Confidence.MEDIUM


def _kept_otherwise(channel: ChannelNode) -> bool:
    compacted = "compact" in str(channel.property("cleanup_policy") or "")
    stored = bool(channel.links_out("connector"))
    return compacted or bool(channel.property("tiered")) or stored or signals.is_quiet(channel)


def _span(seconds: float) -> str:
    return f"{seconds / 86400:g} days" if seconds >= 86400 else f"{seconds / 3600:g} hours"


_TOPIC = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: KafkaTopic
    metadata: {name: accounts, labels: {strimzi.io/cluster: main}}
    spec: {partitions: 3, replicas: 3, config: {MORE}}
    """
_REBUILD = """
    import json
    from kafka import KafkaConsumer

    consumer = KafkaConsumer("accounts", bootstrap_servers="main-kafka-bootstrap:9092", auto_offset_reset="earliest")
    balances = {}
    for message in consumer:
        change = json.loads(message.value)
        balances[change["account"]] = change["balance"]
    """
_STREAM = """
    resource "aws_kinesis_stream" "payments" {
      name             = "payments"
      shard_count      = 2
      retention_period = HOURS
    }
    """
_AUDIT = "channels: [{match: 'kinesis:payments', needs: {retention: 30d}}]\n"
RetentionTooShort.bad = (
    Example(
        {"k8s/topic.yaml": _TOPIC.replace("MORE", "retention.ms: 604800000"), "app.py": _REBUILD},
        "a week of changes, from which balances are rebuilt",
    ),
    Example({"main.tf": _STREAM.replace("HOURS", "168"), "brokerlint.yaml": _AUDIT}, "a month is declared as needed"),
)
RetentionTooShort.good = (
    Example(
        {"k8s/topic.yaml": _TOPIC.replace("MORE", "retention.ms: -1"), "app.py": _REBUILD},
        "a topic that forgets nothing",
    ),
    Example({"main.tf": _STREAM.replace("HOURS", "720"), "brokerlint.yaml": _AUDIT}, "a month is kept"),
)
