"""Channels that a template declares: queues, topics, streams, buses, Kafka clusters and their properties.

Properties get the names and units of ``brokerlint.facts.CHANNEL_PROPERTIES``. Where a property is not written the
platform's default is given and named in ``defaulted``; a property whose value is not known is a hole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from brokerlint.manifests.aws.resources import CHANNELS, Estate, Resource
from brokerlint.manifests.facts import ChannelFact, End, LinkFact, Reference
from brokerlint.manifests.kafka_properties import broker_properties, topic_properties
from brokerlint.manifests.terms import Term, parsed, pattern, references

_DAY = 86_400

_SQS = {
    "VisibilityTimeout": "visibility_timeout",
    "MessageRetentionPeriod": "retention",
    "DelaySeconds": "delay",
    "ReceiveMessageWaitTimeSeconds": "wait_time",
    "MaximumMessageSize": "max_size",
    "FifoQueue": "fifo",
    "ContentBasedDeduplication": "content_deduplication",
    "DeduplicationScope": "deduplication_scope",
    "FifoThroughputLimit": "throughput_limit",
    "KmsMasterKeyId": "kms_key",
    "SqsManagedSseEnabled": "sse_managed",
}
_SNS = {
    "FifoTopic": "fifo",
    "ContentBasedDeduplication": "content_deduplication",
    "KmsMasterKeyId": "kms_key",
}
_NAMES: Mapping[str, Mapping[str, str]] = {
    "AWS::SQS::Queue": _SQS,
    "AWS::SNS::Topic": _SNS,
    "AWS::Kinesis::Stream": {"ShardCount": "shards"},
    "AWS::MSK::Topic": {"PartitionCount": "partitions", "ReplicationFactor": "replication_factor"},
    "AWS::MSK::Cluster": {"NumberOfBrokerNodes": "brokers", "KafkaVersion": "version"},
}
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "AWS::SQS::Queue": {
        "visibility_timeout": 30,
        "retention": 4 * _DAY,
        "delay": 0,
        "wait_time": 0,
        "fifo": False,
    },
    "AWS::SNS::Topic": {"fifo": False},
    "AWS::Kinesis::Stream": {"retention": _DAY, "mode": "provisioned"},
}
"""From the API references of SQS (``CreateQueue``), SNS (``CreateTopic``) and Kinesis (``CreateStream``)."""

_ENTRY = re.compile(r"^[ \t]*([\w.]+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.MULTILINE)


def channels(estate: Estate) -> Iterator[ChannelFact | LinkFact]:
    """The channels of an estate with their properties, and the ``redrive`` links from queues to dead-letter queues."""
    about = _About(estate)
    for resource in estate.of_type(*CHANNELS):
        system, kind, name_property = CHANNELS[resource.type]
        properties, defaulted = _properties(resource, estate)
        properties |= about.of(resource)
        name = resource.get(name_property)
        yield ChannelFact(
            resource.key,
            system,
            kind,
            estate.settled(name.value) if name else None,
            resource.logical,
            resource.place,
            properties,
            defaulted,
            resource.profile,
        )
        yield from _redrive(resource, estate)
    for resource in estate.of_type("AWS::SQS::QueueRedrivePolicy"):
        yield from _redrive(resource, estate)


def _properties(resource: Resource, estate: Estate) -> tuple[dict[str, Any], tuple[str, ...]]:
    found = {
        name: _known(resource.get(written), estate)
        for written, name in _NAMES.get(resource.type, {}).items()
        if resource.get(written)
    }
    if resource.type == "AWS::SQS::Queue":
        found |= _queue(resource, estate)
    elif resource.type == "AWS::SNS::Topic" and "kms_key" in found:
        found["encrypted"] = True
    elif resource.type == "AWS::Kinesis::Stream":
        found |= _stream(resource)
    elif resource.type == "AWS::MSK::Topic":
        found |= topic_configuration(parsed(resource.get("Configs")))
    elif CHANNELS[resource.type][1] == "cluster":
        found |= _cluster(resource, estate)
    if resource.external:
        return {**found, "looked_up": True}, ()
    defaults = {key: value for key, value in _DEFAULTS.get(resource.type, {}).items() if key not in found}
    return {**found, **defaults}, tuple(defaults)


def _known(term: Term, estate: Estate) -> Any:
    plain = term.plain()
    return estate.settled(term.value) if not isinstance(plain, (int, str, list, dict)) else plain


def _queue(resource: Resource, estate: Estate) -> dict[str, Any]:
    found: dict[str, Any] = {}
    managed = resource.get("SqsManagedSseEnabled").flag
    if resource.get("KmsMasterKeyId") or managed:
        found["encrypted"] = True
    elif managed is False:
        found["encrypted"] = False
    target, count = redrive_of(resource.get("RedrivePolicy"), estate)
    if target is not None:
        found["dead_letter"] = target
        if count is not None:
            found["max_receive_count"] = count
    allowed = parsed(resource.get("RedriveAllowPolicy")).get("redrivePermission")
    if allowed.text:
        found["redrive_allow"] = allowed.text
    return found


def redrive_of(policy: Term, estate: Estate) -> tuple[End | None, int | None]:
    """Dead-letter queue and receives of a redrive policy, written as a structure or as JSON."""
    structure = parsed(policy)
    return estate.end(structure.get("deadLetterTargetArn"), "sqs"), structure.get("maxReceiveCount").number


def _redrive(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    target, count = redrive_of(resource.get("RedrivePolicy"), estate)
    if resource.type == "AWS::SNS::Topic" or target is None:
        return
    source = estate.end(resource.get("Queue"), "sqs") if resource.type != "AWS::SQS::Queue" else None
    source = source or End("sqs", Reference(resource.key))
    properties = {} if count is None else {"max_receive_count": count}
    yield LinkFact("redrive", source, target, resource.at("RedrivePolicy"), properties)


def _stream(resource: Resource) -> dict[str, Any]:
    found: dict[str, Any] = {}
    hours = resource.get("RetentionPeriodHours")
    if hours:
        found["retention"] = hours.value if hours.number is None else hours.number * 3600
    mode = resource.get("StreamModeDetails", "StreamMode").text
    if mode:
        found["mode"] = "on-demand" if mode.upper() == "ON_DEMAND" else "provisioned"
    encryption = resource.get("StreamEncryption", "EncryptionType").text
    if encryption:
        found["encrypted"] = encryption.upper() != "NONE"
    return found


def topic_configuration(config: Term) -> dict[str, Any]:
    """Kafka's own topic settings under the names that all manifests share."""
    return topic_properties({key: term.text for key, term in config.items() if term.text})


