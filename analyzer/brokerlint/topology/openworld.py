"""The open world: whether "nobody else" may be said of a channel, how surely, and what was looked at.

Other repositories may use the same channel, so absence proves nothing by itself. It counts, in this order:

a) because people declare the channel complete (or name readers and writers elsewhere: then it is not);
b) because the configuration says ``world: closed`` and no call of that system has an unknown channel;
c) because the tree's permissions name who may use it, and all of these are services here: at most ``medium``;
d) because everything is in one place: a queue or stream that one tree declares and uses and whose name it does not
   export (at most ``high``), or a Kafka topic whose both ends are here, as is its broker, or whose broker has a literal
   or local address (``medium``).

Otherwise the channel is open and an absence is worth ``low``. A call whose channel is unknown brings every absence of
its system to ``low``; a call that reads its channel from another variable of unknown value, to ``medium``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from brokerlint.confidence import Confidence
from brokerlint.facts import Endpoint, Role
from brokerlint.topology.channel import ChannelNode
from brokerlint.topology.query import Topology
from brokerlint.topology.uses import Uses, setting, setting_origin

_LOCAL_HOST = re.compile(
    r"^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?|0\.0\.0\.0|host\.docker\.internal|[^.]+|.*\.svc(\.cluster\.local)?)$"
)
_THIS_MACHINE = re.compile(r"^(localhost$|127\.|\[?::1|0\.0\.0\.0$|host\.docker\.internal$)")
_AT_HOME = frozenset({"compose", "container", "unknown", "procfile", "supervisord", "script", ""})
_LITERAL = frozenset({"literal", "constant", "library-default"})


@dataclass(frozen=True, slots=True)
class Closure:
    """Whether a channel's users are all known: ``level`` is the highest confidence that an absence may have,
    ``reason`` why, ``scanned`` what was looked at, ``doubts`` the calls that may be users too."""

    closed: bool
    level: Confidence
    reason: str
    scanned: str
    doubts: tuple[str, ...] = ()

    def words(self) -> tuple[str, ...]:
        """What a finding says about it."""
        return (f"{self.scanned}: {self.reason}", *self.doubts)


def closure(topology: Topology, channel: ChannelNode, role: Role = "consume") -> Closure:
    """Whether all consumers (or, with ``role`` ``produce``, all producers) of ``channel`` are known."""
    closed, level, reason = _closed(topology, channel, role)
    doubts = []
    for item in topology.unresolved(channel.system, role):
        level = Confidence.LOW
        doubts.append(f"unknown {item.what} at {item.place.path}:{item.place.line} ({item.why})")
    for other in topology.unnamed(channel.system):
        if other.id != channel.id:
            for use in other.uses.where(lambda use: use.role == role):
                level = min(level, Confidence.MEDIUM)
                doubts.append(f"{use.who} reads its channel from ${other.name.env}, whose value is not known")
    return Closure(closed, level, reason, _scanned(topology, channel.system, role), tuple(dict.fromkeys(doubts)))


def _closed(topology: Topology, channel: ChannelNode, role: Role) -> tuple[bool, Confidence, str]:
    declared = channel.declaration
    outside = declared.external_consumers if role == "consume" else declared.external_producers
    if outside:
        return False, Confidence.LOW, f"declared to be used by {', '.join(outside)} too"
    if declared.complete is not None:
        if declared.complete:
            return True, Confidence.CERTAIN, "declared complete"
        return False, Confidence.LOW, "declared incomplete"
    if topology.declarations.world == "open":
        return False, Confidence.LOW, "other repositories may use it (world: open)"
    if topology.declarations.world == "closed" and (channel.system != "kafka" or _permitted(topology, channel, role)):
        return True, Confidence.CERTAIN, "the configuration says that everything is scanned (world: closed)"
    if _permitted(topology, channel, role):
        return True, Confidence.MEDIUM, "the permissions in the tree name services of the tree only"
    if channel.system == "kafka":
        return _kafka_by_locality(topology, channel)
    if channel.declared and not channel.property("exported") and len(_stacks(channel)) == 1:
        return True, Confidence.HIGH, "declared and used in one place, and its name is not exported"
    return False, Confidence.LOW, "other repositories may use it"


def _permitted(topology: Topology, channel: ChannelNode, role: Role) -> bool:
    """All permissions to use the channel that way name known services, and there is one."""
    granted = [g["principal"] for g in channel.property("grants") or () if g.get("role") == role]
    for link in channel.links("grant"):
        if link.properties.get("role") == role:
            far = link.target if link.source == channel.id else link.source
            granted.append(far.removeprefix("service:"))
    return bool(granted) and all(topology.service(str(principal)) is not None for principal in granted)


def _stacks(channel: ChannelNode) -> set[str]:
    return {place.path for fact in channel.declarations for place in fact.declared_at}


def _kafka_by_locality(topology: Topology, channel: ChannelNode) -> tuple[bool, Confidence, str]:
    running = users(channel).in_code()
    if not running.where(lambda use: use.role == "produce") or not running.where(lambda use: use.role == "consume"):
        return False, Confidence.LOW, "only one end of the topic is in the scanned code"
    brokers = [_broker(topology, endpoint) for endpoint in channel.uses.endpoints()]
    open_reason = next((words for inside, words in brokers if not inside), "")
    if open_reason:
        return False, Confidence.LOW, open_reason
    return True, Confidence.MEDIUM, f"both ends of the topic are here and {brokers[0][1]}"


def _broker(topology: Topology, endpoint: Endpoint) -> tuple[bool, str]:
    """Whether the endpoint's cluster is inside the tree, and why it is thought so."""
    value = setting(endpoint, "bootstrap")
    origin = setting_origin(endpoint, "bootstrap")
    hosts = broker_hosts(value)
    if not hosts:
        where = f"{endpoint.place.path}:{endpoint.place.line}"
        return False, f"the broker's address at {where} is not known: the cluster may be shared"
    address = ", ".join(hosts)
    if _for_development(topology, endpoint, hosts):
        return False, f"its broker's address ({address}) is one for development: where it is deployed it may be shared"
    if all(is_local(host) for host in hosts):
        return True, f"its broker ({address}) is local"
    if origin in _LITERAL:
        return True, f"its broker's address ({address}) is written in the code"
    clusters = {node.name.text for node in topology.channels(kind="cluster")}
    named = clusters | {service.name for service in topology.services()}
    if origin in ("manifest", "reference") and any(host.split(".")[0] in named for host in hosts):
        return True, f"its broker ({address}) is declared here"
    return False, f"its broker's address ({address}) leads outside the scanned tree"


