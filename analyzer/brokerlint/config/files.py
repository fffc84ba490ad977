"""Where a configuration stands, and its text as plain tables and lists."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from brokerlint.config.keys import from_mapping, text_of
from brokerlint.config.model import Config, ConfigError

FILE_NAMES = ("brokerlint.yaml", "brokerlint.yml")
_PYPROJECT = "pyproject.toml"
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def find(start: Path) -> Path | None:
    """The configuration that holds for the directory ``start``: its own, or the nearest of a directory above.

    The search ends at the top of a git work tree. Raises ``ConfigError`` where two files of one directory compete.
    """
    directory = start.resolve()
    for candidate in (directory, *directory.parents):
        found = [candidate / name for name in FILE_NAMES if (candidate / name).is_file()]
        pyproject = candidate / _PYPROJECT
        if pyproject.is_file() and _has_section(pyproject):
            found.append(pyproject)
        if len(found) > 1:
            names = " and ".join(path.name for path in found)
            raise ConfigError(f"{candidate}: {names} both configure brokerlint; keep one of them")
        if found:
            return found[0]
        if (candidate / ".git").exists():
            return None
    return None


def load(path: Path) -> Config:
    """The configuration in the file ``path``. Raises ``ConfigError``."""
    return parse(path, text_of(path))


def within(texts: Mapping[str, str]) -> Config:
    """The configuration at the top of a tree that is given as texts by path, as examples of checks are."""
    return next((parse(Path(name), texts[name]) for name in FILE_NAMES if name in texts), Config())


def parse(path: Path, text: str) -> Config:
    """The configuration that ``text``, the content of the file ``path``, holds. Raises ``ConfigError``."""
    try:
        data = _toml(path, text) if path.suffix == ".toml" else _yaml(path, text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark else ""
        raise ConfigError(f"{path}{where}: not valid YAML: {getattr(error, 'problem', None) or error}") from error
    except (RecursionError, AttributeError) as error:
        raise ConfigError(f"{path}: not a configuration: expected a table of keys") from error
    return from_mapping({} if data is None else data, path)


def _toml(path: Path, text: str) -> Any:
    data = tomllib.loads(text)
    return data.get("tool", {}).get("brokerlint", {}) if path.name == _PYPROJECT else data


def _yaml(path: Path, text: str) -> Any:
    """The YAML in ``text``. Aliases are refused: a few of them can stand for millions of values."""
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, _LOADER)):
        raise ConfigError(f"{path}: aliases (*name) are not supported in a configuration")
    return yaml.load(text, _LOADER)  # noqa: S506 - both are safe loaders


def _has_section(pyproject: Path) -> bool:
    """Whether a pyproject.toml configures brokerlint. One that is broken counts only when it seems to."""
    text = text_of(pyproject)
    if "brokerlint" not in text:
        return False
    try:
        return "brokerlint" in tomllib.loads(text).get("tool", {})
    except tomllib.TOMLDecodeError:
        return "[tool.brokerlint" in text
