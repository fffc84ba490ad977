"""Systems for tests, said in one line per place: ``produce("kafka:orders", by="shop")``."""

from __future__ import annotations

import itertools
from typing import Any

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Role, Service
from brokerlint.places import Place
from brokerlint.topology import ChannelDeclaration, Declarations, Topology, build

_LIBRARIES = {"kafka": "confluent-kafka", "sqs": "boto3"}
_lines = itertools.count(1)


def name(text: str, **about: Any) -> Name:
    """``orders`` exact, ``orders-*`` a pattern, ``$TOPIC`` a variable, ``#Orders`` a logical id, ``?`` unknown."""
    about.setdefault("origin", "literal")
    if text == "?":
        return Name("unknown", why="it comes from a database")
    if text.startswith("$"):
        return Name("env", env=text[1:], **about)
    if text.startswith("#"):
        return Name("logical", logical=text[1:], **about)
    return Name("pattern" if "*" in text else "exact", text, **about)


def channel_name(channel_id: str, **about: Any) -> ChannelName:
    system, _, text = channel_id.partition(":")
    return ChannelName(system, name(text, **about))


def endpoint(
    role: Role,
    *channels: str | ChannelName,
    by: str | tuple[str, ...] = "app",
    function: str = "",
    path: str = "",
    line: int = 0,
    group: str | Name | None = None,
    library: str = "",
    operation: str = "call",
    config: dict[str, Any] | None = None,
    origin: str = "literal",
    system: str = "",
    chain: Place | None = None,
    **facts: Any,
) -> Endpoint:
    """One endpoint; keyword arguments that are not its fields are its facts."""
    services = (by,) if isinstance(by, str) else by
    names = tuple(channel_name(c) if isinstance(c, str) else c for c in channels)
    system = system or names[0].system
    first = services[0] if services and services[0] else "lib"
    place = Place(path or f"{first}/app.py", line or next(_lines))
    groups = () if group is None else (name(group) if isinstance(group, str) else group,)
    settings = {key: {"value": value, "origin": origin} for key, value in (config or {}).items()}
    function = function or f"{first}.{'handle' if role == 'consume' else 'send'}"
    library = library or _LIBRARIES.get(system, "boto3")
    return Endpoint(
        f"{place.path}:{place.line}", place, function, system, role, library, operation, names, groups,
        tuple(s for s in services if s), (chain,) if chain else (), settings, facts,
    )  # fmt: skip


def produce(*channels: str | ChannelName, **about: Any) -> Endpoint:
    return endpoint("produce", *channels, **about)


def consume(*channels: str | ChannelName, **about: Any) -> Endpoint:
    return endpoint("consume", *channels, **about)


def works(*classes: str) -> list[dict[str, Any]]:
    """Effects of these classes."""
    return [{"class": kind, "place": Place("work.py", index + 1)} for index, kind in enumerate(classes)]


def service(name: str, **about: Any) -> Service:
    about.setdefault("platform", "container")
    return Service(name, **about)


def declared(channel_id: str, kind: str = "", environment: str = "unknown", defaulted: tuple[str, ...] = (),
             path: str = "template.yaml", **properties: Any) -> Channel:  # fmt: skip
    found = channel_name(channel_id, origin="manifest")
    kinds = {"sqs": "queue", "kafka": "topic", "sns": "topic", "kinesis": "stream", "eventbridge": "bus"}
    place = Place(path, next(_lines))
    return Channel(
        found.id, found.system, kind or kinds[found.system], found.name, properties, defaulted, (place,), environment
    )


def link(kind: str, source: str, target: str, path: str = "template.yaml", **properties: Any) -> Link:
    return Link(kind, source, target, Place(path, next(_lines)), properties)


def system(*parts: Endpoint | Service | Channel | Link, declarations: Declarations | None = None) -> Topology:
    """The topology of these parts; services that are only named by endpoints are containers."""
    endpoints = tuple(part for part in parts if isinstance(part, Endpoint))
    services = {part.name: part for part in parts if isinstance(part, Service)}
    for part in endpoints:
        for each in part.services:
            services.setdefault(each, service(each))
    facts = Facts(
        tuple(services.values()),
        tuple(part for part in parts if isinstance(part, Channel)),
        endpoints,
        tuple(part for part in parts if isinstance(part, Link)),
    )
    return build(facts, declarations)


def declaring(match: str, **about: Any) -> Declarations:
    """Declarations about one channel."""
    return Declarations(channels=(ChannelDeclaration(match, **about),))
