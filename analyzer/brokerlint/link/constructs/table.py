"""The table of constructs: ``cdk.yaml`` as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

OUTPUT = "CfnOutput"
"""The class of what a stack gives away."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Form:
    """One construct, or an object that is tied to one.

    ``type`` is CloudFormation's. ``properties`` maps its properties to arguments, ``attached`` arguments that hold
    objects to the list of properties that they become entries of ("" for resources of their own). ``code`` is the
    argument with a function's code, ``handler`` those that name its file and function where ``handler`` alone doesn't.
    ``container`` holds a container's options ("" for the construct's own arguments), ``of`` its task. ``alarm`` is the
    argument with a metric. ``owner`` is the property that names the construct which an object is tied to. ``parts`` are
    the constructs of a pattern, ``variables`` what it tells its functions, ``grants`` what it lets them do.
    """

    type: str = ""
    properties: Mapping[str, str | None] = field(default_factory=dict)
    attached: Mapping[str, str] = field(default_factory=dict)
    external: bool = False
    code: str = ""
    handler: tuple[str, ...] = ()
    container: str | None = None
    of: str = ""
    alarm: str = ""
    owner: str = ""
    integration: bool = False
    parts: Mapping[str, Part] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    grants: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part:
    """A construct that a pattern makes, of the class ``construct`` (or only of a ``type``), with the arguments in the
    pattern's argument ``given``. It is not made where ``existing`` is given instead, or ``unless`` is, or ``when`` is
    not."""

    construct: str = ""
    type: str = ""
    given: str = ""
    existing: str = ""
    unless: str = ""
    when: str = ""
    properties: Mapping[str, str] = field(default_factory=dict)

    def is_made(self, given: Callable[[str], bool]) -> bool:
        """Whether a pattern makes this part, by which of its arguments are given."""
        return not (self.unless and given(self.unless)) and not (self.when and not given(self.when))


@dataclass(frozen=True, slots=True)
class Table:
    """Everything that is known about constructs."""

    families: Mapping[str, str]
    spellings: Mapping[str, str]
    written: frozenset[str]
    constructs: Mapping[str, Form]
    attached: Mapping[str, Form]
    targets: Mapping[str, str]
    notifications: Mapping[str, tuple[str, str]]
    grants: Mapping[str, Mapping[str, str]]
    containers: Mapping[str, str]
    assets: frozenset[str]
    values: Mapping[str, Mapping[str, str]]
    structs: tuple[re.Pattern[str], ...]

    def form(self, kind: str) -> Form | None:
        """What is known of a class of constructs; of CloudFormation's own resources by their name alone."""
        known = self.constructs.get(kind)
        if known is not None:
            return known
        module, _, name = kind.partition(".")
        family = self.families.get(module)
        raw = family is not None and name.startswith("Cfn") and "." not in name
        return Form(f"AWS::{family}::{name.removeprefix('Cfn')}") if raw else None

    def is_wanted(self, kind: str) -> bool:
        """Whether a class of constructs is one that tells something."""
        return self.form(kind) is not None or kind == OUTPUT

    def is_construct(self, path: str) -> bool:
        """Whether calling this makes a construct: something with a scope and an id."""
        if self.form(path) is not None:
            return True
        name = path.rpartition(".")[2]
        if not name[:1].isupper() or path in self.attached:
            return False
        return not any(one.search(path) for one in self.structs)

    def spelled(self, name: str) -> str:
        """CloudFormation's name of a property in Python's spelling; other keys as they are."""
        if name in self.spellings:
            return self.spellings[name]
        if re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*_?", name):
            return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
        return name[:1].upper() + name[1:] if re.fullmatch(r"[a-z][A-Za-z0-9]*", name) else name


@cache
def cdk_table() -> Table:
    """The table of the AWS CDK."""
    data = yaml.load(files(__package__).joinpath("cdk.yaml").read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    return Table(
        data["families"],
        {_snake(name): name for name in data["spellings"]},
        frozenset(data["written"]),
        {name: _form(entry) for name, entry in data["constructs"].items()},
        {name: _form(entry) for name, entry in data["attached"].items()},
        _texts(data["targets"]),
        {name: (several, one) for name, (several, one) in data["notifications"].items()},
        data["grants"],
        data["containers"],
        frozenset(data["assets"]),
        data["values"],
        tuple(re.compile(one) for one in data["structs"]),
    )


def _form(entry: dict[str, Any]) -> Form:
    parts = {name: _part(part) for name, part in entry.get("parts", {}).items()}
    properties = {name: None if source is None else str(source) for name, source in entry.get("properties", {}).items()}
    return Form(**(entry | {"properties": properties, "parts": parts, "handler": tuple(entry.get("handler", ()))}))


def _part(entry: dict[str, Any]) -> Part:
    known = {name: value for name, value in entry.items() if name != "from"}
    return Part(**(known | {"given": entry.get("from", "")}))


def _texts(entries: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in entries.items()}


def _snake(name: str) -> str:
    """``KinesisStreamARN``: ``kinesis_stream_arn``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
