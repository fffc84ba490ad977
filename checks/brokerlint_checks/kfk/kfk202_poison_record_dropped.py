"""KFK202 poison-record-dropped."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name, setting

_COMMITS = frozenset({"commit", "store", "acknowledge"})


class PoisonRecordDropped(Check):
    """A consumer logs any error and goes on: the failed record is committed and gone.

    ## What it finds
    A broad `except` around the handler that only logs or passes, in a consumer that commits afterwards or
    automatically.

    ## Why it is bad
    A failed record differs from a handled one only by a line in a log. Nobody can handle it again, and a database that
    is down for a minute costs a minute of records.

    ## When it is fine
    The record goes to a dead-letter topic or a table of failures, the error is raised again, only errors that no retry
    can cure are caught, the position is set back, or the topic is declared `best_effort`.
    """

    id, name = "KFK202", "poison-record-dropped"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://cwiki.apache.org/confluence/display/KAFKA/KIP-1191%3A+Dead-letter+queues+for+share+groups",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that swallows errors and commits."""
        for endpoint in topology.endpoints(role="consume", system="kafka"):
            topics = topology.channels_of(endpoint)
            shape = endpoint.facts.get("try_shape") or {}
            drops = shape.get("around") and shape.get("broad") and shape.get("swallows") and shape.get("logs_only")
            saved = shape.get("to_dlq") or shape.get("re_raises") or shape.get("stores")
            if not drops or saved or not _commits(endpoint) or endpoint.facts.get("seeks"):
                continue
            if any(signals.is_quiet(topic) or topic.is_dead_letter() for topic in topics):
                continue
            yield (
                self.finding(
                    f"{code_name(endpoint)} logs any error and goes on: failed records of "
                    f"'{topology.label_of(endpoint)}' are committed and gone",
                    *topics,
                )
                .at(endpoint, *signals.said([shape], "catches everything"))
                .checked("dead-letter topic or failure table: no", "raised again: no", "position set back: no")
                .advise("send the failed record to a dead-letter topic, with the error in its headers")
            )


def _commits(endpoint: Endpoint) -> bool:
    """The position moves on after a failure."""
    automatic = setting(endpoint, "auto_commit") is True
    by_hand = any(ack.get("kind") in _COMMITS for ack in endpoint.facts.get("acks") or ())
    return automatic or by_hand


_LOOP = """
    import logging
    import requests
    from kafka import KafkaConsumer

    consumer = KafkaConsumer("orders", bootstrap_servers="broker:9092", group_id="orders", enable_auto_commit=False)
    for message in consumer:
        try:
            requests.post("https://stock.example/orders", data=message.value).raise_for_status()
        except Exception:
            logging.exception("bad order")
            MORE
        consumer.commit()
    """
_CONFLUENT = """
    import logging
    import sqlite3
    from confluent_kafka import Consumer, Producer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "orders"})
    producer = Producer({"bootstrap.servers": "broker:9092"})
    consumer.subscribe(["orders"])
    database = sqlite3.connect("orders.db")
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        try:
            database.execute("insert into orders values (?)", (message.value(),))
            database.commit()
        except Exception:
            FAILED
    """
PoisonRecordDropped.bad = (
    Example({"orders.py": _LOOP.replace("MORE", "continue")}, "logged and forgotten"),
    Example(
        {"orders.py": _CONFLUENT.replace("FAILED", 'logging.exception("bad order")')}, "committed in the background"
    ),
)
PoisonRecordDropped.good = (
    Example({"orders.py": _LOOP.replace("MORE", "raise")}, "the error is raised again"),
    Example(
        {"orders.py": _CONFLUENT.replace("FAILED", 'producer.produce("orders-dlq", message.value())')},
        "kept in a dead-letter topic",
    ),
)