def _for_development(topology: Topology, endpoint: Endpoint, hosts: tuple[str, ...]) -> bool:
    """A service that a manifest deploys elsewhere cannot mean a broker of this machine, nor one by a short name that
    only a development set-up (or nothing) here has."""
    services = [service for name in endpoint.services if (service := topology.service(name))]
    if not any(s.platform not in _AT_HOME and s.environment not in ("dev", "test") for s in services):
        return False
    here = {s.name for s in topology.services() if s.environment not in ("dev", "test")}
    here |= {c.label for c in topology.channels(kind="cluster") if c.environment not in ("dev", "test")}
    return any(_THIS_MACHINE.match(host) or ("." not in host and not _named(host, here)) for host in hosts)


def _named(host: str, names: set[str]) -> bool:
    """The host is one of these, or the bootstrap service that an operator makes for it."""
    return host in names or any(host.startswith(f"{name}-") and "kafka" in host for name in names)


def broker_hosts(value: object) -> tuple[str, ...]:
    """The host names of a bootstrap setting, whether a list or a comma-separated text; empty when it is unknown."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Iterable):
        return ()
    hosts = (str(item).rpartition("://")[2].strip() for item in value)
    return tuple(host.rsplit(":", 1)[0] if ":" in host and not host.endswith("]") else host for host in hosts if host)


def is_local(host: str) -> bool:
    """The host is this machine, a name without dots (a compose service) or inside a Kubernetes cluster."""
    return bool(_LOCAL_HOST.match(host)) and "*" not in host and "$" not in host


def _scanned(topology: Topology, system: str, role: Role) -> str:
    services = len(topology.services())
    count = topology.count(system, role)
    what = {"consume": "consumer", "produce": "producer", "manage": "manager"}[role]
    plural = "" if count == 1 else "s"
    return f"{count} {system} {what}{plural} in {services} service{'' if services == 1 else 's'} scanned"


def users(channel: ChannelNode) -> Uses:
    """Producers and consumers of a channel that belong to the running system."""
    return channel.uses.where(lambda use: use.role != "manage").unless_tooling()
