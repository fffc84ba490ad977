"""Functions, events and constructs of the Serverless Framework in the words of a SAM template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from brokerlint.manifests.serverless_variables import Variables
from brokerlint.manifests.yaml_nodes import MISSING, Node

TIMEOUT = "6"
"""Seconds that a function may run where nothing is said, by the framework's documentation."""

_SECTIONS = ("Resources", "Outputs", "Conditions", "Mappings", "Parameters")

Made = dict[str, Node]
"""Resources by their logical ids."""


def resources_of(variables: Variables) -> dict[str, Node]:
    """The sections of the template that a service stands for: its own resources and those that the framework makes."""
    made: Made = {}
    for key, definition in _functions(variables):
        _function(key, definition, variables, made)
    _constructs(variables, made)
    own = variables.at("resources")
    templates = own.elements() or (own,)
    found: dict[str, Node] = {}
    for section in _SECTIONS:
        entries = {k.text: (k, v) for template in templates for k, v in template.get(section).pairs}
        if section == "Resources":
            entries = {**{key: (_scalar(key, node.line), node) for key, node in made.items()}, **entries}
        found[section] = Node("mapping", own.line, pairs=tuple(entries.values())) if entries else MISSING
    return found


def logical_id(key: str) -> str:
    """The logical id of a function: ``send-mail`` is ``SendDashmailLambdaFunction``."""
    plain = key.replace("-", "Dash").replace("_", "Underscore")
    return f"{plain[:1].upper()}{plain[1:]}LambdaFunction"


def _functions(variables: Variables) -> Iterator[tuple[str, Node]]:
    """Functions with their keys; the section is a mapping or a list of mappings."""
    functions = variables.at("functions")
    for part in functions.elements() or (functions,):
        for inner in part.elements() or (part,):
            yield from inner.items()


def _function(key: str, definition: Node, variables: Variables, made: Made) -> None:
    line = definition.line - 1 if definition.is_mapping and definition.line > 1 else definition.line
    provider = variables.at("provider")
    before = set(made)
    events: dict[str, Node] = {}
    for index, event in enumerate(definition.get("events").elements()):
        for kind, settings in event.items():
            make = _EVENTS.get(kind)
            found = make(settings, made) if make else None
            if found is not None:
                events[f"{kind.capitalize()}{index}"] = _mapping(found, event.line)
    image = definition.get("image")
    properties = {
        "ServiceName": _scalar(key, line),
        "FunctionName": definition.get("name") or _scalar(_physical(key, variables), line),
        "CodeUri": definition.get("module"),
        "Handler": definition.get("handler"),
        "Runtime": definition.get("runtime") or provider.get("runtime"),
        "Timeout": definition.get("timeout") or provider.get("timeout") or _scalar(TIMEOUT, line),
        "ReservedConcurrentExecutions": definition.get("reservedConcurrency"),
        "ImageUri": image.get("uri") or image.get("name") or (image if image.kind == "scalar" else MISSING),
        "Environment": _mapping({"Variables": _environment(provider, definition)}, line),
        "Policies": _policies(provider, definition, line),
        "DeadLetterQueue": _mapping({"TargetArn": _arn(definition.get("onError"))}, line),
        "EventInvokeConfig": _destinations(definition.get("destinations")),
        "Events": _mapping(events, line),
        "Role": definition.get("role"),
    }
    made[logical_id(key)] = _resource("AWS::Serverless::Function", properties, line)
    if key in variables.origins:
        variables.origins.update(dict.fromkeys(made.keys() - before, variables.origins[key]))


def _physical(key: str, variables: Variables) -> str:
    """``service-stage-key``."""
    service = variables.text("service") or variables.text("service", "name")
    return f"{service}-{variables.text('provider', 'stage') or 'dev'}-{key}" if service else key


def _environment(provider: Node, definition: Node) -> Node:
    pairs = {key.text: (key, value) for node in (provider, definition) for key, value in node.get("environment").pairs}
    return Node("mapping", definition.line, pairs=tuple(pairs.values())) if pairs else MISSING


def _policies(provider: Node, definition: Node, line: int) -> Node:
    """The statements of the role that all functions share, or of the function's own."""
    lists = [
        provider.get("iam", "role", "statements"),
        provider.get("iamRoleStatements"),
        definition.get("iamRoleStatements"),
    ]
    statements = tuple(one for part in lists for one in part.elements())
    document = _mapping({"Statement": Node("sequence", line, children=statements)}, line)
    return Node("sequence", line, children=(document,)) if statements else MISSING


def _arn(value: Node) -> Node:
    """An ARN given directly or under ``arn``."""
    return value.get("arn") or (value if value.kind == "scalar" or len(value.pairs) == 1 else MISSING)


