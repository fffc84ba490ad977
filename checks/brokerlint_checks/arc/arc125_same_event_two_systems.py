"""ARC125 same-event-two-systems."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.uses import code_name


class SameEventTwoSystems(Check):
    """One function publishes the same event to two messaging systems.

    ## What it finds
    Sends in one function, none in a branch, to channels of different systems with an equal payload or the same event
    type.

    ## Why it is bad
    There are two sources of truth. When the second send fails, readers of the one system know what readers of the other
    never learn, and the order differs.

    ## When it is fine
    One of them is an archive or an audit stream, the second is a fallback, or it is a migration (suppress it with a
    date).
    """

    id, name = "ARC125", "same-event-two-systems"
    severity, confidence = Severity.ADVICE, Confidence.HIGH
    profiles = frozenset({"strict", "advisory"})
    needs = "code"
    sources = ("https://microservices.io/patterns/data/transactional-outbox.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every pair of sends of one event to two systems."""
        sends: dict[tuple[str, str, str], list[Endpoint]] = defaultdict(list)
        for endpoint in topology.endpoints(role="produce"):
            facts = endpoint.facts
            same = facts.get("payload") or facts.get("event_type")
            audit = any(c.declaration.role == "audit" for c in topology.channels_of(endpoint))
            unconditional = (
                facts.get("conditional") is False and not facts.get("in_except") and not facts.get("fallback")
            )
            if same and unconditional and not audit and endpoint.system != "firehose" and not facts.get("outbox"):
                sends[(endpoint.place.path, endpoint.function, str(same))].append(endpoint)
        for endpoints in sends.values():
            systems = sorted({endpoint.system for endpoint in endpoints})
            if len(systems) < 2:
                continue
            event = endpoints[0].facts.get("event_type") or "the same event"
            yield (
                self.finding(
                    f"{code_name(endpoints[0])} publishes {event} to {' and '.join(systems)}: two sources of truth"
                )
                .at(*endpoints)
                .checked("audit or archive: no", "fallback branch: no", "outbox relay: no")
                .advise("publish once and bridge the other system with a connector or pipe")
            )


_PUBLISH = """
    import boto3
    from confluent_kafka import Producer

    sqs = boto3.client("sqs")
    producer = Producer({"bootstrap.servers": "broker:9092"})

    def publish(body):
        producer.produce("orders", body)
        producer.poll(0)
        sqs.send_message(QueueUrl="https://sqs.eu-west-1.amazonaws.com/123456789012/orders", MessageBody=body)
    """
_EVENT = """
    import json
    import boto3
    from kafka import KafkaProducer

    events = boto3.client("events")
    producer = KafkaProducer(bootstrap_servers="broker:9092")

    def publish(order):
        body = json.dumps(order)
        SEND
    """
_KAFKA = 'producer.send("orders", body).add_errback(print)'
_BUS = 'events.put_events(Entries=[{"Source": "shop", "DetailType": "ordered", "Detail": body}])'
SameEventTwoSystems.bad = (
    Example({"orders.py": _PUBLISH}, "Kafka and SQS in one function"),
    Example({"orders.py": _EVENT.replace("SEND", f"{_KAFKA}\n        {_BUS}")}, "Kafka and EventBridge"),
)
SameEventTwoSystems.good = (
    Example(
        {
            "orders.py": """
                from confluent_kafka import Producer

                producer = Producer({"bootstrap.servers": "broker:9092"})

                def publish(body):
                    producer.produce("orders", body)
                    producer.poll(0)
                """,
        },
        "one system; a connector fills the queue",
    ),
    Example(
        {
            "orders.py": _EVENT.replace(
                "SEND",
                'try:\n            producer.send("orders", body).get(timeout=5)\n'
                f"        except Exception:\n            {_BUS}",
            )
        },
        "the bus is there for when Kafka is not",
    ),
)
