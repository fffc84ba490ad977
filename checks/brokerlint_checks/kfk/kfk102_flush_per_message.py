"""KFK102 flush-per-message."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.facts import Endpoint
from brokerlint.places import Place
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name

_FEW = 10


class FlushPerMessage(Check):
    """Every record is waited for before the next one is sent.

    ## What it finds
    `flush()`, `future.get()`, `await send_and_wait()` or a producer's `poll()` without a timeout, which returns only
    when a delivery is reported, after each send in a loop or in a handler that runs per record; also in a helper that
    sends and waits, when it is called from a loop or such a handler.

    ## Why it is bad
    One round trip to the broker per record: the client cannot batch or compress, and throughput drops by one or two
    orders of magnitude.

    ## When it is fine
    Flushing after the loop, every so many records, or by time; a loop over a few records; tools and tests; a single
    send per HTTP request (told as advice); a consumer that must know the delivery before it commits
    its own source (advice at most).
    """

    id, name = "KFK102", "flush-per-message"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"default"})
    needs = "code"
    fix = "auto-unsafe"
    sources = ("https://github.com/confluentinc/confluent-kafka-python/issues/137",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every send that is waited for one by one."""
        told: set[tuple[object, ...]] = set()
        for endpoint in topology.endpoints(role="produce", system="kafka"):
            flushes = [f for f in endpoint.facts.get("flushes") or () if f.get("position") == "per-message"]
            polls = [p for p in endpoint.facts.get("blocking_polls") or () if p.get("position") == "per-message"]
            awaited = endpoint.facts.get("future") == "awaited"
            if not (flushes or polls or awaited) or endpoint.facts.get("transaction"):
                continue
            level = _level(topology, endpoint, helper=bool(flushes or polls))
            places = signals.places(flushes or polls)
            same = (endpoint.function, topology.label_of(endpoint), *places)
            if level is None or topology.is_tooling(endpoint) or (places and same in told):
                continue
            told.add(same)
            topic = topology.label_of(endpoint)
            how = "flushes after" if flushes else "waits for"
            by = " with poll() without a timeout" if polls and not flushes else ""
            finding = (
                self.finding(
                    f"{code_name(endpoint)} {how} every record to '{topic}'{by}: one round trip each, batching is off",
                    *topology.channels_of(endpoint),
                )
                .as_(level)
                .at(endpoint, *signals.said(flushes, "flushes"), *signals.said([] if flushes else polls, "waits"))
                .checked("flush every so many records: no", "commit of the handler's own source after it: no")
                .advise("give a delivery callback, call poll(0) in the loop and flush() after it")
            )
            yield finding.fixed_by(_after_loop(endpoint, places[0])) if flushes and len(places) == 1 else finding


def _after_loop(endpoint: Endpoint, flush: Place) -> Fix:
    """One flush after the loop; confluent-kafka's client serves its callbacks in between."""
    serve = "poll(0)" if endpoint.library == "confluent-kafka" else ""
    edit = Edit(flush, "after-loop", value=serve, call="flush")
    return Fix("flush once, after the loop; records are on their way longer", False, (edit,))


def _level(topology: Topology, endpoint: Endpoint, *, helper: bool) -> Severity | None:
    """Warning in loops, advice where waiting has a reason or one record is sent, None where nothing repeats."""
    facts = endpoint.facts
    entry = facts.get("entry_kind")
    if entry == "consumer-handler":
        return Severity.ADVICE
    few = 0 < facts.get("loop_count", _FEW + 1) <= _FEW
    if facts.get("loop") in ("over-items", "forever") and not few:
        return Severity.WARNING
    return Severity.ADVICE if helper and (entry == "http" or topology.sends_for_each_message(endpoint)) else None


_LOOP = """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": "broker:9092"})

    def export(rows):
        for row in rows:
            producer.produce("rows", row)
            producer.flush()
    """
FlushPerMessage.bad = (
    Example({"export.py": _LOOP}, "flush in the loop"),
    Example(
        {
            "export.py": """
                from kafka import KafkaProducer

                producer = KafkaProducer(bootstrap_servers="broker:9092")

                def export(rows):
                    for row in rows:
                        producer.send("rows", row).get(timeout=10)
                """,
        },
        "the future of each send is waited for",
    ),
)
FlushPerMessage.good = (
    Example(
        {
            "export.py": _LOOP.replace(
                "            producer.flush()", "            producer.poll(0)\n        producer.flush()"
            )
        },
        "flush after the loop",
    ),
    Example(
        {
            "export.py": """
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers="broker:9092")

    def export(rows):
        try:
            for row in rows:
                producer.send("rows", row).add_errback(print)
        finally:
            producer.flush()
    """
        },
        "one flush at the end, whatever happens",
    ),
    Example(
        {
            "export.py": """
    import asyncio
    from aiokafka import AIOKafkaProducer

    async def export(rows):
        async with AIOKafkaProducer(bootstrap_servers="broker:9092") as producer:
            await asyncio.gather(*[await producer.send("rows", row) for row in rows])
    """
        },
        "all deliveries are awaited together",
    ),
)
