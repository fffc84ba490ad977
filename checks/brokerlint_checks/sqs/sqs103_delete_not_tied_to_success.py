"""SQS103 delete-not-tied-to-success."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name

_WHERE = {
    "before": "before the work",
    "finally": "in a finally block",
    "except": "in the handler of an error",
    "always": "after an error that was swallowed",
}


class DeleteNotTiedToSuccess(Check):
    """A message is removed although its work may have failed.

    ## What it finds
    A delete before the handler's effects, in a `finally`, or after a broad `except` that only logs; a Lambda handler
    that catches everything around its records and returns normally, without reporting failures.

    ## Why it is bad
    When the work fails the message is gone: no second attempt, no dead letter, nothing to look at.

    ## When it is fine
    At-most-once is declared (`best_effort`), the failure is stored or sent to a dead-letter queue, only an error that
    no retry can cure is caught, or what comes before the delete has no effects. Where messages
    reach code that could not be followed nothing is said.
    """

    id, name = "SQS103", "delete-not-tied-to-success"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every delete that does not wait for success."""
        for endpoint in topology.endpoints(role="consume", system="sqs"):
            queues = topology.channels_of(endpoint)
            if any(signals.is_quiet(queue) for queue in queues) or endpoint.library in ("celery", "kombu"):
                continue
            if not endpoint.facts.get("effects") or endpoint.facts.get("messages_escape") is True:
                continue
            found = _early(endpoint.facts)
            if found is None:
                continue
            where, places = found
            queue = topology.label_of(endpoint)
            yield (
                self.finding(
                    f"{code_name(endpoint)} removes messages of '{queue}' {where}: a failure loses them",
                    *queues,
                )
                .at(endpoint, *places)
                .checked("failure stored or dead-lettered: no", "only a permanent error is caught: no")
                .checked("declared best effort: no")
                .advise("delete the message after the work, and only when it succeeded")
            )


def _early(facts: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]] | None:
    """Where the removal stands, and its places; None when it follows success or that is not known."""
    shape = facts.get("try_shape") or {}
    saved = shape.get("to_dlq") or shape.get("re_raises")
    for ack in facts.get("acks") or ():
        if ack.get("kind") not in ("delete", "delete-batch"):
            continue
        position = ack.get("position")
        if position == "except" and ack.get("broad") is not True:
            continue
        if position in _WHERE and not (saved and position != "before"):
            return _WHERE[position], signals.said([ack], "deletes the message")
    swallows = shape.get("broad") and shape.get("swallows") and shape.get("logs_only") and not saved
    kinds = {ack.get("kind") for ack in facts.get("acks") or ()}
    if facts.get("loop_kind") == "lambda-handler" and swallows and "return-failures" not in kinds:
        return "by returning normally from a handler that catches everything", signals.said(
            [shape], "catches everything"
        )
    return None


_WORKER = """
    import boto3
    import requests

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def main():
        while True:
            for message in sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20).get("Messages", []):
                BODY

    main()
    """


def _worker(*lines: str) -> dict[str, str]:
    return {"worker.py": _WORKER.replace("BODY", "\n                ".join(lines))}


_DELETE = 'sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])'
_POST = 'requests.post("https://bank.example/charge", data=message["Body"]).raise_for_status()'
_SERVERLESS = """
    service: orders
    provider: {name: aws, runtime: python3.12}
    functions:
      charge:
        handler: charge.handler
        events: [{sqs: {arn: "arn:aws:sqs:eu-west-1:123456789012:orders"}}]
    """
_FUNCTION = """
    import requests

    def handler(event, context):
        for record in event["Records"]:
            try:
                requests.post("https://bank.example/charge", data=record["body"]).raise_for_status()
            except Exception as error:
                print("failed", error)
                MORE
    """
DeleteNotTiedToSuccess.bad = (
    Example(_worker("try:", f"    {_POST}", "finally:", f"    {_DELETE}"), "deleted in finally"),
    Example(_worker(_DELETE, _POST), "deleted before the work"),
    Example({"serverless.yml": _SERVERLESS, "charge.py": _FUNCTION.replace("MORE", "continue")}, "a function swallows"),
)
DeleteNotTiedToSuccess.good = (
    Example(_worker(_POST, _DELETE), "deleted after the work"),
    Example(
        _worker("try:", f"    {_POST}", f"    {_DELETE}", "except Exception:", '    print("left for another attempt")'),
        "a failure leaves the message",
    ),
    Example(
        {"serverless.yml": _SERVERLESS, "charge.py": _FUNCTION.replace("MORE", "raise")}, "a function fails as a whole"
    ),
)
