"""Facts without anybody's names, for showing a system to strangers: who uses what stays, what it is called goes.

Names are replaced word by word (``orders-eu`` becomes ``name1-name2``, ``orders-*`` becomes ``name1-*``), the same word
by the same pseudonym everywhere, so that names which belonged together still do. Words that tell what a channel is for
(``dlq``, ``retry``) and the words of the field stay. Free text goes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service
from brokerlint.models.load import builtin
from brokerlint.places import Place

_WORD = re.compile(r"(?i:dlq|deadletter)|[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+|[^\W_]")
_KEPT = frozenset(
    "dlq dead letter deadletter dl retry retries fifo service external sqs sns kafka kinesis firehose eventbridge "
    "correlation reply attempt to id py yaml yml json tf toml sh main app src "
    "localhost svc cluster local internal amazonaws com net 127 0 1 plaintext ssl sasl".split()
)
"""Words that say nothing about anybody: the field's own, endings of files, what tells a near host from a far one."""

_VOCABULARY = frozenset(
    "client_scope entry_kind loop loop_kind response group_kind handoff none_test future position kind role metadata "
    "cluster_kind storage mode cleanup_policy source consumption_mode errors_tolerance recursive_loop class store on "
    "origin acks auto_offset_reset isolation_level compression_type security_protocol serializer deserializer "
    "library_version version metric replays_from effect response_types flush".split()
)
_VENDORS = re.compile(r"[A-Za-z_,-]+|[0-9.]+")
"""Keys whose texts are the program's or the vendor's own words, and what such words look like."""

_OWN = ("celery", "aws-lambda")
"""Libraries that are understood without a model."""

_ACTION = re.compile(r"\*|[A-Za-z0-9]+:[A-Za-z*]+")
_PRINCIPAL = re.compile(r"\*|[a-z0-9-]+\.amazonaws\.com")
_KEY = re.compile(r"[A-Za-z_]+|(?i:aws):[A-Za-z]+")
"""Parts of a policy that are the vendor's: what may be done (under ``actions``), a service that may do it, a key."""


def anonymize(facts: Facts) -> Facts:
    """``facts`` with pseudonyms for every name, path and text. The same facts always get the same pseudonyms."""
    libraries = frozenset((*_OWN, *(library.name for library in builtin())))
    return _Pseudonyms(libraries).facts(facts)


@dataclass(slots=True)
class _Pseudonyms:
    """The pseudonyms given so far, by word in lower case. ``libraries`` are those whose names everybody knows."""

    libraries: frozenset[str]
    given: dict[str, str] = field(default_factory=dict)

    def facts(self, facts: Facts) -> Facts:
        """All facts; diagnostics quote the tree, so they go."""
        return replace(
            facts,
            services=tuple(self.service(service) for service in facts.services),
            channels=tuple(self.channel(channel) for channel in facts.channels),
            endpoints=tuple(self.endpoint(index, endpoint) for index, endpoint in enumerate(facts.endpoints)),
            links=tuple(self.link(link) for link in facts.links),
            unresolved=tuple(replace(item, place=self.place(item.place), why="withheld") for item in facts.unresolved),
            diagnostics=(),
            stats={key: value for key, value in facts.stats.items() if isinstance(value, (int, float))},
        )

    def service(self, service: Service) -> Service:
        """One service."""
        return replace(
            service,
            name=self.text(service.name),
            roots=tuple(self.text(root) for root in service.roots),
            program=self.text(service.program),
            owners=tuple(self.text(owner) for owner in service.owners),
            properties=self.mapping(service.properties),
            evidence=self.places(service.evidence),
        )

    def channel(self, channel: Channel) -> Channel:
        """One channel."""
        return replace(
            channel,
            id=self.text(channel.id),
            name=self.name(channel.name),
            properties=self.mapping(channel.properties),
            declared_at=self.places(channel.declared_at),
        )

    def endpoint(self, index: int, endpoint: Endpoint) -> Endpoint:
        """One endpoint. A library of the house has no name; its operations tell only what they do."""
        known = endpoint.library in self.libraries
        return replace(
            endpoint,
            id=f"e{index}",
            place=self.place(endpoint.place),
            function=self.text(endpoint.function),
            library=endpoint.library if known else self.text(endpoint.library),
            operation=endpoint.operation if known else endpoint.role,
            channels=tuple(ChannelName(c.system, self.name(c.name)) for c in endpoint.channels),
            groups=tuple(self.name(group) for group in endpoint.groups),
            services=tuple(self.text(name) for name in endpoint.services),
            call_chain=self.places(endpoint.call_chain),
            config={key: self.mapping(setting, key) for key, setting in endpoint.config.items()},
            facts=self.mapping(endpoint.facts),
        )

    def link(self, link: Link) -> Link:
        """One link; the class of a connector may be the house's own."""
        return replace(
            link,
            source=self.text(link.source),
            target=self.text(link.target),
            place=self.place(link.place),
            properties={key: self.value(item, key if key != "class" else "") for key, item in link.properties.items()},
        )

    def name(self, name: Name) -> Name:
        """The name of a channel or group."""
        return replace(
            name,
            text=None if name.text is None else self.text(name.text),
            env=None if name.env is None else self.text(name.env),
            logical=None if name.logical is None else self.text(name.logical),
            trace=self.places(name.trace),
            why="withheld" if name.why else "",
            service=None if name.service is None else self.text(name.service),
            scope=self.text(name.scope),
        )

    def places(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """Several places."""
        return tuple(self.place(place) for place in places)

    def place(self, place: Place) -> Place:
        """A place: its lines stay, its words go."""
        return Place(self.text(place.path), place.line, place.end_line)

    def mapping(self, values: Mapping[str, Any], setting: str = "") -> dict[str, Any]:
        """Properties, or what is known of one ``setting`` of a client. Keys that are ours or the vendor's stay."""
        return {
            key if _KEY.fullmatch(key) else self.text(key): self.value(item, setting if key == "value" else key)
            for key, item in values.items()
        }

    def value(self, value: Any, key: str) -> Any:
        """The value of a property named ``key``: numbers and truth values stay, texts only where the key says so."""
        if isinstance(value, Place):
            return self.place(value)
        if isinstance(value, str):
            public = _VENDORS if key in _VOCABULARY else _ACTION if key == "actions" else _PRINCIPAL
            return value if public.fullmatch(value) else self.text(value)
        if isinstance(value, Mapping):
            return self.mapping(value)
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self.value(item, key) for item in value]
        return value

    def text(self, text: str) -> str:
        """``text`` with every word replaced, signs between them kept."""
        return _WORD.sub(self._word, text)

    def _word(self, match: re.Match[str]) -> str:
        word = match[0]
        if word.lower() in _KEPT:
            return word
        pseudonym = self.given.setdefault(word.lower(), f"name{len(self.given) + 1}")
        if word.isupper():
            return pseudonym.upper()
        return pseudonym.capitalize() if word.istitle() else pseudonym
