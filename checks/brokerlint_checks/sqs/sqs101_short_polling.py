"""SQS101 short-polling."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.facts import Endpoint
from brokerlint.tables import limit, price, table
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import code_name

_FRAMEWORKS = frozenset({"celery", "kombu"})


class ShortPolling(Check):
    """A loop asks a queue for messages without waiting for any to arrive.

    ## What it finds
    `receive_message` in an endless loop with an effective wait time of 0: the call gives none, or 0, and the queue's
    own `ReceiveMessageWaitTimeSeconds` is 0 or absent. Where the queue is not declared in the tree its attribute may
    still be set: the level is medium.

    ## Why it is bad
    Every empty answer is a paid request, by the million each month for an idle worker, and a short poll asks only some
    of the servers, so that messages are seen late.

    ## When it is fine
    The queue's attribute is above 0, the loop sleeps 20 seconds or more between polls, or a tool drains the queue once
    and ends when it is empty. Celery and kombu wait 10 seconds by themselves.
    """

    id, name = "SQS101", "short-polling"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "graph"
    fix = "auto"
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/best-practices-setting-up-long-polling.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every loop that polls with wait time 0."""
        for endpoint in topology.endpoints(role="consume", system="sqs"):
            if endpoint.library in _FRAMEWORKS or not _polls_for_ever(endpoint) or "wait_time" not in endpoint.facts:
                continue
            queues = topology.channels_of(endpoint)
            wait = endpoint.facts["wait_time"]
            attributes = [queue.effective_wait() for queue in queues] if wait is None else [wait]
            if any(value for value in attributes):
                continue
            known = wait == 0 or (attributes and all(value == 0 for value in attributes))
            yield self._short(endpoint, queues, known=bool(known))

    def _short(self, endpoint: Endpoint, queues: tuple[ChannelNode, ...], *, known: bool) -> Finding:
        name = ", ".join(queue.label for queue in queues) or "a queue"
        millions, cost = _idle_cost(endpoint)
        dollars = f"${cost:.0f}" if cost >= 1 else f"${cost:.2f}"
        finding = (
            self.finding(
                f"{code_name(endpoint)} polls '{name}' without waiting: about {millions:.1f} million empty requests "
                f"a month per idle worker (about {dollars})",
                *queues,
            )
            .at(endpoint)
            .checked("wait time of the queue: 0 or not set", "sleep of 20 s or more: no", "one-time drain: no")
            .advise(f"wait for messages: WaitTimeSeconds={limit('sqs', 'max_wait')}")
        )
        if endpoint.facts.get("loop") == "over-channels" or len(queues) > 1:
            return finding.advise("one thread for each queue, so that an empty one holds up no other")
        wait = limit("sqs", "max_wait")
        place = endpoint.call_chain[-1] if endpoint.call_chain else endpoint.place
        edit = Edit(place, "set-keyword", "WaitTimeSeconds", str(wait), "receive_message")
        edits = (edit,) if endpoint.operation == "receive_message" else ()
        finding = finding.fixed_by(Fix(f"add WaitTimeSeconds={wait}", _may_wait(endpoint), edits))
        return finding if known else finding.capped(Confidence.MEDIUM, "the queue's own wait time is not known")


def _polls_for_ever(endpoint: Endpoint) -> bool:
    facts = endpoint.facts
    endless = facts.get("loop") == "forever" or facts.get("loop_kind") == "while-true"
    slow = (facts.get("sleep_between") or 0) >= limit("sqs", "max_wait")
    return endless and not slow and not facts.get("stops_on_empty")


def _may_wait(endpoint: Endpoint) -> bool:
    """Nobody else calls the receiving call, and the client is known not to give up while it waits."""
    timeout = endpoint.facts.get("client_read_timeout", 0)
    return not endpoint.call_chain and (timeout is None or timeout > limit("sqs", "max_wait"))


def _idle_cost(endpoint: Endpoint) -> tuple[float, float]:
    """Millions of requests a month that an idle worker makes, and their price."""
    model = table("prices")["assumptions"]
    pause = (endpoint.facts.get("sleep_between") or 0) + model["round_trip_seconds"]
    requests = model["seconds_per_month"] / pause / 1e6
    return requests, requests * price("sqs_standard_requests")


_LOOP = """
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def main():
        while True:
            answer = sqs.receive_message(QueueUrl=URL)
            for message in answer.get("Messages", []):
                print(message["Body"])
                sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    main()
    """
ShortPolling.bad = (
    Example({"worker.py": _LOOP}, "no wait time", Confidence.MEDIUM),
    Example({"worker.py": _LOOP.replace("QueueUrl=URL)", "QueueUrl=URL, WaitTimeSeconds=0)", 1)}, "wait time 0"),
)
ShortPolling.good = (
    Example({"worker.py": _LOOP.replace("QueueUrl=URL)", "QueueUrl=URL, WaitTimeSeconds=20)", 1)}, "long polling"),
    Example(
        {
            "template.yaml": """
                AWSTemplateFormatVersion: "2010-09-09"
                Resources:
                  Orders:
                    Type: AWS::SQS::Queue
                    Properties: {QueueName: orders, ReceiveMessageWaitTimeSeconds: 20}
                """,
            "worker.py": _LOOP,
        },
        "the queue itself makes receivers wait",
    ),
)
