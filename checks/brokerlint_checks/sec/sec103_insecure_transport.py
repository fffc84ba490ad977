"""SEC103 insecure-transport."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Confidence, Example, Finding, Severity
from brokerlint.checking.check import default_cap
from brokerlint.facts import Endpoint
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.openworld import broker_hosts, is_local
from brokerlint.topology.uses import code_name, setting

_PLAIN = frozenset({"plaintext", "sasl_plaintext"})
_OFF = frozenset({"none", "", "false"})


class InsecureTransport(Check):
    """A client or broker talks without encryption, or without checking whom it talks to.

    ## What it finds
    A Kafka client without TLS to a broker that is not local, certificate or host name checks that are switched off, and
    a cluster whose listeners for outside clients have no TLS. In production it is an error.

    ## Why it is bad
    Whoever is on the way reads and changes messages and credentials.

    ## When it is fine
    The broker is on this machine, in the compose network or inside the Kubernetes cluster, or its address is not known.
    """

    id, name = "SEC103", "insecure-transport"
    severity, confidence = Severity.WARNING, Confidence.HIGH
    profiles = frozenset({"strict"})
    environment_bound = True
    sources = ("https://kafka.apache.org/documentation/#security_ssl",)

    def find(self, topology: Topology) -> Iterator[Finding]:
        """Every client and listener that can be overheard."""
        told = set()
        for endpoint in topology.endpoints():
            reason = _overheard(endpoint)
            key = (endpoint.place.path, endpoint.services, reason)
            if reason and key not in told:
                told.add(key)
                yield self._client(topology, endpoint, reason)
        for cluster in topology.channels(kind="cluster"):
            yield from self._listeners(cluster)

    def _client(self, topology: Topology, endpoint: Endpoint, reason: str) -> Finding:
        finding = self.finding(f"the client in {code_name(endpoint)} talks {reason}", *topology.channels_of(endpoint))
        finding = finding.at(*topology.uses_of(endpoint)[:1], endpoint).capped(*default_cap(endpoint, "security"))
        if finding.environment == "prod":
            finding = finding.as_(Severity.ERROR)
        return finding.variety(reason).advise("use SASL_SSL, or SSL with client certificates, and check certificates")

    def _listeners(self, cluster: ChannelNode) -> Iterator[Finding]:
        for listener in cluster.property("listeners") or ():
            if isinstance(listener, dict) and listener.get("tls") is False and listener.get("external"):
                message = f"listener '{listener.get('name')}' of {cluster} takes outside clients without TLS"
                finding = self.finding(message, cluster).at(cluster).variety(str(listener.get("name")))
                finding = finding.as_(Severity.ERROR) if cluster.environment == "prod" else finding
                yield finding.advise("switch TLS on for it")


def _overheard(endpoint: Endpoint) -> str:
    """How the client can be overheard, in words; empty when it cannot or that is not known."""
    hosts = broker_hosts(setting(endpoint, "bootstrap"))
    away = [host for host in hosts if not is_local(host) and "*" not in host]
    protocol = setting(endpoint, "security")
    if endpoint.system == "kafka" and away and str(protocol).lower() in _PLAIN:
        return f"{str(protocol).lower()} to {away[0]}"
    unchecked = setting(endpoint, "verify_tls") is False or setting(endpoint, "tls_hostname") is False
    named = setting(endpoint, "tls_hostname")
    if (unchecked or (isinstance(named, str) and named.lower() in _OFF)) and (away or endpoint.system != "kafka"):
        return f"TLS without verification to {away[0] if away else 'its service'}"
    return ""


_SEND = """
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": "b-1.shop.kafka.eu-west-1.amazonaws.com:PORT"})

    def publish(event):
        producer.produce("events", event)
        producer.poll(0)
    """
_ASYNC = """
    from aiokafka import AIOKafkaConsumer

    async def main():
        async with AIOKafkaConsumer(
            "events", group_id="audit", bootstrap_servers="HOST:9092", security_protocol="PLAINTEXT"
        ) as consumer:
            async for message in consumer:
                print(message.value)
    """
InsecureTransport.bad = (
    Example({"app.py": _SEND.replace("PORT", "9092")}, "plaintext to another host"),
    Example({"audit.py": _ASYNC.replace("HOST", "kafka.shop.example.org")}, "said to be plaintext"),
)
InsecureTransport.good = (
    Example(
        {"app.py": _SEND.replace('PORT"', '9098", "security.protocol": "SASL_SSL", "sasl.mechanism": "OAUTHBEARER"')},
        "TLS and a login",
    ),
    Example({"audit.py": _ASYNC.replace("HOST", "kafka.shop.svc.cluster.local")}, "inside the Kubernetes cluster"),
)
