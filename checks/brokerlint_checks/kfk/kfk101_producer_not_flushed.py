"""KFK101 producer-not-flushed."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name


class ProducerNotFlushed(Check):
    """A short-lived producer ends without waiting until its records are sent.

    ## What it finds
    A client that is built in the function or handler that produces (or at the top of a script, or anywhere in a Lambda
    function), with no `flush`, `close`, context manager or awaited delivery after the send.

    ## Why it is bad
    `produce` only puts the record into a buffer. When the function or process ends first, the buffer and the client go
    with it, without any error. A Lambda sandbox is frozen before the buffer is sent.

    ## When it is fine
    A long-lived client, sends whose delivery is awaited, or a client that reaches code that could not be followed.
    kafka-python closes its producers when the process ends: outside Lambda at most medium.
    """

    id, name = "KFK101", "producer-not-flushed"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = (
        "https://docs.confluent.io/platform/current/clients/confluent-kafka-python/html/index.html#confluent_kafka.Producer.flush",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every producer that may end with a full buffer."""
        for endpoint in topology.endpoints(role="produce", system="kafka"):
            if not _may_end_early(endpoint) or endpoint.facts.get("flushes") != [] or _awaited(endpoint):
                continue
            topics = topology.channels_of(endpoint)
            finding = (
                self.finding(
                    f"{code_name(endpoint)} produces to '{topology.label_of(endpoint)}' and ends without flush: "
                    "buffered records are lost",
                    *topics,
                )
                .at(endpoint)
                .checked("flush, close or context manager: none", "delivery awaited: no", "long-lived client: no")
                .advise("call flush() with a timeout before the end, and look at what it returns")
            )
            if endpoint.library == "kafka-python" and endpoint.facts.get("entry_kind") != "lambda-handler":
                finding = finding.capped(Confidence.MEDIUM, "kafka-python closes its producers when the process ends")
            yield finding


def _may_end_early(endpoint: Endpoint) -> bool:
    facts = endpoint.facts
    if facts.get("entry_kind") == "lambda-handler":
        return True
    if facts.get("client_scope") in ("function", "handler"):
        return not endpoint.call_chain
    return facts.get("client_scope") == "module" and not endpoint.function and facts.get("loop") != "forever"


def _awaited(endpoint: Endpoint) -> bool:
    return endpoint.facts.get("future") in ("awaited", "stored") or bool(endpoint.facts.get("transaction"))


_SCRIPT = """
    from confluent_kafka import Producer

    def report(rows):
        producer = Producer({"bootstrap.servers": "broker:9092"})
        for row in rows:
            producer.produce("rows", row)
    """
_LAMBDA = """
    import json
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers="broker:9092")

    def handler(event, context):
        producer.send("orders", json.dumps(event).encode())
    """
ProducerNotFlushed.bad = (
    Example({"report.py": _SCRIPT}, "the client goes with the function"),
    Example({"function.py": _LAMBDA}, "a function is frozen with a full buffer", Confidence.HIGH),
)
ProducerNotFlushed.good = (
    Example({"report.py": _SCRIPT.rstrip() + "\n        producer.flush(10)\n"}, "flushed before the end"),
    Example(
        {
            "report.py": """
                from confluent_kafka import Producer

                producer = Producer({"bootstrap.servers": "broker:9092"})

                def report(row):
                    producer.produce("rows", row)
                    producer.poll(0)
                """,
        },
        "a client that lives as long as the service",
    ),
    Example({"function.py": _LAMBDA.rstrip() + "\n        producer.flush(timeout=5)\n"}, "flushed in each invocation"),
    Example(
        {
            "report.py": """
    from aiokafka import AIOKafkaProducer

    async def report(rows):
        producer = AIOKafkaProducer(bootstrap_servers="broker:9092")
        await producer.start()
        try:
            for row in rows:
                await producer.send("rows", row)
        finally:
            await producer.stop()
    """
        },
        "stopping sends what is left",
    ),
)
