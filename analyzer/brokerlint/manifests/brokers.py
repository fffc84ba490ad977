"""Kafka brokers in containers: what their settings say about the cluster and its topics."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ChannelFact, Setting, Text
from brokerlint.manifests.kafka_properties import broker_properties, whole
from brokerlint.manifests.values import text_of
from brokerlint.places import Place

_OUTSIDE = ("localhost", "127.0.0.1", "host.docker.internal")
_CONFLUENT = "KAFKA_"
_BITNAMI = "KAFKA_CFG_"
_PLATFORM_DEFAULTS: Mapping[str, Any] = {
    "auto_create": True,
    "partitions": 1,
    "replication_factor": 1,
    "min_insync_replicas": 1,
}
"""What Apache Kafka uses where nothing is set (Apache Kafka documentation, broker configuration)."""


@dataclass(frozen=True, slots=True)
class Broker:
    """A container that runs a Kafka broker."""

    name: str
    image: str
    environment: Mapping[str, Setting]
    place: Place
    persistent: bool = False


def cluster(brokers: Sequence[Broker], profile: str) -> ChannelFact:
    """The cluster that the broker containers of one file form; the first one's settings stand for all."""
    first = brokers[0]
    config = configuration(first.environment)
    properties: dict[str, Any] = {
        "cluster_kind": "compose",
        "brokers": len(brokers),
        "storage": "persistent" if first.persistent else "ephemeral",
        "metadata": _metadata(config),
        "version": _version(first.image),
        "listeners": _listeners(config),
        "basics": _basics(first.image),
        **broker_properties(config),
    }
    known = {key: value for key, value in properties.items() if value not in (None, "", [], {})}
    defaulted = tuple(key for key in _PLATFORM_DEFAULTS if key not in known) if "redpanda" not in first.image else ()
    known |= {key: _PLATFORM_DEFAULTS[key] for key in defaulted}
    return ChannelFact(
        f"{first.place.path}#cluster/{first.name}",
        "kafka",
        "cluster",
        Text(first.name),
        first.name,
        first.place.saying(f"runs the broker {first.name}"),
        known,
        defaulted,
        profile,
    )


def configuration(environment: Mapping[str, Setting]) -> dict[str, str]:
    """A broker's configuration by Kafka's own keys: ``KAFKA_NUM_PARTITIONS`` is ``num.partitions``."""
    found: dict[str, str] = {}
    for name, setting in environment.items():
        prefix = _BITNAMI if name.startswith(_BITNAMI) else _CONFLUENT
        value = text_of(setting.value)
        if name.startswith(prefix) and value is not None:
            found[name.removeprefix(prefix).lower().replace("_", ".")] = value
    return found


def created_topics(environment: Mapping[str, Setting]) -> list[tuple[str, dict[str, Any], Place]]:
    """``KAFKA_CREATE_TOPICS``: name, properties and place of each topic the broker creates at its start."""
    setting = environment.get("KAFKA_CREATE_TOPICS")
    text = text_of(setting.value) if setting else None
    if setting is None or not text:
        return []
    own = environment.get("KAFKA_CREATE_TOPICS_SEPARATOR")
    separator = (text_of(own.value) if own else None) or ","
    found = []
    for entry in re.split(r"[\s,]+" if separator == "," else re.escape(separator), text):
        name, *rest = entry.strip().strip("'\"").split(":")
        if name:
            properties = {
                "partitions": whole(rest[0]) if rest else None,
                "replication_factor": whole(rest[1]) if len(rest) > 1 else None,
                "cleanup_policy": rest[2] if len(rest) > 2 and rest[2] in ("compact", "delete") else None,
            }
            found.append((name, properties, setting.place))
    return found


def _metadata(config: Mapping[str, str]) -> str:
    if "zookeeper.connect" in config:
        return "zookeeper"
    return "kraft" if "process.roles" in config or "controller.quorum.voters" in config else ""


def _version(image: str) -> str:
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return tag if re.match(r"v?\d", tag) else ""


def _basics(image: str) -> dict[str, bool]:
    """Whether the image stays the same when it is pulled again; nothing where its tag is filled in elsewhere."""
    name, _, digest = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    if not digest and any(sign in tag for sign in "${*"):
        return {}
    return {"pinned_image": bool(digest) or tag not in ("", "latest")}


def _listeners(config: Mapping[str, str]) -> list[dict[str, Any]]:
    """The advertised listeners; TLS where the protocol map says so."""
    pairs = config.get("listener.security.protocol.map", "").split(",")
    protocols = dict(pair.strip().split(":", 1) for pair in pairs if ":" in pair)
    found = []
    for one in config.get("advertised.listeners", "").split(","):
        name, sign, address = one.strip().partition("://")
        if sign:
            protocol = protocols.get(name, name)
            host = address.rpartition(":")[0]
            tls = protocol.endswith("SSL") if protocol.startswith(("SASL", "SSL", "PLAINTEXT")) else None
            found.append({"name": name, "tls": tls, "external": host in _OUTSIDE or None})
    return [{key: value for key, value in one.items() if value is not None} for one in found]
