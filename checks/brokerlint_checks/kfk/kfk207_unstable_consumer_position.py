"""KFK207 unstable-consumer-position."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.checking.check import default_cap
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name, setting

_WORK = frozenset({"email", "http", "db", "aws"})


class UnstableConsumerPosition(Check):
    """A consumer has no place in the topic that survives a restart.

    ## What it finds
    A consumer without a group although it has effects (certain for confluent-kafka, which refuses it); a group name
    with a random, time, host or process part; and reading from `latest` when the group is new, on a topic of work or
    audit records (medium).

    ## Why it is bad
    Without a group every instance handles every record, and nothing is committed. With a new group at each start the
    position is lost: records are skipped or handled again. With `latest`, what was sent before the first start is never
    read.

    ## When it is fine
    Each instance wants all records (caches, web sockets, tails), offsets are kept elsewhere, or it is a tool.
    """

    id, name = "KFK207", "unstable-consumer-position"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://kafka.apache.org/documentation/#consumerconfigs_group.id",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every consumer that forgets where it was."""
        for endpoint in topology.endpoints(role="consume", system="kafka"):
            if topology.is_tooling(endpoint) or endpoint.facts.get("seeks"):
                continue
            effects = {effect["class"] for effect in endpoint.facts.get("effects") or ()}
            topics = topology.channels_of(endpoint)
            name = topology.label_of(endpoint)
            if endpoint.facts.get("group_kind") == "none" and effects & _WORK:
                message = f"{code_name(endpoint)} reads '{name}' without a group: each instance handles every record"
                sure = Confidence.CERTAIN if endpoint.library == "confluent-kafka" else None
                finding = self.finding(message, *topics, confidence=sure).at(endpoint).variety("none")
                yield finding.checked("offsets kept elsewhere: no").advise("set a group id")
            elif _changes(endpoint) and effects & _WORK:
                message = f"{code_name(endpoint)} reads '{name}' with a new group at each start: its position is lost"
                finding = self.finding(message, *topics).at(endpoint).variety("random")
                yield finding.checked("cache or broadcast: no").advise("use a fixed group id")
            roles = {topic.declaration.role for topic in topics}
            if setting(endpoint, "offset_reset") == "latest" and roles & {"work", "audit"} and not _changes(endpoint):
                message = (
                    f"{code_name(endpoint)} starts a new group at the end of '{name}': earlier records are skipped"
                )
                finding = self.finding(message, *topics).at(endpoint).variety("latest")
                finding = finding.capped(Confidence.MEDIUM, "it matters for a new group only")
                yield finding.capped(*default_cap(endpoint, "offset_reset")).advise("set auto.offset.reset to earliest")


def _changes(endpoint: Endpoint) -> bool:
    """The group's name is different at each start."""
    return endpoint.facts.get("group_varies") is True


_LOOP = """
    import smtplib
    import uuid
    from kafka import KafkaConsumer

    consumer = KafkaConsumer("mails", bootstrap_servers="broker:9092", enable_auto_commit=FalseGROUP)
    for message in consumer:
        smtplib.SMTP("mail").sendmail("a@example.org", "b@example.org", message.value)
        consumer.commit()
    """
_ASYNC = """
    import asyncpg
    from aiokafka import AIOKafkaConsumer

    async def main(sockets):
        database = await asyncpg.connect("postgresql://localhost/prices")
        async with AIOKafkaConsumer("prices", bootstrap_servers="broker:9092") as consumer:
            async for message in consumer:
                WORK
    """
UnstableConsumerPosition.bad = (
    Example({"mailer.py": _LOOP.replace("GROUP", "")}, "no group"),
    Example({"mailer.py": _LOOP.replace("GROUP", ', group_id=f"mailer-{uuid.uuid4()}"')}, "a new group at each start"),
    Example(
        {"prices.py": _ASYNC.replace("WORK", 'await database.execute("insert into price values ($1)", message.value)')},
        "each instance stores every price",
    ),
)
UnstableConsumerPosition.good = (
    Example({"mailer.py": _LOOP.replace("GROUP", ', group_id="mailer"')}, "a fixed group"),
    Example(
        {"prices.py": _ASYNC.replace("WORK", "await sockets.broadcast(message.value)")},
        "each instance shows all prices to its users",
    ),
)
