"""Where an acknowledgement stands relative to the work."""

import pytest

SQS = """
import boto3, requests, logging
log = logging.getLogger(__name__)
sqs = boto3.client("sqs")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

def run():
    while True:
        answer = sqs.receive_message(QueueUrl=URL, WaitTimeSeconds=20)
        for m in answer.get("Messages", []):
{loop}
"""
RESOURCE = """
import boto3, requests, logging
log = logging.getLogger(__name__)
queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/orders")

def run():
    while True:
        for m in queue.receive_messages(WaitTimeSeconds=20):
{loop}
"""
CONFLUENT = """
import requests, logging
from confluent_kafka import Consumer
log = logging.getLogger(__name__)
consumer = Consumer({{"bootstrap.servers": "b:9092", "group.id": "g", "enable.auto.commit": False}})
consumer.subscribe(["orders"])

def run():
    if True:
        while True:
            m = consumer.poll(1.0)
            if m is None:
                continue
{loop}
"""
AIOKAFKA = """
import httpx, logging
from aiokafka import AIOKafkaConsumer
log = logging.getLogger(__name__)

async def run():
    consumer = AIOKafkaConsumer("orders", bootstrap_servers="b:9092", group_id="g", enable_auto_commit=False)
    if True:
        async for m in consumer:
{loop}
"""
DIALECTS = {
    "boto3 client": (
        SQS,
        'requests.post("http://x", data=m["Body"])',
        'sqs.delete_message(QueueUrl=URL, ReceiptHandle=m["ReceiptHandle"])',
    ),
    "boto3 resource": (RESOURCE, 'requests.post("http://x", data=m.body)', "m.delete()"),
    "confluent-kafka": (CONFLUENT, 'requests.post("http://x", data=m.value())', "consumer.commit(m)"),
    "aiokafka": (AIOKAFKA, 'await httpx.AsyncClient().post("http://x", data=m.value)', "await consumer.commit()"),
}


def written(dialect, *lines):
    frame, work, ack = DIALECTS[dialect]
    text = "\n".join(" " * 12 + line.replace("WORK", work).replace("ACK", ack) for line in lines)
    return frame.format(loop=text)


@pytest.fixture(params=DIALECTS)
def dialect(request):
    return request.param


def positions(found):
    return [ack.get("position") for ack in found["acks"]]


def test_after_the_work(dialect, facts):
    assert positions(facts(written(dialect, "WORK", "ACK"))) == ["after"]


def test_before_the_work(dialect, facts):
    assert positions(facts(written(dialect, "ACK", "WORK"))) == ["before"]


def test_in_finally(dialect, facts):
    assert positions(facts(written(dialect, "try:", "    WORK", "finally:", "    ACK"))) == ["finally"]


def test_in_a_handler(dialect, facts):
    code = written(dialect, "try:", "    WORK", "except Exception:", "    ACK")
    (ack,) = facts(code)["acks"]
    assert (ack["position"], ack["broad"]) == ("except", True)


def test_behind_a_handler_that_swallows_everything(dialect, facts):
    code = written(dialect, "try:", "    WORK", "except Exception:", '    log.exception("bad")', "ACK")
    assert positions(facts(code)) == ["always"]


@pytest.mark.parametrize(
    "handler",
    [
        ["except Exception:", "    continue"],
        ["except Exception:", "    raise"],
        ["except ValueError:", "    pass"],
        ["except Exception:", '    requests.post("http://errors", data=str(m))'],
    ],
    ids=["goes on with the next", "re-raises", "narrow", "keeps the failed message"],
)
def test_behind_a_handler_that_does_not_swallow(dialect, handler, facts):
    code = written(dialect, "try:", "    WORK", *handler, "ACK").replace("import httpx", "import httpx, requests")
    assert positions(facts(code)) == ["after"]


def test_in_the_else_of_the_try(dialect, facts):
    code = written(dialect, "try:", "    WORK", "except Exception:", '    log.exception("bad")', "else:", "    ACK")
    assert positions(facts(code)) == ["after"]


def test_guarded_by_the_success_of_the_work(dialect, facts):
    code = written(
        dialect, "ok = False", "try:", "    WORK", "    ok = True", "except Exception:", "    pass", "if ok:", "    ACK"
    )
    (ack,) = facts(code)["acks"]
    assert (ack["position"], ack["guarded"]) == ("after", True)


