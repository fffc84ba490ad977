"""Commands that create channels: ``kafka-topics --create``, ``rpk topic create``, ``aws sqs create-queue`` and kin.

Such commands stand in set-up scripts, in containers that only prepare a broker, in health checks and in makefiles;
often it is only there that partitions and dead-letter queues are told.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from brokerlint.manifests.facts import ChannelFact, End, Hole, LinkFact, ManifestFacts, Value, Variable
from brokerlint.manifests.kafka_properties import topic_properties, truth, whole
from brokerlint.manifests.shell import Call
from brokerlint.manifests.shell_words import closing
from brokerlint.manifests.values import interpolated
from brokerlint.places import Place

_AWS = frozenset("aws awslocal awscli-local".split())
_KAFKA_TOPICS = frozenset("kafka-topics kafka-topics.sh".split())
_SHORT = {"-p": "--partitions", "-r": "--replicas", "-c": "--topic-config", "-n": "--name"}
_NAMED_INSIDE = re.compile(
    r"(?:create-(?:queue|topic|stream)|get-queue-(?:url|attributes))\b.*?--(?:queue-name|name|stream-name|queue-url)"
    r"[\s=]+[\"']?(?!\$\()([^\s\"')`]+)",
    re.DOTALL,
)
_ARN = re.compile(r"arn:[\w-]*:(\w+):")
SQS_ATTRIBUTES: Mapping[str, tuple[str, Callable[[str], Any]]] = {
    "VisibilityTimeout": ("visibility_timeout", whole),
    "MessageRetentionPeriod": ("retention", whole),
    "DelaySeconds": ("delay", whole),
    "ReceiveMessageWaitTimeSeconds": ("wait_time", whole),
    "MaximumMessageSize": ("max_size", whole),
    "FifoQueue": ("fifo", truth),
    "ContentBasedDeduplication": ("content_deduplication", truth),
}
"""The properties that attributes of queues are, and how their texts are read."""


@dataclass(frozen=True, slots=True)
class _Options:
    """A command's words after its verb, told apart."""

    named: Mapping[str, list[str]]
    plain: tuple[str, ...] = field(default=())

    def one(self, *names: str) -> str:
        """The last value of the first option that is given."""
        return next((self.named[name][-1] for name in names if self.named.get(name)), "")


def created(calls: Iterable[Call], path: str, profile: str = "unknown", first_line: int = 1) -> ManifestFacts:
    """The channels and links that ``calls`` create. ``first_line`` is where line 1 of the calls stands in ``path``."""
    facts = ManifestFacts()
    seen: set[str] = set()
    for call in calls:
        found = _created(tuple(map(_told, call.words)), Place(path, call.line + first_line - 1), profile)
        named = [one for one in found.channels if not isinstance(one.name, (Variable, Hole))]
        fresh = tuple(one for one in named if one.key not in seen)
        seen |= {channel.key for channel in fresh}
        facts += ManifestFacts(channels=fresh, links=found.links)
    return facts


def topic(name: str, place: Place, profile: str, properties: Mapping[str, Any] | None = None) -> ChannelFact:
    """The Kafka topic ``name`` as a command or variable declares it."""
    return _channel("kafka", "topic", name, place, profile, properties or {})


def _created(words: Sequence[str], place: Place, profile: str) -> ManifestFacts:
    for index, word in enumerate(words):
        base = posixpath.basename(word)
        if base in _KAFKA_TOPICS and "--create" in words:
            return ManifestFacts(channels=tuple(_kafka_topics(_options(words[index + 1 :]), place, profile)))
        if base == "rpk" and list(words[index + 1 : index + 3]) == ["topic", "create"]:
            return ManifestFacts(channels=tuple(_rpk_topics(_options(words[index + 3 :]), place, profile)))
        if base in _AWS:
            local = "dev" if base != "aws" or any("--endpoint" in one for one in words) else profile
            return _aws(words[index + 1 :], place, local if profile == "unknown" else profile)
    return ManifestFacts()


