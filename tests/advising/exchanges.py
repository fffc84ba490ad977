"""Small exchanges to advise on, written as who sends and who reads."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from brokerlint.advising import Advice, advise
from brokerlint.advising.evidence import Evidence
from brokerlint.advising.signals import gather
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service
from brokerlint.places import Place
from brokerlint.topology import ChannelDeclaration, ChannelNode, Declarations, Topology, build

KIND = {"sqs": "queue", "kafka": "topic", "sns": "topic", "eventbridge": "bus", "kinesis": "stream"}
LOCAL = {"bootstrap": {"value": ["kafka.example.org:9092"], "origin": "literal"}}


def _endpoint(role: Any, service: str, channel: str, line: int, group: str | None, facts: dict[str, Any]) -> Endpoint:
    system, _, name = channel.partition(":")
    config = {**(LOCAL if system == "kafka" else {}), **facts.pop("config", {})}
    library = facts.pop("library", "confluent-kafka" if system == "kafka" else "boto3")
    return Endpoint(
        id=f"{service}-{role}-{channel}-{line}-{group}",
        place=Place(f"{service}/app.py", line),
        function=facts.pop("function", f"{service}.{role}"),
        system=system,
        role=role,
        library=library,
        operation=role,
        channels=(ChannelName(system, Name("exact", name, origin="literal")),),
        groups=(Name("exact", group, origin="literal"),) if group else (),
        services=(service,),
        config=config,
        facts=facts,
    )


def sends(service: str, channel: str, line: int = 10, **facts: Any) -> Endpoint:
    """A producer whose call path is known not to wait for anything."""
    known = {"waits_for_reply": [], "key": {"kind": "none"}, "headers": [], "conditional": False}
    return _endpoint("produce", service, channel, line, None, {**known, **facts})


def reads(service: str, channel: str, line: int = 20, *, group: str | None = None, effects: Iterable[str] | None = (),
          **facts: Any) -> Endpoint:  # fmt: skip
    """A consumer whose code was understood; ``effects`` None: what its handler does is not known."""
    known: dict[str, Any] = {"seeks": [], "loop_kind": "while-true", "order_use": [], "stores_body": []}
    known |= {} if effects is None else {"effects": [{"class": effect} for effect in effects]}
    return _endpoint("consume", service, channel, line, group, {**known, **facts})


def where(line: int, path: str = "app.py") -> dict[str, Any]:
    """A place in a fact."""
    return {"path": path, "line": line}


def exchange(
    *endpoints: Endpoint,
    channels: Sequence[Channel] = (),
    links: Sequence[Link] = (),
    services: Sequence[Service] = (),
    world: Any = "auto",
    team: str = "unknown",
    **declared: Any,
) -> Topology:
    """The topology of ``endpoints``; ``declared`` are keys that are declared about every channel."""
    named = {service.name for service in services}
    others = {name for endpoint in endpoints for name in endpoint.services} - named
    everything = (*services, *(Service(name, (name,), "container", name) for name in sorted(others)))
    about = (ChannelDeclaration("*", **declared),) if declared else ()
    facts = Facts(everything, tuple(channels), tuple(endpoints), tuple(links))
    return build(facts, Declarations(world, about, team_ops_capacity=team))


def declared(channel: str, kind: str = "", **properties: Any) -> Channel:
    """A channel that a manifest declares."""
    system, _, name = channel.partition(":")
    place = (Place("template.yaml", 3),)
    return Channel(channel, system, kind or KIND[system], Name("exact", name, origin="manifest"), properties, (), place)


def node(topology: Topology, channel: str) -> ChannelNode:
    found = topology.channel(channel)
    assert found is not None
    return found


def advice(topology: Topology, channel: str) -> Advice:
    return advise(node(topology, channel))


def evidence(topology: Topology, channel: str, signal: str) -> Evidence:
    """The row of one signal."""
    return next(row for row in gather(node(topology, channel)) if row.signal == signal)


def email_jobs(**declared_: Any) -> Topology:
    """Kafka as a work queue: one sender, one group, an e-mail for each message."""
    return exchange(
        sends("signup", "kafka:email-jobs"),
        reads("mailer", "kafka:email-jobs", group="mailer", effects=("email",)),
        **declared_,
    )


def thumbnails(**declared_: Any) -> Topology:
    """A queue that is used as one."""
    return exchange(
        sends("web", "sqs:thumbnails"), reads("resizer", "sqs:thumbnails", effects=("subprocess",)), **declared_
    )
