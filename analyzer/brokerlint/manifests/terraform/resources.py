"""Terraform's resources in CloudFormation's vocabulary, in which ``aws`` tells what they mean.

Most follow ``table``; here is what a table can't say.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from brokerlint.manifests.aws.resources import Resource
from brokerlint.manifests.facts import Hole, Reference
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.terms import NOTHING, Term, concat, literal, mapping, parsed, pattern, references
from brokerlint.manifests.terraform.modules import Declared
from brokerlint.manifests.terraform.table import ARCHIVE, LOCAL_FILE, RULE, TABLE, TARGET
from brokerlint.manifests.terraform.values import tree_path
from brokerlint.places import Place


def resources(declared: Iterable[Declared]) -> list[Resource]:
    """The resources of a configuration in CloudFormation's words."""
    everything = list(declared)
    known = {one.key: _resource(one, *TABLE[one.type]) for one in everything if one.type in TABLE}
    found: list[Resource] = []
    for one in everything:
        further = _FURTHER.get(one.type)
        made = known.get(one.key)
        if made is not None:
            found.append(further(one, made, known) if further else made)
        if one.type == TARGET:
            found.append(_target(one, known))
        elif one.type == "aws_s3_bucket_notification":
            found.append(_notification(one))
        elif one.type in ("aws_sqs_queue", "aws_sns_topic") and one.arguments.get("policy"):
            found.append(_own_policy(one))
    return found


def _resource(one: Declared, kind: str, paths: Mapping[str, str]) -> Resource:
    properties: dict[str, object] = {}
    for target, source in paths.items():
        term = _at(one.arguments, source)
        if term:
            *above, last = target.split(".")
            level = properties
            for step in above:
                level = level.setdefault(step, {})  # type: ignore[assignment]
            level[last] = term
    return _made(one, one.key, kind, _nested(properties))


def _nested(properties: Mapping[str, object]) -> Term:
    return Term({k: v if isinstance(v, Term) else _nested(v) for k, v in properties.items()})  # type: ignore[arg-type]


def _at(arguments: Term, path: str) -> Term:
    """The argument at a path through blocks, of which the first counts; a ``*`` at the end asks for all blocks."""
    term = arguments
    for step in path.split("."):
        if term.is_list:
            term = term.elements()[0] if term.elements() else NOTHING
        if step.endswith("*"):
            return Term(tuple(_capitalised(one) for one in term.get(step[:-1]).elements()))
        term = term.get(step)
    return term


def _made(one: Declared, key: str, kind: str, properties: Term) -> Resource:
    place = Place(one.path, one.line)
    return Resource(key, kind, one.name, place, properties, (), profile_of(one.path), one.data)


def _capitalised(term: Term) -> Term:
    """A mapping with its keys in CloudFormation's way: ``valueFrom`` is ``ValueFrom``."""
    if term.is_mapping:
        return Term({key[:1].upper() + key[1:]: _capitalised(one) for key, one in term.items()}, term.line)
    return Term(tuple(_capitalised(one) for one in term.elements()), term.line) if term.is_list else term


# --- Types that need more than the table ------------------------------------------------------------------------------


