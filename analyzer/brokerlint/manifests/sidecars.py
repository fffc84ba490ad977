"""Applications behind a Dapr sidecar: what they are called, which component a name means, who gets a subscription's
messages.

An application is known by its id (the annotation ``dapr.io/app-id``, the option ``--app-id``), which is its service's
property ``app_id``. Components of one name are told apart by where they stand: the one nearest to who names it counts,
of several that one for production.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from brokerlint.manifests.facts import (
    ComponentFact,
    End,
    LinkFact,
    ManifestFacts,
    Reference,
    ServiceFact,
    SubscriptionFact,
    Text,
)
from brokerlint.manifests.profiles import profile_of

_Placed = TypeVar("_Placed", ComponentFact, ServiceFact)
_OPTIONS = ("--app-id", "-app-id", "-a")
_PREFERENCE = ("prod", "unknown", "dev", "test")


def app_id(command: Sequence[str]) -> str:
    """The id that the command of a sidecar (``daprd``, ``dapr run``) gives its application; "" for other commands."""
    words = [word for part in command for word in part.split()]
    programs = [posixpath.basename(word) for word in words[:3]]
    if "daprd" not in programs and programs[:2] != ["dapr", "run"]:
        return ""
    for index, word in enumerate(words):
        option, sign, value = word.partition("=")
        if word == "--":
            break
        if option in _OPTIONS:
            return value if sign else "".join(words[index + 1 : index + 2])
    return ""


def component(
    components: Iterable[ComponentFact], name: str, kind: str, path: str, apps: Iterable[str] = ()
) -> ComponentFact | None:
    """The component that ``name`` means at ``path``, for the applications ``apps`` where they are known; None where
    there is none, or where several disagree about the system."""
    apps = set(apps)
    alike = [one for one in components if one.name == name and one.kind == kind]
    alike = [one for one in alike if not (apps and one.scopes) or not apps.isdisjoint(one.scopes)]
    alike = _nearest(alike, path)
    rank = min((_rank(one) for one in alike), default=0)
    alike = [one for one in alike if _rank(one) == rank]
    return alike[0] if len({(one.system, one.reads, one.writes) for one in alike}) == 1 else None


def delivered(facts: ManifestFacts) -> ManifestFacts:
    """The facts with a link for each subscription that is known to reach an application."""
    links = [link for one in facts.subscriptions for link in _links(one, facts)]
    return replace(facts, links=(*facts.links, *links)) if links else facts


def _links(subscription: SubscriptionFact, facts: ManifestFacts) -> Iterator[LinkFact]:
    apps = subscription.scopes or _only(facts, subscription.place.path)
    found = component(facts.components, subscription.component, "pubsub", subscription.place.path, apps)
    system = found.system if found and found.system else "dapr"
    properties = {"group": found.group} if found and found.group else {}
    routes = {"routes": list(subscription.routes)} if subscription.routes else {}
    for app in apps:
        called = [service for service in facts.services if service.properties.get("app_id") == app]
        called = _nearest(called, subscription.place.path)
        for target in (*(Reference(service.key) for service in called), *(() if called else (Text(app),))):
            ends = End(system, Text(subscription.topic)), End("service", target)
            yield LinkFact("event_source_mapping", *ends, subscription.place, {**properties, **routes})


def _only(facts: ManifestFacts, path: str) -> tuple[str, ...]:
    """The application that a subscription without scopes goes to: that which is alone nearest to it. Of several, those
    get it that have the route, which no manifest tells."""
    apps = [one for one in facts.services if one.properties.get("app_id")]
    found = {str(one.properties["app_id"]) for one in _nearest(apps, path)}
    return tuple(found) if len(found) == 1 else ()


def _nearest(facts: Sequence[_Placed], path: str) -> list[_Placed]:
    """Those whose files have the most folders in common with ``path``."""
    most = max((_nearness(one.place.path, path) for one in facts), default=0)
    return [one for one in facts if _nearness(one.place.path, path) == most]


def _nearness(path: str, other: str) -> int:
    common = posixpath.commonpath((f"/{posixpath.dirname(path)}", f"/{posixpath.dirname(other)}"))
    return len(common.strip("/").split("/")) if common.strip("/") else 0


def _rank(one: ComponentFact) -> int:
    return _PREFERENCE.index(profile_of(one.place.path))
