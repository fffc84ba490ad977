"""Reading models: YAML text -> `Library`, with errors that name file, line and the nearest known key."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any, TypeAlias

import yaml

from brokerlint.models import keys
from brokerlint.models.index import index
from brokerlint.models.model import Argument, ClassModel, Example, Gives, Library, Operation

Path: TypeAlias = tuple[str | int, ...]
"""The keys that lead to a place in a model file."""

_STEP = re.compile(r"\[\]|[^.\[\]]+")
_EXAMPLES = re.compile(r"^examples:", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The safe loader, in C where there is one."""


class ModelError(Exception):
    """A model file that can't be used: the message names the file, the line and what to do."""


class _WrongError(Exception):
    """Something wrong at a place inside the file; `parse` finds the line."""

    def __init__(self, at: Path, says: str) -> None:
        super().__init__(says)
        self.at = at
        self.says = says


def parse(text: str, file: str) -> Library:
    """One model file. Raises `ModelError`."""
    try:
        data = yaml.load(text, Loader=_LOADER)  # noqa: S506
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = min(mark.line if mark else 0, text.rstrip().count("\n")) + 1
        raise ModelError(f"{file}:{line}: not valid YAML") from None
    try:
        return _library(data, file)
    except _WrongError as wrong:
        inside = ": ".join(str(step) for step in wrong.at[1:-1] if isinstance(step, str))
        subject = f"{inside}: " if inside else ""
        raise ModelError(f"{file}:{line_of(text, wrong.at)}: {subject}{wrong.says}") from None


def line_of(text: str, at: Path) -> int:
    """The line of the place that ``at`` leads to, or of the nearest one around it."""
    node = yaml.compose(text, Loader=_LOADER)
    line = 1
    for step in at:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(step)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
            node = node.value[step]
            line = node.start_mark.line + 1
        else:
            break
    return line


def _library(data: Any, file: str) -> Library:
    if not isinstance(data, dict):
        raise _WrongError((), "a model is a mapping that starts with 'library:'")
    data = _checked(data, "model", ())
    for key in ("library", "system", "modules"):
        if not data.get(key):
            raise _WrongError((), f"the key '{key}' is missing")
    name, system = str(data["library"]), str(data["system"])
    raw = data.get("classes") or {}
    classes = {path: _class(path, _inherited(path, raw), name, system) for path in raw}
    base = _extended(data.get("extends"))
    return Library(
        name,
        system,
        tuple(data.get("distributions") or [name]),
        tuple(data["modules"]),
        str(data.get("source", "")),
        classes,
        _operations(data.get("functions"), ("functions",)),
        {**(base.get("config_keys") or {}), **(data.get("config_keys") or {})},
        _merged(base.get("defaults") or {}, data.get("defaults") or {}),
        file,
        int(data.get("tier", 3)),
        {path: _gives(spec, ("objects", path)) for path, spec in (data.get("objects") or {}).items()},
        tuple(data.get("needs") or ()),
        data.get("remarks") or {},
        _examples(data.get("examples") or ()),
        data.get("events") or {},
    )


def _extended(name: str | None) -> Mapping[str, Any]:
    """The raw model of the built-in library that another one extends."""
    if name is None:
        return {}
    found = next((raw for raw in _raw_builtin().values() if raw.get("library") == name), None)
    if found is None:
        raise _WrongError(("extends",), f"extends '{name}', which is no library that comes with brokerlint")
    return found


def _merged(base: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, dict[str, object]]:
    return {version: {**(base.get(version) or {}), **(own.get(version) or {})} for version in {**base, **own}}


def _inherited(path: str, classes: Mapping[str, Any], seen: tuple[str, ...] = ()) -> dict[str, Any]:
    """A class's keys, with those of the class it is ``like`` underneath."""
    at: Path = ("classes", path)
    own = dict(_mapping(classes[path], at))
    like = own.pop("like", None)
    if like is None:
        return own
    if like in seen or like == path:
        raise _WrongError((*at, "like"), f"class '{path}' is like itself")
    if like in classes:
        base = _inherited(like, classes, (*seen, path))
    else:
        home = next((raw["classes"] for raw in _raw_builtin().values() if like in (raw.get("classes") or {})), None)
        if home is None:
            raise _WrongError((*at, "like"), f"class '{path}' is like '{like}', which no model defines")
        base = _inherited(like, home)
    for key in ("aliases", "annotations"):
        base.pop(key, None)
    merged = {**base, **own}
    for key in ("methods", "attributes"):
        merged[key] = {**(base.get(key) or {}), **(own.get(key) or {})}
    return merged


