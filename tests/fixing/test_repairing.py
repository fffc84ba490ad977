"""Fixes of the built-in checks, made in memory: what they change, what they leave, and that they cure."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import brokerlint_checks
from brokerlint.checking import Edit, Finding, Registry, Selection
from brokerlint.checking.registry import checks_in
from brokerlint.checking.runner import run
from brokerlint.fixing import NotMadeError, Repair, edited, repair
from brokerlint.pipeline import analyse_sources
from brokerlint.places import Place
from brokerlint.topology import build

REGISTRY = Registry(checks_in(brokerlint_checks))

POLL = """\
import boto3

sqs = boto3.client("sqs"CLIENT)
URL = "https://sqs.eu-west-1.amazonaws.com/123456789012/orders"

def main():
    while True:
        answer = sqs.receive_message(CALL)
        for message in answer.get("Messages", []):
            print(message["Body"])
            sqs.delete_message(QueueUrl=URL, ReceiptHandle=message["ReceiptHandle"])

main()
"""
SEND = """\
from confluent_kafka import Producer

producer = Producer({"bootstrap.servers": "broker:9092"})

def export(rows):
    for row in rows:
        producer.produce("rows", row)
        producer.flush()  # wait
    print("done")
"""
READ = """\
from confluent_kafka import Consumer

consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "orders", "enable.auto.commit": False})
consumer.subscribe(["orders"])
while True:
    message = consumer.poll(1.0)
    if TEST:
        continue
    if message.error():
        raise RuntimeError(message.error())
    print(message.value())
    consumer.commit(message)
"""


def repaired(check: str, source: str, *, unsafe: bool = False, **others: str) -> tuple[str, Repair]:
    """The text of ``app.py`` after the fixes of one check, and what was done."""
    files = {"app.py": source, **{f"{name}.py": text for name, text in others.items()}}
    selection: Selection = REGISTRY.select(select=[check])

    def look(texts: Mapping[str, bytes]) -> tuple[Finding, ...]:
        changed = {path: data.decode() for path, data in texts.items()}
        return run(build(analyse_sources({**files, **changed})), selection).findings

    known = look({})
    done = repair(known, known, lambda path: files[path].encode(), look, unsafe=unsafe)
    return done.after.get("app.py", b"").decode(), done


def poll(call: str = "QueueUrl=URL", client: str = "") -> str:
    return POLL.replace("CALL", call).replace("CLIENT", client)


class TestALoopThatPollsWithoutWaiting:
    def test_waits_after_a_safe_fix_and_nothing_else_changes(self) -> None:
        text, done = repaired("SQS101", poll())
        assert text == poll("QueueUrl=URL, WaitTimeSeconds=20")
        assert [finding.check for finding in done.cured] == ["SQS101"]

    def test_a_wait_of_nothing_is_replaced(self) -> None:
        assert repaired("SQS101", poll("WaitTimeSeconds = 0, QueueUrl=URL"))[0] == poll(
            "WaitTimeSeconds = 20, QueueUrl=URL"
        )

    @pytest.mark.parametrize(
        ("call", "fixed"),
        [
            (
                "\n            QueueUrl=URL,\n        ",
                "\n            QueueUrl=URL,\n            WaitTimeSeconds=20,\n        ",
            ),
            (
                "\n            QueueUrl=URL\n        ",
                "\n            QueueUrl=URL,\n            WaitTimeSeconds=20\n        ",
            ),
            (
                "\n            QueueUrl=URL,  # the queue\n        ",
                "\n            QueueUrl=URL,  # the queue\n            WaitTimeSeconds=20,\n        ",
            ),
            (
                "\n            QueueUrl=URL  # the queue\n        ",
                "\n            QueueUrl=URL,  # the queue\n            WaitTimeSeconds=20\n        ",
            ),
            (
                "QueueUrl=URL,\n                                     MaxNumberOfMessages=10",
                f"QueueUrl=URL,\n{' ' * 37}MaxNumberOfMessages=10,\n{' ' * 37}WaitTimeSeconds=20",
            ),
            ("QueueUrl=URL, ", "QueueUrl=URL, WaitTimeSeconds=20, "),
        ],
    )
    def test_the_layout_of_the_call_is_kept(self, call: str, fixed: str) -> None:
        assert repaired("SQS101", poll(call))[0] == poll(fixed)

    def test_arguments_that_are_spread_may_hold_the_keyword(self) -> None:
        text, done = repaired(
            "SQS101", 'MORE = {"MaxNumberOfMessages": 1}\n' + poll("QueueUrl=URL, **MORE"), unsafe=True
        )
        assert text == ""
        assert all("spread" in left.why for left in done.left)

    @pytest.mark.parametrize("timeout", ["read_timeout=5", "**SETTINGS"])
    def test_a_client_that_gives_up_or_may_give_up_is_left(self, timeout: str) -> None:
        source = "from botocore.config import Config\nSETTINGS = {}\n" + poll(client=f", config=Config({timeout})")
        assert repaired("SQS101", source)[0] == ""
        assert "WaitTimeSeconds=20" in repaired("SQS101", source, unsafe=True)[0]

    @pytest.mark.parametrize(
        "work",
        [
            "        if stop.is_set():\n            break\n",
            "        heartbeat()\n",
            "        other = sqs.receive_message(QueueUrl=URL2)\n",
            "        if not answer:\n            heartbeat()\n            continue\n",
            "        if answer or forced:\n            heartbeat()\n",
            "        for item in answer.get('Messages', []) + pending:\n            handle(item)\n",
            "        try:\n            print(answer['Messages'])\n        finally:\n            heartbeat()\n",
        ],
    )
    def test_a_loop_that_does_something_else_between_polls_needs_consent(self, work: str) -> None:
        source = poll().replace("        for message", f"{work}        for message")
        text, done = repaired("SQS101", source)
        assert text == ""
        assert all(left.consent for left in done.left)

    def test_a_loop_that_only_looks_at_the_answer_does_not(self) -> None:
        work = '        messages = answer.get("Messages", [])\n        if not messages:\n            continue\n'
        source = (
            poll()
            .replace("        for message", f"{work}        for message")
            .replace('in answer.get("Messages", [])', "in messages")
        )
        assert "WaitTimeSeconds=20" in repaired("SQS101", source)[0]

    def test_line_ends_are_kept(self) -> None:
        assert repaired("SQS101", poll().replace("\n", "\r\n"))[0] == poll("QueueUrl=URL, WaitTimeSeconds=20").replace(
            "\n", "\r\n"
        )


class TestAFlushPerRecord:
    def test_moves_behind_the_loop_with_consent(self) -> None:
        text, done = repaired("KFK102", SEND, unsafe=True)
        flush = "producer.flush()  # wait\n"
        assert text == SEND.replace(f"        {flush}", f"        producer.poll(0)\n    {flush}")
        assert [finding.check for finding in done.cured] == ["KFK102"]

    def test_stays_without_consent(self) -> None:
        text, done = repaired("KFK102", SEND)
        assert text == ""
        assert [left.consent for left in done.left] == [True]

    @pytest.mark.parametrize(
        "rest", ["        db.commit()\n", "        yield row\n", "        if row:\n            return\n"]
    )
    def test_stays_where_something_may_rest_on_the_delivery(self, rest: str) -> None:
        text, done = repaired("KFK102", SEND.replace("    print", f"{rest}    print"), unsafe=True)
        assert text == ""
        assert len(done.left) == 1


class TestATruthTestOfAMessage:
    @pytest.mark.parametrize(
        ("test", "fixed"),
        [("not message", "message is None"), ("(not message)", "(message is None)")],
    )
    def test_becomes_a_test_for_none(self, test: str, fixed: str) -> None:
        text, _ = repaired("KFK205", READ.replace("TEST", test), unsafe=True)
        assert text == READ.replace("TEST", fixed)

    def test_stays_when_it_cannot_be_told_which_poll_is_meant(self) -> None:
        source = READ.replace("TEST", "not message") + "\nother = consumer.poll(2)\nprint(other)\n"
        text, done = repaired("KFK205", source, unsafe=True)
        assert text == ""
        assert "more than one poll() is bound" in done.left[0].why


class TestSettings:
    SEND = """\
