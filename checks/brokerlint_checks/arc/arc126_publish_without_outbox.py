"""ARC126 publish-without-outbox."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology, signals
from brokerlint.topology.uses import code_name


class PublishWithoutOutbox(Check):
    """A function writes to a database and publishes an event, and a crash between the two loses or invents one.

    ## What it finds
    A send inside a database transaction (warning: the event goes out for a row that may be rolled back), or after it in
    the same function (advice: a crash in between loses the event).

    ## Why it is bad
    Database and broker cannot commit together. Sooner or later the two disagree, and nothing shows where.

    ## When it is fine
    The event is written to an outbox table in the same transaction, change data capture publishes it, loss is declared
    acceptable, or the send is a Kafka transaction. `transaction.on_commit` cures the first case; what remains is told
    as info, when everything is shown.

    ## Known problems
    Where the channel is not known, so that nothing tells whether its events may be lost, the level is low.
    """

    id, name = "ARC126", "publish-without-outbox"
    severity, confidence = Severity.WARNING, Confidence.MEDIUM
    profiles = frozenset({"strict", "advisory"})
    needs = "code"
    sources = ("https://microservices.io/patterns/data/transactional-outbox.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every send beside a database write."""
        captured = any(channel.property("source") == "cdc" for channel in topology.channels())
        for endpoint in topology.endpoints(role="produce"):
            facts = endpoint.facts
            writes = facts.get("db_writes") or ()
            quiet = any(signals.is_quiet(channel) for channel in topology.channels_of(endpoint))
            if not writes or facts.get("outbox") or captured or quiet or topology.is_tooling(endpoint):
                continue
            positions = {write.get("position") for write in writes}
            if facts.get("on_commit"):
                yield self._told(topology, endpoint, "after the commit", Severity.INFO)
            elif "inside" in positions:
                yield self._told(topology, endpoint, "inside its transaction", Severity.WARNING)
            elif "before" in positions:
                yield self._told(topology, endpoint, "after its commit", Severity.ADVICE)

    def _told(self, topology: Topology, endpoint: Endpoint, where: str, severity: Severity) -> Finding:
        loss = "an event for a row that is rolled back" if severity is Severity.WARNING else "a row without its event"
        message = (
            f"{code_name(endpoint)} writes to the database and publishes to '{topology.label_of(endpoint)}' {where}: "
            f"a crash leaves {loss}"
        )
        finding = self.finding(message, *topology.channels_of(endpoint)).at(endpoint).as_(severity)
        finding = finding.at(*signals.said(endpoint.facts.get("db_writes"), "writes to the database"))
        if not topology.channels_of(endpoint):
            finding = finding.capped(Confidence.LOW, "the channel is not known, nor whether its events may be lost")
        if severity is Severity.INFO:
            finding = finding.capped(Confidence.LOW, "published in on_commit")
        return finding.checked("outbox table: no", "change data capture: no", "Kafka transaction: no").advise(
            "write the event to an outbox table in the same transaction, and let a relay publish it"
        )


_ORDER = """
    from confluent_kafka import Producer
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import Session

    engine = create_engine("postgresql://localhost/shop")
    producer = Producer({"bootstrap.servers": "broker:9092"})

    def order(number):
        with Session(engine) as session, session.begin():
            session.execute(text("insert into orders values (:n)"), {"n": number})
            SEND
    """
_MODELS = """
    from django.db import models

    class Order(models.Model):
        number = models.TextField()

    class Outbox(models.Model):
        topic, body = models.TextField(), models.TextField()
    """
_DJANGO = """
    import json
    import boto3
    from django.db import transaction
    from shop import Order

    sns = boto3.client("sns")
    TOPIC = "arn:aws:sns:eu-west-1:123456789012:orders"

    def order(number):
        with transaction.atomic():
            Order.objects.create(number=number)
            SEND
    """
PublishWithoutOutbox.bad = (
    Example({"orders.py": _ORDER.replace("SEND", 'producer.produce("orders", number)')}, "published before the commit"),
    Example(
        {
            "orders.py": _DJANGO.replace("SEND", "sns.publish(TopicArn=TOPIC, Message=json.dumps(number))"),
            "shop.py": _MODELS,
        },
        "inside a transaction of Django",
    ),
)
PublishWithoutOutbox.good = (
    Example(
        {
            "orders.py": _ORDER.replace(
                "SEND", 'session.execute(text("insert into outbox values (:t, :n)"), {"t": "orders", "n": number})'
            )
        },
        "an outbox table",
    ),
    Example(
        {
            "orders.py": _DJANGO.replace("Order\n", "Order, Outbox\n").replace(
                "SEND", "Outbox.objects.create(topic=TOPIC, body=json.dumps(number))"
            ),
            "shop.py": _MODELS,
        },
        "an outbox model",
    ),
)
