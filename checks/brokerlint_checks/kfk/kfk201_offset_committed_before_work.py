"""KFK201 offset-committed-before-work."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Fix, Severity
from brokerlint.checking.check import default_cap
from brokerlint.facts import Endpoint
from brokerlint.tables import table
from brokerlint.topology import ChannelNode, Topology, signals
from brokerlint.topology.uses import code_name, setting

_COMMITS = frozenset({"commit", "acknowledge", "store"})
_POOLS = frozenset({"thread-pool", "process-pool", "task", "queue"})


class OffsetCommittedBeforeWork(Check):
    """A consumer can lose records: their offset is committed although their work is not done.

    ## What it finds
    Automatic commits in the background while the handler works (confluent-kafka stores an offset when it hands the
    record over; aiokafka commits between awaits), a commit that comes before the handler, automatic commits while the
    work waits in a pool or task, and frameworks that acknowledge first (FastStream's default; Faust even when the agent
    raises). Iterating over kafka-python's consumer with automatic commits can commit the record still worked on:
    medium.

    ## Why it is bad
    When the process dies between commit and work, the group goes on after the record. It is never handled, and the lag
    shows nothing.

    ## When it is fine
    `enable.auto.offset.store=False` with `store_offsets` after the work, automatic commits switched off, kafka-python's
    `poll()` loop in one thread (it commits at the next poll), a handler without effects, a channel declared
    `best_effort`, transactions that carry the offsets, or no group at all.

    ## Known problems
    Configuration that could not be followed gives low.
    """

    id, name = "KFK201", "offset-committed-before-work"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    sources = (
        "https://github.com/confluentinc/librdkafka/blob/master/INTRODUCTION.md#at-least-once-processing",
        "https://faststream.ag2.ai/latest/kafka/ack/",
    )

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer whose offsets run ahead of its work."""
        for endpoint in topology.endpoints(role="consume", system="kafka"):
            topics = topology.channels_of(endpoint)
            effects = endpoint.facts.get("effects")
            if not effects or _exempt(endpoint, topics):
                continue
            why = _early(endpoint)
            if why is None:
                continue
            reason, level, keys = why
            cap, note = default_cap(endpoint, *keys)
            name = ", ".join(topic.label for topic in topics) or "its topic"
            finding = (
                self.finding(f"{code_name(endpoint)} can lose records of '{name}': {reason}", *topics)
                .at(endpoint, *signals.said(effects, "works on the record"))
                .capped(level, "it depends on when the records are handed over" if level < Confidence.HIGH else "")
                .capped(cap, note)
                .checked("offsets stored after the work: no", "automatic commits off: no", "transactions: no")
                .checked("declared best effort: no")
                .advise("commit or store the offset after the work has succeeded")
            )
            yield _fixed(finding) if keys and endpoint.library == "confluent-kafka" else finding


def _exempt(endpoint: Endpoint, topics: tuple[ChannelNode, ...]) -> bool:
    facts = endpoint.facts
    if facts.get("group_kind") in ("none", "share", "lambda") or any(signals.is_quiet(topic) for topic in topics):
        return True
    if (facts.get("transaction") or {}).get("send_offsets"):
        return True
    return all(effect["class"] == "produce" for effect in facts["effects"]) and not _pooled(endpoint)


def _pooled(endpoint: Endpoint) -> bool:
    return endpoint.facts.get("handoff") in _POOLS


def _early(endpoint: Endpoint) -> tuple[str, Confidence, tuple[str, ...]] | None:
    """Why offsets run ahead, how sure that is, on which settings it rests; None when they do not or it is unknown."""
    acks = endpoint.facts.get("acks") or ()
    if any(ack.get("kind") in _COMMITS and ack.get("position") == "before" for ack in acks):
        return "the offset is committed before the handler", Confidence.HIGH, ()
    framework = table("clients")["acknowledge_before_work"].get(endpoint.library)
    if framework and setting(endpoint, "ack_policy") in (None, framework["policy"]) and not acks:
        return f"{endpoint.library} acknowledges before the handler has succeeded", Confidence.MEDIUM, ()
    if setting(endpoint, "auto_commit") is not True:
        return None
    if _pooled(endpoint):
        keys = ("auto_commit", "auto_store") if endpoint.library == "confluent-kafka" else ("auto_commit",)
        if setting(endpoint, "auto_store") is not False:
            return "offsets are committed while the work waits in a pool", Confidence.HIGH, keys
        return None
    if setting(endpoint, "auto_commit_background") is True and setting(endpoint, "auto_store") is not False:
        if endpoint.library == "aiokafka":
            return "offsets are committed in the background between awaits", Confidence.HIGH, ("auto_commit",)
        return (
            "the offset is committed in the background while the work runs",
            Confidence.HIGH,
            ("auto_commit", "auto_store"),
        )
    if endpoint.library == "kafka-python" and endpoint.facts.get("loop_kind") == "for-iter":
        if endpoint.operation.rpartition(".")[2] == "poll":
            return None
        return "iterating commits the record that is still worked on", Confidence.MEDIUM, ("auto_commit",)
    return None


def _fixed(finding: Finding) -> Finding:
    """A proposal only: the setting without the call would store no offset at all."""
    return finding.fixed_by(
        Fix("set enable.auto.offset.store to False and call store_offsets(message) after the work", safe=False)
    )


_LOOP = """
    import requests
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "payments"})
    consumer.subscribe(["payments"])
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise RuntimeError(message.error())
        requests.post("https://bank.example/charge", data=message.value())
    """
_ASYNC = """
    import httpx
    from aiokafka import AIOKafkaConsumer

    async def main():
        bank = httpx.AsyncClient(base_url="https://bank.example")
        async with AIOKafkaConsumer("payments", bootstrap_servers="broker:9092", group_id="payments"MORE) as consumer:
            async for message in consumer:
                await bank.post("/charge", content=message.value)
    """
OffsetCommittedBeforeWork.bad = (
    Example({"payments.py": _LOOP}, "automatic commits in the background", Confidence.HIGH),
    Example(
        {
            "payments.py": _LOOP.replace(
                '"group.id": "payments"', '"group.id": "payments", "enable.auto.commit": False'
            ).replace("requests.post", "consumer.commit(message)\n        requests.post")
        },
        "committed before the work",
    ),
    Example({"payments.py": _ASYNC.replace("MORE", "")}, "committed between awaits", Confidence.HIGH),
)
OffsetCommittedBeforeWork.good = (
    Example(
        {
            "payments.py": _LOOP.replace(
                '"group.id": "payments"', '"group.id": "payments", "enable.auto.offset.store": False'
            ).rstrip()
            + "\n        consumer.store_offsets(message)\n"
        },
        "the offset is stored after the work",
    ),
    Example(
        {
            "payments.py": """
                import requests
                from kafka import KafkaConsumer

                consumer = KafkaConsumer(
                    "payments", bootstrap_servers="broker:9092", group_id="payments", enable_auto_commit=False
                )
                for message in consumer:
                    requests.post("https://bank.example/charge", data=message.value)
                    consumer.commit()
                """,
        },
        "committed by hand after the work",
    ),
    Example(
        {
            "payments.py": _ASYNC.replace("MORE", ", enable_auto_commit=False").rstrip()
            + "\n                await consumer.commit()\n"
        },
        "committed after the awaited work",
    ),
)