def _destinations(destinations: Node) -> Node:
    found: dict[str, Node] = {}
    for written, name in (("onFailure", "OnFailure"), ("onSuccess", "OnSuccess")):
        target = _arn(destinations.get(written))
        if target.kind == "scalar" and target and ":" not in target.text and not target.tag:
            target = Node("scalar", target.line, "!GetAtt", f"{logical_id(target.text)}.Arn")
        if target:
            found[name] = _mapping({"Destination": target}, target.line)
    return _mapping({"DestinationConfig": _mapping(found, destinations.line)}, destinations.line) if found else MISSING


# --- Events -----------------------------------------------------------------------------------------------------------


def _sqs(settings: Node, _: Made) -> dict[str, Node] | None:
    return _event("SQS", settings, {"Queue": _arn(settings), **_polling(settings)})


def _stream(settings: Node, _: Made) -> dict[str, Node] | None:
    dynamo = settings.get("type").text == "dynamodb" or any(":dynamodb:" in one.text for one in _arn(settings).walk())
    return _event("DynamoDB" if dynamo else "Kinesis", settings, {"Stream": _arn(settings), **_polling(settings)})


def _polling(settings: Node) -> dict[str, Node]:
    """Settings of event source mappings in CloudFormation's names."""
    filters = tuple(_mapping({"Pattern": one}, one.line) for one in settings.get("filterPatterns").elements())
    failure = _arn(settings.get("destinations", "onFailure"))
    concurrency = settings.get("maximumConcurrency")
    response = settings.get("functionResponseType")
    return {
        **{name: settings.get(written) for written, name in _POLLING.items() if settings.get(written)},
        "FunctionResponseTypes": Node("sequence", response.line, children=(response,)) if response else MISSING,
        "ScalingConfig": _mapping({"MaximumConcurrency": concurrency}, concurrency.line),
        "FilterCriteria": _mapping({"Filters": Node("sequence", 0, children=filters)}, 0) if filters else MISSING,
        "DestinationConfig": _mapping({"OnFailure": _mapping({"Destination": failure}, 0)}, 0) if failure else MISSING,
    }


_POLLING = {
    "batchSize": "BatchSize",
    "maximumBatchingWindow": "MaximumBatchingWindowInSeconds",
    "batchWindow": "MaximumBatchingWindowInSeconds",
    "enabled": "Enabled",
    "maximumRetryAttempts": "MaximumRetryAttempts",
    "maximumRecordAgeInSeconds": "MaximumRecordAgeInSeconds",
    "bisectBatchOnFunctionError": "BisectBatchOnFunctionError",
    "parallelizationFactor": "ParallelizationFactor",
    "startingPosition": "StartingPosition",
}


def _sns(settings: Node, made: Made) -> dict[str, Node] | None:
    """A plain name, or a name without an ARN, makes a topic of that name."""
    topic = _arn(settings)
    name = settings.get("topicName")
    if topic.kind == "scalar" and topic and not topic.tag and not topic.text.startswith("arn:"):
        name, topic = topic, MISSING
    if not topic and name:
        logical = f"SNSTopic{_camel(name.text)}"
        made.setdefault(logical, _resource("AWS::SNS::Topic", {"TopicName": name}, name.line))
        topic = Node("scalar", name.line, "!Ref", logical)
    return _event("SNS", settings, {
        "Topic": topic,
        "FilterPolicy": settings.get("filterPolicy"),
        "FilterPolicyScope": settings.get("filterPolicyScope"),
        "RedrivePolicy": _redrive(settings.get("redrivePolicy")),
    })  # fmt: skip


def _redrive(policy: Node) -> Node:
    reference = policy.get("deadLetterTargetRef").text
    target = Node("scalar", policy.line, "!GetAtt", f"{reference}.Arn") if reference else MISSING
    target = policy.get("deadLetterTargetArn") or target
    return _mapping({"deadLetterTargetArn": target}, policy.line) if target else MISSING


def _kafka(kind: str) -> Callable[[Node, Made], dict[str, Node] | None]:
    def make(settings: Node, _: Made) -> dict[str, Node] | None:
        topic = settings.get("topic")
        return _event(kind, settings, {
            "Stream": _arn(settings),
            "Topics": Node("sequence", topic.line, children=(topic,)) if topic else MISSING,
            "ConsumerGroupId": settings.get("consumerGroupId"),
            **_polling(settings),
        })  # fmt: skip

    return make


