"""Events of AWS SAM's functions and state machines, and where their calls go: the resources that each stands for.

An event becomes a mapping, subscription, rule, schedule or notification. Where it asks for a queue without naming one,
SAM makes one; ``made_for`` gives the names under which templates refer to such queues.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from brokerlint.manifests.aws.resources import Resource
from brokerlint.manifests.facts import Reference
from brokerlint.manifests.terms import NOTHING, Term, literal, mapping
from brokerlint.manifests.yaml_nodes import Node
from brokerlint.places import Place

BATCH = 10
"""Messages per delivery of the mapping that ``SqsSubscription`` makes."""

_STATE_MACHINE = ("Schedule", "ScheduleV2", "CloudWatchEvent", "EventBridgeRule")
_MADE = {"SQS": ("AWS::SQS::Queue", "Queue"), "SNS": ("AWS::SNS::Topic", "Topic")}

Make = Callable[[Resource, str, Term, Term], Iterator[Resource]]


def of_function(owner: Resource, target: Term, fifo_topics: frozenset[str]) -> Iterator[Resource]:
    """What the events of a function stand for; ``fifo_topics`` are keys of topics whose queues are FIFO queues."""
    for name, event in owner.get("Events").items():
        kind = event.get("Type").text
        if kind == "SNS":
            yield from _sns(owner, name, event, target, fifo_topics)
        elif kind in _EVENTS:
            yield from _EVENTS[kind](owner, name, event, target)


def of_state_machine(owner: Resource, target: Term) -> Iterator[Resource]:
    """What the events of a state machine stand for."""
    for name, event in owner.get("Events").items():
        kind = event.get("Type").text
        if kind in _STATE_MACHINE:
            yield from _EVENTS[kind](owner, name, event, target)


def destinations(owner: Resource, target: Term, config: Term) -> Iterator[Resource]:
    """Where finished and failed calls of a function go."""
    wanted: dict[str, Term] = {}
    for name, destination in config.get("DestinationConfig").items():
        kind = destination.get("Type").text
        wanted[name] = destination
        if kind in _MADE and not destination.get("Destination"):
            made = _made(owner, f"EventInvokeConfig{name}{_MADE[kind][1]}", _MADE[kind][0], destination.line, {})
            yield made
            wanted[name] = mapping({"Destination": Term(Reference(made.key, "Arn"))}, destination.line)
    if wanted:
        properties = {"FunctionName": target, "DestinationConfig": mapping(wanted)}
        yield _made(owner, "EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", config.line, properties)


def made_for(logical: str, node: Node) -> Iterator[tuple[str, str]]:
    """Names that templates may use for what SAM makes for a function or state machine, with the logical ids of that."""
    properties = node.get("Properties")
    for name, event in properties.get("Events").items():
        asked = event.get("Properties", "DeadLetterConfig", "QueueLogicalId").text
        for made in (asked, f"{logical}{name}Queue"):
            if made:
                yield made, made
    for name, destination in properties.get("EventInvokeConfig", "DestinationConfig").items():
        kind = destination.get("Type").text
        if kind in _MADE and not destination.get("Destination"):
            made = f"{logical}EventInvokeConfig{name}{_MADE[kind][1]}"
            yield made, made
            yield f"{logical}.Destination{_MADE[kind][1]}", made
    yield f"{logical}Alias{properties.get('AutoPublishAlias').text}", logical
    for name in ("Alias", "Version"):
        yield f"{logical}.{name}", logical


def _made(owner: Resource, name: str, kind: str, line: int, properties: Mapping[str, Term], own: str = "") -> Resource:
    """A resource that SAM makes, declared at ``line``; ``own`` is a logical id that the template chooses for it."""
    place = Place(owner.place.path, line or owner.place.line)
    stack, _, before = owner.key.rpartition("#")
    labels = owner.logical[: len(owner.logical) - len(before)]
    logical = own or f"{before}{name}"
    return Resource(f"{stack}#{logical}", kind, f"{labels}{logical}", place, mapping(properties), profile=owner.profile)


def _mapping(source: str, system: str) -> Make:
    def make(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
        properties = event.get("Properties")
        group = mapping({"ConsumerGroupId": properties.get("ConsumerGroupId")})
        yield _made(owner, name, "AWS::Lambda::EventSourceMapping", event.line, {
            **dict(properties.items()),
            "FunctionName": target,
            "EventSourceArn": properties.get(source),
            "System": literal(system),
            "AmazonManagedKafkaEventSourceConfig": group if properties.get("ConsumerGroupId") else NOTHING,
        })  # fmt: skip

    return make


def _sns(owner: Resource, name: str, event: Term, target: Term, fifo_topics: frozenset[str]) -> Iterator[Resource]:
    """A subscription; with ``SqsSubscription`` a queue stands between topic and function."""
    properties = dict(event.get("Properties").items())
    between = properties.pop("SqsSubscription", NOTHING)
    topic = properties.get("Topic", NOTHING)
    subscription = {**properties, "TopicArn": topic}
    if not between or between.flag is False:
        subscription |= {"Protocol": literal("lambda"), "Endpoint": target}
        yield _made(owner, name, "AWS::SNS::Subscription", event.line, subscription)
        return
    queue = between.get("QueueArn")
    if not queue:
        fifo = isinstance(topic.content, Reference) and topic.content.key in fifo_topics
        ordered = {"FifoQueue": literal(True)} if fifo else {}
        made = _made(owner, f"{name}Queue", "AWS::SQS::Queue", event.line, ordered)
        yield made
        queue = Term(Reference(made.key, "Arn"))
    subscription |= {"Protocol": literal("sqs"), "Endpoint": queue}
    yield _made(owner, name, "AWS::SNS::Subscription", event.line, subscription)
    yield _made(owner, f"{name}EventSourceMapping", "AWS::Lambda::EventSourceMapping", event.line, {
        "BatchSize": between.get("BatchSize") or literal(BATCH),
        "Enabled": between.get("Enabled") or literal(True),
        "FunctionName": target,
        "EventSourceArn": queue,
    })  # fmt: skip


def _dead_letters(owner: Resource, name: str, event: Term) -> tuple[Term, list[Resource]]:
    """Where an event goes that could not be delivered, and the queue that SAM makes for it."""
    config = event.get("Properties", "DeadLetterConfig")
    if config.get("Type").text != "SQS" or config.get("Arn"):
        return config, []
    queue = _made(owner, f"{name}Queue", "AWS::SQS::Queue", event.line, {}, config.get("QueueLogicalId").text)
    return mapping({"Arn": Term(Reference(queue.key, "Arn"))}), [queue]


def _state(properties: Term) -> Term:
    """``State``, or what the older ``Enabled`` says."""
    return properties.get("State") or (literal("DISABLED") if properties.get("Enabled").flag is False else NOTHING)


def _rule(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    properties = event.get("Properties")
    dead_letters, queues = _dead_letters(owner, name, event)
    yield from queues
    entry = mapping({
        **{key: properties.get(key) for key in ("Input", "InputPath", "InputTransformer", "RetryPolicy")},
        "Arn": target,
        "DeadLetterConfig": dead_letters,
    }, event.line)  # fmt: skip
    yield _made(owner, name, "AWS::Events::Rule", event.line, {
        "EventBusName": properties.get("EventBusName"),
        "EventPattern": properties.get("Pattern"),
        "ScheduleExpression": properties.get("Schedule"),
        "State": _state(properties),
        "Targets": Term((entry,)),
    })  # fmt: skip


def _schedule(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    properties = event.get("Properties")
    dead_letters, queues = _dead_letters(owner, name, event)
    yield from queues
    called = {key: properties.get(key) for key in ("Input", "RetryPolicy")}
    yield _made(owner, name, "AWS::Scheduler::Schedule", event.line, {
        "ScheduleExpression": properties.get("ScheduleExpression"),
        "State": properties.get("State"),
        "Target": mapping({**called, "Arn": target, "DeadLetterConfig": dead_letters}, event.line),
    })  # fmt: skip


def _bucket(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    entry = mapping({"Function": target}, event.line)
    yield _made(owner, name, "AWS::S3::Bucket", event.line, {
        "Bucket": event.get("Properties", "Bucket"),
        "NotificationConfiguration": mapping({"LambdaConfigurations": Term((entry,))}),
    })  # fmt: skip


def _device_rule(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    action = mapping({"Lambda": mapping({"FunctionArn": target})}, event.line)
    payload = mapping({"Actions": Term((action,))})
    yield _made(owner, name, "AWS::IoT::TopicRule", event.line, {"TopicRulePayload": payload})


def _log_filter(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    group = event.get("Properties", "LogGroupName")
    properties = {"LogGroupName": group, "DestinationArn": target}
    yield _made(owner, name, "AWS::Logs::SubscriptionFilter", event.line, properties)


_EVENTS: Mapping[str, Make] = {
    "SQS": _mapping("Queue", "sqs"),
    "Kinesis": _mapping("Stream", "kinesis"),
    "DynamoDB": _mapping("Stream", ""),
    "MSK": _mapping("Stream", ""),
    "SelfManagedKafka": _mapping("Stream", ""),
    "MQ": _mapping("Broker", ""),
    "DocumentDB": _mapping("Cluster", ""),
    "EventBridgeRule": _rule,
    "CloudWatchEvent": _rule,
    "Schedule": _rule,
    "ScheduleV2": _schedule,
    "S3": _bucket,
    "IoTRule": _device_rule,
    "CloudWatchLogs": _log_filter,
}
