"""KFK206 transaction-chain-broken."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.checking.check import default_cap
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import code_name, setting


class TransactionChainBroken(Check):
    """Transactions that do not hold from end to end.

    ## What it finds
    A topic that is written in transactions and read with `read_uncommitted` (the default of kafka-python and aiokafka);
    a consumer that transforms and sends in transactions but commits its offsets outside of them; a transaction that is
    begun without an abort for errors, or without `init_transactions`.

    ## Why it is bad
    Readers see records of transactions that were aborted, or a crash handles the input twice: the exactly-once that the
    transactions are paid for is not there.

    ## When it is fine
    The reader is a monitoring tool, or librdkafka's default (`read_committed`) holds.
    """

    id, name = "KFK206", "transaction-chain-broken"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"strict"})
    fix = "auto-unsafe"
    sources = ("https://kafka.apache.org/documentation/#semantics",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every broken link of a chain of transactions."""
        for topic in topology.channels(system="kafka"):
            writers = topic.producers().where(lambda use: bool((use.fact("transaction") or {}).get("begin")))
            if writers:
                yield from self._readers(topic, code_name(writers[0].endpoint) if writers[0].endpoint else "?")
        for endpoint in topology.endpoints(role="produce", system="kafka"):
            yield from self._steps(topology, endpoint)

    def _readers(self, topic: ChannelNode, writer: str) -> Iterator[Finding]:
        for use in topic.consumers().in_code().unless_tooling():
            if use.endpoint is not None and use.setting("isolation") == "read_uncommitted":
                message = f"{topic} is written in transactions by {writer}, but {use.who} reads uncommitted records"
                finding = self.finding(message, topic).at(use, *topic.producers()).variety("isolation")
                finding = finding.capped(*default_cap(use.endpoint, "isolation"))
                edit = Edit(use.endpoint.place, "set-config", "isolation.level", '"read_committed"', "consumer")
                finding = finding.fixed_by(Fix("read committed records only", False, (edit,)))
                yield finding.advise('set isolation_level="read_committed"')

    def _steps(self, topology: Topology, endpoint: Endpoint) -> Iterator[Finding]:
        steps = endpoint.facts.get("transaction") or {}
        if not steps.get("begin"):
            return
        who, topics = code_name(endpoint), topology.channels_of(endpoint)
        if steps.get("init") is False and endpoint.library == "confluent-kafka":
            message = f"{who} begins a transaction without init_transactions: the first one fails"
            yield self.finding(message, *topics).at(endpoint).variety("init").advise("call init_transactions() once")
        if steps.get("abort") is False:
            message = f"{who} begins a transaction and never aborts one: after an error the producer is stuck"
            yield self.finding(message, *topics).at(endpoint).variety("abort").advise("abort it when an error occurs")
        if steps.get("send_offsets") is False:
            for consume in topology.uses(role="consume", system="kafka").in_code():
                commits = {ack.get("kind") for ack in consume.fact("acks") or ()} & {"commit", "store"}
                sends = {use.endpoint.id for use in topology.sends_of(consume) if use.endpoint}
                if commits and endpoint.id in sends and setting(endpoint, "transactional_id"):
                    message = f"{who} sends in transactions, but offsets are committed outside of them"
                    finding = self.finding(message, *topics).at(endpoint, consume).variety("offsets")
                    yield finding.advise("use send_offsets_to_transaction in place of commit")


_WRITER = """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": "broker:9092", "transactional.id": "ledger"})
    producer.init_transactions()

    def book(entries):
        producer.begin_transaction()
        try:
            for entry in entries:
                producer.produce("ledger", entry)
            producer.commit_transaction()
        except Exception:
            producer.abort_transaction()
            raise
    """
_READER = """
    from kafka import KafkaConsumer

    consumer = KafkaConsumer("ledger", bootstrap_servers="broker:9092", group_id="reportMORE)
    for message in consumer:
        print(message.value)
    """
_ASYNC_WRITER = """
    from aiokafka import AIOKafkaProducer

    async def book(entries):
        async with AIOKafkaProducer(bootstrap_servers="broker:9092", transactional_id="ledger") as producer:
            async with producer.transaction():
                for entry in entries:
                    await producer.send("ledger", entry)
    """
_CONFLUENT_READER = """
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "report"MORE})
    consumer.subscribe(["ledger"])
    while True:
        message = consumer.poll(1.0)
        if message is not None and not message.error():
            print(message.value())
    """
TransactionChainBroken.bad = (
    Example({"ledger/app.py": _WRITER, "report/app.py": _READER.replace("MORE", '"')}, "uncommitted records are read"),
    Example(
        {
            "ledger/app.py": _ASYNC_WRITER,
            "report/app.py": _CONFLUENT_READER.replace("MORE", ', "isolation.level": "read_uncommitted"'),
        },
        "asked for by name",
    ),
)
TransactionChainBroken.good = (
    Example(
        {"ledger/app.py": _WRITER, "report/app.py": _READER.replace("MORE", '", isolation_level="read_committed"')},
        "committed records only",
    ),
    Example(
        {"ledger/app.py": _ASYNC_WRITER, "report/app.py": _CONFLUENT_READER.replace("MORE", "")},
        "librdkafka reads committed records by default",
    ),
)
