"""The shape of a client library model, after reading.

A model names classes and functions by their dotted import path. Each of their operations says what it does: send or
receive on a channel (``role``), act on the client (``act``: flush, commit, seek ...), or give another object
(``gives``). Where an argument stands is an `Argument`: positions and keywords that are tried in order.

Methods with double underscores are what the syntax calls: ``client["x"]`` is ``__getitem__``, ``@publisher`` and
``publisher(f)`` are ``__call__``, ``with client as x`` is ``__enter__``, ``for x in client`` is ``__iter__``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Argument:
    """Where a value stands in a call.

    ``places`` are tried in order: a number is a position, a text a keyword, ``*`` all positional arguments (``*1``:
    from the second on), ``**`` all keywords together, ``def`` the name of the function that the call decorates,
    ``receiver`` what the object carries, ``self.NAME`` that under
    NAME (or, for an object of a class of the program that derives from the modelled one, its attribute NAME),
    ``@CLASS.NAME`` what objects of CLASS carry under NAME, wherever the program makes them. ``path`` leads into the
    value: ``Entries[].EventBusName`` is places ``[Entries]``, path ``("[]", "EventBusName")``. ``default`` is the
    name used when the argument is absent. ``separator`` cuts one text into several names. ``match`` is a regular
    expression whose first group in the text is the name (``kafka://host/TOPIC``); a text that it does not match gives
    no name. ``prefix`` is put in front with ``joint`` between, when it has a value; a ``*`` in ``joint`` is text that
    is not known. ``otherwise`` is where to look when all this gives nothing.
    """

    places: tuple[int | str, ...]
    path: tuple[str, ...] = ()
    default: str | None = None
    separator: str | None = None
    match: str | None = None
    prefix: Argument | None = None
    joint: str = ""
    otherwise: Argument | None = None


@dataclass(frozen=True, slots=True)
class Gives:
    """What a call gives back: an object of ``model``, carrying values; or chosen by an argument's literal value.

    A key of ``choices`` that ends with ``*`` stands for every text that begins so (``sqs://*``). ``returns``
    describes a mapping answer instead: key -> what the value is (``channel``: the channel argument). ``element`` is
    the model of each item when the answer is iterated. Fluent builders keep what the receiver carries (``keeps``),
    and ``keyed`` carries a value under the name that an argument tells: ``.option("subscribe", topic)``; with ``**``
    for both, every keyword's value under the keyword. ``distinct`` (attributes only): reading an attribute of this
    name is evidence enough, even on an unknown object.
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
    distinct: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """One method, function or constructor.

    ``role`` is ``produce``, ``consume``, ``manage`` or "" when the call neither sends nor receives. ``act`` names
    what else it does: receive, commit, store, flush, poll, seek, delete, visibility, close, pause, transaction steps,
    lookup ... ``arguments`` holds the other arguments that facts need (``key``, ``value``, ``callback``,
    ``wait_time`` ...); ``handler`` among them is a function that receives the messages. ``requires`` are keywords
    without which the call is not this operation; with ``distinct`` they are evidence enough even when the receiver is
    not known. ``when`` maps names, of ``arguments`` or else carried ones, to the constants they must have (``format:
    kafka``; a final ``*`` stands for any ending). ``shape`` tells how the channel argument is to be read: ``name``,
    ``list``, ``regex-list`` (an element that begins with ``^`` is a pattern), ``varargs``, ``pattern``. ``pattern``
    is where a regular expression stands instead. ``system`` overrides the library's when one class speaks to several.
    ``decorator`` marks calls that register the decorated function (or one given as argument) as the handler; when
    such a call ``gives`` an object and decorates nothing, it is no use of a channel yet. ``becomes`` is the object in
    which the attributes of the decorated function's name are looked up afterwards (``task.delay``); calling the name
    still calls the function. ``also`` are further uses that the same call makes (a stream step that both sends and
    receives), each by its own ``when``.
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
    pattern: Argument | None = None
    becomes: Gives | None = None
    also: tuple[Operation, ...] = ()


@dataclass(frozen=True, slots=True)
class ClassModel:
    """A class of a library: its construction, its methods and where its configuration stands.

    ``handler`` is the method that a deriving class writes and the library calls for each message. ``subclass`` is
    what deriving from the class amounts to, when the definition alone registers it (the place is the class
    statement). ``raises`` tells that receiving raises errors, so that no message holds one.
    """

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
    handler: str = ""
    subclass: Operation | None = None
    raises: bool = False


@dataclass(frozen=True, slots=True)
class Example:
    """A program of one file and the uses that must be found in it."""

    code: str
    expect: tuple[Mapping[str, object], ...]


@dataclass(frozen=True, slots=True)
class Library:
    """One library: what it is called on the package index and in code, and everything it defines.

    ``needs`` are words of which one must occur in the program, else the library is not in use: models that describe a
    general package (an actor framework) on one transport. ``objects`` are ready-made objects by their import path.
    ``events`` are classes and constants by which code says what calls a handler (an event's class, a kind of batch):
    the system by import path, in which ``*`` stands for any modules.
    """

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
    objects: Mapping[str, Gives] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    remarks: Mapping[str, str] = field(default_factory=dict)
    examples: tuple[Example, ...] = ()
    events: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        """Words of which a file that uses the library holds one: ``modules``, and how the last part of one is imported.

        ``from acme import bus`` does not hold ``acme.bus``.
        """
        inner = [module.rpartition(".")[0] for module in self.modules if " " not in module]
        return (*self.modules, *dict.fromkeys(f"from {parent} import" for parent in inner if parent))


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
    objects: Mapping[str, Gives] = field(default_factory=dict)
    attributes: Mapping[str, tuple[Gives, ...]] = field(default_factory=dict)
