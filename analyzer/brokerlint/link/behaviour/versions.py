"""Pinned versions of libraries: requirements files, lock files and exact pins in ``pyproject.toml``, by folder."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_REQUIREMENT = re.compile(
    r"^[ \t]*+([A-Za-z0-9][A-Za-z0-9._-]*+)[ \t]*+(?:\[[^\]\n]*+\])?[ \t]*+(?:===?|~=)[ \t]*+([0-9][^\s;,#\\]*)",
    re.MULTILINE,
)
_LOCKS = frozenset({"poetry.lock", "uv.lock", "pdm.lock"})
_SIZE = 4_000_000


class Versions:
    """The versions that the tree pins; the file nearest above a place counts."""

    def __init__(self, paths: Iterable[str], text: Callable[[str], bytes], distributions: Iterable[str]) -> None:
        self._text = text
        self._wanted = frozenset(canonical(name) for name in distributions)
        self._by_folder: dict[str, list[str]] = {}
        for path in paths:
            folder, _, file = path.rpartition("/")
            if _is_pinning(file):
                home = folder.rpartition("/")[0] if folder.rpartition("/")[2] == "requirements" else folder
                self._by_folder.setdefault(home, []).append(path)
        self._known: dict[str, Mapping[str, str]] = {}

    def at(self, path: str) -> Mapping[str, str]:
        """Distribution -> version, for the code in the file ``path``."""
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            found: dict[str, str] = {}
            here: str | None = folder
            while here is not None:
                for file in sorted(self._by_folder.get(here, ()), key=_rank):
                    for name, version in pins(file, self._text(file), self._wanted).items():
                        found.setdefault(name, version)
                here = here.rpartition("/")[0] if here else None
            known = self._known[folder] = found
        return known


def _is_pinning(file: str) -> bool:
    if file in _LOCKS or file in ("Pipfile.lock", "pyproject.toml", "setup.cfg"):
        return True
    return (file.endswith((".txt", ".in")) and "require" in file) or file in ("base.txt", "prod.txt", "common.txt")


def _rank(path: str) -> tuple[int, str]:
    """Lock files before requirements, those before ranges; development files last."""
    file = path.rpartition("/")[2]
    if file in _LOCKS or file == "Pipfile.lock":
        return 0, path
    if file == "pyproject.toml":
        return 2, path
    return (3 if any(word in file for word in ("dev", "test", "lint", "doc")) else 1), path


def canonical(name: str) -> str:
    """A distribution's name in the one spelling that the package index compares by."""
    return re.sub(r"[-_.]+", "-", name).lower()


def pins(path: str, data: bytes, wanted: frozenset[str]) -> dict[str, str]:
    """The exact versions that one file gives to ``wanted`` distributions; empty when it can't be read."""
    file = path.rpartition("/")[2]
    text = data[:_SIZE].decode("utf-8", "replace")
    if not any(part in text.lower() for name in wanted for part in name.split("-")[:1]):
        return {}
    found: dict[str, str] = {}
    try:
        if file in _LOCKS:
            for package in tomllib.loads(text).get("package", ()):
                found[canonical(str(package.get("name", "")))] = str(package.get("version", ""))
        elif file == "Pipfile.lock":
            found = _pipfile(json.loads(text))
        elif file == "pyproject.toml":
            found = _pyproject(tomllib.loads(text))
        else:
            found = {canonical(match[1]): match[2] for match in _REQUIREMENT.finditer(text)}
    except (ValueError, AttributeError, TypeError, RecursionError):
        return {}
    return {name: version for name, version in found.items() if name in wanted and version[:1].isdigit()}


def _pipfile(data: Any) -> dict[str, str]:
    return {
        canonical(name): str(entry.get("version", "")).lstrip("=")
        for section in ("develop", "default")
        for name, entry in data.get(section, {}).items()
        if isinstance(entry, dict)
    }


def _pyproject(data: Any) -> dict[str, str]:
    lines = list(data.get("project", {}).get("dependencies", ()))
    for extra in data.get("project", {}).get("optional-dependencies", {}).values():
        lines += extra
    found = {canonical(match[1]): match[2] for line in lines for match in _REQUIREMENT.finditer(str(line))}
    for name, spec in data.get("tool", {}).get("poetry", {}).get("dependencies", {}).items():
        version = spec.get("version", "") if isinstance(spec, dict) else str(spec)
        if re.match(r"^=*\d", version):
            found[canonical(name)] = version.lstrip("=")
    return found
