"""KFK203 poison-record-blocks-partition."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name, setting

_COMMITS = frozenset({"commit", "store"})


class PoisonRecordBlocksPartition(Check):
    """A record that cannot be handled stops its partition for good.

    ## What it finds
    A consumer that commits after the work and lets an error leave its loop, so that the restarted process meets the
    same record again; or that retries without any bound. Neither has a dead-letter topic.

    ## Why it is bad
    One malformed record, and everything behind it waits until somebody moves the offset by hand.

    ## When it is fine
    Retries are bounded and end in a dead-letter topic or a skip, a supervisor's alert is part of the design, or it is a
    batch that ends.
    """

    id, name = "KFK203", "poison-record-blocks-partition"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://www.confluent.io/learn/kafka-dead-letter-queue/",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that one record can stop."""
        for endpoint in topology.endpoints(role="consume", system="kafka"):
            why = _blocks(endpoint)
            if not why or topology.is_tooling(endpoint):
                continue
            yield (
                self.finding(
                    f"{code_name(endpoint)} {why} on a record it cannot handle: the partition of "
                    f"'{topology.label_of(endpoint)}' stands still",
                    *topology.channels_of(endpoint),
                )
                .at(endpoint, *signals.said(endpoint.facts.get("effects"), "may fail"))
                .checked("dead-letter topic: no", "bounded retry: no")
                .advise("try a few times, then send the record to a dead-letter topic and go on")
            )


def _blocks(endpoint: Endpoint) -> str:
    """What happens at a poisonous record, in words; empty when it does no harm or that is not known."""
    facts = endpoint.facts
    shape = facts.get("try_shape")
    if shape is None or shape.get("to_dlq") or shape.get("stores") or facts.get("loop_kind") not in _ENDLESS:
        return ""
    if facts.get("bounded_retry") is False:
        return "retries for ever"
    commits = [ack for ack in facts.get("acks") or () if ack.get("kind") in _COMMITS]
    after = commits and all(ack.get("position") == "after" for ack in commits)
    if not after or setting(endpoint, "auto_commit") is not False or not facts.get("effects"):
        return ""
    unprotected = not shape.get("around") or (shape.get("re_raises") and not shape.get("swallows"))
    return "crashes" if unprotected else ""


_ENDLESS = frozenset({"while-true", "for-iter", "async-for"})
_LOOP = """
    import logging
    import requests
    from kafka import KafkaConsumer

    consumer = KafkaConsumer("orders", bootstrap_servers="broker:9092", group_id="orders", enable_auto_commit=False)
    for message in consumer:
        requests.post("https://stock.example/orders", data=message.value).raise_for_status()
        consumer.commit()
    """
_ASYNC = """
    import asyncio
    import httpx
    from aiokafka import AIOKafkaConsumer

    async def main():
        consumer = AIOKafkaConsumer("orders", bootstrap_servers="b:9092", group_id="orders", enable_auto_commit=False)
        await consumer.start()
        async for message in consumer:
            ATTEMPTS:
                try:
                    async with httpx.AsyncClient() as stock:
                        await stock.post("https://stock.example/orders", content=message.value)
                    break
                except Exception:
                    await asyncio.sleep(1)
            await consumer.commit()
    """
PoisonRecordBlocksPartition.bad = (
    Example({"orders.py": _LOOP}, "crash, restart, crash"),
    Example({"orders.py": _ASYNC.replace("ATTEMPTS", "while True")}, "tried until it works"),
)
PoisonRecordBlocksPartition.good = (
    Example(
        {
            "orders.py": """
                import requests
                from kafka import KafkaConsumer, KafkaProducer

                consumer = KafkaConsumer(
                    "orders", bootstrap_servers="broker:9092", group_id="orders", enable_auto_commit=False
                )
                producer = KafkaProducer(bootstrap_servers="broker:9092")
                for message in consumer:
                    try:
                        requests.post("https://stock.example/orders", data=message.value).raise_for_status()
                    except Exception:
                        producer.send("orders-dlq", message.value).get(timeout=10)
                    consumer.commit()
                """,
        },
        "failures go to a dead-letter topic",
    ),
    Example(
        {"orders.py": _ASYNC.replace("ATTEMPTS", "for attempt in range(5)")}, "five attempts, then the next record"
    ),
)