def _event_bridge(settings: Node, made: Made) -> dict[str, Node] | None:
    """A bus that is only named is made by the framework."""
    bus = settings.get("eventBus")
    if bus.kind == "scalar" and bus and not bus.tag and not bus.text.startswith("arn:") and bus.text != "default":
        logical = f"{_camel(bus.text)}EventBus"
        made.setdefault(logical, _resource("AWS::Events::EventBus", {"Name": bus}, bus.line))
        bus = Node("scalar", bus.line, "!Ref", logical)
    dead_letters = settings.get("deadLetterQueueArn")
    return _event("EventBridgeRule", settings, {
        "EventBusName": bus,
        "Pattern": settings.get("pattern"),
        "Schedule": settings.get("schedule"),
        "InputTransformer": settings.get("inputTransformer"),
        "InputPath": settings.get("inputPath"),
        "DeadLetterConfig": _mapping({"Arn": dead_letters}, 0) if dead_letters else MISSING,
    })  # fmt: skip


def _cloudwatch(settings: Node, _: Made) -> dict[str, Node] | None:
    return _event(
        "CloudWatchEvent", settings, {"Pattern": settings.get("event"), "InputPath": settings.get("inputPath")}
    )


def _schedule(settings: Node, _: Made) -> dict[str, Node] | None:
    """``rate(1 hour)`` by itself, or under ``rate``, of which there may be several."""
    written = settings if settings.kind == "scalar" else settings.get("rate")
    rate = next(iter(written.elements()), written)
    disabled = settings.get("enabled").text.lower() == "false"
    state = _scalar("DISABLED", settings.line) if disabled else MISSING
    return _event("Schedule", settings, {"Schedule": rate, "State": state}) if rate else None


def _s3(settings: Node, _: Made) -> dict[str, Node] | None:
    bucket = settings if settings.kind == "scalar" else settings.get("bucket")
    return _event("S3", settings, {"Bucket": bucket}) if bucket else None


def _event(kind: str, settings: Node, properties: Mapping[str, Node]) -> dict[str, Node]:
    return {"Type": _scalar(kind, settings.line), "Properties": _mapping(properties, settings.line)}


_EVENTS: Mapping[str, Callable[[Node, Made], dict[str, Node] | None]] = {
    "sqs": _sqs,
    "sns": _sns,
    "stream": _stream,
    "msk": _kafka("MSK"),
    "kafka": _kafka("SelfManagedKafka"),
    "eventBridge": _event_bridge,
    "cloudwatchEvent": _cloudwatch,
    "schedule": _schedule,
    "s3": _s3,
}


# --- Constructs -------------------------------------------------------------------------------------------------------


def _constructs(variables: Variables, made: Made) -> None:
    """Lift's ``type: queue``: a queue, its dead-letter queue, and a worker that consumes it."""
    for name, construct in variables.at("constructs").items():
        if construct.get("type").text != "queue":
            continue
        line = construct.line
        count = construct.get("maxRetries") or _scalar("3", line)
        dead_letters = Node("scalar", line, "!GetAtt", f"{name}Dlq.Arn")
        redrive = _mapping({"deadLetterTargetArn": dead_letters, "maxReceiveCount": count}, line)
        made[f"{name}Dlq"] = _resource("AWS::SQS::Queue", {"MessageRetentionPeriod": _scalar("1209600", line)}, line)
        made[f"{name}Queue"] = _resource("AWS::SQS::Queue", {
            "RedrivePolicy": redrive,
            "FifoQueue": construct.get("fifo"),
            "DelaySeconds": construct.get("delay"),
        }, line)  # fmt: skip
        worker = construct.get("worker")
        if worker.is_mapping:
            _function(f"{name}Worker", worker, variables, made)
            arn = Node("scalar", worker.line, "!GetAtt", f"{name}Queue.Arn")
            made[f"{name}WorkerEventSource"] = _resource("AWS::Lambda::EventSourceMapping", {
                "EventSourceArn": arn,
                "FunctionName": Node("scalar", worker.line, "!GetAtt", f"{logical_id(f'{name}Worker')}.Arn"),
                "BatchSize": construct.get("batchSize") or _scalar("1", line),
                "FunctionResponseTypes": _scalar("ReportBatchItemFailures", line),
            }, worker.line)  # fmt: skip


def _camel(text: str) -> str:
    plain = re.sub(r"[^0-9A-Za-z]", "", text)
    return f"{plain[:1].upper()}{plain[1:]}"


def _scalar(text: str, line: int) -> Node:
    return Node("scalar", line, text=text, quoted=True)


def _mapping(entries: Mapping[str, Node], line: int) -> Node:
    pairs = tuple((_scalar(key, node.line or line), node) for key, node in entries.items() if node or node.tag)
    return Node("mapping", line, pairs=pairs) if pairs else MISSING


def _resource(kind: str, properties: Mapping[str, Node], line: int) -> Node:
    return _mapping({"Type": _scalar(kind, line), "Properties": _mapping(properties, line)}, line)
