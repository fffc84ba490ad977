"""Templates that infrastructure code of the tree has written: what they declare is declared by that code already."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from brokerlint.link.constructs.assets import Folders
from brokerlint.manifests.facts import ManifestFacts

_MARK = b"aws:cdk:path"
"""What the CDK notes at each resource of a template."""


def without_synthesised(
    facts: ManifestFacts, made: ManifestFacts, paths: Iterable[str], text: Callable[[str], bytes]
) -> ManifestFacts:
    """``facts`` without those of templates that belong to a project whose code was read (``made``). ``text`` gives a
    file of the tree."""
    folders = Folders(paths)
    projects = {folders.project(path) for path in _files(made)}
    written = {path for path in _files(facts) if folders.project(path) in projects and _MARK in text(path)}
    if not written:
        return facts
    return replace(
        facts,
        services=tuple(one for one in facts.services if one.place.path not in written),
        channels=tuple(one for one in facts.channels if one.place.path not in written),
        links=tuple(one for one in facts.links if one.place.path not in written),
    )


def _files(facts: ManifestFacts) -> set[str]:
    """The files that declare something."""
    return (
        {one.place.path for one in facts.channels}
        | {one.place.path for one in facts.services}
        | {one.place.path for one in facts.links}
    )
