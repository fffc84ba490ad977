"""Which construct is which: ids, keys and logical names, and the constructs that a value leads back to.

A construct is named by its id. Where one file makes several of one id (a pattern that is used twice), as many of the
ids around it are put in front as tell them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from brokerlint.link import objects
from brokerlint.link.constructs.walk import Made
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.values import Client, Const, EnvVar, Instance, Template, Value, Values
from brokerlint.manifests.profiles import profile_of
from brokerlint.places import Place

MOST_SCOPES = 20


@dataclass(frozen=True, eq=False, slots=True)
class Construct:
    """One construct as it is deployed. A call inside a loop makes one for each id: ``turn`` counts these, from 0 to
    ``turns`` - 1. ``path`` are the ids from the outermost scope to its own."""

    made: Made
    path: tuple[str, ...]
    turn: int
    turns: int
    key: str = ""
    logical: str = ""
    profile: str = "unknown"

    @property
    def kind(self) -> str:
        """The class of the construct, such as ``aws_sqs.Queue``."""
        return self.made.client.model.partition(":")[2]


class Constructs:
    """The constructs of a program, in the order in which they are made."""

    def __init__(self, evaluator: Evaluator, made: Iterable[Made]) -> None:
        self._ev = evaluator
        self._paths: dict[object, tuple[str, ...]] = {}
        self._by_owner: dict[object, list[Construct]] = {}
        self._by_site: dict[tuple[str, Place | None], list[Construct]] = {}
        found = [construct for one in made for construct in self._turns(one)]
        self.all = _named(found)
        for one in self.all:
            client = one.made.client
            self._by_owner.setdefault(_owner(client), []).append(one)
            self._by_site.setdefault((client.model, client.site), []).append(one)

    def plain(self, value: Value) -> Value:
        """An object of a class of the program that derives from a construct is that construct."""
        inner = objects.library_part(self._ev, value) if isinstance(value, Instance) and value.site else None
        return value if inner is None else inner

    def of(self, client: Client) -> tuple[list[Construct], str]:
        """The constructs that an object leads back to, one for each turn, and the attributes between
        (``queue_url``); none for an object that is no construct."""
        if not client.carry("id"):
            return [], ""
        found = [one for one in self._by_owner.get(_owner(client), []) if _leads(client.model, one.made.client.model)]
        found = [one for one in found if one.made.client.site == client.site] or found
        if not found and client.site is not None:
            same = [
                self._by_site[model, client.site]
                for model in _above(client.model)
                if (model, client.site) in self._by_site
            ]
            found = same[0] if same else []
        if not found:
            return [], ""
        return found, client.model[len(found[0].made.client.model) :].lstrip(".")

    def _turns(self, made: Made) -> Iterator[Construct]:
        ids = _texts(made.client.carry("id") or ()) or [""]
        above = self._above(made.client)
        for turn, text in enumerate(ids):
            own = text if text.strip("*") else made.client.model.rpartition(".")[2]
            yield Construct(made, (*above, own), turn, len(ids))

    def _path(self, value: Value, depth: int) -> tuple[str, ...]:
        """The ids that lead to a scope: a construct, or an object of the program that is one."""
        if depth > MOST_SCOPES:
            return ()
        if isinstance(value, Instance):
            if value not in self._paths:
                self._paths[value] = ()
                inner = objects.library_part(self._ev, value) if value.site is not None else None
                self._paths[value] = self._path(inner, depth + 1) if inner is not None else ()
            return self._paths[value]
        if isinstance(value, Client) and value.carry("id"):
            ids = _texts(value.carry("id") or ())
            return (*self._above(value, depth + 1), *ids[:1])
        return ()

    def _above(self, client: Client, depth: int = 0) -> tuple[str, ...]:
        return next((self._path(value, depth) for value in client.carry("scope") or ()), ())


def _owner(client: Client) -> object:
    return client.carry("scope"), client.carry("id")


def _above(model: str) -> Iterator[str]:
    """A model's path and those that it is an attribute of."""
    while model:
        yield model
        model = model.rpartition(".")[0]


def _leads(model: str, construct: str) -> bool:
    return model == construct or model.startswith((f"{construct}.", f"{construct}("))


def _texts(values: Values) -> list[str]:
    found: list[str] = []
    for value in values:
        if isinstance(value, Const) and value.value is not None:
            found.append(str(value.value))
        elif isinstance(value, Template):
            found.append("".join(part if isinstance(part, str) else "*" for part in value.parts))
        elif isinstance(value, EnvVar):
            found += _texts(value.default or ())
    return found


def _named(constructs: list[Construct]) -> list[Construct]:
    """The constructs with their keys and names; one that is made twice in the same place stays one."""
    groups: dict[object, dict[tuple[str, ...], None]] = {}
    for one in constructs:
        groups.setdefault((one.made.place.path, one.path[-1]), {}).setdefault(one.path)
    profiles = {path: _profile(path, len(paths) > 1) for paths in groups.values() for path in paths}
    found: dict[str, Construct] = {}
    for one in constructs:
        own = profiles[one.path]
        others = [path for path in groups[one.made.place.path, one.path[-1]] if profiles[path] == own]
        key = f"{one.made.place.path}#{'/'.join(one.path)}"
        known = found.get(key)
        if known is not None and known.made.place != one.made.place:
            key = f"{key}@{one.made.place.line}"
        logical = ".".join(one.path[len(one.path) - _telling(one.path, others) :])
        found.setdefault(key, replace(one, key=key, logical=logical, profile=own))
    return list(found.values())


def _profile(path: tuple[str, ...], several: bool) -> str:
    """The environment that the ids around a construct name; where a stack is made several times, ``ProdStack`` too."""
    words = " ".join(path[:-1])
    return profile_of(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", words) if several else words)


def _telling(path: tuple[str, ...], others: list[tuple[str, ...]]) -> int:
    """How many of the last ids tell a path from the others."""
    for length in range(1, len(path)):
        if not any(other != path and other[-length:] == path[-length:] for other in others):
            return length
    return len(path) if path else 0
