"""Drafts of resources: properties are set one after the other until all of the code has been seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brokerlint.manifests.aws.resources import Resource
from brokerlint.manifests.facts import Reference
from brokerlint.manifests.terms import NOTHING, Term
from brokerlint.places import Place


@dataclass(eq=False, slots=True)
class Draft:
    """A resource that is being put together. ``properties`` are nested mappings and lists of terms."""

    key: str
    type: str
    logical: str
    place: Place
    profile: str = "unknown"
    external: bool = False
    roots: tuple[str, ...] = ()
    properties: dict[str, Any] = field(default_factory=dict)

    @property
    def reference(self) -> Term:
        """A term that refers to the resource."""
        return Term(Reference(self.key, "Arn"), self.place.line)

    def set(self, path: str, term: Term) -> None:
        """Set the property at a dotted path; nothing when the term is nothing."""
        if term:
            *above, last = path.split(".")
            level = self._level(above)
            if last not in level or not term.is_mapping or not isinstance(level[last], dict):
                level[last] = term
            else:
                level[last] |= dict(term.items())

    def append(self, path: str, term: Term) -> None:
        """Add to the list at a dotted path."""
        *above, last = path.split(".")
        level = self._level(above)
        known = level.get(last)
        if not isinstance(known, list):
            known = level[last] = list(known.elements()) if isinstance(known, Term) else []
        known.append(term)

    def resource(self) -> Resource:
        """The resource as it stands."""
        term = _term(self.properties)
        return Resource(self.key, self.type, self.logical, self.place, term, self.roots, self.profile, self.external)

    def _level(self, steps: list[str]) -> dict[str, Any]:
        level = self.properties
        for step in steps:
            inner = level.get(step)
            if not isinstance(inner, dict):
                inner = level[step] = dict(inner.items()) if isinstance(inner, Term) else {}
            level = inner
        return level


def _term(content: Any) -> Term:
    if isinstance(content, Term):
        return content
    if isinstance(content, Mapping):
        entries = ((key, _term(value)) for key, value in content.items())
        return Term({key: term for key, term in entries if term})
    if isinstance(content, list):
        return Term(tuple(_term(one) for one in content))
    return NOTHING
