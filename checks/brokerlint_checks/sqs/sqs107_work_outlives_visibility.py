"""SQS107 work-outlives-visibility."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name


class WorkOutlivesVisibility(Check):
    """The work on a message takes longer than the queue hides it.

    ## What it finds
    A consumer whose constant sleeps alone take longer than the effective visibility timeout (the call's, else the
    queue's, else 30 seconds where the queue is declared in the tree), and that does not extend it. And a receive with
    a visibility timeout of 0 whose messages are worked on and deleted: they are never hidden.

    ## Why it is bad
    The queue gives the message to another receiver while the first still works on it. Everything is done twice, and the
    first one's delete fails silently.

    ## When it is fine
    The timeout is extended while the work runs, messages are deleted before the work (see SQS103), they are only looked
    at (0 and no delete), or Lambda or Celery receives (see SQS203 and CEL101).
    """

    id, name = "SQS107", "work-outlives-visibility"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict"})
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every handler that is slower than its queue's patience."""
        for endpoint in topology.endpoints(role="consume", system="sqs"):
            seconds = endpoint.facts.get("work_seconds")
            if _excused(endpoint):
                continue
            if endpoint.facts.get("visibility") == 0 and _deletes(endpoint) and not topology.is_tooling(endpoint):
                yield self._never_hidden(topology, endpoint)
                continue
            if not seconds:
                continue
            for queue in topology.channels_of(endpoint):
                visibility = endpoint.facts.get("visibility")
                if visibility is None:
                    visibility = queue.effective("visibility_timeout", "default_visibility")
                if isinstance(visibility, int) and seconds > visibility > 0:
                    message = f"{code_name(endpoint)} may work {seconds:g} s but {queue} shows the message again after "
                    yield (
                        self.finding(f"{message}{visibility} s: duplicates", queue)
                        .at(endpoint, queue)
                        .checked("timeout extended meanwhile: no", "deleted before the work: no")
                        .advise("raise the visibility timeout, or extend it while the work runs")
                    )

    def _never_hidden(self, topology: Topology, endpoint: Endpoint) -> Finding:
        message = (
            f"{code_name(endpoint)} receives from '{topology.label_of(endpoint)}' with a visibility timeout of 0: "
        )
        finding = self.finding(
            f"{message}another receiver gets each message before it is deleted", *topology.channels_of(endpoint)
        )
        finding = finding.at(endpoint).variety("never hidden").checked("timeout extended meanwhile: no")
        return finding.advise("leave VisibilityTimeout out, or make it longer than the work")


def _deletes(endpoint: Endpoint) -> bool:
    return any(ack.get("kind") in ("delete", "delete-batch") for ack in endpoint.facts.get("acks") or ())


def _excused(endpoint: Endpoint) -> bool:
    early = any(ack.get("position") == "before" for ack in endpoint.facts.get("acks") or ())
    extends = any(ack.get("kind") == "visibility" for ack in endpoint.facts.get("acks") or ())
    managed = endpoint.library in ("celery", "kombu") or endpoint.facts.get("loop_kind") == "lambda-handler"
    return bool(early or extends or managed or endpoint.facts.get("heartbeat"))


_WORKER = """
    import time
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/reports"

    while True:
        answer = sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20, VisibilityTimeout=SECONDS)
        for message in answer.get("Messages", []):
            time.sleep(60)
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
    """
_QUEUE = """
    resource "aws_sqs_queue" "scans" {
      name                       = "scans"
      visibility_timeout_seconds = SECONDS
    }
    """
_ASYNC = """
    import asyncio
    import aioboto3

    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/scans"

    async def main():
        async with aioboto3.Session().client("sqs") as sqs:
            while True:
                answer = await sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20)
                for message in answer.get("Messages", []):
                    await asyncio.sleep(120)
                    await sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
    """
WorkOutlivesVisibility.bad = (
    Example({"worker.py": _WORKER.replace("SECONDS", "30")}, "a minute of work, half a minute"),
    Example({"main.tf": _QUEUE.replace("SECONDS", "60"), "scans.py": _ASYNC}, "the queue hides messages for a minute"),
)
WorkOutlivesVisibility.good = (
    Example({"worker.py": _WORKER.replace("SECONDS", "180")}, "hidden for three minutes"),
    Example({"main.tf": _QUEUE.replace("SECONDS", "300"), "scans.py": _ASYNC}, "it hides them for five minutes"),
)
