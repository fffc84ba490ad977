"""ARC123 pass-through-chain."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.topology import ChannelNode, Closure, Topology, Use, closure

_LENGTH = 3


class PassThroughChain(Check):
    """Several services in a row only reshape messages and hand them on.

    ## What it finds
    Three or more services, each with one channel in and one out, whose handlers do nothing but send, over channels with
    one producer and one consumer each.

    ## Why it is bad
    Each hop costs a channel, a deployment, latency and a place to look when something is lost. Three functions in one
    consumer do the same.

    ## When it is fine
    The services belong to different teams, one needs other hardware, a channel is there to buffer, or a step calls a
    database or a service. Where other users of the channels are not excluded, nothing is said.
    """

    id, name = "ARC123", "pass-through-chain"
    severity, confidence = Severity.INFO, Confidence.LOW
    profiles = frozenset({"advisory"})
    shows_low = True
    sources = ("https://www.enterpriseintegrationpatterns.com/patterns/messaging/PipesAndFilters.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every longest row of services that only pass on."""
        steps = {consume.channel: (consume, produce) for consume, produce in _passing(topology)}
        targets = {produce.channel for _, produce in steps.values()}
        for start in sorted(set(steps) - targets):
            row = _follow(topology, steps, start)
            owners = {owner for consume, _ in row for owner in (consume.service.owners if consume.service else ())}
            if len(row) < _LENGTH or len(owners) > 1:
                continue
            names = [consume.who for consume, _ in row]
            message = f"{len(row)} services in a row only reshape and forward: {' -> '.join(names)}"
            finding = self.finding(message).at(*(consume for consume, _ in row), *(produce for _, produce in row))
            yield finding.checked("different owners: no", "database or service calls: none").advise(
                "make one consumer of them, with a function for each step"
            )


def _passing(topology: Topology) -> Iterator[tuple[Use, Use]]:
    """The handlers that only send, with what they send."""
    for consume in topology.uses(role="consume").in_code():
        if consume.effects() != frozenset({"produce"}):
            continue
        sends = topology.sends_of(consume)
        if len({send.channel for send in sends}) == 1 and sends[0].channel != consume.channel:
            yield consume, sends[0]


def _follow(topology: Topology, steps: dict[str, tuple[Use, Use]], start: str) -> list[tuple[Use, Use]]:
    row: list[tuple[Use, Use]] = []
    seen = set()
    while start in steps and start not in seen:
        seen.add(start)
        row.append(steps[start])
        start = steps[start][1].channel
        node = topology.channel(start)
        if node is None or not _private(topology, node):
            break
    return row


def _private(topology: Topology, node: ChannelNode) -> bool:
    """One producer, one consumer, and nobody else can be there."""

    def shut(found: Closure) -> bool:
        return found.closed and not found.doubts

    alone = len(node.producers().programs()) == 1 and len(node.consumers().programs()) == 1
    return alone and shut(closure(topology, node)) and shut(closure(topology, node, "produce"))


_STEP = """
    from confluent_kafka import Consumer, Producer

    conf = {"bootstrap.servers": "localhost:9092"}
    consumer = Consumer({**conf, "group.id": "SOURCE-step"})
    producer = Producer(conf)
    consumer.subscribe(["SOURCE"])
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        producer.produce("TARGET", message.value().strip())
        producer.poll(0)
    """


def _chain(*topics: str) -> dict[str, str]:
    return {
        f"step_{source}/app.py": _STEP.replace("SOURCE", source).replace("TARGET", target)
        for source, target in pairwise(topics)
    }


_PYTHON_STEP = """
    import json
    import requests
    from kafka import KafkaConsumer, KafkaProducer

    producer = KafkaProducer(bootstrap_servers="localhost:9092")
    for message in KafkaConsumer("SOURCE", bootstrap_servers="localhost:9092", group_id="SOURCE-step"):
        VALUE
        producer.send("TARGET", json.dumps(value).encode()).add_errback(print)
    """


def _steps(*values: str) -> dict[str, str]:
    parts = zip(("raw", "clean", "tagged"), ("clean", "tagged", "shaped"), values, strict=True)
    return {
        f"step_{source}/app.py": _PYTHON_STEP.replace("SOURCE", source)
        .replace("TARGET", target)
        .replace("VALUE", value)
        for source, target, value in parts
    }


_LOADS = "value = json.loads(message.value)"
_LOOKUP = 'value = requests.post("https://geo.example/places", data=message.value).json()'
PassThroughChain.bad = (
    Example(_chain("raw", "clean", "tagged", "shaped"), "three services of ten lines"),
    Example(_steps(_LOADS, _LOADS, _LOADS), "three services that parse and dump"),
)
PassThroughChain.good = (
    Example(_chain("raw", "clean"), "one consumer that does it all"),
    Example(_steps(_LOADS, _LOOKUP, _LOADS), "one of them asks another service"),
)
