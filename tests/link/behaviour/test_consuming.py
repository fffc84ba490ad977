"""The loop around a receive, the tests of what was received, where work runs and how a consumer ends."""

import pytest

CONFLUENT = """
import json
from confluent_kafka import Consumer
consumer = Consumer({{"bootstrap.servers": "b:9092", "group.id": "g"}})
consumer.subscribe(["orders"])
while True:
    msg = consumer.poll(1.0)
{loop}
"""


def confluent(*lines):
    return CONFLUENT.format(loop="\n".join("    " + line for line in lines))


RECEIVE = """
import boto3
sqs = boto3.client("sqs")
def run(running, n):
    {loop}
        answer = sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q"{arguments})
        {after}
"""


@pytest.mark.parametrize(
    ("loop", "kind", "around"),
    [
        ("while True:", "while-true", "forever"),
        ("while not running.is_set():", "while-true", "forever"),
        ("while running:", "while-true", "forever"),
        ("for _ in range(3):", "once", "over-items"),
        ("while n < 3:", "once", "over-items"),
        ("if n:", "once", "none"),
    ],
)
def test_the_loop_around_a_receive(loop, kind, around, facts):
    found = facts(RECEIVE.format(loop=loop, arguments="", after="print(answer)"))
    assert (found["loop_kind"], found["loop"]) == (kind, around)


def test_iterating_a_consumer(facts):
    code = 'from kafka import KafkaConsumer\nfor m in KafkaConsumer("a", group_id="g"):\n    print(m)\n'
    named = code.replace("for m in", "c =").replace(":\n    print(m)", "\nfor m in c:\n    print(m)")
    assert facts(named)["loop_kind"] == "for-iter"
    assert facts(named)["loop"] == "forever"


def test_iterating_a_consumer_where_it_is_made(facts):
    code = 'from kafka import KafkaConsumer\nfor m in KafkaConsumer("a", group_id="g"):\n    print(m.value)\n'
    assert facts(code)["loop_kind"] == "for-iter"


def test_iterating_in_a_coroutine(facts):
    code = """
    from aiokafka import AIOKafkaConsumer
    async def run():
        async with AIOKafkaConsumer("orders", group_id="g") as consumer:
            async for m in consumer:
                print(m.value)
    """
    found = facts(code)
    assert (found["loop_kind"], found["async"]) == ("async-for", True)
    assert [one["how"] for one in found["closes"]] == ["context-manager"]


@pytest.mark.parametrize(
    ("arguments", "wait", "most", "visibility"),
    [
        ("", None, None, None),
        (", WaitTimeSeconds=20, MaxNumberOfMessages=10", 20, 10, None),
        (", VisibilityTimeout=0", None, None, 0),
    ],
)
def test_arguments_of_a_receive(arguments, wait, most, visibility, facts):
    found = facts(RECEIVE.format(loop="while True:", arguments=arguments, after="pass"))
    assert (found["wait_time"], found["max_messages"], found["visibility"]) == (wait, most, visibility)


@pytest.mark.parametrize("arguments", [", WaitTimeSeconds=n", ", **n"])
def test_arguments_that_cannot_be_told_are_unknown(arguments, facts):
    assert "wait_time" not in facts(RECEIVE.format(loop="while True:", arguments=arguments, after="pass"))


def test_arguments_of_the_resource_interface(facts):
    code = """
    import boto3
    WAIT = 10
    queue = boto3.resource("sqs").get_queue_by_name(QueueName="orders")
    while True:
        for m in queue.receive_messages(WaitTimeSeconds=WAIT, MaxNumberOfMessages=5):
            m.delete()
    """
    found = facts(code)
    assert (found["wait_time"], found["max_messages"]) == (10, 5)


@pytest.mark.parametrize(
    ("after", "stops"),
    [
        ('if "Messages" not in answer: break', True),
        ('messages = answer.get("Messages")\n        if not messages:\n            return', True),
        ('if not answer.get("Messages"): continue', False),
    ],
)
def test_a_drain_stops_when_nothing_was_received(after, stops, facts):
    assert facts(RECEIVE.format(loop="while True:", arguments="", after=after))["stops_on_empty"] is stops


