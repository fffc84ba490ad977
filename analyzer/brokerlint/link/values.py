"""The values that the evaluator computes with.

A name's value is a *set* of these (``Values``: a tuple without duplicates, bounded by ``MOST``). What is not known is a
value too: ``Unknown`` says why, and names the parameters and receivers that would settle it (``needs``), so that
linking can go on to the callers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from brokerlint.places import Place
from brokerlint.python import ir

MOST = 24
"""How many values one expression may have before the rest is given up as unknown."""


@dataclass(frozen=True, slots=True)
class Needed:
    """A parameter (or, with ``name`` "self", the receiver) of the function ``function`` that a value depends on."""

    path: str
    function: str
    name: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that can't be told, with the reason in words."""

    why: str
    needs: frozenset[Needed] = frozenset()


@dataclass(frozen=True, slots=True)
class Const:
    """A plain constant."""

    value: str | bytes | int | float | bool | None
    trace: tuple[Place, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class EnvVar:
    """An environment variable; ``default`` is what the code falls back to (None: it must be set)."""

    name: str
    default: Values | None = None
    trace: tuple[Place, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Template:
    """A text put together from known text and other values; an ``Unknown`` part is a hole."""

    parts: tuple[str | EnvVar | Unknown, ...]
    trace: tuple[Place, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Collection:
    """A list, tuple or set. ``items`` holds the values of each position; ``more`` tells that there may be others."""

    kind: str
    items: tuple[Values, ...]
    more: bool = False

    def __hash__(self) -> int:
        """By shape only: contents are compared, but not hashed again and again."""
        return hash((self.kind, len(self.items), self.more))


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys; ``more`` tells that unknown keys may hide in it."""

    entries: tuple[tuple[str | int | bool | None, Values], ...]
    more: bool = False

    def __hash__(self) -> int:
        """By its keys only."""
        return hash((tuple(key for key, _ in self.entries), self.more))

    def get(self, key: str | int | bool | None) -> Values | None:
        """The values under ``key``; the last one written wins."""
        for known, values in reversed(self.entries):
            if known == key:
                return values
        return None


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """A module of the program."""

    path: str


@dataclass(frozen=True, slots=True)
class External:
    """Something outside the program, by its dotted path (``os.environ``, ``confluent_kafka.Producer``)."""

    path: str


@dataclass(frozen=True, slots=True)
class ClassValue:
    """A class of the program, with the activation around it when it stands in a function.

    ``open``: it stands for any class that derives from it, too (``cls`` of a class method).
    """

    path: str
    definition: ir.Class = field(compare=False, repr=False)
    qualname: str = ""
    within: Activation | None = field(default=None, compare=False)
    open: bool = False


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """A function of the program, with its receiver when bound and the activation around it when nested.

    ``given`` are arguments that ``functools.partial`` has already supplied: (keyword or position, values).
    """

    path: str
    qualname: str
    definition: ir.Function = field(compare=False, repr=False)
    receiver: Instance | ClassValue | None = None
    within: Activation | None = field(default=None, compare=False)
    owner: ClassValue | None = field(default=None, compare=False)
    given: tuple[tuple[str | int, Values], ...] = ()


@dataclass(frozen=True, slots=True)
class Instance:
    """An object of a class of the program, told apart by where it was made.

    ``site`` None stands for *any* instance: the receiver inside a method whose caller is not known. ``arguments`` are
    the constructor's, by parameter name; ``depth`` tells how deeply objects are nested in them.
    """

    cls: ClassValue
    site: Place | None
    arguments: tuple[tuple[str, Values], ...] = ()
    depth: int = field(default=0, compare=False)

    def __hash__(self) -> int:
        """By class and site only."""
        return hash((self.cls.path, self.cls.qualname, self.site, len(self.arguments)))


@dataclass(eq=False, slots=True)
class Activation:
    """A body with what is known about the names around it: a module, a class body, or one call of a function.

    ``kind`` is ``module``, ``class`` or ``function``. ``arguments`` holds the values of parameters that the caller
    gave; one without an entry is symbolic, or, when ``bound``, has its default. Activations are compared by identity.
    """

    module: ir.Module
    body: ir.Body
    kind: str
    parent: Activation | None = None
    function: FunctionValue | None = None
    cls: ClassValue | None = None
    arguments: dict[str, Values] = field(default_factory=dict)
    receiver: Instance | ClassValue | None = None
    bound: bool = False

    @property
    def path(self) -> str:
        """The file that the body stands in."""
        return self.module.path


@dataclass(frozen=True, slots=True)
class Client:
    """An object of a library that the models describe: ``model`` is the class's path in the models.

    ``carried`` are facts that the object brings along (a queue object its ``channel``); ``config`` its configuration.
    """

    model: str
    carried: tuple[tuple[str, Values], ...] = ()
    config: Values = ()
    site: Place | None = None

    def carry(self, name: str) -> Values | None:
        """What the object carries under this name."""
        return next((values for key, values in self.carried if key == name), None)


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a client (or of a plain value such as a text), not yet called."""

    receiver: Value
    name: str


Value: TypeAlias = (
    Unknown
    | Const
    | EnvVar
    | Template
    | Collection
    | Record
    | ModuleValue
    | External
    | ClassValue
    | FunctionValue
    | Instance
    | Client
    | Method
)
Values: TypeAlias = tuple[Value, ...]

NONE: Values = (Const(None),)

DEEPEST_OBJECT = 8
"""Objects inside constructor arguments inside ... beyond this are unknown: a list that links to itself has no end."""


def depth_of(values: Values, levels: int = 6) -> int:
    """How deeply objects are nested in each other's constructor arguments."""
    deepest = 0
    for value in values:
        if isinstance(value, Instance):
            deepest = max(deepest, value.depth)
        elif levels and isinstance(value, Collection):
            deepest = max(deepest, *(depth_of(item, levels - 1) for item in value.items), 0)
        elif levels and isinstance(value, Record):
            deepest = max(deepest, *(depth_of(item, levels - 1) for _, item in value.entries), 0)
        elif levels and isinstance(value, Client):
            deepest = max(deepest, *(depth_of(item, levels - 1) for _, item in value.carried), 0)
        elif isinstance(value, FunctionValue) and isinstance(value.receiver, Instance):
            deepest = max(deepest, value.receiver.depth)
    return deepest


def instance(cls: ClassValue, site: Place | None, arguments: dict[str, Values]) -> Instance:
    """An instance made at ``site``; arguments that are nested too deeply become unknown."""
    depth = 0
    kept: list[tuple[str, Values]] = []
    for name, values in sorted(arguments.items()):
        below = depth_of(values)
        if below >= DEEPEST_OBJECT:
            values, below = unknown("objects nested too deeply"), 0
        depth = max(depth, below)
        kept.append((name, values))
    return Instance(cls, site, tuple(kept), depth + 1)


def unknown(why: str, needs: frozenset[Needed] = frozenset()) -> Values:
    """A set with one unknown."""
    return (Unknown(why, needs),)


_TOO_MANY = Unknown("too many possible values")
ELLIPSIS = Unknown("an ellipsis, which stands for nothing")


def join(*groups: Values) -> Values:
    """All values of several sets, without duplicates, in order; beyond ``MOST`` they are given up as unknown."""
    if len(groups) == 1:
        return groups[0]
    seen: dict[Value, None] = {}
    for group in groups:
        for value in group:
            seen.setdefault(value)
    if len(seen) > MOST:
        return (*list(seen)[: MOST - 1], _TOO_MANY)
    return tuple(seen)


def needs_of(values: Values, depth: int = 6) -> frozenset[Needed]:
    """Every parameter and receiver that these values still depend on."""
    found: set[Needed] = set()
    for value in values:
        if isinstance(value, Unknown):
            found |= value.needs
        elif isinstance(value, Template):
            for part in value.parts:
                if isinstance(part, Unknown):
                    found |= part.needs
        elif depth and isinstance(value, EnvVar) and value.default:
            found |= needs_of(value.default, depth - 1)
        elif depth and isinstance(value, Collection):
            for item in value.items:
                found |= needs_of(item, depth - 1)
        elif depth and isinstance(value, Record):
            for _, entry in value.entries:
                found |= needs_of(entry, depth - 1)
        elif depth and isinstance(value, Client):
            for _, carried in value.carried:
                found |= needs_of(carried, depth - 1)
        elif depth and isinstance(value, Method):
            found |= needs_of((value.receiver,), depth - 1)
    return frozenset(found)


def traced(values: Values, place: Place) -> Values:
    """The same values, having come through ``place``."""
    return tuple(_traced(value, place) for value in values)


def _traced(value: Value, place: Place) -> Value:
    if isinstance(value, Const) and isinstance(value.value, str):
        return Const(value.value, _longer(value.trace, place))
    if isinstance(value, EnvVar):
        return EnvVar(value.name, value.default, _longer(value.trace, place))
    if isinstance(value, Template):
        return Template(value.parts, _longer(value.trace, place))
    return value


def _longer(trace: tuple[Place, ...], place: Place) -> tuple[Place, ...]:
    if len(trace) >= 8 or (trace and (trace[-1].path, trace[-1].line) == (place.path, place.line)):
        return trace
    return (*trace, place)


def concat(parts: list[Values]) -> Values:
    """Texts put one after the other: every combination, bounded; what is not text becomes a hole."""
    options: list[tuple[str | EnvVar | Unknown, ...]] = [()]
    rest: Values = ()
    for values in parts:
        pieces = [_piece(value) for value in values] or [(Unknown("nothing"),)]
        options = [option + piece for option in options for piece in pieces]
        if len(options) > MOST:
            options, rest = options[:MOST], (_TOO_MANY,)
    trace = tuple(p for values in parts for value in values[:1] for p in getattr(value, "trace", ()))[:8]
    return join(tuple(_settled(option, trace) for option in options), rest)


def _piece(value: Value) -> tuple[str | EnvVar | Unknown, ...]:
    if isinstance(value, Const):
        if isinstance(value.value, bytes):
            return (value.value.decode("utf-8", "replace"),)
        return ("",) if value.value is None else (str(value.value),)
    if isinstance(value, Template):
        return value.parts
    if isinstance(value, (EnvVar, Unknown)):
        return (value,)
    return (Unknown(f"{type(value).__name__.lower()} inside a text"),)


def _settled(parts: tuple[str | EnvVar | Unknown, ...], trace: tuple[Place, ...]) -> Value:
    merged: list[str | EnvVar | Unknown] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        elif part != "":
            merged.append(part)
        if isinstance(merged[-1] if merged else "", str) and merged and len(str(merged[-1])) > 4096:
            return Unknown("text grows without end")
    if all(isinstance(part, str) for part in merged):
        return Const("".join(str(part) for part in merged), trace)
    if len(merged) == 1 and isinstance(merged[0], (EnvVar, Unknown)):
        return merged[0]
    return Template(tuple(merged[:12]), trace)
