"""SQS104 batch-failures-ignored."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.places import Place
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import by_sink, code_name, sink_name


class BatchFailuresIgnored(Check):
    """A batch call reports failed entries in an answer that nobody reads.

    ## What it finds
    `send_message_batch`, `delete_message_batch`, `change_message_visibility_batch` (and the batch calls of Kinesis
    queues) whose answer is dropped, or of which other keys than `Failed` are read.

    ## Why it is bad
    The call succeeds with HTTP 200 although single entries failed. Those are lost when sent, and handled again when
    deleted.

    ## When it is fine
    The answer is returned to a caller or given to code that could not be followed, or the batch has one literal entry
    (then at most medium). In tools and tests it is told as advice.
    """

    id, name = "SQS104", "batch-failures-ignored"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every batch call whose failures are not read."""
        systems = ("sqs", "kinesis-queue")
        sends = [e for e in topology.endpoints(role="produce", system=systems) if e.facts.get("batch")]
        for place, endpoints in by_sink(e for e in sends if _unread(e.facts.get("response"))):
            call = endpoints[0].operation.rpartition(".")[2]
            yield self._ignored(topology, endpoints, place, call, sink_name(endpoints))
        deletes: dict[tuple[str, int], tuple[Place, list[Endpoint]]] = {}
        for endpoint in topology.endpoints(role="consume", system=systems):
            for ack in endpoint.facts.get("acks") or ():
                batch = ack.get("kind") == "delete-batch" or ack.get("batch")
                if batch and _unread(ack.get("response")):
                    (place,) = signals.places([ack])
                    deletes.setdefault((place.path, place.line), (place, []))[1].append(endpoint)
        for place, endpoints in deletes.values():
            yield self._ignored(topology, endpoints, place, "delete_message_batch", code_name(endpoints[0]))

    def _ignored(self, topology: Topology, endpoints: list[Endpoint], place: Place, call: str, where: str) -> Finding:
        message = f"{call} in {where} can fail for single entries with HTTP 200; 'Failed' is never read"
        channels = [channel for endpoint in endpoints for channel in topology.channels_of(endpoint)]
        finding = (
            self.finding(message, *channels)
            .at(place.saying(f"calls {call}"), *endpoints)
            .checked("answer returned or passed on: no", "key 'Failed' read: no")
            .advise("send or delete the entries of 'Failed' again, or raise")
        )
        if all(topology.is_tooling(endpoint) for endpoint in endpoints):
            finding = finding.as_(Severity.ADVICE)
        if all(endpoint.facts.get("max_entries") == 1 for endpoint in endpoints):
            return finding.capped(Confidence.MEDIUM, "the batch has one entry")
        return finding


def _unread(response: object) -> bool:
    """The answer is known to be dropped, or used without its failures."""
    return response in ("dropped", "used")


_SENDER = """
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def publish(entries):
        LINE
    """
_CALL = "sqs.send_message_batch(QueueUrl=URL, Entries=entries)"
_ASYNC = """
    import aioboto3

    async def publish(url, entries):
        async with aioboto3.Session().client("sqs") as sqs:
            LINE
    """
_AWAIT = "await sqs.send_message_batch(QueueUrl=url, Entries=entries)"
BatchFailuresIgnored.bad = (
    Example({"sender.py": _SENDER.replace("LINE", _CALL)}, "the answer is dropped"),
    Example(
        {"sender.py": _SENDER.replace("LINE", f'answer = {_CALL}\n        print(len(answer["Successful"]))')},
        "only the successes are counted",
    ),
    Example({"sender.py": _ASYNC.replace("LINE", _AWAIT)}, "awaited, and not looked at"),
)
BatchFailuresIgnored.good = (
    Example(
        {
            "sender.py": _SENDER.replace(
                "LINE",
                f'answer = {_CALL}\n        if answer.get("Failed"):\n            raise RuntimeError(answer["Failed"])',
            )
        },
        "failures are raised",
    ),
    Example({"sender.py": _SENDER.replace("LINE", f"return {_CALL}")}, "the caller gets the answer"),
    Example(
        {
            "sender.py": _ASYNC.replace(
                "LINE", f'if (answer := {_AWAIT}).get("Failed"):\n                raise OSError(url)'
            )
        },
        "what failed is raised",
    ),
)