class TestPolledMessages:
    @pytest.mark.parametrize(
        ("test", "kind"),
        [
            ("if msg is None: continue", "is-none"),
            ("if not msg: continue", "truthiness"),
            ("if msg is not None: print(msg.value())", "is-none"),
            ("if msg is None or msg.error(): continue", "is-none"),
            ("pass", "missing"),
        ],
    )
    def test_the_test_for_none(self, test, kind, facts):
        assert facts(confluent(test, "print(msg.value())"))["none_test"] == kind

    def test_the_error_is_asked(self, facts):
        code = confluent(
            "if msg is None: continue", "if msg.error():", "    raise RuntimeError(msg.error())", "print(msg.value())"
        )
        assert facts(code)["error_checked"] is True

    def test_the_error_is_not_asked(self, facts):
        assert facts(confluent("if msg is None: continue", "print(msg.value())"))["error_checked"] is False

    def test_the_error_is_asked_in_a_function(self, facts):
        code = "def check(m):\n    return m.error()\n" + confluent("if check(msg): continue", "print(msg.value())")
        assert facts(code)["error_checked"] is True

    def test_where_a_message_goes_elsewhere_it_is_unknown(self, facts):
        code = "import checks\n" + confluent("if checks.bad(msg): continue", "print(msg.value())")
        assert "error_checked" not in facts(code)

    def test_a_consumer_that_raises_errors_itself_has_none_to_ask_for(self, facts):
        code = confluent("if msg is None: continue", "print(msg.value())")
        assert "error_checked" not in facts(code.replace("Consumer", "DeserializingConsumer"))
        avro = code.replace("confluent_kafka", "confluent_kafka.avro").replace("Consumer", "AvroConsumer")
        assert facts(avro)["error_checked"] is False

    def test_a_share_consumer_polls_several_records(self, facts):
        code = """
        import time
        from confluent_kafka import ShareConsumer
        consumer = ShareConsumer({"group.id": "g"})
        consumer.subscribe(["orders"])
        while True:
            for msg in consumer.poll(timeout=1.0):
                time.sleep(60)
                print(msg.value())
        """
        assert facts(code)["work_seconds"] == 60

    def test_other_libraries_have_no_such_test(self, facts):
        code = (
            'from kafka import KafkaConsumer\nc = KafkaConsumer("a", group_id="g")\nfor m in c:\n    print(m.value)\n'
        )
        assert {"error_checked", "none_test"}.isdisjoint(facts(code))


class TestHandingOver:
    SQS = """
    import boto3, requests, threading, asyncio, queue
    from concurrent.futures import ThreadPoolExecutor, ProcessPoolExecutor
    q = boto3.resource("sqs").Queue("https://sqs.eu-west-1.amazonaws.com/123456789012/q")
    threads, processes, jobs = ThreadPoolExecutor(), ProcessPoolExecutor(), queue.Queue()
    def work(m):
        requests.post("http://x", data=m.body)
    def run():
        while True:
            for m in q.receive_messages():
                HAND
    """

    @pytest.mark.parametrize(
        ("hand", "kind"),
        [
            ("work(m)", "none"),
            ("threads.submit(work, m)", "thread-pool"),
            ("processes.submit(work, m)", "process-pool"),
            ("threading.Thread(target=work, args=(m,)).start()", "thread-pool"),
            ("threads.submit(work, m).result()", "none"),
            ("jobs.put(m)", "queue"),
        ],
    )
    def test_of_queue_messages(self, hand, kind, facts):
        assert facts(self.SQS.replace("HAND", hand))["handoff"] == kind

    def test_a_pool_that_is_left_in_the_same_turn(self, facts):
        code = self.SQS.replace("HAND", "with ThreadPoolExecutor() as pool:\n                    pool.submit(work, m)")
        assert facts(code)["handoff"] == "none"

    def test_a_task_on_a_queue_of_its_own_is_sent_on(self, facts):
        code = """
        from celery import Celery
        from kafka import KafkaConsumer
        app = Celery(broker="redis://")
        @app.task
        def work(v): ...
        for m in KafkaConsumer("a", group_id="g"):
            work.delay(m.value)
        """
        found = facts(code)
        assert found["handoff"] == "none"
        assert [one["class"] for one in found["effects"]] == ["produce"]

    KAFKA = """
    import asyncio, httpx
    from aiokafka import AIOKafkaConsumer
    async def work(m):
        await httpx.AsyncClient().post("http://x", data=m.value)
    async def run():
        consumer = AIOKafkaConsumer("orders", group_id="g")
        async for m in consumer:
            HAND
    """

    @pytest.mark.parametrize(
        ("hand", "kind"),
        [
            ("await work(m)", "none"),
            ("asyncio.create_task(work(m))", "task"),
            ("await asyncio.gather(work(m))", "none"),
            ("start(work(m))", "task"),
        ],
    )
    def test_of_kafka_records(self, hand, kind, facts):
        assert facts(self.KAFKA.replace("HAND", hand))["handoff"] == kind