def _class(path: str, raw: dict[str, Any], library: str, system: str) -> ClassModel:
    at: Path = ("classes", path)
    raw = _checked(raw, "class", at)
    methods: dict[str, Operation] = {}
    for name, spec in (raw.get("methods") or {}).items():
        operation = _operation(name, spec, (*at, "methods", name))
        for alias in (name, *((spec or {}).get("aliases") or [])):
            methods[alias] = operation
    attributes = raw.get("attributes") or {}
    return ClassModel(
        path,
        library,
        str(raw.get("system", system)),
        tuple(raw.get("aliases") or ()),
        _argument(raw.get("config"), (*at, "config")),
        str(raw.get("keys", "")),
        _operation("__init__", raw["construct"], (*at, "construct")) if raw.get("construct") else None,
        methods,
        _argument(raw.get("group"), (*at, "group")),
        bool(raw.get("iterates", False)),
        str(raw.get("kind", "")),
        {name: _gives(spec, (*at, "attributes", name)) for name, spec in attributes.items()},
        tuple(raw.get("annotations") or ()),
        str(raw.get("handler", "")),
        _operation("subclass", raw["subclass"], (*at, "subclass")) if raw.get("subclass") else None,
        bool(raw.get("raises", False)),
    )


def _operations(raw: Any, at: Path) -> dict[str, Operation]:
    """Operations by path, each under its aliases too."""
    found: dict[str, Operation] = {}
    for path, spec in (raw or {}).items():
        operation = _operation(path, spec, (*at, path))
        for alias in (path, *((spec or {}).get("aliases") or [])):
            found[alias] = operation
    return found


def _operation(name: str, raw: Any, at: Path) -> Operation:
    raw = _checked(raw, "operation", at)
    arguments = {key: _argument(spec, (*at, "arguments", key)) for key, spec in (raw.get("arguments") or {}).items()}
    return Operation(
        name,
        str(raw.get("role", "")),
        str(raw.get("act", "")),
        _argument(raw.get("channel"), (*at, "channel")),
        _argument(raw.get("group"), (*at, "group")),
        {key: argument for key, argument in arguments.items() if argument},
        _gives(raw["gives"], (*at, "gives")) if raw.get("gives") else None,
        tuple(raw.get("requires") or ()),
        bool(raw.get("distinct", False)),
        bool(raw.get("decorator", False)),
        bool(raw.get("optional", False)),
        str(raw.get("shape", "name")),
        str(raw.get("system", "")),
        bool(raw.get("batch", False)),
        bool(raw.get("awaits", False)),
        raw.get("when") or {},
        _argument(raw.get("pattern"), (*at, "pattern")),
        _gives(raw["becomes"], (*at, "becomes")) if raw.get("becomes") else None,
        tuple(_operation(name, use, (*at, "also", number)) for number, use in enumerate(raw.get("also") or ())),
    )


def _gives(raw: Any, at: Path) -> Gives:
    if isinstance(raw, str):
        return Gives(model=raw)
    raw = _checked(raw, "gives", at)
    carries = {key: _argument(spec, (*at, "carries", key)) for key, spec in (raw.get("carries") or {}).items()}
    keyed = [_argument(part, (*at, "keyed")) for part in raw.get("keyed") or ()]
    return Gives(
        str(raw.get("model", "")),
        _argument(raw.get("by"), (*at, "by")),
        raw.get("choices") or {},
        {key: argument for key, argument in carries.items() if argument},
        raw.get("returns") or {},
        _argument(raw.get("config"), (*at, "config")),
        str(raw.get("element", "")),
        bool(raw.get("keeps", False)),
        (keyed[0], keyed[1]) if keyed and keyed[0] and keyed[1] else None,
        bool(raw.get("distinct", False)),
    )


