"""Reading models: YAML text -> `Library`, with errors that name file, line and the nearest known key."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import resources
from typing import Any

import yaml

from brokerlint.models.model import Argument, ClassModel, Gives, Library, Models, Operation


class ModelError(Exception):
    """A model file that can't be used: the message names the file, the place inside it and what to do."""


_LIBRARY_KEYS = {
    "library", "system", "distributions", "modules", "source", "classes", "functions", "config_keys", "defaults", "tier",
}  # fmt: skip
_CLASS_KEYS = {
    "aliases", "config", "keys", "construct", "methods", "group", "iterates", "kind", "like", "attributes", "system", "annotations",
}  # fmt: skip
_OPERATION_KEYS = {
    "role", "act", "channel", "group", "arguments", "gives", "requires", "distinct", "decorator", "optional", "shape",
    "system", "batch", "awaits", "aliases", "when",
}  # fmt: skip
_GIVES_KEYS = {"model", "by", "choices", "carries", "returns", "config", "element", "keeps", "keyed"}
_ARGUMENT_KEYS = {"at", "path", "default", "separator"}
_ROLES = {"", "produce", "consume", "manage"}
_STEP = re.compile(r"\[\]|[^.\[\]]+")


def parse(text: str, file: str) -> Library:
    """One model file. Raises `ModelError`."""
    try:
        data = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise ModelError(f"{file}:{mark.line + 1 if mark else 1}: not valid YAML") from None
    if not isinstance(data, dict):
        raise ModelError(f"{file}: a model is a mapping that starts with 'library:'")
    _known(data, _LIBRARY_KEYS, file, "model")
    for key in ("library", "system", "modules"):
        if key not in data:
            raise ModelError(f"{file}: the key '{key}' is missing")
    name, system = str(data["library"]), str(data["system"])
    raw_classes = data.get("classes") or {}
    classes = {path: _class(path, _inherited(path, raw_classes, file), name, system, file) for path in raw_classes}
    functions = {path: _operation(path, raw, file) for path, raw in (data.get("functions") or {}).items()}
    return Library(
        name,
        system,
        tuple(data.get("distributions") or [name]),
        tuple(data["modules"]),
        str(data.get("source", "")),
        classes,
        functions,
        data.get("config_keys") or {},
        data.get("defaults") or {},
        file,
        int(data.get("tier", 3)),
    )


def _inherited(path: str, classes: Mapping[str, Any], file: str) -> dict[str, Any]:
    """A class's keys, with those of the class it is ``like`` underneath."""
    own = dict(classes[path] or {})
    like = own.pop("like", None)
    if like is None:
        return own
    if like not in classes or like == path:
        raise ModelError(f"{file}: class '{path}' is like '{like}', which is not in this file")
    base = _inherited(like, classes, file)
    base.pop("aliases", None)
    base.pop("annotations", None)
    merged = {**base, **own}
    merged["methods"] = {**(base.get("methods") or {}), **(own.get("methods") or {})}
    return merged


def _class(path: str, raw: dict[str, Any], library: str, system: str, file: str) -> ClassModel:
    where = f"{file}: class {path}"
    _known(raw, _CLASS_KEYS, where, "class")
    methods: dict[str, Operation] = {}
    for name, spec in (raw.get("methods") or {}).items():
        operation = _operation(name, spec, where)
        for alias in (name, *((spec or {}).get("aliases") or [])):
            methods[alias] = operation
    construct = _operation("__init__", raw["construct"], where) if raw.get("construct") else None
    return ClassModel(
        path,
        library,
        str(raw.get("system", system)),
        tuple(raw.get("aliases") or ()),
        _argument(raw.get("config"), where),
        str(raw.get("keys", "")),
        construct,
        methods,
        _argument(raw.get("group"), where),
        bool(raw.get("iterates", False)),
        str(raw.get("kind", "")),
        {name: _gives(spec, where) for name, spec in (raw.get("attributes") or {}).items()},
        tuple(raw.get("annotations") or ()),
    )