class TestTries:
    @pytest.mark.parametrize(
        ("handler", "shape"),
        [
            (
                "except Exception:\n        print('bad')",
                {"broad": True, "swallows": True, "logs_only": True, "to_dlq": False},
            ),
            ("except ValueError:\n        pass", {"broad": False, "swallows": True, "logs_only": True}),
            ("except Exception:\n        raise", {"broad": True, "swallows": False, "re_raises": True}),
            (
                "except Exception:\n        p.produce('dead', msg.value())",
                {"to_dlq": True, "logs_only": False, "swallows": True},
            ),
            ("except Exception:\n        c.commit()\n        print('bad')", {"logs_only": True, "swallows": True}),
            ("except Exception:\n        FAILED.labels(topic=msg.topic()).inc()", {"logs_only": True}),
            ("except Exception:\n        keep(msg.value())", {"logs_only": False}),
        ],
    )
    def test_around_the_work(self, handler, shape, facts):
        code = "import requests\nfrom confluent_kafka import Producer\np = Producer({})\n" + confluent(
            "if msg is None: continue",
            "try:",
            "    requests.post('http://x', data=msg.value())",
            *handler.split("\n    "),
        )
        found = facts(code)["try_shape"]
        assert found["around"] is True
        assert shape.items() <= found.items()

    def test_none_around_the_work(self, facts):
        code = "import requests\n" + confluent(
            "if msg is None: continue", "requests.post('http://x', data=msg.value())"
        )
        assert facts(code)["try_shape"]["around"] is False

    def test_around_one_step_in_a_function_below_says_nothing_of_the_rest(self, facts):
        code = (
            "import requests\n"
            "def ship(line):\n    try:\n        requests.post('http://logs', data=line)\n"
            "    except Exception:\n        print('bad')\n"
            + confluent("if msg is None: continue", "requests.post('http://x', data=msg.value())", "ship(msg.value())")
        )
        assert "try_shape" not in facts(code)

    def test_unknown_where_the_work_cannot_be_seen(self, facts):
        code = """
        import boto3
        def fetch():
            return boto3.client("sqs").receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q")
        """
        assert "try_shape" not in facts(code)

    @pytest.mark.parametrize(("loop", "bounded"), [("for _ in range(3):", True), ("while True:", False)])
    def test_retries(self, loop, bounded, facts):
        code = "import requests\n" + confluent(
            "if msg is None: continue", loop, "    try:", "        requests.post('http:/"
"/x', data=msg.value())", "        break",
            "    except Exception:", "        pass",
        )  # fmt: skip
        assert facts(code)["bounded_retry"] is bounded

    def test_the_outermost_of_a_turn_counts(self, facts):
        code = "import requests\n" + confluent(
            "if msg is None: continue", "try:", "    work(msg.value())", "except Exception:", "    raise",
        )  # fmt: skip
        work = (
            "def work(v):\n    try:\n        requests.post('http://x', data=v)\n    except ValueError:\n        pass\n"
        )
        assert facts(work + code)["try_shape"]["re_raises"] is True

    def test_around_the_loop_does_not_count(self, facts):
        code = """
        import requests
        from kafka import KafkaConsumer
        c = KafkaConsumer("a", group_id="g")
        try:
            for m in c:
                requests.post("http://x", data=m.value)
        except Exception:
            print("end")
        """
        assert facts(code)["try_shape"]["around"] is False


