"""KIN103 stream-poison-pill."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Link
from brokerlint.topology import ChannelNode, Topology


class StreamPoisonPill(Check):
    """A mapping of a stream or topic tries a failing batch again until its records expire.

    ## What it finds
    A Lambda mapping of Kinesis, DynamoDB streams or Kafka without a bound on attempts or on the age of records.

    ## Why it is bad
    By default a failing batch is tried for ever. One bad record stops its shard or partition for a day or more, and
    then everything behind it has expired as well.

    ## When it is fine
    Attempts or age are bounded. A Kafka mapping in queue mode is bounded by the broker. Where the function reports
    failures of single records it is advice.
    """

    id, name = "KIN103", "stream-poison-pill"
    severity, confidence = Severity.ERROR, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = ("https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every mapping without a bound."""
        for channel in topology.channels(system=("kinesis", "kafka", "dynamodb")):
            for link in channel.links_out("event_source_mapping"):
                properties = link.properties
                bounded = any(_bound(properties.get(key)) for key in ("max_retries", "max_age"))
                if (
                    not bounded
                    and properties.get("consumption_mode") != "Queue"
                    and properties.get("enabled") is not False
                ):
                    yield self._unbounded(channel, link)

    def _unbounded(self, channel: ChannelNode, link: Link) -> Finding:
        function = link.target.removeprefix("service:")
        part = "partition" if channel.system == "kafka" else "shard"
        message = (
            f"the mapping of {channel} to {function} retries a failing batch until it expires: the {part} is blocked"
        )
        finding = self.finding(message, channel).at(link, *channel.consumers())
        if link.properties.get("response_types"):
            finding = finding.as_(Severity.ADVICE)
        missing = [words for key, words in (("on_failure", "a destination for failures"), ("bisect", "bisecting")) if
                   not link.properties.get(key)]  # fmt: skip
        also = f" (and {' and '.join(missing)})" if missing else ""
        return finding.advise(f"set MaximumRetryAttempts{also}")


def _bound(value: object) -> bool:
    """A number of attempts or seconds that ends; the default -1 does not."""
    return isinstance(value, int) and value >= 0


def _template(more: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Transform: AWS::Serverless-2016-10-31
            Resources:
              Clicks: {{Type: AWS::Kinesis::Stream, Properties: {{Name: clicks, ShardCount: 2}}}}
              Count:
                Type: AWS::Serverless::Function
                Properties:
                  CodeUri: count/
                  Handler: app.handler
                  Runtime: python3.12
                  Events:
                    S:
                      Type: Kinesis
                      Properties: {{Stream: !GetAtt Clicks.Arn, StartingPosition: LATEST{more}}}
            """,
        "count/app.py": "def handler(event, context):\n    print(event)\n",
    }


_TERRAFORM = """
    resource "aws_lambda_function" "audit" {
      function_name = "audit"
      handler       = "app.handler"
      runtime       = "python3.12"
    }
    resource "aws_lambda_event_source_mapping" "orders" {
      event_source_arn  = "arn:aws:kafka:eu-west-1:123456789012:cluster/shop/0000"
      function_name     = aws_lambda_function.audit.arn
      topics            = ["orders"]
      starting_position = "LATEST"
      MORE
    }
    """
StreamPoisonPill.bad = (
    Example(_template(""), "the default: try for ever"),
    Example({"main.tf": _TERRAFORM.replace("MORE", "")}, "a topic that one record can block"),
)
StreamPoisonPill.good = (
    Example(_template(", MaximumRetryAttempts: 5, BisectBatchOnFunctionError: true"), "five attempts, then split"),
    Example({"main.tf": _TERRAFORM.replace("MORE", "maximum_record_age_in_seconds = 3600")}, "given up after an hour"),
)
