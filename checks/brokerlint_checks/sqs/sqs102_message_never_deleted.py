"""SQS102 message-never-deleted."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name

_BY_ITSELF = frozenset({"lambda-handler", "decorator", "callback", "framework-task", "framework-stream"})
_DELETES = frozenset({"delete", "delete-batch", "acknowledge"})


class MessageNeverDeleted(Check):
    """A service receives messages, and no path deletes them.

    ## What it finds
    A `receive_message` whose messages reach no `delete_message` or `delete_message_batch` anywhere in the service, and
    no code that could not be followed.

    ## Why it is bad
    Receiving only hides a message. After the visibility timeout it comes back and is handled again, and again, until it
    expires or lands among the dead letters. Every effect of the handler is repeated as often.

    ## When it is fine
    Messages or their receipt handles go where they could not be followed, are returned or handed to another service;
    the visibility timeout is 0, so that nothing is taken (see ARC113); dead letters are only looked at; a framework or
    Lambda deletes them.

    ## Known problems
    A delete in another process that gets the receipt handle by way of a database is not seen.
    """

    id, name = "SQS102", "message-never-deleted"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every receive without a delete."""
        for endpoint in topology.endpoints(role="consume", system="sqs"):
            facts = endpoint.facts
            acks = facts.get("acks")
            if acks is None or facts.get("messages_escape") is not False or facts.get("visibility") == 0:
                continue
            if _deletes(acks) or facts.get("loop_kind") in _BY_ITSELF or _deleted_elsewhere(topology, endpoint):
                continue
            queues = topology.channels_of(endpoint)
            uses = topology.uses_of(endpoint)
            if any(queue.is_dead_letter() for queue in queues) or (uses and not uses.unless_tooling()):
                continue
            name = ", ".join(queue.label for queue in queues) or "a queue"
            visibility = next(
                (v for queue in queues if (v := queue.effective("visibility_timeout", "default_visibility"))), None
            )
            again = f"after {visibility} s" if visibility else "after the visibility timeout"
            dead = any(queue.dead_letter() for queue in queues)
            end = "it lands among the dead letters" if dead else "it expires"
            yield (
                self.finding(
                    f"{code_name(endpoint)} receives from '{name}' and no path deletes: every message comes back "
                    f"{again} until {end}",
                    *queues,
                )
                .at(endpoint)
                .checked("messages passed on to unknown code: no", "peek with visibility timeout 0: no")
                .checked("dead-letter inspection: no", "framework that deletes: no")
                .advise("delete each message after its work has succeeded")
            )


def _deletes(acks: object) -> bool:
    return isinstance(acks, list | tuple) and any(ack.get("kind") in _DELETES for ack in acks)


def _deleted_elsewhere(topology: Topology, receive: Endpoint) -> bool:
    """Another receive of the same services or file is deleted from: the delete may serve both."""
    return any(
        _deletes(other.facts.get("acks"))
        for other in topology.endpoints(role="consume", system="sqs")
        if other.id != receive.id
        and (set(other.services) & set(receive.services) or other.place.path == receive.place.path)
        and {c.id for c in other.channels} & {c.id for c in receive.channels}
    )


_WORKER = """
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def main():
        while True:
            answer = sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20)
            for message in answer.get("Messages", []):
                print(message["Body"])

    main()
    """
_RESOURCE = """
    import asyncio
    import aioboto3

    async def main():
        async with aioboto3.Session().resource("sqs") as sqs:
            queue = await sqs.Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/orders")
            while True:
                for message in await queue.receive_messages(WaitTimeSeconds=20):
                    print(await message.body)
                    MORE

    asyncio.run(main())
    """
MessageNeverDeleted.bad = (
    Example({"worker.py": _WORKER}, "receive and forget", Confidence.MEDIUM),
    Example({"worker.py": _RESOURCE.replace("MORE", 'print("done")')}, "the same with a resource", Confidence.MEDIUM),
)
MessageNeverDeleted.good = (
    Example(
        {
            "worker.py": _WORKER.replace(
                'print(message["Body"])',
                'print(message["Body"])\n                '
                'sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])',
            )
        },
        "deleted after the work",
    ),
    Example(
        {"worker.py": _RESOURCE.replace("MORE", "await message.delete()")},
        "deleted through the message",
    ),
    Example(
        {
            "serverless.yml": """
            service: orders
            provider: {name: aws, runtime: python3.12}
            functions:
              work:
                handler: worker.handler
                events: [{sqs: {arn: "arn:aws:sqs:eu-west-1:123456789012:orders"}}]
            """,
            "worker.py": """
            def handler(event, context):
                for record in event["Records"]:
                    print(record["body"])
            """,
        },
        "the platform deletes what a function has handled",
    ),
)
