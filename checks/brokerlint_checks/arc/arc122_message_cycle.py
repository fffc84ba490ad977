"""ARC122 message-cycle."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Cycle, Topology, signals

_BOUNDS = frozenset({"attempt", "depth", "cursor", "remaining", "other"})


class MessageCycle(Check):
    """Messages can travel in a circle.

    ## What it finds
    A handler that sends to a channel from which, over other handlers and subscriptions, messages come back to the
    channel it received from. It is tested for each handler, never for a whole service. A Lambda function that sends to
    the queue of its own mapping without a bound is an error: the platform stops it after some rounds as a recursion.

    ## Why it is bad
    One message can keep all the services of the circle busy for ever, and each round is paid for.

    ## When it is fine
    A condition on an attempt, a depth, a cursor or what remains ends the chain; the edge is a redrive or retry; the
    circle is a request with its reply (see ARC121); the event types along it differ; recursion is allowed on purpose. A
    handler that sends to itself with a delay schedules itself: that is told as advice.

    ## Known problems
    Whether a branch ends the chain is not always seen: a send that stands in a branch gives medium.
    """

    id, name = "ARC122", "message-cycle"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    sources = ("https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every circle without a seen end."""
        for cycle in topology.cycles():
            if not _ends(cycle) and not _is_call(cycle) and not _typed_apart(cycle):
                yield self._circle(topology, cycle)

    def _circle(self, topology: Topology, cycle: Cycle) -> Finding:
        parts = []
        for step in cycle.steps:
            source = topology.channel(step.source)
            parts.append(f"'{source.label if source else step.source}' -> {step.produce.who}")
        first = cycle.channels[0].label
        finding = (
            self.finding(f"messages can travel in a circle: {' -> '.join(parts)} -> '{first}'", *cycle.channels)
            .at(*(step.consume for step in cycle.steps), *(step.produce for step in cycle.steps))
            .checked("bound on attempts, depth or cursor: none seen", "redrive: no", "request and reply: no")
            .advise("carry a counter in the message and stop at a limit")
        )
        sends = [step.produce for step in cycle.steps if step.produce.endpoint]
        if any(send.fact("conditional") is None for send in sends):
            finding = finding.capped(Confidence.LOW, "whether a branch ends the chain is not known")
        if any(send.fact("conditional") for send in sends):
            finding = finding.capped(Confidence.MEDIUM, "a send stands in a branch that may end the chain")
        ends = [use for step in cycle.steps for use in (step.consume, step.produce) if use is not None]
        if any(use.confidence < Confidence.HIGH for use in ends):
            finding = finding.capped(Confidence.LOW, "a channel on the way is only one of several possible ones")
        if len(cycle.steps) > 1:
            return finding
        consume = cycle.steps[0].consume
        mapped = consume is not None and consume.link is not None and consume.link.kind == "event_source_mapping"
        if mapped and sends and all(send.fact("conditional") is False for send in sends):
            return finding.as_(Severity.ERROR).variety("self")
        if any(send.fact("delay") or send.fact("countdown") for send in sends) and not mapped:
            return finding.as_(Severity.ADVICE).variety("self")
        return finding.variety("self")


def _ends(cycle: Cycle) -> bool:
    """A step has a bound, waits for another attempt, or recursion is allowed on purpose."""
    for step in cycle.steps:
        guards = {guard.get("on", "other") for guard in step.produce.fact("guards") or ()}
        service = step.produce.service
        allowed = service is not None and service.properties.get("recursive_loop") == "Allow"
        endpoint = step.produce.endpoint
        again = endpoint is not None and endpoint.operation.rpartition(".")[2] == "retry"
        if guards & _BOUNDS or allowed or again or step.produce.fact("in_except"):
            return True
    return any(signals.is_retry(node) or node.is_dead_letter() or "*" in node.label for node in cycle.channels)


def _is_call(cycle: Cycle) -> bool:
    """A request and its answer: somebody waits for it, or a reply channel is named so."""
    waits = any(step.produce.fact("waits_for_reply") for step in cycle.steps)
    return waits or any(node.declaration.role == "reply" or node.declaration.rpc for node in cycle.channels)


def _typed_apart(cycle: Cycle) -> bool:
    """A handler on the way looks only at event types that are not sent to it."""
    for step, after in zip(cycle.steps, cycle.steps[1:] + cycle.steps[:1], strict=True):
        sent = step.produce.fact("event_type")
        wanted = after.consume.fact("event_types") if after.consume else None
        if sent and wanted and sent not in wanted:
            return True
    return False


_HANDLER = """
    import boto3

    sqs = boto3.client("sqs")
    IN = "https://sqs.eu-west-1.amazonaws.com/123456789012/{source}"
    OUT = "https://sqs.eu-west-1.amazonaws.com/123456789012/{target}"

    def main():
        while True:
            for message in sqs.receive_message(QueueUrl=IN, WaitTimeSeconds=20).get("Messages", []):
                sqs.send_message(QueueUrl=OUT, MessageBody=message["Body"])
                sqs.delete_message(QueueUrl=IN, ReceiptHandle=message["ReceiptHandle"])

    main()
    """


def _handler(source: str, target: str) -> str:
    return _HANDLER.replace("{source}", source).replace("{target}", target)


_SERVERLESS = """
    service: pages
    provider: {name: aws, runtime: python3.12}
    functions:
      crawl:
        handler: app.handler
        events: [{sqs: {arn: "arn:aws:sqs:eu-west-1:123456789012:pages"}}]
    """
_CRAWL = """
    import json
    import boto3

    queue = boto3.resource("sqs").get_queue_by_name(QueueName="pages")

    def handler(event, context):
        for record in event["Records"]:
            page = json.loads(record["body"])
            SEND
    """
_SEND = 'queue.send_message(MessageBody=json.dumps({"depth": page["depth"] + 1}))'
MessageCycle.bad = (
    Example(
        {"stock/app.py": _handler("stock", "prices"), "pricing/app.py": _handler("prices", "stock")},
        "two services answer each other for ever",
    ),
    Example({"loop/app.py": _handler("stock", "stock")}, "a handler feeds its own queue"),
    Example({"serverless.yml": _SERVERLESS, "app.py": _CRAWL.replace("SEND", _SEND)}, "a function feeds its own queue"),
)
MessageCycle.good = (
    Example(
        {"stock/app.py": _handler("stock", "prices"), "pricing/app.py": _handler("prices", "labels")},
        "a chain with an end",
    ),
    Example(
        {
            "serverless.yml": _SERVERLESS,
            "app.py": _CRAWL.replace("SEND", f'if page["depth"] < 50:\n                {_SEND}'),
        },
        "the next page, up to a depth",
    ),
)
