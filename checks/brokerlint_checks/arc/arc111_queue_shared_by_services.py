"""ARC111 queue-shared-by-services."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.checking.wording import joined
from brokerlint.topology import ChannelNode, Topology, Use, Uses


class QueueSharedByServices(Check):
    """Several services receive from one queue: each message reaches only one of them.

    ## What it finds
    A queue that two or more programs of one environment receive from, by polling or through a Lambda mapping, with
    different handlers. Two mappings with filters on one queue are an error: each discards what its filter rejects.

    ## Why it is bad
    A queue gives each message to one receiver. What billing takes, shipping never sees. Nothing fails; orders are just
    missing on one side, at random.

    ## When it is fine
    Several instances of one worker (the same image and command, or the same handler), one side is a tool for purging or
    redriving, a mapping is switched off, or the queue holds dead letters. Declare `shared_workers = true` when
    different programs really share the work.

    ## Known problems
    Where only folders tell what a service is, two entry points of one program look like two services: the level is
    medium. So it is while what the handlers do could not be compared.
    """

    id, name = "ARC111", "queue-shared-by-services"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html",
        "https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every queue with consumers of several programs."""
        for queue in topology.channels(kind="queue"):
            if queue.is_dead_letter() or queue.declaration.shared_workers:
                continue
            consumers = queue.consumers().unless_tooling().at_least(Confidence.HIGH).in_same_environment()
            workers = different_workers(consumers)
            if len(workers) > 1:
                yield self._shared(queue, workers)

    def _shared(self, queue: ChannelNode, workers: list[Uses]) -> Finding:
        names = sorted({use.who for worker in workers for use in worker})
        finding = (
            self.finding(f"{queue} is consumed by {joined(names)}: each message reaches only one of them", queue)
            .at(*(worker[0] for worker in workers))
            .checked("same image and command: no", "same handler: no", "tool or dead-letter drainer: no")
            .checked("mapping switched off: no")
            .advise("publish to an SNS topic with one queue for each service")
            .advise("set shared_workers = true for the queue when the services are meant to share the work")
        )
        uses = Uses(use for worker in workers for use in worker)
        filtered = [use for use in uses if use.link is not None and use.link.properties.get("filters")]
        if len({use.who for use in filtered}) > 1:
            return finding.as_(Severity.ERROR).variety("filters")
        return finding.capped(*_comparison(uses))


def different_workers(consumers: Uses) -> list[Uses]:
    """Consumers by what they really run: programs with the same handlers are one worker, many times."""
    workers: dict[object, list[Use]] = {}
    for program, uses in consumers.programs().items():
        handlers = uses.handlers()
        workers.setdefault(handlers or program, []).extend(uses)
    distinct: list[Uses] = []
    for found in workers.values():
        uses = Uses(found)
        if not any(_copies(uses, other) for other in distinct):
            distinct.append(uses)
    return distinct


def _copies(one: Uses, other: Uses) -> bool:
    """The same handler, copied into a second program: equal function names, effects and fields read."""
    a, b = one[0], other[0]
    if a.endpoint is None or b.endpoint is None or a.endpoint.function != b.endpoint.function:
        return bool(set(one.handlers()) & set(other.handlers()))
    reads = a.fact("body_paths")
    same = reads is not None and reads == b.fact("body_paths")
    return same and a.effects() is not None and a.effects() == b.effects()


def _comparison(uses: Uses) -> tuple[Confidence, str]:
    """How sure it is that the consumers do different things."""
    coded = uses.in_code()
    if any(use.service and use.service.platform == "unknown" for use in coded):
        return Confidence.MEDIUM, "only folders tell the services apart"
    effects = [use.effects() for use in coded]
    if None in effects:
        return Confidence.MEDIUM, "what the handlers do could not be compared"
    if len(coded) > 1 and len(set(effects)) == 1:
        return Confidence.MEDIUM, "the handlers do the same kinds of things"
    return Confidence.CERTAIN, ""


_BILLING = """
    import boto3

    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def invoice(order):
        print("invoice", order)

    def main():
        while True:
            answer = sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20)
            for message in answer.get("Messages", []):
                invoice(message["Body"])
                sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

    main()
    """
_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Globals: {Function: {Handler: app.handler, Runtime: python3.12}}
    Resources:
      Orders: {Type: AWS::SQS::Queue}
      Billing:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: billing/
          Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}}
      Shipping:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: shipping/
          Events: {Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, Enabled: VALUE}}}
    """


def _mapped(enabled: str) -> dict[str, str]:
    return {
        "template.yaml": _TEMPLATE.replace("VALUE", enabled),
        "billing/app.py": "def handler(event, context):\n    print('invoice', event)\n",
        "shipping/app.py": "def handler(event, context):\n    print('parcel', event)\n",
    }


QueueSharedByServices.bad = (
    Example(
        {
            "docker-compose.yml": """
                services:
                  billing: {build: ./billing, command: python app.py}
                  shipping: {build: ./shipping, command: python app.py}
                """,
            "billing/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "billing/app.py": _BILLING,
            "shipping/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "shipping/app.py": _BILLING.replace("invoice", "book_parcel").replace("main", "serve"),
        },
        "billing and shipping poll one queue",
        Confidence.MEDIUM,
    ),
    Example(_mapped("true"), "two functions mapped to one queue"),
)
QueueSharedByServices.good = (
    Example(
        {
            "docker-compose.yml": """
                services:
                  billing: {build: ./billing, command: python app.py}
                  shipping: {build: ./shipping, command: python app.py}
                """,
            "billing/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "billing/app.py": _BILLING.replace("/orders", "/orders-billing"),
            "shipping/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "shipping/app.py": _BILLING.replace("/orders", "/orders-shipping").replace("invoice", "book_parcel"),
        },
        "a queue for each service, fed by one topic",
    ),
    Example(_mapped("false"), "a mapping is switched off"),
    Example(
        {
            "docker-compose.yml": """
                services:
                  worker: {build: ./billing, command: python app.py}
                  worker-two: {build: ./billing, command: python app.py}
                """,
            "billing/Dockerfile": "FROM python:3.12\nCOPY . .\n",
            "billing/app.py": _BILLING,
        },
        "two instances of one worker share the work",
    ),
)
