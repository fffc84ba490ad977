"""KFK204 work-outlives-poll-interval."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.checking.check import default_cap
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name, setting


class WorkOutlivesPollInterval(Check):
    """The work between two polls takes longer than the group waits for a member.

    ## What it finds
    Constant sleeps per record, times the records that one poll may return, above `max.poll.interval.ms`.

    ## Why it is bad
    The member is put out of the group, its partitions go to others that do the same work again, and its commit fails.
    When it comes back, everything rebalances once more.

    ## When it is fine
    Partitions are paused while polls go on, work runs in a bounded pool, or the interval is raised. In a share group
    the record lock counts instead (see KFK208).
    """

    id, name = "KFK204", "work-outlives-poll-interval"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://kafka.apache.org/documentation/#consumerconfigs_max.poll.interval.ms",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that works longer than it may."""
        for endpoint in topology.endpoints(role="consume", system="kafka"):
            seconds, interval = endpoint.facts.get("work_seconds"), setting(endpoint, "max_poll_interval")
            records = _records(endpoint)
            excused = endpoint.facts.get("pauses") or endpoint.facts.get("handoff") != "none"
            if not seconds or records is None or not isinstance(interval, int) or excused:
                continue
            if endpoint.facts.get("group_kind") == "share" or seconds * records * 1000 <= interval:
                continue
            yield (
                self.finding(
                    f"{code_name(endpoint)} may work {seconds * records:g} s ({records} x {seconds:g} s) "
                    f"between two polls, max.poll.interval is {interval // 1000} s: eviction, rebalance, duplicates",
                    *topology.channels_of(endpoint),
                )
                .at(endpoint)
                .capped(*default_cap(endpoint, "max_poll_interval"))
                .checked("paused partitions: no", "pool: no")
                .advise("fetch fewer records per poll, or raise max.poll.interval.ms")
            )


def _records(endpoint: Endpoint) -> int | None:
    """How many records are worked on between two polls; None when it is not known."""
    if endpoint.library == "confluent-kafka":
        given = endpoint.facts.get("max_messages")
        return int(given) if isinstance(given, int) else 1
    records = setting(endpoint, "max_poll_records")
    return records if isinstance(records, int) else None


_LOOP = """
    import time
    from kafka import KafkaConsumer

    consumer = KafkaConsumer("orders", bootstrap_servers="broker:9092", group_id="orders", enable_auto_commit=FalseMORE)
    for message in consumer:
        time.sleep(1)
        print(message.value)
        consumer.commit()
    """
_CONFLUENT = """
    import time
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "scans", "enable.auto.commit": FalseMORE})
    consumer.subscribe(["scans"])
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        time.sleep(600)
        print(message.value())
        consumer.commit(message)
    """
WorkOutlivesPollInterval.bad = (
    Example({"orders.py": _LOOP.replace("MORE", "")}, "500 records of a second each"),
    Example({"scans.py": _CONFLUENT.replace("MORE", "")}, "ten minutes for one record, five are allowed"),
)
WorkOutlivesPollInterval.good = (
    Example({"orders.py": _LOOP.replace("MORE", ", max_poll_records=50")}, "50 records per poll"),
    Example(
        {"scans.py": _CONFLUENT.replace("MORE", ', "max.poll.interval.ms": 900000')}, "a quarter of an hour is allowed"
    ),
)
