"""SEC102 encryption-disabled."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology


class EncryptionDisabled(Check):
    """Encryption at rest is switched off.

    ## What it finds
    A queue or stream whose manifest says that it is not encrypted, and that names no key.

    ## Why it is bad
    It takes a line to switch off what is on by default, and messages often hold personal data.

    ## When it is fine
    Nothing is said about encryption: SQS encrypts by itself then.
    """

    id, name = "SEC102", "encryption-disabled"
    severity, confidence = Severity.WARNING, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    environment_bound = True
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every channel that is not encrypted on purpose."""
        for channel in topology.channels():
            if channel.property("encrypted") is False and not channel.property("kms_key"):
                message = f"{channel} is explicitly not encrypted at rest"
                yield self.finding(message, channel).at(channel).advise("drop the line, or name a key")


def _template(value: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Resources:
              Jobs: {{Type: AWS::SQS::Queue, Properties: {{QueueName: jobs, SqsManagedSseEnabled: {value}}}}}
            """,
    }


_TERRAFORM = """
    resource "aws_kinesis_stream" "clicks" {
      name            = "clicks"
      shard_count     = 1
      encryption_type = "TYPE"
      MORE
    }
    """
EncryptionDisabled.bad = (
    Example(_template("false"), "switched off"),
    Example({"prod/main.tf": _TERRAFORM.replace("TYPE", "NONE").replace("MORE", "")}, "a stream without"),
)
EncryptionDisabled.good = (
    Example(_template("true"), "the default"),
    Example(
        {"prod/main.tf": _TERRAFORM.replace("TYPE", "KMS").replace("MORE", 'kms_key_id = "alias/clicks"')}, "with a key"
    ),
)
