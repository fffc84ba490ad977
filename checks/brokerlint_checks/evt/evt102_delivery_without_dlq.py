"""EVT102 delivery-without-dlq."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Link
from brokerlint.topology import Topology

_PEOPLE = ("email", "email-json", "sms")


class DeliveryWithoutDlq(Check):
    """What a topic or bus cannot deliver is dropped.

    ## What it finds
    An SNS subscription or an EventBridge target without a dead-letter queue.

    ## Why it is bad
    A target that is throttled, deleted or not permitted loses its events after some retries, and nobody learns which.

    ## When it is fine
    Development, Firehose, copies in a log group, and e-mail or text messages to people. From SNS to a queue of the
    same account such losses are rare: that is told as info.
    """

    id, name = "EVT102", "delivery-without-dlq"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = (
        "https://docs.aws.amazon.com/sns/latest/dg/sns-dead-letter-queues.html",
        "https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every delivery without a place for what fails; the same one in several regions or stages counts once."""
        bare: dict[tuple[str, str], list[Link]] = {}
        for link in topology.links("subscription", "rule"):
            if not link.properties.get("dead_letter") and not _excused(topology, link):
                bare.setdefault((link.source, link.target), []).append(link)
        for links in bare.values():
            yield self._told(topology, links)

    def _told(self, topology: Topology, links: list[Link]) -> Finding:
        link = links[0]
        kind = "subscription" if link.kind == "subscription" else "target"
        source = topology.channel(link.source)
        target = link.target.partition(":")[2]
        label = source.label if source else link.source
        message = f"{kind} '{label}' -> '{target}' has no dead-letter queue: what cannot be delivered is dropped"
        finding = self.finding(message).at(*links).variety(f"{link.source} {link.target}")
        finding = finding.about(source) if source else finding
        if link.kind == "subscription" and link.target.startswith("sqs:"):
            finding = finding.as_(Severity.INFO)
        where = "RedrivePolicy" if link.kind == "subscription" else "DeadLetterConfig"
        return finding.advise(f"set {where} to a standard queue")


def _excused(topology: Topology, link: Link) -> bool:
    """To people, Firehose or a log group, for development, or from something that is not known."""
    source, target = topology.channel(link.source), topology.channel(link.target)
    outside = link.target.partition("external:")[2]
    people = bool(outside) and (outside in _PEOPLE or link.properties.get("protocol") in _PEOPLE)
    kept = link.target.startswith("firehose:") or outside.startswith("logs:")
    environments = {node.environment for node in (source, target) if node}
    return bool(source is None or people or kept or environments & {"dev", "test"})


def _template(more: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Resources:
              Shop: {{Type: AWS::Events::EventBus, Properties: {{Name: shop}}}}
              Jobs: {{Type: AWS::SQS::Queue, Properties: {{QueueName: jobs}}}}
              Failed: {{Type: AWS::SQS::Queue, Properties: {{QueueName: jobs-dlq}}}}
              Orders:
                Type: AWS::Events::Rule
                Properties:
                  EventBusName: !Ref Shop
                  EventPattern: {{source: [shop]}}
                  Targets:
                    - {{Id: jobs, Arn: !GetAtt Jobs.Arn{more}}}
            """,
    }


_TERRAFORM = """
    resource "aws_cloudwatch_event_rule" "orders" {
      name          = "orders"
      event_pattern = jsonencode({source = ["shop"]})
    }
    resource "aws_lambda_function" "ship" {
      function_name = "ship"
      handler       = "app.handler"
      runtime       = "python3.12"
    }
    resource "aws_sqs_queue" "failed" {
      name = "ship-dlq"
    }
    resource "aws_cloudwatch_event_target" "ship" {
      rule = aws_cloudwatch_event_rule.orders.name
      arn  = aws_lambda_function.ship.arn
      MORE
    }
    """
DeliveryWithoutDlq.bad = (
    Example(_template(""), "a rule's target"),
    Example({"main.tf": _TERRAFORM.replace("MORE", "")}, "a function that may be throttled"),
)
DeliveryWithoutDlq.good = (
    Example(_template(", DeadLetterConfig: {Arn: !GetAtt Failed.Arn}"), "with dead letters"),
    Example(
        {"main.tf": _TERRAFORM.replace("MORE", "dead_letter_config { arn = aws_sqs_queue.failed.arn }")},
        "kept in a queue",
    ),
)
