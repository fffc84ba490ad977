"""Facts of several trees put together: what one organisation's repositories say as one system.

Channels join by their real names, which is the point of merging. Everything that is only meant within one tree is told
apart first: paths and logical ids get the tree's label in front, and so do services where two trees use the same name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from brokerlint.facts import ChannelName, Endpoint, Facts, Name
from brokerlint.places import Place

_NO_CHANNEL = ("service:", "external:")


def merge(parts: Sequence[tuple[str, Facts]]) -> Facts:
    """One ``Facts`` of several labelled ones; a single part stays as it is. Two equal labels are numbered."""
    if len(parts) == 1:
        return parts[0][1]
    services = Counter(name for _, facts in parts for name in {service.name for service in facts.services})
    labelled = []
    for label, (_, facts) in zip(_labels([label for label, _ in parts]), parts, strict=True):
        renamed = {f"service:{name}": f"service:{label}/{name}" for name in services if services[name] > 1}
        renamed |= {name: _qualified(name, label) for name in _logical_ids(facts)}
        labelled.append(_Label(label, renamed).facts(facts))
    merged = Facts()
    for facts in labelled:
        merged = Facts(
            merged.services + facts.services,
            merged.channels + facts.channels,
            merged.endpoints + facts.endpoints,
            merged.links + facts.links,
            merged.unresolved + facts.unresolved,
            merged.diagnostics + facts.diagnostics,
            _sum(merged.stats, facts.stats),
        )
    return merged


def _labels(labels: Sequence[str]) -> list[str]:
    seen: Counter[str] = Counter()
    result = []
    for label in labels:
        seen[label] += 1
        result.append(label if seen[label] == 1 else f"{label}-{seen[label]}")
    return result


def _logical_ids(facts: Facts) -> set[str]:
    """The ids of channels that are only known by a logical id, such as ``sqs:template.yaml#Orders``."""
    ids = {channel.id for channel in facts.channels}
    ids |= {channel.id for endpoint in facts.endpoints for channel in endpoint.channels}
    ids |= {end for link in facts.links for end in (link.source, link.target)}
    return {name for name in ids if "#" in name and not name.startswith(_NO_CHANNEL)}


def _qualified(channel: str, label: str) -> str:
    system, _, text = channel.partition(":")
    scope, _, logical = text.partition("#")
    return f"{system}:{_below(label, scope)}#{logical}"


def _below(label: str, path: str) -> str:
    """A path as seen from the common root; an empty one stands for the tree. A tree without a label is that root."""
    if not label:
        return path
    return f"{label}/{path}" if path and path != "." else label


def _sum(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Both statistics: numbers added, mappings likewise."""
    result = dict(first)
    for key, value in second.items():
        known = result.get(key)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            result[key] = _sum(known, value)
        elif isinstance(known, (int, float)) and isinstance(value, (int, float)):
            result[key] = known + value
        else:
            result[key] = value if known is None else known
    return result


@dataclass(frozen=True, slots=True)
class _Label:
    """Puts one tree's label on everything that is meant within the tree. ``renamed`` maps ids to their new ids."""

    label: str
    renamed: Mapping[str, str] = field(default_factory=dict)

    def facts(self, facts: Facts) -> Facts:
        """All of one tree's facts."""
        return Facts(
            tuple(
                replace(
                    service,
                    name=self.service(service.name),
                    roots=tuple(self.path(root) for root in service.roots),
                    program=f"{self.label}:{service.program}" if service.program else "",
                    properties=self.value(service.properties),
                    evidence=self.places(service.evidence),
                )
                for service in facts.services
            ),
            tuple(
                replace(
                    channel,
                    id=self.id(channel.id),
                    name=self.name(channel.name),
                    properties=self.value(channel.properties),
                    declared_at=self.places(channel.declared_at),
                )
                for channel in facts.channels
            ),
            tuple(self.endpoint(endpoint) for endpoint in facts.endpoints),
            tuple(
                replace(
                    link,
                    source=self.id(link.source),
                    target=self.id(link.target),
                    place=self.place(link.place),
                    properties=self.value(link.properties),
                )
                for link in facts.links
            ),
            tuple(replace(item, place=self.place(item.place)) for item in facts.unresolved),
            tuple(replace(item, path=self.path(item.path)) for item in facts.diagnostics),
            facts.stats,
        )

    def endpoint(self, endpoint: Endpoint) -> Endpoint:
        """An endpoint, its id made unique."""
        return replace(
            endpoint,
            id=f"{self.label}/{endpoint.id}",
            place=self.place(endpoint.place),
            channels=tuple(ChannelName(c.system, self.name(c.name)) for c in endpoint.channels),
            groups=tuple(self.name(group) for group in endpoint.groups),
            services=tuple(self.service(name) for name in endpoint.services),
            call_chain=self.places(endpoint.call_chain),
            config=self.value(endpoint.config),
            facts=self.value(endpoint.facts),
        )

    def name(self, name: Name) -> Name:
        """The name of a channel or group."""
        service = None if name.service is None else self.service(name.service)
        scope = self.path(name.scope) if name.kind == "logical" else name.scope
        return replace(name, trace=self.places(name.trace), service=service, scope=scope)

    def id(self, end: str) -> str:
        """A channel id or an end of a link."""
        return self.renamed.get(end, end)

    def service(self, name: str) -> str:
        """A service's name."""
        return self.id(f"service:{name}").removeprefix("service:")

    def path(self, path: str) -> str:
        """A path."""
        return _below(self.label, path)

    def place(self, place: Place) -> Place:
        """A place."""
        return replace(place, path=self.path(place.path))

    def places(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """Several places."""
        return tuple(self.place(place) for place in places)

    def value(self, value: Any) -> Any:
        """Places and ids anywhere inside properties."""
        if isinstance(value, Place):
            return self.place(value)
        if isinstance(value, str):
            return self.id(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(self.value(item) for item in value)
        return value
