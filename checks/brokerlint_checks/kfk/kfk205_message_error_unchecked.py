"""KFK205 message-error-unchecked."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology, Use
from brokerlint.topology.uses import code_name


class MessageErrorUnchecked(Check):
    """What `poll()` returns is used without the tests that confluent-kafka asks for.

    ## What it finds
    The value or key of a polled message is read where `msg is None` or `msg.error()` was not tested before. And
    `if not msg` in place of `is None`: a message without a value counts as false, so that deletions (tombstones) are
    skipped. The latter is an error for compacted topics and where tombstones are written, otherwise advice.

    ## Why it is bad
    A timeout gives None and an `AttributeError`. A broker error gives a message whose value is the error's text, which
    the handler takes for data.

    ## When it is fine
    `DeserializingConsumer` raises errors itself, `consume()` returns a list without None, a helper makes the tests, or
    another library is used.
    """

    id, name = "KFK205", "message-error-unchecked"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    fix = "auto-unsafe"
    single = "confluent-kafka: the other clients raise errors and return no None"
    sources = (
        "https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html#confluent_kafka.Message",
        "https://github.com/confluentinc/confluent-kafka-python/issues/114",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every poll whose answer is trusted."""
        for endpoint in topology.endpoints(role="consume", system="kafka", library="confluent-kafka"):
            if endpoint.facts.get("group_kind") == "share":
                continue
            missing = _missing(endpoint)
            topics = topology.channels_of(endpoint)
            name = topology.label_of(endpoint)
            if missing:
                message = f"{code_name(endpoint)} uses messages of '{name}' without {' and without '.join(missing)}"
                finding = self.finding(message, *topics).at(endpoint).variety("untested")
                finding = finding.checked("consumer that raises errors itself: no", "helper that tests: no")
                yield finding.advise("continue when the message is None, and raise or log message.error()")
            if endpoint.facts.get("none_test") == "truthiness":
                message = f"{code_name(endpoint)} tests messages of '{name}' with 'if not': tombstones are skipped"
                finding = self.finding(message, *topics).at(endpoint).variety("truthiness")
                edit = Edit(endpoint.place, "test-none", call="poll")
                finding = finding.fixed_by(Fix("test for None; the handler then gets tombstones too", False, (edit,)))
                finding = finding.advise("test 'is None': the handler then gets tombstones too")
                yield finding if any(_has_tombstones(topic) for topic in topics) else finding.as_(Severity.ADVICE)


def _missing(endpoint: Endpoint) -> list[str]:
    """The tests that are known to be missing."""
    tests = []
    if endpoint.facts.get("none_test") == "missing":
        tests.append("a test for None")
    if endpoint.facts.get("error_checked") is False:
        tests.append("looking at error()")
    return tests


def _has_tombstones(topic: ChannelNode) -> bool:
    """Deletions are meant to be read there."""

    def writes_nothing(use: Use) -> bool:
        return str(use.fact("payload")) == "None"

    return "compact" in str(topic.property("cleanup_policy") or "") or bool(topic.producers().where(writes_nothing))


_LOOP = """
    import sqlite3
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "orders", "enable.auto.commit": False})
    consumer.subscribe(["orders"])
    database = sqlite3.connect("orders.db")
    while True:
        message = consumer.poll(1.0)
        TESTS
        database.execute("insert into orders values (?)", (message.value(),))
        consumer.commit(message)
    """
_NONE = "if message is None:\n            continue"
_ERROR = "if message.error():\n            raise RuntimeError(message.error())"
_DESERIALIZING = """
    from confluent_kafka import DeserializingConsumer

    consumer = DeserializingConsumer({"bootstrap.servers": "broker:9092", "group.id": "orders"})
    consumer.subscribe(["orders"])
    while True:
        message = consumer.poll(1.0)
        if message is not None:
            print(message.value())
    """
MessageErrorUnchecked.bad = (
    Example({"orders.py": _LOOP.replace("TESTS", _NONE)}, "errors are taken for data"),
    Example(
        {"orders.py": _LOOP.replace("TESTS", f"if not message:\n            continue\n        {_ERROR}")}, "tombstones"
    ),
)
MessageErrorUnchecked.good = (
    Example({"orders.py": _LOOP.replace("TESTS", f"{_NONE}\n        {_ERROR}")}, "None and errors are tested"),
    Example({"orders.py": _DESERIALIZING}, "this consumer raises errors itself"),
)