def _kafka_topics(options: _Options, place: Place, profile: str) -> Iterable[ChannelFact]:
    config = dict(pair.split("=", 1) for pair in options.named.get("--config", []) if "=" in pair)
    properties = {
        "partitions": whole(options.one("--partitions")),
        "replication_factor": whole(options.one("--replication-factor")),
        **topic_properties(config),
    }
    for name in options.named.get("--topic", []):
        yield topic(name, place, profile, properties)


def _rpk_topics(options: _Options, place: Place, profile: str) -> Iterable[ChannelFact]:
    config = dict(pair.split("=", 1) for pair in options.named.get("--topic-config", []) if "=" in pair)
    properties = {
        "partitions": whole(options.one("--partitions")),
        "replication_factor": whole(options.one("--replicas")),
        **topic_properties(config),
    }
    for name in options.plain:
        yield topic(name, place, profile, properties)


def _aws(words: Sequence[str], place: Place, profile: str) -> ManifestFacts:
    services = ("sqs", "sns", "kinesis", "events", "lambda")
    at = next((index for index, word in enumerate(words[:-1]) if word in services), None)
    if at is None:
        return ManifestFacts()
    options = _options(words[at + 2 :])
    make = _COMMANDS.get((words[at], words[at + 1]))
    return make(options, place, profile) if make else ManifestFacts()


def _queue(options: _Options, place: Place, profile: str) -> ManifestFacts:
    name = options.one("--queue-name")
    if not name:
        return ManifestFacts()
    attributes = _attributes(options)
    properties: dict[str, Any] = {
        key: convert(attributes[attribute])
        for attribute, (key, convert) in SQS_ATTRIBUTES.items()
        if attribute in attributes
    }
    if name.endswith(".fifo"):
        properties["fifo"] = True
    redrive = _redrive(name, attributes, place)
    for link in redrive:
        properties |= {"dead_letter": link.target, "max_receive_count": link.properties.get("max_receive_count")}
    return ManifestFacts(channels=(_channel("sqs", "queue", name, place, profile, properties),), links=redrive)


def _queue_attributes(options: _Options, place: Place, profile: str) -> ManifestFacts:
    return ManifestFacts(links=_redrive(options.one("--queue-url"), _attributes(options), place))


def _topic(options: _Options, place: Place, profile: str) -> ManifestFacts:
    return _named(options.one("--name"), "sns", "topic", place, profile, {})


def _stream(options: _Options, place: Place, profile: str) -> ManifestFacts:
    properties = {"shards": whole(options.one("--shard-count"))}
    return _named(options.one("--stream-name"), "kinesis", "stream", place, profile, properties)


def _bus(options: _Options, place: Place, profile: str) -> ManifestFacts:
    return _named(options.one("--name"), "eventbridge", "bus", place, profile, {})


def _subscription(options: _Options, place: Place, profile: str) -> ManifestFacts:
    protocol = options.one("--protocol")
    target = options.one("--notification-endpoint", "--endpoint")
    source = options.one("--topic-arn")
    if not source or not target or protocol not in ("sqs", "lambda", "firehose"):
        return ManifestFacts()
    attributes = _attributes(options)
    properties = {
        "raw_delivery": truth(attributes.get("RawMessageDelivery", "")),
        "filters": True if "FilterPolicy" in attributes else None,
    }
    ends = _end("sns", source), _end("service" if protocol == "lambda" else protocol, target)
    return ManifestFacts(links=(LinkFact("subscription", *ends, place, _known(properties)),))


def _mapping(options: _Options, place: Place, profile: str) -> ManifestFacts:
    source, target = options.one("--event-source-arn", "--event-source"), options.one("--function-name")
    system = _ARN.match(source)
    if not target or not source:
        return ManifestFacts()
    properties = _known({"batch_size": whole(options.one("--batch-size"))})
    ends = _end(system[1] if system else "sqs", source), _end("service", target)
    return ManifestFacts(links=(LinkFact("event_source_mapping", *ends, place, properties),))


