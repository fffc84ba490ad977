"""What methods of constructs do: event sources, subscriptions, targets, permissions, variables, overrides."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from brokerlint.link.calls import Args
from brokerlint.link.constructs.cdk import Drawing
from brokerlint.link.constructs.drafts import Draft
from brokerlint.link.constructs.reading import Reading, arguments_of, keywords, structs
from brokerlint.link.constructs.table import Table
from brokerlint.link.constructs.walk import Act
from brokerlint.link.values import Client, Collection
from brokerlint.manifests.aws.resources import FUNCTION, TASK
from brokerlint.manifests.facts import Text, Value
from brokerlint.manifests.terms import Term, concat, literal, mapping

_BUS = re.compile(r'"EventBusName"\s*:\s*"([\w./-]+)"')
"""The bus that the template of a request names."""

Method = Callable[[Drawing, Draft, Reading, Act], None]


def call(drawing: Drawing, act: Act) -> None:
    """Take in one call of a method."""
    for draft, reading, name in drawing.owners(act):
        grants = drawing.table.grants.get(draft.type, {})
        method = _METHODS.get(name)
        if name in grants:
            _grant(drawing, draft, reading, act, grants[name].split())
        elif method is not None:
            method(drawing, draft, reading, act)


def names(table: Table) -> frozenset[str]:
    """The methods that mean something."""
    return frozenset(_METHODS) | frozenset(name for grants in table.grants.values() for name in grants)


def _attached(target: str) -> Method:
    def method(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
        for _, values in act.args[:1]:
            for struct in structs(reading.chosen(values)):
                drawing.attach(draft, struct, target, reading)

    return method


def _statements(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``add_to_role_policy(PolicyStatement(...))``, on the function, its role, a task or a policy."""
    for _, values in act.args:
        for struct in structs(reading.chosen(values)):
            _permit(draft, reading.term((struct,)))


def _permit(draft: Draft, statement: Term) -> None:
    if draft.type in (FUNCTION, TASK):
        draft.append("Statements", statement)
    elif draft.type == "AWS::IAM::Role":
        document = mapping({"Statement": Term((statement,))}, statement.line)
        draft.append("Policies", mapping({"PolicyDocument": document}, statement.line))
    elif draft.type in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        draft.append("PolicyDocument.Statement", statement)


def _grant(drawing: Drawing, draft: Draft, reading: Reading, act: Act, actions: list[str]) -> None:
    """``queue.grant_send_messages(function)``."""
    statement = mapping(
        {"Action": Term(tuple(literal(one) for one in actions)), "Resource": draft.reference}, act.place.line
    )
    for _, values in act.args[:1]:
        for grantee in drawing.drafts(values, reading):
            _permit(grantee, statement)


