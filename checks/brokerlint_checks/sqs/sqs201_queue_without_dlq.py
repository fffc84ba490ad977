"""SQS201 queue-without-dlq."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.checking.wording import joined
from brokerlint.topology import ChannelNode, Topology, Use

_HOUR = 3600
_DAY = 86400


class QueueWithoutDlq(Check):
    """A queue has a consumer but no place for the messages that it cannot handle.

    ## What it finds
    A queue that a manifest declares without a redrive policy, while a service is known to receive from it.

    ## Why it is bad
    A message that always fails is handled again and again until it expires, days later, and then it is gone. It takes
    workers' time, repeats side effects, and nobody is told.

    ## When it is fine
    The queue holds dead letters itself, keeps messages an hour at most, is FIFO with an order that must not be broken,
    the consumer sends failures to a dead-letter queue in code, or the queue is one of development or tests. Where no
    consumer is known it is told at low, when everything is shown.
    """

    id, name = "SQS201", "queue-without-dlq"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    fix = "patch"
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every declared queue without a redrive policy."""
        for queue in topology.channels(system="sqs", kind="queue"):
            if not queue.created or queue.is_dead_letter() or queue.dead_letter() or _exempt(queue):
                continue
            consumers = queue.consumers()
            who = joined(party for use in consumers if (party := _party(use)) != "?") or "a consumer"
            days = round(int(queue.effective("retention", "default_retention") or 0) / _DAY)
            until = f"until it expires after {days} day{'s' * (days > 1)}" if days >= 1 else "until it expires"
            message = f"{queue} has no redrive policy: what {who} cannot handle "
            finding = (
                self.finding(f"{message}is tried again {until}", queue)
                .at(queue, *consumers)
                .checked("is a dead-letter queue: no", "dead letters sent in code: no", "strict order declared: no")
                .advise("add a redrive policy with a dead-letter queue and maxReceiveCount 5")
            )
            yield finding if consumers else finding.capped(Confidence.LOW, "no consumer is known")


def _party(use: Use) -> str:
    """Who takes messages: a service, or the pipe (connector ...) that brings them elsewhere."""
    if use.service is None and use.link is not None:
        return f"the {use.link.kind.replace('_', ' ')} to {use.who}"
    return use.who


def _exempt(queue: ChannelNode) -> bool:
    """Short-lived, strictly ordered, for development, or with dead letters sent by the consumer's code."""
    retention = queue.property("retention")
    if isinstance(retention, int) and 0 <= retention <= _HOUR:
        return True
    ordered = queue.property("fifo") and queue.declaration.needs.get("ordering")
    by_hand = any((use.fact("try_shape") or {}).get("to_dlq") for use in queue.consumers())
    return bool(ordered) or by_hand or queue.environment in ("dev", "test")


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: orders
          VisibilityTimeout: 60
      Billing:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: billing/
          Handler: app.handler
          Runtime: python3.12
          Timeout: 10
          Events:
            Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}
    """
_HANDLER = "def handler(event, context):\n    for record in event['Records']:\n        print(record['body'])\n"
_TERRAFORM = """
    resource "aws_sqs_queue" "orders" {
      name = "orders"
      REDRIVE
    }
    resource "aws_sqs_queue" "failed" {
      name = "orders-dlq"
    }
    """
_WORKER = """
    import boto3

    queue = boto3.resource("sqs").get_queue_by_name(QueueName="orders")
    while True:
        for message in queue.receive_messages(WaitTimeSeconds=20):
            print(message.body)
            message.delete()
    """
_REDRIVE = "redrive_policy = jsonencode({deadLetterTargetArn = aws_sqs_queue.failed.arn, maxReceiveCount = 5})"
QueueWithoutDlq.bad = (
    Example({"template.yaml": _TEMPLATE, "billing/app.py": _HANDLER}, "a mapped queue without dead letters"),
    Example({"main.tf": _TERRAFORM.replace("REDRIVE", ""), "billing/app.py": _WORKER}, "a polled queue of Terraform"),
)
QueueWithoutDlq.good = (
    Example(
        {
            "template.yaml": _TEMPLATE.replace(
                "          VisibilityTimeout: 60\n",
                "          VisibilityTimeout: 60\n"
                "          RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}\n"
                "      Failed:\n"
                "        Type: AWS::SQS::Queue\n"
                "        Properties: {QueueName: orders-dlq}\n",
            ),
            "billing/app.py": _HANDLER,
        },
        "five attempts, then the dead-letter queue",
    ),
    Example({"main.tf": _TERRAFORM.replace("REDRIVE", _REDRIVE), "billing/app.py": _WORKER}, "a redrive policy"),
)
