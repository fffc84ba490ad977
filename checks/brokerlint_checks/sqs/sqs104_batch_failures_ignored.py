"""SQS104 batch-failures-ignored."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.places import Place
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


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
    (then at most medium).
    """

    id, name = "SQS104", "batch-failures-ignored"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    fix = "auto-unsafe"
    sources = ("https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every batch call whose failures are not read."""
        for endpoint in topology.endpoints(system=("sqs", "kinesis-queue")):
            if endpoint.role == "produce" and endpoint.facts.get("batch") and _unread(endpoint.facts.get("response")):
                yield self._ignored(topology, endpoint, endpoint.place, endpoint.operation.rpartition(".")[2])
            for ack in endpoint.facts.get("acks") or ():
                batch = ack.get("kind") == "delete-batch" or ack.get("batch")
                if endpoint.role == "consume" and batch and _unread(ack.get("response")):
                    (place,) = signals.places([ack])
                    yield self._ignored(topology, endpoint, place, "delete_message_batch")

    def _ignored(self, topology: Topology, endpoint: Endpoint, place: Place, call: str) -> Finding:
        message = f"{call} in {code_name(endpoint)} can fail for single entries with HTTP 200; 'Failed' is never read"
        finding = (
            self.finding(message, *topology.channels_of(endpoint))
            .at(place.saying(f"calls {call}"), endpoint)
            .checked("answer returned or passed on: no", "key 'Failed' read: no")
            .advise("send or delete the entries of 'Failed' again, or raise")
        )
        if endpoint.facts.get("max_entries") == 1:
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
BatchFailuresIgnored.bad = (
    Example({"sender.py": _SENDER.replace("LINE", _CALL)}, "the answer is dropped"),
    Example(
        {"sender.py": _SENDER.replace("LINE", f'answer = {_CALL}\n        print(len(answer["Successful"]))')},
        "only the successes are counted",
    ),
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
)
