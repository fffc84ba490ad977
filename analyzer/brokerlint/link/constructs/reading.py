"""From values of code to terms of manifests: texts, references to constructs, objects that only hold other values.

What several turns of a loop made is told apart again: a value that is one of as many as there are turns is the one of
the same turn.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from brokerlint.link.calls import Args
from brokerlint.link.constructs.identities import Construct, Constructs
from brokerlint.link.constructs.vocabulary import CALLED
from brokerlint.link.values import (
    Client,
    Collection,
    Const,
    EnvVar,
    External,
    Instance,
    Record,
    Template,
    Unknown,
    Value,
    Values,
)
from brokerlint.manifests import facts
from brokerlint.manifests.terms import NOTHING, Term, choice, concat, literal

DEEPEST = 14
"""Structures inside each other."""

Special = Callable[["Reading", Client], Term | None]
"""What an object of a library comes to when it is no construct; None for one of no special kind."""

Refer = Callable[[Construct, str], facts.Value]
"""What an attribute of a construct comes to."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """How the keys of structures are written: ``key`` turns one around; what stands inside the keys ``kept`` is left
    as it is."""

    key: Callable[[str], str] | None = None
    kept: frozenset[str] = frozenset()

    def __call__(self, name: str) -> tuple[str, Spelling]:
        """The key, and the spelling of what it holds."""
        if self.key is None:
            return name, self
        written = self.key(name)
        return written, as_written if written in self.kept else self


as_written = Spelling()
"""Keys as they stand."""

_TAILS = (".to_string", CALLED, ".apply")


class Reading:
    """Values as they are meant in the arguments of ``construct`` (of any, when None)."""

    def __init__(
        self, constructs: Constructs, special: Special, refer: Refer, construct: Construct | None = None, path: str = ""
    ) -> None:
        self.constructs = constructs
        self._special = special
        self._refer = refer
        self.construct = construct
        self.path = path or (construct.made.place.path if construct else "")

    def of(self, construct: Construct) -> Reading:
        """The same for another construct's arguments."""
        return Reading(self.constructs, self._special, self._refer, construct)

    # --- Choosing -------------------------------------------------------------------------------------------------

    def chosen(self, values: Values) -> Values:
        """The values of this turn."""
        values = tuple(self.constructs.plain(value) if isinstance(value, Instance) else value for value in values)
        turns = self.construct.turns if self.construct else 1
        if turns > 1 and self.construct is not None and len(values) == turns:
            return (values[self.construct.turn],)
        return values

    def at(self, args: Args, path: str) -> Values:
        """The argument at a path: ``0|queue`` the first position or that keyword, ``a.b`` what ``a`` holds as ``b``."""
        for alternative in path.split("|"):
            steps = alternative.split(".")
            values = _argument(args, steps[0])
            for step in steps[1:]:
                values = tuple(found for value in self.chosen(values) for found in _inside(value, step))
            if any(value != Const(None) for value in values):
                return self.chosen(values)
        return ()

    def targets(self, values: Values) -> list[tuple[Construct, str]]:
        """The constructs that the values lead back to, each with the attributes between."""
        found = []
        for value in self.chosen(values):
            if isinstance(value, Client):
                members, attributes = self.constructs.of(value)
                found += [(one, attributes) for one in self._turn_of(members)]
        return found

    def _turn_of(self, members: list[Construct]) -> list[Construct]:
        own = self.construct
        same = [one for one in members if own is not None and one.turn == own.turn and one.turns == own.turns > 1]
        return same or members

    # --- Terms ----------------------------------------------------------------------------------------------------

    def term(self, values: Values, line: int = 0, spell: Spelling = as_written, depth: int = 0) -> Term:
        """The term of a set of values; ``spell`` says how keys of structures are written."""
        values = tuple(value for value in self.chosen(values) if value != Const(None))
        if depth > DEEPEST or not values:
            return NOTHING
        terms = [term for value in values if (term := self._one(value, line, spell, depth))]
        whole = [term for term in terms if term.is_mapping or term.is_list]
        if whole or len(terms) <= 1:
            return (whole or terms or [NOTHING])[0]
        return Term(choice(term.value for term in terms), line)

    def _one(self, value: Value, line: int, spell: Spelling, depth: int) -> Term:
        if isinstance(value, Record):
            return self._mapping(((str(key), inner) for key, inner in value.entries), line, spell, depth)
        if isinstance(value, Collection):
            items = (self.term(item, line, spell, depth + 1) for item in value.items)
            return Term(tuple(item for item in items if item), line)
        if isinstance(value, Client):
            return self._client(value, line, spell, depth)
        if isinstance(value, Const):
            return literal(value.value, line)
        if isinstance(value, External):
            return literal(value.path.rpartition(".")[2], line)
        return Term(self._value(value), line)

    def _client(self, client: Client, line: int, spell: Spelling, depth: int) -> Term:
        special = self._special(self, client)
        if special is not None:
            return special.at(line) if special else special
        targets = self.targets((client,))
        if targets:
            return Term(choice(self._refer(one, plain(attributes)) for one, attributes in targets), line)
        if client.carry("id") is not None or any(tail in client.model for tail in _TAILS):
            return Term(facts.Hole(client.model.partition(":")[2]), line)
        line = client.site.line if client.site and client.site.path == self.path else line
        return self._mapping(keywords(arguments_of(client)), line, spell, depth)

    def _mapping(self, entries: Iterable[tuple[str, Values]], line: int, spell: Spelling, depth: int) -> Term:
        found: dict[str, Term] = {}
        for key, values in entries:
            written, inside = spell(key)
            term = self.term(values, line, inside, depth + 1)
            if term:
                found[written] = term
        return Term(found, line)

    def _value(self, value: Value) -> facts.Value:
        if isinstance(value, EnvVar):
            return facts.Variable(value.name, self._default(value.default))
        if isinstance(value, Template):
            return concat(self._part(part) for part in value.parts)
        return facts.Hole(value.why if isinstance(value, Unknown) else type(value).__name__.lower())

    def _part(self, part: str | EnvVar | Unknown) -> facts.Value:
        return facts.Text(part) if isinstance(part, str) else self._value(part)

    def _default(self, default: Values | None) -> facts.Value | None:
        terms = [term for value in default or () if (term := self._one(value, 0, as_written, DEEPEST))]
        return choice(term.value for term in terms) if terms else None


