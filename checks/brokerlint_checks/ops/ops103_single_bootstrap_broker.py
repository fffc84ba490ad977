"""OPS103 single-bootstrap-broker."""

from __future__ import annotations

import re
from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.facts import Endpoint
from brokerlint.topology import Topology
from brokerlint.topology.openworld import broker_hosts
from brokerlint.topology.uses import code_name, setting

_ONE_BROKER = re.compile(r"^(b-\d+\.|.*(?:kafka|broker)-\d+(?:\.|$)|\d+\.\d+\.\d+\.\d+$)")
_THIS_MACHINE = re.compile(r"^(127\.|0\.0\.0\.0|localhost)")


class SingleBootstrapBroker(Check):
    """A client knows the address of one broker only.

    ## What it finds
    A bootstrap setting with exactly one host that is a single broker by its name (`b-1...`, `kafka-0...`) or address.

    ## Why it is bad
    While that broker is down, restarted or replaced, the client cannot start, although the cluster is well.

    ## When it is fine
    The name stands for all brokers (a service, a load balancer, `kafka-bootstrap`), the cluster has one broker, the
    value is not known, or it is for development.
    """

    id, name = "OPS103", "single-bootstrap-broker"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    environment_bound = True
    sources = ("https://docs.aws.amazon.com/msk/latest/developerguide/bestpractices.html",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every client with one way into its cluster."""
        if any(cluster.property("brokers") == 1 for cluster in topology.channels(kind="cluster")):
            return
        told = set()
        for endpoint in topology.endpoints(system="kafka"):
            host = _only_broker(endpoint)
            key = (endpoint.services or endpoint.place.path, host)
            if host and key not in told:
                told.add(key)
                message = (
                    f"the client in {code_name(endpoint)} knows one broker ({host}): it cannot start while that is down"
                )
                finding = self.finding(message, *topology.channels_of(endpoint)).variety(host)
                finding = finding.at(*topology.uses_of(endpoint)[:1], endpoint)
                yield finding.checked("name of a service or load balancer: no", "cluster of one broker: no").advise(
                    "name three brokers, or the address that stands for all"
                )


def _only_broker(endpoint: Endpoint) -> str:
    hosts = broker_hosts(setting(endpoint, "bootstrap"))
    if len(hosts) != 1 or not _ONE_BROKER.match(hosts[0]) or _THIS_MACHINE.match(hosts[0]):
        return ""
    return hosts[0]


_SEND = """
    from kafka import KafkaProducer

    producer = KafkaProducer(bootstrap_servers="HOSTS")

    def publish(event):
        producer.send("events", event).add_errback(print)
    """
_ASYNC = """
    from aiokafka import AIOKafkaConsumer

    async def main():
        async with AIOKafkaConsumer("events", bootstrap_servers=[HOSTS], group_id="audit") as consumer:
            async for message in consumer:
                print(message.value)
    """
_FIRST, _SECOND = '"b-1.shop.kafka.eu-west-1.amazonaws.com:9098"', '"b-2.shop.kafka.eu-west-1.amazonaws.com:9098"'
SingleBootstrapBroker.bad = (
    Example({"app.py": _SEND.replace("HOSTS", "kafka-0.kafka:9092")}, "the first broker"),
    Example({"audit.py": _ASYNC.replace("HOSTS", _FIRST)}, "a list of one"),
)
SingleBootstrapBroker.good = (
    Example({"app.py": _SEND.replace("HOSTS", "kafka-bootstrap:9092")}, "the service before all brokers"),
    Example({"audit.py": _ASYNC.replace("HOSTS", f"{_FIRST}, {_SECOND}")}, "two brokers"),
)
