"""ARC124 channel-per-entity."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name


class ChannelPerEntity(Check):
    """The channel's name is made from an entity: one topic or queue per user, tenant or order.

    ## What it finds
    A send, or the creation of a channel, whose name has a hole that is filled from a parameter, loop variable or
    attribute that identifies an entity (`user_id`, `tenant`, a uuid, rows of a table).

    ## Why it is bad
    Channels grow with the business. Partitions and queues have limits, each channel needs permissions, monitoring and
    cleaning, and consumers must find new ones. A key keeps entities apart within one channel.

    ## When it is fine
    The hole is the stage, region, account, application or team, the values are a small fixed set, or a process makes a
    reply queue and deletes it.
    """

    id, name = "ARC124", "channel-per-entity"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    needs = "code"
    sources = ("https://docs.aws.amazon.com/msk/latest/developerguide/limits.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every name that grows with the entities."""
        for endpoint in topology.endpoints():
            holes = [
                hole
                for hole in endpoint.facts.get("name_holes") or ()
                if hole.get("class") == "entity" and not hole.get("finite")
            ]
            roles = {channel.declaration.role for channel in topology.channels_of(endpoint)}
            if endpoint.role == "consume" or not holes or roles & {"reply"} or topology.is_tooling(endpoint):
                continue
            what = str(holes[0].get("text") or "an entity")
            kind = {"kafka": "topic", "sns": "topic"}.get(endpoint.system, "queue")
            names = ", ".join(channel.id.split(":", 1)[1] for channel in endpoint.channels)
            yield (
                self.finding(
                    f"{code_name(endpoint)} makes the name '{names}' from {what}: one {kind} per {what}, without limit",
                    *topology.channels_of(endpoint),
                )
                .at(endpoint)
                .checked("stage, region, account or team: no", "small fixed set: no", "reply queue: no")
                .advise(f"use one {kind} and put {what} into the key (or the message group id)")
            )


_SEND = """
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers="broker:9092")

    def notify(user_id, event):
        producer.send(f"user-{user_id}-events", event)
    """
_QUEUES = """
    import os
    import boto3

    sqs = boto3.client("sqs")

    def open_account(tenant_id):
        sqs.create_queue(QueueName=NAME)
    """
ChannelPerEntity.bad = (
    Example({"notify.py": _SEND}, "a topic per user"),
    Example({"accounts.py": _QUEUES.replace("NAME", 'f"tenant-{tenant_id}"')}, "a queue per tenant"),
)
ChannelPerEntity.good = (
    Example(
        {"notify.py": _SEND.replace('f"user-{user_id}-events", event', '"user-events", event, key=user_id.encode()')},
        "one topic, keyed by user",
    ),
    Example({"accounts.py": _QUEUES.replace("NAME", "f\"accounts-{os.environ['STAGE']}\"")}, "a queue per stage"),
)