def _cluster(resource: Resource, estate: Estate) -> dict[str, Any]:
    found: dict[str, Any] = {}
    instance = resource.get("BrokerNodeGroupInfo", "InstanceType").text
    if resource.type == "AWS::MSK::ServerlessCluster":
        found["cluster_kind"] = "msk-serverless"
    else:
        found["cluster_kind"] = "msk-express" if instance.startswith("express.") else "msk-standard"
    configuration = estate.resource(resource.get("ConfigurationInfo", "Arn").value)
    if configuration is not None:
        text = configuration.get("ServerProperties").text
        found |= broker_properties(dict(_ENTRY.findall(text)))
    return found


class _About:
    """What other resources say about a channel: policies, alarms, parameters that hold its name."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._found: dict[str, dict[str, Any]] = {}
        for resource in estate.of_type("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy", "AWS::SQS::QueueInlinePolicy"):
            self._policy(resource)
        for resource in estate.of_type("AWS::SSM::Parameter"):
            self._parameter(resource)
        for resource in estate.of_type("AWS::CloudWatch::Alarm"):
            self._alarm(resource)
        for key in estate.exported:
            self._entry(key)["exported"] = True

    def of(self, resource: Resource) -> dict[str, Any]:
        """The further properties of a channel."""
        return self._found.get(resource.key, {})

    def _entry(self, key: str) -> dict[str, Any]:
        return self._found.setdefault(key, {})

    def _policy(self, policy: Resource) -> None:
        statements = policy_statements(policy.get("PolicyDocument"), self._estate)
        for name in ("Queues", "Topics", "Queue", "TopicArn"):
            for term in policy.get(name).elements():
                for target in references(term.value):
                    self._entry(target.key).setdefault("policy", []).extend(statements)

    def _parameter(self, parameter: Resource) -> None:
        name = pattern(parameter.get("Name").value)
        if not name.strip("*/"):
            return
        for target in references(parameter.get("Value").value):
            self._entry(target.key).setdefault("ssm_parameters", []).append(name)
            self._entry(target.key)["exported"] = True

    def _alarm(self, alarm: Resource) -> None:
        metric = alarm.get("MetricName").text
        queries = [query.get("MetricStat", "Metric") for query in alarm.get("Metrics").elements()]
        for source in (alarm.properties, *queries):
            for dimension in source.get("Dimensions").elements():
                for target in references(dimension.get("Value").value):
                    name = metric or source.get("MetricName").text
                    self._entry(target.key).setdefault("alarms", []).append({"metric": name})


def policy_statements(document: Term, estate: Estate) -> list[dict[str, Any]]:
    """A resource policy's statements: effect, principal, actions, conditions; texts as globs, references as values."""
    return [
        {
            "effect": statement.get("Effect").text or "Allow",
            "principal": _shape(statement.get("Principal"), estate),
            "actions": [pattern(action.value) for action in statement.get("Action").elements()],
            "conditions": _shape(statement.get("Condition"), estate) or {},
        }
        for statement in parsed(document).get("Statement").elements()
        if statement.is_mapping
    ]


def _shape(term: Term, estate: Estate) -> Any:
    if term.is_mapping:
        return {key: _shape(one, estate) for key, one in term.items()}
    if term.is_list:
        return [_shape(one, estate) for one in term.elements()]
    if isinstance(term.content, Reference):
        return estate.settled(term.content)
    return pattern(term.value) if term else None