def _queue(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    """A name of which only the prefix is written."""
    prefix = one.arguments.get("name_prefix")
    if made.get("QueueName") or made.get("TopicName") or not prefix:
        return made
    name = Term(concat([prefix.value, Hole("made by the provider")]), prefix.line)
    field = "QueueName" if one.type == "aws_sqs_queue" else "TopicName"
    return replace(made, properties=Term({**dict(made.properties.items()), field: name}))


def _function(one: Declared, made: Resource, known: Mapping[str, Resource]) -> Resource:
    """A function with its code: the directory or file of the archive that it is made from, else the archive itself."""
    arguments = one.arguments
    roots = [path for path in (_path(one.directory, term) for term in _sources(arguments.get("source_dir"))) if path]
    for name in ("filename", "source_code_hash", "s3_object_version", "s3_key", "source"):
        for reference in references(arguments.get(name).value):
            archive = known.get(reference.key)
            if archive is not None and archive.type == ARCHIVE:
                roots += _archived(archive, one.directory)
            elif archive is not None and archive.type == LOCAL_FILE:
                roots.append(_path(one.directory, archive.get("Path")))
    if not roots:
        roots.append(_path(one.directory, arguments.get("filename")))
    properties = dict(made.properties.items())
    statements = arguments.get("statements")
    if statements:
        properties["Statements"] = Term(tuple(_statement(entry) for entry in statements.elements()))
    return replace(made, roots=tuple(dict.fromkeys(filter(None, roots))), properties=Term(properties))


def _statement(entry: Term) -> Term:
    return mapping({"Action": entry.get("actions"), "Resource": entry.get("resources"), "Effect": entry.get("effect")})


def _sources(term: Term) -> Iterator[Term]:
    """Paths given as a text, as a list, or in a list of mappings with ``path``."""
    for one in term.elements():
        yield one.get("path") or one


def _archived(archive: Resource, directory: str) -> Iterator[str]:
    folder, file = archive.get("Directory"), archive.get("File")
    if folder and (path := _path(directory, folder)):
        yield path
    if file and (path := _path(directory, file)):
        yield path if path.endswith(".py") else posixpath.dirname(path)


def _path(directory: str, term: Term) -> str:
    """A path relative to the tree; empty where it is not known or leads out of the tree."""
    text = pattern(term.value)
    return "" if "*" in text or not text else tree_path(directory, text)


def _task(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    containers = _capitalised(parsed(one.arguments.get("container_definitions")))
    return replace(made, properties=Term({**dict(made.properties.items()), "ContainerDefinitions": containers}))


def _role(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    policies = tuple(
        mapping({"PolicyDocument": p.get("policy")}) for p in one.arguments.get("inline_policy").elements()
    )
    properties = {**dict(made.properties.items()), "Policies": Term(policies)}
    return replace(made, properties=Term(properties | {"ManagedPolicyArns": one.arguments.get("managed_policy_arns")}))


def _alarm(one: Declared, made: Resource, _: Mapping[str, Resource]) -> Resource:
    pairs = tuple(mapping({"Name": literal(k), "Value": v}) for k, v in one.arguments.get("dimensions").items())
    return replace(made, properties=Term({**dict(made.properties.items()), "Dimensions": Term(pairs)}))


def _target(one: Declared, known: Mapping[str, Resource]) -> Resource:
    """A rule with this one target, at the target's place."""
    arguments = one.arguments
    owner = next((known[r.key] for r in references(arguments.get("rule").value) if r.key in known), None)
    if owner is None:
        name = pattern(arguments.get("rule").value)
        same = (rule for rule in known.values() if rule.type == RULE and pattern(rule.get("Name").value) == name)
        owner = next(same, None)
    entry = mapping({
        "Arn": arguments.get("arn"),
        "Input": arguments.get("input"),
        "InputPath": arguments.get("input_path"),
        "InputTransformer": arguments.get("input_transformer"),
        "DeadLetterConfig": mapping({"Arn": _at(arguments, "dead_letter_config.arn")}),
        "SqsParameters": mapping({"MessageGroupId": _at(arguments, "sqs_target.message_group_id")}),
        "EcsParameters": mapping({"TaskDefinitionArn": _at(arguments, "ecs_target.task_definition_arn")}),
    })  # fmt: skip
    rule = dict(owner.properties.items()) if owner else {"EventPattern": literal("{}")}
    bus = arguments.get("event_bus_name") or rule.get("EventBusName", NOTHING)
    properties = mapping({**rule, "EventBusName": bus, "Targets": Term((entry,))})
    return _made(one, one.key, "AWS::Events::Rule", properties)


def _notification(one: Declared) -> Resource:
    arguments = one.arguments
    configuration: dict[str, Term] = {}
    for several, name, block, arn in (
        ("QueueConfigurations", "Queue", "queue", "queue_arn"),
        ("TopicConfigurations", "Topic", "topic", "topic_arn"),
        ("LambdaConfigurations", "Function", "lambda_function", "lambda_function_arn"),
    ):
        entries = arguments.get(block).elements()
        configuration[several] = Term(tuple(mapping({name: entry.get(arn)}, entry.line) for entry in entries))
    if arguments.get("eventbridge").flag:
        configuration["EventBridgeConfiguration"] = arguments.get("eventbridge")
    properties = mapping({"Bucket": arguments.get("bucket"), "NotificationConfiguration": mapping(configuration)})
    return _made(one, one.key, "AWS::S3::Bucket", properties)


def _own_policy(one: Declared) -> Resource:
    kind, name = (
        ("AWS::SQS::QueuePolicy", "Queues") if one.type == "aws_sqs_queue" else ("AWS::SNS::TopicPolicy", "Topics")
    )
    properties = {name: Term(Reference(one.key)), "PolicyDocument": one.arguments.get("policy")}
    return _made(one, f"{one.key}/policy", kind, mapping(properties))


_FURTHER: Mapping[str, Callable[[Declared, Resource, Mapping[str, Resource]], Resource]] = {
    "aws_sqs_queue": _queue,
    "aws_sns_topic": _queue,
    "aws_lambda_function": _function,
    "aws_ecs_task_definition": _task,
    "aws_iam_role": _role,
    "aws_cloudwatch_metric_alarm": _alarm,
}
