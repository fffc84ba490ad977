"""Queues whose attributes code sets: the facts that a manifest would give for them.

``create_queue`` and its like tell where messages go that cannot be handled, how long a message is hidden and kept. A
queue that a manifest declares is what the manifest says; where code says two things of one queue, neither is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from brokerlint.facts import Channel, ChannelName, Endpoint, Link, Name
from brokerlint.link import library, naming
from brokerlint.link.bind import Binder
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.services import Deployment
from brokerlint.link.values import Const, Record, Template, Values, unknown
from brokerlint.manifests.bootstrap import SQS_ATTRIBUTES
from brokerlint.manifests.kafka_properties import whole
from brokerlint.places import Place

ARGUMENT = "attributes"
"""What models call the argument that holds the attributes."""

_TARGET = re.compile(r'"deadLetterTargetArn"\s*:\s*"([^"]+)"')
_COUNT = re.compile(r'"maxReceiveCount"\s*:\s*"?(\d{1,9})')
_MARK = re.compile("\ue000([0-9]+)\ue001")


@dataclass(frozen=True, slots=True)
class _Set:
    """What one call sets: properties, and the names of the dead-letter queue."""

    properties: Mapping[str, Any]
    dead: tuple[Name, ...]
    count: int | None
    running: tuple[Deployment, ...]
    place: Place


@dataclass(slots=True)
class QueueAttributes:
    """The attributes that the calls of one tree set, by the endpoint of each call."""

    ev: Evaluator
    binder: Binder
    _by_endpoint: dict[str, _Set] = field(default_factory=dict)

    def note(self, endpoint: Endpoint, members: Sequence[Found], running: Iterable[Deployment]) -> None:
        """Take in what the uses that an endpoint is made of set."""
        use = members[0].use
        if endpoint.system != "sqs" or use.operation.role != "manage" or ARGUMENT not in use.operation.arguments:
            return
        spec = use.operation.arguments[ARGUMENT]
        given = [library.argument(self.ev, spec, one.use.args, one.use.client, one.use.config) for one in members]
        records = [value for values in given for value in values if isinstance(value, Record)]
        if len(records) != 1 or any(len(values) != 1 for values in given):
            return
        policy = _policy(records[0].get("RedrivePolicy") or ())
        dead = naming.names(policy[0], "sqs") if policy else ()
        known = tuple(name for name in dead if name.kind != "unknown")
        count = policy[1] if policy else None
        properties = dict(_properties(records[0]))
        if properties or known:
            self._by_endpoint[endpoint.id] = _Set(properties, known, count, tuple(running), endpoint.place)

    def links(self, endpoints: Iterable[Endpoint]) -> list[Link]:
        """The redrives from the queues of the bound ``endpoints``."""
        return [link for endpoint in endpoints for link in self._redrives(endpoint)]

    def _redrives(self, endpoint: Endpoint) -> Iterator[Link]:
        told = self._by_endpoint.get(endpoint.id)
        if told is None or not told.dead:
            return
        targets = [one for name in told.dead for one in self.binder.given(name, list(told.running), "sqs")]
        ids = dict.fromkeys(ChannelName("sqs", one).id for one in targets if one.kind != "unknown")
        sources = dict.fromkeys(channel.id for channel in endpoint.channels if channel.name.kind != "unknown")
        if len(ids) != 1:
            return  # which of them belongs to which queue is not known
        for source in sources:
            properties = {} if told.count is None else {"max_receive_count": told.count}
            yield Link("redrive", source, next(iter(ids)), told.place, properties)

    def applied(
        self, channels: Iterable[Channel], endpoints: Iterable[Endpoint], links: Iterable[Link]
    ) -> list[Channel]:
        """The channels with what code sets for those that no manifest declares."""
        found: dict[str, dict[str, list[Any]]] = {}
        for endpoint in endpoints:
            told = self._by_endpoint.get(endpoint.id)
            for channel in endpoint.channels if told else ():
                for key, value in told.properties.items() if told else ():
                    found.setdefault(channel.id, {}).setdefault(key, []).append(value)
        for link in links:
            dead = {"dead_letter": link.target, "max_receive_count": link.properties.get("max_receive_count")}
            for key, value in dead.items():
                found.setdefault(link.source, {}).setdefault(key, []).append(value)
        return [
            replace(one, properties={**one.properties, **_agreed(found[one.id])})
            if one.id in found and not one.declared_at
            else one
            for one in channels
        ]


def _agreed(values: Mapping[str, list[Any]]) -> dict[str, Any]:
    return {key: same[0] for key, same in values.items() if same[0] is not None and all(v == same[0] for v in same)}


def _properties(record: Record) -> Iterator[tuple[str, Any]]:
    for attribute, (key, convert) in SQS_ATTRIBUTES.items():
        texts = [value.value for value in record.get(attribute) or () if isinstance(value, Const)]
        given = convert(str(texts[0])) if len(texts) == 1 == len(record.get(attribute) or ()) else None
        if given is not None:
            yield key, given


def _policy(values: Values) -> tuple[Values, int | None] | None:
    """The dead-letter queue's ARN and the number of receives; None for a policy that is not known."""
    value = values[0] if len(values) == 1 else None
    if isinstance(value, Record):
        counts = [one.value for one in value.get("maxReceiveCount") or () if isinstance(one, Const)]
        return (value.get("deadLetterTargetArn") or (), whole(str(counts[0])) if len(counts) == 1 else None)
    if isinstance(value, Const) and isinstance(value.value, str):
        return _written(value.value, ())
    if isinstance(value, Template):
        holes = tuple(part for part in value.parts if not isinstance(part, str))
        numbers = iter(range(len(holes)))
        text = "".join(part if isinstance(part, str) else f"\ue000{next(numbers)}\ue001" for part in value.parts)
        return _written(text, holes)
    return None


def _written(text: str, holes: Values) -> tuple[Values, int | None] | None:
    """A policy written as JSON, with marks where ``holes`` stand."""
    target, count = _TARGET.search(text), _COUNT.search(text)
    if target is None:
        return None
    hole = _MARK.fullmatch(target[1])
    if hole is not None:
        arn: Values = (holes[int(hole[1])],)
    else:
        arn = unknown("an ARN that is put together") if "\ue000" in target[1] else (Const(target[1]),)
    return arn, int(count[1]) if count else None
