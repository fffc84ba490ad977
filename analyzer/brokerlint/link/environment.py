"""Environment variables: the ways in which Python code reads them, each giving variable and default."""

from __future__ import annotations

from brokerlint.link.engine import Args, Engine
from brokerlint.link.values import (
    ClassValue,
    Collection,
    Const,
    EnvVar,
    External,
    Record,
    Unknown,
    Value,
    Values,
    unknown,
)
from brokerlint.places import Place

MAPPINGS = frozenset({
    "os.environ", "environ", "builtins.environ", "environ.Env.ENVIRON", "starlette.config.environ", "os.environb",
})  # fmt: skip
"""Objects that are subscripted with a variable's name."""

_READERS = frozenset({
    "os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault", "os.environ.__getitem__",
    # python-decouple, starlette, everett
    "decouple.config", "decouple.AutoConfig", "starlette.config.Config",
    # airflow variables, aws helpers
    "airflow.models.Variable.get",
})  # fmt: skip
"""Functions whose first argument is the variable and whose second (or ``default=``) is the default."""

_OBJECTS = frozenset({
    "environs.Env", "environs.env", "environ.Env", "decouple.AutoConfig", "decouple.Config", "starlette.config.Config",
    "environ.FileAwareEnv", "decouple.config", "prettyconf.config", "prettyconf.Configuration",
})  # fmt: skip
"""Classes whose instances are called, or have typed methods, to read a variable."""

_CASTS = frozenset({
    "str", "string", "list", "url", "int", "bool", "tuple", "get_value", "json", "dict", "float", "unicode", "get",
    "enum",
})  # fmt: skip
"""Their typed methods."""


def variable(name: Values, default: Values, place: Place | None = None) -> Values:
    """The variables with these names, falling back to ``default``, read at ``place``."""
    found: list[Value] = []
    trace = (place,) if place else ()
    for one in name:
        if isinstance(one, Const) and isinstance(one.value, (str, bytes)):
            text = one.value if isinstance(one.value, str) else one.value.decode("utf-8", "replace")
            found.append(EnvVar(text, _clean(default), trace))
        else:
            needs = one.needs if isinstance(one, Unknown) else frozenset()
            found.append(Unknown("an environment variable whose name is not known", needs))
    return tuple(found)


def _clean(default: Values) -> Values | None:
    kept = tuple(value for value in default if value != Const(None))
    return kept or None


def call(ev: Engine, path: str, args: Args, place: Place | None) -> Values | None:
    """The result of an environment reader at ``path``; None when it is none."""
    if path == "dotenv.dotenv_values":
        return (Record((), True),)
    if path == "os.environ.copy" and not args:
        return (External("os.environ"),)
    if path in _OBJECTS and not _names_a_variable(args):
        return (External(path),)
    if path in _READERS or path in _OBJECTS:
        return _read(args, place)
    owner, _, method = path.rpartition(".")
    if owner not in _OBJECTS:
        return None
    if method == "prefixed":
        return (External(owner),)
    if method in ("list", "tuple"):
        return tuple(_listed(one) for one in _read(args, place))
    return _read(args, place) if method in _CASTS else None


def _names_a_variable(args: Args) -> bool:
    first = next((values for key, values in args if key == ""), ())
    return bool(first) and all(isinstance(v, Const) and isinstance(v.value, str) and v.value.isupper() for v in first)


def _read(args: Args, place: Place | None) -> Values:
    positional = [values for key, values in args if key == ""]
    named = dict(args)
    name = positional[0] if positional else named.get("key") or named.get("name") or ()
    default = positional[1] if len(positional) > 1 else named.get("default", named.get("default_var", ()))
    if not name:
        return unknown("an environment variable without a name")
    if default and all(isinstance(value, (External, ClassValue)) for value in default):
        default = ()
    return variable(name, default, place)


def _listed(value: Value) -> Collection:
    """A variable that holds a list with commas: one item for each of its default's."""
    if not isinstance(value, EnvVar):
        return Collection("list", (), True)
    items: list[Values] = []
    for default in value.default or ():
        if isinstance(default, Collection):
            items += [(EnvVar(value.name, item, value.trace),) for item in default.items]
        elif isinstance(default, Const) and isinstance(default.value, str):
            pieces = [piece.strip() for piece in default.value.split(",") if piece.strip()]
            items += [(EnvVar(value.name, (Const(piece),), value.trace),) for piece in pieces]
    return Collection("list", tuple(items) or ((value,),), not items)
