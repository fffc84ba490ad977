"""Resources of AWS in CloudFormation's vocabulary, and what a value in one of them refers to.

Every format that deploys to AWS is put into these words first (Terraform's ``aws_sqs_queue`` is an ``AWS::SQS::Queue``
there), so what they mean is said once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from brokerlint.manifests.facts import Choice, Concat, End, Hole, Reference, Text, Value
from brokerlint.manifests.intrinsics import split
from brokerlint.manifests.terms import NOTHING, Term, concat, pattern, references
from brokerlint.manifests.yaml_nodes import Node
from brokerlint.places import Place

FUNCTION = "AWS::Lambda::Function"
TASK = "AWS::ECS::TaskDefinition"
APP_RUNNER = "AWS::AppRunner::Service"

CHANNELS: Mapping[str, tuple[str, str, str]] = {
    "AWS::SQS::Queue": ("sqs", "queue", "QueueName"),
    "AWS::SNS::Topic": ("sns", "topic", "TopicName"),
    "AWS::Kinesis::Stream": ("kinesis", "stream", "Name"),
    "AWS::KinesisFirehose::DeliveryStream": ("firehose", "stream", "DeliveryStreamName"),
    "AWS::Events::EventBus": ("eventbridge", "bus", "Name"),
    "AWS::MSK::Topic": ("kafka", "topic", "TopicName"),
    "AWS::MSK::Cluster": ("kafka", "cluster", "ClusterName"),
    "AWS::MSK::ServerlessCluster": ("kafka", "cluster", "ClusterName"),
}
"""System, kind and the property that holds the name of the resources that are channels (and of Kafka's clusters)."""

SERVICES = (FUNCTION, TASK, APP_RUNNER)

_SAME_AS = {
    "AWS::Lambda::Alias": "FunctionName",
    "AWS::Lambda::Version": "FunctionName",
    "AWS::Kinesis::StreamConsumer": "StreamARN",
    "AWS::StepFunctions::StateMachineAlias": "DeploymentPreference.StateMachineVersionArn",
    "AWS::StepFunctions::StateMachineVersion": "StateMachineArn",
}
"""Resources that stand for another one, and the property that says which."""

_NAMED = {**{kind: named for kind, (_, _, named) in CHANNELS.items()}, FUNCTION: "FunctionName"}
_ANYBODY_S = frozenset(
    "variable name names id arn url queue topic stream bus function lambda sqs sns kinesis event events dlq".split()
)
"""Words of a variable's name that do not say which queue or function it names."""

_ARN_SYSTEMS = {"sqs": "sqs", "sns": "sns", "kinesis": "kinesis", "firehose": "firehose", "events": "eventbridge"}
_QUEUE_URL = re.compile(r"https?://(?:[\w.*-]*\bsqs[\w.*-]*|[\w.*-]*queue\.amazonaws)[^/]*/")
_MOST_STEPS = 8


@dataclass(frozen=True, slots=True)
class Resource:
    """One declared resource. ``key`` is unique in the tree; ``roots`` are the directories of a function's code.

    ``platform`` is empty for ordinary resources; ``external`` ones are only looked up, not declared (a data source).
    """

    key: str
    type: str
    logical: str
    place: Place
    properties: Term = NOTHING
    roots: tuple[str, ...] = ()
    profile: str = "unknown"
    external: bool = False

    def get(self, *path: str) -> Term:
        """A property."""
        return self.properties.get(*path)

    def at(self, *path: str) -> Place:
        """The place of a property; the resource's own where the property is not written down."""
        line = self.get(*path).line
        return Place(self.place.path, line) if line else self.place


@dataclass(slots=True)
class Estate:
    """All resources that are deployed together, by key, and what left their templates."""

    resources: Mapping[str, Resource]
    exported: frozenset[str] = frozenset()
    """Keys of resources that a template gives to others."""
    files: Mapping[str, Node] = field(default_factory=dict)
    """Files that properties may name, by path."""
    _functions: dict[str, str] = field(default_factory=dict)
    _created: Mapping[str, str] = field(default_factory=dict)
    """The keys of resources that are looked up, and of those that create them."""

    @classmethod
    def of(
        cls, resources: Iterable[Resource], exported: Iterable[str] = (), files: Mapping[str, Node] | None = None
    ) -> Estate:
        """The estate of these resources; of two with one key the first counts."""
        by_key: dict[str, Resource] = {}
        for resource in resources:
            by_key.setdefault(resource.key, resource)
        created = _created(by_key.values())
        by_key = {key: one for key, one in by_key.items() if key not in created}
        estate = cls(by_key, frozenset(exported), files or {}, _created=created)
        for resource in by_key.values():
            if resource.type == FUNCTION and resource.get("FunctionName"):
                estate._functions.setdefault(pattern(resource.get("FunctionName").value), resource.key)
        return estate

    def of_type(self, *types: str) -> list[Resource]:
        """The resources of some types, in order."""
        return [one for one in self.resources.values() if one.type in types]

    def resource(self, value: Value) -> Resource | None:
        """The resource that a value refers to, through aliases and consumers to the thing itself."""
        for _ in range(_MOST_STEPS):
            keys = (self._created.get(one.key, one.key) for one in references(value))
            found = next((self.resources[key] for key in keys if key in self.resources), None)
            if found is None or found.type not in _SAME_AS:
                return found
            value = found.get(*_SAME_AS[found.type].split(".")).value
        return None

    def end(self, term: Term, expected: str = "") -> End | None:
        """What a reference, ARN, URL or name stands for; names are taken as those of ``expected``.

        None when nothing tells what it is.
        """
        return self._end(term.value, expected, 0) if term else None

    def _end(self, value: Value, expected: str, depth: int) -> End | None:
        if depth > _MOST_STEPS:
            return None
        if isinstance(value, Reference):
            return self._reference(value)
        if isinstance(value, Choice):
            ends = [end for option in value.options if (end := self._end(option, expected, depth + 1))]
            same = tuple(end.value for end in ends if end.system == ends[0].system)
            return End(ends[0].system, same[0] if len(same) == 1 else Choice(same)) if ends else None
        if isinstance(value, Hole):
            return End(expected, value) if expected else None
        shape = pattern(value)
        if shape.startswith("arn:"):
            return self._arn(value, expected)
        if _QUEUE_URL.match(shape):
            last = concat(split(value, "/")[-1])
            return self._named(last, "sqs")
        return self._named(value, expected) if expected else None

    def _reference(self, value: Reference) -> End | None:
        resource = self.resource(value)
        if resource is None:
            return None
        if resource.type in CHANNELS:
            return End(CHANNELS[resource.type][0], Reference(resource.key, value.attribute))
        if resource.type == FUNCTION or resource.type in SERVICES:
            return End("service", Reference(service_key(resource)))
        return End("external", Text(outside(resource)))

    def _arn(self, value: Value, expected: str) -> End | None:
        """``arn:partition:service:region:account:rest``."""
        pieces = split(value, ":")
        kind = pattern(concat(pieces[2])) if len(pieces) > 5 else ""
        if kind == "lambda":
            name = concat(pieces[6]) if len(pieces) > 6 else Hole("function")
            return self._named(name, "service")
        if kind == "kafka":
            parts = split(_rest(pieces), "/")
            return End("kafka", concat(parts[-1])) if pattern(concat(parts[0])) == "topic" else None
        system = _ARN_SYSTEMS.get(kind, "")
        if not system:
            words = pattern(_rest(pieces)).strip("*") if len(pieces) > 5 else ""
            return End("external", Text(f"{kind}:{words}")) if kind and kind != "*" else None
        rest = concat(pieces[5])
        parts = split(rest, "/")
        if system in ("kinesis", "firehose", "eventbridge"):
            if len(parts) < 2 or (system == "eventbridge" and pattern(concat(parts[0])) != "event-bus"):
                return End(expected or system, Hole("not a channel's ARN")) if expected else None
            rest = concat(parts[1])
        return self._named(rest, system)

    def _named(self, name: Value, system: str) -> End:
        """The end called ``name``; a reference where that is another resource's attribute or a function's name."""
        if isinstance(name, Reference):
            return self._reference(name) or End(system, Hole(name.key.rpartition("#")[2]))
        if system == "service":
            key = self._functions.get(pattern(name))
            if key is None:
                key = next((k for n, k in self._functions.items() if "*" in n and fnmatchcase(pattern(name), n)), None)
            return End("service", Reference(key) if key else name)
        return End(system, name)

    def settled(self, value: Value) -> Value:
        """The value as others may read it: references only to channels and services, else names or holes."""
        if isinstance(value, Reference):
            resource = self.resource(value)
            if resource is not None and (resource.type in CHANNELS or resource.type in SERVICES):
                return Reference(resource.key, value.attribute)
            return Hole(value.key.rpartition("#")[2])
        if isinstance(value, Concat):
            return concat(self.settled(part) for part in value.parts)
        if isinstance(value, Choice):
            return Choice(tuple(self.settled(option) for option in value.options))
        return value


def _created(resources: Iterable[Resource]) -> dict[str, str]:
    """The resources that one stack looks up, with the only one of that name that another stack creates. A name may be
    what a variable holds: stacks that are deployed together call it alike."""
    named: dict[tuple[str, Value], list[Resource]] = {}
    for one in resources:
        name = one.get(_NAMED[one.type]).value if one.type in _NAMED else Hole("")
        if _tells(name):
            named.setdefault((one.type, name), []).append(one)
    found: dict[str, str] = {}
    for same in named.values():
        created = [one.key for one in same if not one.external]
        if len(created) == 1:
            found |= {one.key: created[0] for one in same if one.external}
    return found


def _tells(name: Value) -> bool:
    """Is the name, or the variable that holds it, nobody else's?"""
    if isinstance(name, Hole):
        words = set(re.findall(r"[a-z0-9]+", name.label.lower()))
        return "variable" in words and bool(words - _ANYBODY_S)
    return bool(re.search(r"[A-Za-z]{3}", pattern(name)))


def service_key(resource: Resource) -> str:
    """The key of the service that a resource deploys; of a task with several containers the first."""
    if resource.type != TASK:
        return resource.key
    containers = resource.get("ContainerDefinitions").elements()
    return container_key(resource, containers[0]) if containers else resource.key


def container_key(task: Resource, container: Term) -> str:
    """The key of the service that one container of a task is."""
    return f"{task.key}/{pattern(container.get('Name').value)}"


def outside(resource: Resource) -> str:
    """The words for a resource that is neither channel nor service, its service named as in ARNs: ``s3:archive``,
    ``dynamodb:Orders``, ``states:Checkout``."""
    family = resource.type.split("::")[1].lower() if resource.type.count("::") == 2 else "resource"
    family = {"stepfunctions": "states"}.get(family, family)
    keys = (f"{resource.type.split('::')[-1]}Name", "Name")
    names = [term for key, term in resource.properties.items() if key in keys]
    name = pattern(names[0].value) if names else ""
    return f"{family}:{name if name.strip('*-_.') else resource.logical}"


def _rest(pieces: list[list[Value]]) -> Value:
    joined: list[Value] = []
    for index, piece in enumerate(pieces[5:]):
        joined += [*([Text(":")] if index else []), *piece]
    return concat(joined)
