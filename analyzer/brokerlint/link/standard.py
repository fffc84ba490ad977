"""The standard library's functions that names pass through: conversions, ``getattr``, ``partial``, ``json.loads`` and the like."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeGuard

from brokerlint.link import objects, texts
from brokerlint.link.scopes import Activation
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

if TYPE_CHECKING:
    from brokerlint.link.calls import Args
    from brokerlint.link.evaluate import Evaluator


_THING = re.compile(r"^[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+:[A-Za-z_]\w*$")


def call(ev: Evaluator, path: str, args: Args, place: Place | None, act: Activation | None) -> Values | None:
    """The result of a standard function; None when it is not one that names pass through."""
    positional = [values for key, values in args if key == ""]
    if path.startswith(_FILE):
        return (External(path),)  # a method of an open file: its content
    ev.here = place.path if place is not None else ""
    handler = _FUNCTIONS.get(path) or _FUNCTIONS.get(f"*.{path.rpartition('.')[2]}")
    if handler is not None:
        return handler(ev, positional, args)
    return _import_string(ev, positional, args) if positional and all(map(_names_a_thing, positional[0])) else None


def _names_a_thing(value: Value) -> bool:
    """``package.module:Name``: a text of this form is only written to load what it names."""
    return isinstance(value, Const) and isinstance(value.value, str) and bool(_THING.match(value.value))


def _first(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    return positional[0] if positional else None


def _last(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    return positional[-1] if positional else None


def _value_keyword(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    named = dict(args)
    if "default" in named:
        return named["default"]
    if "default_factory" in named or "factory" in named:
        from brokerlint.link import calls

        factory = named.get("default_factory") or named["factory"]
        return join((), *[calls.call_value(ev, value, [], None) for value in factory])
    return positional[0] if positional else None


def _collection(kind: str) -> Callable[[Evaluator, list[Values], Args], Values | None]:
    def made(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
        if not positional:
            return (Collection(kind, ()),)
        spread = [texts.as_collection(ev, value) for value in positional[0]]
        items = tuple(item for one in spread for item in one.items)
        return (Collection(kind, items, any(one.more for one in spread)),)

    return made


def _dict(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    entries: list[tuple[str | int | bool | None, Values]] = []
    more = False
    for value in positional[0] if positional else ():
        if isinstance(value, Record):
            entries.extend(value.entries)
            more = more or value.more
        elif isinstance(value, External):
            return (value,)
        elif isinstance(value, Collection):
            pairs = [pair for item in value.items for pair in item if isinstance(pair, Collection) and len(pair.items) == 2]
            entries.extend((key.value, pair.items[1]) for pair in pairs for key in pair.items[0] if _is_key(key))
            more = more or value.more or len(pairs) < len(value.items)
        else:
            more = True
    entries.extend((key, values) for key, values in args if key not in ("", "*", "**"))
    more = more or any(key == "**" for key, _ in args)
    return (Record(tuple(entries), more),)


def _is_key(value: Value) -> TypeGuard[Const]:
    return isinstance(value, Const) and not isinstance(value.value, (bytes, float))


def _getattr(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    if len(positional) < 2:
        return None
    found: list[Values] = []
    for name in positional[1]:
        if isinstance(name, Const) and isinstance(name.value, str):
            for base in positional[0]:
                values = objects.attribute(ev, base, name.value)
                missing = all(isinstance(value, Unknown) and not value.needs for value in values)
                found.append(positional[2] if missing and len(positional) > 2 else values)
        else:
            found.append(unknown("an attribute whose name is not known", needs_of((name,))))
    return join((), *found)


def _partial(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    if not positional:
        return None
    found: list[Values] = []
    rest = [values for values in positional[1:]]
    given: list[tuple[str | int, Values]] = [(index, values) for index, values in enumerate(rest)]
    given += [(key, values) for key, values in args if key not in ("", "*", "**")]
    for function in positional[0]:
        if isinstance(function, FunctionValue):
            found.append(
                (
                    FunctionValue(
                        function.path,
                        function.qualname,
                        function.definition,
                        function.receiver,
                        function.within,
                        function.owner,
                        (*function.given, *given),
                    ),
                )
            )
        elif isinstance(function, External):
            from brokerlint.link import calls

            made = calls.call_value(ev, function, [("" if isinstance(k, int) else k, v) for k, v in given], None)
            found.append(made)
        else:
            found.append((function,))
    return join((), *found)


def _json(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    found: list[Values] = []
    for value in positional[0] if positional else ():
        if isinstance(value, Const) and isinstance(value.value, str):
            try:
                found.append(from_data(json.loads(value.value)))
            except (ValueError, RecursionError):
                found.append(unknown("text that is not JSON"))
        elif isinstance(value, EnvVar):
            inner = _json(ev, [value.default], args) if value.default else None
            found.append(join(inner, unknown("JSON in an environment variable")) if inner else unknown(f"JSON in ${value.name}"))
        else:
            found.append(unknown("JSON that is not known", needs_of((value,))))
    return join((), *found)


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


_FILE = "file:"


def _open(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    """A file that is opened, known by the end of its path."""
    found: list[Value] = []
    for value in positional[0] if positional else ():
        if isinstance(value, Const) and isinstance(value.value, str):
            found.append(External(_FILE + value.value))
        elif isinstance(value, Template) and isinstance(value.parts[-1], str):
            found.append(External(_FILE + value.parts[-1]))
        elif isinstance(value, External) and value.path.startswith(_FILE):
            found.append(value)
        else:
            found.append(Unknown("a file whose path is not known", needs_of((value,))))
    return tuple(found)


def _load_data(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    """``yaml.safe_load(open("config.yml"))``: the content of a file of the tree."""
    found: list[Values] = []
    for value in positional[0] if positional else ():
        path = value.path.removeprefix(_FILE).removesuffix(".read") if isinstance(value, External) else ""
        data = ev.files.data(path, ev.here) if isinstance(value, External) and value.path.startswith(_FILE) else None
        found.append(from_data(data) if data is not None else unknown("data read from a file", needs_of((value,))))
    return join((), *found)


def _join_path(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    parts: list[Values] = []
    for index, values in enumerate(positional):
        parts += [(Const("/"),), values] if index else [values]
    return concat(parts) if parts else None


def _zip(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    columns = [texts.as_collection(ev, values[0]) for values in positional if values]
    if not columns:
        return None
    length = min(len(column.items) for column in columns)
    rows = tuple((Collection("tuple", tuple(column.items[i] for column in columns)),) for i in range(length))
    return (Collection("list", rows, any(column.more for column in columns)),)


def _enumerate(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    if not positional or not positional[0]:
        return None
    column = texts.as_collection(ev, positional[0][0])
    rows = tuple((Collection("tuple", ((Unknown("a position"),), item)),) for item in column.items)
    return (Collection("list", rows, column.more),)


def _vars(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    return unknown("all attributes of an object")


def _import_module(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    found: list[Values] = []
    for value in positional[0] if positional else ():
        if isinstance(value, Const) and isinstance(value.value, str):
            found.append((ev.program.resolve("", value.value),))
        else:
            found.append(unknown("a module whose name is not known", needs_of((value,))))
    return join((), *found)


def _import_string(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    """``import_string("package.module.Name")`` and ``"package.module:Name"``: a thing named in a text."""
    found: list[Values] = []
    for value in positional[0] if positional else ():
        text = value.value if isinstance(value, Const) else None
        if isinstance(value, EnvVar) and value.default and isinstance(value.default[0], Const):
            text = value.default[0].value
        if isinstance(text, str) and ("." in text or ":" in text):
            module, _, name = text.replace(":", ".").rpartition(".")
            target = ev.program.resolve("", module)
            found.append(ev.member(target.path, name) if isinstance(target, ModuleValue) else (External(f"{module}.{name}"),))
        else:
            found.append(unknown("a thing named in a text that is not known", needs_of((value,))))
    return join((), *found)


def _namespace(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    return (Record(tuple((key, values) for key, values in args if key not in ("", "*", "**"))),)


def _next(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    if not positional:
        return None
    found = join((), *[ev.element_of(value) for value in positional[0]])
    return join(found, positional[1]) if len(positional) > 1 else found


def _asyncio(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    return positional[0] if positional else None


def _kind_of(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    if len(positional) != 1:
        return None
    return tuple(value.cls if isinstance(value, Instance) else Unknown("a type") for value in positional[0])


def _empty_mapping(ev: Evaluator, positional: list[Values], args: Args) -> Values | None:
    return (Record(()),)


_FUNCTIONS: dict[str, Callable[[Evaluator, list[Values], Args], Values | None]] = {
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
    "asyncio.run": _asyncio,
    "asyncio.wait_for": _asyncio,
    "asyncio.create_task": _asyncio,
    "asyncio.shield": _asyncio,
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
    "enum.auto": lambda ev, positional, args: unknown("a generated member"),
}

