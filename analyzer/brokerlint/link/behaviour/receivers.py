"""What calls are made on, and the calls by it: those of one client are found without a look at all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from brokerlint.link import objects
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, base_key
from brokerlint.link.sites import CallSite
from brokerlint.link.values import Client, Instance, Values
from brokerlint.places import Place
from brokerlint.python import ir

Key: TypeAlias = tuple[str, str, str]
"""A name that holds an object: file, class or function, and the name itself."""


class Receivers:
    """Evaluates what calls are made on, with everything around them open, once for all who ask."""

    def __init__(self, ev: Evaluator) -> None:
        self._ev = ev
        self._values: dict[int, Values] = {}
        self._scopes: dict[int, Activation | None] = {}

    def key(self, here: CallSite, receiver: ir.Expr) -> Key | None:
        """``self.consumer`` of a class, or a plain name of a body; None for any other expression."""
        text = base_key(receiver)
        if not text:
            return None
        owner = next((one for one in reversed(here.chain) if isinstance(one, ir.Class)), None)
        first = text.split(".")[0]
        if owner is not None and first in ("self", "cls"):
            return (here.module.path, owner.qualname, text)
        is_global = first in self._ev.names(here.module.body).definitions
        return (here.module.path, "" if is_global else here.function, text)

    def values(self, here: CallSite, receiver: ir.Expr) -> Values:
        """The values of a call's receiver."""
        key = id(here.site)
        known = self._values.get(key)
        if known is None:
            scope = self.scope(here)
            known = self._values[key] = self._ev.values(receiver, scope, here.at) if scope else ()
        return known

    def scope(self, here: CallSite) -> Activation | None:
        """The activation of the body around a call."""
        key = id(here.body)
        if key not in self._scopes:
            self._scopes[key] = self._ev.around(here.module.path, here.chain)
        return self._scopes[key]

    def clients(self, here: CallSite, receiver: ir.Expr) -> Iterator[Client]:
        """The clients with a known construction that a call's receiver may be."""
        for value in self.values(here, receiver):
            client = client_of(self._ev, value)
            if client is not None:
                yield client


def client_of(ev: Evaluator, value: object) -> Client | None:
    """The client that a value is, when its construction is known; an object of a subclass is that of the library."""
    if isinstance(value, Instance):
        value = objects.library_part(ev, value)
    return value if isinstance(value, Client) and value.site is not None else None


class Calls:
    """Calls of methods by the file, the key and the clients of what they are made on, as numbers in their order.

    Those of a method in ``common`` are not looked for by client: too many other objects have it.
    """

    def __init__(self, receivers: Receivers, calls: Iterable[CallSite], common: frozenset[str]) -> None:
        self._receivers = receivers
        self._common = common
        self._calls: list[tuple[CallSite, ir.Attribute]] = []
        self._files: dict[str, list[int]] = {}
        self._keys: dict[Key, list[int]] = {}
        self._sites: dict[Place, list[int]] | None = None
        for here in calls:
            function = here.site.call.function
            if isinstance(function, ir.Attribute):
                self._add(here, function)

    def _add(self, here: CallSite, function: ir.Attribute) -> None:
        number = len(self._calls)
        self._calls.append((here, function))
        self._files.setdefault(here.module.path, []).append(number)
        key = self._receivers.key(here, function.value)
        if key is not None:
            self._keys.setdefault(key, []).append(number)

    def __getitem__(self, number: int) -> tuple[CallSite, ir.Attribute]:
        return self._calls[number]

    def inside(self, files: Iterable[str]) -> list[int]:
        """The calls in some files."""
        return [number for path in files for number in self._files.get(path, ())]

    def under(self, key: Key | None) -> list[int]:
        """The calls on what a name holds."""
        return self._keys.get(key, []) if key is not None else []

    def on(self, site: Place) -> list[int]:
        """The calls on the clients that are made at ``site``."""
        if self._sites is None:
            self._sites = self._by_site()
        return self._sites.get(site, [])

    def _by_site(self) -> dict[Place, list[int]]:
        found: dict[Place, list[int]] = {}
        for number, (here, function) in enumerate(self._calls):
            if function.attr in self._common:
                continue
            for site in {client.site for client in self._receivers.clients(here, function.value)}:
                if site is not None:
                    found.setdefault(site, []).append(number)
        return found
