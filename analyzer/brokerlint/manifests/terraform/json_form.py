"""``*.tf.json``: Terraform's configuration written as JSON, as the blocks it stands for."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.manifests.terraform.hcl import Argument, Block, Expression, Literal, Object, Tuple
from brokerlint.manifests.terraform.hcl_parser import template
from brokerlint.manifests.yaml_nodes import Node, documents

_LABELS = {"resource": 2, "data": 2, "variable": 1, "module": 1, "output": 1, "locals": 0}


def blocks_of(text: str) -> Iterator[Block]:
    """The blocks of a file. Raises ``ManifestError`` for invalid JSON."""
    for document in documents(text):
        for kind, node in document.items():
            if kind in _LABELS:
                yield from _blocks(kind, (), node, _LABELS[kind])


def _blocks(kind: str, labels: tuple[str, ...], node: Node, missing: int) -> Iterator[Block]:
    """Blocks by their labels, each level an object or a list of objects."""
    for one in node.elements() or (node,):
        if not missing:
            arguments = tuple(Argument(k, _value(v), v.line) for k, v in one.items() if k != "//")
            yield Block(kind, labels, arguments, (), one.line)
            continue
        for label, inner in one.items():
            if label != "//":
                yield from _blocks(kind, (*labels, label), inner, missing - 1)


def _value(node: Node) -> Expression:
    if node.is_mapping:
        return Object(tuple((Literal(key), _value(value), value.line) for key, value in node.items() if key != "//"))
    if node.is_sequence:
        return Tuple(tuple(_value(child) for child in node.elements()))
    if node.quoted:
        return template(node.text)
    return Literal(node.plain())
