"""The formats there are, and the way of a tree's manifests through them: recognise, read one by one, join.

Every format is on its own: what one of them cannot read, or a mistake in its reader, costs that format's view of that
file and one diagnostic, nothing else.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.tree import ManifestError, Tree
from brokerlint.places import Diagnostic

HEAD = 64 * 1024
"""Bytes of a file that a format may look at to recognise it."""

LARGEST = 1024 * 1024
LARGEST_JSON = 5 * 1024 * 1024
"""Bytes of a manifest that is still read."""

Documents = Mapping[str, Mapping[str, Any]]
"""The summaries: by format, then by path."""


@dataclass(frozen=True, slots=True)
class Format:
    """One module of ``brokerlint.manifests.formats``; see the package's description for the three functions."""

    name: str
    wants: Callable[[str, bytes], bool]
    read: Callable[[str, str], Any]
    join: Callable[[Mapping[str, Any], Tree], ManifestFacts]


@cache
def formats() -> tuple[Format, ...]:
    """Every format, by name. The modules are imported at the first call, so a tree without manifests pays nothing."""
    from brokerlint.manifests import formats as package

    found = []
    for entry in sorted(pkgutil.iter_modules(package.__path__), key=lambda entry: entry.name):
        module = importlib.import_module(f"{package.__name__}.{entry.name}")
        found.append(Format(entry.name, module.wants, module.read, module.join))
    return tuple(found)


def format_of(path: str, head: bytes) -> list[Format]:
    """The formats that a file belongs to, by its path and first bytes."""
    return [one for one in formats() if one.wants(path, head)]


def read(path: str, data: bytes | str) -> tuple[dict[str, Any], list[Diagnostic]]:
    """One file -> its summary in each format that wants it, and what could not be read."""
    raw = data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data
    wanted = format_of(path, raw[:HEAD])
    if not wanted:
        return {}, []
    if len(raw) > (LARGEST_JSON if path.endswith(".json") else LARGEST):
        return {}, [Diagnostic("too-large", path, 1, f"is larger than a manifest may be ({len(raw)} bytes)")]
    text = raw.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    found: dict[str, Any] = {}
    problems: dict[Diagnostic, None] = {}
    for one in wanted:
        try:
            found[one.name] = one.read(path, text)
        except ManifestError as error:
            problems.setdefault(Diagnostic("manifest", path, error.line, str(error)))
        except RecursionError:
            problems.setdefault(Diagnostic("too-deep", path, 1, "is nested too deeply"))
        except Exception as error:
            message = f"could not be read as {one.name}: {type(error).__name__}: {error}"
            problems.setdefault(Diagnostic("crash", path, 1, message))
    return found, list(problems)


def join(documents: Documents, paths: Iterable[str]) -> ManifestFacts:
    """The summaries of a tree -> its facts. ``paths`` are all files of the tree."""
    from brokerlint.manifests.deployed_images import with_images
    from brokerlint.manifests.formats.owners import assigned
    from brokerlint.manifests.sidecars import delivered

    tree = Tree(frozenset(paths), documents)
    facts = ManifestFacts()
    for one in formats():
        own = documents.get(one.name)
        if not own:
            continue
        try:
            facts += one.join(own, tree)
        except Exception as error:
            message = f"could not be joined as {one.name}: {type(error).__name__}: {error}"
            facts += ManifestFacts(diagnostics=(Diagnostic("crash", min(own), 1, message),))
    return delivered(assigned(with_images(facts, tree), tree))


def read_all(manifests: Iterable[str], content: Callable[[str], bytes], paths: Iterable[str]) -> ManifestFacts:
    """The facts of the files ``manifests``, whose bytes ``content`` gives; ``paths`` are all files of the tree."""
    documents: dict[str, dict[str, Any]] = {}
    problems: list[Diagnostic] = []
    for path in manifests:
        try:
            data = content(path)
        except OSError as error:
            reason = error.strerror or "can't be opened"
            problems.append(Diagnostic("unreadable", path, 1, f"could not be read: {reason}"))
            continue
        found, told = read(path, data)
        problems += told
        for name, document in found.items():
            documents.setdefault(name, {})[path] = document
    if not documents:
        return ManifestFacts(diagnostics=tuple(problems))
    return ManifestFacts(diagnostics=tuple(problems)) + join(documents, paths)