_COMMANDS: Mapping[tuple[str, str], Callable[[_Options, Place, str], ManifestFacts]] = {
    ("sqs", "create-queue"): _queue,
    ("sqs", "set-queue-attributes"): _queue_attributes,
    ("sns", "create-topic"): _topic,
    ("sns", "subscribe"): _subscription,
    ("kinesis", "create-stream"): _stream,
    ("events", "create-event-bus"): _bus,
    ("lambda", "create-event-source-mapping"): _mapping,
}


def _options(words: Sequence[str]) -> _Options:
    """Options with their values (``--name value``, ``--name=value``, ``-n value``), and the words between them."""
    named: dict[str, list[str]] = {}
    plain: list[str] = []
    current = ""
    for word in words:
        if word in (";", "&&", "||", "|"):
            break
        if word.startswith("--") and "=" in word:
            key, _, value = word.partition("=")
            named.setdefault(key, []).append(value)
            current = ""
        elif word.startswith("--") or word in _SHORT:
            current = _SHORT.get(word, word)
            named.setdefault(current, [])
        elif current:
            named[current].append(word)
            if current not in ("--attributes", "--targets", "--tags"):
                current = ""
        else:
            plain.append(word)
    return _Options(named, tuple(plain))


def _attributes(options: _Options) -> dict[str, str]:
    """``--attributes`` as JSON or as ``Key=value,Key=value``."""
    found: dict[str, str] = {}
    for text in options.named.get("--attributes", []):
        try:
            data = json.loads(text)
        except (ValueError, RecursionError):
            data = None
        if isinstance(data, dict):
            found |= {str(key): value if isinstance(value, str) else json.dumps(value) for key, value in data.items()}
        else:
            found |= {m[1]: m[2].strip("'\"") for m in re.finditer(r"(\w+)=(\{.*?\}|[^,\s]+)", text)}
    return found


def _redrive(queue: str, attributes: Mapping[str, str], place: Place) -> tuple[LinkFact, ...]:
    policy = attributes.get("RedrivePolicy", "")
    target = re.search(r"deadLetterTargetArn\\?[\"']?\s*:\s*\\?[\"']?([^\"',\\}\s]+)", policy)
    if not queue or not target:
        return ()
    count = re.search(r"maxReceiveCount\\?[\"']?\s*:\s*\\?[\"']?(\d{1,9})", policy)
    properties = {"max_receive_count": int(count[1])} if count else {}
    return (LinkFact("redrive", _end("sqs", queue), _end("sqs", target[1]), place, properties),)


def _named(
    name: str, system: str, kind: str, place: Place, profile: str, properties: Mapping[str, Any]
) -> ManifestFacts:
    return ManifestFacts(channels=(_channel(system, kind, name, place, profile, properties),) if name else ())


def _channel(
    system: str, kind: str, name: str, place: Place, profile: str, properties: Mapping[str, Any]
) -> ChannelFact:
    key = f"{place.path}#{system}/{name}"
    return ChannelFact(
        key, system, kind, _value(name), name, place.saying(f"creates {name}"), _known(properties), profile=profile
    )


def _end(system: str, text: str) -> End:
    system = {"events": "eventbridge"}.get(system, system)
    return End(system, _value(text))


def _told(word: str) -> str:
    """A word with the names that commands in it (``$(aws sqs get-queue-url ...)``) ask for, not what they print."""
    at = word.find("$(")
    if at < 0:
        return word
    end = closing(word, at + 1, "(", ")")
    inside = _NAMED_INSIDE.search(word, at, end)
    return word[:at] + (inside[1] if inside else word[at:end]) + _told(word[end:])


def _value(text: str) -> Value:
    """A word of a command; the name inside where the word is what another command prints."""
    if "$(" in text or "`" in text:
        inside = _NAMED_INSIDE.search(text)
        return interpolated(inside[1], {}) if inside else Hole("output of a command")
    return interpolated(text, {})


def _known(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in properties.items() if value is not None}
