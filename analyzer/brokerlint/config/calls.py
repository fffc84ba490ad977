"""Single calls of an in-house library as models: ``{call: acme.bus.publish, role: produce, system: kafka, ...}``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

KEYS = ("call", "role", "system", "channel", "group")
NEEDED = KEYS[:4]
ROLES = ("produce", "consume")


def models(calls: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """One model (as a model file has it) for each package whose calls are described.

    A part of the import path that starts with a capital letter is a class, and what follows is its method.
    """
    found: dict[str, dict[str, Any]] = {}
    for call in calls:
        path = str(call["call"])
        owner, _, name = path.rpartition(".")
        operation = {key: call[key] for key in ("role", "system", "channel", "group") if key in call}
        package = path.partition(".")[0]
        model = found.setdefault(
            package,
            {"library": package, "system": call["system"], "modules": [], "classes": {}, "functions": {}},
        )
        if _is_class(owner):
            module = owner.rpartition(".")[0]
            model["classes"].setdefault(owner, {"methods": {}})["methods"][name] = operation
        elif _is_class(path):
            module = owner
            model["classes"].setdefault(path, {"methods": {}})["construct"] = operation
        else:
            module = owner
            model["functions"][path] = operation
        if module not in model["modules"]:
            model["modules"].append(module)
    return list(found.values())


def mistake(call: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first thing wrong with an entry whose keys are known: (key, sentence)."""
    for key in NEEDED:
        if key not in call:
            return "", f"the key '{key}' is missing"
    path = call["call"]
    parts = path.split(".") if isinstance(path, str) else []
    if len(parts) < 2 + _is_class(".".join(parts[:-1])) or not all(part.isidentifier() for part in parts):
        return "call", f"expected a call with its module, such as acme.bus.publish; found {path!r:.60}"
    if call["role"] not in ROLES:
        return "role", f"expected one of {', '.join(ROLES)}; found {call['role']!r:.60}"
    if not isinstance(call["system"], str) or not call["system"]:
        return "system", f"expected a system such as kafka or sqs, found {call['system']!r:.60}"
    return None


def _is_class(path: str) -> bool:
    return path.rpartition(".")[2][:1].isupper()
