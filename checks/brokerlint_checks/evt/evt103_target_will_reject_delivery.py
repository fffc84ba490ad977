"""EVT103 target-will-reject-delivery."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Link
from brokerlint.topology import ChannelNode, Topology


class TargetWillRejectDelivery(Check):
    """A topic or rule is connected to a queue that will not take its messages.

    ## What it finds
    An EventBridge target that is a FIFO queue without a message group id, a standard SNS topic subscribed by a FIFO
    queue, and a queue whose policy, written in the same file as the subscription, allows nothing to the service.

    ## Why it is bad
    Each delivery is refused. The template deploys, the subscription shows as confirmed, and no message arrives.

    ## When it is fine
    The policy is in another stack, or a SAM event or a CDK construct adds it.
    """

    id, name = "EVT103", "target-will-reject-delivery"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = (
        "https://docs.aws.amazon.com/sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-events-rule-sqsparameters.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every link whose deliveries are refused."""
        for link in topology.links("subscription", "rule"):
            source, queue = topology.channel(link.source), topology.channel(link.target)
            if source is None or queue is None or queue.system != "sqs":
                continue
            for variant, reason in _refusals(link, source, queue):
                message = f"'{source.label}' cannot deliver to '{queue.label}': {reason}"
                yield self.finding(message, source, queue).at(link, queue).variety(variant)


def _refusals(link: Link, source: ChannelNode, queue: ChannelNode) -> Iterator[tuple[str, str]]:
    fifo = queue.property("fifo")
    if link.kind == "rule" and fifo and not link.properties.get("group_id"):
        yield "group", "a FIFO queue needs a MessageGroupId in SqsParameters"
    if link.kind == "subscription" and fifo and source.property("fifo") is False:
        yield "type", "a standard topic cannot feed a FIFO queue"
    policy = queue.property("policy")
    service = "sns.amazonaws.com" if link.kind == "subscription" else "events.amazonaws.com"
    if isinstance(policy, list | tuple) and policy and not any(_allows(statement, service) for statement in policy):
        yield "policy", f"the queue's policy does not allow {service}"


def _allows(statement: object, service: str) -> bool:
    """The statement may let the service send; what is not understood may."""
    if not isinstance(statement, dict):
        return True
    principal, actions = str(statement.get("principal")), str(statement.get("actions")).lower()
    named = service in principal or "*" in principal
    sends = any(word in actions for word in ("sqs:sendmessage", "sqs:*", "'*'"))
    return statement.get("effect") == "Allow" and named and (sends or actions == "*")


def _template(more: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Resources:
              Shop: {{Type: AWS::Events::EventBus, Properties: {{Name: shop}}}}
              Jobs: {{Type: AWS::SQS::Queue, Properties: {{QueueName: jobs.fifo, FifoQueue: true}}}}
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
    resource "aws_sns_topic" "prices" {
      name       = "pricesFIFO
    }
    resource "aws_sqs_queue" "prices" {
      name       = "prices.fifo"
      fifo_queue = true
    }
    resource "aws_sns_topic_subscription" "prices" {
      topic_arn = aws_sns_topic.prices.arn
      protocol  = "sqs"
      endpoint  = aws_sqs_queue.prices.arn
    }
    """
TargetWillRejectDelivery.bad = (
    Example(_template(""), "a FIFO queue without a group id"),
    Example({"main.tf": _TERRAFORM.replace("FIFO", '"')}, "a standard topic before a FIFO queue"),
)
TargetWillRejectDelivery.good = (
    Example(_template(", SqsParameters: {MessageGroupId: orders}"), "the target names a group"),
    Example({"main.tf": _TERRAFORM.replace("FIFO", '.fifo"\n      fifo_topic = true')}, "topic and queue are FIFO"),
)
