"""The topology as an AsyncAPI 3 document: what each service sends and receives, as found in code and manifests.

AsyncAPI describes one application at a time; a document of several services tags every operation with its service.
Where a document is asked for one service (``--focus``), that service is its title. Places and what AsyncAPI has no
word for stand in extension fields (``x-``). A name that is not known is a channel without an address. The bindings have
the versions that AsyncAPI's own schema of 3.0.0 takes.
"""

from __future__ import annotations

import re
from typing import Any

from brokerlint.document import dumps
from brokerlint.places import Place
from brokerlint.report.graph import Graph
from brokerlint.topology import ChannelNode, Topology, Use

_VERSION = "3.0.0"
_ACTIONS = {"produce": "send", "consume": "receive"}
_NO_KEY = re.compile(r"[^A-Za-z0-9._-]+")
_HOLE = re.compile(r"\*+")
_POLICIES = ("compact", "delete")


def render(graph: Graph) -> str:
    """The document as JSON, which is YAML too."""
    return dumps(to_asyncapi(graph.topology))


def to_asyncapi(topology: Topology) -> dict[str, Any]:
    """The document as plain dictionaries and lists."""
    nodes = [node for node in topology.channels() if node.uses or node.declared]
    keys = _Keys()
    channels = {node.key: keys.take(f"{node.system}.{node.label}") for node in nodes}
    operations = {}
    for node in nodes:
        for (who, action), uses in _parties(node).items():
            key = keys.take(f"{who}.{action}.{channels[node.key]}")
            operations[key] = _operation(who, action, uses, node, channels[node.key])
    services = topology.services()
    document: dict[str, Any] = {
        "asyncapi": _VERSION,
        "info": {"title": services[0].name if len(services) == 1 else "Messaging topology", "version": "0.0.0"},
        "channels": {channels[node.key]: _channel(node) for node in nodes},
        "operations": operations,
    }
    links = [
        {"kind": link.kind, "from": link.source, "to": link.target, "at": _at(link.place)} for link in topology.links()
    ]
    return document | ({"x-links": links} if links else {})


class _Keys:
    """Gives every thing a key of the signs that references can hold, and no two the same."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def take(self, text: str) -> str:
        """A key like ``text``."""
        stem = _NO_KEY.sub("_", text)
        key, number = stem, 2
        while key in self._taken:
            key, number = f"{stem}_{number}", number + 1
        self._taken.add(key)
        return key


def _parties(node: ChannelNode) -> dict[tuple[str, str], list[Use]]:
    """Who sends and who receives, each with the places where that happens; other channels are told as links."""
    found: dict[tuple[str, str], list[Use]] = {}
    for use in node.uses:
        if use.role in _ACTIONS and not (use.other and node.topology.channel(use.other)):
            found.setdefault((use.who, _ACTIONS[use.role]), []).append(use)
    return found


def _operation(who: str, action: str, uses: list[Use], node: ChannelNode, channel: str) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "title": f"{who} {'sends to' if action == 'send' else 'receives from'} {node.label}",
        "tags": [{"name": who}],
        "x-places": [_at(use.place) for use in uses],
    }
    libraries = sorted({use.endpoint.library for use in uses if use.endpoint and use.endpoint.library})
    groups = _groups(uses, node) if action == "receive" else []
    if libraries:
        operation["x-libraries"] = libraries
    if groups:
        group = {"type": "string", "enum": groups}
        operation["bindings"] = {"kafka": {"groupId": group, "bindingVersion": "0.5.0"}}
    return operation


def _groups(uses: list[Use], node: ChannelNode) -> list[str]:
    """The named Kafka groups through which these uses read."""
    if node.system != "kafka":
        return []
    named = (group for group in node.groups() if group.known and not group.key.startswith("@"))
    return sorted(group.name for group in named if any(use in group.uses for use in uses))


def _channel(node: ChannelNode) -> dict[str, Any]:
    address, parameters = _address(node)
    channel: dict[str, Any] = {"address": address, "title": node.label}
    if parameters:
        channel["parameters"] = {name: {"description": "not known from the code"} for name in parameters}
    binding = _BINDINGS.get(node.system)
    bindings = binding(node) if binding is not None and node.name.kind == "exact" else None
    if bindings:
        channel["bindings"] = {node.system: bindings}
    channel["x-system"] = node.system
    places = [_at(place) for fact in node.declarations for place in fact.declared_at]
    return channel | ({"x-declared-at": places} if places else {})


def _address(node: ChannelNode) -> tuple[str | None, list[str]]:
    """The name, with a parameter for every hole; None when it is not known."""
    name = node.name
    if name.text is None or name.kind not in ("exact", "pattern"):
        return None, []
    if name.kind == "exact":
        return name.text, []
    parts = _HOLE.split(name.text)
    parameters = [f"part{number}" for number in range(1, len(parts))]
    holes = [f"{{{parameter}}}" for parameter in parameters]
    return "".join(piece for pair in zip(parts, [*holes, ""], strict=True) for piece in pair), parameters


def _kafka(node: ChannelNode) -> dict[str, Any]:
    policies = [word for word in re.split(r"[,\s]+", str(node.property("cleanup_policy") or "")) if word in _POLICIES]
    retention = _whole(node, "retention", least=-1)
    configuration = _known({
        "cleanup.policy": policies or None,
        "retention.ms": retention * 1000 if retention is not None and retention >= 0 else retention,
        "max.message.bytes": _whole(node, "max_size"),
        "min.insync.replicas": _whole(node, "min_insync_replicas", least=1),
    })  # fmt: skip
    binding = _known({
        "partitions": _whole(node, "partitions", least=1),
        "replicas": _whole(node, "replication_factor", least=1),
        "topicConfiguration": configuration or None,
    })  # fmt: skip
    return {**binding, "bindingVersion": "0.5.0"} if binding else {}


def _sqs(node: ChannelNode) -> dict[str, Any]:
    dead = node.dead_letter()
    redrive = None
    if dead is not None:
        target = node.topology.channel(dead[0])
        name = target.label if target is not None else dead[0].partition(":")[2]
        redrive = _known({"deadLetterQueue": {"name": name}, "maxReceiveCount": dead[1]})
    queue = _known({
        "name": node.label,
        "fifoQueue": node.property("fifo") is True,
        "deliveryDelay": _whole(node, "delay", most=900),
        "visibilityTimeout": _whole(node, "visibility_timeout", most=43_200),
        "receiveMessageWaitTime": _whole(node, "wait_time", most=20),
        "messageRetentionPeriod": _whole(node, "retention", least=60, most=1_209_600),
        "redrivePolicy": redrive,
    })  # fmt: skip
    return {"queue": queue, "bindingVersion": "0.2.0"}


def _sns(node: ChannelNode) -> dict[str, Any]:
    ordering = {"type": "FIFO"} if node.property("fifo") is True else None
    return _known({"name": node.label, "ordering": ordering, "bindingVersion": "0.1.0"})


_BINDINGS = {"kafka": _kafka, "sqs": _sqs, "sns": _sns}


def _whole(node: ChannelNode, key: str, *, least: int = 0, most: int | None = None) -> int | None:
    """A property that is a whole number within the limits of its binding; None for anything else."""
    value = node.property(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < least or (most is not None and value > most):
        return None
    return value


def _known(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}


def _at(place: Place) -> str:
    return f"{place.path}:{place.line}" if place.line else place.path
