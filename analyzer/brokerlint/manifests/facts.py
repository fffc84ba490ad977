"""What every manifest reader gives, whatever its format: services, channels, links, role hints, with their places.

Values keep what a deployment file really says: a reference stays a reference until it is joined, a parameter without
a value stays a hole. ``join`` turns them into names; nothing here knows Python code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from brokerlint.places import Diagnostic, Place


@dataclass(frozen=True, slots=True)
class Text:
    """A text that stands in the file."""

    text: str


@dataclass(frozen=True, slots=True)
class Reference:
    """The resource with this ``ChannelFact.key`` (or ``ServiceFact.key``), by an attribute (``url``, ``arn``,
    ``name`` ...)."""

    key: str
    attribute: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """An environment variable of the deployment (``${TOPIC:-orders}``), with its default where one is given."""

    name: str
    default: Value | None = None


@dataclass(frozen=True, slots=True)
class Concat:
    """Parts that stand one after the other."""

    parts: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several, by a condition that is not known."""

    options: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that this file does not tell; ``label`` names it (``AWS::Region``, ``param Stage``)."""

    label: str


Value: TypeAlias = Text | Reference | Variable | Concat | Choice | Hole

Exactness: TypeAlias = Literal["exact", "defaulted", "partial", "templated", "alternative"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One environment variable's value of one service, and where it is set."""

    value: Value
    place: Place
    exactness: Exactness = "exact"


@dataclass(frozen=True, slots=True)
class ServiceFact:
    """A deployable unit as one manifest describes it.

    ``key`` is unique in the tree (``path#name``). ``roots`` are directories relative to the tree's root ("" is the
    root itself). ``command`` is the argument vector that starts it, entry point included, as far as known.
    ``handler`` is a Lambda style ``path/module.function`` relative to a root. ``profile`` tells deployments apart:
    ``prod``, ``dev``, ``test`` or ``unknown``; values of two profiles are never merged.
    """

    key: str
    name: str
    platform: str
    place: Place
    roots: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    handler: str = ""
    image: str = ""
    environment: Mapping[str, Setting] = field(default_factory=dict)
    profile: str = "unknown"
    properties: Mapping[str, Any] = field(default_factory=dict)
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChannelFact:
    """A queue, topic, stream or bus that a manifest declares. ``name`` is None when the platform generates it;
    ``logical`` is its id inside the file; ``defaulted`` names the properties that are only platform defaults."""

    key: str
    system: str
    kind: str
    name: Value | None
    logical: str
    place: Place
    properties: Mapping[str, Any] = field(default_factory=dict)
    defaulted: tuple[str, ...] = ()
    profile: str = "unknown"


@dataclass(frozen=True, slots=True)
class End:
    """One end of a link: a channel of ``system`` (by reference or by name), or a service (``system`` = ``service``)."""

    system: str
    value: Value


@dataclass(frozen=True, slots=True)
class LinkFact:
    """An edge that a manifest declares. Kinds: ``event_source_mapping`` (channel -> service), ``subscription`` (topic
    -> queue or service), ``rule`` (bus -> ...), ``pipe``, ``redrive`` (queue -> dead-letter queue), ``connector``,
    ``notification`` (an AWS service -> channel), ``mirror``, ``task`` (a state machine -> channel or service),
    ``worker`` (queue -> the worker that takes it)."""

    kind: str
    source: End
    target: End
    place: Place
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RoleHint:
    """A permission or scaler that says what a service may do with a channel (``strength`` is ``may`` or ``does``)."""

    service: str
    channel: End
    role: str
    strength: str
    place: Place


@dataclass(frozen=True, slots=True)
class ComponentFact:
    """A name that code uses in place of a broker's (a Dapr component).

    ``kind`` is ``pubsub`` (topics are reached through it) or ``binding`` (it stands for the channels that it ``reads``
    and ``writes`` itself). ``system`` is "" for brokers of which nothing more is known. ``group`` is a glob;
    ``scopes`` are the applications that may use it, all when empty.
    """

    name: str
    kind: Literal["pubsub", "binding"]
    system: str
    place: Place
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    group: str = ""
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SubscriptionFact:
    """A topic of a component whose messages are brought to the ``routes`` of the applications in ``scopes``; to every
    application that has the route when there are none."""

    component: str
    topic: str
    place: Place
    routes: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManifestFacts:
    """Everything the manifests of a tree (or of one format) say."""

    services: tuple[ServiceFact, ...] = ()
    channels: tuple[ChannelFact, ...] = ()
    links: tuple[LinkFact, ...] = ()
    hints: tuple[RoleHint, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    components: tuple[ComponentFact, ...] = ()
    subscriptions: tuple[SubscriptionFact, ...] = ()

    def __add__(self, other: ManifestFacts) -> ManifestFacts:
        """Both, in order."""
        return ManifestFacts(
            self.services + other.services,
            self.channels + other.channels,
            self.links + other.links,
            self.hints + other.hints,
            self.diagnostics + other.diagnostics,
            self.components + other.components,
            self.subscriptions + other.subscriptions,
        )
