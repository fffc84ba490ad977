"""A part of a system: the facts around one service or channel."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from brokerlint.facts import Endpoint, Facts, Link
from brokerlint.topology import Topology, Use, build

_SERVICE = "service:"


class UnknownNodeError(Exception):
    """A word that names no service and no channel: one sentence with the nearest names."""


def focus(facts: Facts, node: str, depth: int = 2) -> Facts:
    """What lies within ``depth`` steps of ``node``, where a step leads from a service to a channel or back.

    ``node`` is the name of a service or channel, or the id of a channel (``kafka:orders``); it may name several. Raises
    ``UnknownNodeError``.
    """
    topology = build(facts)
    reached = _named(topology, node)
    near = _steps(topology)
    edge = set(reached)
    for _ in range(depth):
        edge = {other for key in edge for other in near[key]} - reached
        reached |= edge
    return _within(facts, topology, reached)


def _named(topology: Topology, node: str) -> set[str]:
    """The keys of the boxes that ``node`` names."""
    names = {f"{_SERVICE}{service.name}": {service.name} for service in topology.services()}
    names |= {channel.key: {channel.label, channel.id} for channel in topology.channels()}
    found = {key for key, words in names.items() if node == key or node in words}
    if not found:
        known = sorted({word for words in names.values() for word in words})
        close = get_close_matches(node, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise UnknownNodeError(f"no service or channel {node!r}{hint}")
    return found


def _steps(topology: Topology) -> dict[str, set[str]]:
    """From each box to those that one step leads to."""
    near: dict[str, set[str]] = defaultdict(set)
    pairs = [(use.channel, _far(use)) for use in topology.uses()]
    pairs += [(link.source, link.target) for link in topology.links()]
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    return near


def _far(use: Use) -> str:
    """Who uses the channel, as a box. A function of no known service is one by itself."""
    if use.service is not None:
        return f"{_SERVICE}{use.service.name}"
    return use.other or f"endpoint:{use.endpoint.id if use.endpoint else ''}"


def _within(facts: Facts, topology: Topology, reached: set[str]) -> Facts:
    """The facts about the boxes that were reached, and nothing that leads on to others."""
    endpoints = tuple(kept for endpoint in facts.endpoints for kept in _part(endpoint, topology, reached))
    places = {(endpoint.place.path, endpoint.place.line) for endpoint in endpoints}
    ids = {node.id for node in topology.channels() if node.key in reached} | reached
    return replace(
        facts,
        services=tuple(service for service in facts.services if f"{_SERVICE}{service.name}" in reached),
        channels=tuple(channel for channel in facts.channels if channel.id in ids),
        endpoints=endpoints,
        links=tuple(link for link in facts.links if _both(link, reached)),
        unresolved=tuple(u for u in facts.unresolved if (u.place.path, u.place.line) in places),
        diagnostics=(),
    )


def _part(endpoint: Endpoint, topology: Topology, reached: set[str]) -> Iterable[Endpoint]:
    """The endpoint with those of its services and channels that were reached; nothing when none of them was."""
    uses = [use for use in topology.uses_of(endpoint) if use.channel in reached and _far(use) in reached]
    names = {use.name for use in uses}
    services = {use.service.name for use in uses if use.service is not None}
    if uses:
        yield replace(
            endpoint,
            channels=tuple(channel for channel in endpoint.channels if channel.name in names),
            services=tuple(name for name in endpoint.services if name in services),
        )


def _both(link: Link, reached: set[str]) -> bool:
    return link.source in reached and link.target in reached
