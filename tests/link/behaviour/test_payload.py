"""What is sent, in the words of the call that decides."""

import pytest

SEND = """
import json, uuid, boto3
sqs = boto3.client("sqs")
A = "https://sqs.eu-west-1.amazonaws.com/123456789012/a.fifo"
B = "https://sqs.eu-west-1.amazonaws.com/123456789012/b.fifo"
def send(order, kwargs):
    {call}
"""


def sqs(arguments):
    return SEND.format(call=f"sqs.send_message(QueueUrl=A, {arguments})")


KAFKA = """
import json, uuid, time
from confluent_kafka import Producer
p = Producer({{}})
def send(order, key=None):
    {call}
"""


class TestKeys:
    @pytest.mark.parametrize(
        ("argument", "kind"),
        [
            ("MessageGroupId='all'", "const"),
            ("MessageGroupId=str(uuid.uuid4())", "random"),
            ("MessageGroupId=order['customer']", "field"),
            ("MessageGroupId=f'customer-{order.id}'", "field"),
            ("DelaySeconds=1", "none"),
            ("**kwargs", "unknown"),
        ],
    )
    def test_message_groups(self, argument, kind, facts):
        assert facts(sqs(f"MessageBody='x', {argument}"), "produce")["group_id"]["kind"] == kind

    @pytest.mark.parametrize(
        ("call", "kind"),
        [
            ("p.produce('t', 'v')", "none"),
            ("p.produce('t', 'v', None)", "none"),
            ("p.produce('t', 'v', key='fixed')", "const"),
            ("p.produce('t', 'v', key=str(time.time()))", "random"),
            ("p.produce('t', 'v', key=order.id.encode())", "field"),
            ("p.produce('t', 'v', key=key)", "unknown"),
        ],
    )
    def test_partition_keys(self, call, kind, facts):
        assert facts(KAFKA.format(call=call), "produce")["key"]["kind"] == kind

    def test_the_key_that_a_caller_gives_to_a_wrapper(self, endpoints):
        code = """
        from kafka import KafkaProducer
        class Bus:
            def __init__(self):
                self.producer = KafkaProducer()
            def publish(self, topic, value, key=None):
                self.producer.send(topic, value=value, key=key)
        bus = Bus()
        def one(order):
            bus.publish("orders", order, key=order.customer)
        def two(order):
            bus.publish("bills", order)
        """
        assert [one.facts["key"]["kind"] for one in endpoints(code, "produce")] == ["field", "none"]

    def test_of_batch_entries(self, facts):
        code = """
        import boto3
        k = boto3.client("kinesis")
        def send(rows):
            k.put_records(StreamName="s", Records=[{"Data": r, "PartitionKey": "same"} for r in rows])
        """
        assert facts(code, "produce")["key"] == {"kind": "const", "text": "same"}


class TestFingerprints:
    def payloads(self, endpoints, *calls):
        found = endpoints(SEND.format(call="\n    ".join(calls)), "produce")
        return [one.facts.get("payload") for one in found]

    def test_the_same_payload(self, endpoints):
        one, other = self.payloads(
            endpoints,
            "body = json.dumps(order)",
            "sqs.send_message(QueueUrl=A, MessageBody=body)",
            "sqs.send_message(QueueUrl=B, MessageBody=json.dumps(order))",
        )
        assert one == other

    def test_another_payload(self, endpoints):
        one, other = self.payloads(
            endpoints,
            "sqs.send_message(QueueUrl=A, MessageBody=order.a)",
            "sqs.send_message(QueueUrl=B, MessageBody=order.b)",
        )
        assert one != other

    def test_across_libraries_and_encodings(self, endpoints):
        code = """
        import json, boto3
        from confluent_kafka import Producer
        sqs, p = boto3.client("sqs"), Producer({})
        URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/a"
        def send(order):
            p.produce("orders", json.dumps(order).encode())
            sqs.send_message(QueueUrl=URL, MessageBody=json.dumps(order))
        """
        one, other = (found.facts["payload"] for found in endpoints(code, "produce"))
        assert one == other

    def test_hidden_in_keywords_it_is_unknown(self, facts):
        assert "payload" not in facts(
            SEND.format(call="sqs.send_message(QueueUrl=A, MessageBody='x')").replace("MessageBody='x'", "**kwargs"),
            "produce",
        )


class TestContent:
    def test_type_and_keys(self, facts):
        found = facts(sqs("MessageBody=json.dumps({'type': 'order.created', 'correlationId': 1, 'id': 2})"), "produce")
        assert found["event_type"] == "order.created"
        assert found["payload_keys"] == ["correlation_id", "id", "type"]
        assert found["serializer"] == "json"

    def test_of_an_event(self, facts):
        code = """
        import json, boto3
        events = boto3.client("events")
        def send(order):
            detail = json.dumps({"id": order})
            events.put_events(Entries=[{"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}])
        """
        found = facts(code, "produce")
        assert (found["event_type"], found["max_entries"], found["payload_keys"]) == ("OrderPlaced", 1, ["id"])

    @pytest.mark.parametrize(
        ("headers", "names"),
        [
            ("{'X-Correlation-Id': 'a', 'reply_to': 'b', 'x': 'c'}", ["correlation_id", "reply_to", "x"]),
            ("[('retry_count', b'1')]", ["attempt"]),
            ("None", []),
        ],
    )
    def test_headers(self, headers, names, facts):
        assert facts(KAFKA.format(call=f"p.produce('t', 'v', headers={headers})"), "produce")["headers"] == names

    def test_no_headers_and_unknown_ones(self, facts):
        assert facts(KAFKA.format(call="p.produce('t', 'v')"), "produce")["headers"] == []
        assert "headers" not in facts(KAFKA.format(call="p.produce('t', 'v', headers=order.headers)"), "produce")

    def test_attributes(self, facts):
        attributes = "MessageAttributes={'attempt': {'DataType': 'Number', 'StringValue': '1'}}"
        assert facts(sqs(f"MessageBody='x', {attributes}"), "produce")["headers"] == ["attempt"]