class TestPositions:
    def test_seeks(self, facts):
        code = confluent("print(msg)").replace("while True:", "consumer.seek(partition)\nwhile True:")
        assert [place.line for place in facts(code)["seeks"]] == [6]

    def test_assignment_with_an_offset(self, facts):
        code = """
        from confluent_kafka import Consumer, TopicPartition, OFFSET_BEGINNING
        c = Consumer({"group.id": "g"})
        c.assign([TopicPartition("orders", 0, OFFSET_BEGINNING)])
        while True:
            c.poll(1.0)
        """
        assert len(facts(code)["seeks"]) == 1
        assert facts(code.replace(", OFFSET_BEGINNING)", ")"))["seeks"] == []

    def test_no_seeks(self, facts):
        assert facts('from kafka import KafkaConsumer\nc = KafkaConsumer("a", group_id="g")\nc.poll()\n')["seeks"] == []

    def test_kafka_python_set_back(self, facts):
        code = (
            'from kafka import KafkaConsumer\nc = KafkaConsumer("a", group_id="g")\nc.seek_to_beginning()\nc.poll()\n'
        )
        assert len(facts(code)["seeks"]) == 1


class TestEnds:
    @pytest.mark.parametrize(
        ("code", "how"),
        [
            ("try:\n    for m in c:\n        print(m)\nfinally:\n    c.close()\n", ["finally"]),
            ("for m in c:\n    print(m)\n", []),
            (
                (
                    "import signal\ndef stop(*_):\n    c.close()\n"
                    "signal.signal(signal.SIGTERM, stop)\nfor m in c:\n    print(m)\n"
                ),
                ["signal"],
            ),
        ],
    )
    def test_of_a_consumer(self, code, how, facts):
        whole = 'from kafka import KafkaConsumer\nc = KafkaConsumer("a", group_id="g")\n' + code
        assert [one["how"] for one in facts(whole)["closes"]] == how

    POLL = """
        import signal
        import threading
        import boto3

        sqs = boto3.client("sqs")
        stopped = threading.Event()
        running = True

        class Killer:
            killed = False

            def __init__(self):
                signal.signal(signal.SIGTERM, self.kill)

            def kill(self, *_):
                self.killed = True

        def stop(*_):
            global running
            running = False

        def end(*_):
            stopped.set()

        killer = Killer()
        signal.signal(signal.SIGNAL, HANDLER)
        while TEST:
            for message in sqs.receive_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/1/a").get("Messages", []):
                print(message["Body"])
        """

    @pytest.mark.parametrize(
        ("number", "handler", "test", "how"),
        [
            ("SIGTERM", "stop", "running", ["signal"]),
            ("SIGTERM", "end", "not stopped.is_set()", ["signal"]),
            ("SIGTERM", "end", "running", []),
            ("SIGTERM", "lambda *_: stopped.set()", "not stopped.is_set()", ["signal"]),
            ("SIGINT", "stop", "running", []),
            ("SIGINT", "stop", "not killer.killed", ["signal"]),
            ("SIGTERM", "stop", "True", []),
        ],
    )
    def test_of_a_loop_that_a_signal_ends(self, number, handler, test, how, facts):
        code = self.POLL.replace("SIGNAL", number).replace("HANDLER", handler).replace("TEST", test)
        assert [one["how"] for one in facts(code)["closes"]] == how


@pytest.mark.parametrize(
    ("make", "kind"),
    [
        ('KafkaConsumer("a", group_id="g")', "classic"),
        ('KafkaConsumer("a")', "none"),
        ('KafkaConsumer("a", group_id=None)', "none"),
    ],
)
def test_kinds_of_groups(make, kind, facts):
    assert facts(f"from kafka import KafkaConsumer\nc = {make}\nfor m in c:\n    print(m)\n")["group_kind"] == kind


def test_a_share_group_ignores_some_keys(facts):
    code = """
    from confluent_kafka import ShareConsumer
    c = ShareConsumer({"bootstrap.servers": "b:9092", "group.id": "g", "auto.offset.reset": "earliest"})
    c.subscribe(["jobs"])
    while True:
        c.poll(1.0)
    """
    found = facts(code)
    assert (found["group_kind"], found["ignored_keys"]) == ("share", ["auto.offset.reset"])


def test_a_consumer_that_a_factory_makes_and_subscribes(facts):
    code = """
    from confluent_kafka import Consumer
    def make():
        consumer = Consumer({"group.id": "g"})
        consumer.subscribe(["orders"])
        return consumer
    def run():
        consumer = make()
        while True:
            msg = consumer.poll(1.0)
            if msg is None:
                continue
            print(msg.value())
    """
    found = facts(code)
    assert (found["loop_kind"], found["none_test"], found["error_checked"]) == ("while-true", "is-none", False)


