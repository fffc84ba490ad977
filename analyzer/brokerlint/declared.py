"""What people declare about services and environments, put over what was found.

A declared service takes in every service that was found inside its roots, and every endpoint there. A declared
environment holds for what the manifests of its patterns describe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from brokerlint.config import ServiceDeclaration
from brokerlint.facts import ChannelName, Endpoint, Facts, Link, Name, Service
from brokerlint.globs import Globs, anchored, globs
from brokerlint.places import Place

Below = Callable[[Iterable[str]], tuple[str, ...]]
"""Patterns of the configuration as patterns of the tree."""

_SERVICE = "service:"


def with_environments(facts: Facts, environments: Mapping[str, Iterable[str]], below: Below) -> Facts:
    """``facts`` with the declared environments; ``environments`` maps each to patterns of manifests."""
    if not environments:
        return facts
    patterns = {environment: globs(below(paths)) for environment, paths in environments.items()}

    def of(places: tuple[Place, ...], known: str) -> str:
        matching = (word for word, paths in patterns.items() if any(paths.match(place.path) for place in places))
        return next(matching, known)

    return replace(
        facts,
        services=tuple(replace(s, environment=of(s.evidence, s.environment)) for s in facts.services),
        channels=tuple(replace(c, environment=of(c.declared_at, c.environment)) for c in facts.channels),
    )


def with_services(facts: Facts, declarations: Iterable[ServiceDeclaration], below: Below) -> Facts:
    """``facts`` with the declared services. Of two that hold the same file the later one counts."""
    declared = [(declaration, globs(below(map(anchored, declaration.roots)))) for declaration in declarations]
    declared = [(declaration, roots) for declaration, roots in declared if roots]
    if not declared:
        return facts
    renamed = {
        service.name: declaration.name
        for declaration, roots in declared
        for service in facts.services
        if service.roots and all(roots.match(root) for root in _own(service.roots))
    }
    kept = [service for service in facts.services if service.name not in renamed]
    taken = [(d, roots, [s for s in facts.services if renamed.get(s.name) == d.name]) for d, roots in declared]
    return replace(
        facts,
        services=(*kept, *(_service(declaration, found) for declaration, _, found in taken)),
        endpoints=tuple(_endpoint(endpoint, renamed, declared) for endpoint in facts.endpoints),
        links=tuple(_link(link, renamed) for link in facts.links),
    )


def _own(roots: tuple[str, ...]) -> tuple[str, ...]:
    """Where a service lives: of a program that is one file, that file, whatever else its folder holds."""
    return roots[:1] if roots[0].endswith(".py") else roots


def _service(declaration: ServiceDeclaration, found: list[Service]) -> Service:
    """The declared service; what the declaration leaves open is taken from the first service found in it."""
    known = found[0] if found else Service(declaration.name)
    return replace(
        known,
        name=declaration.name,
        roots=declaration.roots,
        platform=declaration.platform or known.platform,
        program=declaration.name,
        environment=declaration.environment or known.environment,
        tooling=known.tooling if declaration.tooling is None else declaration.tooling,
        owners=declaration.owners or known.owners,
        evidence=tuple(dict.fromkeys(place for service in found for place in service.evidence)),
    )


def _endpoint(
    endpoint: Endpoint, renamed: Mapping[str, str], declared: list[tuple[ServiceDeclaration, Globs]]
) -> Endpoint:
    """The endpoint in its declared services. A value that held in a renamed service holds in the declared one."""
    services = dict.fromkeys(renamed.get(name, name) for name in endpoint.services)
    holding = [declaration.name for declaration, roots in declared if roots.match(endpoint.place.path)]
    if holding and holding[-1] not in services:
        services = dict.fromkeys(holding[-1:])

    def name(known: Name) -> Name:
        return known if known.service is None else replace(known, service=renamed.get(known.service, known.service))

    return replace(
        endpoint,
        services=tuple(services),
        channels=tuple(dict.fromkeys(ChannelName(channel.system, name(channel.name)) for channel in endpoint.channels)),
        groups=tuple(dict.fromkeys(name(group) for group in endpoint.groups)),
    )


def _link(link: Link, renamed: Mapping[str, str]) -> Link:
    def end(text: str) -> str:
        old = text.removeprefix(_SERVICE)
        return f"{_SERVICE}{renamed[old]}" if text.startswith(_SERVICE) and old in renamed else text

    return replace(link, source=end(link.source), target=end(link.target))
