"""AWS SAM: its short forms as the resources of CloudFormation that they stand for.

Follows what the transform itself makes: ``Globals`` are merged into every function, a policy template becomes the
statements it holds, and events (``sam_events``) become mappings, subscriptions and rules.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import replace

from brokerlint.manifests.aws.resources import FUNCTION, Resource
from brokerlint.manifests.facts import Reference
from brokerlint.manifests.sam_events import destinations, of_function, of_state_machine
from brokerlint.manifests.terms import NOTHING, Term, literal, mapping, merged
from brokerlint.manifests.yaml_nodes import Node

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

_SAME_AS = {
    "Api": "AWS::ApiGateway::RestApi",
    "HttpApi": "AWS::ApiGateway::RestApi",
    "SimpleTable": "AWS::DynamoDB::Table",
    "GraphQLApi": "AWS::AppSync::GraphQLApi",
}
"""Resources that differ from CloudFormation's in nothing that is read here."""


def expanded(resource: Resource, node: Node, settings: Term, fifo_topics: frozenset[str]) -> Iterator[Resource]:
    """The resources that one resource of a SAM template stands for.

    ``node`` is how it is written, ``settings`` the section ``Globals``; ``fifo_topics`` are the keys of FIFO topics.
    """
    kind = resource.type.removeprefix("AWS::Serverless::")
    target = Term(Reference(resource.key, "Arn"))
    if kind == "Function":
        function = _function(resource, node, settings.get("Function"))
        yield function
        yield from destinations(resource, target, function.get("EventInvokeConfig"))
        yield from of_function(resource, target, fifo_topics)
    elif kind == "StateMachine":
        yield replace(resource, type="AWS::StepFunctions::StateMachine")
        yield from of_state_machine(resource, target)
    else:
        yield replace(resource, type=_SAME_AS.get(kind, resource.type))


def _function(resource: Resource, node: Node, settings: Term) -> Resource:
    ignored = {one.text for one in (node.get("IgnoreGlobals"), *node.get("IgnoreGlobals").elements())} - {""}
    unused = {*_NOT_GLOBAL, *ignored}
    general = mapping({key: term for key, term in settings.items() if key not in unused and "*" not in ignored})
    properties = merged(general, resource.properties)
    renamed = {
        **dict(properties.items()),
        "Statements": Term(tuple(_statements(properties.get("Policies")))),
        "Code": mapping({"ImageUri": properties.get("ImageUri")}),
        "DeadLetterConfig": mapping({"TargetArn": properties.get("DeadLetterQueue", "TargetArn")}),
    }
    root = _root(properties.get("CodeUri").text, resource)
    if properties.get("PackageType").text == "Image":
        root, dockerfile = _build(resource, node.get("Metadata")) or (root, "")
        renamed["Dockerfile"] = literal(dockerfile) if dockerfile else NOTHING
    return replace(resource, type=FUNCTION, properties=mapping(renamed), roots=(root,))


def _build(resource: Resource, metadata: Node) -> tuple[str, str] | None:
    """The folder and the Dockerfile that an image is built from, where the template says so."""
    written = metadata.get("DockerContext").text
    if not written:
        return None
    context = _root(written, resource)
    return context, posixpath.join(context, metadata.get("Dockerfile").text or "Dockerfile")


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