def _grant_actions(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``queue.grant(function, "sqs:SendMessage")``."""
    actions = [reading.term(values).text for _, values in act.args[1:]]
    _grant(drawing, draft, reading, act, [one for one in actions if one])


def _variable(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``function.add_environment("QUEUE", queue.queue_url)``; the same on a container."""
    name = reading.term(reading.at(act.args, "0|key|name")).text
    term = reading.term(reading.at(act.args, "1|value"), act.place.line)
    given = [one for one in act.target.carry("arguments") or () if isinstance(one, Collection) and one.items]
    container = reading.term(given[0].items[0]).text if given and "add_container" in act.target.model else ""
    if name:
        drawing.variable(draft, name, term, container)


def _container(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    name = reading.term(reading.at(act.args, "0|id")).text
    drawing.contain(draft, name or draft.logical, act.args, reading, act.place)


def _mapping(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``function.add_event_source_mapping("Id", event_source_arn=...)``."""
    form = drawing.table.constructs["aws_lambda.EventSourceMapping"]
    made = drawing.made(draft, "EventSourceMapping", form.type, act.place)
    drawing.fill(made, form, act.args, reading)
    made.set("FunctionName", draft.reference)


def _invocations(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``function.configure_async_invoke(on_failure=SqsDestination(queue))``."""
    drawing.invocations(draft, act.args, reading, act.place)


def _notification(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``bucket.add_event_notification(EventType.OBJECT_CREATED, SqsDestination(queue))``."""
    for _, values in act.args:
        for struct in structs(reading.chosen(values)):
            kind = drawing.table.notifications.get(struct.model.rpartition(".")[2])
            target = reading.term(reading.at(arguments_of(struct), "0|queue|topic|fn"))
            if kind is not None and target:
                several, one = kind
                draft.append(f"NotificationConfiguration.{several}", mapping({one: target}, act.place.line))


def _override(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``add_property_override("A.B", value)`` and ``add_override("Properties.A.B", value)``."""
    path = reading.term(reading.at(act.args, "0|property_path|path")).text.removeprefix("Properties.")
    term = reading.term(reading.at(act.args, "1|value"), act.place.line)
    if path and not any(step.isdigit() for step in path.split(".")):
        draft.set(path, term)


def _event_pattern(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    entries = {key.replace("_", "-"): reading.term(values) for key, values in keywords(act.args)}
    draft.set("EventPattern", mapping(entries, act.place.line))


def _resource_policy(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``queue.add_to_resource_policy(statement)``."""
    name = {"AWS::SQS::Queue": "Queues", "AWS::SNS::Topic": "Topics"}.get(draft.type)
    if name is not None:
        made = drawing.made(draft, "Policy", f"{draft.type}Policy", act.place)
        made.set(name, draft.reference)
        statements = tuple(reading.term((one,)) for _, values in act.args for one in structs(reading.chosen(values)))
        made.set("PolicyDocument.Statement", Term(statements))


def _alarm(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``queue.metric_...().create_alarm(self, "Id", ...)``."""
    metric = act.target.model.rpartition(".")[0]
    made = drawing.made(draft, "Alarm", "AWS::CloudWatch::Alarm", act.place)
    drawing.watch(made, Client(metric, act.target.carried, (), act.target.site), reading)


def _api_method(drawing: Drawing, draft: Draft, reading: Reading, act: Act) -> None:
    """``api.root.add_method("POST", AwsIntegration(service="sqs", path=..., options=...))``."""
    for _, values in act.args:
        for struct in structs(reading.chosen(values)):
            form = drawing.table.attached.get(struct.model.partition(":")[2])
            if form is not None and form.integration:
                args = arguments_of(struct)
                made = drawing.made(draft, "Method", form.type, struct.site or act.place)
                made.set(form.owner, draft.reference)
                made.set("Integration", _integration(args, reading, made.place.line))


def _integration(args: Args, reading: Reading, line: int) -> Term:
    """The integration as CloudFormation has it: its address names service, action or path, its request maybe a bus."""
    service = reading.term(reading.at(args, "service")).value
    path, action = reading.term(reading.at(args, "path")), reading.term(reading.at(args, "action"))
    last: tuple[Value, ...] = (Text("path/"), path.value) if path else (Text("action/"), action.value)
    bus = _BUS.search(" ".join(text for text in _texts(reading.term(reading.at(args, "options.request_templates")))))
    if bus is not None:
        parameters = mapping({"EventBusName": literal(bus[1])})
        return mapping({"Subtype": literal("EventBridge-PutEvents"), "RequestParameters": parameters}, line)
    uri = concat([Text("arn:aws:apigateway:*:"), service, Text(":"), *last])
    return mapping({"Uri": Term(uri, line)}, line)


def _texts(term: Term) -> Iterator[str]:
    for _, one in term.items():
        yield one.text


_METHODS: Mapping[str, Method] = {
    "add_event_source": _attached(""),
    "add_subscription": _attached(""),
    "add_target": _attached("Targets"),
    "add_to_role_policy": _statements,
    "add_to_policy": _statements,
    "add_to_principal_policy": _statements,
    "add_to_task_role_policy": _statements,
    "add_statements": _statements,
    "grant": _grant_actions,
    "add_environment": _variable,
    "add_container": _container,
    "add_event_source_mapping": _mapping,
    "configure_async_invoke": _invocations,
    "add_event_notification": _notification,
    "add_object_created_notification": _notification,
    "add_object_removed_notification": _notification,
    "add_property_override": _override,
    "add_override": _override,
    "add_event_pattern": _event_pattern,
    "add_to_resource_policy": _resource_policy,
    "create_alarm": _alarm,
    "add_method": _api_method,
}
