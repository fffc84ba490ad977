"""What a handler compares, keeps, skips and archives."""

import pytest

SQS = """
import boto3, json, time
sqs = boto3.client("sqs")
s3 = boto3.client("s3")
table = boto3.resource("dynamodb").Table("t")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/q"
seen, totals = set(), {{}}
while True:
    for m in sqs.receive_message(QueueUrl=URL).get("Messages", []):
        body = json.loads(m["Body"])
        {work}
        sqs.delete_message(QueueUrl=URL, ReceiptHandle=m["ReceiptHandle"])
"""
KAFKA = """
import json, time
from kafka import KafkaConsumer
last, totals = {{}}, {{}}
for m in KafkaConsumer("orders", group_id="g"):
    body = json.loads(m.value)
    {work}
"""


@pytest.mark.parametrize(
    ("work", "places"),
    [
        ("if body['version'] <= last[body['id']]: continue", 1),
        ("totals[m.key] += body['amount']", 1),
        ("if body['amount'] > last[body['id']]: continue", 0),
        ("if body['version'] == 2: continue", 0),
    ],
)
def test_order_of_records(work, places, facts):
    assert len(facts(KAFKA.format(work=work))["order_use"]) == places


def test_order_of_queue_messages(facts):
    assert len(facts(SQS.format(work="if body['seq'] < totals[body['id']]: continue"))["order_use"]) == 1


def test_order_is_unknown_where_messages_were_not_followed(facts):
    code = (
        "import boto3\ndef fetch():\n"
        "    return boto3.client('sqs').receive_message(QueueUrl='https://sqs.eu-west-1.amazonaws.com/123456789012/q')\n"
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
        ""
    )
    assert "order_use" not in facts(code)


@pytest.mark.parametrize(
    ("work", "places"),
    [
        ("if body['id'] in seen: continue", 1),
        ("table.put_item(Item=body, ConditionExpression='attribute_not_exists(id)')", 1),
        ("table.put_item(Item=body)", 0),
    ],
)
def test_repeated_messages_made_harmless(work, places, facts):
    assert len(facts(SQS.format(work=work))["idempotency"]) == places


def test_an_upsert_of_a_record(facts):
    work = "db.cursor().execute('INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING')"
    code = KAFKA.format(work=work).replace(
        "import json", "import json, psycopg2\ndb = psycopg2.connect('')\nimport json"
    )
    assert len(facts(code)["idempotency"]) == 1


@pytest.mark.parametrize(
    ("work", "stores"),
    [
        ("s3.put_object(Bucket='b', Key=m['MessageId'], Body=m['Body'])", ["s3"]),
        ("s3.put_object(Bucket='b', Key='k', Body=json.dumps(body['image']))", []),
        ("open('log', 'a').write(m['Body'])", ["fs"]),
        ("print(m['Body'])", []),
    ],
)
def test_archives_of_bodies(work, stores, facts):
    assert [one["store"] for one in facts(SQS.format(work=work))["stores_body"]] == stores


HIDE = "sqs.change_message_visibility(QueueUrl=URL, ReceiptHandle=m['ReceiptHandle'], VisibilityTimeout=0)"


@pytest.mark.parametrize(
    ("work", "kinds"),
    [
        ("if body['type'] != 'invoice': continue", ["no-ack"]),
        (f"if body['type'] != 'invoice':\n            {HIDE}\n            continue", ["visibility-zero"]),
        ("if body['type'] == 'x':\n            sqs.send_message(QueueUrl=URL, MessageBody=m['Body'])", ["resend"]),
        ("if body['attempt'] == 3: continue", []),
        ("if body['type'] == 'x': print(1)", []),
        ("if body['type'] != 'x': raise ValueError", []),
    ],
)
def test_messages_given_back_by_their_kind(work, kinds, facts):
    assert [one["kind"] for one in facts(SQS.format(work=work))["skip_paths"]] == kinds


def test_a_windowed_aggregation(facts):
    work = "totals[body['id']] += body['n']\n        if time.time() > 10: print(totals)"
    state = facts(SQS.format(work=work))["state"]
    assert (state["container"], state["flush"], state["acks"]) == ("totals", "time", "before")
    assert "state" not in facts(SQS.format(work="print(body)"))


def test_counters_of_records(facts):
    assert facts(KAFKA.format(work="totals[m.key] = totals[m.key] + 1"))["state"]["container"] == "totals"


def test_a_container_that_is_emptied_when_it_is_given_out_is_state(facts):
    code = """
    import boto3, json, time
    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/sales"
    totals, due = {}, 0
    while True:
        for m in sqs.receive_message(QueueUrl=URL).get("Messages", []):
            sale = json.loads(m["Body"])
            totals[sale["shop"]] = totals.get(sale["shop"], 0) + sale["price"]
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=m["ReceiptHandle"])
        if time.time() > due:
            print(totals)
            totals = {}
    """
    assert facts(code)["state"]["flush"] == "time"
    assert "state" not in facts(code.replace("for m in", "totals = {}\n        for m in"))
