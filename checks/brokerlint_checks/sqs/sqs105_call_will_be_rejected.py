"""SQS105 call-will-be-rejected."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import code_name


class CallWillBeRejected(Check):
    """A call that SQS refuses every time.

    ## What it finds
    A send to a FIFO queue without a message group id, without a deduplication id while content-based deduplication is
    known to be off, or with a delay of its own; a deduplication id on a standard queue; more than 10 literal entries,
    or equal ids, in a batch; numbers above the limits (delay 900 s, wait 20 s, 10 messages, visibility 43200 s).

    ## Why it is bad
    The call raises, or each entry fails. Whether a queue is FIFO is written in its name, or in a manifest, so this can
    be known before.

    ## When it is fine
    A group id on a standard queue is legal (fair queues). Calls with `**` arguments and queues of unknown type are left
    alone.
    """

    id, name = "SQS105", "call-will-be-rejected"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"default"})
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-fair-queues.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every call with a reason to be refused."""
        for endpoint in topology.endpoints(system="sqs"):
            if endpoint.library in ("celery", "kombu"):
                continue
            for queue in topology.channels_of(endpoint):
                for variant, reason in _wrong_for(endpoint, queue):
                    yield (
                        self._rejected(endpoint, queue.label, variant, reason)
                        .about(queue)
                        .capped(
                            topology.uses_of(endpoint).where(lambda use, key=queue.key: use.channel == key).confidence()  # type: ignore[misc]
                        )
                    )
            for variant, reason in _out_of_range(endpoint):
                queues = topology.channels_of(endpoint)
                yield self._rejected(endpoint, topology.label_of(endpoint), variant, reason).about(*queues)

    def _rejected(self, endpoint: Endpoint, queue: str, variant: str, reason: str) -> Finding:
        call = endpoint.operation.rpartition(".")[2]
        message = f"{call} on '{queue}' in {code_name(endpoint)} will be rejected: {reason}"
        return self.finding(message).at(endpoint.place.saying(reason)).at(endpoint).variety(variant)


def _kind(endpoint: Endpoint, key: str) -> str:
    """How an id is given: none, const, field, random, or unknown."""
    return str((endpoint.facts.get(key) or {"kind": "unknown"})["kind"])


def _wrong_for(endpoint: Endpoint, queue: ChannelNode) -> Iterator[tuple[str, str]]:
    """What does not go with the queue's type. A batch carries these per entry, which is not looked into."""
    fifo = queue.property("fifo")
    if endpoint.role != "produce" or fifo is None or endpoint.facts.get("batch"):
        return
    if fifo and _kind(endpoint, "group_id") == "none":
        yield "group", "a FIFO queue needs a MessageGroupId"
    if fifo and _kind(endpoint, "dedup_id") == "none" and queue.property("content_deduplication") is False:
        yield "dedup", "without content-based deduplication a FIFO queue needs a MessageDeduplicationId"
    if fifo and endpoint.facts.get("delay"):
        yield "delay", "a FIFO queue allows no DelaySeconds per message"
    if not fifo and _kind(endpoint, "dedup_id") not in ("none", "unknown"):
        yield "dedup", "a standard queue takes no MessageDeduplicationId"


def _out_of_range(endpoint: Endpoint) -> Iterator[tuple[str, str]]:
    facts = endpoint.facts
    bounds = (
        ("delay", "max_delay", "DelaySeconds"),
        ("wait_time", "max_wait", "WaitTimeSeconds"),
        ("max_messages", "max_receive", "MaxNumberOfMessages"),
        ("visibility", "max_visibility", "VisibilityTimeout"),
        ("max_entries", "max_batch", "the number of entries"),
    )
    for key, bound, words in bounds:
        value = facts.get(key)
        if isinstance(value, int) and value > limit("sqs", bound):
            yield key, f"{words} is {value}, at most {limit('sqs', bound)} is allowed"
    if facts.get("equal_entry_ids"):
        yield "ids", "two entries have the same Id"


_SENDER = """
    import boto3

    sqs = boto3.client("sqs")

    def pay(body, account):
        sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/NAME", MessageBody=bodyMORE)
    """


def _sender(name: str, more: str = "") -> dict[str, str]:
    return {"pay.py": _SENDER.replace("NAME", name).replace("MORE", more)}


_QUEUE = """
    resource "aws_sqs_queue" "pay" {
      name                        = "pay.fifo"
      fifo_queue                  = true
      content_based_deduplication = VALUE
    }
    """
_ASYNC = """
    import aioboto3

    async def pay(body, account):
        url = "https://sqs.eu-west-1.amazonaws.com/123456789012/pay.fifo"
        async with aioboto3.Session().client("sqs") as sqs:
            await sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=account)
    """
CallWillBeRejected.bad = (
    Example(_sender("pay.fifo"), "no group id for a FIFO queue"),
    Example(_sender("pay", ", DelaySeconds=3600"), "a delay of an hour"),
    Example(
        {"main.tf": _QUEUE.replace("VALUE", "false"), "pay.py": _ASYNC}, "no deduplication id, and none from the body"
    ),
)
CallWillBeRejected.good = (
    Example(_sender("pay.fifo", ", MessageGroupId=account, MessageDeduplicationId=body"), "grouped by account"),
    Example(_sender("pay", ", MessageGroupId=account"), "a group id makes a standard queue fair"),
    Example({"main.tf": _QUEUE.replace("VALUE", "true"), "pay.py": _ASYNC}, "the body's hash is the deduplication id"),
)