def _operation(name: str, raw: Any, where: str) -> Operation:
    raw = {} if raw is None else raw
    if not isinstance(raw, dict):
        raise ModelError(f"{where}: '{name}' must be a mapping such as {{role: produce, channel: [0, topic]}}")
    where = f"{where}: {name}"
    _known(raw, _OPERATION_KEYS, where, "operation")
    role = str(raw.get("role", ""))
    if role not in _ROLES:
        raise ModelError(f"{where}: role '{role}' is not one of produce, consume, manage")
    return Operation(
        name,
        role,
        str(raw.get("act", "")),
        _argument(raw.get("channel"), where),
        _argument(raw.get("group"), where),
        {key: argument for key, spec in (raw.get("arguments") or {}).items() if (argument := _argument(spec, where))},
        _gives(raw["gives"], where) if raw.get("gives") else None,
        tuple(raw.get("requires") or ()),
        bool(raw.get("distinct", False)),
        bool(raw.get("decorator", False)),
        bool(raw.get("optional", False)),
        str(raw.get("shape", "name")),
        str(raw.get("system", "")),
        bool(raw.get("batch", False)),
        bool(raw.get("awaits", False)),
        raw.get("when") or {},
    )


def _gives(raw: Any, where: str) -> Gives:
    if isinstance(raw, str):
        return Gives(model=raw)
    if not isinstance(raw, dict):
        raise ModelError(f"{where}: 'gives' is a class path or a mapping")
    _known(raw, _GIVES_KEYS, where, "gives")
    carries = {key: argument for key, spec in (raw.get("carries") or {}).items() if (argument := _argument(spec, where))}
    return Gives(
        str(raw.get("model", "")),
        _argument(raw.get("by"), where),
        raw.get("choices") or {},
        carries,
        raw.get("returns") or {},
        _argument(raw.get("config"), where),
        str(raw.get("element", "")),
        bool(raw.get("keeps", False)),
        _keyed(raw.get("keyed"), where),
    )


def _keyed(raw: Any, where: str) -> tuple[Argument, Argument] | None:
    if raw is None:
        return None
    name, value = (_argument(part, where) for part in raw)
    return (name, value) if name and value else None


def _argument(raw: Any, where: str) -> Argument | None:
    """``[0, topic]``, ``QueueUrl``, ``{at: [Entries], path: "[].EventBusName", default: default}``."""
    if raw is None:
        return None
    if isinstance(raw, dict):
        _known(raw, _ARGUMENT_KEYS, where, "argument")
        places = raw.get("at")
        places = [] if places is None else places if isinstance(places, list) else [places]
        path = tuple(_STEP.findall(str(raw.get("path", ""))))
        default = raw.get("default")
        separator = raw.get("separator")
        return Argument(
            tuple(places), path, None if default is None else str(default), None if separator is None else str(separator)
        )
    return Argument(tuple(raw) if isinstance(raw, list) else (raw,))


def _known(data: Mapping[str, Any], known: Iterable[str], where: str, what: str) -> None:
    for key in data:
        if key not in known:
            near = difflib.get_close_matches(str(key), list(known), 1)
            hint = f"; did you mean '{near[0]}'?" if near else f"; known keys: {', '.join(sorted(known))}"
            raise ModelError(f"{where}: unknown {what} key '{key}'{hint}")


def index(libraries: Iterable[Library]) -> Models:
    """Put libraries together. A class or function path that two of them define belongs to the later one."""
    libraries = tuple(libraries)
    classes: dict[str, ClassModel] = {}
    functions: dict[str, Operation] = {}
    function_library: dict[str, Library] = {}
    library_of: dict[str, Library] = {}
    distinct: dict[str, list[tuple[ClassModel, Operation]]] = {}
    methods: set[str] = set()
    words: dict[bytes, None] = {}
    for library in libraries:
        for path, model in library.classes.items():
            for name in (path, *model.aliases, *model.annotations):
                classes[name] = model
                library_of[name] = library
            for name, operation in model.methods.items():
                if operation.role:
                    methods.add(name)
                if operation.distinct:
                    distinct.setdefault(name, []).append((model, operation))
        for path, operation in library.functions.items():
            functions[path] = operation
            function_library[path] = library
        words.update((module.encode(), None) for module in library.modules)
    return Models(
        libraries,
        classes,
        functions,
        function_library,
        library_of,
        tuple(words),
        frozenset(methods),
        {name: tuple(found) for name, found in distinct.items()},
    )


@lru_cache(maxsize=1)
def builtin() -> tuple[Library, ...]:
    """The models that come with brokerlint."""
    folder = resources.files("brokerlint.models")
    files = sorted((entry for entry in folder.iterdir() if entry.name.endswith(".yaml")), key=lambda e: e.name)
    return tuple(parse(entry.read_text(encoding="utf-8"), entry.name) for entry in files)
