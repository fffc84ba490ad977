"""ARC113 hand-built-replay."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, signals
from brokerlint.topology.uses import code_name

_STORES = {"s3": "S3", "db": "a database", "fs": "files"}


class HandBuiltReplay(Check):
    """Messages of a queue are archived and sent again by hand: a replay log built beside a queue.

    ## What it finds
    A consumer that stores the raw body of each message, together with code that reads that store and sends to the same
    queue; a service that looks at messages without ever deleting them (visibility timeout 0); or a consumer that copies
    each body to a second queue which only a resender reads. An archive without any resend is told as info, and only
    when everything is shown.

    ## Why it is bad
    Kept history, a position to return to and several readers are what a log is. Built by hand they are incomplete:
    order, duplicates, gaps between archive and queue, and the archive's own cleaning are left to whoever needs them.

    ## When it is fine
    Dead letters are redriven, EventBridge archives and replays, large payloads are parked in a store (claim check), or
    a test tool does it.
    """

    id, name = "ARC113", "hand-built-replay"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"advisory"})
    sources = (
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html",
        "https://docs.aws.amazon.com/streams/latest/dev/introduction.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every queue beside which a log was built."""
        copies = [queue for queue in topology.channels(kind="queue") if _named_copy(queue)]
        for queue in topology.channels(kind="queue"):
            if queue.is_dead_letter():
                continue
            yield from self._archive(queue)
            yield from self._peek(queue)
            yield from self._copy(queue, copies)

    def _archive(self, queue: ChannelNode) -> Iterator[Finding]:
        for consumer in queue.consumers().in_code():
            kept = consumer.fact("stores_body") or ()
            if not kept:
                continue
            stores = {str(item["store"]) for item in kept}
            resends = queue.producers().where(lambda use, s=stores: use.fact("replays_from") in s)  # type: ignore[misc]
            store = _STORES.get(sorted(stores)[0], sorted(stores)[0])
            places = signals.said(kept, f"keeps the raw body in {store}")
            if resends:
                message = (
                    f"{consumer.who} keeps each message of {queue} in {store} and "
                    f"{code_name(resends[0].endpoint) if resends[0].endpoint else resends[0].who} "
                    "sends them again: a replay log beside a queue"
                )
                finding = self.finding(message, queue).at(consumer, *places, *resends).variety("archive")
                yield self._advised(finding)
            else:
                message = (
                    f"{consumer.who} archives each message of {queue} in {store}: check that its retention is enough"
                )
                yield (
                    self.finding(message, queue)
                    .at(consumer, *places)
                    .as_(Severity.INFO)
                    .variety("kept")
                    .capped(Confidence.LOW, "no code was found that sends them again")
                )

    def _peek(self, queue: ChannelNode) -> Iterator[Finding]:
        for consumer in queue.consumers().in_code().unless_tooling():
            acks = consumer.fact("acks")
            deletes = {ack.get("kind") for ack in acks or ()} & {"delete", "delete-batch"}
            if consumer.fact("visibility") == 0 and acks is not None and not deletes:
                message = f"{consumer.who} looks at {queue} without taking anything from it: a queue is read like a log"
                yield self._advised(self.finding(message, queue).at(consumer).variety("peek"))

    def _copy(self, queue: ChannelNode, copies: list[ChannelNode]) -> Iterator[Finding]:
        for copy in copies:
            copied = copy.producers().where(lambda use: use.fact("payload_is_body") is True)
            if copy.key == queue.key or not copied or not queue.consumers().in_code():
                continue
            own = {use.who for use in queue.consumers()}
            readers = copy.consumers()
            resending = {use.who for use in queue.producers()}
            if own & {use.who for use in copied} and readers and {use.who for use in readers} <= resending:
                message = f"{copied[0].who} copies each message of {queue} to {copy}, from which it is sent again"
                yield self._advised(self.finding(message, queue, copy).at(*copied, *readers).variety("copy"))

    @staticmethod
    def _advised(finding: Finding) -> Finding:
        return finding.checked(
            "dead-letter redrive: no", "EventBridge archive: no", "claim check: no", "test tool: no"
        ).advise("read from a stream with retention and return to a position", "or use an EventBridge archive")


def _named_copy(queue: ChannelNode) -> bool:
    return (queue.name.text or "").lower().removesuffix(".fifo").endswith(("-copy", "-archive"))


_KEEPER = """
    import boto3

    sqs, s3 = boto3.client("sqs"), boto3.client("s3")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def main():
        while True:
            for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                s3.put_object(Bucket="orders-archive", Key=message["MessageId"], Body=message["Body"])
                print("handled", message["Body"])
                sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    main()
    """
_PEEK = """
    import asyncio
    import aioboto3

    async def main():
        async with aioboto3.Session().resource("sqs") as sqs:
            queue = await sqs.get_queue_by_name(QueueName="NAME")
            while True:
                for message in await queue.receive_messages(VisibilityTimeout=0, WaitTimeSeconds=20):
                    print(await message.body)

    asyncio.run(main())
    """
HandBuiltReplay.bad = (
    Example(
        {
            "orders/worker.py": _KEEPER,
            "orders/replay.py": """
                import boto3

                sqs, s3 = boto3.client("sqs"), boto3.client("s3")
                URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

                def replay(keys):
                    for key in keys:
                        body = s3.get_object(Bucket="orders-archive", Key=key)["Body"].read().decode()
                        sqs.send_message(QueueUrl=URL, MessageBody=body)

                replay(["1", "2"])
                """,
        },
        "each body goes to S3 and a script sends them again",
    ),
    Example({"watcher/app.py": _PEEK.replace("NAME", "orders")}, "a service peeks at a queue"),
)
HandBuiltReplay.good = (
    Example(
        {
            "orders/reader.py": """
                import boto3

                kinesis = boto3.client("kinesis")

                def replay(shard, since):
                    iterator = kinesis.get_shard_iterator(
                        StreamName="orders", ShardId=shard, ShardIteratorType="AT_TIMESTAMP", Timestamp=since
                    )["ShardIterator"]
                    print(kinesis.get_records(ShardIterator=iterator)["Records"])
                """,
        },
        "a stream keeps the history",
    ),
    Example({"watcher/app.py": _PEEK.replace("NAME", "orders-dlq")}, "dead letters are looked at"),
)
