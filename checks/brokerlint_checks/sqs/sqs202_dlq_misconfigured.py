"""SQS202 dlq-misconfigured."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology

_DAY = 86400


class DlqMisconfigured(Check):
    """A dead-letter queue that does not do what it is for.

    ## What it finds
    A dead-letter queue that keeps messages no longer than its source (standard queues keep the original age), that is
    FIFO while the source is not or the reverse (error), that is its own source (error), that redrives further, or a
    `maxReceiveCount` below 5 where Lambda receives.

    ## Why it is bad
    Dead letters expire before anybody looks at them, the definition is refused, or good messages land there because
    Lambda's throttled receives count, too.

    ## When it is fine
    FIFO queues start the age anew. A chain of two queues for two stages of retries can be declared: `role = "retry"`.
    """

    id, name = "SQS202", "dlq-misconfigured"
    severity, confidence = Severity.WARNING, Confidence.CERTAIN
    profiles = frozenset({"strict"})
    needs = "manifest"
    fix = "patch"
    sources = (
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every redrive with something wrong."""
        for queue in topology.channels(system="sqs"):
            redrive = queue.dead_letter()
            if redrive is None:
                continue
            target, count, place = redrive
            dead = queue.beside(target)
            for severity, variant, words in _faults(queue, dead, target, count):
                name = dead.label if dead else target.split(":", 1)[-1]
                finding = self.finding(f"dead-letter queue '{name}' of '{queue.label}': {words}", queue)
                yield finding.at(place, dead, queue).as_(severity).variety(variant)


def _faults(
    queue: ChannelNode, dead: ChannelNode | None, target: str, count: int | None
) -> Iterator[tuple[Severity, str, str]]:
    if target in (queue.key, queue.id):
        yield Severity.ERROR, "self", "it is the queue itself"
        return
    mapped = queue.links_out("event_source_mapping")
    if mapped and isinstance(count, int) and count < limit("sqs", "lambda_receive_count"):
        enough = limit("sqs", "lambda_receive_count")
        yield Severity.WARNING, "count", f"maxReceiveCount {count} is below {enough}, and throttled receives count"
    if dead is None or not dead.declared:
        return
    fifo, dead_fifo = queue.property("fifo"), dead.property("fifo")
    if fifo is not None and dead_fifo is not None and bool(fifo) != bool(dead_fifo):
        yield Severity.ERROR, "type", "one of the two is FIFO, the other is not"
    keeps = queue.effective("retention", "default_retention")
    dead_keeps = dead.effective("retention", "default_retention")
    if not fifo and isinstance(keeps, int) and isinstance(dead_keeps, int) and dead_keeps <= keeps:
        days = f"{dead_keeps / _DAY:g} days, the source {keeps / _DAY:g}"
        yield Severity.WARNING, "retention", f"it keeps messages {days}: they expire unseen"
    if dead.dead_letter() and dead.declaration.role != "retry":
        yield Severity.WARNING, "chain", "it redrives further"


def _template(dead: str) -> dict[str, str]:
    return {
        "template.yaml": f"""
            AWSTemplateFormatVersion: "2010-09-09"
            Resources:
              Failed: {{Type: AWS::SQS::Queue, Properties: {{QueueName: orders-dlq{dead}}}}}
              Orders:
                Type: AWS::SQS::Queue
                Properties:
                  QueueName: orders
                  MessageRetentionPeriod: 1209600
                  RedrivePolicy: {{deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}}
            """,
        "app.py": "print('the queue is used elsewhere')\n",
    }


_TERRAFORM = """
    resource "aws_sqs_queue" "failed" {
      name       = "pay-dlq.fifo"
      fifo_queue = true
    }
    resource "aws_sqs_queue" "pay" {
      name           = "payFIFO
      redrive_policy = jsonencode({deadLetterTargetArn = aws_sqs_queue.failed.arn, maxReceiveCount = 5})
    }
    """
DlqMisconfigured.bad = (
    Example(_template(""), "dead letters expire before their source's messages"),
    Example({"main.tf": _TERRAFORM.replace("FIFO", '"')}, "a FIFO queue for the dead letters of a standard one"),
)
DlqMisconfigured.good = (
    Example(
        {
            "template.yaml": """
                AWSTemplateFormatVersion: "2010-09-09"
                Resources:
                  Failed:
                    Type: AWS::SQS::Queue
                    Properties: {QueueName: orders-dlq, MessageRetentionPeriod: 1209600}
                  Orders:
                    Type: AWS::SQS::Queue
                    Properties:
                      QueueName: orders
                      RedrivePolicy: {deadLetterTargetArn: !GetAtt Failed.Arn, maxReceiveCount: 5}
                """,
        },
        "dead letters are kept for two weeks",
    ),
    Example(
        {"main.tf": _TERRAFORM.replace("FIFO", '.fifo"\n      fifo_queue     = true')},
        "both are FIFO, where the age starts anew",
    ),
)
