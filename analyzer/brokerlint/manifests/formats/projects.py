"""Python projects: the name that ``pyproject.toml`` or ``setup.cfg`` gives a folder, for images that nothing names."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Mapping
from typing import Any

from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.tree import Tree

_SECTION = re.compile(r"^\[metadata\]\s*$(.*?)(?=^\[|\Z)", re.MULTILINE | re.DOTALL)
_NAME = re.compile(r"^name\s*=\s*([\w.-]+)\s*$", re.MULTILINE)


def wants(path: str, head: bytes) -> bool:
    """``pyproject.toml`` and ``setup.cfg``."""
    return posixpath.basename(path) in ("pyproject.toml", "setup.cfg") and b"name" in head


def read(path: str, text: str) -> str:
    """The project's name; empty when it has none. A broken file is for Python's own tools to tell."""
    if path.endswith(".cfg"):
        section = _SECTION.search(text)
        name = _NAME.search(section[1]) if section else None
        return name[1] if name else ""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
    tool = data.get("tool")
    tables = (data.get("project"), tool.get("poetry") if isinstance(tool, dict) else None)
    names = (table.get("name") for table in tables if isinstance(table, dict))
    return next((name for name in names if isinstance(name, str)), "")


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Nothing: a project deploys nothing; see ``name_of``."""
    return ManifestFacts()


def name_of(tree: Tree, folder: str) -> str:
    """The name of the project in a folder; empty when it is not known."""
    names = tree.of("projects")
    return next((names[p] for f in ("pyproject.toml", "setup.cfg") if names.get(p := posixpath.join(folder, f))), "")
