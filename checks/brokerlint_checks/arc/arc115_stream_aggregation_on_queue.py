"""ARC115 stream-aggregation-on-queue."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


class StreamAggregationOnQueue(Check):
    """A consumer of a queue adds messages up in memory and emits the result by the clock.

    ## What it finds
    State that is keyed by a field of the message, written out by time, while the messages are deleted before that.

    ## Why it is bad
    It is a windowed aggregation. What is in memory at a crash has already been deleted from the queue and cannot be
    read again; a second worker sees other messages and computes other totals.

    ## When it is fine
    Whole messages are collected and written by number, messages are deleted after the write, counters are metrics, the
    state is a cache, or it lies in a database.
    """

    id, name = "ARC115", "stream-aggregation-on-queue"
    severity, confidence = Severity.ADVICE, Confidence.LOW
    profiles = frozenset({"advisory"})
    shows_low = True
    needs = "code"
    sources = ("https://docs.aws.amazon.com/streams/latest/dev/introduction.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that aggregates what it deletes."""
        for endpoint in topology.endpoints(role="consume", system="sqs"):
            state = endpoint.facts.get("state") or {}
            kept = state.get("store") in (None, "memory") and state.get("keyed")
            if not kept or state.get("flush") != "time" or state.get("acks") != "before":
                continue
            queues = topology.channels_of(endpoint)
            if any(signals.is_quiet(queue) for queue in queues):
                continue
            what = state.get("container") or "state"
            yield (
                self.finding(
                    f"{code_name(endpoint)} keeps {what} across messages of '{topology.label_of(endpoint)}' and "
                    "writes it by time: an aggregation that a queue cannot restore",
                    *queues,
                )
                .at(endpoint, *signals.said([state], "keeps state"))
                .checked("written by number: no", "deleted after the write: no", "state in a database: no")
                .advise(
                    "read a stream with a windowing framework", "or delete the messages after the result is written"
                )
            )


_WORKER = """
    import json
    import time
    import boto3

    sqs, sns = boto3.client("sqs"), boto3.client("sns")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/sales"
    totals = {}
    due = time.time() + 60

    while True:
        for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
            sale = json.loads(message["Body"])
            totals[sale["shop"]] = totals.get(sale["shop"], 0) + sale["price"]
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
        if time.time() > due:
            sns.publish(TopicArn="arn:aws:sns:eu-west-1:123456789012:totals", Message=json.dumps(totals))
            totals, due = {}, time.time() + 60
    """
_ASYNC = """
    import json
    import time
    import aioboto3

    async def main(results):
        totals, due, done = {}, time.time() + 60, []
        async with aioboto3.Session().resource("sqs") as sqs:
            queue = await sqs.get_queue_by_name(QueueName="sales")
            while True:
                for message in await queue.receive_messages(WaitTimeSeconds=20):
                    sale = json.loads(await message.body)
                    totals[sale["shop"]] = totals.get(sale["shop"], 0) + sale["price"]
                    EACH
                if time.time() > due:
                    results.write(json.dumps(totals))
                    totals, due = {}, time.time() + 60
                    ALL
    """
StreamAggregationOnQueue.bad = (
    Example({"totals/worker.py": _WORKER}, "totals per minute"),
    Example(
        {"totals/worker.py": _ASYNC.replace("EACH", "await message.delete()").replace("ALL", "print(due)")},
        "written by the clock",
    ),
)
StreamAggregationOnQueue.good = (
    Example(
        {
            "totals/worker.py": """
                import json
                import sqlite3
                import boto3

                sqs = boto3.client("sqs")
                database = sqlite3.connect("totals.db")
                URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/sales"

                while True:
                    for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                        sale = json.loads(message["Body"])
                        database.execute("insert into sale values (?, ?)", (sale["shop"], sale["price"]))
                        database.commit()
                        sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])
                """,
        },
        "each sale is stored before its message is deleted",
    ),
    Example(
        {"totals/worker.py": _ASYNC.replace("EACH", "done.append(message)").replace("ALL", "await delete(done)")},
        "deleted afterwards",
    ),
)
