"""ARC114 selective-queue-consumer."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name

_WORDS = {
    "visibility-zero": "makes them visible again",
    "no-ack": "leaves them unacknowledged",
    "resend": "sends them to the same queue again",
}


class SelectiveQueueConsumer(Check):
    """A consumer gives back the messages that it is not interested in.

    ## What it finds
    A consumer of a queue that acknowledges some messages, and for others, by a field of the message, sets the
    visibility to 0, goes on without an acknowledgement, or sends them to the same queue again.

    ## Why it is bad
    A queue cannot select. The message goes round and round between the receivers, is counted as a failed receive each
    time, and ends among the dead letters although nobody failed.

    ## When it is fine
    The branch depends on an attempt, the time, a rate or a lock (waiting, not selecting), unknown types are raised or
    dead-lettered, or a blocked message group of a FIFO queue is put back.
    """

    id, name = "ARC114", "selective-queue-consumer"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"strict", "advisory"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/sns/latest/dg/sns-message-filtering.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that picks its messages."""
        for endpoint in topology.endpoints(role="consume", system="sqs"):
            skips = [skip for skip in endpoint.facts.get("skip_paths") or () if skip.get("on") == "field"]
            acks = [ack for ack in endpoint.facts.get("acks") or () if str(ack.get("kind")).startswith("delete")]
            queues = topology.channels_of(endpoint)
            if endpoint.facts.get("loop_kind") == "lambda-handler" or endpoint.facts.get("messages_escape") is True:
                continue
            if not skips or not acks or any(queue.property("fifo") for queue in queues):
                continue
            how = _WORDS.get(str(skips[0].get("kind")), "gives them back")
            yield (
                self.finding(
                    f"{code_name(endpoint)} picks messages of '{topology.label_of(endpoint)}' by a field and {how} "
                    "otherwise: they circulate until they are dead letters",
                    *queues,
                )
                .at(endpoint, *signals.said(skips, "gives the message back"))
                .checked("backoff by attempt, time or lock: no", "unknown type raised: no", "FIFO group: no")
                .advise("a queue for each type, with a filter policy on its SNS subscription")
            )


_WORKER = """
    import json
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/documents"

    while True:
        for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
            receipt = message["ReceiptHandle"]
            if json.loads(message["Body"])["type"] != "invoice":
                sqs.change_message_visibility(QueueUrl=URL, ReceiptHandle=receipt, VisibilityTimeout=0)
                continue
            print("invoice", message["Body"])
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=receipt)
    """
_ASYNC = """
    import json
    import time
    import aioboto3

    async def main():
        async with aioboto3.Session().resource("sqs") as sqs:
            queue = await sqs.get_queue_by_name(QueueName="documents")
            while True:
                for message in await queue.receive_messages(WaitTimeSeconds=20):
                    document = json.loads(await message.body)
                    if TEST:
                        continue
                    print("invoice", document)
                    await message.delete()
    """
SelectiveQueueConsumer.bad = (
    Example({"invoices/worker.py": _WORKER}, "other types are given back"),
    Example(
        {"invoices/worker.py": _ASYNC.replace("TEST", 'document["type"] != "invoice"')}, "other types are left alone"
    ),
)
SelectiveQueueConsumer.good = (
    Example(
        {
            "invoices/worker.py": """
                import boto3

                sqs = boto3.client("sqs")
                URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/invoices"

                while True:
                    for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                        print("invoice", message["Body"])
                        sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
                """,
        },
        "a queue of its own, behind a filter",
    ),
    Example(
        {"invoices/worker.py": _ASYNC.replace("TEST", 'document["not_before"] > time.time()')}, "it waits for its time"
    ),
)