class TestBatches:
    def test_entries_written_out(self, facts):
        code = SEND.format(
            call="sqs.send_message_batch(QueueUrl=A, Entries=[{'Id': '1',"
            " 'MessageBody': 'a'}, {'Id': '1', 'MessageBody': 'b'}])"
        )
        found = facts(code, "produce")
        assert (found["max_entries"], found["equal_entry_ids"], found["batch"]) == (2, True, True)

    def test_entries_that_are_collected(self, facts):
        code = SEND.format(
            call="es = []\n    for o in order:\n        es.append({'Id': o.id, 'MessageBody': o.b})\n"
            "    sqs.send_message_batch(QueueUrl=A, Entries=es)"
        )
        found = facts(code, "produce")
        assert {"max_entries", "equal_entry_ids"}.isdisjoint(found)
        assert found["group_id"]["kind"] == "none"


@pytest.mark.parametrize(("argument", "delay"), [("DelaySeconds=30", 30), ("MessageGroupId='x'", None)])
def test_delays(argument, delay, facts):
    assert facts(sqs(f"MessageBody='x', {argument}"), "produce")["delay"] == delay


def test_a_delay_that_cannot_be_told_is_unknown(facts):
    assert "delay" not in facts(sqs("MessageBody='x', DelaySeconds=order.delay"), "produce")


class TestSources:
    @pytest.mark.parametrize(
        ("call", "store"),
        [
            ("body = boto3.client('s3').get_object(Bucket='b', Key='k')['Body'].read()", "s3"),
            ("c = boto3.client('s3')\n    body = c.get_object(Bucket='b', Key='k')['Body'].read().decode()", "s3"),
            ("body = open('f').read()", "fs"),
            ("body = order.text", None),
        ],
    )
    def test_archives(self, call, store, facts):
        code = SEND.format(call=call + "\n    sqs.send_message(QueueUrl=A, MessageBody=body)")
        assert facts(code, "produce").get("replays_from") == store

    def test_a_received_body(self, facts):
        assert facts(sqs("MessageBody=order['Body']"), "produce")["payload_is_body"] is True
        assert facts(sqs("MessageBody=json.dumps(order)"), "produce").get("payload_is_body") is not True

    def test_the_size_of_a_constant(self, facts):
        assert facts(sqs("MessageBody='four'"), "produce")["payload_size"] == 4
        assert "payload_size" not in facts(sqs("MessageBody=order"), "produce")

    def test_a_relay_of_an_outbox(self, facts):
        code = """
        import boto3
        from models import OutboxEntry
        sqs = boto3.client("sqs")
        def relay(session):
            for row in session.query(OutboxEntry).all():
                sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/a", MessageBody=row.body)
        """
        assert facts(code, "produce")["outbox"] is True


@pytest.mark.parametrize(
    ("name", "kind", "finite"),
    [
        ("f'user-{order.user_id}'", "entity", False),
        ("f'orders-{stage}'", "stage", False),
        ("'orders-' + str(order.id % 4)", "unknown", True),
        ("'shard-%s' % order.tenant", "entity", False),
    ],
)
def test_holes_of_names(name, kind, finite, facts):
    code = KAFKA.format(call=f"p.produce({name}, 'v')").replace("order, key=None", "order, stage")
    (hole,) = facts(code, "produce")["name_holes"]
    assert (hole["class"], hole["finite"]) == (kind, finite)


def test_a_name_without_holes(facts):
    assert facts(KAFKA.format(call="p.produce('orders', 'v')"), "produce")["name_holes"] == []


@pytest.mark.parametrize(
    ("more", "holes"),
    [("", ["tenant_id"]), ("def close(url):\n    sqs.delete_queue(QueueUrl=url)\n", [])],
)
def test_the_name_of_a_queue_that_is_made_and_not_deleted_again(more, holes, endpoints):
    code = (
        "import boto3\nsqs = boto3.client('sqs')\n"
        "def open_account(tenant_id):\n    sqs.create_queue(QueueName=f'tenant-{tenant_id}')\n"
    )
    made = [one for one in endpoints(code + more, "manage") if one.operation == "create_queue"]
    assert [hole["text"] for one in made for hole in one.facts["name_holes"]] == holes


def test_the_name_of_a_kafka_topic_that_is_made(facts):
    code = """
    from confluent_kafka.admin import AdminClient, NewTopic
    admin = AdminClient({"bootstrap.servers": "b:9092"})
    def open_account(tenant_id):
        admin.create_topics([NewTopic(f"tenant-{tenant_id}", 3)])
    """
    (hole,) = facts(code, "manage")["name_holes"]
    assert (hole["class"], hole["text"]) == ("entity", "tenant_id")
