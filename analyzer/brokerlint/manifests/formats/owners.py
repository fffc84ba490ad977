"""Who owns what: ``CODEOWNERS`` files and Backstage's ``catalog-info.yaml``."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from brokerlint.globs import Globs, globs
from brokerlint.manifests.facts import ManifestFacts, ServiceFact
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.yaml_nodes import partial

_PLACES = ("CODEOWNERS", ".github/CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")


@dataclass(frozen=True, slots=True)
class Owners:
    """Patterns with their owners, in order: the last that matches counts. A catalog's pattern covers its folder."""

    rules: tuple[tuple[Globs, tuple[str, ...]], ...]
    names: tuple[str, ...] = ()
    """Names of the components that a catalog describes."""

    def of(self, path: str) -> tuple[str, ...]:
        """The owners of a file or folder; empty when no pattern matches."""
        return next((owners for pattern, owners in reversed(self.rules) if pattern.match(path)), ())


def wants(path: str, head: bytes) -> bool:
    """``CODEOWNERS`` where a forge looks for it; catalogs anywhere."""
    return path in _PLACES or posixpath.basename(path) in ("catalog-info.yaml", "catalog-info.yml")


def read(path: str, text: str) -> Owners:
    """The rules of a file; patterns that cannot be used are left out."""
    return _catalog(path, text) if path.endswith((".yaml", ".yml")) else Owners(tuple(_rules(text)))


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Nothing: owners deploy nothing; see ``assigned``."""
    return ManifestFacts()


def assigned(facts: ManifestFacts, tree: Tree) -> ManifestFacts:
    """The facts with an owner for every service that names none: that of its code, else of its manifest."""
    files = tree.of("owners")
    if not files:
        return facts
    return replace(facts, services=tuple(_owned(fact, files) for fact in facts.services))


def _owned(fact: ServiceFact, files: Mapping[str, Owners]) -> ServiceFact:
    if fact.owners:
        return fact
    catalogs = sorted((path for path in files if path not in _PLACES), key=len)
    named = [path for path in catalogs if fact.name in files[path].names]
    for path in (*named, *reversed(catalogs), *_PLACES):
        for place in (*(root for root in fact.roots if root), fact.place.path):
            owners = files[path].of(place) if path in files else ()
            if owners:
                return replace(fact, owners=owners)
    return fact


def _rules(text: str) -> list[tuple[Globs, tuple[str, ...]]]:
    found = []
    for line in text.split("\n"):
        words = line.partition("#")[0].split()
        if not words or words[0].startswith(("[", "^[")):
            continue
        try:
            found.append((globs((words[0],)), tuple(words[1:])))
        except ValueError:
            continue
    return found


def _catalog(path: str, text: str) -> Owners:
    documents, error = partial(text)
    if error is not None and not documents:
        raise error
    folder = posixpath.dirname(path)
    rules = []
    names = []
    for document in documents:
        owner = document.get("spec", "owner").text
        if document.get("kind").text == "Component" and owner:
            rules.append((globs((f"/{folder}" if folder else "*",)), (owner.rpartition(":")[2],)))
            names.append(document.get("metadata", "name").text)
    return Owners(tuple(rules), tuple(names))
