"""Uses: who produces to or consumes from a channel, through code or through a link that only a manifest declares.

How the several names of one endpoint count:

* Names marked with a service hold in that service only, and there they replace the unmarked ones (a manifest's value
  replaces the default in the code).
* What then remains are alternatives. Each counts as a use: code that can reach two queues does use both at some time.
  Several names are worth at most ``medium`` where a branch chooses, and keep their worth where the call takes a list.
* A name with holes joins a channel of known name when it fits that one channel and no other, at most at ``medium``.
* A variable of unknown value is a channel of its own within each service: two services that read ``QUEUE_URL`` need
  not get the same value.
* An unknown name uses no channel; it makes every "nobody else" of its system doubtful instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, overload

from brokerlint.confidence import Confidence, weakest
from brokerlint.facts import Endpoint, Link, Name, Role, Service
from brokerlint.places import Place

_ENVIRONMENTS = ("prod", "unknown", "dev", "test")


def names_in(names: Iterable[Name], service: Service | None) -> tuple[Name, ...]:
    """Those of one endpoint's names that hold in ``service``: its own where it has any, else the general ones."""
    own = service.name if service else None
    all_names = tuple(names)
    marked = tuple(name for name in all_names if name.service is not None and name.service == own)
    return marked or tuple(name for name in all_names if name.service is None)


@dataclass(frozen=True, slots=True)
class Use:
    """One service's use of one channel.

    ``endpoint`` is None for a consumer or producer that only a manifest shows (a mapping of code that is not here, a
    connector, a subscription); then ``link`` is set. Both are set when a mapping feeds a handler that was found.
    ``other`` is the far end of a link between channels or to something outside.
    """

    role: Role
    channel: str
    service: Service | None
    endpoint: Endpoint | None
    link: Link | None
    name: Name | None
    confidence: Confidence
    other: str = ""

    @property
    def place(self) -> Place:
        """Where it stands, saying what happens there."""
        verb = {"produce": "sends to", "consume": "receives from", "manage": "manages"}[self.role]
        target = (self.name.text or self.name.env or self.name.logical) if self.name else short_id(self.channel_id)[1]
        if self.endpoint is not None:
            return self.endpoint.place.saying(self.endpoint.place.text or f"{verb} {target or '?'}")
        assert self.link is not None
        words = self.link.kind.replace("_", " ")
        far = self.who
        return self.link.place.saying(self.link.place.text or f"{words}: {far} {verb} {target or '?'}")

    @property
    def channel_id(self) -> str:
        """What documents call the channel: its key without the service or stack that tells it from others."""
        return self.channel.rpartition("@")[0] or self.channel

    @property
    def who(self) -> str:
        """The service's name, or what stands at the far end of the link, or the function's name."""
        if self.service is not None:
            return self.service.name
        if self.other:
            return ":".join(part for part in short_id(self.other) if part != "external")
        return code_name(self.endpoint) if self.endpoint else "?"

    @property
    def program(self) -> str:
        """What tells programs apart: image and command of the service, or its name; "" when no service is known."""
        if self.service is None:
            return f"external:{self.other}" if self.other and self.endpoint is None else ""
        return self.service.program or self.service.name

    @property
    def environment(self) -> str:
        """``prod``, ``dev``, ``test`` or ``unknown``."""
        return self.service.environment if self.service else "unknown"

    @property
    def tooling(self) -> bool:
        """An administrator's or developer's tool, not a part of the running system.

        A command that is just what a service runs (``manage.py consume_orders``) is a worker like any other.
        """
        if self.service is not None and self.service.tooling:
            return True
        entry = self.endpoint.facts.get("entry_kind") if self.endpoint else None
        return entry == "test" or (entry == "cli" and not self._is_program())

    def _is_program(self) -> bool:
        if self.service is None or self.endpoint is None or self.service.platform == "unknown":
            return False
        return self.role == "consume" and self.endpoint.place.path in self.service.program.split()

    @property
    def handler(self) -> tuple[str, str]:
        """What tells handlers apart: file and function; empty when the code is not known."""
        return (self.endpoint.place.path, self.endpoint.function) if self.endpoint else ("", "")

    @property
    def groups(self) -> tuple[Name, ...]:
        """The consumer group's possible names in this service."""
        return names_in(self.endpoint.groups, self.service) if self.endpoint else ()

    def fact(self, key: str, default: Any = None) -> Any:
        """A fact of the endpoint; ``default`` when it is unknown."""
        return self.endpoint.facts.get(key, default) if self.endpoint else default

    def setting(self, key: str) -> Any:
        """A configuration value of the client; None when it is unknown."""
        return setting(self.endpoint, key) if self.endpoint else None

    def effects(self) -> frozenset[str] | None:
        """Classes of what the handler does (``email``, ``db`` ...); None when that is unknown."""
        found = self.fact("effects")
        return None if found is None else frozenset(effect["class"] for effect in found)


