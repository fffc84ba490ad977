"""Loops, flushes, callbacks, transactions and what else happens beside a send."""

import pytest

CONFLUENT = """
import atexit, json
from confluent_kafka import Producer
p = Producer({{{config}}})
def send(rows, row=None):
{body}
"""


def confluent(*lines, config=""):
    return CONFLUENT.format(config=config, body="\n".join("    " + line for line in lines))


class TestLoops:
    @pytest.mark.parametrize(
        ("lines", "loop", "invariant"),
        [
            (["for r in rows:", "    p.produce('t', r)"], "over-items", False),
            (["for topic in ('a', 'b'):", "    p.produce(topic, row)"], "over-channels", True),
            (["for topic in ('a', 'b'):", "    p.produce(topic, topic + row)"], "over-channels", False),
            (["while True:", "    p.produce('t', row)"], "forever", None),
            (["p.produce('t', row)"], "none", None),
        ],
    )
    def test_around_a_send(self, lines, loop, invariant, facts):
        found = facts(confluent(*lines), "produce")
        assert (found["loop"], found.get("payload_loop_invariant")) == (loop, invariant)

    @pytest.mark.parametrize(
        ("lines", "conditional"),
        [
            (["for r in rows:", "    p.produce('t', r)"], False),
            (["for r in rows:", "    if r:", "        p.produce('t', r)"], True),
            (["if row is None:", "    for r in rows:", "        p.produce('t', r)"], True),
        ],
    )
    def test_a_loop_in_a_branch_sends_in_one_of_two_cases(self, lines, conditional, facts):
        assert facts(confluent(*lines), "produce")["conditional"] is conditional

    def test_over_queue_objects(self, facts):
        code = """
        import boto3
        sqs = boto3.resource("sqs")
        HOST = "https://sqs.eu-west-1.amazonaws.com/123456789012/"
        QUEUES = [sqs.Queue(HOST + "a"), sqs.Queue(HOST + "b")]
        def send(body):
            for queue in QUEUES:
                queue.send_message(MessageBody=body)
        """
        found = facts(code, "produce")
        assert (found["loop"], found["payload_loop_invariant"]) == ("over-channels", True)

    def test_around_a_wrapper(self, facts):
        code = """
        from kafka import KafkaProducer
        p = KafkaProducer()
        def publish(topic, value):
            p.send(topic, value)
        def all(rows):
            for r in rows:
                publish("t", r)
        """
        assert facts(code, "produce")["loop"] == "over-items"

    @pytest.mark.parametrize(
        ("loop", "count"),
        [("range(3)", 3), ("range(1, 4)", 3), ("range(1, last)", None), ("('a', 'b')", 2), ("rows", None)],
    )
    def test_of_constant_length(self, loop, count, facts):
        assert facts(confluent(f"for r in {loop}:", "    p.produce('t', str(r))"), "produce").get("loop_count") == count


