"""Kafka Connect: which topics a connector reads or writes, from its configuration wherever that stands.

Sources: Kafka Connect's documentation for ``topics``, ``errors.*`` and sink groups; Debezium's for topic names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from brokerlint.manifests.facts import End, LinkFact, Text
from brokerlint.manifests.values import interpolated
from brokerlint.places import Place

CLASS = "connector.class"
_TOPIC_KEYS = ("kafka.topic", "topic", "topics", "kafka.topics", "topic.name", "output.topic")
_AWS_KEYS = {
    "sqs.queue.url": "sqs",
    "sqs.url": "sqs",
    "sqs.queue.name": "sqs",
    "camel.source.path.queueNameOrArn": "sqs",
    "camel.sink.path.queueNameOrArn": "sqs",
    "sns.topic.arn": "sns",
    "camel.sink.path.topicNameOrArn": "sns",
    "kinesis.stream": "kinesis",
    "kinesis.stream.name": "kinesis",
}
_TABLES = ("table.include.list", "collection.include.list", "table.whitelist", "collection.whitelist")
_REGULAR = re.compile(r"[\\^$+?{}\[\]()|]|\.\*")


def links(name: str, config: Mapping[str, str], place: Place) -> tuple[LinkFact, ...]:
    """The links of the connector ``name``: topics to it when it is a sink, from it to topics when it is a source."""
    class_name = config.get(CLASS, "")
    sink = _is_sink(class_name, config)
    service = End("service", Text(name))
    properties: dict[str, Any] = {"class": class_name}
    for key, known in (
        ("dead_letter_topic", config.get("errors.deadletterqueue.topic.name")),
        ("errors_tolerance", config.get("errors.tolerance")),
        ("errors_logged", {"true": True, "false": False}.get(config.get("errors.log.enable", "").lower())),
        ("group", f"connect-{name}" if sink else None),
    ):
        if known is not None:
            properties[key] = known
    place = place.saying(f"connector {name} {'reads' if sink else 'writes'}")
    ends = [End("kafka", interpolated(topic, {})) for topic in dict.fromkeys(_topics(config, sink))]
    found = [LinkFact("connector", *((end, service) if sink else (service, end)), place, properties) for end in ends]
    queue = _queue(config)
    if queue is not None:
        pair = (service, queue) if sink else (queue, service)
        found.append(LinkFact("connector", *pair, place, properties))
    return tuple(found)


def _is_sink(class_name: str, config: Mapping[str, str]) -> bool:
    plain = class_name.lower()
    return "sink" in plain or ("source" not in plain and bool(config.get("topics") or config.get("topics.regex")))


def _topics(config: Mapping[str, str], sink: bool) -> Iterator[str]:
    if sink:
        yield from _listed(config.get("topics", ""))
        if config.get("topics.regex"):
            yield _glob(config["topics.regex"])
        return
    prefix = config.get("topic.prefix") or config.get("database.server.name")
    renamed = _renamed(config)
    if renamed:
        yield renamed
    elif prefix and _is_debezium(config):
        tables = [table for key in _TABLES for table in _listed(config.get(key, ""))]
        yield from (f"{prefix}.{_glob(table)}" for table in tables or ["*"])
    elif prefix:
        tables = _listed(config.get("table.whitelist", "") or config.get("table.include.list", ""))
        yield from (f"{prefix}{table}" for table in tables or ["" if config.get("query") else "*"])
    else:
        yield from (topic for key in _TOPIC_KEYS for topic in _listed(config.get(key, "")))


def _is_debezium(config: Mapping[str, str]) -> bool:
    return "debezium" in config.get(CLASS, "").lower() or "database.server.name" in config


def _renamed(config: Mapping[str, str]) -> str:
    """The topic that a transformation gives every record; Debezium's outbox router makes one for each kind of event."""
    for transform in _listed(config.get("transforms", "")):
        kind = config.get(f"transforms.{transform}.type", "")
        if kind.endswith("outbox.EventRouter"):
            wanted = config.get(f"transforms.{transform}.route.topic.replacement", "outbox.event.${routedByValue}")
            return re.sub(r"\$\{[^}]*\}|\$\d", "*", wanted)
        if kind.endswith(("RegexRouter", "ByLogicalTableRouter")):
            replacement = config.get(f"transforms.{transform}.replacement") or config.get(
                f"transforms.{transform}.topic.replacement", ""
            )
            return re.sub(r"\$\{?\d\}?", "*", replacement)
    return ""


def _queue(config: Mapping[str, str]) -> End | None:
    """The AWS end of a connector between Kafka and SQS, SNS or Kinesis."""
    for key, system in _AWS_KEYS.items():
        if config.get(key):
            return End(system, interpolated(config[key], {}))
    return None


def _listed(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _glob(pattern: str) -> str:
    """A regular expression as a glob: escaped dots are dots, everything else that varies a ``*``."""
    plain = pattern.replace("\\\\", "\\").replace("\\.", "\0").replace(".*", "*")
    plain = re.sub(r"\([^()]*\)|\[[^\]]*\]|[?+^$|{}\\()]", "*", plain)
    return re.sub(r"\*+", "*", plain.replace("\0", ".")) if _REGULAR.search(pattern) else pattern
