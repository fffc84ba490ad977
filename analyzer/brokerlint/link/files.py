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


_INI = (".ini", ".cfg", ".conf", ".config", ".cnf")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ConfigurationFiles:
    """The data files of a tree. Takes all its paths, a function that gives a file's bytes, and one that tells what the
    manifests set a variable or a command line option to."""

    def __init__(
        self,
        paths: Iterable[str] = (),
        text: Callable[[str], bytes] = lambda path: b"",
        given: Callable[[str], list[str]] = lambda variable: [],
        words: frozenset[str] = frozenset(),
    ) -> None:
        self._paths = tuple(paths)
        self._text = text
        self._words = words
        self.given = given
        self._read: dict[str, Any] = {}
        self._settings: dict[tuple[str, str], list[str]] | None = None
        self._ini: dict[str, dict[str, dict[str, str]]] | None = None

    def data(self, tail: str, near: str) -> Any | None:
        """The content of the file whose path ends with ``tail``, closest to the file ``near``; None without one."""
        wanted = tail.replace("\\", "/").lstrip("./")
        if not wanted or "." not in wanted:
            return None
        found = [path for path in self._paths if path == wanted or path.endswith("/" + wanted)]
        if not found and tail.startswith("/"):
            found = [path for path in self._paths if _inside(wanted, path)]
        if not found:
            return None
        best = max(found, key=lambda path: (shared_folders(path, near), -len(path)))
        if best not in self._read:
            self._read[best] = self._parse(best)
        return self._read[best]

    def section(self, name: str, near: str, told: Callable[[str], bool]) -> dict[str, list[str]]:
        """The options in ``[name]`` of INI files: of those that a manifest's command names, else of those that code
        names (``told``), of several files of one name the nearest to the file ``near``. Values that are put together
        are left out."""
        having = [path for path, sections in self._ini_files().items() if path.endswith(_INI) and name in sections]
        named = [path for path in having if any(_is_end(word, path) for word in self._words)]
        nearest: dict[str, str] = {}
        for path in sorted(having, key=lambda path: (shared_folders(path, near), -len(path))):
            nearest[path.rpartition("/")[2]] = path
        options: dict[str, dict[str, None]] = {}
        for path in named or [path for path in nearest.values() if told(path)]:
            for option, text in self._ini_files()[path][name].items():
                if text and "%(" not in text and "${" not in text:
                    options.setdefault(option, {})[text] = None
        return {option: list(texts) for option, texts in options.items()}

    def _ini_files(self) -> dict[str, dict[str, dict[str, str]]]:
        """The sections of the INI style files that can be parsed, read once for all who ask."""
        if self._ini is None:
            ini = [path for path in self._paths if _written(path).endswith(_INI)]
            self._ini = {path: sections for path in ini if (sections := _safely(self._text(path)))}
        return self._ini

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
            for path, sections in self._ini_files().items():
                if _written(path).endswith((".ini", ".conf", ".cfg")):
                    for name, options in sections.items():
                        for key, value in options.items():
                            self._settings.setdefault((name, key), []).append(value)
        return list(dict.fromkeys(self._settings.get((section, option), ())))


def _written(path: str) -> str:
    """The path of the file that a template or a sample is for."""
    return path.removesuffix(".sample").removesuffix(".j2")


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


def _is_end(word: str, path: str) -> bool:
    """Does a word of a command name the file at ``path``, wherever the tree is inside of a container?"""
    plain = word.rpartition("=")[2].removeprefix("./")
    return path == plain or path.endswith(f"/{plain}") or plain.endswith(f"/{path}")


def _inside(absolute: str, path: str) -> bool:
    """May a file of the tree be at an absolute path inside of a container? Its folder tells, or that of the program."""
    return absolute.endswith(f"/{path}") and ("/" in path or absolute.count("/") == 1)
