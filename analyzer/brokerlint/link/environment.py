"""Environment variables: the ways in which Python code reads them, each giving variable and default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brokerlint.link.values import ClassValue, Collection, Const, EnvVar, External, Record, Unknown, Values, join, unknown
from brokerlint.places import Place

if TYPE_CHECKING:
    from brokerlint.link.calls import Args
    from brokerlint.link.evaluate import Evaluator

_MAPPINGS = frozenset({"os.environ", "environ", "builtins.environ", "environ.Env.ENVIRON", "starlette.config.environ", "os.environb"})

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

_CASTS = frozenset({"str", "string", "list", "url", "int", "bool", "tuple", "get_value", "json", "dict", "float", "unicode", "get", "enum"})


def subscript(ev: Evaluator, base: External | ClassValue, keys: Values) -> Values:
    """``os.environ[key]``; a subscripted class stays what it is; an enumeration gives its member."""
    if isinstance(base, External) and base.path in _MAPPINGS:
        return join((), *[variable(key, ()) for key in (keys[i : i + 1] for i in range(len(keys)))])
    if isinstance(base, ClassValue):
        from brokerlint.link import objects

        named = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, str)]
        found = [objects.class_attribute(ev, base, name) for name in named] if objects.is_enum(ev, base) else []
        return join((), *found) or (base,)
    return (base,)


def variable(name: Values, default: Values, place: Place | None = None) -> Values:
    """The variable called ``name``."""
    found: list[EnvVar | Unknown] = []
    trace = (place,) if place else ()
    for one in name:
        if isinstance(one, Const) and isinstance(one.value, str):
            found.append(EnvVar(one.value, _clean(default), trace))
        elif isinstance(one, Const) and isinstance(one.value, bytes):
            found.append(EnvVar(one.value.decode("utf-8", "replace"), _clean(default), trace))
        else:
            needs = one.needs if isinstance(one, Unknown) else frozenset()
            found.append(Unknown("an environment variable whose name is not known", needs))
    return tuple(found)


def _clean(default: Values) -> Values | None:
    kept = tuple(value for value in default if value != Const(None))
    return kept or None


def call(ev: Evaluator, path: str, args: Args, place: Place | None) -> Values | None:
    """The result of an environment reader at ``path``; None when it is none."""
    if path in ("dotenv.dotenv_values",):
        return (Record((), True),)
    if path in ("os.environ.copy", "builtins.dict") and not args and path.startswith("os"):
        return (External("os.environ"),)
    if path in _OBJECTS and not _names_a_variable(args):
        return (External(path),)
    if path in _READERS or path in _OBJECTS:
        return _read(args, place)
    owner, _, method = path.rpartition(".")
    if owner in _OBJECTS and method in ("prefixed",):
        return (External(owner),)
    if owner in _OBJECTS and method in _CASTS:
        found = _read(args, place)
        if method in ("list", "tuple"):
            return tuple(_listed(one) for one in found)
        return found
    return None


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


def _listed(value: object) -> Collection:
    if isinstance(value, EnvVar):
        items: list[Values] = []
        for default in value.default or ():
            if isinstance(default, Collection):
                items += [(EnvVar(value.name, item, value.trace),) for item in default.items]
            elif isinstance(default, Const) and isinstance(default.value, str):
                pieces = [piece.strip() for piece in default.value.split(",") if piece.strip()]
                items += [(EnvVar(value.name, (Const(piece),), value.trace),) for piece in pieces]
        return Collection("list", tuple(items) or ((value,),), not items)
    return Collection("list", (), True)


