"""Attributes of queues that code sets: where what cannot be handled goes, and how long messages are hidden and kept."""

from __future__ import annotations

from textwrap import dedent
from typing import Any

import pytest

from brokerlint.facts import Facts
from brokerlint.pipeline import analyse_sources

HEAD = """
    import json
    import os
    import boto3

    sqs = boto3.client("sqs")
    DEAD = "arn:aws:sqs:eu-west-1:123456789012:orders-dlq"
    """


def analysed(code: str, files: dict[str, str] | None = None) -> Facts:
    return analyse_sources({"app.py": dedent(HEAD) + dedent(code), **(files or {})})


def redrives(facts: Facts) -> list[tuple[str, str, Any]]:
    found = [one for one in facts.links if one.kind == "redrive"]
    return [(one.source, one.target, one.properties.get("max_receive_count")) for one in found]


def properties(facts: Facts, channel: str) -> dict[str, Any]:
    (found,) = [one for one in facts.channels if one.id == channel]
    return dict(found.properties)


@pytest.mark.parametrize(
    "policy",
    [
        'json.dumps({"deadLetterTargetArn": DEAD, "maxReceiveCount": 5})',
        'json.dumps(dict(deadLetterTargetArn=DEAD, maxReceiveCount="5"))',
        '\'{"deadLetterTargetArn": "arn:aws:sqs:eu-west-1:123456789012:orders-dlq", "maxReceiveCount": "5"}\'',
        'f\'{{"maxReceiveCount": "5", "deadLetterTargetArn": "{DEAD}"}}\'',
        '\'{"deadLetterTargetArn":"%s","maxReceiveCount":"5"}\' % DEAD',
    ],
)
def test_the_redrive_policy_of_a_queue_that_code_makes(policy: str) -> None:
    facts = analysed(f'sqs.create_queue(QueueName="orders", Attributes={{"RedrivePolicy": {policy}}})\n')
    assert redrives(facts) == [("sqs:orders", "sqs:orders-dlq", 5)]
    assert properties(facts, "sqs:orders") == {"dead_letter": "sqs:orders-dlq", "max_receive_count": 5}
    assert facts.links[0].place.path == "app.py"


def test_a_policy_that_is_set_later_on_queues_that_are_made_here() -> None:
    facts = analysed(
        """
        dead = sqs.create_queue(QueueName="orders-dlq")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        orders = sqs.create_queue(QueueName="orders")
        policy = {"deadLetterTargetArn": arn, "maxReceiveCount": 3}
        sqs.set_queue_attributes(QueueUrl=orders["QueueUrl"], Attributes={"RedrivePolicy": json.dumps(policy)})
        """
    )
    assert redrives(facts) == [("sqs:orders", "sqs:orders-dlq", 3)]


def test_queues_that_are_objects() -> None:
    facts = analysed(
        """
        resource = boto3.resource("sqs")
        dead = resource.create_queue(QueueName="orders-dlq")
        policy = {"deadLetterTargetArn": dead.attributes["QueueArn"], "maxReceiveCount": "4"}
        orders = resource.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "90"})
        orders.set_attributes(Attributes={"RedrivePolicy": json.dumps(policy)})
        """
    )
    assert redrives(facts) == [("sqs:orders", "sqs:orders-dlq", 4)]
    assert properties(facts, "sqs:orders") == {
        "visibility_timeout": 90, "dead_letter": "sqs:orders-dlq", "max_receive_count": 4,
    }  # fmt: skip


def test_what_else_is_set() -> None:
    facts = analysed(
        """
        attributes = {
            "VisibilityTimeout": str(600), "MessageRetentionPeriod": 1209600, "DelaySeconds": "5", "FifoQueue": "true",
            "ReceiveMessageWaitTimeSeconds": "20", "ContentBasedDeduplication": "false", "KmsMasterKeyId": "k",
            "MaximumMessageSize": os.environ["SIZE"],
        }
        sqs.create_queue(QueueName="orders.fifo", Attributes=attributes)
        """
    )
    assert properties(facts, "sqs:orders.fifo") == {
        "visibility_timeout": 600, "retention": 1209600, "delay": 5, "fifo": True, "wait_time": 20,
        "content_deduplication": False,
    }  # fmt: skip


def test_names_that_the_manifest_gives() -> None:
    code = """
        policy = json.dumps({"deadLetterTargetArn": os.environ["DLQ_ARN"], "maxReceiveCount": 2})
        sqs.set_queue_attributes(QueueUrl=os.environ["QUEUE_URL"], Attributes={"RedrivePolicy": policy})
        """
    compose = """
        services:
          app:
            build: .
            command: python app.py
            environment:
              QUEUE_URL: https://sqs.eu-west-1.amazonaws.com/123456789012/jobs
              DLQ_ARN: arn:aws:sqs:eu-west-1:123456789012:dead-jobs
        """
    assert redrives(analysed(code, {"compose.yml": dedent(compose)})) == [("sqs:jobs", "sqs:dead-jobs", 2)]


def test_what_a_manifest_declares_counts_more() -> None:
    terraform = 'resource "aws_sqs_queue" "orders" {\n  name = "orders"\n  visibility_timeout_seconds = 45\n}\n'
    code = 'sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "90", "DelaySeconds": "1"})\n'
    found = properties(analysed(code, {"main.tf": terraform}), "sqs:orders")
    assert (found["visibility_timeout"], found["delay"]) == (45, 0)


@pytest.mark.parametrize(
    "attributes",
    ["{}", "load()", '{"RedrivePolicy": load()}', '{"RedrivePolicy": "{"}', '{"RedrivePolicy": json.dumps([1])}',
     '{"VisibilityTimeout": "soon"}', '{"RedrivePolicy": ""}', '{"RedrivePolicy": json.dumps({"maxReceiveCount": 3})}'],
)  # fmt: skip
def test_what_is_not_known_says_nothing(attributes: str) -> None:
    facts = analysed(f'sqs.create_queue(QueueName="orders", Attributes={attributes})\n')
    assert (redrives(facts), properties(facts, "sqs:orders")) == ([], {})


def test_two_values_for_one_queue_are_no_value() -> None:
    facts = analysed(
        """
        sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "90", "DelaySeconds": "1"})
        sqs.create_queue(QueueName="orders", Attributes={"VisibilityTimeout": "60", "DelaySeconds": "1"})
        """
    )
    assert properties(facts, "sqs:orders") == {"delay": 1}
