"""Kafka Connect: connector configurations in JSON, YAML or properties files."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests import connectors
from brokerlint.manifests.facts import LinkFact, ManifestFacts
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.yaml_nodes import Node, partial
from brokerlint.places import Diagnostic, Place

_PROPERTY = re.compile(r"^[ \t]*([\w.-]+)[ \t]*[=:][ \t]*(.*)$")


@dataclass(frozen=True, slots=True)
class Connect:
    """The links of the connectors in one file."""

    links: tuple[LinkFact, ...]
    diagnostics: tuple[Diagnostic, ...] = ()


def wants(path: str, head: bytes) -> bool:
    """Files that name a connector's class."""
    return path.endswith((".json", ".properties", ".yaml", ".yml")) and b"connector.class" in head


def read(path: str, text: str) -> Connect:
    """The links of a file's connectors. Nothing else of their configuration is kept."""
    if path.endswith(".properties"):
        return Connect(tuple(_properties(path, text)))
    documents, error = partial(text)
    if error is not None and not documents:
        raise error
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    found = [link for document in documents for link in _connectors(path, document, "")]
    return Connect(tuple(found), problems)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """The links of all files."""
    return ManifestFacts(
        links=tuple(link for _, document in sorted(documents.items()) for link in document.links),
        diagnostics=tuple(one for document in documents.values() for one in document.diagnostics),
    )


def _connectors(path: str, node: Node, name: str) -> Iterator[LinkFact]:
    """Every mapping with a connector's class, wherever it stands: bare, below ``config``, or in a list."""
    if node.is_mapping and node.get(connectors.CLASS):
        config = {key: value.text for key, value in node.items() if value.kind == "scalar"}
        called = name or config.get("name") or _stem(path)
        yield from connectors.links(called, config, Place(path, node.line_of(connectors.CLASS)))
        return
    own = node.get("name").text or name
    for key, value in node.items():
        yield from _connectors(path, value, own or ("" if key in ("config", "spec") else key))
    for element in node.elements():
        yield from _connectors(path, element, name)


def _properties(path: str, text: str) -> Iterator[LinkFact]:
    config: dict[str, str] = {}
    line = 1
    for number, raw in enumerate(text.split("\n"), 1):
        match = None if raw.lstrip().startswith(("#", "!")) else _PROPERTY.match(raw)
        if match:
            config[match[1]] = match[2].strip()
            line = number if match[1] == connectors.CLASS else line
    if config.get(connectors.CLASS):
        yield from connectors.links(config.get("name") or _stem(path), config, Place(path, line))


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]
