"""``.env`` files: variables and their values, one a line.

By themselves they deploy nothing. Compose names them (``env_file``), and a program loads the one beside it
(``beside``); ``.env.example`` and the like stand in where the real file is kept out of the repository.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from brokerlint.manifests.facts import ManifestFacts, Setting, Text, Value
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import NOT_KEPT, interpolated, setting
from brokerlint.places import Place

EXAMPLES = ("example", "sample", "template", "dist", "default", "defaults")
"""Parts of a file's name that say: copy me to ``.env``."""

_ENTRY = re.compile(
    r"^[ \t]*(?:export[ \t]+)?(?P<name>[A-Za-z_][\w.-]*)[ \t]*"
    r"(?:(?P<sign>[=:])[ \t]*(?P<value>'[^']*'|\"(?:[^\"\\]|\\.)*\"|[^\n]*)[^\n]*)?$",
    re.MULTILINE,
)
_COMMENT = re.compile(r"(?:^|(?<!\s)\s++)#.*\Z")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}


@dataclass(frozen=True, slots=True)
class Dotenv:
    """The variables of one file, in order."""

    settings: Mapping[str, Setting]


def wants(path: str, head: bytes) -> bool:
    """``.env``, ``.env.prod``, ``prod.env``, ``env.example`` ..."""
    name = posixpath.basename(path).lower()
    if name.endswith((".py", ".md", ".sh", ".yml", ".yaml", ".json", ".ts", ".js")):
        return False
    return name.startswith(".env") or name.endswith(".env") or (name.startswith("env.") and is_example(path))


def read(path: str, text: str) -> Dotenv:
    """The variables of a file. A name without a value is passed through from outside, so it says nothing here."""
    found: dict[str, Setting] = {}
    values: dict[str, Value] = {}
    line, counted = 1, 0
    for match in _ENTRY.finditer(text):
        line, counted = line + text.count("\n", counted, match.start("name")), match.start("name")
        if match["sign"] is None:
            continue
        name = match["name"]
        value = values[name] = _value(match["value"], values)
        found[name] = setting(name, value, Place(path, line))
    return Dotenv(found)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Nothing: a file of variables is no deployment."""
    return ManifestFacts()


def is_example(path: str) -> bool:
    """Whether the file only shows what an ``.env`` would hold."""
    return not set(EXAMPLES).isdisjoint(re.split(r"[._-]", posixpath.basename(path).lower()))


def settings_of(tree: Tree, path: str) -> Mapping[str, Setting]:
    """The variables of the file at ``path``; those of its example where the file itself is not in the tree."""
    files = tree.of("dotenv")
    if path in files:
        return dict(files[path].settings)
    for candidate in sorted(_examples_of(path) & files.keys()):
        return _alternatives(files[candidate].settings)
    return {}


def beside(tree: Tree, folders: Iterable[str]) -> dict[str, Setting]:
    """What a program in one of ``folders`` would load: the ``.env`` there or in the nearest folder above."""
    found: dict[str, Setting] = {}
    for folder in folders:
        at = folder
        while True:
            settings = settings_of(tree, posixpath.join(at, ".env"))
            if settings:
                for name, one in _alternatives(settings).items():
                    found.setdefault(name, one)
                break
            if not at:
                break
            at = posixpath.dirname(at)
    return found


def values_of(settings: Mapping[str, Setting]) -> dict[str, Value]:
    """The values by name, for interpolation; what was not kept is left out."""
    return {name: one.value for name, one in settings.items() if one.value != NOT_KEPT}


def _examples_of(path: str) -> set[str]:
    folder, name = posixpath.split(path)
    names = {name.lstrip(".")} | {name}
    return {
        posixpath.join(folder, candidate)
        for example in EXAMPLES
        for one in names
        for candidate in (f"{one}.{example}", f"{one}-{example}", f".{example}.{one}", f"{example}.{one}")
    }


def _alternatives(settings: Mapping[str, Setting]) -> dict[str, Setting]:
    return {name: replace(one, exactness="alternative") for name, one in settings.items()}


def _value(raw: str, known: Mapping[str, Value]) -> Value:
    """Single quotes are literal; double quotes have escapes; a comment needs a blank before it."""
    if len(raw) > 1 and raw[0] == raw[-1] == "'":
        return Text(raw[1:-1])
    if len(raw) > 1 and raw[0] == raw[-1] == '"':
        plain = _ESCAPE.sub(lambda m: "$$" if m[1] == "$" else _ESCAPED.get(m[1], m[1]), raw[1:-1])
        return interpolated(plain, known)
    return interpolated(_COMMENT.sub("", raw).strip(), known)