class TestFlushes:
    @pytest.mark.parametrize(
        ("lines", "positions"),
        [
            (["for r in rows:", "    p.produce('t', r)", "    p.flush()"], ["per-message"]),
            (["for r in rows:", "    p.produce('t', r)", "p.flush()"], ["after-loop"]),
            (["for r in rows:", "    p.produce('t', r)", "    if len(r) > 9:", "        p.flush()"], ["sometimes"]),
            (["p.produce('t', row)", "p.flush()"], ["per-message"]),
            (["p.produce('t', 'started')", "p.flush()"], ["end"]),
            (["try:", "    p.produce('t', row)", "finally:", "    p.flush()"], ["finally"]),
            (["p.produce('t', row)"], []),
        ],
    )
    def test_in_the_sending_function(self, lines, positions, facts):
        assert [one["position"] for one in facts(confluent(*lines), "produce")["flushes"]] == positions

    @pytest.mark.parametrize(
        ("lines", "positions"),
        [
            (["for r in rows:", "    p.produce('t', r)", "    p.poll()"], ["per-message"]),
            (["for r in rows:", "    p.produce('t', r)", "    p.poll(timeout=-1)"], ["per-message"]),
            (["p.produce('t', row)", "p.poll()"], ["per-message"]),
            (["for r in rows:", "    p.produce('t', r)", "p.poll()"], ["after-loop"]),
            (["for r in rows:", "    p.produce('t', r)", "    p.poll(0)"], []),
            (["for r in rows:", "    p.produce('t', r)", "    p.poll(timeout)"], []),
        ],
    )
    def test_and_polls_that_block(self, lines, positions, facts):
        found = facts(confluent(*lines), "produce")
        assert [one["position"] for one in found["blocking_polls"]] == positions
        assert found["flushes"] == []

    def test_in_a_finally_of_the_same_loop(self, facts):
        lines = ["for r in rows:", "    try:", "        p.produce('t', r)", "    finally:", "        p.flush()"]
        assert [one["position"] for one in facts(confluent(*lines), "produce")["flushes"]] == ["per-message"]

    def test_behind_a_loop_of_the_function_that_sends(self, facts):
        code = """
        from confluent_kafka import Producer
        p = Producer({})
        def send_all(topic, rows):
            for row in rows:
                p.produce(topic, row)
        def main(batches):
            for batch in batches:
                send_all("t", batch)
                p.flush()
        """
        assert [one["position"] for one in facts(code, "produce")["flushes"]] == ["after-loop"]

    def test_at_exit(self, facts):
        code = confluent("p.produce('t', row)") + "\natexit.register(p.flush)\n"
        assert [one["position"] for one in facts(code, "produce")["flushes"]] == ["atexit"]

    def test_at_the_end_of_a_block(self, facts):
        code = """
        from aiokafka import AIOKafkaProducer
        async def main():
            async with AIOKafkaProducer() as p:
                await p.send("t", b"x")
        """
        assert [one["position"] for one in facts(code, "produce")["flushes"]] == ["close"]

    def test_in_the_method_that_closes(self, facts):
        code = """
        from kafka import KafkaProducer
        class Bus:
            def __init__(self):
                self.producer = KafkaProducer()
            def publish(self, value):
                self.producer.send("t", value)
            def close(self):
                self.producer.flush()
        """
        assert [one["position"] for one in facts(code, "produce")["flushes"]] == ["close"]

    def test_of_another_producer_do_not_count(self, endpoints):
        code = """
        from confluent_kafka import Producer
        def one(v):
            a = Producer({})
            a.produce("a", v)
        def two(v):
            b = Producer({})
            b.produce("b", v)
            b.flush()
        """
        assert [len(one.facts["flushes"]) for one in endpoints(code, "produce")] == [0, 1]

    def test_whose_answer_is_looked_at(self, facts):
        assert (
            facts(confluent("p.produce('t', row)", "if p.flush(1): raise OSError"), "produce")["flush_checked"] is True
        )
        assert facts(confluent("p.produce('t', row)", "p.flush(1)"), "produce")["flush_checked"] is False
        assert "flush_checked" not in facts(confluent("p.produce('t', row)"), "produce")


class TestDelivery:
    @pytest.mark.parametrize(
        ("call", "config", "given"),
        [
            ("p.produce('t', row, on_delivery=print)", "", True),
            ("p.produce('t', row)", "", False),
            ("p.produce('t', row)", "'on_delivery': print", True),
            ("p.produce('t', row, **rows)", "", None),
        ],
    )
    def test_callbacks(self, call, config, given, facts):
        assert facts(confluent(call, config=config), "produce").get("callback") is given

    def test_polls(self, facts):
        assert facts(confluent("p.produce('t', row)", "p.poll(0)"), "produce")["polls"] is True
        assert facts(confluent("p.produce('t', row)"), "produce")["polls"] is False

    @pytest.mark.parametrize(
        ("line", "future", "callback"),
        [
            ("p.send('t', v)", "dropped", False),
            ("p.send('t', v).get(10)", "awaited", False),
            ("f = p.send('t', v); f.get()", "awaited", False),
            ("p.send('t', v).add_callback(print).add_errback(print)", "stored", True),
            ("futures.append(p.send('t', v))", "stored", False),
            ("return p.send('t', v)", "stored", False),
        ],
    )
    def test_futures_of_kafka_python(self, line, future, callback, facts):
        code = f"from kafka import KafkaProducer\np = KafkaProducer()\nfutures = []\ndef send(v):\n    {line}\n"
        found = facts(code, "produce")
        assert (found["future"], found["callback"]) == (future, callback)

    @pytest.mark.parametrize(
        ("line", "future"),
        [
            ("await p.send_and_wait('t', v)", "awaited"),
            ("await p.send('t', v)", "dropped"),
            ("f = await p.send('t', v)\n    await f", "stored"),
        ],
    )
    def test_futures_of_aiokafka(self, line, future, facts):
        code = f"from aiokafka import AIOKafkaProducer\nasync def send(v):\n    p = AIOKafkaProducer()\n    {line}\n"
        assert facts(code, "produce")["future"] == future


class TestTransactions:
    def test_steps(self, facts):
        lines = ["p.init_transactions()", "p.begin_transaction()", "p.produce('t', row)", "p.commit_transaction()"]
        found = facts(confluent(*lines, config="'transactional.id': 'x'"), "produce")["transaction"]
        assert found == {"init": True, "begin": True, "commit": True, "abort": False, "send_offsets": False}

    def test_scope_of_aiokafka(self, facts):
        code = """
        from aiokafka import AIOKafkaProducer
        async def send(v):
            p = AIOKafkaProducer(transactional_id="x")
            async with p.transaction():
                await p.send("t", v)
        """
        assert facts(code, "produce")["transaction"]["abort"] is True

    def test_none(self, facts):
        assert "transaction" not in facts(confluent("p.produce('t', row)"), "produce")


