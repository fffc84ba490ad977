"""ARC133 channel-name-drift."""

from __future__ import annotations

import re
from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology

_AFFIXES = re.compile(r"(^|[-_.])(prod|production|live|dev|local|test|staging|stage|queue|topic|fifo)(?=$|[-_.])")
_NEAR = 2
_SHORTEST = 5


class ChannelNameDrift(Check):
    """Code uses a name that no manifest declares, while a manifest declares nearly the same name that nobody uses.

    ## What it finds
    A channel that is used by a literal or default name and not declared, where exactly one declared channel of that
    system differs by at most two letters, or only in an environment's prefix or suffix or a missing `.fifo`, and has
    nobody in the role that the code plays.

    ## Why it is bad
    It is a typing mistake or a renaming that was done on one side. With topics created on first use nothing fails:
    messages just go where nobody reads.

    ## When it is fine
    There are several near names, the name comes from a parameter store, or it belongs to a test environment.
    """

    id, name = "ARC133", "channel-name-drift"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict"})
    sources = ("https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-sqs-queue.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every name with one near neighbour that is declared and idle."""
        declared = [node for node in topology.channels() if node.declared and node.name.kind == "exact"]
        for node in topology.channels():
            if node.declared or node.name.kind != "exact" or not node.uses.in_code().unless_tooling():
                continue
            near = [other for other in declared if other.system == node.system and _near(node, other)]
            if len(near) == 1 and not _busy(near[0], node):
                yield (
                    self.finding(
                        f"code uses '{node.label}', but the manifest declares '{near[0].label}'", node, near[0]
                    )
                    .at(*node.uses, near[0])
                    .checked("several near names: no", "test environment: no", "the declared one used that way: no")
                    .advise("use one name on both sides")
                )


def _busy(declared: ChannelNode, used: ChannelNode) -> bool:
    """The declared channel has users in all the roles in which the other is used, or belongs to tests."""
    roles = {use.role for use in used.uses.in_code()}
    return roles <= {use.role for use in declared.uses} or declared.environment == "test"


def _near(one: ChannelNode, other: ChannelNode) -> bool:
    a, b = str(one.name.text), str(other.name.text)
    if min(len(a), len(b)) < _SHORTEST:
        return False
    return _stem(a) == _stem(b) or (re.sub(r"\d", "", a) != re.sub(r"\d", "", b) and _distance(a, b) <= _NEAR)


def _stem(name: str) -> str:
    return _AFFIXES.sub("", name).strip("-_.")


def _distance(a: str, b: str) -> int:
    """How many letters to change, add or remove to make ``b`` of ``a``; above the limit any number above it."""
    if abs(len(a) - len(b)) > _NEAR:
        return _NEAR + 1
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        previous, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (letter != other))
    return row[-1]


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Resources:
      Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: customer-orders}}
    """
_SEND = """
    import boto3

    def send(body):
        url = "https://sqs.eu-west-1.amazonaws.com/123456789012/NAME"
        boto3.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    """
_TOPIC = """
    resource "kafka_topic" "shipments" {
      name       = "shipments.booked"
      partitions = 6
    }
    """
_ASYNC = """
    from aiokafka import AIOKafkaConsumer

    async def main():
        async with AIOKafkaConsumer("NAME", bootstrap_servers="kafka:9092", group_id="labels") as consumer:
            async for message in consumer:
                print(message.value)
    """
ChannelNameDrift.bad = (
    Example({"template.yaml": _TEMPLATE, "app.py": _SEND.replace("NAME", "customer-order")}, "one letter is missing"),
    Example({"topics.tf": _TOPIC, "labels.py": _ASYNC.replace("NAME", "shipment.booked")}, "a topic of Terraform"),
)
ChannelNameDrift.good = (
    Example({"template.yaml": _TEMPLATE, "app.py": _SEND.replace("NAME", "customer-orders")}, "the same name"),
    Example({"topics.tf": _TOPIC, "labels.py": _ASYNC.replace("NAME", "parcels.booked")}, "another topic altogether"),
)
