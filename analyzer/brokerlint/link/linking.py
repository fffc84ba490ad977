"""Linking, start to end: from summaries and manifests to facts."""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial

from brokerlint.facts import Endpoint, Facts, Unresolved
from brokerlint.link import constructs, options
from brokerlint.link.behaviour import Observer
from brokerlint.link.behaviour.versions import Versions
from brokerlint.link.bind import Binder
from brokerlint.link.celery import LIBRARIES, celery_endpoints
from brokerlint.link.components import Components
from brokerlint.link.constructs.synthesised import without_synthesised
from brokerlint.link.endpoints import endpoints, search
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.imports import Imports, folders_on_path
from brokerlint.link.present import present
from brokerlint.link.program import Program
from brokerlint.link.queries import directed
from brokerlint.link.queue_attributes import QueueAttributes
from brokerlint.link.scripts import console_scripts, project_name
from brokerlint.link.services import Deployment, Services
from brokerlint.link.sinks import SHORT, signs
from brokerlint.link.sites import Sites
from brokerlint.link.unbound import unbound
from brokerlint.manifests.facts import ManifestFacts, ServiceFact, Text
from brokerlint.models.model import Models
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
    models = present(sources, models, candidates)
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
    sites = Sites(program, imports.users)
    words = frozenset(word for fact in manifests.services for word in _words(fact))
    files = ConfigurationFiles(paths, sources.text, partial(_given, manifests.services), words)
    evaluator = Evaluator(program, models, files, sites)
    coded = constructs.facts(evaluator, sources, paths)
    sources.keep_to(near)
    program.holding = holding
    manifests = without_synthesised(manifests, coded, paths, sources.text) + coded
    scripts = console_scripts(program, sources, paths)
    services = Services(program, imports, manifests.services, paths, scripts, project_name(sources))
    binder = Binder(manifests, services, program)
    distributions = [name for library in models.libraries for name in library.distributions]
    observer = Observer(evaluator, sites, Versions(paths, sources.text, distributions).at)
    components = Components(evaluator, binder, manifests.components)
    queues = QueueAttributes(evaluator, binder)
    uses, cut = search(evaluator, sites)
    found, unresolved = endpoints(directed(evaluator, sites, uses))
    run: list[tuple[Endpoint, list[Deployment]]] = []
    for endpoint, members in found:
        modules = dict.fromkeys((one.route[0].here if one.route else one.sink).module.path for one in members)
        running = {id(one): one for path in modules for one in services.running(path)}
        queues.note(endpoint, members, running.values())
        behind = components.behind(endpoint, members, list(running.values()))
        if behind is not None:
            run.append((observer.observed(behind, members), list(running.values())))
    triggered = binder.triggered()
    run += [(observer.handled(endpoint), [deployment]) for endpoint, deployment in triggered]
    bound = {(endpoint.place.path, endpoint.function) for endpoint, _ in triggered}
    run += [(observer.handled(one), services.running(one.place.path)) for one in unbound(evaluator, sites, bound)]
    tasks, workers = celery_endpoints(evaluator, sites, services, manifests, sources, paths)
    run += tasks
    services.name_apart()
    made = [binder.bound(endpoint, running) for endpoint, running in run]
    redrives = queues.links(made)
    return Facts(
        tuple(replace(one.service, properties=binder.readable(one.service.properties)) for one in services.all()),
        tuple(queues.applied(binder.channels(made), made, redrives)),
        tuple(made),
        (*binder.links(workers), *redrives),
        tuple(_unresolved(made, unresolved, cut)),
    )


def _words(fact: ServiceFact) -> list[str]:
    return [word for part in fact.command for word in part.split()]


def _given(services: Iterable[ServiceFact], variable: str) -> list[str]:
    """What manifests set a variable to, or a command line option (``option:--config|-c``)."""
    if variable.startswith(options.OPTION):
        texts = [text for fact in services if (text := options.given(variable, _words(fact)))]
    else:
        values = [fact.environment[variable].value for fact in services if variable in fact.environment]
        texts = [value.text for value in values if isinstance(value, Text)]
    return list(dict.fromkeys(texts))


def _unresolved(made: list[Endpoint], nameless: list[Unresolved], cut: list[Unresolved]) -> list[Unresolved]:
    """What is not known of the endpoints: ``nameless`` ones that no manifest has named, calls with more callers than
    are followed (``cut``), and other channels without a name, each place once."""
    unnamed = [(e, channel.name) for e in made for channel in e.channels if channel.name.kind == "unknown"]
    places = {(e.place, e.system) for e, _ in unnamed}
    still = [*(one for one in nameless if (one.place, one.system) in places), *cut]
    told = {(one.place, one.system) for one in still}
    return still + [
        Unresolved(e.place, e.system, "channel", name.why)
        for e, name in unnamed
        if name.why and (e.place, e.system) not in told
    ]


def _imported(imports: Imports, paths: Iterable[str]) -> list[str]:
    """The files that others import, those first that most import: they will be asked for first."""
    counted = Counter(path for one in paths for path in sorted(imports.direct(one)))
    return [path for path, _ in counted.most_common()]


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
