"""KFK106 key-misuse."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology, signals
from brokerlint.topology.uses import code_name


class KeyMisuse(Check):
    """Records get no key where the topic needs one, or all the same.

    ## What it finds
    A send without a key to a compacted topic (certain: the broker refuses it); a constant key to a topic with several
    partitions; no key, or a random one, where consumers depend on the order or it is declared as needed.

    ## Why it is bad
    Compaction keeps the last record of each key. A constant key puts everything into one partition. Without a key
    records of one entity are spread over the partitions and overtake each other.

    ## When it is fine
    The call names a partition, a serializer or wrapper sets the key, or the topic has one partition.
    """

    id, name = "KFK106", "key-misuse"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    sources = ("https://kafka.apache.org/documentation/#compaction",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every send whose key does not suit its topic."""
        for endpoint in topology.endpoints(role="produce", system="kafka"):
            kind = (endpoint.facts.get("key") or {"kind": "unknown"})["kind"]
            if kind in ("field", "unknown") or endpoint.facts.get("partition"):
                continue
            for topic in topology.channels_of(endpoint):
                finding = self._misused(endpoint, topic, kind)
                if finding is not None:
                    yield finding.at(endpoint, topic if topic.declared else None, *signals.order_use(topic))

    def _misused(self, endpoint: Endpoint, topic: ChannelNode, kind: str) -> Finding | None:
        who, partitions = code_name(endpoint), topic.property("partitions")
        if kind == "none" and "compact" in str(topic.property("cleanup_policy") or ""):
            message = f"{who} sends to compacted {topic} without a key: the broker refuses the record"
            finding = self.finding(message, topic, confidence=Confidence.CERTAIN).as_(Severity.ERROR)
            return finding.variety("compacted").advise("send the entity's id as key")
        if kind == "const" and partitions != 1:
            message = f"{who} sends to {topic} with a constant key: one partition takes everything"
            finding = self.finding(message, topic).variety("constant").advise("use a key that varies, or none")
            return finding if partitions else finding.capped(Confidence.MEDIUM, "the number of partitions is not known")
        if kind in ("none", "random") and signals.needs_order(topic) and partitions != 1:
            how = "without a key" if kind == "none" else "with a random key"
            message = f"{who} sends to {topic} {how}, but order matters there"
            return self.finding(message, topic).variety("order").advise("use what must stay in order as key")
        return None


_SEND = """
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers="broker:9092")

    def change(customer, state):
        producer.send("customer-state", stateKEY)
    """
_TOPIC = """
    apiVersion: kafka.strimzi.io/v1beta2
    kind: KafkaTopic
    metadata: {name: customer-state, labels: {strimzi.io/cluster: main}}
    spec: {partitions: 6, replicas: 3, config: {cleanup.policy: compact}}
    """
_ASYNC = """
    from aiokafka import AIOKafkaProducer

    async def change(customer, state):
        async with AIOKafkaProducer(bootstrap_servers="main-kafka-bootstrap:9092") as producer:
            await producer.send_and_wait("customer-state", stateKEY)
    """
KeyMisuse.bad = (
    Example({"app.py": _SEND.replace("KEY", ', key=b"state"')}, "one key for all"),
    Example({"k8s/topic.yaml": _TOPIC, "app.py": _ASYNC.replace("KEY", "")}, "no key where compaction needs one"),
)
KeyMisuse.good = (
    Example({"app.py": _SEND.replace("KEY", ", key=customer.encode()")}, "keyed by customer"),
    Example({"k8s/topic.yaml": _TOPIC, "app.py": _ASYNC.replace("KEY", ", key=customer")}, "compacted by customer"),
)