def test_in_a_branch_that_leaves_before_the_work_it_is_not_before_it(dialect, facts):
    code = written(dialect, "if str(m) == 'x':", "    ACK", "    continue", "WORK", "ACK")
    assert "before" not in positions(facts(code))


def test_no_acknowledgement_at_all(dialect, facts):
    assert facts(written(dialect, "WORK"))["acks"] == []


def test_without_any_known_work_there_is_no_position(dialect, facts):
    (ack,) = facts(written(dialect, "print(m)", "ACK"))["acks"]
    assert "position" not in ack


def test_inside_functions_that_get_the_message(facts):
    code = """
    import boto3, requests
    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    class Worker:
        def run(self):
            while True:
                for m in sqs.receive_message(QueueUrl=URL)["Messages"]:
                    self.remove(m["ReceiptHandle"])
                    self.handle(m)

        def handle(self, message):
            requests.post("http://x", data=message["Body"])

        def remove(self, handle):
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=handle)
    """
    assert positions(facts(code)) == ["before"]


def test_a_failure_swallowed_further_down(facts):
    code = """
    import boto3, requests, logging
    queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/orders")

    def handle(message):
        try:
            requests.post("http://x", data=message.body)
        except Exception:
            logging.exception("bad")

    def run():
        while True:
            for m in queue.receive_messages():
                handle(m)
                m.delete()
    """
    assert positions(facts(code)) == ["always"]
    assert positions(
        facts(
            code.replace(
                "                handle(m)\n                m.delete()",
                "                if handle(m):\n                    m.delete()",
            )
        )
    ) == ["after"]


def test_a_batch_delete_stands_where_its_entries_are_collected(facts):
    code = """
    import boto3, requests
    sqs = boto3.client("sqs")
    URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

    def run():
        while True:
            done = []
            for m in sqs.receive_message(QueueUrl=URL)["Messages"]:
                try:
                    requests.post("http://x", data=m["Body"])
                    done.append({"Id": m["MessageId"], "ReceiptHandle": m["ReceiptHandle"]})
                except Exception:
                    print("bad")
            sqs.delete_message_batch(QueueUrl=URL, Entries=done)
    """
    (ack,) = facts(code)["acks"]
    assert (ack["kind"], ack["position"], ack["per_message"]) == ("delete-batch", "after", False)


def test_stored_offsets(facts):
    code = written("confluent-kafka", "WORK", "consumer.store_offsets(m)")
    assert [(ack["kind"], ack["position"]) for ack in facts(code)["acks"]] == [("store", "after")]


def test_a_message_hidden_for_no_time(facts):
    code = written(
        "boto3 client",
        "try:",
        "    WORK",
        "    ACK",
        "except Exception:",
        '    sqs.change_message_visibility(QueueUrl=URL, ReceiptHandle=m["ReceiptHandle"], VisibilityTimeout=0)',
    )
    found = {ack["kind"]: ack for ack in facts(code)["acks"]}
    assert found["delete"]["position"] == "after"
    assert (found["visibility"]["position"], found["visibility"]["timeout"]) == ("except", 0)


def test_kafka_python(facts):
    code = """
    import requests
    from kafka import KafkaConsumer
    consumer = KafkaConsumer("orders", bootstrap_servers="b:9092", group_id="g", enable_auto_commit=False)
    for m in consumer:
        consumer.commit()
        requests.post("http://x", data=m.value)
    """
    assert positions(facts(code)) == ["before"]


def test_the_commit_of_another_consumer_is_not_its_own(endpoints):
    code = """
    import requests
    from kafka import KafkaConsumer

    def one():
        first = KafkaConsumer("orders", group_id="a")
        for m in first:
            requests.post("http://x", data=m.value)

    def two():
        second = KafkaConsumer("bills", group_id="b")
        for m in second:
            requests.post("http://x", data=m.value)
            second.commit()
    """
    assert [len(one.facts["acks"]) for one in endpoints(code)] == [0, 1]


