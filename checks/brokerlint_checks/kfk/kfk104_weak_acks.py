"""KFK104 weak-acks."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.checking.check import default_cap
from brokerlint.facts import Endpoint
from brokerlint.tables import limit
from brokerlint.topology import ChannelNode, Topology, signals
from brokerlint.topology.uses import by_sink, setting, setting_origin, sink_name

_WEAK = frozenset({"0", "1"})


class WeakAcks(Check):
    """A producer takes a record for safe that only one broker has.

    ## What it finds
    `acks` of 0 or 1, written down or by the library's default (aiokafka; kafka-python before 3.0). Worse, as an error,
    where the topic is declared to be replicated safely, so that the cluster pays for what the client waives.

    ## Why it is bad
    When the leading broker fails before the others have copied the record, an acknowledged record is gone.

    ## When it is fine
    Metrics and logs, topics declared `best_effort`, development, or an idempotent producer.
    """

    id, name = "KFK104", "weak-acks"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    fix = "auto-unsafe"
    sources = ("https://kafka.apache.org/documentation/#producerconfigs_acks",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every producer with weak acknowledgements."""
        weak = [e for e in topology.endpoints(role="produce", system="kafka") if _is_weak(topology, e)]
        for place, endpoints in by_sink(weak):
            endpoint = endpoints[0]
            acks = setting(endpoint, "acks")
            topics = topology.channels_of_all(endpoints)
            default = setting_origin(endpoint, "acks") == "library-default"
            how = f"the default of {endpoint.library}" if default else "set"
            finding = self.finding(
                f"{sink_name(endpoints)} sends to '{topology.label_of(*endpoints)}' with acks={acks} ({how}): an "
                "acknowledged record can be lost",
                *topics,
            ).at(place, *endpoints)
            paid = [topic for topic in topics if _replicated(topic) or topic.declaration.role in ("work", "audit")]
            if paid:
                finding = finding.as_(Severity.ERROR).at(paid[0])
            finding = finding.capped(*default_cap(endpoint, "acks")).advise('set acks="all" and enable idempotence')
            edit = Edit(place, "set-config", "acks", '"all"', "producer")
            yield finding.fixed_by(Fix('set acks="all"; each send then waits for all copies', False, (edit,)))


def _is_weak(topology: Topology, endpoint: Endpoint) -> bool:
    """It asks for less than all copies, outside of development, where loss is not accepted."""
    idempotent = setting(endpoint, "idempotence") is True or setting(endpoint, "transactional_id")
    uses = topology.uses_of(endpoint)
    development = bool(uses) and all(use.environment in ("dev", "test") for use in uses)
    quiet = any(signals.is_quiet(topic) for topic in topology.channels_of(endpoint))
    return str(setting(endpoint, "acks")) in _WEAK and not (idempotent or development or quiet)


def _replicated(topic: ChannelNode) -> bool:
    copies, insync = topic.property("replication_factor"), topic.property("min_insync_replicas")
    safe = isinstance(copies, int) and copies >= limit("kafka", "safe_replication")
    return safe and isinstance(insync, int) and insync >= limit("kafka", "safe_insync")


_SEND = """
    from aiokafka import AIOKafkaProducer

    async def pay(payment):
        async with AIOKafkaProducer(bootstrap_servers="broker:9092"MORE) as producer:
            await producer.send_and_wait("payments", payment)
    """
_CONFLUENT = """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": "broker:9092"MORE})

    def pay(payment):
        producer.produce("payments", payment, on_delivery=print)
        producer.poll(0)
    """
WeakAcks.bad = (
    Example({"pay.py": _SEND.replace("MORE", "")}, "the library's default is 1"),
    Example({"pay.py": _CONFLUENT.replace("MORE", ', "acks": 1')}, "one copy is enough, it says"),
)
WeakAcks.good = (
    Example({"pay.py": _SEND.replace("MORE", ', acks="all"')}, "all copies confirm"),
    Example({"pay.py": _CONFLUENT.replace("MORE", "")}, "librdkafka waits for all copies by default"),
)
