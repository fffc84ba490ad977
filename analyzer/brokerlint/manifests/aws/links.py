"""Edges that a template declares: event source mappings, subscriptions, rules, pipes, schedules, notifications, tasks.

Kinds are those of ``LinkFact``, and ``destination`` (a function -> where its failed or finished calls go), ``schedule``
and ``task`` (a state machine -> channel). Properties have the names of ``brokerlint.facts.LINK_PROPERTIES``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from brokerlint.manifests.aws.calls import SYSTEMS, api, argument, integrated_method, state_machine
from brokerlint.manifests.aws.channels import redrive_of
from brokerlint.manifests.aws.notifications import bucket, device_rule, log_filter, table
from brokerlint.manifests.aws.resources import Estate, Resource
from brokerlint.manifests.facts import End, LinkFact, Reference, Text
from brokerlint.manifests.terms import Term, parsed, pattern
from brokerlint.places import Place


def links(estate: Estate) -> Iterator[LinkFact]:
    """The links of an estate, apart from those that a channel's own properties make."""
    for resource in estate.resources.values():
        read = _READERS.get(resource.type)
        if read is not None and not resource.external:
            yield from read(resource, estate)


def _mapping(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """An event source mapping; for Kafka one link for each topic."""
    target = estate.end(resource.get("FunctionName"), "service")
    if target is None:
        return
    properties = _mapping_properties(resource, estate)
    topics = resource.get("Topics").elements()
    for topic in topics:
        yield LinkFact("event_source_mapping", End("kafka", topic.value), target, resource.place, properties)
    source = estate.end(resource.get("EventSourceArn"), resource.get("System").text)
    if not topics and source is not None and source.system != "service":
        yield LinkFact("event_source_mapping", source, target, resource.place, properties)
    failure = properties.get("on_failure")
    if isinstance(failure, End):
        line = resource.get("DestinationConfig", "OnFailure", "Destination").line or resource.place.line
        yield LinkFact("destination", target, failure, Place(resource.place.path, line), {"on": "failure"})


_MAPPING = {
    "BatchSize": "batch_size",
    "MaximumBatchingWindowInSeconds": "batch_window",
    "Enabled": "enabled",
    "FunctionResponseTypes": "response_types",
    "MaximumRetryAttempts": "max_retries",
    "MaximumRecordAgeInSeconds": "max_age",
    "BisectBatchOnFunctionError": "bisect",
    "ParallelizationFactor": "parallelization",
    "StartingPosition": "starting_position",
}


def _mapping_properties(resource: Resource, estate: Estate) -> dict[str, Any]:
    found = {name: resource.get(written).plain() for written, name in _MAPPING.items() if resource.get(written)}
    concurrency = resource.get("ScalingConfig", "MaximumConcurrency")
    if concurrency:
        found["max_concurrency"] = concurrency.plain()
    filters = resource.get("FilterCriteria", "Filters").elements()
    if filters:
        found["filters"] = [pattern(one.get("Pattern").value) for one in filters]
    failure = estate.end(resource.get("DestinationConfig", "OnFailure", "Destination"))
    if failure is not None:
        found["on_failure"] = failure
    for kind in ("AmazonManagedKafkaEventSourceConfig", "SelfManagedKafkaEventSourceConfig"):
        group = resource.get(kind, "ConsumerGroupId")
        if group:
            found["group"] = group.plain()
        mode = resource.get(kind, "ConsumptionMode")
        if mode.text:
            found["consumption_mode"] = mode.text
    if resource.get("EventSourceArn") and found.get("response_types") and not isinstance(found["response_types"], list):
        found["response_types"] = [found["response_types"]]
    return found


def _topic(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """The subscriptions that a topic itself lists."""
    source = estate.end(Term(Reference(resource.key)))
    for entry in resource.get("Subscription").elements():
        yield from _subscribed(source, entry, Place(resource.place.path, entry.line), estate)


def _subscription(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    yield from _subscribed(estate.end(resource.get("TopicArn"), "sns"), resource.properties, resource.place, estate)


_PROTOCOLS = {"sqs": "sqs", "lambda": "service", "firehose": "firehose"}


def _subscribed(source: End | None, entry: Term, place: Place, estate: Estate) -> Iterator[LinkFact]:
    protocol = entry.get("Protocol").text
    target = estate.end(entry.get("Endpoint"), _PROTOCOLS.get(protocol, ""))
    if protocol and protocol not in _PROTOCOLS:
        target = End("external", Text(protocol))
    if source is None or target is None:
        return
    properties: dict[str, Any] = {}
    raw = entry.get("RawMessageDelivery").flag
    if raw is not None:
        properties["raw_delivery"] = raw
    if entry.get("FilterPolicy"):
        properties["filters"] = True
        properties["filter_policy"] = _readable(parsed(entry.get("FilterPolicy")))
    if entry.get("FilterPolicyScope").text:
        properties["filter_scope"] = entry.get("FilterPolicyScope").text
    dead_letter, _ = redrive_of(entry.get("RedrivePolicy"), estate)
    if dead_letter is not None:
        properties["dead_letter"] = dead_letter
    yield LinkFact("subscription", source, target, place, properties)


def _rule(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    schedule = pattern(resource.get("ScheduleExpression").value) if resource.get("ScheduleExpression") else ""
    event_pattern = parsed(resource.get("EventPattern"))
    if schedule and not event_pattern:
        kind, source = "schedule", End("external", Text(f"schedule:{schedule}"))
    else:
        kind = "rule"
        source = estate.end(resource.get("EventBusName"), "eventbridge") or End("eventbridge", Text("default"))
    for entry in resource.get("Targets").elements():
        target = _reached(entry.get("Arn"), entry.get("EcsParameters"), estate)
        if target is None:
            continue
        properties = _target_properties(entry, estate)
        if event_pattern:
            properties["filters"] = [_readable(event_pattern)]
        if resource.get("State").text == "DISABLED":
            properties["enabled"] = False
        place = Place(resource.place.path, entry.line) if entry.line and not resource.get("Inline") else resource.place
        yield LinkFact(kind, source, target, place, properties)


def _target_properties(entry: Term, estate: Estate) -> dict[str, Any]:
    found: dict[str, Any] = {}
    dead_letter = estate.end(entry.get("DeadLetterConfig", "Arn"), "sqs")
    if dead_letter is not None:
        found["dead_letter"] = dead_letter
    group = entry.get("SqsParameters", "MessageGroupId")
    if group:
        found["group_id"] = group.plain()
    if entry.get("InputPath").text:
        found["input_path"] = entry.get("InputPath").text
    if entry.get("InputTransformer") or entry.get("Input"):
        found["transformer"] = True
    retries = entry.get("RetryPolicy", "MaximumRetryAttempts").number
    if retries is not None:
        found["max_retries"] = retries
    age = entry.get("RetryPolicy", "MaximumEventAgeInSeconds").number
    if age is not None:
        found["max_age"] = age
    return found


def _archive(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """An archive keeps the events of a bus to replay them, for ever where no days are given."""
    source = estate.end(resource.get("SourceArn"), "eventbridge")
    if source is not None:
        days = resource.get("RetentionDays").number
        kept = {"retention": int(days) * 86400 if days else -1}
        name = pattern(resource.get("ArchiveName").value) if resource.get("ArchiveName") else resource.logical
        yield LinkFact("archive", source, End("external", Text(f"archive:{name}")), resource.place, kept)


def _reached(target: Term, task: Term, estate: Estate) -> End | None:
    """What a target is; of an ECS cluster the task that is started on it."""
    return (estate.end(task.get("TaskDefinitionArn")) if task else None) or estate.end(target)


def _pipe(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    parameters = resource.get("SourceParameters")
    kafka = parameters.get("ManagedStreamingKafkaParameters") or parameters.get("SelfManagedKafkaParameters")
    topic = kafka.get("TopicName")
    source = End("kafka", topic.value) if topic else estate.end(resource.get("Source"))
    target = _reached(resource.get("Target"), resource.get("TargetParameters", "EcsTaskParameters"), estate)
    if source is None or target is None:
        return
    properties: dict[str, Any] = {}
    for one in ("SqsQueueParameters", "KinesisStreamParameters"):
        if parameters.get(one, "BatchSize").number is not None:
            properties["batch_size"] = parameters.get(one, "BatchSize").number
    if kafka.get("ConsumerGroupID"):
        properties["group"] = kafka.get("ConsumerGroupID").plain()
    filters = parameters.get("FilterCriteria", "Filters").elements()
    if filters:
        properties["filters"] = [pattern(one.get("Pattern").value) for one in filters]
    dead_letter = estate.end(parameters.get("KinesisStreamParameters", "DeadLetterConfig", "Arn"))
    if dead_letter is not None:
        properties["dead_letter"] = dead_letter
    enrichment = estate.end(resource.get("Enrichment"))
    if enrichment is not None:
        properties["enrichment"] = enrichment
    if resource.get("DesiredState").text == "STOPPED":
        properties["enabled"] = False
    yield LinkFact("pipe", source, target, resource.place, properties)


def _schedule(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    target = resource.get("Target")
    arn = pattern(target.get("Arn").value)
    expression = pattern(resource.get("ScheduleExpression").value)
    found = None
    if ":aws-sdk:" in arn:
        service = arn.split(":aws-sdk:")[1].split(":")[0]
        found = argument(parsed(target.get("Input")), SYSTEMS.get(service, ""), estate)
    elif target:
        found = _reached(target.get("Arn"), target.get("EcsParameters"), estate)
    if found is not None:
        properties = _target_properties(target, estate)
        properties.pop("transformer", None)
        if resource.get("State").text == "DISABLED":
            properties["enabled"] = False
        yield LinkFact("schedule", End("external", Text(f"schedule:{expression}")), found, resource.place, properties)


def _invoke_config(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    source = estate.end(resource.get("FunctionName"), "service")
    for name, on in (("OnFailure", "failure"), ("OnSuccess", "success")):
        destination = resource.get("DestinationConfig", name, "Destination")
        target = estate.end(destination)
        if source is not None and target is not None:
            place = Place(resource.place.path, destination.line or resource.place.line)
            yield LinkFact("destination", source, target, place, {"on": on})


def _function(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    dead_letter = resource.get("DeadLetterConfig", "TargetArn")
    target = estate.end(dead_letter)
    source = estate.end(Term(Reference(resource.key)))
    if source is not None and target is not None:
        yield LinkFact("destination", source, target, resource.at("DeadLetterConfig"), {"on": "failure"})


def _firehose(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    kafka = resource.get("MSKSourceConfiguration", "TopicName")
    stream = resource.get("KinesisStreamSourceConfiguration", "KinesisStreamARN")
    source = End("kafka", kafka.value) if kafka else estate.end(stream, "kinesis")
    target = estate.end(Term(Reference(resource.key)))
    if source is not None and target is not None:
        yield LinkFact("connector", source, target, resource.place, {})


def _readable(term: Term) -> Any:
    if term.is_mapping:
        return {key: _readable(one) for key, one in term.items()}
    if term.is_list:
        return [_readable(one) for one in term.elements()]
    return pattern(term.value)


_READERS: Mapping[str, Callable[[Resource, Estate], Iterator[LinkFact]]] = {
    "AWS::Lambda::EventSourceMapping": _mapping,
    "AWS::Lambda::EventInvokeConfig": _invoke_config,
    "AWS::Lambda::Function": _function,
    "AWS::SNS::Topic": _topic,
    "AWS::SNS::Subscription": _subscription,
    "AWS::Events::Rule": _rule,
    "AWS::Events::Archive": _archive,
    "AWS::Pipes::Pipe": _pipe,
    "AWS::Scheduler::Schedule": _schedule,
    "AWS::S3::Bucket": bucket,
    "AWS::IoT::TopicRule": device_rule,
    "AWS::Logs::SubscriptionFilter": log_filter,
    "AWS::DynamoDB::Table": table,
    "AWS::KinesisFirehose::DeliveryStream": _firehose,
    "AWS::StepFunctions::StateMachine": state_machine,
    "AWS::ApiGateway::RestApi": api,
    "AWS::ApiGatewayV2::Api": api,
    "AWS::ApiGateway::Method": integrated_method,
    "AWS::ApiGatewayV2::Integration": integrated_method,
}
