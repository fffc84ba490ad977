"""SQS204 partial-batch-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, Use, signals

_REPORTS = "ReportBatchItemFailures"


class PartialBatchMismatch(Check):
    """The function and its mapping disagree about what happens to the failed messages of a batch.

    ## What it finds
    A handler that returns `batchItemFailures` while its mapping lacks `ReportBatchItemFailures` (error); a mapping that
    has it while the handler catches everything and returns nothing (warning); neither, with batches of several messages
    and a handler that may raise (advice).

    ## Why it is bad
    In the first case the mapping takes the answer for success and deletes the failed messages too; in the second it
    does the same with what was swallowed; in the third one bad message brings the whole batch back.

    ## When it is fine
    The mapping is not in the scanned tree (then low), batches hold one message, or the handler is idempotent.
    """

    id, name = "SQS204", "partial-batch-mismatch"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    fix = "patch"
    sources = ("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every mapped handler that disagrees with its mapping."""
        for queue in topology.channels(system="sqs"):
            for use in queue.consumers().in_code():
                if use.fact("loop_kind") == "lambda-handler":
                    yield from self._compare(queue, use)

    def _compare(self, queue: ChannelNode, use: Use) -> Iterator[Finding]:
        acks = use.fact("acks")
        partial = [ack for ack in acks or () if ack.get("kind") == "return-failures"]
        mapping = use.link if use.link is not None and use.link.kind == "event_source_mapping" else None
        if mapping is not None and mapping.properties.get("batch_size") == 1:
            return
        reported = mapping is not None and _REPORTS in (mapping.properties.get("response_types") or ())
        shape = use.fact("try_shape") or {}
        if partial and not reported:
            message = f"{use.who} returns batchItemFailures, but the mapping of {queue} lacks {_REPORTS}: "
            finding = self.finding(f"{message}failed messages are deleted", queue).variety("ignored")
            finding = finding.at(use, *signals.said(partial, "returns batchItemFailures"), mapping)
            finding = finding.advise(f"add {_REPORTS} to the mapping")
            yield finding if mapping else finding.capped(Confidence.LOW, "the mapping is not in the scanned tree")
        elif mapping and reported and acks is not None and not partial and shape.get("broad") and shape.get("swallows"):
            message = f"the mapping of {queue} expects failures from {use.who}, whose handler catches everything and "
            finding = self.finding(f"{message}returns none: failed messages are deleted", queue).variety("swallowed")
            yield finding.at(use, mapping).as_(Severity.WARNING).advise("return the failed messages' identifiers")
        elif mapping and not reported and acks is not None and not partial and _repeats(use):
            message = f"one bad message brings back the whole batch of {queue} to {use.who}"
            finding = self.finding(message, queue).at(use, mapping).as_(Severity.ADVICE).variety("whole")
            yield finding.advise(f"return batchItemFailures and add {_REPORTS} to the mapping")


def _repeats(use: Use) -> bool:
    """The handler may raise, and does things that should not be done again."""
    catches = (use.fact("try_shape") or {}).get("broad")
    return bool(use.effects()) and not catches and not use.fact("idempotency")


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: orders-dlq}}
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: orders
          VisibilityTimeout: 60
          RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
      Billing:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: billing/
          Handler: app.handler
          Runtime: python3.12
          Timeout: 10
          Events:
            Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn, BatchSize: 10MORE}}
    """
_HANDLER = """
    def handler(event, context):
        failed = []
        for record in event["Records"]:
            try:
                print(record["body"])
            except Exception:
                failed.append({"itemIdentifier": record["messageId"]})
        return {"batchItemFailures": failed}
    """
_SERVERLESS = """
    service: mails
    provider: {name: aws, runtime: python3.12}
    functions:
      send:
        handler: app.handler
        events: [{sqs: {arn: "arn:aws:sqs:eu-west-1:123456789012:mails", batchSize: 10MORE}}]
    """
_POWERTOOLS = """
    from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

    processor = BatchProcessor(event_type=EventType.SQS)

    def send(record):
        print(record.body)

    def handler(event, context):
        return process_partial_response(event=event, record_handler=send, processor=processor, context=context)
    """
PartialBatchMismatch.bad = (
    Example({"template.yaml": _TEMPLATE.replace("MORE", ""), "billing/app.py": _HANDLER}, "reported, not expected"),
    Example(
        {"serverless.yml": _SERVERLESS.replace("MORE", ""), "app.py": _POWERTOOLS}, "a batch processor reports, too"
    ),
)
PartialBatchMismatch.good = (
    Example(
        {
            "template.yaml": _TEMPLATE.replace("MORE", ", FunctionResponseTypes: [ReportBatchItemFailures]"),
            "billing/app.py": _HANDLER,
        },
        "both sides agree",
    ),
    Example(
        {
            "serverless.yml": _SERVERLESS.replace("MORE", ", functionResponseType: ReportBatchItemFailures"),
            "app.py": _POWERTOOLS,
        },
        "the mapping expects what the processor reports",
    ),
)
