"""Objects of the AWS CDK that stand for plain values: durations, schedules, policy statements, event patterns, JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from brokerlint.link.constructs.reading import Reading, arguments_of, keywords
from brokerlint.link.values import Client
from brokerlint.manifests.facts import Hole, Text, Value
from brokerlint.manifests.terms import NOTHING, Term, concat, literal, mapping, pattern

_SECONDS = {"millis": 0.001, "seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def meaning(reading: Reading, client: Client) -> Term | None:
    """The value that an object stands for; None where it stands for nothing but its arguments."""
    kind = client.model.partition(":")[2]
    head, _, name = kind.rpartition(".")
    if head == "Duration":
        return _duration(reading, client, name)
    if kind.startswith("path."):
        return _path(reading, client, name)
    handler = _BY_KIND.get(kind) or _BY_FAMILY.get(head)
    return handler(reading, client, name) if handler else None


def _first(reading: Reading, client: Client, name: str) -> Term:
    """The first argument."""
    args = arguments_of(client)
    return reading.term(args[0][1]) if args else NOTHING


def _duration(reading: Reading, client: Client, name: str) -> Term | None:
    factor = _SECONDS.get(name)
    amount = reading.term(reading.at(arguments_of(client), "0|amount"))
    if factor is None or not amount:
        return None
    try:
        return literal(int(float(amount.text) * factor))
    except ValueError:
        return Term(Hole("a duration"))


def _schedule(reading: Reading, client: Client, name: str) -> Term:
    args = arguments_of(client)
    if name == "rate":
        seconds = reading.term(reading.at(args, "0|duration")).number
        for unit, size in (("day", 86400), ("hour", 3600), ("minute", 60)):
            if seconds and seconds % size == 0:
                count = seconds // size
                return literal(f"rate({count} {unit}{'s' if count > 1 else ''})")
        return Term(Hole("a rate"))
    if name == "cron":
        given = {key: reading.term(values).text for key, values in keywords(args)}
        day = given.get("day") or ("?" if given.get("week_day") else "*")
        week = given.get("week_day") or "?"
        fields = [given.get("minute") or "*", given.get("hour") or "*", day, given.get("month") or "*", week]
        return literal(f"cron({' '.join([*fields, given.get('year') or '*'])})")
    return _first(reading, client, name)


def _statement(reading: Reading, client: Client, name: str) -> Term:
    args = arguments_of(client)
    entries = {
        key: reading.term(reading.at(args, f"{key.lower()}s"))
        for key in ("Action", "Resource", "Principal", "Condition")
    }
    return mapping(entries | {"Effect": reading.term(reading.at(args, "effect"))}, _line(reading, client))


def _document(reading: Reading, client: Client, name: str) -> Term:
    return mapping({"Statement": reading.term(reading.at(arguments_of(client), "statements"))}, _line(reading, client))


def _principal(reading: Reading, client: Client, name: str) -> Term:
    return mapping({"Service": _first(reading, client, name)})


def _event_pattern(reading: Reading, client: Client, name: str) -> Term:
    return mapping({key.replace("_", "-"): reading.term(values) for key, values in keywords(arguments_of(client))})


def _filter(reading: Reading, client: Client, name: str) -> Term:
    args = arguments_of(client)
    allowed = reading.term(reading.at(args, "allowlist|0"))
    return allowed or Term((Term(Hole("a filter")),))


def _match(reading: Reading, client: Client, name: str) -> Term:
    """``Match.prefix("x")``: ``[{"prefix": "x"}]``."""
    return Term((mapping({name.replace("_", "-"): _first(reading, client, name) or Term(Hole(name))}),))


def _event_filter(reading: Reading, client: Client, name: str) -> Term:
    return mapping({"Pattern": Term(Hole("a filter"))})


def _joined(reading: Reading, client: Client, name: str) -> Term:
    """``Fn.join(delimiter, list)``."""
    args = arguments_of(client)
    delimiter = reading.term(reading.at(args, "0|delimiter")).text
    parts: list[Value] = []
    for index, item in enumerate(reading.term(reading.at(args, "1|list_of_values")).elements()):
        parts += [*([Text(delimiter)] if index else []), item.value]
    return Term(concat(parts)) if parts else Term(Hole("Fn.join"))


def _path(reading: Reading, client: Client, name: str) -> Term:
    """``Path(__file__).parent.joinpath("a", "b").resolve()``."""
    joined = client.carry("arguments") if name.startswith("joinpath") else client.carry("before")
    parts: list[Value] = [Hole("a folder")]
    for one in reading.term(joined or ()).elements():
        parts += [Text("/"), one.value]
    return Term(concat(parts))


def _stored(reading: Reading, client: Client, name: str) -> Term:
    """What the program itself keeps in the parameter store under a path, else a hole with that path."""
    args = arguments_of(client)
    wanted = pattern(reading.term(reading.at(args, "parameter_name|string_parameter_name|2|1")).value)
    for one in reading.constructs.all:
        if one.kind == "aws_ssm.StringParameter":
            own = reading.of(one)
            if wanted.strip("*") and pattern(own.term(own.at(one.made.args, "parameter_name")).value) == wanted:
                return own.term(own.at(one.made.args, "string_value"))
    return Term(Hole(wanted))


def _line(reading: Reading, client: Client) -> int:
    return client.site.line if client.site is not None and client.site.path == reading.path else 0


Handler = Callable[[Reading, Client, str], Term]

_BY_KIND: Mapping[str, Handler] = {
    "json.dumps": _first,
    "Token.as_string": _first,
    "Lazy.string": _first,
    "Fn.join": _joined,
    "aws_iam.PolicyStatement": _statement,
    "aws_iam.PolicyDocument": _document,
    "aws_iam.ServicePrincipal": _principal,
    "aws_events.EventPattern": _event_pattern,
    "aws_lambda.FilterCriteria.filter": _event_filter,
    "aws_ssm.StringParameter.value_for_string_parameter": _stored,
    "aws_ssm.StringParameter.value_from_lookup": _stored,
    "aws_ssm.StringParameter.from_string_parameter_name.string_value": _stored,
    "aws_ssm.StringParameter.from_string_parameter_attributes.string_value": _stored,
}
_BY_FAMILY: Mapping[str, Handler] = {
    "aws_events.Schedule": _schedule,
    "aws_scheduler.ScheduleExpression": _schedule,
    "aws_events.Match": _match,
    "aws_sns.SubscriptionFilter": _filter,
    "aws_sns.FilterOrPolicy": _filter,
}
