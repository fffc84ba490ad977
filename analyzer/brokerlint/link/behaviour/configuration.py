"""A client's configuration under normalised keys: what the code says, and the library's defaults for the pinned
version.

Each value comes with its origin. Secrets are never kept: only that one was written down.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from brokerlint.link import naming, objects
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import At
from brokerlint.link.values import Client, Collection, Const, External, FunctionValue, Instance, Method, Record, Values
from brokerlint.models.model import Library

_SECRETS = ("password", "secret", "token")
_PLACEHOLDER = re.compile(
    r"^(?:|.*(?:test|changeme|change-me|password|secret|dummy|example|admin|guest|xxx|\*\*\*|<.*>|\$\{.*\}|\{\{.*).*)$",
    re.IGNORECASE,
)
_OF_CONSUMERS = frozenset({
    "auto_commit", "auto_store", "auto_commit_background", "auto_commit_interval", "offset_reset", "isolation",
    "max_poll_interval", "max_poll_records", "session_timeout", "heartbeat", "assignor", "group_protocol",
    "auto_create", "security", "request_timeout",
})  # fmt: skip
_OF_PRODUCERS = frozenset({
    "acks", "idempotence", "message_timeout", "max_in_flight", "linger", "retries", "partitioner", "hash",
    "batch_size", "auto_create", "security", "request_timeout", "batch_messages",
})  # fmt: skip
_NOT_SHARED = frozenset(
    {
        "auto_commit",
        "auto_store",
        "auto_commit_background",
        "auto_commit_interval",
        "offset_reset",
        "isolation",
        "assignor",
    }
)
_NUMBERS = re.compile(r"-?\d+$")


def configuration(
    ev: Evaluator, found: Found, versions: Mapping[str, str]
) -> tuple[dict[str, dict[str, Any]], bool | None, str]:
    """The settings of a use's client, whether no unknown key can hide among them, and the library's pinned version
    ("")."""
    use = found.use
    config = () if use.guessed else use.config
    version = next((versions[name] for name in use.library.distributions if name in versions), "")
    known: dict[str, dict[str, Any]] = {}
    records = [value for value in config if isinstance(value, Record)]
    for record in records:
        _read(ev, record, use.library, known)
    known |= _arguments(found)
    complete: bool | None = None
    if config:
        complete = len(records) == len(config) == 1 and not any(record.more for record in records)
    if use.model is not None and use.model.kind in ("consumer", "producer", "share-consumer") and complete:
        wanted = _OF_PRODUCERS if use.operation.role == "produce" else _OF_CONSUMERS
        wanted = wanted - _NOT_SHARED if use.model.kind == "share-consumer" else wanted
        for name, value in defaults(use.library, version).items():
            if name in wanted and name not in known:
                known[name] = {"value": value, "origin": "library-default"}
    return known, complete, version


def ignored_by_share_groups(found: Found) -> list[str]:
    """The configuration keys given to a share consumer that do not apply to it, as they are written."""
    config = found.use.client.config if found.use.client is not None else ()
    names = found.use.library.config_keys
    return sorted(
        {str(k) for v in config if isinstance(v, Record) for k, _ in v.entries if names.get(str(k)) in _NOT_SHARED}
    )


def _arguments(found: Found) -> dict[str, dict[str, Any]]:
    """Settings that a call itself takes: the acknowledgement policy of a framework's subscriber."""
    known: dict[str, dict[str, Any]] = {}
    for argument, name in (("acknowledgement", "ack_policy"), ("offset_reset", "offset_reset")):
        spec = found.use.operation.arguments.get(argument)
        values = [values for place in (spec.places if spec else ()) for key, values in found.use.args if key == place]
        for value in values[0] if values else ():
            text = value.path.rpartition(".")[2] if isinstance(value, External) else getattr(value, "value", None)
            if isinstance(text, (str, bool)):
                known[name] = {"value": normal(name, text), "origin": "literal"}
    return known


def _read(ev: Evaluator, record: Record, library_: Library, known: dict[str, dict[str, Any]]) -> None:
    for key, values in record.entries:
        name = library_.config_keys.get(str(key))
        if name == "topic_config":
            for value in values:
                if isinstance(value, Record):
                    _read(ev, value, library_, known)
        elif name:
            known[name] = _secret(values) if any(word in name for word in _SECRETS) else _setting(ev, name, values)


def _secret(values: Values) -> dict[str, Any]:
    for value in values:
        if isinstance(value, Const) and isinstance(value.value, str):
            return {"value": None, "origin": "literal", "hidden": True, "placeholder": is_placeholder(value.value)}
    names = naming.names(values, "config") if values else ()
    env = next((name.env for name in names if name.env), None)
    return {"value": None, "origin": "env-required" if env else "unknown", "hidden": True, "env": env}


