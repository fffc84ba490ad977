"""COST102 cost-shape-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.tables import price, table
from brokerlint.topology import ChannelNode, Topology, signals


class CostShapeMismatch(Check):
    """What is paid does not have the shape of the traffic: a fixed price for little, or a price per message for much.

    ## What it finds
    A cluster whose floor is more than three times what all its topics would cost as queues, none of which is used as a
    log; or a queue with so steady a volume that a stream would cost a third. Only with declared volumes, and only above
    a difference of 100 dollars a month. Every assumption is told.

    ## Why it is bad
    Fixed prices are right for steady and high volumes, prices per message for low and bursty ones.

    ## When it is fine
    The log is needed, the cluster is shared, no volume is declared, or the people who run it are cheaper than they
    look: their cost is not included.
    """

    id, name = "COST102", "cost-shape-mismatch"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"advisory"})
    sources = ("https://aws.amazon.com/sqs/pricing/", "https://aws.amazon.com/msk/pricing/")

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every cluster and queue whose price has the wrong shape."""
        ratio, least = topology.declarations.threshold("cost_ratio"), topology.declarations.threshold("cost_difference")
        topics = topology.channels(system="kafka", kind="topic")
        clusters = topology.channels(kind="cluster")
        if len(clusters) == 1 and topics and not any(next(signals.log_uses(topic), None) for topic in topics):
            floor = _floor(clusters[0])
            volumes = [_volume(topic) for topic in topics]
            if floor is not None and all(volumes):
                total = sum(volumes)
                queues = sqs_month(total)
                if floor > ratio * queues and floor - queues >= least:
                    yield self._idle(clusters[0], topics, total, floor, queues)
        for queue in topology.channels(system="sqs", kind="queue"):
            volume = _volume(queue)
            cost, stream = sqs_month(volume), kinesis_month(volume)
            if volume and cost > ratio * stream and cost - stream >= least and not queue.declaration.needs.get("peak"):
                message = (
                    f"{queue}: about ${cost:,.0f} a month for {volume:g} messages/s; as a stream about ${stream:,.0f}"
                )
                yield self._assumed(self.finding(message, queue).at(queue).variety("linear"))

    def _idle(
        self, cluster: ChannelNode, topics: tuple[ChannelNode, ...], total: float, floor: float, queues: float
    ) -> Finding:
        message = f"{cluster}: about ${floor:,.0f} a month for {total:g} messages/s; as SQS queues about ${queues:,.0f}"
        return self._assumed(self.finding(message, cluster, *topics).at(cluster, *topics).variety("idle"))

    @staticmethod
    def _assumed(finding: Finding) -> Finding:
        prices, model = table("prices"), table("prices")["assumptions"]
        words = f"prices of {prices['region']} as of {prices['as_of']}, {model['message_bytes']} bytes per message"
        return finding.checked(f"{words}, not batched; people and traffic not included").advise(
            "compare with your own prices before you decide"
        )


def _volume(channel: ChannelNode) -> float:
    """Declared messages a second; 0 when none are declared."""
    value = channel.declaration.needs.get("volume", 0)
    return float(value) if isinstance(value, int | float) else 0.0


def sqs_month(volume: float) -> float:
    """Dollars a month for a standard queue with this many messages a second: send, receive, delete, one per request."""
    model = table("prices")["assumptions"]
    requests = 3 * volume * model["seconds_per_month"]
    return float(max(0.0, requests - model["sqs_free_requests"]) / 1e6 * price("sqs_standard_requests"))


def kinesis_month(volume: float) -> float:
    """Dollars a month for a provisioned stream with this many messages a second, each at most 25 KB."""
    model = table("prices")["assumptions"]
    shards = max(1, -(-int(volume) // 1000), -(-int(volume * model["message_bytes"]) // 1_000_000))
    units = volume * model["seconds_per_month"] / 1e6
    return float(shards * model["hours_per_month"] * price("kinesis_shard_hour") + units * price("kinesis_put_units"))


def _floor(cluster: ChannelNode) -> float | None:
    """Dollars a month that the cluster costs without any traffic; None for kinds whose price is not in the table."""
    rows = {"msk-standard": "msk_m5_large_hour", "ec2": "ec2_m5_large_hour", "strimzi": "ec2_m5_large_hour"}
    row = rows.get(str(cluster.property("cluster_kind")))
    brokers, model = cluster.property("brokers"), table("prices")["assumptions"]
    if row is None or not isinstance(brokers, int):
        return None
    return float(brokers * model["hours_per_month"] * price(row))


_MSK = """
    resource "aws_msk_cluster" "main" {
      cluster_name           = "main"
      kafka_version          = "3.9.x"
      number_of_broker_nodes = 3
      broker_node_group_info {
        instance_type = "kafka.m5.large"
      }
    }
    """
_WORKER = """
    from kafka import KafkaConsumer

    for message in KafkaConsumer("mails", group_id="mailer"):
        print(message.value)
    """
_QUEUE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Resources:
      Clicks: {Type: AWS::SQS::Queue, Properties: {QueueName: clicks}}
    """
_VOLUME = "channels: [{match: 'CHANNEL', needs: {volume: NUMBER/s}}]\n"


def _declared(channel: str, number: int) -> dict[str, str]:
    return {"brokerlint.yaml": _VOLUME.replace("CHANNEL", channel).replace("NUMBER", str(number))}


CostShapeMismatch.bad = (
    Example({"main.tf": _MSK, "mailer.py": _WORKER, **_declared("kafka:mails", 2)}, "a cluster for two mails a second"),
    Example({"template.yaml": _QUEUE, **_declared("sqs:clicks", 900)}, "900 requests a second, day and night"),
)
CostShapeMismatch.good = (
    Example({"main.tf": _MSK, "mailer.py": _WORKER, **_declared("kafka:mails", 2000)}, "a cluster for 2000 a second"),
    Example({"template.yaml": _QUEUE, **_declared("sqs:clicks", 9)}, "nine requests a second"),
    Example({"main.tf": _MSK, "mailer.py": _WORKER}, "without a declared volume nothing is computed"),
)