def arguments_of(client: Client) -> Args:
    """The arguments that an object was made with."""
    found: Args = []
    for value in (*(client.carry("arguments") or ()), *(client.carry("keywords") or ())):
        if isinstance(value, Collection):
            found += [("", item) for item in value.items]
        elif isinstance(value, Record):
            found += [(str(key), values) for key, values in value.entries]
    return found


def keywords(args: Args) -> Iterator[tuple[str, Values]]:
    """The arguments that are given by keyword."""
    yield from ((key, values) for key, values in args if key not in ("", "*", "**"))


def plain(attributes: str) -> str:
    """Attributes without conversions that keep the meaning."""
    for tail in _TAILS:
        attributes = attributes.replace(tail, "")
    return attributes


def structs(values: Values) -> Iterable[Client]:
    """The library's objects among values and inside lists."""
    for value in values:
        if isinstance(value, Collection):
            for item in value.items:
                yield from structs(item)
        elif isinstance(value, Record):
            for _, item in value.entries:
                yield from structs(item)
        elif isinstance(value, Client):
            yield value


def _argument(args: Args, name: str) -> Values:
    if name.isdigit():
        positional = [values for key, values in args if key == ""]
        return positional[int(name)] if int(name) < len(positional) else ()
    return next((values for key, values in reversed(args) if key == name), ())


def _inside(value: Value, step: str) -> Values:
    if isinstance(value, Client):
        return _argument(arguments_of(value), step)
    if isinstance(value, Record):
        camel = re.sub(r"_([a-z0-9])", lambda match: match[1].upper(), step)
        return value.get(step) or value.get(camel) or ()
    return ()
