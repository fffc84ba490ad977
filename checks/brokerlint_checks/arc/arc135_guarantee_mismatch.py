"""ARC135 guarantee-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, Use, signals


class GuaranteeMismatch(Check):
    """A consumer relies on order, or on getting each message once, and the path to it does not give that.

    ## What it finds
    A handler that compares sequence numbers or versions, or keeps state per key, (or a channel declared to need
    ordering) behind a hop that loses the order: a standard queue, a standard SNS topic, EventBridge, records without a
    key, a share group, work handed to a pool. And a channel declared to need `exactly_once` without any evidence that
    the consumer recognises duplicates.

    ## Why it is bad
    It works in tests, where messages come one by one. Under load they overtake each other or come twice, and the state
    is wrong without an error.

    ## When it is fine
    Stale messages are recognised and dropped, gaps are waited for, duplicates are recognised, or the key is the same at
    each hop.
    """

    id, name = "ARC135", "guarantee-mismatch"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict"})
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues-at-least-once-delivery.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that relies on more than its path gives."""
        for channel in topology.channels():
            for use in channel.consumers().in_code():
                yield from self._order(topology, channel, use)
                if channel.declaration.needs.get("exactly_once") and use.fact("idempotency") == []:
                    message = f"{use.who} needs each message of {channel} once, and gets it at least once"
                    finding = self.finding(message, channel).at(use).variety("once")
                    yield finding.checked("duplicates recognised: no").advise("remember the ids that were handled")

    def _order(self, topology: Topology, channel: ChannelNode, use: Use) -> Iterator[Finding]:
        needed = signals.said(use.fact("order_use"), "depends on the order")
        if not (needed or channel.declaration.needs.get("ordering")) or use.fact("idempotency"):
            return
        loss = _loses_order(channel, use) or next(
            (words for origin in _origins(topology, channel) if (words := _loses_order(origin, None))), ""
        )
        if loss:
            message = f"{use.who} relies on the order of {channel}, but {loss}"
            finding = self.finding(message, channel).at(use, *needed, *channel.producers()).variety("order")
            yield finding.checked("stale messages dropped: no", "same key at each hop: no").advise(
                "keep the order end to end with FIFO channels or keys", "or drop what is older than what is stored"
            )


def _origins(topology: Topology, channel: ChannelNode) -> list[ChannelNode]:
    """Channels that are linked to this one: a topic that a queue subscribes to, a bus with a rule."""
    return [node for use in channel.producers() if use.other and (node := topology.channel(use.other))]


def _loses_order(channel: ChannelNode, use: Use | None) -> str:
    """Why messages of a channel may overtake each other; empty when they don't or that is not known."""
    if use is not None and use.fact("handoff") in ("thread-pool", "process-pool", "task"):
        return "its records are handed to a pool"
    if use is not None and use.fact("group_kind") == "share":
        return "a share group gives them out in any order"
    if channel.system == "eventbridge":
        return f"{channel} does not keep it"
    if channel.system in ("sqs", "sns") and channel.property("fifo") is False:
        return f"{channel} is not FIFO"
    keyed = signals.key_kinds(channel.producers().in_code())
    if channel.system == "kafka" and keyed & {"none", "random"} and channel.property("partitions") != 1:
        return "records are sent without a key that keeps it"
    return ""


_READER = """
    import json
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/NAME"
    last = {}

    while True:
        for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
            change = json.loads(message["Body"])
            if change["sequence"] != last.get(change["account"], 0) + 1:
                raise RuntimeError("gap")
            last[change["account"]] = change["sequence"]
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
    """
_KAFKA = """
    import json
    from kafka import KafkaConsumer, KafkaProducer

    producer = KafkaProducer(bootstrap_servers="broker:9092")
    versions = {}

    def change(account, body):
        producer.send("accounts", bodyKEY).add_errback(print)

    for message in KafkaConsumer("accounts", bootstrap_servers="broker:9092", group_id="ledger"):
        account = json.loads(message.value)
        if account["version"] != versions.get(account["id"], 0) + 1:
            raise RuntimeError("gap")
        versions[account["id"]] = account["version"]
    """
GuaranteeMismatch.bad = (
    Example({"ledger.py": _READER.replace("NAME", "changes")}, "sequences over a standard queue"),
    Example({"ledger.py": _KAFKA.replace("KEY", "")}, "versions without a key"),
)
GuaranteeMismatch.good = (
    Example({"ledger.py": _READER.replace("NAME", "changes.fifo")}, "a FIFO queue"),
    Example({"ledger.py": _KAFKA.replace("KEY", ", key=account")}, "the account is the key"),
)
