"""State machines in files of their own (Amazon States Language): they say nothing by themselves, but templates of
CloudFormation and Terraform name them and fill their ``${...}``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.redaction import redacted
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.yaml_nodes import Node, partial

_ENDINGS = (".json", ".yaml", ".yml", ".tpl", ".tftpl", ".json.tmpl", ".asl")
_STATES = re.compile(rb"(?:\"StartAt\"|^[ \t]*StartAt)[ \t]*:", re.MULTILINE)
_UNQUOTED = re.compile(r'("(?:[^"\\]|\\.)*")|\$\{[^{}"]*\}')


def wants(path: str, head: bytes) -> bool:
    """Files with a first state that are no template around one."""
    return path.lower().endswith(_ENDINGS) and _STATES.search(head) is not None and b"AWS::" not in head


def read(path: str, text: str) -> Node | None:
    """The definition without its secrets; None for one that is broken, since it may be filled with anything."""
    found, error = partial(quoted(text))
    return redacted(found[0]) if found and error is None and found[0].get("States").is_mapping else None


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Nothing: who deploys a definition says what it is."""
    return ManifestFacts()


def definitions(tree: Tree) -> dict[str, Node]:
    """The definitions of a tree, by path."""
    return {path: node for path, node in tree.of("asl").items() if isinstance(node, Node)}


def quoted(text: str) -> str:
    """JSON in which ``${...}`` stands for a number or a structure, as JSON: each as a text."""
    return _UNQUOTED.sub(lambda match: match[1] or f'"{match[0]}"', text)
