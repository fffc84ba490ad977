"""AWS SAM: its short forms as the resources of CloudFormation that they stand for.

Follows what the transform itself makes: an event of a function becomes a mapping, subscription or rule, a policy
template the statements it holds, ``Globals`` are merged into every function.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from brokerlint.manifests.aws.resources import FUNCTION, Resource
from brokerlint.manifests.facts import Reference
from brokerlint.manifests.terms import NOTHING, Term, literal, mapping, merged
from brokerlint.places import Place

_POLICY_TEMPLATES: Mapping[str, tuple[str, str, tuple[str, ...]]] = {
    "SQSSendMessagePolicy": ("QueueName", "sqs", ("sqs:SendMessage*",)),
    "SQSPollerPolicy": ("QueueName", "sqs", ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility")),
    "SNSPublishMessagePolicy": ("TopicName", "sns", ("sns:Publish",)),
    "SNSCrudPolicy": ("TopicName", "sns", ("sns:Publish", "sns:Subscribe", "sns:CreateTopic")),
    "KinesisStreamReadPolicy": ("StreamName", "kinesis", ("kinesis:GetRecords", "kinesis:GetShardIterator")),
    "KinesisCrudPolicy": ("StreamName", "kinesis", ("kinesis:GetRecords", "kinesis:PutRecord", "kinesis:PutRecords")),
    "EventBridgePutEventsPolicy": ("EventBusName", "eventbridge", ("events:PutEvents",)),
    "FirehoseWritePolicy": ("DeliveryStreamName", "firehose", ("firehose:PutRecord", "firehose:PutRecordBatch")),
    "FirehoseCrudPolicy": ("DeliveryStreamName", "firehose", ("firehose:PutRecord", "firehose:PutRecordBatch")),
}
"""Argument, system and actions, from SAM's list of policy templates."""

_NOT_GLOBAL = ("Role", "Policies", "FunctionName", "Events")


def expanded(resource: Resource, settings: Term) -> Iterator[Resource]:
    """The resources that one resource of a SAM template stands for; ``settings`` is the section ``Globals``."""
    kind = resource.type.removeprefix("AWS::Serverless::")
    if kind == "Function":
        yield from _function(resource, settings.get("Function"))
    elif kind == "StateMachine":
        yield replace(resource, type="AWS::StepFunctions::StateMachine")
    elif kind in ("Api", "HttpApi"):
        yield replace(resource, type="AWS::ApiGateway::RestApi")
    else:
        yield resource


def _function(resource: Resource, settings: Term) -> Iterator[Resource]:
    general = mapping({key: term for key, term in settings.items() if key not in _NOT_GLOBAL})
    properties = merged(general, resource.properties)
    statements = Term(tuple(_statements(properties.get("Policies"))))
    code = properties.get("CodeUri")
    renamed = {
        **dict(properties.items()),
        "Statements": statements,
        "Code": mapping({"ImageUri": properties.get("ImageUri")}),
        "DeadLetterConfig": mapping({"TargetArn": properties.get("DeadLetterQueue", "TargetArn")}),
    }
    root = _root(code.text, resource)
    function = replace(resource, type=FUNCTION, properties=mapping(renamed), roots=(root,))
    yield function
    target = Term(Reference(resource.key, "Arn"))
    config = properties.get("EventInvokeConfig")
    if config.get("DestinationConfig"):
        yield _made(resource, "EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", config.line, {
            "FunctionName": target,
            "DestinationConfig": config.get("DestinationConfig"),
        })  # fmt: skip
    for name, event in resource.get("Events").items():
        make = _EVENTS.get(event.get("Type").text)
        if make is not None:
            yield from make(resource, name, event, target)


def _root(code: str, resource: Resource) -> str:
    """The directory of the code: ``CodeUri`` beside the template, or the template's own."""
    base = resource.roots[0] if resource.roots else posixpath.dirname(resource.place.path)
    return local_path(base, code) or base


def local_path(base: str, path: str) -> str:
    """A path beside a template, relative to the tree; empty for one that leads out of it or is none."""
    if "://" in path or path.startswith("/"):
        return ""
    joined = posixpath.normpath(posixpath.join(base, path))
    return "" if joined.startswith("..") or joined == "." else joined


