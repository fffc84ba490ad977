"""Services of AWS that send by themselves, and to where: buckets, rules of IoT, log groups, tables."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.manifests.aws.resources import Estate, Resource, outside
from brokerlint.manifests.facts import End, LinkFact, Text
from brokerlint.manifests.terms import Term, pattern
from brokerlint.places import Place

_BUCKET = (
    ("QueueConfigurations", "Queue", "sqs"),
    ("TopicConfigurations", "Topic", "sns"),
    ("LambdaConfigurations", "Function", "service"),
)
_ACTIONS = (
    ("Sqs", "QueueUrl", "sqs"),
    ("Sns", "TargetArn", "sns"),
    ("Kinesis", "StreamName", "kinesis"),
    ("Firehose", "DeliveryStreamName", "firehose"),
    ("Kafka", "Topic", "kafka"),
    ("Lambda", "FunctionArn", "service"),
)


def bucket(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """What a bucket tells of its objects."""
    configuration = resource.get("NotificationConfiguration")
    source = estate.end(resource.get("Bucket"), "external") or End("external", Text(outside(resource)))
    if source.system == "external" and isinstance(source.value, Text) and ":" not in source.value.text:
        source = End("external", Text(f"s3:{source.value.text}"))
    for several, one, system in _BUCKET:
        for entry in configuration.get(several).elements():
            yield from _sent(source, entry.get(one), system, Place(resource.place.path, entry.line), estate)
    if configuration.get("EventBridgeConfiguration"):
        target = End("eventbridge", Text("default"))
        yield LinkFact("notification", source, target, resource.at("NotificationConfiguration"), {})


def device_rule(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """What a rule of IoT does with the messages of devices."""
    source = End("external", Text(outside(resource)))
    for action in (
        *resource.get("TopicRulePayload", "Actions").elements(),
        resource.get("TopicRulePayload", "ErrorAction"),
    ):
        place = Place(resource.place.path, action.line or resource.place.line)
        for name, argument, system in _ACTIONS:
            yield from _sent(source, action.get(name, argument), system, place, estate)


def log_filter(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """Where the lines of a log group go."""
    source = estate.end(resource.get("LogGroupName"), "external") or End("external", Text(outside(resource)))
    if source.system == "external" and ":" not in pattern(source.value):
        source = End("external", Text(f"logs:{pattern(source.value)}"))
    yield from _sent(source, resource.get("DestinationArn"), "", resource.place, estate)


def table(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """The stream of Kinesis that gets the changes of a table."""
    stream = resource.get("KinesisStreamSpecification", "StreamArn")
    place = resource.at("KinesisStreamSpecification")
    yield from _sent(End("external", Text(outside(resource))), stream, "kinesis", place, estate)


def _sent(source: End, to: Term, system: str, place: Place, estate: Estate) -> Iterator[LinkFact]:
    target = estate.end(to, system)
    if target is not None and target.system != "external":
        yield LinkFact("notification", source, target, place, {})
