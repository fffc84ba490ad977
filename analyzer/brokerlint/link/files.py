"""Configuration files of the tree that code reads at run time: YAML, JSON, TOML and INI, by the end of their path."""

from __future__ import annotations

import configparser
import json
import tomllib
from collections.abc import Callable, Iterable
from typing import Any

import yaml

from brokerlint.link.program import shared_folders

LARGEST = 200_000
"""Bytes; larger data files are not configuration."""


_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ConfigurationFiles:
    """The data files of a tree. Takes all its paths and a function that gives a file's bytes."""

    def __init__(self, paths: Iterable[str] = (), text: Callable[[str], bytes] = lambda path: b"") -> None:
        self._paths = tuple(paths)
        self._text = text
        self._read: dict[str, Any] = {}
        self._settings: dict[tuple[str, str], list[str]] | None = None

    def data(self, tail: str, near: str) -> Any | None:
        """The content of the file whose path ends with ``tail``, closest to the file ``near``; None without one."""
        wanted = tail.replace("\\", "/").lstrip("./")
        if not wanted or "." not in wanted:
            return None
        found = [path for path in self._paths if path == wanted or path.endswith("/" + wanted)]
        if not found:
            return None
        best = max(found, key=lambda path: (shared_folders(path, near), -len(path)))
        if best not in self._read:
            self._read[best] = self._parse(best)
        return self._read[best]

    def _parse(self, path: str) -> Any | None:
        data = self._text(path)
        if not data or len(data) > LARGEST:
            return None
        text = data.decode("utf-8", "replace")
        try:
            if path.endswith(".json"):
                return json.loads(text)
            if path.endswith(".toml"):
                return tomllib.loads(text)
            if path.endswith((".yaml", ".yml")):
                # Anchors can make a small file hold more data than fits into memory.
                return None if "&" in text else yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader
            return _ini(text)
        except (ValueError, RecursionError, configparser.Error, yaml.YAMLError):
            return None  # a file that does not parse tells nothing

    def setting(self, section: str, option: str) -> list[str]:
        """The values that INI style files of the tree give to ``option`` in ``[section]``."""
        if self._settings is None:
            self._settings = {}
            for path in self._paths:
                if path.removesuffix(".sample").removesuffix(".j2").endswith((".ini", ".conf", ".cfg")):
                    for name, options in (_safely(self._text(path)) or {}).items():
                        for key, value in options.items():
                            self._settings.setdefault((name, key), []).append(value)
        return list(dict.fromkeys(self._settings.get((section, option), ())))


def _safely(data: bytes) -> dict[str, dict[str, str]] | None:
    """Sections and options, with the template lines of a ``.j2`` file left out."""
    lines = data[:LARGEST].decode("utf-8", "replace").splitlines()
    try:
        return _ini("\n".join(line for line in lines if not line.lstrip().startswith(("{%", "{{", "{#"))))
    except configparser.Error:
        return None


def _ini(text: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    parser.read_string(text)
    found: dict[str, dict[str, str]] = {}
    for section in parser.sections():
        options: list[tuple[str, str | None]] = [*parser.items(section)]
        found[section] = {key: value for key, value in options if value is not None}
    return found
