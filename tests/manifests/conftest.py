"""A tree of manifests given as texts by path."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from brokerlint.manifests import registry
from brokerlint.manifests.facts import ManifestFacts

Reader = Callable[[Mapping[str, str]], ManifestFacts]


@pytest.fixture
def facts_of() -> Reader:
    """Reads files given as texts; those ending in ``.py`` are only there."""

    def read(files: Mapping[str, str]) -> ManifestFacts:
        manifests = sorted(path for path in files if not path.endswith(".py"))
        return registry.read_all(manifests, lambda path: files[path].encode(), files)

    return read
