"""SQS203 lambda-visibility-vs-timeout."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Link, Service
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology

_SHORT = 5
_NEARLY = 5
"""Times the function's timeout: one less than is recommended."""


class LambdaVisibilityVsTimeout(Check):
    """A queue shows a message again while the function that got it may still be working.

    ## What it finds
    A Lambda mapping whose queue has a visibility timeout below the function's timeout (an error: the mapping is
    refused) or below six times that timeout plus the batch window, as AWS recommends. Defaults count where a manifest
    leaves the values out.

    ## Why it is bad
    The message goes to a second invocation while the first still runs: duplicates, and messages that travel to the
    dead-letter queue although they were handled. Throttled invocations need the reserve, too.

    ## When it is fine
    The mapping is switched off, a value is not known, the function ends within 5 seconds and the queue hides
    messages for 30, or the queue hides them for five times the timeout (the latter two are told as info).
    """

    id, name = "SQS203", "lambda-visibility-vs-timeout"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "manifest"
    fix = "patch"
    sources = ("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every mapping whose queue hides messages for too short a time."""
        for queue in topology.channels(system="sqs"):
            visibility = queue.effective("visibility_timeout", "default_visibility")
            for link in queue.links_out("event_source_mapping"):
                service = topology.service(link.target.removeprefix("service:"))
                if service and isinstance(visibility, int) and link.properties.get("enabled") is not False:
                    yield from self._compare(queue, link, service, visibility)

    def _compare(self, queue: ChannelNode, link: Link, service: Service, visibility: int) -> Iterator[Finding]:
        timeout = service.properties.get("timeout")
        if not isinstance(timeout, int):
            return
        factor = int(limit("sqs", "lambda_visibility_factor"))
        wanted = factor * timeout + int(link.properties.get("batch_window") or 0)
        if visibility >= wanted:
            return
        message = f"visibility {visibility} s of '{queue.label}' is below "
        if visibility < timeout:
            message += (
                f"the timeout {timeout} s of {service.name}: the mapping is refused, or messages are handled twice"
            )
        else:
            message += f"{factor} x the timeout {timeout} s of {service.name}: messages can be handled twice"
        certain = Confidence.CERTAIN if visibility < timeout else None
        finding = self.finding(message, queue, confidence=certain).at(queue, link, *service.evidence[:1])
        finding = finding.advise(f"set the queue's visibility timeout to {wanted} s")
        if visibility < timeout:
            yield finding.as_(Severity.ERROR)
        elif visibility >= _NEARLY * timeout or (
            timeout <= _SHORT and visibility >= limit("sqs", "default_visibility")
        ):
            yield finding.as_(Severity.INFO)
        else:
            yield finding


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: orders-dlq}}
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: orders
          VisibilityTimeout: 30
          RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
      Billing:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: billing/
          Handler: app.handler
          Runtime: python3.12
          Timeout: 60
          Events:
            Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}
    """
_HANDLER = "def handler(event, context):\n    for record in event['Records']:\n        print(record['body'])\n"


def _system(visibility: int) -> dict[str, str]:
    template = _TEMPLATE.replace("VisibilityTimeout: 30", f"VisibilityTimeout: {visibility}")
    return {"template.yaml": template, "billing/app.py": _HANDLER}


_SERVERLESS = """
    service: mails
    provider: {name: aws, runtime: python3.12}
    functions:
      send:
        handler: app.handler
        timeout: 30
        events: [{sqs: {arn: !GetAtt Mails.Arn}}]
    resources:
      Resources:
        Mails: {Type: AWS::SQS::Queue, Properties: {QueueName: mails, VisibilityTimeout: SECONDS}}
    """
LambdaVisibilityVsTimeout.bad = (
    Example(_system(30), "hidden for half the time that the function may take"),
    Example(_system(90), "less than six times the timeout"),
    Example(
        {"serverless.yml": _SERVERLESS.replace("SECONDS", "60"), "app.py": _HANDLER}, "twice the timeout is too little"
    ),
)
LambdaVisibilityVsTimeout.good = (
    Example(_system(360), "six times the function's timeout"),
    Example(
        {"serverless.yml": _SERVERLESS.replace("SECONDS", "180"), "app.py": _HANDLER},
        "six times as long as it may take",
    ),
)
