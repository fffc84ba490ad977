"""Permissions: what the role of a service lets it do with which channel.

A permission is no use, so the strength is ``may``. ``sqs:*`` and ``*`` prove nothing; a statement about every resource
gives the role without a channel, and is left out too.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

from brokerlint.manifests.aws.resources import SERVICES, Estate, Resource, service_key
from brokerlint.manifests.facts import RoleHint
from brokerlint.manifests.terms import Term, parsed, pattern, references
from brokerlint.places import Place

_ROLES = (
    ("produce", "sqs", "sqs:sendmessage*"),
    ("consume", "sqs", "sqs:receivemessage"),
    ("manage", "sqs", "sqs:createqueue"),
    ("manage", "sqs", "sqs:deletequeue"),
    ("manage", "sqs", "sqs:purgequeue"),
    ("manage", "sqs", "sqs:setqueueattributes"),
    ("produce", "sns", "sns:publish*"),
    ("manage", "sns", "sns:createtopic"),
    ("manage", "sns", "sns:subscribe"),
    ("produce", "kinesis", "kinesis:putrecord*"),
    ("consume", "kinesis", "kinesis:getrecords"),
    ("consume", "kinesis", "kinesis:getsharditerator"),
    ("consume", "kinesis", "kinesis:subscribetoshard"),
    ("produce", "firehose", "firehose:putrecord*"),
    ("produce", "eventbridge", "events:putevents"),
    ("produce", "kafka", "kafka-cluster:writedata"),
    ("consume", "kafka", "kafka-cluster:readdata"),
)
"""Role, system and action in lower case (IAM does not tell cases apart), from the service authorization reference."""

_MOST_STATEMENTS = 500


def hints(estate: Estate) -> Iterator[RoleHint]:
    """What the services of an estate may do, by the policies of their roles."""
    attached = _Attached(estate)
    for service in estate.of_type(*SERVICES):
        instance = service.get("InstanceConfiguration", "InstanceRoleArn")
        owner = estate.resource((service.get("Role") or service.get("TaskRoleArn") or instance).value)
        statements = [(service, statement) for statement in service.get("Statements").elements()]
        if owner is not None:
            statements += attached.to(owner)
        seen: set[tuple[str, object]] = set()
        for holder, statement in statements[:_MOST_STATEMENTS]:
            for hint in _granted(service, holder, statement, estate):
                if (hint.role, hint.channel) not in seen:
                    seen.add((hint.role, hint.channel))
                    yield hint


class _Attached:
    """The statements of each role: written in it, attached to it, or in a policy that it names."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._by_role: dict[str, list[tuple[Resource, Term]]] = {}
        for policy in estate.of_type("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy"):
            for role in (*policy.get("Roles").elements(), *policy.get("RoleName").elements()):
                for target in references(role.value):
                    self._by_role.setdefault(target.key, []).extend(_statements(policy, policy.get("PolicyDocument")))
        for attachment in estate.of_type("AWS::IAM::PolicyAttachment"):
            owner = estate.resource(attachment.get("PolicyArn").value)
            for role in attachment.get("Roles").elements():
                for target in references(role.value):
                    if owner is not None:
                        statements = _statements(owner, owner.get("PolicyDocument"))
                        self._by_role.setdefault(target.key, []).extend(statements)

    def to(self, role: Resource) -> list[tuple[Resource, Term]]:
        """The statements that hold for a role, each with the resource that says so."""
        found = list(self._by_role.get(role.key, ()))
        for policy in role.get("Policies").elements():
            found += _statements(role, policy.get("PolicyDocument"))
        for managed in role.get("ManagedPolicyArns").elements():
            owner = self._estate.resource(managed.value)
            if owner is not None:
                found += _statements(owner, owner.get("PolicyDocument"))
        return found


def _statements(holder: Resource, document: Term) -> list[tuple[Resource, Term]]:
    return [(holder, statement) for statement in parsed(document).get("Statement").elements()]


def _granted(service: Resource, holder: Resource, statement: Term, estate: Estate) -> Iterator[RoleHint]:
    if statement.get("Effect").text.lower() == "deny":
        return
    actions = [pattern(action.value).lower() for action in statement.get("Action").elements()]
    place = Place(holder.place.path, statement.line or holder.place.line)
    for role, system in dict.fromkeys((r, s) for r, s, known in _ROLES if any(_allows(a, known) for a in actions)):
        for resource in statement.get("Resource").elements():
            end = estate.end(resource, statement.get("System").text)
            if end is not None and end.system == system and pattern(end.value) != "":
                yield RoleHint(service_key(service), end, role, "may", place)


def _allows(action: str, known: str) -> bool:
    """Whether a permitted action is this one, or a family of a few that holds it: ``sqs:Send*``, not ``sqs:*``."""
    service, _, verb = action.partition(":")
    if not verb.strip("*") or service != known.partition(":")[0]:
        return False
    return fnmatchcase(known.rstrip("*"), action) or fnmatchcase(action, known)