def _argument(raw: Any, at: Path) -> Argument | None:
    """``[0, topic]``, ``QueueUrl``, ``{at: [Entries], path: "[].EventBusName", default: default}``."""
    if raw is None:
        return None
    if not isinstance(raw, dict):
        return Argument(_places(raw, at))
    raw = _checked(raw, "argument", at)
    places = () if raw.get("at") is None else _places(raw["at"], (*at, "at"))
    match = raw.get("match")
    if match is not None and not _one_group(match):
        raise _WrongError((*at, "match"), "'match' must be a regular expression with one group")
    return Argument(
        places,
        _steps(raw.get("path")),
        raw.get("default"),
        raw.get("separator"),
        match,
        _argument(raw.get("prefix"), (*at, "prefix")),
        str(raw.get("joint", "")),
        _argument(raw.get("otherwise"), (*at, "otherwise")),
    )


def _places(raw: Any, at: Path) -> tuple[int | str, ...]:
    found = tuple(raw) if isinstance(raw, list) else (raw,)
    if not all(isinstance(place, (int, str)) and not isinstance(place, bool) for place in found):
        raise _WrongError(at, "positions are whole numbers and keywords are texts, one or a list of them")
    return found


def _steps(path: Any) -> tuple[str, ...]:
    """The steps of a way into a value: a text is cut at dots and brackets, a list holds them as they are."""
    if isinstance(path, list):
        return tuple(str(step) for step in path)
    return tuple(_STEP.findall(str(path or "")))


def _one_group(expression: str) -> bool:
    try:
        return re.compile(expression).groups == 1
    except re.error:
        return False


def _examples(raw: Iterable[Any]) -> tuple[Example, ...]:
    found = []
    for number, one in enumerate(raw):
        at: Path = ("examples", number)
        one = _checked(one, "example", at)
        for key in ("code", "expect"):
            if key not in one:
                raise _WrongError(at, f"the key '{key}' of an example is missing")
        for place, expected in enumerate(one["expect"]):
            inside: Path = (*at, "expect", place)
            if not {"line", "role"} <= set(_checked(expected, "expectation", inside)):
                raise _WrongError(inside, "an expectation has a line and a role")
        found.append(Example(one["code"], tuple(one["expect"])))
    return tuple(found)


def _mapping(raw: Any, at: Path) -> dict[str, Any]:
    if raw is None:
        return {}
    if not isinstance(raw, dict):
        raise _WrongError(at, f"'{at[-1] if at else ''}' must be a mapping")
    return raw


def _checked(raw: Any, table: str, at: Path) -> dict[str, Any]:
    """The mapping, when its keys and their values are those of ``table``; a key without a value counts as absent."""
    data = _mapping(raw, at)
    found = keys.complaint(data, table)
    if found is not None:
        raise _WrongError((*at, found[0]), found[1])
    return {key: value for key, value in data.items() if value is not None}


@lru_cache(maxsize=1)
def _texts() -> Mapping[str, str]:
    """The texts of the models that come with brokerlint, by file name."""
    files = [entry for entry in resources.files("brokerlint.models").iterdir() if entry.name.endswith(".yaml")]
    return {entry.name: entry.read_text(encoding="utf-8") for entry in sorted(files, key=lambda entry: entry.name)}


@lru_cache(maxsize=1)
def _raw_builtin() -> Mapping[str, Mapping[str, Any]]:
    """The mappings in the files that come with brokerlint, by file name, less their examples (a third of the text)."""
    return {name: yaml.load(_EXAMPLES.split(text)[0], Loader=_LOADER) for name, text in _texts().items()}  # noqa: S506


@lru_cache(maxsize=2)
def builtin(examples: bool = False) -> tuple[Library, ...]:
    """The models that come with brokerlint; their ``examples``, which only their own tests need, when asked for."""
    if examples:
        return tuple(parse(text, name) for name, text in _texts().items())
    return tuple(_library(raw, name) for name, raw in _raw_builtin().items())


__all__ = ["ModelError", "builtin", "index", "line_of", "parse"]
