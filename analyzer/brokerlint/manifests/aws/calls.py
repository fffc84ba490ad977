"""Calls that AWS makes by itself: tasks of a state machine, integrations of an API; which argument names a channel."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from brokerlint.manifests.aws.resources import Estate, Resource, outside
from brokerlint.manifests.facts import End, Hole, LinkFact, Text
from brokerlint.manifests.intrinsics import split
from brokerlint.manifests.terms import NOTHING, Term, concat, from_node, parsed, pattern, substituted
from brokerlint.places import Place

SYSTEMS = {"sqs": "sqs", "sns": "sns", "events": "eventbridge", "kinesis": "kinesis", "firehose": "firehose"}
"""Systems by the names that AWS gives the services in ARNs."""

_MOST_STATES = 2000

_ARGUMENTS = {
    "sqs": ("QueueUrl",),
    "sns": ("TopicArn", "TargetArn"),
    "eventbridge": ("EventBusName",),
    "kinesis": ("StreamName", "StreamARN"),
    "firehose": ("DeliveryStreamName",),
}


def argument(arguments: Term, system: str, estate: Estate) -> End | None:
    """The channel that the arguments of a call to ``system`` name."""
    if not system:
        return None
    for name in _ARGUMENTS[system]:
        found = arguments.get(name) or arguments.get(name[0].lower() + name[1:])
        if arguments.get(f"{name}.$") or found.text.startswith("{%"):
            return End(system, Hole("worked out by the state machine"))
        if found:
            return estate.end(found, system)
    for entry in arguments.get("Entries").elements() if system == "eventbridge" else ():
        return estate.end(entry.get("EventBusName"), system) or End(system, Text("default"))
    return None


def state_machine(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """The channels that a state machine sends to and reads from, and the functions it calls: links of the kind
    ``task``."""
    path, definition = _definition(resource, estate)
    own = End("external", Text(outside(resource)))
    for state in _states(definition):
        place = Place(path, state.line or resource.place.line)
        system, action, function = _task(state)
        if function:
            target = estate.end(function, "service")
            if target is not None and target.system == "service" and not isinstance(target.value, Hole):
                yield LinkFact("task", own, target, place, {})
            continue
        far = argument(state.get("Parameters") or state.get("Arguments"), system, estate)
        if far is not None and far.system == "external":
            far = End(system, Hole("told by something else"))
        if far is not None and action.startswith(_SENDING):
            yield LinkFact("task", own, far, place, {})
        elif far is not None and action.startswith(_READING):
            yield LinkFact("task", far, own, place, {})


_SENDING = ("send", "publish", "put")
_READING = ("receive", "getRecords")


def _task(state: Term) -> tuple[str, str, Term]:
    """Of a task the system and the action, as in ``arn:aws:states:::aws-sdk:sqs:sendMessage.waitForTaskToken``; or the
    function that it calls."""
    resource = state.get("Resource")
    service, _, action = pattern(resource.value).partition(":states:::")[2].removeprefix("aws-sdk:").partition(":")
    arguments = state.get("Parameters") or state.get("Arguments")
    if service == "lambda":
        return "", action, _known(arguments.get("FunctionName"))
    if not service:
        return "", "", resource
    return SYSTEMS.get({"eventbridge": "events"}.get(service, service), ""), action, NOTHING


def _known(term: Term) -> Term:
    """The term; nothing for an expression that the state machine works out."""
    return NOTHING if term.text.startswith("{%") else term


def _definition(resource: Resource, estate: Estate) -> tuple[str, Term]:
    """The file that the states stand in, and the states, with ``${name}`` replaced from ``DefinitionSubstitutions``."""
    path = resource.place.path
    written = resource.get("Definition") or resource.get("DefinitionString")
    named = (resource.get("DefinitionUri") or resource.get("DefinitionS3Location")).text
    if not written and named:
        base = resource.roots[0] if resource.roots else posixpath.dirname(path)
        file = posixpath.normpath(posixpath.join(base, named))
        if "://" not in named and file in estate.files:
            path, written = file, from_node(estate.files[file])
    given = dict(resource.get("DefinitionSubstitutions").items())
    structure = parsed(written)
    return path, substituted(structure, given) if structure.is_mapping else parsed(substituted(written, given))


def _states(definition: Term) -> Iterator[Term]:
    """Every state of a state machine, those inside maps and parallels too."""
    waiting = [definition]
    for _ in range(_MOST_STATES):
        if not waiting:
            return
        machine = waiting.pop(0)
        for _, state in machine.get("States").items():
            yield state
            waiting += [state.get("Iterator"), state.get("ItemProcessor"), *state.get("Branches").elements()]


def api(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """Integrations of an API's description that hand requests to a channel."""
    source = End("external", Text(f"apigateway:{resource.logical}"))
    for _, methods in parsed(resource.get("DefinitionBody") or resource.get("Body")).get("paths").items():
        for _, operation in methods.items():
            integration = operation.get("x-amazon-apigateway-integration")
            yield from _integration(source, integration, Place(resource.place.path, integration.line), estate)


def integrated_method(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """The integration of a single method or route."""
    integration = resource.get("Integration")
    renamed = Term({name[0].lower() + name[1:]: term for name, term in integration.items()}, integration.line)
    name = resource.get("RestApiId").value
    owner = estate.resource(name)
    source = End("external", Text(f"apigateway:{owner.logical if owner else resource.logical}"))
    yield from _integration(source, renamed, resource.at("Integration"), estate)


def _integration(source: End, integration: Term, place: Place, estate: Estate) -> Iterator[LinkFact]:
    """``arn:aws:apigateway:REGION:sqs:path/ACCOUNT/QUEUE``; where only an action is named, the request tells more."""
    subtype = integration.get("subtype").text or integration.get("integrationSubtype").text
    if subtype:
        system = {"SQS": "sqs", "EventBridge": "eventbridge", "Kinesis": "kinesis"}.get(subtype.split("-")[0], "")
        parameters = integration.get("requestParameters")
        target = argument(parameters, system, estate)
    else:
        target = _addressed(integration.get("uri"), estate)
    if target is not None:
        yield LinkFact("notification", source, target, place, {})


def _addressed(uri: Term, estate: Estate) -> End | None:
    pieces = split(uri.value, ":")
    if len(pieces) < 6 or pattern(concat(pieces[2])) != "apigateway":
        return None
    system = SYSTEMS.get(pattern(concat(pieces[4])), "")
    last = split(concat(pieces[5]), "/")
    if not system:
        return None
    if pattern(concat(last[0])) == "path" and len(last) > 2:
        return estate.end(Term(concat(last[2])), system)
    return End(system, Hole("named by the request"))
