"""AsyncAPI documents: what an application declares to send and receive, and the channels' bindings.

In version 2 ``publish`` is what others may do, so the application *receives*; in version 3 ``action`` is the
application's own. A declaration is a claim about code, no deployment; code decides where both disagree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ChannelFact, End, Hole, ManifestFacts, RoleHint, Text, Value
from brokerlint.manifests.kafka_properties import topic_properties, truth, whole
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import joined
from brokerlint.manifests.yaml_nodes import Node, partial
from brokerlint.places import Diagnostic, Place

_HEAD = re.compile(rb"^[ \t{]*\"?asyncapi\"?[ \t]*:", re.MULTILINE)
_SYSTEMS = {"kafka": "kafka", "kafka-secure": "kafka", "sqs": "sqs", "sns": "sns"}
_KINDS = {"kafka": "topic", "sqs": "queue", "sns": "topic"}
_QUEUE_KEYS = {
    "visibilityTimeout": "visibility_timeout",
    "messageRetentionPeriod": "retention",
    "deliveryDelay": "delay",
    "receiveMessageWaitTime": "wait_time",
}


@dataclass(frozen=True, slots=True)
class AsyncApi:
    """What one document declares."""

    facts: ManifestFacts


def wants(path: str, head: bytes) -> bool:
    """YAML and JSON files whose top key is ``asyncapi``."""
    return path.endswith((".yml", ".yaml", ".json")) and _HEAD.search(head) is not None


def read(path: str, text: str) -> AsyncApi:
    """The channels and claims of a document. Only channels of Kafka, SQS and SNS count."""
    documents, error = partial(text)
    if error is not None and not documents:
        raise error
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    facts = ManifestFacts(diagnostics=problems)
    for document in documents[:1]:
        facts += _read(path, document)
    return AsyncApi(facts)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """The facts of all documents."""
    facts = ManifestFacts()
    for _, document in sorted(documents.items()):
        facts += document.facts
    return facts


def _read(path: str, document: Node) -> ManifestFacts:
    title = document.get("x-service-name").text or document.get("info", "title").text
    protocols = {node.get("protocol").text for _, node in document.get("servers").items()}
    usual = {_SYSTEMS[one] for one in protocols if one in _SYSTEMS}
    channels: list[ChannelFact] = []
    hints: list[RoleHint] = []
    third = document.get("asyncapi").text.startswith("3")
    by_id: dict[str, tuple[ChannelFact, Node]] = {}
    for key, node in document.get("channels").items():
        channel = _channel(path, document, key, _followed(document, node), usual, third)
        if channel is not None:
            channels.append(channel)
            by_id[key] = (channel, node)
    for channel, role, place in _claims(path, document, by_id, third):
        assert channel.name is not None
        said = place.saying(f"declares that {title} may {role}")
        hints.append(RoleHint(title, End(channel.system, channel.name), role, "may", said))
    return ManifestFacts(channels=tuple(channels), hints=tuple(hints))


def _claims(
    path: str, document: Node, channels: Mapping[str, tuple[ChannelFact, Node]], third: bool
) -> Iterator[tuple[ChannelFact, str, Place]]:
    """Channel, role and place of everything the application declares to do."""
    if third:
        for name, node in document.get("operations").items():
            reference = node.get("channel", "$ref").text.rpartition("/")[2].replace("~1", "/")
            role = {"send": "produce", "receive": "consume"}.get(node.get("action").text)
            if role and reference in channels:
                yield channels[reference][0], role, Place(path, document.get("operations").line_of(name))
        return
    for channel, node in channels.values():
        for key, role in (("publish", "consume"), ("subscribe", "produce")):
            if node.get(key):
                yield channel, role, Place(path, node.line_of(key))


def _channel(path: str, document: Node, key: str, node: Node, usual: set[str], third: bool) -> ChannelFact | None:
    bindings = _followed(document, node.get("bindings"))
    bound = [name for name in _KINDS if bindings.get(name)]
    system = bound[0] if bound else next(iter(usual)) if len(usual) == 1 else ""
    if not system:
        return None
    binding = bindings.get(system)
    address = node.get("address").text if third else key
    own = binding.get("topic").text or binding.get("queue", "name").text or binding.get("name").text
    name = own or address or (key if not third else "")
    if not name:
        return None
    place = Place(path, document.get("channels").line_of(key), 0, f"declares {name}")
    properties = _properties(system, binding)
    return ChannelFact(f"{path}#{system}/{name}", system, _KINDS[system], _pattern(name), name, place, properties)


def _properties(system: str, binding: Node) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if system == "kafka":
        configuration = binding.get("topicConfiguration")
        config = {key: value.text for key, value in configuration.items() if value.kind == "scalar"}
        policies = [one.text for one in configuration.get("cleanup.policy").elements()]
        config |= {"cleanup.policy": ",".join(policies)} if policies else {}
        found = {
            "partitions": whole(binding.get("partitions").text),
            "replication_factor": whole(binding.get("replicas").text),
            **topic_properties(config),
        }
    elif system == "sqs":
        queue = binding.get("queue")
        found = {own: whole(queue.get(key).text) for key, own in _QUEUE_KEYS.items()}
        found["fifo"] = truth(queue.get("fifoQueue").text)
        redrive = queue.get("redrivePolicy")
        dead = redrive.get("deadLetterQueue", "name").text or redrive.get("deadLetterQueue", "arn").text
        if dead:
            found["dead_letter"] = End("sqs", Text(dead))
            found["max_receive_count"] = whole(redrive.get("maxReceiveCount").text)
    return {key: value for key, value in found.items() if value is not None}


def _followed(document: Node, node: Node) -> Node:
    """The node, or what its local reference points to."""
    reference = node.get("$ref").text
    if not reference.startswith("#/"):
        return node
    parts = [part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/")]
    return document.get(*parts) or node


def _pattern(name: str) -> Value:
    """A channel's address; its parameters are holes."""
    pieces = re.split(r"(\{[^{}]*\})", name)
    return joined(Hole(piece) if piece.startswith("{") else Text(piece) for piece in pieces if piece)
