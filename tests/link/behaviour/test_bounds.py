"""Odd programs end soon and without an error."""

import pytest

HEAD = """
import boto3
sqs = boto3.client("sqs")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"
"""


@pytest.mark.parametrize("operator", ["+", "or", "and"])
def test_long_expressions(operator, endpoints):
    long = f" {operator} ".join(["m"] * 1000)
    code = (
        f"{HEAD}\nfor m in sqs.receive_message(QueueUrl=URL)['Messages']:\n"
        f"    x = {long}\n    if x: sqs.send_message(QueueUrl=URL, MessageBody=x)\n"
    )
    assert len(endpoints(code, "produce")) == 1


def test_long_chains_of_branches(facts):
    branches = "\n".join(f"    elif m['Body'] == '{i}':\n        continue" for i in range(300))
    code = (
        f"{HEAD}\nwhile True:\n  for m in sqs.receive_message(QueueUrl=URL)['Messages']:\n"
        f"    if not m:\n        continue\n{branches}\n    print(m)\n"
    )
    assert facts(code)["loop"] == "forever"


def test_functions_that_call_each_other(facts):
    code = (
        f"{HEAD}\ndef a(m):\n    b(m)\ndef b(m):\n    a(m)\nwhile True:\n"
        f"    for m in sqs.receive_message(QueueUrl=URL)['Messages']:\n        a(m)\n"
    )
    assert facts(code)["acks"] == []


def test_names_bound_through_each_other(facts):
    code = (
        f"{HEAD}\ndef send(x):\n    a = b\n    b = a\n"
        f"    sqs.send_message(QueueUrl=URL, MessageBody=a, MessageGroupId=b)\n"
    )
    assert facts(code, "produce")["group_id"]["kind"] == "field"


def test_wide_programs_are_cut_and_then_say_less(facts):
    functions = "\n".join(
        f"def f{i}(m):\n" + "\n".join(f"    f{j}(m)" for j in range(i + 1, min(i + 9, 60))) + "\n    print(m)"
        for i in range(60)
    )
    code = (
        f"{HEAD}\n{functions}\nwhile True:\n"
        f"    for m in sqs.receive_message(QueueUrl=URL)['Messages']:\n        f0(m)\n"
    )
    found = facts(code)
    assert found["messages_escape"] is True
    assert "effects" not in found