class TestGroups:
    @pytest.mark.parametrize(
        ("group", "varies"),
        [
            ("'mailer'", False),
            ("os.environ['GROUP']", False),
            ("f'mailer-{uuid.uuid4()}'", True),
            ("'mailer-' + socket.gethostname()", True),
            ("NAME", True),
            ("settings.group", None),
        ],
    )
    def test_whose_name_differs_at_each_start(self, group, varies, facts):
        head = "import os, socket, uuid, settings\nNAME = f'x-{os.getpid()}'\n"
        confluent = f"from confluent_kafka import Consumer\nc = Consumer({{'group.id': {group}}})\nc.subscribe(['a'])\n"
        python = f"from kafka import KafkaConsumer\nc = KafkaConsumer('a', group_id={group})\n"
        assert facts(head + confluent).get("group_varies") is varies
        assert facts(head + python).get("group_varies") is varies

    def test_state_rebuilt_from_the_beginning(self, facts):
        code = """
        from kafka import KafkaConsumer
        cache = {}
        for m in KafkaConsumer("prices", auto_offset_reset="RESET"):
            cache[m.key] = m.value
        """
        assert len(facts(code.replace("RESET", "earliest"))["rebuilds"]) == 1
        assert facts(code.replace("RESET", "latest"))["rebuilds"] == []


def test_a_framework_acknowledges_as_it_is_told(endpoints):
    code = """
    from faststream import AckPolicy
    from faststream.kafka import KafkaBroker
    broker = KafkaBroker()
    @broker.subscriber("a", ack_policy=AckPolicy.NACK_ON_ERROR)
    async def one(m): ...
    @broker.subscriber("b")
    async def two(m): ...
    """
    assert [one.config.get("ack_policy", {}).get("value") for one in endpoints(code)] == ["NACK_ON_ERROR", None]
    assert {one.facts["loop_kind"] for one in endpoints(code)} == {"decorator"}


class TestLambdas:
    TEMPLATE = """
    AWSTemplateFormatVersion: "2010-09-09"
    Transform: AWS::Serverless-2016-10-31
    Resources:
      Orders: {Type: AWS::SQS::Queue, Properties: {QueueName: orders}}
      Function:
        Type: AWS::Serverless::Function
        Properties:
          Handler: app.handler
          CodeUri: .
          Events:
            Orders: {Type: SQS, Properties: {Queue: !GetAtt Orders.Arn}}
    """
    CODE = """
    import json, requests
    def handler(event, context):
        failed = []
        for record in event["Records"]:
            try:
                requests.post("http://x", json=json.loads(record["body"])["id"])
            except Exception:
                HANDLE
        RETURN
    """

    def test_that_report_failures(self, facts):
        code = self.CODE.replace("HANDLE", 'failed.append({"itemIdentifier": record["messageId"]})')
        found = facts(code.replace("RETURN", 'return {"batchItemFailures": failed}'), template_DOT_yaml=self.TEMPLATE)
        assert [ack["kind"] for ack in found["acks"]] == ["return-failures"]
        assert found["try_shape"]["logs_only"] is False
        assert found["body_paths"] == ["id"]

    @pytest.mark.parametrize("answer", ["return work(event)", "answer = work(event)\n        return answer"])
    def test_that_return_the_report_of_another_function(self, answer, facts):
        code = self.CODE.replace("def handler(event, context)", "def work(event)")
        code = code.replace("HANDLE", 'failed.append({"itemIdentifier": record["messageId"]})')
        code = code.replace("RETURN", 'return {"batchItemFailures": failed}')
        found = facts(f"{code}\n    def handler(event, context):\n        {answer}\n", template_DOT_yaml=self.TEMPLATE)
        assert [ack["kind"] for ack in found["acks"]] == ["return-failures"]

    def test_that_swallow_failures(self, facts):
        found = facts(
            self.CODE.replace("HANDLE", "print('bad')").replace("RETURN", "return None"),
            template_DOT_yaml=self.TEMPLATE,
        )
        assert found["acks"] == []
        assert (found["try_shape"]["broad"], found["try_shape"]["logs_only"]) == (True, True)
        assert [one["class"] for one in found["effects"]] == ["http"]