class TestEscapes:
    def test_messages_that_stay_are_followed(self, dialect, facts):
        assert facts(written(dialect, "print(m)"))["messages_escape"] is False

    def test_messages_given_to_code_that_is_not_there(self, facts):
        code = written("boto3 client", "helper.process(m)").replace("import boto3", "import helper, boto3")
        assert facts(code)["messages_escape"] is True

    def test_only_the_body_given_away_is_no_escape(self, facts):
        code = written("boto3 client", 'helper.process(m["Body"])').replace("import boto3", "import helper, boto3")
        assert facts(code)["messages_escape"] is False

    def test_messages_kept_in_an_attribute(self, facts):
        code = """
        import boto3
        queue = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/orders")
        class Worker:
            def fetch(self):
                for m in queue.receive_messages():
                    self.current = m
        """
        assert facts(code)["messages_escape"] is True

    def test_messages_returned_to_nobody_known(self, facts):
        code = """
        import boto3
        sqs = boto3.client("sqs")
        def fetch():
            return sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/orders")
        """
        assert facts(code)["messages_escape"] is True

    def test_messages_returned_to_a_known_caller_are_followed_there(self, facts):
        code = """
        import boto3, requests
        sqs = boto3.client("sqs")
        URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

        def fetch():
            return sqs.receive_message(QueueUrl=URL).get("Messages", [])

        def run():
            while True:
                for m in fetch():
                    requests.post("http://x", data=m["Body"])
                    sqs.delete_message(QueueUrl=URL, ReceiptHandle=m["ReceiptHandle"])
        """
        found = facts(code)
        assert found["messages_escape"] is False
        assert positions(found) == ["after"]
        assert found["loop"] == "forever"


def test_unknown_work_ahead_leaves_the_position_open(facts):
    code = written("boto3 client", 'helper.process(m["Body"])', "ACK", "WORK").replace(
        "import boto3", "import helper, boto3"
    )
    (ack,) = facts(code)["acks"]
    assert "position" not in ack


def test_consumers_of_one_factory_are_told_apart(endpoints):
    code = """
    import requests
    from confluent_kafka import Consumer

    def make(group):
        return Consumer({"group.id": group})

    class Orders:
        def __init__(self):
            self.consumer = make("orders")
            self.consumer.subscribe(["orders"])
        def run(self):
            while True:
                m = self.consumer.poll(1.0)
                requests.post("http://x", data=m.value())
                self.consumer.commit(m)

    class Bills:
        def __init__(self):
            self.consumer = make("bills")
            self.consumer.subscribe(["bills"])
        def run(self):
            while True:
                m = self.consumer.poll(1.0)
                self.consumer.commit(m)
                requests.post("http://x", data=m.value())
    """
    assert [positions(one.facts) for one in endpoints(code)] == [["after"], ["before"]]


def test_consumers_of_one_wrapper_class_are_told_apart(endpoints):
    wrapper = """
    from aiokafka import AIOKafkaConsumer
    class Reader:
        def __init__(self, topic):
            self.consumer = AIOKafkaConsumer(topic, group_id="g")
    """
    service = """
    import httpx
    from reader import Reader
    reader = Reader("TOPIC")
    async def run():
        async for m in reader.consumer:
            WORK
    """
    found = endpoints(
        "",
        reader_DOT_py=wrapper,
        a_DOT_py=service.replace("TOPIC", "orders").replace(
            "WORK", "await httpx.AsyncClient().post('x', data=m.value)"
        ),
        b_DOT_py=service.replace("TOPIC", "bills").replace("WORK", "print(m)"),
    )
    assert [[one["class"] for one in endpoint.facts["effects"]] for endpoint in found] == [["http"], []]


def test_a_message_may_be_received_and_deleted_in_threads(facts):
    code = """
import asyncio, boto3
sqs = boto3.client("sqs")
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

async def run():
    while True:
        answer = await asyncio.to_thread(sqs.receive_message, QueueUrl=URL, WaitTimeSeconds=20)
        for m in answer.get("Messages", []):
            print(m["Body"])
            await asyncio.to_thread(sqs.delete_message, QueueUrl=URL, ReceiptHandle=m["ReceiptHandle"])
"""
    (ack,) = facts(code, "consume")["acks"]
    assert (ack["kind"], ack["place"].line, ack["per_message"]) == ("delete", 11, True)
