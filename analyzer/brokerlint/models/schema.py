"""The JSON schema of model files, made from the same tables that reading uses, for editors and other tools.

``schema.json`` beside this module holds it; ``python -m brokerlint.models.schema`` prints it anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from brokerlint.models.keys import ROLES, SHAPES, TABLES, Key, Kind

_ONE: Mapping[Kind, dict[str, Any]] = {
    "text": {"type": "string"},
    "flag": {"type": "boolean"},
    "number": {"type": "integer"},
    "texts": {"type": "array", "items": {"type": "string"}},
    "constants": {"anyOf": [{"$ref": "#/$defs/place"}, {"type": "array", "items": {"$ref": "#/$defs/place"}}]},
    "mapping": {"type": "object"},
    "names": {"type": "object", "additionalProperties": {"type": "string"}},
    "defaults": {"type": "object", "additionalProperties": {"type": ["object", "null"]}},
    "argument": {"$ref": "#/$defs/anyArgument"},
    "arguments": {"type": "object", "additionalProperties": {"$ref": "#/$defs/anyArgument"}},
    "pair": {"type": "array", "items": {"$ref": "#/$defs/anyArgument"}, "minItems": 2, "maxItems": 2},
    "gives": {"$ref": "#/$defs/anyGives"},
    "attributes": {"type": "object", "additionalProperties": {"$ref": "#/$defs/anyGives"}},
    "operation": {"$ref": "#/$defs/operation"},
    "operations": {
        "type": "object",
        "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/operation"}]},
    },
    "uses": {"type": "array", "items": {"$ref": "#/$defs/operation"}},
    "classes": {"type": "object", "additionalProperties": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/class"}]}},
    "role": {"enum": list(ROLES[1:])},
    "shape": {"enum": list(SHAPES)},
    "expected": {"type": "array", "items": {"$ref": "#/$defs/expectation"}},
    "examples": {"type": "array", "items": {"$ref": "#/$defs/example"}},
}
_REQUIRED: Mapping[str, list[str]] = {
    "model": ["library", "system", "modules"],
    "example": ["code", "expect"],
    "expectation": ["line", "role"],
}


def schema() -> dict[str, Any]:
    """The schema as a JSON-like document (draft 2020-12)."""
    definitions = {table: _object(table, keys) for table, keys in TABLES.items() if table != "model"}
    definitions["place"] = {"type": ["string", "integer"]}
    definitions["anyArgument"] = {
        "anyOf": [
            {"$ref": "#/$defs/place"},
            {"type": "array", "items": {"$ref": "#/$defs/place"}},
            {"$ref": "#/$defs/argument"},
        ]
    }
    definitions["anyGives"] = {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/gives"}]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A brokerlint model of a client library",
        **_object("model", TABLES["model"]),
        "$defs": dict(sorted(definitions.items())),
    }


def _object(table: str, keys: Mapping[str, Key]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {**_ONE[key.kind], "description": key.says} for name, key in keys.items()},
    }
    if table in _REQUIRED:
        made["required"] = _REQUIRED[table]
    return made


def text() -> str:
    """The schema as it stands in ``schema.json``."""
    return json.dumps(schema(), indent=2) + "\n"


if __name__ == "__main__":
    print(text(), end="")
