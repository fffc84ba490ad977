"""SQS205 throttle-drains-to-dlq."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Link, Service
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology


class ThrottleDrainsToDlq(Check):
    """A throttled function lets good messages go to the dead-letter queue.

    ## What it finds
    A function whose reserved concurrency is below five for each of its queue mappings, a mapping without a maximum
    concurrency, and a `maxReceiveCount` below 5.

    ## Why it is bad
    The mapping's pollers do not see the function's limit. What they receive and cannot deliver goes back with its
    receive count raised, until good messages are dead letters.

    ## When it is fine
    The mapping has a maximum concurrency, the queue allows more receives, or one of the three is not known.
    """

    id, name = "SQS205", "throttle-drains-to-dlq"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = ("https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every mapping that polls more than its function may run."""
        mapped = topology.links("event_source_mapping")
        for queue in topology.channels(system="sqs"):
            for link in queue.links_out("event_source_mapping"):
                service = topology.service(link.target.removeprefix("service:"))
                mine = [other for other in mapped if other.target == link.target and other.source.startswith("sqs:")]
                if service is not None:
                    yield from self._compare(queue, link, service, len(mine))

    def _compare(self, queue: ChannelNode, link: Link, service: Service, mappings: int) -> Iterator[Finding]:
        reserved = service.properties.get("reserved_concurrency")
        redrive = queue.dead_letter()
        count = redrive[1] if redrive else None
        if not isinstance(reserved, int) or not isinstance(count, int) or link.properties.get("max_concurrency"):
            return
        if reserved >= limit("sqs", "lambda_pollers") * mappings or count >= limit("sqs", "lambda_receive_count"):
            return
        message = (
            f"{service.name} reserves {reserved} concurrency, the mapping of '{queue.label}' has no maximum and "
            f"maxReceiveCount is {count}: throttled good messages reach the dead-letter queue"
        )
        finding = self.finding(message, queue).at(link, queue, *service.evidence[:1])
        yield finding.advise(f"set the mapping's maximum concurrency to {max(reserved, 2)}", "and maxReceiveCount to 5")


def _template(mapping: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Failed: {{Type: AWS::SQS::Queue, Properties: {{QueueName: orders-dlq, MessageRetentionPeriod: 1209600}}}}
              Orders:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: orders
                  VisibilityTimeout: 60
                  RedrivePolicy: {{deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 3}}
              Billing:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: billing/
                  Handler: app.handler
                  Runtime: python3.12
                  Timeout: 10
                  ReservedConcurrentExecutions: 2
                  Events:
                    Q: {{Type: SQS, Properties: {{Queue: !GetAtt Orders.Arn{mapping}}}}}
            """,
        "billing/app.py": "def handler(event, context):\n    print(event)\n",
    }


_TERRAFORM = """
    resource "aws_sqs_queue" "failed" {
      name = "jobs-dlq"
    }
    resource "aws_sqs_queue" "jobs" {
      name           = "jobs"
      redrive_policy = jsonencode({deadLetterTargetArn = aws_sqs_queue.failed.arn, maxReceiveCount = COUNT})
    }
    resource "aws_lambda_function" "work" {
      function_name                  = "work"
      handler                        = "app.handler"
      runtime                        = "python3.12"
      reserved_concurrent_executions = 1
    }
    resource "aws_lambda_event_source_mapping" "jobs" {
      event_source_arn = aws_sqs_queue.jobs.arn
      function_name    = aws_lambda_function.work.arn
    }
    """
ThrottleDrainsToDlq.bad = (
    Example(_template(""), "two at a time, three receives"),
    Example({"main.tf": _TERRAFORM.replace("COUNT", "1")}, "one receive, and one at a time"),
)
ThrottleDrainsToDlq.good = (
    Example(_template(", ScalingConfig: {MaximumConcurrency: 2}"), "the mapping polls for two at a time"),
    Example({"main.tf": _TERRAFORM.replace("COUNT", "10")}, "ten receives"),
)
