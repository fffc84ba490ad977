"""ARC103 slow-work-blocks-partition."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology, Use, signals

_HEAVY = frozenset({"ml", "subprocess"})


class SlowWorkBlocksPartition(Check):
    """Slow work per record, one record after the other: all later records of the partition wait.

    ## What it finds
    A Kafka consumer whose work takes at least 5 seconds a record (constant sleeps), whose poll interval was raised
    above 10 minutes, or that runs models or programs with one record per poll, in the thread that polls and on records
    without keys.

    ## Why it is bad
    A partition is read in order. One slow record holds up every record behind it, and more workers than partitions do
    not help: that is what queues are for.

    ## When it is fine
    Order matters, the work runs in a bounded pool, partitions are paused meanwhile, records are collected and written
    together, it is a scheduled job, or a share group distributes the records.
    """

    id, name = "ARC103", "slow-work-blocks-partition"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict", "advisory"})
    sources = ("https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that is slow and alone."""
        for topic in topology.channels(system="kafka"):
            keys = signals.key_kinds(topic.producers().in_code())
            if signals.needs_order(topic) or not keys <= {"none", "random", "unknown"}:
                continue
            for use in topic.consumers().in_code().unless_tooling():
                slow = _slow(topology, use)
                if slow and _alone(use):
                    finding = self.finding(
                        f"{use.who} {slow} on {topic}: every later record of the partition waits", topic
                    )
                    finding = finding.at(use).checked("order used: no", "pool, pause or share group: no")
                    if "unknown" in keys:
                        finding = finding.capped(finding.confidence.lower, "how records are keyed is not known")
                    yield finding.advise("use a queue, whose workers don't wait for each other", "or a share group")


def _slow(topology: Topology, use: Use) -> str:
    """How slow, in words; empty when nothing shows it."""
    seconds = use.fact("work_seconds") or 0
    if seconds >= topology.declarations.threshold("long_work"):
        return f"works at least {seconds:g} s per record in one thread"
    interval = use.setting("max_poll_interval")
    if isinstance(interval, int) and interval > 1000 * topology.declarations.threshold("long_poll_interval"):
        return f"allows {interval // 1000} s between polls"
    if (use.effects() or frozenset()) & _HEAVY and use.setting("max_poll_records") == 1:
        return "runs programs or models, one record per poll,"
    return ""


def _alone(use: Use) -> bool:
    grouped = use.fact("group_kind") in ("classic", None)
    return use.fact("handoff") == "none" and not use.fact("pauses") and grouped and use.fact("entry_kind") != "cron"


_WORKER = """
    import subprocess
    import time
    from confluent_kafka import Consumer

    consumer = Consumer({"bootstrap.servers": "broker:9092", "group.id": "video", "enable.auto.commit": False})
    consumer.subscribe(["videos"])
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            raise RuntimeError(message.error())
        subprocess.run(["convert", message.value()])
        time.sleep(10)
        consumer.commit(message)
    """
_POLLER = """
    import subprocess
    from concurrent.futures import ThreadPoolExecutor
    from kafka import KafkaConsumer

    pool = ThreadPoolExecutor(4)
    consumer = KafkaConsumer("videos", bootstrap_servers="broker:9092", group_id="video", max_poll_records=1)
    for message in consumer:
        WORK
    """
SlowWorkBlocksPartition.bad = (
    Example({"video/worker.py": _WORKER}, "ten seconds per record"),
    Example(
        {"video/worker.py": _POLLER.replace("WORK", 'subprocess.run(["convert", message.value])')},
        "a program per record",
    ),
)
SlowWorkBlocksPartition.good = (
    Example({"video/worker.py": _WORKER.replace("        time.sleep(10)\n", "")}, "nothing shows that it is slow"),
    Example(
        {"video/worker.py": _POLLER.replace("WORK", 'pool.submit(subprocess.run, ["convert", message.value])')},
        "in a pool",
    ),
)