def short_id(end: str) -> tuple[str, str]:
    """System and name of a link's end as a report shows them: a logical id without the manifest that it stands in."""
    system, _, text = end.partition(":")
    return system, text.rpartition("#")[2]


def code_name(endpoint: Endpoint) -> str:
    """What a report calls the code: the function, or the file where it stands outside of any."""
    named = endpoint.function and "<lambda>" not in endpoint.function
    return endpoint.function if named else endpoint.place.path


def sink_of(endpoint: Endpoint) -> Place:
    """The library call itself; the endpoint's own place where no wrapper stands between."""
    return endpoint.call_chain[-1] if endpoint.call_chain else endpoint.place


def by_sink(endpoints: Iterable[Endpoint]) -> Iterator[tuple[Place, list[Endpoint]]]:
    """Endpoints by the library call that they share: what is wrong with the call is wrong once."""
    found: dict[tuple[str, int], list[Endpoint]] = {}
    for endpoint in endpoints:
        place = sink_of(endpoint)
        found.setdefault((place.path, place.line), []).append(endpoint)
    for shared in found.values():
        yield sink_of(shared[0]), shared


def sink_name(endpoints: Sequence[Endpoint]) -> str:
    """What a report calls the code around a call that these share: the function, or the wrapper's file."""
    direct = next((one for one in endpoints if not one.call_chain), None)
    return code_name(direct) if direct else sink_of(endpoints[0]).path


def setting(endpoint: Endpoint, key: str) -> Any:
    """A normalised configuration value of an endpoint's client; None when it is unknown."""
    return endpoint.config.get(key, {}).get("value")


def setting_origin(endpoint: Endpoint, key: str) -> str:
    """Where that value comes from; ``unknown`` when it is not known."""
    return str(endpoint.config.get(key, {}).get("origin", "unknown"))


class Uses(Sequence[Use]):
    """Several uses, in the order of their places. Every filter gives a smaller ``Uses``."""

    __slots__ = ("_uses",)

    def __init__(self, uses: Iterable[Use] = ()) -> None:
        self._uses = tuple(uses)

    def __len__(self) -> int:
        return len(self._uses)

    def __iter__(self) -> Iterator[Use]:
        return iter(self._uses)

    @overload
    def __getitem__(self, index: int) -> Use: ...
    @overload
    def __getitem__(self, index: slice) -> Uses: ...
    def __getitem__(self, index: int | slice) -> Use | Uses:
        return Uses(self._uses[index]) if isinstance(index, slice) else self._uses[index]

    def __repr__(self) -> str:
        return f"Uses({', '.join(f'{use.who} {use.role}s {use.channel}' for use in self)})"

    def where(self, holds: Callable[[Use], bool]) -> Uses:
        """Those for which ``holds`` is true."""
        return Uses(use for use in self if holds(use))

    def in_same_environment(self) -> Uses:
        """Those of one environment, with those whose environment is not known.

        Where several are mixed, the one in which most programs meet is taken; production before others.
        """
        known = sorted({use.environment for use in self} - {"unknown"}, key=_ENVIRONMENTS.index)
        views = [self.where(lambda use, env=env: use.environment in (env, "unknown")) for env in known]  # type: ignore[misc]
        return max(views, key=lambda view: len(view.programs()), default=self)

    def unless_tooling(self) -> Uses:
        """Without administrators' tools, command lines and tests."""
        return self.where(lambda use: not use.tooling)

    def in_code(self) -> Uses:
        """Those whose code was found."""
        return self.where(lambda use: use.endpoint is not None)

    def at_least(self, level: Confidence) -> Uses:
        """Those whose channel is known that well."""
        return self.where(lambda use: use.confidence >= level)

    def programs(self) -> dict[str, Uses]:
        """By program: deployments of one image and command count once; uses of no known service are left out."""
        found: dict[str, list[Use]] = {}
        for use in self:
            if use.program:
                found.setdefault(use.program, []).append(use)
        return {program: Uses(uses) for program, uses in found.items()}

    def services(self) -> tuple[str, ...]:
        """Names of the services, sorted."""
        return tuple(sorted({use.service.name for use in self if use.service}))

    def parties(self) -> tuple[str, ...]:
        """Who it is in words: services, far ends of links, functions of no known service; sorted."""
        return tuple(sorted({use.who for use in self}))

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The places in code, each once."""
        return tuple({use.endpoint.id: use.endpoint for use in self if use.endpoint}.values())

    def handlers(self) -> frozenset[tuple[str, str]]:
        """The different handlers whose code was found."""
        return frozenset(use.handler for use in self if use.endpoint)

    def confidence(self) -> Confidence:
        """How well the channel is known at the least known of them."""
        return weakest(use.confidence for use in self)
