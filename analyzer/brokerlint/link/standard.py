"""The standard library's functions that names pass through: conversions, ``getattr``, ``partial``, ``json.loads``."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from brokerlint.link import ini_files, objects, texts
from brokerlint.link.engine import Args, Engine
from brokerlint.link.values import (
    Collection,
    Const,
    EnvVar,
    External,
    FunctionValue,
    Instance,
    ModuleValue,
    Record,
    Template,
    Unknown,
    Value,
    Values,
    concat,
    join,
    needs_of,
    unknown,
)
from brokerlint.places import Place

_THING = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+:[A-Za-z_]\w*$")
_FILE = "file:"
"""What the path of an open file, and of its methods, begins with."""


@dataclass(frozen=True, slots=True)
class _Call:
    """One call: all its arguments, the positional ones, and the file that it stands in."""

    ev: Engine
    args: Args
    positional: list[Values]
    near: str

    @property
    def first(self) -> Values:
        """The first positional argument; () without one."""
        return self.positional[0] if self.positional else ()

    def keywords(self) -> list[tuple[str, Values]]:
        """The arguments given by name."""
        return [(key, values) for key, values in self.args if key not in ("", "*", "**")]


def call(ev: Engine, path: str, args: Args, place: Place | None) -> Values | None:
    """The result of the standard function at ``path``; None when it is not one that names pass through."""
    if path.startswith(ini_files.PARSER):
        return ini_files.call(ev, path, args)
    if path.startswith(_FILE):
        return (External(path),)  # a method of an open file: its content
    positional = [values for key, values in args if key == ""]
    made = _Call(ev, args, positional, place.path if place is not None else "")
    handler = _FUNCTIONS.get(path) or _FUNCTIONS.get(f"*.{path.rpartition('.')[2]}")
    if handler is not None:
        return handler(made)
    return _import_string(made) if positional and all(_names_a_thing(value) for value in made.first) else None


def _names_a_thing(value: Value) -> bool:
    """``package.module:Name``: a text of this form is only written to load what it names."""
    return isinstance(value, Const) and isinstance(value.value, str) and bool(_THING.match(value.value))


# --- What passes through ------------------------------------------------------------------------------------------


def _first(call: _Call) -> Values | None:
    return call.positional[0] if call.positional else None


def _last(call: _Call) -> Values | None:
    return call.positional[-1] if call.positional else None


def _value_keyword(call: _Call) -> Values | None:
    """``Field(default=...)`` and its like."""
    named = dict(call.args)
    if "default" in named:
        return named["default"]
    for key in ("default_factory", "factory"):
        if key in named:
            return join((), *[call.ev.call_value(value, [], None) for value in named[key]])
    return _first(call)


def _getattr(call: _Call) -> Values | None:
    if len(call.positional) < 2:
        return None
    found: list[Values] = []
    for name in call.positional[1]:
        if isinstance(name, Const) and isinstance(name.value, str):
            for base in call.first:
                values = objects.attribute(call.ev, base, name.value)
                missing = all(isinstance(value, Unknown) and not value.needs for value in values)
                found.append(call.positional[2] if missing and len(call.positional) > 2 else values)
        else:
            found.append(unknown("an attribute whose name is not known", needs_of((name,))))
    return join((), *found)


def _partial(call: _Call) -> Values | None:
    if not call.positional:
        return None
    given: list[tuple[str | int, Values]] = [*enumerate(call.positional[1:])]
    given += call.keywords()
    args = [("" if isinstance(key, int) else key, values) for key, values in given]
    found: list[Values] = []
    for function in call.first:
        if isinstance(function, FunctionValue):
            found.append((replace(function, given=(*function.given, *given)),))
        elif isinstance(function, External):
            found.append(call.ev.call_value(function, args, None))
        else:
            found.append((function,))
    return join((), *found)


def _kind_of(call: _Call) -> Values | None:
    if len(call.positional) != 1:
        return None
    return tuple(value.cls if isinstance(value, Instance) else Unknown("a type") for value in call.first)


def _vars(call: _Call) -> Values | None:
    return unknown("all attributes of an object")


# --- Collections --------------------------------------------------------------------------------------------------


def _collection(kind: str) -> Callable[[_Call], Values | None]:
    def made(call: _Call) -> Values | None:
        spread = [texts.as_collection(call.ev, value) for value in call.first]
        items = tuple(item for one in spread for item in one.items)
        asked = needs_of(tuple(value for value in call.first if isinstance(value, Unknown)))
        if asked:
            items = (*items, unknown("an element of something unknown", asked))
        return (Collection(kind, items, any(one.more for one in spread)),)

    return made


def _dict(call: _Call) -> Values | None:
    entries: list[tuple[str | int | bool | None, Values]] = []
    more = False
    for value in call.first:
        if isinstance(value, Record):
            entries.extend(value.entries)
            more = more or value.more
        elif isinstance(value, External):
            return (value,)
        elif isinstance(value, Collection):
            inside = [pair for item in value.items for pair in item if isinstance(pair, Collection)]
            pairs = [pair for pair in inside if len(pair.items) == 2]
            entries.extend(entry for pair in pairs for entry in _entries(pair))
            more = more or value.more or len(pairs) < len(value.items)
        else:
            more = True
    entries.extend(call.keywords())
    more = more or any(key == "**" for key, _ in call.args)
    return (Record(tuple(entries), more),)


def _entries(pair: Collection) -> list[tuple[str | int | bool | None, Values]]:
    """A (key, value) pair as entries, one for each key that it may have."""
    keys = [key.value for key in pair.items[0] if isinstance(key, Const)]
    return [(key, pair.items[1]) for key in keys if not isinstance(key, (bytes, float))]


def _empty_mapping(call: _Call) -> Values | None:
    return (Record(()),)


def _namespace(call: _Call) -> Values | None:
    return (Record(tuple(call.keywords())),)


def _zip(call: _Call) -> Values | None:
    columns = [texts.as_collection(call.ev, values[0]) for values in call.positional if values]
    if not columns:
        return None
    length = min(len(column.items) for column in columns)
    rows = tuple((Collection("tuple", tuple(column.items[i] for column in columns)),) for i in range(length))
    return (Collection("list", rows, any(column.more for column in columns)),)


def _enumerate(call: _Call) -> Values | None:
    if not call.first:
        return None
    column = texts.as_collection(call.ev, call.first[0])
    rows = tuple((Collection("tuple", ((Unknown("a position"),), item)),) for item in column.items)
    return (Collection("list", rows, column.more),)


def _next(call: _Call) -> Values | None:
    if not call.positional:
        return None
    found = join((), *[call.ev.element_of(value) for value in call.first])
    return join(found, call.positional[1]) if len(call.positional) > 1 else found


# --- Paths, files and data ----------------------------------------------------------------------------------------


def _join_path(call: _Call) -> Values | None:
    parts: list[Values] = []
    for index, values in enumerate(call.positional):
        parts += [(Const("/"),), values] if index else [values]
    return concat(parts) if parts else None


def _open(call: _Call) -> Values | None:
    """A file that is opened, known by the end of its path."""
    found: list[Value] = []
    for value in call.first:
        if isinstance(value, Const) and isinstance(value.value, str):
            found.append(External(_FILE + value.value))
        elif isinstance(value, Template) and isinstance(value.parts[-1], str):
            found.append(External(_FILE + value.parts[-1]))
        elif isinstance(value, External) and value.path.startswith(_FILE):
            found.append(value)
        elif isinstance(value, EnvVar) and (names := _paths(call.ev, value)):
            found += [External(_FILE + name) for name in names]
        else:
            found.append(Unknown("a file whose path is not known", needs_of((value,))))
    return tuple(found)


def _paths(ev: Engine, variable: EnvVar) -> list[str]:
    """The paths that manifests set a variable or an option to, else its defaults."""
    defaults = [one.value for one in variable.default or () if isinstance(one, Const) and isinstance(one.value, str)]
    return ev.files.given(variable.name) or defaults


def _parser(call: _Call) -> Values | None:
    return (External(f"{ini_files.PARSER}{call.near}"),)


def _load_data(call: _Call) -> Values | None:
    """``yaml.safe_load(open("config.yml"))``: the content of a file of the tree."""
    found: list[Values] = []
    for value in call.first:
        data = None
        if isinstance(value, External) and value.path.startswith(_FILE):
            data = call.ev.files.data(value.path.removeprefix(_FILE).removesuffix(".read"), call.near)
        found.append(unknown("data read from a file", needs_of((value,))) if data is None else from_data(data))
    return join((), *found)


def _dumped(call: _Call) -> Values | None:
    """A structure stays one: who looks into the text of JSON finds what was put in."""
    return call.first if call.first and all(isinstance(value, (Record, Collection)) for value in call.first) else None


def _json(call: _Call) -> Values | None:
    return join((), *[_parsed(value) for value in call.first])


def _parsed(value: Value) -> Values:
    """The data in a JSON text."""
    if isinstance(value, (Record, Collection)):
        return (value,)
    if isinstance(value, Const) and isinstance(value.value, str):
        try:
            return from_data(json.loads(value.value))
        except (ValueError, RecursionError):
            return unknown("text that is not JSON")
    if isinstance(value, EnvVar):
        inner = join((), *[_parsed(default) for default in value.default or ()])
        return join(inner, unknown("JSON in an environment variable")) if inner else unknown(f"JSON in ${value.name}")
    return unknown("JSON that is not known", needs_of((value,)))


def from_data(data: object, depth: int = 12) -> Values:
    """Plain data (as read from JSON or YAML) as values."""
    if depth <= 0:
        return unknown("data nested too deeply")
    if isinstance(data, dict):
        return (Record(tuple((str(key), from_data(item, depth - 1)) for key, item in list(data.items())[:400])),)
    if isinstance(data, list):
        return (Collection("list", tuple(from_data(item, depth - 1) for item in data[:200])),)
    if data is None or isinstance(data, (str, int, float, bool)):
        return (Const(data),)
    return unknown("data of another kind")


# --- Things named in texts ----------------------------------------------------------------------------------------


def _import_module(call: _Call) -> Values | None:
    found: list[Value] = []
    for value in call.first:
        if isinstance(value, Const) and isinstance(value.value, str):
            found.append(call.ev.program.resolve("", value.value))
        else:
            found.append(Unknown("a module whose name is not known", needs_of((value,))))
    return join((), tuple(found))


def _import_string(call: _Call) -> Values | None:
    """``import_string("package.module.Name")`` and ``"package.module:Name"``."""
    return join((), *[_named(call.ev, value) for value in call.first])


def _named(ev: Engine, value: Value) -> Values:
    text = value.value if isinstance(value, Const) else None
    if isinstance(value, EnvVar) and value.default and isinstance(value.default[0], Const):
        text = value.default[0].value
    if not isinstance(text, str) or not ("." in text or ":" in text):
        return unknown("a thing named in a text that is not known", needs_of((value,)))
    module, _, name = text.replace(":", ".").rpartition(".")
    target = ev.program.resolve("", module)
    return ev.member(target.path, name) if isinstance(target, ModuleValue) else (External(f"{module}.{name}"),)


_FUNCTIONS: dict[str, Callable[[_Call], Values | None]] = {
    "builtins.str": _first,
    "builtins.bytes": _first,
    "builtins.int": _first,
    "builtins.float": _first,
    "builtins.repr": _first,
    "builtins.iter": _first,
    "builtins.reversed": _collection("list"),
    "builtins.sorted": _collection("list"),
    "builtins.list": _collection("list"),
    "builtins.tuple": _collection("tuple"),
    "builtins.set": _collection("set"),
    "builtins.frozenset": _collection("set"),
    "builtins.dict": _dict,
    "collections.OrderedDict": _dict,
    "pydantic_settings.SettingsConfigDict": _dict,
    "pydantic.ConfigDict": _dict,
    "collections.defaultdict": _empty_mapping,
    "types.MappingProxyType": _dict,
    "types.SimpleNamespace": _namespace,
    "argparse.Namespace": _namespace,
    "builtins.getattr": _getattr,
    "builtins.zip": _zip,
    "builtins.enumerate": _enumerate,
    "builtins.vars": _vars,
    "builtins.next": _next,
    "builtins.type": _kind_of,
    "functools.partial": _partial,
    "functools.lru_cache": _first,
    "functools.cache": _first,
    "functools.wraps": _first,
    "json.loads": _json,
    "json.dumps": _dumped,
    "ujson.loads": _json,
    "orjson.loads": _json,
    "builtins.open": _open,
    "io.open": _open,
    "yaml.safe_load": _load_data,
    "yaml.load": _load_data,
    "yaml.full_load": _load_data,
    "json.load": _load_data,
    "toml.load": _load_data,
    "tomllib.load": _load_data,
    **dict.fromkeys(("configparser.ConfigParser", "configparser.RawConfigParser"), _parser),
    "configparser.SafeConfigParser": _parser,
    "copy.copy": _first,
    "copy.deepcopy": _first,
    "typing.cast": _last,
    "os.path.join": _join_path,
    "posixpath.join": _join_path,
    "urllib.parse.urljoin": _join_path,
    "urllib.parse.quote": _first,
    "os.path.expandvars": _first,
    "pathlib.Path": _first,
    "importlib.import_module": _import_module,
    "*.import_string": _import_string,
    "*.import_from_string": _import_string,
    "*.symbol_by_name": _import_string,
    "*.load_class": _import_string,
    "simport.load": _import_string,
    "stevedore.driver.DriverManager": _first,
    "contextlib.closing": _first,
    "contextlib.aclosing": _first,
    "itertools.chain": _collection("list"),
    "asyncio.run": _first,
    "asyncio.wait_for": _first,
    "asyncio.create_task": _first,
    "asyncio.shield": _first,
    "dataclasses.field": _value_keyword,
    "attr.ib": _value_keyword,
    "attr.field": _value_keyword,
    "attrs.field": _value_keyword,
    "pydantic.Field": _value_keyword,
    "pydantic.PrivateAttr": _value_keyword,
    "django.utils.functional.lazy": _first,
    "django.utils.functional.SimpleLazyObject": _first,
    "click.option": _value_keyword,
    "typer.Option": _value_keyword,
    "typer.Argument": _value_keyword,
    "enum.auto": lambda call: unknown("a generated member"),
}