class TestBeside:
    @pytest.mark.parametrize(
        ("lines", "positions"),
        [
            (["session.add(row)", "session.commit()", "p.produce('t', row)"], ["before"]),
            (["session.add(row)", "p.produce('t', row)", "session.commit()"], ["inside"]),
            (["p.produce('t', row)", "session.add(row)"], ["after"]),
            (["with session.begin():", "    session.add(row)", "    p.produce('t', row)"], ["inside"]),
            (["p.produce('t', row)"], []),
        ],
    )
    def test_database_writes(self, lines, positions, facts):
        code = "from sqlalchemy.orm import Session\nsession = Session()\n" + confluent(*lines)
        assert [one["position"] for one in facts(code, "produce")["db_writes"]] == positions

    def test_an_outbox_in_the_same_function(self, facts):
        code = "from sqlalchemy.orm import Session\nsession = Session()\n" + confluent(
            "session.add(Outbox(row))", "p.produce('t', row)"
        )
        assert facts(code, "produce")["outbox"] is True

    def test_after_the_commit(self, facts):
        code = """
        import boto3
        from django.db import models, transaction
        sqs = boto3.client("sqs")
        URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/a"
        class Order(models.Model): ...
        def place(o):
            Order.objects.create(o=o)
            transaction.on_commit(lambda: sqs.send_message(QueueUrl=URL, MessageBody=o))
        """
        assert facts(code, "produce")["on_commit"] is True

    def test_a_wait_for_the_answer(self, facts):
        wait = ["p.produce('req', row, headers={'correlation_id': 'x'})", "done.wait(30)"]
        code = "import threading\ndone = threading.Event()\n" + confluent(*wait)
        assert len(facts(code, "produce")["waits_for_reply"]) == 1
        assert facts(confluent("p.produce('req', row)", "p.flush()"), "produce")["waits_for_reply"] == []

    def test_a_partition(self, facts):
        assert facts(confluent("p.produce('t', row, partition=3)"), "produce")["partition"] is True
        assert facts(confluent("p.produce('t', row)"), "produce")["partition"] is False


class TestConditions:
    @pytest.mark.parametrize(
        ("lines", "conditional", "asks"),
        [
            (["p.produce('t', row)"], False, []),
            (["if row.depth < 5:", "    p.produce('t', row)"], True, ["depth"]),
            (["if row.next_page:", "    p.produce('t', row)"], True, ["cursor"]),
            (["if row['attempt'] > 3: return", "p.produce('t', row)"], True, ["attempt"]),
            (["if row is None: return", "p.produce('t', row)"], False, []),
            (["if row.kind == 'x':", "    p.produce('t', row)"], True, ["other"]),
        ],
    )
    def test_of_a_send(self, lines, conditional, asks, facts):
        found = facts(confluent(*lines), "produce")
        assert (found["conditional"], [one["on"] for one in found["guards"]]) == (conditional, asks)

    def test_best_effort(self, facts):
        lines = ["try:", "    p.produce('t', row)", "except Exception:", "    pass"]
        assert facts(confluent(*lines), "produce")["best_effort"] is True
        assert facts(confluent(*lines[:-1], "    raise"), "produce")["best_effort"] is False

    def test_a_fallback(self, endpoints):
        code = """
        import boto3
        sqs = boto3.client("sqs")
        def send(b):
            try:
                sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/a", MessageBody=b)
            except Exception:
                sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/b", MessageBody=b)
        """
        found = [(one.facts["fallback"], one.facts["in_except"]) for one in endpoints(code, "produce")]
        assert found == [(False, False), (True, True)]


def test_a_batch_that_each_turn_collects_is_not_the_same(facts):
    code = """
    import boto3
    sqs = boto3.client("sqs")
    def send(rows):
        for chunk in range(9):
            entries = []
            for row in rows[chunk]:
                entries.append({"Id": row.id, "MessageBody": row.body})
            sqs.send_message_batch(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/q", Entries=entries)
    """
    assert facts(code, "produce")["payload_loop_invariant"] is False


def test_the_flush_of_a_producer_that_a_factory_makes(facts):
    code = """
    from confluent_kafka import Producer
    def make():
        return Producer({})
    def emit(producer, value):
        producer.produce("t", value)
    class Service:
        def __init__(self):
            self.producer = make()
        def run(self, value):
            emit(self.producer, value)
        def stop(self):
            self.producer.flush()
    """
    found = facts(code, "produce")
    assert [one["position"] for one in found["flushes"]] == ["close"]
    assert found["client_scope"] == "init"