from aiokafka import AIOKafkaProducer

async def pay(payment):
    async with AIOKafkaProducer(bootstrap_servers="broker:9092"MORE) as producer:
        await producer.send_and_wait("payments", payment)
"""
    CONF = """\
from confluent_kafka import Producer
conf = {
    'bootstrap.servers': 'broker:9092',
MORE}
producer = Producer(conf)
producer.produce("payments", b"1")
producer.flush()
"""

    def test_a_keyword_is_added(self) -> None:
        text, _ = repaired("KFK104", self.SEND.replace("MORE", ""), unsafe=True)
        assert text == self.SEND.replace("MORE", ', acks="all"')

    def test_a_key_of_a_mapping_is_changed(self) -> None:
        text, _ = repaired("KFK104", self.CONF.replace("MORE", "    'acks': 1,\n"), unsafe=True)
        assert text == self.CONF.replace("MORE", "    'acks': \"all\",\n")

    def test_a_mapping_with_another_use_is_left(self) -> None:
        source = self.CONF.replace("MORE", "    'acks': 1,\n") + "print(conf)\n"
        text, done = repaired("KFK104", source, unsafe=True)
        assert text == ""
        assert "not written where it is built" in done.left[0].why

    def test_a_reader_of_transactions_is_told_to_read_what_is_committed(self) -> None:
        check = REGISTRY.get("KFK206")
        files = check.bad[0].files
        reader = files["report/app.py"]
        text, _ = repaired("KFK206", reader, unsafe=True, ledger=files["ledger/app.py"])
        assert text == reader.replace('group_id="report"', 'group_id="report", isolation_level="read_committed"')

    def test_keys_that_a_share_consumer_ignores_go_without_consent(self) -> None:
        source = REGISTRY.get("KFK208").bad[0].files["mailer.py"]
        text, _ = repaired("KFK208", source)
        assert text == source.replace(', "auto.offset.reset": "earliest"', "")


def test_a_fix_that_does_not_cure_is_taken_back() -> None:
    known = run(build(analyse_sources({"app.py": poll()})), REGISTRY.select(select=["SQS101"])).findings
    done = repair(known, known, lambda path: poll().encode(), lambda texts: known, unsafe=True)
    assert not done.after
    assert "still found" in done.left[0].why


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_a_file_keeps_its_encoding(encoding: str) -> None:
    head = "# -*- coding: latin-1 -*-\n# für\n" if encoding == "latin-1" else "# für\n"
    source = (head + poll()).encode(encoding)
    edit = Edit(Place("app.py", head.count("\n") + 8), "set-keyword", "WaitTimeSeconds", "20", "receive_message")
    assert edited(source, [edit]) == (head + poll("QueueUrl=URL, WaitTimeSeconds=20")).encode(encoding)


@pytest.mark.parametrize("source", [b"", b"\xff\xfe", b"def broken(:\n", b"x = 1\n"])
def test_a_file_that_has_changed_since_is_left(source: bytes) -> None:
    edit = Edit(Place("app.py", 8), "set-keyword", "WaitTimeSeconds", "20", "receive_message")
    with pytest.raises(NotMadeError):
        edited(source, [edit])
