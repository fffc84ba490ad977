"""The shape of a client library model, after reading.

A model names classes and functions by their dotted import path. Each of their operations says what it does: send or
receive on a channel (``role``), act on the client (``act``: flush, commit, seek ...), or give another object (``gives``).
Where an argument stands is an `Argument`: positions and keywords that are tried in order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a value stands in a call.

    ``places`` are tried in order: a number is a position, a text a keyword, ``*`` all positional arguments (``*1``: from
    the second on), ``receiver`` what the object carries, ``self.NAME`` that under NAME. ``path`` leads into the value: ``Entries[].EventBusName``
    is places ``[Entries]``, path ``("[]", "EventBusName")``. ``default`` is the name used when the argument is absent.
    """

    places: tuple[int | str, ...]
    path: tuple[str, ...] = ()
    default: str | None = None
    separator: str | None = None


@dataclass(frozen=True, slots=True)
class Gives:
    """What a call gives back: an object of ``model``, carrying values; or chosen by an argument's literal value.

    ``returns`` describes a mapping answer instead: key -> what the value is (``channel``: the channel argument).
    ``element`` is the model of each item when the answer is iterated. Fluent builders keep what the receiver carries
    (``keeps``), and ``keyed`` carries a value under the name that an argument tells: ``.option("subscribe", topic)``.
    """

    model: str = ""
    by: Argument | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    carries: Mapping[str, Argument] = field(default_factory=dict)
    returns: Mapping[str, str] = field(default_factory=dict)
    config: Argument | None = None
    element: str = ""
    keeps: bool = False
    keyed: tuple[Argument, Argument] | None = None


@dataclass(frozen=True, slots=True)
class Operation:
    """One method, function or constructor.

    ``role`` is ``produce``, ``consume``, ``manage`` or "" when the call neither sends nor receives. ``act`` names what else
    it does: receive, commit, store, flush, poll, seek, delete, visibility, close, pause, transaction steps, lookup ...
    ``arguments`` holds the other arguments that facts need (``key``, ``value``, ``callback``, ``wait_time`` ...).
    ``requires`` are keywords without which the call is not this operation; with ``distinct`` they are evidence enough
    even when the receiver is not known.
    ``when`` maps carried names to the constants they must have (``format: kafka``). ``shape`` tells how the channel
    argument is to be read: ``name``, ``list``, ``regex-list`` (an element that begins with ``^`` is a pattern), ``varargs``, ``pattern``.
    ``system`` overrides the library's when one class speaks to several. ``decorator`` marks calls that register the
    decorated function (or one given as argument) as the handler.
    """

    name: str
    role: str = ""
    act: str = ""
    channel: Argument | None = None
    group: Argument | None = None
    arguments: Mapping[str, Argument] = field(default_factory=dict)
    gives: Gives | None = None
    requires: tuple[str, ...] = ()
    distinct: bool = False
    decorator: bool = False
    optional: bool = False
    shape: str = "name"
    system: str = ""
    batch: bool = False
    awaits: bool = False
    when: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClassModel:
    """A class of a library: its construction, its methods and where its configuration stands."""

    path: str
    library: str
    system: str
    aliases: tuple[str, ...] = ()
    config: Argument | None = None
    keys: str = ""
    construct: Operation | None = None
    methods: Mapping[str, Operation] = field(default_factory=dict)
    group: Argument | None = None
    iterates: bool = False
    kind: str = ""
    attributes: Mapping[str, Gives] = field(default_factory=dict)
    annotations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Library:
    """One library: what it is called on the package index and in code, and everything it defines."""

    name: str
    system: str
    distributions: tuple[str, ...]
    modules: tuple[str, ...]
    source: str
    classes: Mapping[str, ClassModel]
    functions: Mapping[str, Operation]
    config_keys: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    file: str = ""
    tier: int = 3


@dataclass(frozen=True, slots=True)
class Models:
    """All known libraries, indexed the way linking asks."""

    libraries: tuple[Library, ...]
    classes: Mapping[str, ClassModel]
    functions: Mapping[str, Operation]
    function_library: Mapping[str, Library]
    library_of: Mapping[str, Library]
    words: tuple[bytes, ...]
    methods: frozenset[str]
    distinct: Mapping[str, tuple[tuple[ClassModel, Operation], ...]]
