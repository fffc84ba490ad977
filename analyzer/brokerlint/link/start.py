"""The program when linking starts: its import graph, and the files that are read before anything is evaluated."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from brokerlint.link.celery import LIBRARIES
from brokerlint.link.imports import Imports, folders_on_path
from brokerlint.link.program import Program
from brokerlint.link.sinks import SHORT, signs
from brokerlint.manifests.facts import ManifestFacts
from brokerlint.models.model import Models
from brokerlint.read import Sources, Told

MOST_UNCONNECTED = 1000
"""Files of a program in which objects are followed wherever their methods are called, since frameworks load modules by
themselves and hand objects around. In larger programs only among files that are loaded together with a library's user.
"""

MOST_BESIDE = 400
"""Files read because they import one that uses a library; in larger programs only calls that are looked for lead
further."""


STORE = re.compile(
    rb"^[ \t]*(?!self\.|cls\.)\w[\w.]*(?:\[[^\]\n]*\][ \t]*=(?!=)|\.\w+[ \t]*=[^=\n][^\n]*\()", re.MULTILINE
)
"""Something is kept in another object: ``registry["jobs"] = jobs``, ``app.jobs = Jobs("orders")``."""


@dataclass(frozen=True, slots=True)
class Start:
    """A program whose first files are read. Calls and classes are looked for in the files of ``near``, stored objects
    in those of ``holding``: all, unless the program is large."""

    program: Program
    imports: Imports
    near: frozenset[str]
    holding: frozenset[str]


def start(
    sources: Sources,
    models: Models,
    manifests: ManifestFacts,
    paths: Sequence[str],
    candidates: Sequence[str],
    progress: Told | None,
) -> Start:
    """Read the files that name a library (``candidates``) and those beside them; let workers begin with what these
    import."""
    names = {module.split(".")[0] for library in models.libraries for module in library.modules} | LIBRARIES
    roots = {root for fact in manifests.services for root in fact.roots}
    roots = {posixpath.dirname(root) if root.endswith(".py") else root for root in roots}
    roots |= folders_on_path(sources.paths, sources.text, sources.mentioning("sys.path"))
    program = Program(sources.paths, sources.summary, sources.mentioning, names, sources.read, roots, sources)
    imports = Imports(program, sources.text, paths)
    using = set(candidates)
    holding = near = program.known
    if using and len(near) > MOST_UNCONNECTED:
        holding = imports.loading(using.union(sources.mentioning("elery")))
        near = imports.closure(holding)
    first = [*candidates, *_beside(sources, imports, models, using, near)]
    sources.ahead(first)
    sources.read(first, progress)
    sources.ahead(_imported(imports, first))
    for path in sorted(sources.summaries):
        program.module(path)
    return Start(program, imports, near, holding)


def _beside(sources: Sources, imports: Imports, models: Models, using: set[str], near: frozenset[str]) -> list[str]:
    """Files that name no library but may use its objects: they import one that does (``using``) and hold a word of such
    a use, or may be loaded together with one (``near``) and call a method of such objects."""
    if not using:
        return []
    others = sorted(near - using)
    calls = [f".{name}(".encode() for name in sorted(models.methods) if len(name) > SHORT]
    found = sources.mentioning_any(calls, others)
    words = signs(models)
    importing = [path for path in others if not using.isdisjoint(imports.direct(path))]
    importing = [
        path
        for path in importing
        if any(word in sources.text(path) for word in words) or STORE.search(sources.text(path))
    ]
    if len(importing) <= MOST_BESIDE:
        found += importing
    return sorted(set(found))


def _imported(imports: Imports, paths: Iterable[str]) -> list[str]:
    """The files that others import, those first that most import: they will be asked for first."""
    counted = Counter(path for one in paths for path in sorted(imports.direct(one)))
    return [path for path, _ in counted.most_common()]
