"""Endpoints that name a component in place of a broker: which system it is, by the manifest that declares it.

Code of Dapr publishes to a topic of a *pub/sub component* or calls a *binding*, which stands for a channel by itself. A
binding that no manifest declares, or one to something else than a broker, is no messaging as far as is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from brokerlint.facts import ChannelName, Endpoint, Name
from brokerlint.link import library, naming
from brokerlint.link.bind import Binder
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.services import Deployment
from brokerlint.manifests.facts import ComponentFact
from brokerlint.manifests.sidecars import component

_KINDS = ("pubsub", "binding")
"""The arguments that name a component, as models call them: the kind of component."""


class Components:
    """The components of one tree. Takes the evaluator, the binder of names, and what manifests declare."""

    def __init__(self, ev: Evaluator, binder: Binder, components: Sequence[ComponentFact]) -> None:
        self._ev = ev
        self._binder = binder
        self._components = components

    def behind(self, endpoint: Endpoint, members: Sequence[Found], running: list[Deployment]) -> Endpoint | None:
        """The endpoint with the system, channels and groups of its component; None for a binding to no broker."""
        arguments = members[0].use.operation.arguments
        kind = next((kind for kind in _KINDS if kind in arguments), None)
        if kind is None:
            return endpoint
        apps = [str(fact.properties["app_id"]) for one in running for fact in one.facts if "app_id" in fact.properties]
        meant = [
            component(self._components, name.text or "", kind, endpoint.place.path, apps)
            for one in members
            for name in self._names(one, kind, running)
        ]
        found = [one for one in meant if one is not None and one.system]
        if not found or len(found) < len(meant) or len({one.system for one in found}) > 1:
            return None if kind == "binding" else endpoint
        groups = self._groups(found, endpoint, apps)
        if kind == "binding":
            return _bound(endpoint, found, groups)
        system = found[0].system
        channels = tuple(replace(channel, system=system) for channel in endpoint.channels)
        return replace(endpoint, system=system, channels=channels, groups=groups)

    def _names(self, found: Found, kind: str, running: list[Deployment]) -> list[Name]:
        use = found.use
        values = library.argument(self._ev, use.operation.arguments[kind], use.args, use.client, use.config)
        return [bound for name in naming.names(values, "config") for bound in self._binder.given(name, running)]

    def _groups(self, found: Sequence[ComponentFact], endpoint: Endpoint, apps: Sequence[str]) -> tuple[Name, ...]:
        """The consumer group of a Kafka component, which is the application's id unless it says otherwise."""
        if endpoint.role != "consume" or found[0].system != "kafka":
            return endpoint.groups
        groups = dict[str, Name]()
        for one in found:
            for text in (one.group,) if one.group else apps:
                trace = (one.place.saying("names the consumer group"),) if one.group else ()
                groups[text] = Name("pattern" if "*" in text else "exact", text, origin="manifest", trace=trace)
        return tuple(groups.values())


def _bound(endpoint: Endpoint, found: Sequence[ComponentFact], groups: tuple[Name, ...]) -> Endpoint | None:
    """The endpoint on the channels that a binding reads or writes; None where it does neither."""
    channels = [
        ChannelName(one.system, Name("exact", naming.plain(text, one.system), origin="manifest", trace=(one.place,)))
        for one in found
        for text in (one.reads if endpoint.role == "consume" else one.writes)
    ]
    return replace(endpoint, system=channels[0].system, channels=tuple(channels), groups=groups) if channels else None
