"""KFK107 partitioner-mismatch."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Topology, Use, signals

_JAVA = frozenset({"connector", "mirror"})
_FAMILIES = {
    "murmur2": "murmur2",
    "murmur2_random": "murmur2",
    "consistent": "crc32",
    "consistent_random": "crc32",
    "fnv1a": "fnv1a",
    "fnv1a_random": "fnv1a",
}


class PartitionerMismatch(Check):
    """Two producers of one topic put the same key into different partitions.

    ## What it finds
    Producers that send keyed records to one topic with different hashes: librdkafka (confluent-kafka) uses CRC32 unless
    told otherwise, Java, kafka-python and aiokafka use murmur2.

    ## Why it is bad
    Records of one key are then in two partitions: their order is lost, joins find only half of them, and compaction
    keeps two last records.

    ## When it is fine
    `partitioner` is set to the same family on both sides, the partition is named in the call, the topic has one
    partition, or records have no keys. Where nothing shows that order is used it is advice.
    """

    id, name = "KFK107", "partitioner-mismatch"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    sources = ("https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every topic whose keyed producers hash differently."""
        for topic in topology.channels(system="kafka"):
            if topic.property("partitions") == 1:
                continue
            families: dict[str, list[Use]] = {}
            for use in topic.producers():
                family = _family(use)
                if family:
                    families.setdefault(family, []).append(use)
            if len(families) > 1:
                yield self._mixed(topic, families)

    def _mixed(self, topic: ChannelNode, families: dict[str, list[Use]]) -> Finding:
        sides = " and ".join(f"{family} in {uses[0].who}" for family, uses in sorted(families.items()))
        message = f"keys on {topic} are hashed by {sides}: the same key lands in different partitions"
        finding = self.finding(message, topic).at(*(uses[0] for uses in families.values()))
        if not signals.needs_order(topic):
            finding = finding.as_(Severity.ADVICE)
        return finding.checked("same partitioner set: no", "partition named: no", "one partition: no").advise(
            'set "partitioner": "murmur2_random" for confluent-kafka (this moves keys that are in use)'
        )


def _family(use: Use) -> str | None:
    """The hash of keys; None for records without a key and where it is not known."""
    if use.link is not None and use.endpoint is None:
        return "murmur2" if use.link.kind in _JAVA else None
    if (use.fact("key") or {}).get("kind") not in ("field", "const") or use.fact("partition"):
        return None
    chosen = _FAMILIES.get(str(use.setting("partitioner")))
    return chosen or (str(use.setting("hash")) if use.setting("hash") else None)


_CONFLUENT = """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": "broker:9092"MORE})

    def change(customer, state):
        producer.produce("customers", state, key=customer)
        producer.poll(0)
    """
_PYTHON = """
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers="broker:9092")

    def load(customer, state):
        producer.send("customers", state, key=customer)
    """
_ASYNC = """
    from aiokafka import AIOKafkaProducer

    async def load(customer, state):
        async with AIOKafkaProducer(bootstrap_servers="broker:9092") as producer:
            await producer.send_and_wait("customers", state, key=customerMORE)
    """
PartitionerMismatch.bad = (
    Example({"crm/app.py": _CONFLUENT.replace("MORE", ""), "loader/app.py": _PYTHON}, "CRC32 and murmur2 on one topic"),
    Example(
        {"crm/app.py": _CONFLUENT.replace("MORE", ""), "loader/app.py": _ASYNC.replace("MORE", "")},
        "the same with asyncio",
    ),
)
PartitionerMismatch.good = (
    Example(
        {"crm/app.py": _CONFLUENT.replace("MORE", ', "partitioner": "murmur2_random"'), "loader/app.py": _PYTHON},
        "murmur2 on both sides",
    ),
    Example(
        {"crm/app.py": _CONFLUENT.replace("MORE", ""), "loader/app.py": _ASYNC.replace("MORE", ", partition=0")},
        "one side names the partition itself",
    ),
)
