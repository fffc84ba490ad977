"""Sleeps, attempts and heartbeats of consumers."""

import pytest

SQS = """
import boto3, time
sqs = boto3.client("sqs")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
PAUSE = 7
while True:
    answer = sqs.receive_message(QueueUrl=URL)
    {between}
    for m in answer.get("Messages", []):
        {work}
"""
CONFLUENT = """
import json, time
from confluent_kafka import Consumer
c = Consumer({{"group.id": "g"}})
c.subscribe(["orders"])
def work(msg):
    time.sleep(3)
while True:
    msg = c.poll(1.0)
    if msg is None:
        continue
    {work}
"""


@pytest.mark.parametrize(
    ("work", "seconds"),
    [
        ("time.sleep(60)", 60.0),
        ("time.sleep(PAUSE)", 7.0),
        ("time.sleep(1); time.sleep(2)", 3.0),
        ("if m: time.sleep(60)", None),
        ("time.sleep(float(m['Body']))", None),
        ("print(m)", None),
    ],
)
def test_work_on_a_queue_message(work, seconds, facts):
    assert facts(SQS.format(between="pass", work=work)).get("work_seconds") == seconds


@pytest.mark.parametrize(
    ("work", "seconds"), [("work(msg)", 3.0), ("time.sleep(2)", 2.0), ("if msg.error(): time.sleep(2)", None)]
)
def test_work_on_a_record(work, seconds, facts):
    assert facts(CONFLUENT.format(work=work)).get("work_seconds") == seconds


def test_a_pause_between_receives_is_no_work(facts):
    found = facts(SQS.format(between="time.sleep(30)", work="print(m)"))
    assert (found["sleep_between"], found.get("work_seconds")) == (30.0, None)
    assert "sleep_between" not in facts(SQS.format(between="pass", work="print(m)"))


def test_a_pause_that_is_not_constant_is_told(facts):
    found = facts(SQS.format(between="time.sleep(float(input()))", work="print(m)"))
    assert found["sleeps_unknown"]
    assert "sleep_between" not in found


def test_a_pause_after_a_failure_is_no_pause_between_receives(facts):
    again = "try:\n        print(m)\n    except OSError:\n        time.sleep(30)"
    assert "sleep_between" not in facts(SQS.format(between=again, work="print(m)"))


@pytest.mark.parametrize(
    ("work", "count"),
    [
        ("time.sleep(json.loads(msg.value())['not_before'] - time.time())", 1),
        ("if json.loads(msg.value())['retry_at'] > time.time(): c.pause([])", 1),
        ("time.sleep(5)", 0),
    ],
)
def test_held_back_until_a_time_that_the_record_carries(work, count, facts):
    assert len(facts(CONFLUENT.format(work=work))["waits_until"]) == count


@pytest.mark.parametrize(
    ("work", "count"),
    [
        ("if json.loads(msg.value())['attempt'] > 5: continue", 1),
        ("if json.loads(msg.value())['amount'] > 5: continue", 0),
    ],
)
def test_attempts_that_are_counted(work, count, facts):
    assert len(facts(CONFLUENT.format(work=work))["compares_attempt"]) == count


def test_attempts_of_a_queue_message(facts):
    code = SQS.format(between="pass", work="if int(m['Attributes']['ApproximateReceiveCount']) > 3: continue")
    assert len(facts(code)["compares_attempt"]) == 1


def test_a_message_is_kept_longer(facts):
    extend = "sqs.change_message_visibility(QueueUrl=URL, ReceiptHandle=m['ReceiptHandle'], VisibilityTimeout=60)"
    assert facts(SQS.format(between="pass", work=extend))["heartbeat"] is True
    assert facts(SQS.format(between="pass", work="print(m)"))["heartbeat"] is False


def test_partitions_are_paused(facts):
    assert facts(CONFLUENT.format(work="c.pause([])"))["pauses"] is True
    assert facts(CONFLUENT.format(work="pass"))["pauses"] is False
