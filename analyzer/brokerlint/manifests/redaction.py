"""Templates without what must not be kept: the values of most environment variables, and anything that looks secret.

Applied where a file is read, so that no summary holds a password. A value that is left out is a scalar with the tag
``LEFT_OUT``: that it is set stays known.
"""

from __future__ import annotations

from dataclasses import replace

from brokerlint.manifests.privacy import keeps, secret
from brokerlint.manifests.yaml_nodes import Node

LEFT_OUT = "!left-out"

_ENVIRONMENTS = frozenset("variables environment environmentvariables runtimeenvironmentvariables env".split())
_FUNCTIONS = ("Ref", "Fn::", "Condition")
_NO_SECRETS = frozenset("kmsmasterkeyid kmskeyid kmskeyarn keyid key secrets secret valuefrom".split())
"""Keys that only name a key or a place where a secret is kept."""


def redacted(node: Node, name: str = "") -> Node:
    """The node without secrets; ``name`` is the key it stands under."""
    if node.is_mapping:
        return _mapping(node, name)
    if node.is_sequence:
        return replace(node, children=tuple(redacted(child, name) for child in node.children))
    return _left_out(node) if name.lower() not in _NO_SECRETS and secret(name, node.text) else node


def _mapping(node: Node, name: str) -> Node:
    plain = name.replace("_", "").lower()
    if plain in _ENVIRONMENTS and _variable_named(node):
        return _named_pair(node)
    pairs = []
    for key, value in node.pairs:
        if plain in _ENVIRONMENTS and not key.text.startswith(_FUNCTIONS):
            pairs.append((key, variable(key.text, value)))
        else:
            pairs.append((key, redacted(value, name if key.text.startswith(_FUNCTIONS) else key.text)))
    return replace(node, pairs=tuple(pairs), repeated=())


def _variable_named(node: Node) -> str:
    """The variable of ``{Name: X, Value: y}``, an element of a list of variables; empty for any other mapping."""
    keys = {key.text.lower(): value for key, value in node.pairs}
    return keys["name"].text if keys.keys() == {"name", "value"} and not keys["name"].tag else ""


def _named_pair(node: Node) -> Node:
    name = _variable_named(node)
    pairs = [(k, variable(name, v) if k.text.lower() == "value" else v) for k, v in node.pairs]
    return replace(node, pairs=tuple(pairs), repeated=())


def variable(name: str, value: Node) -> Node:
    """The value of the environment variable ``name``, as far as it may be kept."""
    if value.is_mapping and not any(key.text.startswith(_FUNCTIONS) for key, _ in value.pairs):
        return _mapping(value, "variables")
    if value.kind != "scalar" or value.tag or "${" in value.text:
        leaves = (leaf for leaf in value.walk() if leaf.kind == "scalar")
        return _left_out(value) if any(secret(name, leaf.text) for leaf in leaves) else value
    return value if not value or keeps(name, value.text) else _left_out(value)


def _left_out(node: Node) -> Node:
    return Node("scalar", node.line, LEFT_OUT)
