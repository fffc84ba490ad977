"""Linking, start to end: from summaries and manifests to facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeAlias

from brokerlint.facts import Endpoint, Facts, Unresolved
from brokerlint.link import constructs, options
from brokerlint.link.behaviour import Observer
from brokerlint.link.behaviour.versions import Versions
from brokerlint.link.bind import Binder
from brokerlint.link.celery import celery_endpoints
from brokerlint.link.components import Components
from brokerlint.link.constructs.synthesised import without_synthesised
from brokerlint.link.endpoints import endpoints, search
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.present import present
from brokerlint.link.queries import directed
from brokerlint.link.queue_attributes import QueueAttributes
from brokerlint.link.scripts import console_scripts, project_name
from brokerlint.link.services import Deployment, Services
from brokerlint.link.sites import Sites
from brokerlint.link.start import start
from brokerlint.link.unbound import unbound
from brokerlint.manifests.facts import ManifestFacts, ServiceFact, Text
from brokerlint.models.model import Models
from brokerlint.read import Sources, Told

Run: TypeAlias = tuple[Endpoint, list[Deployment]]
"""An endpoint and the services that run its code."""


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
    begun = start(sources, models, manifests, paths, candidates, progress)
    sites = Sites(begun.program, begun.imports.users)
    evaluator = Evaluator(begun.program, models, _configuration(manifests.services, paths, sources), sites)
    coded = constructs.facts(evaluator, sources, paths)
    sources.keep_to(begun.near)
    begun.program.holding = begun.holding
    manifests = without_synthesised(manifests, coded, paths, sources.text) + coded
    scripts = console_scripts(begun.program, sources, paths)
    services = Services(begun.program, begun.imports, manifests.services, paths, scripts, project_name(sources))
    binder = Binder(manifests, services, begun.program)
    distributions = [name for library in models.libraries for name in library.distributions]
    observer = Observer(evaluator, sites, Versions(paths, sources.text, distributions).at)
    queues = QueueAttributes(evaluator, binder)
    components = Components(evaluator, binder, manifests.components)
    finder = _Finder(evaluator, sites, services, binder, observer, queues, components)
    calls, nameless = finder.calls()
    run = [*calls, *finder.handlers()]
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
        tuple(_unresolved(made, nameless)),
    )


@dataclass(frozen=True, slots=True)
class _Finder:
    """Everything that finding the endpoints of one tree takes."""

    evaluator: Evaluator
    sites: Sites
    services: Services
    binder: Binder
    observer: Observer
    queues: QueueAttributes
    components: Components

    def calls(self) -> tuple[list[Run], _Nameless]:
        """The endpoints that calls of libraries are, and what is not known of them."""
        uses, cut = search(self.evaluator, self.sites)
        found, unresolved = endpoints(directed(self.evaluator, self.sites, uses))
        run: list[Run] = []
        for endpoint, members in found:
            modules = dict.fromkeys((one.route[0].here if one.route else one.sink).module.path for one in members)
            running = list({id(one): one for path in modules for one in self.services.running(path)}.values())
            self.queues.note(endpoint, members, running)
            behind = self.components.behind(endpoint, members, running)
            if behind is not None:
                run.append((self.observer.observed(behind, members), running))
        return run, _Nameless(unresolved, cut)

    def handlers(self) -> list[Run]:
        """The functions that a platform calls: those that manifests bind, and those whose code alone says so."""
        triggered = self.binder.triggered()
        run = [(self.observer.handled(endpoint), [deployment]) for endpoint, deployment in triggered]
        bound = {(endpoint.place.path, endpoint.function) for endpoint, _ in triggered}
        for one in unbound(self.evaluator, self.sites, bound):
            run.append((self.observer.handled(one), self.services.running(one.place.path)))
        return run


def _configuration(services: Sequence[ServiceFact], paths: Sequence[str], sources: Sources) -> ConfigurationFiles:
    """The configuration files of a tree, with what manifests say about which of them a program gets."""
    words = frozenset(word for fact in services for word in _words(fact))
    return ConfigurationFiles(paths, sources.text, partial(_given, services), words)


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


@dataclass(frozen=True, slots=True)
class _Nameless:
    """Channels without a name, which a manifest may still have, and calls with more callers than are followed."""

    channels: list[Unresolved]
    cut: list[Unresolved]


def _unresolved(made: list[Endpoint], nameless: _Nameless) -> list[Unresolved]:
    """What is not known of the endpoints, each place once: ``nameless`` ones that no manifest has named, and other
    channels without a name."""
    unnamed = [(e, channel.name) for e in made for channel in e.channels if channel.name.kind == "unknown"]
    places = {(e.place, e.system) for e, _ in unnamed}
    still = [*(one for one in nameless.channels if (one.place, one.system) in places), *nameless.cut]
    told = {(one.place, one.system) for one in still}
    return still + [
        Unresolved(e.place, e.system, "channel", name.why)
        for e, name in unnamed
        if name.why and (e.place, e.system) not in told
    ]
