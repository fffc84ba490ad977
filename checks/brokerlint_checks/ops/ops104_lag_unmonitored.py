"""OPS104 lag-unmonitored."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology


class LagUnmonitored(Check):
    """Nothing watches whether consumers keep up.

    ## What it finds
    Declared channels with a consumer for which no alarm, rule, exporter or scaler on depth, age or lag was found. One
    finding for the whole tree.

    ## Why it is bad
    A consumer that is too slow, or stands still, raises no error. Users notice first.

    ## When it is fine
    Monitoring is declared to be elsewhere (`monitoring = "datadog"`). Without a single alarm in the tree it may be in
    another repository: low.
    """

    id, name = "OPS104", "lag-unmonitored"
    severity, confidence = Severity.ADVICE, Confidence.MEDIUM
    profiles = frozenset({"advisory"})
    shows_low = True
    fix = "patch"
    environment_bound = True
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """The consumed channels that nobody watches, together."""
        if topology.declarations.monitoring:
            return
        consumed = [
            node
            for node in topology.channels(system=("sqs", "kafka", "kinesis"))
            if node.declared
            and node.consumers()
            and node.environment not in ("dev", "test")
            and not node.is_dead_letter()
        ]
        blind = [node for node in consumed if not _watched(topology, node)]
        if not blind:
            return
        names = ", ".join(node.label for node in blind)
        message = f"no monitoring of lag or age found for {len(blind)} of {len(consumed)} consumed channels ({names})"
        finding = self.finding(message, *blind).at(*blind)
        if not any(node.property("alarms") for node in topology.channels()):
            finding = finding.capped(Confidence.LOW, "there is no alarm at all in the tree: they may be elsewhere")
        yield finding.advise("alarm on the age of the oldest message, or on the group's lag")


def _watched(topology: Topology, node: ChannelNode) -> bool:
    exported = node.system == "kafka" and any(
        (cluster.property("basics") or {}).get("exporter") for cluster in topology.channels(kind="cluster")
    )
    return bool(node.property("alarms")) or exported


_TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Failed: {Type: AWS::SQS::Queue, Properties: {QueueName: orders-dlq, MessageRetentionPeriod: 1209600}}
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
            Q: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}
    """
_ALARM = """
      Late:
        Type: AWS::CloudWatch::Alarm
        Properties:
          Namespace: AWS/SQS
          MetricName: ApproximateAgeOfOldestMessage
          Dimensions: [{Name: QueueName, Value: !GetAtt Orders.QueueName}]
          Threshold: 600
          ComparisonOperator: GreaterThanThreshold
          EvaluationPeriods: 1
          Period: 60
          Statistic: Maximum
"""
_HANDLER = "def handler(event, context):\n    print(event)\n"
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
      metric_name         = "ApproximateAgeOfOldestMessage"
      dimensions          = {QueueName = aws_sqs_queue.QUEUE.name}
      comparison_operator = "GreaterThanThreshold"
      threshold           = 0
    }
    """

_WORKER = """
    import boto3

    queue = boto3.resource("sqs").get_queue_by_name(QueueName="mails")
    while True:
        for message in queue.receive_messages(WaitTimeSeconds=20):
            print(message.body)
            message.delete()
    """
LagUnmonitored.bad = (
    Example({"template.yaml": _TEMPLATE, "billing/app.py": _HANDLER}, "no alarm"),
    Example(
        {"prod/main.tf": _TERRAFORM.replace("QUEUE", "failed"), "app.py": _WORKER}, "only dead letters are watched"
    ),
)
LagUnmonitored.good = (
    Example({"template.yaml": _TEMPLATE.rstrip() + _ALARM, "billing/app.py": _HANDLER}, "an alarm on the age"),
    Example({"prod/main.tf": _TERRAFORM.replace("QUEUE", "mails"), "app.py": _WORKER}, "an alarm of Terraform"),
)
