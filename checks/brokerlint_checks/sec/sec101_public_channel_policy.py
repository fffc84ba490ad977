"""SEC101 public-channel-policy."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology

_ANYBODY = frozenset({"*", "AWS:*", "{'AWS': '*'}"})
_READS_OR_WRITES = ("send", "receive", "publish", "delete", "subscribe", "*")


class PublicChannelPolicy(Check):
    """The policy of a queue or topic lets anybody use it.

    ## What it finds
    An `Allow` for principal `*` to send, receive, publish, subscribe or everything, without any condition.

    ## Why it is bad
    Anybody with an AWS account can read the messages, or put messages into the system.

    ## When it is fine
    A condition restricts the source (account, organisation, ARN, VPC endpoint), or the principal is a service.
    """

    id, name = "SEC101", "public-channel-policy"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    environment_bound = True
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-security-best-practices.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every policy statement that is open to all."""
        for channel in topology.channels():
            for statement in channel.property("policy") or ():
                if isinstance(statement, dict) and _public(statement):
                    actions = _words(statement.get("actions"))
                    message = f"the policy of {channel} allows everybody {', '.join(actions)} without a condition"
                    finding = self.finding(message, channel).at(channel)
                    yield finding.checked("condition: none").advise(
                        "name the principals, or add a condition on the source"
                    )


def _public(statement: dict[str, object]) -> bool:
    principal = statement.get("principal")
    anybody = "*" in principal if isinstance(principal, list | tuple) else str(principal) in _ANYBODY
    wide = any(word in action.lower() for action in _words(statement.get("actions")) for word in _READS_OR_WRITES)
    return statement.get("effect") == "Allow" and anybody and wide and not statement.get("conditions")


def _words(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list | tuple) else [str(value)]


def _template(principal: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Resources:
              Jobs: {{Type: AWS::SQS::Queue, Properties: {{QueueName: jobs}}}}
              Policy:
                Type: AWS::SQS::QueuePolicy
                Properties:
                  Queues: [!Ref Jobs]
                  PolicyDocument:
                    Statement:
                      - {{Effect: Allow, Principal: {principal}, Action: "sqs:SendMessage", Resource: "*"}}
            """,
    }


_TERRAFORM = """
    resource "aws_sns_topic" "orders" {
      name = "orders"
    }
    resource "aws_sns_topic_policy" "orders" {
      arn = aws_sns_topic.orders.arn
      policy = jsonencode({
        Statement = [{
          Effect    = "Allow"
          Principal = "*"
          Action    = "sns:Publish"
          Resource  = aws_sns_topic.orders.arn
          CONDITION
        }]
      })
    }
    """
_ACCOUNT = 'Condition = {StringEquals = {"aws:SourceAccount" = "123456789012"}}'
PublicChannelPolicy.bad = (
    Example(_template('"*"'), "everybody may send"),
    Example({"prod/main.tf": _TERRAFORM.replace("CONDITION", "")}, "everybody may publish"),
)
PublicChannelPolicy.good = (
    Example(_template("{Service: sns.amazonaws.com}"), "a service may send"),
    Example({"prod/main.tf": _TERRAFORM.replace("CONDITION", _ACCOUNT)}, "everybody in one account"),
)
