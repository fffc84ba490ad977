"""Configurations of uWSGI: the module that a server serves is told there, not on its command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.tree import Tree

_SECTION = re.compile(r"\[([^\]]*)\]\s*\Z")
_OPTION = re.compile(r"([\w-]+)\s*=\s*(.*?)\s*\Z")
_SERVED = frozenset("module wsgi wsgi-file file mount mule".split())


def wants(path: str, head: bytes) -> bool:
    """Files with a ``[uwsgi]`` section."""
    return path.endswith((".ini", ".conf", ".cfg")) and b"[uwsgi]" in head


def read(path: str, text: str) -> tuple[str, ...]:
    """The options that say what is served, or runs beside it (``mule``), as they would stand on the command line."""
    found: list[str] = []
    inside = False
    for line in text.split("\n"):
        plain = line.strip()
        if section := _SECTION.match(plain):
            inside = section[1].strip() == "uwsgi"
        elif inside and (option := _OPTION.match(plain)) and option[1] in _SERVED:
            served = option[2].rpartition("=")[2] if option[1] == "mount" else option[2]
            if served not in found:
                found += [f"--{option[1]}", served]
    return tuple(found)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Nothing: which of the files a process uses is told by its command (``programs``)."""
    return ManifestFacts()
