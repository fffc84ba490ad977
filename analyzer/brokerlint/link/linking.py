"""Linking, start to end: from summaries and manifests to facts."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from brokerlint.facts import Endpoint, Facts, Unresolved
from brokerlint.link import constructs
from brokerlint.link.behaviour import Observer
from brokerlint.link.behaviour.versions import Versions
from brokerlint.link.bind import Binder
from brokerlint.link.celery import LIBRARIES, celery_endpoints
from brokerlint.link.constructs.synthesised import without_synthesised
from brokerlint.link.endpoints import endpoints, search
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.imports import Imports, folders_on_path
from brokerlint.link.program import Program
from brokerlint.link.scripts import console_scripts, project_name
from brokerlint.link.services import Deployment, Services
from brokerlint.link.sinks import SHORT, signs
from brokerlint.manifests.facts import ManifestFacts
from brokerlint.models.load import index
from brokerlint.models.model import Library, Models
from brokerlint.read import Sources, Told


def link(
    sources: Sources,
    models: Models,
    manifests: ManifestFacts,
    paths: Iterable[str],
    candidates: Sequence[str],
    progress: Told | None = None,
) -> Facts:
    """The facts of a program.

    Takes its Python files, the models of libraries, what the manifests say, the paths of all files and of those Python
    files that name a library, and who is told of the reading. Further files are read when they are needed.
    """
    paths = tuple(paths)
    models = _present(sources, models)
    names = {module.split(".")[0] for library in models.libraries for module in library.modules} | LIBRARIES
    roots = {root for fact in manifests.services for root in fact.roots}
    roots = {posixpath.dirname(root) if root.endswith(".py") else root for root in roots}
    roots |= folders_on_path(sources.paths, sources.text, sources.mentioning("sys.path"))
    program = Program(sources.paths, sources.summary, sources.mentioning, names, sources.read, roots, sources.deriving)
    imports = Imports(program, sources.text, paths)
    first = [*candidates, *_beside(sources, imports, models, candidates)]
    sources.ahead(first)
    sources.read(first, progress)
    sources.ahead(_imported(imports, first))
    for path in sorted(sources.summaries):
        program.module(path)
    evaluator = Evaluator(program, models, ConfigurationFiles(paths, sources.text))
    sites = evaluator.sites
    coded = constructs.facts(evaluator, sources, paths)
    manifests = without_synthesised(manifests, coded, paths, sources.text) + coded
    scripts = console_scripts(program, sources, paths)
    services = Services(program, imports, manifests.services, paths, scripts, project_name(sources))
    binder = Binder(manifests, services, program)
    distributions = [name for library in models.libraries for name in library.distributions]
    observer = Observer(evaluator, sites, Versions(paths, sources.text, distributions).at)
    uses, cut = search(evaluator, sites, imports)
    found, unresolved = endpoints(uses)
    run: list[tuple[Endpoint, list[Deployment]]] = []
    for endpoint, members in found:
        modules = dict.fromkeys((one.route[0].here if one.route else one.sink).module.path for one in members)
        running = {id(one): one for path in modules for one in services.running(path)}
        run.append((observer.observed(endpoint, members), list(running.values())))
    run += [(observer.handled(endpoint), [deployment]) for endpoint, deployment in binder.triggered()]
    run += celery_endpoints(evaluator, sites, services, manifests, sources, paths)
    services.name_apart()
    made = [binder.bound(endpoint, running) for endpoint, running in run]
    nameless = {(e.place, e.system) for e in made if any(channel.name.kind == "unknown" for channel in e.channels)}
    still = [*(one for one in unresolved if (one.place, one.system) in nameless), *cut]
    told = {(one.place, one.system) for one in still}
    still += [
        Unresolved(e.place, e.system, "channel", channel.name.why)
        for e in made
        for channel in e.channels
        if channel.name.kind == "unknown" and channel.name.why and (e.place, e.system) not in told
    ]
    return Facts(
        tuple(replace(one.service, properties=binder.readable(one.service.properties)) for one in services.all()),
        tuple(binder.channels(made)),
        tuple(made),
        tuple(binder.links()),
        tuple(still),
    )


def _imported(imports: Imports, paths: Iterable[str]) -> list[str]:
    """The files that others import, those first that most import: they will be asked for first."""
    counted = Counter(path for one in paths for path in sorted(imports.direct(one)))
    return [path for path, _ in counted.most_common()]


def _present(sources: Sources, models: Models) -> Models:
    """The models of libraries that the program imports, and of those whose calls are unmistakable by themselves."""
    kept = []
    for library in models.libraries:
        classes = library.classes.values()
        calls = any(operation.distinct for model in classes for operation in model.methods.values())
        attributes = any(gives.distinct for model in classes for gives in model.attributes.values())
        if calls or (_named(sources, library) and (attributes or _in_use(sources, library))):
            kept.append(library)
    return index(kept)


def _named(sources: Sources, library: Library) -> bool:
    return any(sources.mentioning(word) for word in library.words)


def _in_use(sources: Sources, library: Library) -> bool:
    """Does a file import the package that the library's classes and functions stand in?"""
    paths = [*library.classes, *(a for model in library.classes.values() for a in model.aliases), *library.functions]
    packages = dict.fromkeys(path.split(".")[0] for path in (*paths, *library.objects))
    return any(sources.imports(package) for package in packages)


MOST_BESIDE = 400
"""Files read because they import one that uses a library; in larger programs only calls that are looked for lead
further."""


STORE = re.compile(
    rb"^[ \t]*(?!self\.|cls\.)\w[\w.]*(?:\[[^\]\n]*\][ \t]*=(?!=)|\.\w+[ \t]*=[^=\n][^\n]*\()", re.MULTILINE
)
"""Something is kept in another object: ``registry["jobs"] = jobs``, ``app.jobs = Jobs("orders")``."""


def _beside(sources: Sources, imports: Imports, models: Models, candidates: Iterable[str]) -> list[str]:
    """Files that name no library but may use its objects: they import a file that does and hold a word of such a use,
    or call a method of such objects."""
    using = set(candidates)
    if not using:
        return []
    calls = [f".{name}(".encode() for name in sorted(models.methods) if len(name) > SHORT]
    found = [path for path in sources.mentioning_any(calls) if path not in using]
    words = signs(models)
    importing = [path for path in sources.paths if path not in using and not using.isdisjoint(imports.direct(path))]
    importing = [
        path
        for path in importing
        if any(word in sources.text(path) for word in words) or STORE.search(sources.text(path))
    ]
    if len(importing) <= MOST_BESIDE:
        found += importing
    return sorted(set(found))
