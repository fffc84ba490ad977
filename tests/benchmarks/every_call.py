"""Rules for semgrep that look for every call which the models describe: what brokerlint starts from, all of it."""

from __future__ import annotations

import json

from brokerlint.models.load import builtin
from brokerlint.models.model import Library


def rules() -> str:
    """A rule for each library, as semgrep reads them."""
    found = [(library.name, _patterns(library)) for library in builtin()]
    return json.dumps({"rules": [_rule(name, patterns) for name, patterns in found if patterns]})


def _patterns(library: Library) -> list[str]:
    """Making a client, and every function and method that sends or receives."""
    functions = {f"{path}(...)" for path, operation in library.functions.items() if operation.role}
    made = {f"{path}(...)" for path in library.classes}
    methods = {
        f"$CLIENT.{name}(...)"
        for model in library.classes.values()
        for name, operation in model.methods.items()
        if operation.role
    }
    return sorted(functions | made | methods)


def _rule(name: str, patterns: list[str]) -> dict[str, object]:
    return {
        "id": "".join(letter if letter.isalnum() else "-" for letter in name),
        "languages": ["python"],
        "severity": "INFO",
        "message": f"uses {name}",
        "pattern-either": [{"pattern": pattern} for pattern in patterns],
    }