def is_placeholder(text: str) -> bool:
    """Is a secret's text no secret: empty, a well-known dummy, or a hole for one?"""
    return bool(_PLACEHOLDER.match(text))


def _setting(ev: Evaluator, name: str, values: Values) -> dict[str, Any]:
    if name == "bootstrap" and len(values) == 1 and isinstance(values[0], Collection) and len(values[0].items) > 1:
        return _brokers(values[0])
    for value in values:
        if isinstance(value, Const) and not isinstance(value.value, bytes):
            return {"value": normal(name, value.value), "origin": "literal"}
        path = callable_path(ev, value)
        if path:
            return {"value": path, "origin": "literal"}
    names = naming.names(values, "config") if values else ()
    exact = [one for one in names if one.kind == "exact"]
    if exact:
        return {"value": normal(name, exact[0].text), "origin": exact[0].origin, "env": exact[0].env}
    env = next((one.env for one in names if one.env), None)
    if env:
        return {"value": None, "origin": "env-required", "env": env}
    return {"value": None, "origin": "unknown"}


def _brokers(brokers: Collection) -> dict[str, Any]:
    """Several addresses as one text, with ``*`` for those that are not known."""
    named = [next((n for n in naming.names(item, "config") if n.kind == "exact"), None) for item in brokers.items]
    known = [one for one in named if one is not None]
    if not known:
        return {"value": None, "origin": "unknown"}
    text = ",".join(str(one.text) if one is not None else "*" for one in named)
    return {"value": text, "origin": known[0].origin}


def callable_path(ev: Evaluator, value: object) -> str:
    """What a callable setting calls: ``pickle.loads`` given directly or inside a lambda; its qualified name
    otherwise."""
    if isinstance(value, External):
        return value.path
    if isinstance(value, Method):
        return callable_path(ev, value.receiver)
    if isinstance(value, (Client, Instance)):
        return getattr(value, "model", "") or getattr(getattr(value, "cls", None), "qualname", "")
    if not isinstance(value, FunctionValue):
        return ""
    scope = ev.call(value, objects.receiver_argument(value), bound=False)
    paths = []
    for site in value.definition.body.sites if scope is not None else ():
        assert scope is not None
        for one in ev.values(site.call.function, scope, At(site.order, site.block)):
            if isinstance(one, External):
                paths.append(one.path)
    return next((path for path in paths if not path.startswith("builtins.")), value.qualname)


def normal(name: str, value: object) -> object:
    """One spelling for settings that have several: booleans and numbers as text, ``smallest``, ``-1`` for all."""
    if isinstance(value, str):
        text = value.strip()
        if name == "acks":
            return {"-1": "all", "all": "all"}.get(text.lower(), int(text) if text.isdigit() else text)
        if text.lower() in ("true", "false") and name not in ("offset_reset", "security"):
            return text.lower() == "true"
        if name == "offset_reset":
            return {"smallest": "earliest", "beginning": "earliest", "largest": "latest", "end": "latest"}.get(
                text.lower(), text.lower()
            )
        if _NUMBERS.match(text) and name not in ("client_id", "group", "transactional_id", "bootstrap"):
            return int(text)
        return value
    if name == "acks" and value == -1:
        return "all"
    return value


# --- Defaults -------------------------------------------------------------------------------------------------------


def defaults(library_: Library, version: str) -> dict[str, object]:
    """A library's defaults for ``version``; without one, those that no version range overrides."""
    found = dict(library_.defaults.get("", {}))
    ranges = {key: values for key, values in library_.defaults.items() if key}
    if version:
        for key, values in ranges.items():
            if in_range(version, key):
                found |= values
    elif library_.name == "kafka-python":
        for values in ranges.values():
            for name in values:
                found.pop(name, None)
    return found


def in_range(version: str, spec: str) -> bool:
    """Does ``version`` lie in a range such as ``>=2.1,<3``?"""
    numbers = _numbers(version)
    for part in spec.split(","):
        match = re.match(r"\s*(<=|>=|<|>|==)\s*([\d.]+)", part)
        if match is None:
            return False
        bound = _numbers(match[2])
        width = max(len(numbers), len(bound))
        left, right = numbers + (0,) * (width - len(numbers)), bound + (0,) * (width - len(bound))
        holds = {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right, "==": left == right}[
            match[1]
        ]
        if not holds:
            return False
    return True


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version.split("+")[0].split("-")[0])[:4])
