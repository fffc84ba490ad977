"""KFK103 delivery-result-ignored."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


class DeliveryResultIgnored(Check):
    """Nobody looks at whether a record was delivered.

    ## What it finds
    confluent-kafka's `produce` without a delivery callback and without a look at what `flush` returns;
    kafka-python's or aiokafka's `send` whose future is dropped.

    ## Why it is bad
    Sending is asynchronous. A record that the broker refuses, or that times out after minutes, disappears without a
    trace, and a full buffer is noticed only when it raises.

    ## When it is fine
    A callback is set, the future is awaited or kept, the number that `flush` returns is checked, or the topic is
    declared `best_effort` or holds metrics.
    """

    id, name = "KFK103", "delivery-result-ignored"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = (
        "https://github.com/confluentinc/confluent-kafka-python/issues/810",
        "https://aiokafka.readthedocs.io/en/stable/producer.html",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every send whose result is lost."""
        for endpoint in topology.endpoints(role="produce", system="kafka"):
            topics = topology.channels_of(endpoint)
            quiet = any(signals.is_quiet(topic) for topic in topics) or endpoint.facts.get("best_effort")
            if quiet or endpoint.facts.get("transaction") or not _ignored(endpoint):
                continue
            how = "a delivery callback" if endpoint.library == "confluent-kafka" else "the future that send returns"
            finding = self.finding(
                f"{code_name(endpoint)} sends to '{topology.label_of(endpoint)}' and nobody looks at the result: "
                "failures stay unseen",
                *topics,
            ).at(endpoint)
            yield finding.checked("callback: none", "flush result or future looked at: no").advise(f"use {how}")


def _ignored(endpoint: Endpoint) -> bool:
    facts = endpoint.facts
    if endpoint.library == "confluent-kafka":
        unseen = facts.get("flush_checked") is False or facts.get("flushes") == []
        return facts.get("callback") is False and unseen
    return endpoint.library in ("kafka-python", "aiokafka") and facts.get("future") == "dropped"


_SEND = """
    from aiokafka import AIOKafkaProducer

    async def publish(events):
        async with AIOKafkaProducer(bootstrap_servers="broker:9092") as producer:
            for event in events:
                await producer.CALL("events", event)
    """
DeliveryResultIgnored.bad = (
    Example({"publish.py": _SEND.replace("CALL", "send")}, "only put into the buffer"),
    Example(
        {
            "publish.py": """
                from confluent_kafka import Producer

                producer = Producer({"bootstrap.servers": "broker:9092"})

                def publish(event):
                    producer.produce("events", event)
                    producer.poll(0)
                """,
        },
        "no callback",
    ),
)
DeliveryResultIgnored.good = (
    Example({"publish.py": _SEND.replace("CALL", "send_and_wait")}, "delivery is awaited"),
    Example(
        {
            "publish.py": """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": "broker:9092"})

    def publish(event):
        producer.produce("events", event, on_delivery=lambda error, message: error and print(error))
        producer.poll(0)
    """
        },
        "a callback looks at each delivery",
    ),
)
