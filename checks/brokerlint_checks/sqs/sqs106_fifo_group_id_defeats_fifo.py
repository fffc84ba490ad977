"""SQS106 fifo-group-id-defeats-fifo."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, Uses


class FifoGroupIdDefeatsFifo(Check):
    """The message group id makes a FIFO queue either serial or pointless.

    ## What it finds
    A FIFO queue all of whose producers give one constant group id, or a random one. A random id on a standard queue is
    told as info: fair queues need the tenant there.

    ## Why it is bad
    One group means one message at a time: no parallelism, and a failing message blocks all others. A new group for each
    message means that order, which FIFO is paid for, is never used.

    ## When it is fine
    A global order is declared as needed, or one scheduled job sends a few messages.
    """

    id, name = "SQS106", "fifo-group-id-defeats-fifo"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagegroupid-property.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every queue whose groups are one, or none."""
        for queue in topology.channels(system="sqs"):
            producers = queue.producers().in_code()
            kinds = {(use.fact("group_id") or {"kind": "unknown"})["kind"] for use in producers}
            texts = {str((use.fact("group_id") or {}).get("text")) for use in producers}
            if not producers or queue.property("fifo") is None:
                continue
            if kinds == {"random"}:
                yield self._random(queue, producers)
            elif kinds == {"const"} and len(texts) == 1 and queue.property("fifo") and not _serial(queue, producers):
                message = f"FIFO {queue} gets one constant group id {texts.pop()!r}: one message at a time"
                finding = self.finding(message, queue).at(*producers).variety("constant")
                yield finding.checked("global order declared: no", "one scheduled producer: no").advise(
                    "use the id of what must stay in order, such as the customer"
                )

    def _random(self, queue: ChannelNode, producers: Uses) -> Finding:
        if queue.property("fifo"):
            message = f"FIFO {queue} gets a random group id: its order is never used"
            return self.finding(message, queue).at(*producers).variety("random").advise("use a standard queue")
        message = f"{queue} gets a random group id: fairness needs the tenant's id"
        return self.finding(message, queue).at(*producers).variety("fair").as_(Severity.INFO)


def _serial(queue: ChannelNode, producers: Uses) -> bool:
    """One message at a time is what is wanted, or does not matter."""
    wanted = queue.declaration.needs.get("ordering") == "global"
    return wanted or (len(producers) == 1 and producers[0].fact("entry_kind") == "cron")


_SEND = """
    import uuid
    import boto3

    sqs = boto3.client("sqs")

    def pay(payment):
        sqs.send_message(
            QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/payments.fifo",
            MessageBody=payment["body"],
            MessageGroupId=GROUP,
            MessageDeduplicationId=payment["id"],
        )
    """
_ASYNC = """
    import aioboto3

    async def pay(payment):
        async with aioboto3.Session().resource("sqs") as sqs:
            queue = await sqs.get_queue_by_name(QueueName="payments.fifo")
            await queue.send_message(MessageBody=payment["body"], MessageGroupId=GROUP)
    """
FifoGroupIdDefeatsFifo.bad = (
    Example({"pay.py": _SEND.replace("GROUP", '"default"')}, "one group for all"),
    Example({"pay.py": _SEND.replace("GROUP", "str(uuid.uuid4())")}, "a group for each message"),
    Example({"pay.py": _ASYNC.replace("GROUP", '"payments"')}, "one group, through the resource interface"),
)
FifoGroupIdDefeatsFifo.good = (
    Example({"pay.py": _SEND.replace("GROUP", 'payment["customer"]')}, "a group per customer"),
    Example({"pay.py": _ASYNC.replace("GROUP", 'payment["account"]')}, "a group per account"),
)
