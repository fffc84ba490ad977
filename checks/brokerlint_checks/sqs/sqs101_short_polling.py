"""SQS101 short-polling."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.facts import Endpoint
from brokerlint.places import Place
from brokerlint.tables import limit, price, table
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import by_sink, sink_name

_FRAMEWORKS = frozenset({"celery", "kombu"})
_SET_ATTRIBUTES = frozenset({"create_queue", "set_queue_attributes"})


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
    The queue's attribute is above 0 (or code sets it), the loop sleeps 20 seconds or more between polls, or a tool
    drains the queue once and ends when it is empty. Celery and kombu wait 10 seconds by themselves.
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
        short = [e for e in topology.endpoints(role="consume", system="sqs") if _is_short(topology, e)]
        for place, endpoints in by_sink(short):
            yield self._short(topology, place, endpoints)

    def _short(self, topology: Topology, place: Place, endpoints: list[Endpoint]) -> Finding:
        endpoint = endpoints[0]
        queues = tuple({q.key: q for each in endpoints for q in topology.channels_of(each)}.values())
        name = f"'{', '.join(dict.fromkeys(queue.label for queue in queues))}'" if queues else "a queue of unknown name"
        finding = (
            self.finding(
                f"{sink_name(endpoints)} polls {name} without waiting: {_idle(endpoint)}",
                *queues,
            )
            .at(place.saying("receives without waiting"), *endpoints)
            .checked("wait time of the queue: 0 or not set", "sleep of 20 s or more: no", "one-time drain: no")
            .advise(f"wait for messages: WaitTimeSeconds={limit('sqs', 'max_wait')}")
        )
        if not all(_known_short(topology, each) for each in endpoints):
            finding = finding.capped(Confidence.MEDIUM, "the queue's own wait time is not known")
        if endpoint.facts.get("loop") == "over-channels" or len(queues) > 1:
            return finding.advise("one thread for each queue, so that an empty one holds up no other")
        wait = limit("sqs", "max_wait")
        edit = Edit(place, "set-keyword", "WaitTimeSeconds", str(wait), "receive_message")
        edits = (edit,) if endpoint.operation == "receive_message" else ()
        return finding.fixed_by(Fix(f"add WaitTimeSeconds={wait}", all(map(_may_wait, endpoints)), edits))


def _is_short(topology: Topology, endpoint: Endpoint) -> bool:
    """It polls for ever and nothing is known to make it wait: neither the call nor, where that is silent, the queue."""
    if endpoint.library in _FRAMEWORKS or not _polls_for_ever(endpoint) or "wait_time" not in endpoint.facts:
        return False
    wait = endpoint.facts["wait_time"]
    if wait is not None:
        return bool(wait == 0)
    return not any(queue.effective_wait() or _made_in_code(queue) for queue in topology.channels_of(endpoint))


def _known_short(topology: Topology, endpoint: Endpoint) -> bool:
    """The call says 0, or it is silent and the queue is known to answer at once."""
    queues = topology.channels_of(endpoint)
    return endpoint.facts["wait_time"] == 0 or (bool(queues) and all(q.effective_wait() == 0 for q in queues))


def _made_in_code(queue: ChannelNode) -> bool:
    """Code of the tree sets the queue's attributes, which may make receivers wait."""
    calls = {use.endpoint.operation.rpartition(".")[2] for use in queue.uses if use.role == "manage" and use.endpoint}
    return bool(calls & _SET_ATTRIBUTES)


def _polls_for_ever(endpoint: Endpoint) -> bool:
    facts = endpoint.facts
    endless = facts.get("loop") == "forever" or facts.get("loop_kind") == "while-true"
    slow = (facts.get("sleep_between") or 0) >= limit("sqs", "max_wait")
    return endless and not slow and not facts.get("stops_on_empty")


def _may_wait(endpoint: Endpoint) -> bool:
    """Nobody else calls the receiving call, and the client is known not to give up while it waits."""
    timeout = endpoint.facts.get("client_read_timeout", 0)
    return not endpoint.call_chain and (timeout is None or timeout > limit("sqs", "max_wait"))


def _idle(endpoint: Endpoint) -> str:
    """What an idle worker asks for in a month, and the price, where the pauses between its polls are known."""
    if endpoint.facts.get("sleeps_unknown"):
        return "every empty answer is a paid request"
    model = table("prices")["assumptions"]
    pause = (endpoint.facts.get("sleep_between") or 0) + model["round_trip_seconds"]
    requests = model["seconds_per_month"] / pause / 1e6
    cost = requests * price("sqs_standard_requests")
    dollars = f" (about ${cost:.0f})" if cost >= 1 else ""
    return f"about {requests:.1f} million empty requests a month per idle worker{dollars}"


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
_ASYNC = """
    import asyncio
    import aioboto3

    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    async def main():
        async with aioboto3.Session().client("sqs") as sqs:
            while True:
                answer = await sqs.receive_message(QueueUrl=URLWAIT)
                for message in answer.get("Messages", []):
                    print(message["Body"])
                    await sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    asyncio.run(main())
    """
ShortPolling.bad = (
    Example({"worker.py": _LOOP}, "no wait time", Confidence.MEDIUM),
    Example({"worker.py": _LOOP.replace("QueueUrl=URL)", "QueueUrl=URL, WaitTimeSeconds=0)", 1)}, "wait time 0"),
    Example({"worker.py": _ASYNC.replace("WAIT", "")}, "the same in a coroutine"),
)
ShortPolling.good = (
    Example({"worker.py": _LOOP.replace("QueueUrl=URL)", "QueueUrl=URL, WaitTimeSeconds=20)", 1)}, "long polling"),
    Example(
        {
            "main.tf": 'resource "aws_sqs_queue" "orders" {\n  name = "orders"\n  receive_wait_time_seconds = 20\n}\n',
            "worker.py": _ASYNC.replace("WAIT", ""),
        },
        "the queue itself makes receivers wait",
    ),
)
