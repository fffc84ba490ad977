"""Calls that AWS makes by itself: tasks of a state machine, integrations of an API; which argument names a channel."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.manifests.aws.resources import Estate, Resource, outside
from brokerlint.manifests.facts import End, Hole, LinkFact, Text
from brokerlint.manifests.intrinsics import split
from brokerlint.manifests.terms import Term, concat, parsed, pattern, substituted
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
        if found:
            return estate.end(found, system)
    for entry in arguments.get("Entries").elements() if system == "eventbridge" else ():
        return estate.end(entry.get("EventBusName"), system) or End(system, Text("default"))
    return None


def state_machine(resource: Resource, estate: Estate) -> Iterator[LinkFact]:
    """The channels that a state machine sends to: links of the kind ``task``."""
    definition = _definition(resource)
    source = End("external", Text(outside(resource)))
    for state in _states(definition):
        service = pattern(state.get("Resource").value).partition(":states:::")[2].removeprefix("aws-sdk:").split(":")[0]
        arguments = state.get("Parameters") or state.get("Arguments")
        target = argument(arguments, SYSTEMS.get(service, ""), estate)
        if target is not None:
            yield LinkFact("task", source, target, Place(resource.place.path, state.line or resource.place.line), {})


def _definition(resource: Resource) -> Term:
    """The states, with ``${name}`` replaced from ``DefinitionSubstitutions``."""
    written = resource.get("Definition") or resource.get("DefinitionString")
    given = dict(resource.get("DefinitionSubstitutions").items())
    structure = parsed(written)
    return substituted(structure, given) if structure.is_mapping else parsed(substituted(written, given))


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
