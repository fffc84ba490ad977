"""ARC132 orphan-channel."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Role
from brokerlint.topology import ChannelNode, Topology, closure

_SHOWN = ("connector", "notification", "mirror", "grant", "rule", "pipe")


class OrphanChannel(Check):
    """A channel that is written and never read, read and never written, or declared and never used.

    ## What it finds
    Channels of which one side, or both, were not found in the scanned code and manifests.

    ## Why it is bad
    Either something is missing (a consumer that was forgotten, a name that does not match), or it can be deleted.

    ## When it is fine
    The other side is in another repository: unless that can be excluded, the level is low. Dead-letter channels,
    channels fed by AWS services or connectors, archives, and channels that others have permissions for are left alone.
    """

    id, name = "ARC132", "orphan-channel"
    severity, confidence = Severity.INFO, Confidence.HIGH
    profiles = frozenset({"advisory"})
    shows_low = True
    sources = ("https://www.asyncapi.com/docs/concepts/asyncapi-document",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every channel with a side missing."""
        for channel in topology.channels():
            if channel.name.kind not in ("exact", "logical") or _explained(channel):
                continue
            written, read = bool(channel.producers()), bool(channel.consumers())
            if written and not read:
                yield self._orphan(topology, channel, "written, and nobody reads it", "consume")
            elif read and not written:
                yield self._orphan(topology, channel, "read, and nobody writes to it", "produce")
            elif not written and channel.created:
                yield self._orphan(topology, channel, "declared, and nobody uses it", "consume")

    def _orphan(self, topology: Topology, channel: ChannelNode, what: str, missing: Role) -> Finding:
        closed = closure(topology, channel, missing)
        services = len(topology.services())
        message = f"{channel} is {what} in the {services} service{'' if services == 1 else 's'} scanned"
        finding = self.finding(message, channel).at(channel, *channel.uses).variety(what).resting_on(closed)
        finding = finding.as_(Severity.WARNING) if closed.closed and not closed.doubts else finding
        return finding.advise("delete it, or declare external_consumers or external_producers")


def _explained(channel: ChannelNode) -> bool:
    """Something that was not scanned is known to use it."""
    declared = channel.declaration
    outside = declared.external_consumers or declared.external_producers or declared.role == "audit"
    default_bus = channel.system == "eventbridge" and channel.label == "default"
    return (
        bool(outside or channel.is_dead_letter() or channel.links(*_SHOWN) or channel.property("source")) or default_bus
    )


_TERRAFORM = """
    resource "aws_sqs_queue" "scans" {
      name = "scans"
    }
    MORE
    """
_NOTIFICATION = """
    resource "aws_s3_bucket_notification" "uploads" {
      bucket = "uploads"
      queue {
        queue_arn = aws_sqs_queue.scans.arn
        events    = ["s3:ObjectCreated:*"]
      }
    }
    """
_POLL = """
    import aioboto3

    async def main():
        async with aioboto3.Session().resource("sqs") as sqs:
            queue = await sqs.get_queue_by_name(QueueName="scans")
            while True:
                for message in await queue.receive_messages(WaitTimeSeconds=20):
                    print(await message.body)
                    await message.delete()
    """
OrphanChannel.bad = (
    Example(
        {
            "template.yaml": """
                AWSTemplateFormatVersion: "2010-09-09"
                Resources:
                  Legacy: {Type: AWS::SQS::Queue, Properties: {QueueName: legacy-events}}
                """,
            "app.py": "print('no messaging here')\n",
        },
        "declared and never used",
    ),
    Example({"main.tf": _TERRAFORM.replace("MORE", ""), "scans.py": _POLL}, "read, and nobody writes to it"),
)
OrphanChannel.good = (
    Example(
        {
            "app.py": """
                import boto3

                sqs = boto3.client("sqs")
                URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/jobs"

                def send(body):
                    sqs.send_message(QueueUrl=URL, MessageBody=body)

                def work():
                    for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                        print(message["Body"])
                        sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
                """,
        },
        "both sides are there",
    ),
    Example({"main.tf": _TERRAFORM.replace("MORE", _NOTIFICATION), "scans.py": _POLL}, "a bucket writes to it"),
)
