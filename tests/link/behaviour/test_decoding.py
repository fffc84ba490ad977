"""How bodies are decoded and read."""

import pytest

SQS = """
import boto3, json, pickle, hmac
queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/q")
while True:
    for m in queue.receive_messages():
        {work}
"""
AIOKAFKA = """
import json, pickle
from aiokafka import AIOKafkaConsumer
async def run():
    c = AIOKafkaConsumer("orders", group_id="g"{arguments})
    async for m in c:
        {work}
"""


@pytest.mark.parametrize(
    ("work", "kind", "unsafe"),
    [
        ("json.loads(m.body)", "json", 0),
        ("pickle.loads(m.body)", "pickle", 1),
        ("eval(m.body)", None, 1),
        ("print(m.body)", None, 0),
        ("pickle.loads(open('f', 'rb').read())", None, 0),
    ],
)
def test_formats_of_queue_messages(work, kind, unsafe, facts):
    found = facts(SQS.format(work=work))
    assert found.get("deserializer") == kind
    assert len(found["unsafe_load"]) == unsafe


@pytest.mark.parametrize(
    ("arguments", "work", "kind"),
    [
        ("", "json.loads(m.value)", "json"),
        (", value_deserializer=json.loads", "print(m.value)", "json"),
        (", value_deserializer=lambda v: json.loads(v.decode())", "print(m.value)", "json"),
        (", value_deserializer=pickle.loads", "print(m.value)", "pickle"),
        ("", "print(m.value)", None),
    ],
)
def test_formats_of_records(arguments, work, kind, facts):
    assert facts(AIOKAFKA.format(arguments=arguments, work=work)).get("deserializer") == kind


@pytest.mark.parametrize(
    ("work", "guarded"),
    [
        ("json.loads(m.body)", False),
        ("try:\n            json.loads(m.body)\n        except ValueError:\n            continue", True),
        ("try:\n            json.loads(m.body)\n        except OSError:\n            continue", False),
        ("try:\n            json.loads(m.body)\n        except Exception:\n            raise", False),
        ("print(m.body)", None),
    ],
)
def test_an_error_while_decoding(work, guarded, facts):
    assert facts(SQS.format(work=work)).get("decode_guarded") is guarded


@pytest.mark.parametrize(
    ("work", "paths"),
    [
        ("print(json.loads(m.body)['order_id'])", ["order_id"]),
        ("body = json.loads(m.body)\n        print(body.get('Message'), body['id'])", ["Message", "id"]),
        ("print('detail' in json.loads(m.body))", ["detail"]),
        ("print(m.body)", None),
    ],
)
def test_keys_read_from_a_body(work, paths, facts):
    assert facts(SQS.format(work=work)).get("body_paths") == paths


def test_keys_read_in_functions_and_of_plain_messages(facts):
    code = """
    import boto3, json
    sqs = boto3.client("sqs")
    def handle(event):
        print(event["customer"])
    while True:
        for m in sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q")["Messages"]:
            handle(json.loads(m["Body"]))
    """
    assert facts(code)["body_paths"] == ["customer"]


def test_types_that_are_told_apart(facts):
    work = (
        "e = json.loads(m.value)\n        if e['type'] == 'created': print(1)\n"
        "        elif e['type'] in ('paid', 'sent'): print(2)"
    )
    assert facts(AIOKAFKA.format(arguments="", work=work))["event_types"] == ["created", "paid", "sent"]
    assert "event_types" not in facts(AIOKAFKA.format(arguments="", work="print(m.value)"))


def test_a_signature_is_checked(facts):
    work = "if hmac.compare_digest(m.body, 'x'): pickle.loads(m.body)"
    assert facts(SQS.format(work=work))["verified"] is True
    assert "verified" not in facts(SQS.format(work="pickle.loads(m.body)"))
