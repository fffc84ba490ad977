"""OPS105 unattended-dlq."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, closure


class UnattendedDlq(Check):
    """A dead-letter queue that nobody looks at.

    ## What it finds
    A declared dead-letter queue without an alarm, a consumer or a redrive.

    ## Why it is bad
    What failed piles up unseen and expires. It is the same as dropping it, only later.

    ## When it is fine
    Alarms exist by convention outside the tree (declare `monitoring`), or it is a development queue. Without a single
    alarm in the tree they may be elsewhere: medium.
    """

    id, name = "OPS105", "unattended-dlq"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    fix = "patch"
    environment_bound = True
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/dead-letter-queues-alarms-cloudwatch.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every dead-letter queue without anybody."""
        watched_somewhere = any(node.property("alarms") for node in topology.channels())
        redriven = [endpoint for endpoint in topology.endpoints(system="sqs") if "move_task" in endpoint.operation]
        if topology.declarations.monitoring or redriven:
            return
        for queue in topology.channels(system="sqs"):
            if not queue.created or not queue.is_dead_letter() or queue.environment in ("dev", "test"):
                continue
            if queue.property("alarms") or queue.consumers() or not _sources(queue):
                continue
            names = ", ".join(f"'{source}'" for source in _sources(queue))
            days = int(queue.effective("retention", "default_retention") or 0) // 86400
            message = (
                f"dead-letter {queue} of {names} has no alarm, consumer or redrive: failures expire after {days} days"
            )
            finding = self.finding(message, queue).at(queue).resting_on(closure(topology, queue))
            if not watched_somewhere:
                finding = finding.capped(
                    Confidence.MEDIUM, "there is no alarm at all in the tree: they may be elsewhere"
                )
            yield finding.advise("alarm when the queue is not empty")


def _sources(queue: ChannelNode) -> list[str]:
    """The channels whose failures land there."""
    linked = [link.source.split(":", 1)[-1] for link in queue.links_in("redrive")]
    named = [node.label for node in queue.topology.channels() if node.property("dead_letter") == queue.id]
    return list(dict.fromkeys([*linked, *named]))


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Resources:
      Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: orders-dlq, MessageRetentionPeriod: 1209600}}
      Orders:
        Type: AWS::SQS::Queue
        Properties:
          QueueName: orders
          RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
    """
_ALARM = """
      Failures:
        Type: AWS::CloudWatch::Alarm
        Properties:
          Namespace: AWS/SQS
          MetricName: ApproximateNumberOfMessagesVisible
          Dimensions: [{Name: QueueName, Value: !GetAtt Failed.QueueName}]
          Threshold: 0
          ComparisonOperator: GreaterThanThreshold
          EvaluationPeriods: 1
          Period: 60
          Statistic: Maximum
"""
_TERRAFORM = """
    resource "aws_sqs_queue" "mails" {
      name           = "mails"
      redrive_policy = jsonencode({deadLetterTargetArn = aws_sqs_queue.failed.arn, maxReceiveCount = 5})
    }
    resource "aws_sqs_queue" "failed" {
      name                      = "mails-dlq"
      message_retention_seconds = 1209600
    }
    resource "aws_cloudwatch_metric_alarm" "mails" {
      alarm_name          = "mails"
      namespace           = "AWS/SQS"
      metric_name         = "ApproximateNumberOfMessagesVisible"
      dimensions          = {QueueName = aws_sqs_queue.QUEUE.name}
      comparison_operator = "GreaterThanThreshold"
      threshold           = 0
    }
    """
UnattendedDlq.bad = (
    Example({"template.yaml": _TEMPLATE}, "nobody is told"),
    Example({"prod/main.tf": _TERRAFORM.replace("QUEUE", "mails")}, "only the queue itself is watched"),
)
UnattendedDlq.good = (
    Example({"template.yaml": _TEMPLATE.rstrip() + _ALARM}, "an alarm when it is not empty"),
    Example({"prod/main.tf": _TERRAFORM.replace("QUEUE", "failed")}, "an alarm of Terraform"),
)
