"""KFK208 share-group-misuse."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Edit, Example, Finding, Fix, Severity
from brokerlint.facts import Endpoint
from brokerlint.tables import limit, table
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name, setting


class ShareGroupMisuse(Check):
    """A share consumer is used like a consumer of a classic group.

    ## What it finds
    Configuration keys that a share consumer ignores (`auto.offset.reset`, `enable.auto.commit`, `isolation.level`),
    reliance on the order of records, work that takes longer than the record lock (Python clients cannot renew it),
    explicit mode without an acknowledgement, and, as advice, a Python client that is still a preview.

    ## Why it is bad
    A share group gives single records to any member, in any order, and locks each for a while. What relies on
    partitions does not hold, and a lock that runs out means the work is done twice.

    ## When it is fine
    The lock is raised in the broker's configuration.
    """

    id, name = "KFK208", "share-group-misuse"
    severity, confidence = Severity.ERROR, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    fix = "auto"
    single = "confluent-kafka: no other Python client has share groups"
    sources = ("https://cwiki.apache.org/confluence/display/KAFKA/KIP-932%3A+Queues+for+Kafka",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Everything that does not go with a share group."""
        for endpoint in topology.endpoints(role="consume", system="kafka"):
            if endpoint.facts.get("group_kind") == "share":
                for finding in self._misuses(endpoint):
                    yield finding.about(*topology.channels_of(endpoint)).at(endpoint)

    def _misuses(self, endpoint: Endpoint) -> Iterator[Finding]:
        facts, who = endpoint.facts, f"share consumer {code_name(endpoint)}"
        ignored = facts.get("ignored_keys") or ()
        if ignored:
            edits = tuple(Edit(endpoint.place, "remove-key", key, call="share-consumer") for key in ignored)
            finding = self.finding(f"{who} sets {', '.join(ignored)}, which a share group ignores").variety("keys")
            yield finding.as_(Severity.WARNING).fixed_by(Fix("remove the ignored keys", True, edits))
        if facts.get("order_use"):
            finding = self.finding(f"{who} relies on the order of records, which a share group does not keep")
            yield finding.at(*signals.said(facts["order_use"], "depends on the order")).variety("order")
        seconds, lock = facts.get("work_seconds") or 0, limit("kafka", "share_lock")
        if seconds > lock:
            message = (
                f"{who} works {seconds:g} s, longer than the record lock of {lock} s: the record is given out again"
            )
            yield self.finding(message).variety("lock").advise("raise the group's record lock duration")
        if setting(endpoint, "share_mode") == "explicit" and facts.get("acks") == []:
            yield self.finding(f"{who} is in explicit mode and never acknowledges").variety("acknowledge")
        preview = table("clients")["share_preview"].get(endpoint.library)
        if preview:
            message = f"{who}: the share consumer of {endpoint.library} is a preview, not meant for production"
            yield self.finding(message).as_(Severity.ADVICE).variety("preview")


_LOOP = """
    from confluent_kafka import ShareConsumer

    consumer = ShareConsumer({"bootstrap.servers": "broker:9092", "group.id": "mailer"MORE})
    consumer.subscribe(["mails"])
    while True:
        for message in consumer.poll(timeout=1.0):
            print(message.value())
    """
ShareGroupMisuse.bad = (
    Example({"mailer.py": _LOOP.replace("MORE", ', "auto.offset.reset": "earliest"')}, "a key that is ignored"),
    Example(
        {
            "mailer.py": _LOOP.replace("MORE", "")
            .replace("print(message.value())", "time.sleep(60)")
            .replace("from", "import time\n    from", 1)
        },
        "a minute of work, a lock of half a minute",
    ),
)
ShareGroupMisuse.good = (
    Example(
        {
            "mailer.py": """
                from confluent_kafka import Consumer

                consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "mailer"})
                consumer.subscribe(["mails"])
                while True:
                    message = consumer.poll(1.0)
                    if message is not None and not message.error():
                        print(message.value())
                """,
        },
        "a classic group",
    ),
    Example(
        {
            "mailer.py": """
    from kafka import KafkaConsumer

    for message in KafkaConsumer(
        "mails", bootstrap_servers="broker:9092", group_id="mailer", auto_offset_reset="earliest"
    ):
        print(message.value)
    """
        },
        "the same key where it counts",
    ),
)
