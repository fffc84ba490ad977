"""Facts -> graph document."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from brokerlint import __version__
from brokerlint.facts import Channel, Endpoint, Facts, Link, Name, Service
from brokerlint.places import Place

SCHEMA = "brokerlint/graph/1"
TOOL: Mapping[str, str] = {"name": "brokerlint", "version": __version__}

_SECRET = re.compile(r"password|secret|token|credential|jaas|private_?key|username", re.IGNORECASE)
_OF_ONE_RUN = frozenset(("seconds",))
"""Statistics that differ between two runs over one tree, so they are no part of the document."""


def to_document(facts: Facts, root: str = ".") -> dict[str, Any]:
    """The graph document of ``facts``: plain dictionaries and lists, ready for ``json.dumps``."""
    return {
        "schema": SCHEMA,
        "tool": dict(TOOL),
        "root": root,
        "services": [_service(service) for service in sorted(facts.services, key=lambda s: (s.name, s.roots))],
        "channels": [_channel(channel) for channel in sorted(facts.channels, key=lambda c: (c.id, c.environment))],
        "endpoints": [_endpoint(endpoint) for endpoint in sorted(facts.endpoints, key=_endpoint_order)],
        "links": [_link(link) for link in sorted(facts.links, key=lambda k: (k.source, k.target, k.kind, k.place))],
        "unresolved": [
            {**_at(item.place), "system": item.system, "what": item.what, "why": item.why}
            for item in sorted(facts.unresolved, key=lambda u: (u.place, u.system, u.what, u.why))
        ],
        "diagnostics": [
            {"kind": item.kind, "path": item.path, "line": item.line, "message": item.message}
            for item in sorted(facts.diagnostics, key=lambda d: (d.path, d.line, d.kind, d.message))
        ],
        "stats": plain({key: value for key, value in facts.stats.items() if key not in _OF_ONE_RUN}),
    }


def dumps(document: Mapping[str, Any]) -> str:
    """``document`` as JSON text with a final newline, in ASCII so that control characters of a name stay inert."""
    return json.dumps(document, indent=2) + "\n"


def plain(value: Any) -> Any:
    """``value`` in JSON's own types: places as mappings, tuples as lists, sets and mapping keys sorted.

    Raises ``TypeError`` for anything that a document cannot hold.
    """
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, Place):
        return _place(value)
    if isinstance(value, Mapping):
        return {str(key): plain(value[key]) for key in sorted(value, key=str)}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted((plain(item) for item in value), key=str)
    raise TypeError(f"a document cannot hold a {type(value).__name__}")


def _endpoint_order(endpoint: Endpoint) -> tuple[Place, str, str]:
    return endpoint.place, endpoint.role, endpoint.id


def _at(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line}


def _place(place: Place) -> dict[str, Any]:
    result = _at(place)
    if place.end_line:
        result["end_line"] = place.end_line
    if place.text:
        result["text"] = place.text
    return result


def _places(places: tuple[Place, ...]) -> list[dict[str, Any]]:
    return [_place(place) for place in places]


def _service(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "roots": list(service.roots),
        "platform": service.platform,
        "program": service.program,
        "environment": service.environment,
        "tooling": service.tooling,
        "owners": list(service.owners),
        "properties": plain(service.properties),
        "evidence": _places(service.evidence),
    }


def _name(name: Name) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": name.text,
        "kind": name.kind,
        "env": name.env,
        "logical": name.logical,
        "origin": name.origin,
        "trace": _places(name.trace),
    }
    if name.why:
        result["why"] = name.why
    if name.service is not None:
        result["service"] = name.service
    if name.scope:
        result["scope"] = name.scope
    return result


def _channel(channel: Channel) -> dict[str, Any]:
    naming = _name(channel.name)
    naming["name_kind"] = naming.pop("kind")
    return {
        "id": channel.id,
        "system": channel.system,
        "kind": channel.kind,
        **naming,
        "environment": channel.environment,
        "properties": plain(channel.properties),
        "defaulted": sorted(channel.defaulted),
        "declared_at": _places(channel.declared_at),
    }


def _endpoint(endpoint: Endpoint) -> dict[str, Any]:
    result = {"id": endpoint.id, **_at(endpoint.place), "end_line": endpoint.place.last}
    if endpoint.place.text:
        result["text"] = endpoint.place.text
    return {
        **result,
        "function": endpoint.function,
        "system": endpoint.system,
        "role": endpoint.role,
        "library": endpoint.library,
        "operation": endpoint.operation,
        "channels": [{"id": channel.id, **_name(channel.name)} for channel in endpoint.channels],
        "groups": [_name(group) for group in endpoint.groups],
        "services": list(endpoint.services),
        "call_chain": _places(endpoint.call_chain),
        "config": {key: _setting(key, endpoint.config[key]) for key in sorted(endpoint.config)},
        "facts": plain(endpoint.facts),
    }


def _setting(key: str, setting: Mapping[str, Any]) -> Any:
    """One setting of a client; a document may be shared, so of a secret it only tells that there is one."""
    hidden = isinstance(setting.get("value"), str) and _SECRET.search(key)
    return plain({**setting, "value": "***"} if hidden else setting)


def _link(link: Link) -> dict[str, Any]:
    return {
        "kind": link.kind,
        "from": link.source,
        "to": link.target,
        **_place(link.place),
        "properties": plain(link.properties),
    }
