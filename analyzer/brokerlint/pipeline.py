"""The whole way from a tree to its facts: discover, read, link, bind. Each stage is a call; data flows forward."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from brokerlint.cache import Store
from brokerlint.discover import Discovered, discover
from brokerlint.facts import Facts
from brokerlint.models.model import Library
from brokerlint.read import Sources
from brokerlint.remembered import Remembered

if TYPE_CHECKING:
    from brokerlint.manifests.facts import ManifestFacts

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) while the work goes on."""


@dataclass(frozen=True, slots=True)
class Options:
    """What can be chosen about an analysis: which files, which further models, how many workers.

    ``texts`` are bytes that hold instead of those of files, by path below the root: a change before it is written.
    ``store`` keeps what is found out for later runs.
    """

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    libraries: tuple[Library, ...] = ()
    workers: int = 0
    executor: Executor | None = None
    texts: Mapping[str, bytes] = field(default_factory=dict)
    store: Store | None = None


def analyse(root: Path, options: Options = Options(), progress: Progress | None = None) -> Facts:
    """The facts of the tree below ``root``. Problems with single files are diagnostics in the result."""
    found = discover(root, options.include, options.exclude)
    sources = Sources(root, found.sources, dict(options.texts), options.workers, options.executor, options.store)

    def content(path: str) -> bytes:
        return (root / path).read_bytes()

    try:
        choices = repr((options.include, options.exclude, options.libraries))
        real = options.store if not options.texts else None
        memory = Remembered(real, sources, found, content, choices) if real else None
        facts = memory.facts() if memory else None
        if facts is None:
            facts = _facts(sources, found, options.libraries, content, progress)
            if memory:
                memory.keep(facts)
        return facts
    finally:
        sources.close()


def analyse_sources(files: Mapping[str, str], libraries: tuple[Library, ...] = ()) -> Facts:
    """The facts of a system given as texts by path, as examples and tests have it. Nothing is read from disk."""
    texts = {path: text.encode("utf-8", "surrogateescape") for path, text in files.items()}
    sources = [path for path in texts if path.endswith(".py")]
    others = [path for path in texts if not path.endswith(".py")]
    found = Discovered(tuple(sorted(sources)), tuple(sorted(others)), tuple(sorted(texts)))
    return _facts(Sources(None, sources, texts, 1), found, libraries, texts.__getitem__, None)


def _facts(
    sources: Sources,
    found: Discovered,
    libraries: tuple[Library, ...],
    content: Callable[[str], bytes],
    progress: Progress | None,
) -> Facts:
    from brokerlint.models.index import in_use
    from brokerlint.models.load import builtin, index

    started = time.perf_counter()
    models = index((*builtin(), *libraries))
    wanted = sources.mentioning_any(models.words)
    sources.ahead(wanted)
    used = in_use(models.libraries, lambda word: any(word.encode() in sources.text(path) for path in wanted))
    models = models if used == models.libraries else index(used)
    manifests = _manifests(found, content)
    from brokerlint.link.linking import link  # half a second of imports that a run without news does not need

    linking, before = time.perf_counter(), sources.seconds
    told = (lambda done, total: progress("reading", done, total)) if progress else None
    facts = link(sources, models, manifests, found.paths, wanted, told)
    later = sources.seconds - before  # the link stage asks for further files as it comes upon them: that is reading too
    read, linked = linking - started + later, time.perf_counter() - linking - later
    stats = {
        "files": len(sources.paths),
        "candidates": len(wanted),
        "parsed": sum(1 for module in sources.summaries.values() if module is not None),
        "skipped": len(found.diagnostics),
        "seconds": {"read": round(read, 3), "link": round(linked, 3)},
    }
    diagnostics = (*found.diagnostics, *manifests.diagnostics, *sources.diagnostics)
    return Facts(facts.services, facts.channels, facts.endpoints, facts.links, facts.unresolved, diagnostics, stats)


def _manifests(found: Discovered, content: Callable[[str], bytes]) -> ManifestFacts:
    from brokerlint.manifests import registry

    return registry.read_all(found.manifests, content, found.paths)