def _statements(policies: Term) -> Iterator[Term]:
    for policy in policies.elements():
        if policy.get("Statement"):
            yield from policy.get("Statement").elements()
        for name, arguments in policy.items():
            if name in _POLICY_TEMPLATES:
                argument, system, actions = _POLICY_TEMPLATES[name]
                yield mapping({
                    "Action": Term(tuple(literal(action) for action in actions)),
                    "Resource": arguments.get(argument),
                    "System": literal(system),
                }, policy.line)  # fmt: skip


def _made(owner: Resource, name: str, kind: str, line: int, properties: Mapping[str, Term]) -> Resource:
    """A resource that SAM makes for a function, declared at ``line``."""
    place = Place(owner.place.path, line or owner.place.line)
    return Resource(
        f"{owner.key}{name}", kind, f"{owner.logical}{name}", place, mapping(properties), profile=owner.profile
    )


def _mapping(source: str) -> Callable[[Resource, str, Term, Term], Iterator[Resource]]:
    def make(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
        properties = event.get("Properties")
        group = mapping({"ConsumerGroupId": properties.get("ConsumerGroupId")})
        renamed = {
            **dict(properties.items()),
            "FunctionName": target,
            "EventSourceArn": properties.get(source),
            "System": literal({"Queue": "sqs", "Stream": "kinesis"}.get(source, "")),
            "AmazonManagedKafkaEventSourceConfig": group if properties.get("ConsumerGroupId") else NOTHING,
        }
        yield _made(owner, name, "AWS::Lambda::EventSourceMapping", event.line, renamed)

    return make


def _sns(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    """A subscription; with ``SqsSubscription`` a queue stands between topic and function."""
    properties = dict(event.get("Properties").items())
    between = properties.pop("SqsSubscription", NOTHING)
    subscription = {**properties, "TopicArn": properties.get("Topic", NOTHING)}
    if not between or between.flag is False:
        subscription |= {"Protocol": literal("lambda"), "Endpoint": target}
        yield _made(owner, name, "AWS::SNS::Subscription", event.line, subscription)
        return
    queue = between.get("QueueArn")
    if not queue:
        made = _made(owner, f"{name}Queue", "AWS::SQS::Queue", event.line, {})
        yield made
        queue = Term(Reference(made.key, "Arn"))
    subscription |= {"Protocol": literal("sqs"), "Endpoint": queue}
    yield _made(owner, name, "AWS::SNS::Subscription", event.line, subscription)
    settings = {"BatchSize": between.get("BatchSize"), "Enabled": between.get("Enabled")}
    polled = {**settings, "FunctionName": target, "EventSourceArn": queue}
    yield _made(owner, f"{name}EventSourceMapping", "AWS::Lambda::EventSourceMapping", event.line, polled)


def _rule(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    properties = event.get("Properties")
    dead_letters = properties.get("DeadLetterConfig")
    if dead_letters.get("Type").text == "SQS" and not dead_letters.get("Arn"):
        queue = _made(owner, f"{name}Queue", "AWS::SQS::Queue", event.line, {})
        yield queue
        dead_letters = mapping({"Arn": Term(Reference(queue.key, "Arn"))})
    entry = mapping({
        **{key: properties.get(key) for key in ("Input", "InputPath", "InputTransformer", "RetryPolicy")},
        "Arn": target,
        "DeadLetterConfig": dead_letters,
    }, event.line)  # fmt: skip
    yield _made(owner, name, "AWS::Events::Rule", event.line, {
        "EventBusName": properties.get("EventBusName"),
        "EventPattern": properties.get("Pattern"),
        "ScheduleExpression": properties.get("Schedule"),
        "State": properties.get("State"),
        "Targets": Term((entry,)),
    })  # fmt: skip


def _bucket(owner: Resource, name: str, event: Term, target: Term) -> Iterator[Resource]:
    entry = mapping({"Function": target}, event.line)
    yield _made(owner, name, "AWS::S3::Bucket", event.line, {
        "Bucket": event.get("Properties", "Bucket"),
        "NotificationConfiguration": mapping({"LambdaConfigurations": Term((entry,))}),
    })  # fmt: skip


_EVENTS: Mapping[str, Callable[[Resource, str, Term, Term], Iterator[Resource]]] = {
    "SQS": _mapping("Queue"),
    "Kinesis": _mapping("Stream"),
    "DynamoDB": _mapping("Stream"),
    "MSK": _mapping("Stream"),
    "SelfManagedKafka": _mapping("Stream"),
    "SNS": _sns,
    "EventBridgeRule": _rule,
    "CloudWatchEvent": _rule,
    "Schedule": _rule,
    "S3": _bucket,
}
