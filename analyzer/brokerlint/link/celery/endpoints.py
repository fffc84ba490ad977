"""From tasks, sends and schedules to endpoints with the services that they run in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from brokerlint.facts import ChannelName, Endpoint, Name, Role, endpoint_id
from brokerlint.link.behaviour.entry import Entries
from brokerlint.link.callers import Callers
from brokerlint.link.celery import application, configuration, schedules, waiting
from brokerlint.link.celery.application import App, Apps
from brokerlint.link.celery.broker import Brokers
from brokerlint.link.celery.contexts import Contexts
from brokerlint.link.celery.routing import Routing, at_broker, channel_names
from brokerlint.link.celery.sends import Send, Sends
from brokerlint.link.celery.tasks import Task, Tasks
from brokerlint.link.celery.workers import Worker, Workers
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.services import Deployment, Services
from brokerlint.link.sites import Sites
from brokerlint.manifests.facts import End, LinkFact, ManifestFacts, Reference, Text
from brokerlint.places import Place
from brokerlint.read import Sources

_SETTINGS = (b"celery", b"Celery", b"CELERY", b"BROKER_URL", b"BROKER_TRANSPORT")
_USES = (b"celery", b"Celery", b".task", b".delay(", b".apply_async(", b".send_task(", b".retry(", b"register_task(")

Found = tuple[Endpoint, list[Deployment]]


def celery_endpoints(
    ev: Evaluator, sites: Sites, services: Services, manifests: ManifestFacts, sources: Sources, paths: Iterable[str]
) -> tuple[list[Found], list[LinkFact]]:
    """The endpoints that a program's Celery tasks and sends are, each with the services that run it; and links from the
    queues that workers take although no task is known to be in them.

    ``paths`` are all paths of the tree: requirements and scripts are among the evidence. Nothing is read when no Python
    file mentions Celery, and only what mentions it when the broker is neither SQS nor Kafka.
    """
    if not sources.mentioning("elery"):
        return [], []
    paths = tuple(paths)
    program = ev.program
    modules = [m for path in sources.mentioning_any(_SETTINGS) if (m := program.module(path)) is not None]
    own = Evaluator(
        program, application.with_celery(ev.models, application.outside_applications(ev, modules)), sites=sites
    )
    apps = Apps(own, application.code(own, modules))
    brokers = Brokers(services, manifests, sources, paths)
    for app in apps.all():
        app.system = brokers.system(app)
    if not any(app.system for app in apps.all()):
        return [], []
    modules = [m for path in sources.mentioning_any(_USES) if (m := program.module(path)) is not None]
    code = application.code(own, modules)
    tasks = Tasks(own, apps, code)
    routing = Routing(own)
    callers = Callers(own, sites)
    sends = Sends(own, callers, apps, tasks, routing).all(code)
    entries = schedules.entries(own, code, sources.text)
    workers = Workers(services, sources, paths)
    contexts, kinds = Contexts(callers, tasks), Entries(own, callers)
    joining = _Joining(services, workers, contexts, callers, kinds, apps, tasks, routing, sends, entries)
    return joining.run(), list(joining.taken())


@dataclass(slots=True)
class _Joining:
    """Brings what was found together: a task's queues are those that it is sent to."""

    services: Services
    workers: Workers
    contexts: Contexts
    callers: Callers
    kinds: Entries
    apps: Apps
    tasks: Tasks
    routing: Routing
    sends: list[Send]
    entries: list[schedules.Entry]
    queues: dict[int, dict[str, ChannelName]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def run(self) -> list[Found]:
        """All endpoints."""
        scheduled = [(entry, *self._scheduled(entry)) for entry in self.entries]
        for send in self.sends:
            for task in send.tasks:
                self._reaches(task, send.channels)
        for _, app, channels, tasks in scheduled:
            for task in tasks if app is not None else ():
                self._reaches(task, channels)
        found = [one for task in self.tasks.all for one in self._consuming(task)]
        found += self._producing()
        found += [
            one
            for entry, app, channels, _ in scheduled
            if app is not None
            for one in self._clocked(entry, app, channels)
        ]
        return found

    def _reaches(self, task: Task, channels: Iterable[ChannelName]) -> None:
        known = self.queues.setdefault(id(task), {})
        for channel in channels:
            if channel.name.kind != "unknown":
                known.setdefault(channel.id, channel)

    # --- Tasks ----------------------------------------------------------------------------------------------------

    def _channels(self, task: Task) -> tuple[ChannelName, ...]:
        """The queues that a task is sent to; of a task that nobody sends, the one that it would be sent to."""
        if task.app is None:
            return ()
        found = self.queues.get(id(task))
        if found and not task.options.get("queue"):
            return tuple(found.values())
        own = channel_names(task.app, self.routing.unsaid(task.app, task, task.name))
        taken = self.workers.queues(task.path)
        if not found and taken is not None and not any(_told(channel) or channel.name.text in taken for channel in own):
            # Nobody here sends the task, and no worker takes the default queue: others send it where workers take it.
            own = _taken(task.app, taken)
        return tuple({channel.id: channel for channel in (*(found or {}).values(), *own)}.values())

    def _consuming(self, task: Task) -> list[Found]:
        if task.app is None or not task.app.system:
            return []
        channels = self._channels(task)
        running = self._workers(task)
        groups: tuple[Name, ...] = ()
        if task.app.system == "kafka":
            groups = tuple(_group(channel.name) for channel in at_broker(task.app, channels) if channel.name.text)
        facts = configuration.task_facts(task)
        config = configuration.of_app(task.app) | configuration.of_task(task)
        return [
            (
                self._endpoint(
                    task.place, task.definition.qualname, "consume", "task", task.app, channels, config, facts, groups
                ),
                running,
            )
        ]

    def _workers(self, task: Task) -> list[Deployment]:
        names = [channel.name.text for channel in self._channels(task) if channel.name.text]
        return self.workers.taking(names, task.path)

    # --- Workers ------------------------------------------------------------------------------------------------------

    def taken(self) -> Iterator[LinkFact]:
        """The queues that workers take although no task is known to be in them: what others send waits there."""
        known = [channel.name.text for task in self.tasks.all for channel in self._channels(task) if channel.name.text]
        for worker in self.workers.all:
            app = self._app_of(worker) if worker.works else None
            if app is None:
                continue
            queues = worker.queues if worker.queues is not None else self.routing.listed(app)
            queues = frozenset(q for q in queues if q != "*" and not any(fnmatchcase(q, one) for one in known))
            for channel in at_broker(app, _taken(app, queues, len(queues))):
                ends = End(app.system, Text(channel.name.text or "")), End("service", Reference(worker.key))
                yield LinkFact("worker", *ends, worker.place.saying("starts a worker that takes it"))

    def _app_of(self, worker: Worker) -> App | None:
        """The application that a worker runs: one that it imports; None where it has no broker of interest."""
        apps = [app for app in self.apps.all() if app.place.path in worker.deployment.reach] or self.apps.all()
        return apps[0] if apps[0].system and len({app.system for app in apps}) == 1 else None

    # --- Sends ----------------------------------------------------------------------------------------------------

    def _producing(self) -> list[Found]:
        groups: dict[tuple[object, ...], list[Send]] = {}
        for send in self.sends:
            place, sink = send.anchor.place, send.sink.place
            key = (place.path, place.line, sink.path, sink.line, send.app.system, send.reading.operation)
            groups.setdefault(key, []).append(send)
        return [self._sent(members) for members in groups.values()]

    def _sent(self, members: list[Send]) -> Found:
        first = members[0]
        around = self.tasks.around(first.anchor.chain)
        channels: dict[tuple[str, str | None], ChannelName] = {}
        for send in members:
            for channel in send.channels or self._inherited(send):
                channels.setdefault((channel.id, channel.name.env), channel)
        known = [channel for channel in channels.values() if channel.name.kind != "unknown"]
        kept = tuple(known or channels.values()) or (
            ChannelName(first.app.system, Name("unknown", why="no queue reaches the call")),
        )
        running: dict[int, Deployment] = {}
        for send in members:
            top = send.route[0].here if send.route else send.sink
            if send.reading.operation == "beat":
                running.update((id(one), one) for one in self.workers.scheduling(top.module.path))
                continue
            context = self.contexts.of(top.module.path, top.chain)
            for task in context.tasks.values():
                running.update((id(one), one) for one in self._workers(task))
            for path in context.paths:
                running.update((id(one), one) for one in self.services.running(path))
        chain = {
            (place.path, place.line): place
            for send in members
            for place in (*[step.here.place for step in send.route], send.sink.place)
            if place != first.anchor.place
        }
        top = first.route[0].here if first.route else first.sink
        entry = self.kinds.kind(top.module.path, top.chain)
        facts = configuration.send_facts(first, around, entry, waiting.waits(self.callers, first.sink))
        config = configuration.of_app(first.app)
        place = first.anchor.place
        made = self._endpoint(
            place,
            first.anchor.function,
            "produce",
            first.reading.operation,
            first.app,
            kept,
            config,
            facts,
            (),
            tuple(chain.values()),
        )
        return made, list(running.values())

    def _inherited(self, send: Send) -> tuple[ChannelName, ...]:
        """A retry without a queue goes back to where the task came from."""
        if send.reading.operation != "retry":
            return ()
        return tuple(channel for task in send.tasks for channel in self._channels(task))

    # --- Schedules ------------------------------------------------------------------------------------------------

    def _scheduled(self, entry: schedules.Entry) -> tuple[App | None, tuple[ChannelName, ...], list[Task]]:
        tasks = self.tasks.named(entry.task)
        own = next((task.app for task in tasks if task.app is not None), None)
        app = own or self.apps.meant((), entry.code.path)
        if app is None or not app.system:
            return None, (), []
        queues = self.routing.queues(app, tasks[0] if tasks else None, entry.task, entry.queue)
        return app, channel_names(app, queues), tasks

    def _clocked(self, entry: schedules.Entry, app: App, channels: tuple[ChannelName, ...]) -> list[Found]:
        facts: dict[str, object] = {"entry_kind": "cron"}
        if entry.task:
            facts["task"] = entry.task
        function = entry.code.chain[-1].qualname if entry.code.chain else ""
        made = self._endpoint(entry.place, function, "produce", "beat", app, channels, configuration.of_app(app), facts)
        return [(made, self.workers.scheduling(entry.code.path))]

    # --- Endpoints ------------------------------------------------------------------------------------------------

    def _endpoint(
        self,
        place: Place,
        function: str,
        role: Role,
        operation: str,
        app: App,
        channels: tuple[ChannelName, ...],
        config: configuration.Config,
        facts: dict[str, object],
        groups: tuple[Name, ...] = (),
        chain: tuple[Place, ...] = (),
    ) -> Endpoint:
        channels = at_broker(app, channels)
        identity = f"{place.path}|{function}|{app.system}|{role}|celery|" + ",".join(sorted(c.id for c in channels))
        number = self.counts[identity] = self.counts.get(identity, 0) + 1
        digest = endpoint_id(f"{identity}|{number}")
        return Endpoint(
            digest, place, function, app.system, role, "celery", operation, channels, groups, (), chain, config, facts
        )  # fmt: skip


MOST_TAKEN = 3
"""Queues that a task of unknown senders is said to be in: a worker with more of them tells nothing about one task."""


def _told(channel: ChannelName) -> bool:
    """Is the queue one that the program names, rather than Celery's own default?"""
    return channel.name.kind != "unknown" and channel.name.origin != "library-default"


def _taken(app: App, queues: frozenset[str], most: int = MOST_TAKEN) -> tuple[ChannelName, ...]:
    if len(queues) > most:
        why = "nothing in this tree sends the task, and its workers take several queues"
        return (ChannelName(app.system, Name("unknown", why=why)),)
    return tuple(ChannelName(app.system, Name("exact", queue, origin="manifest")) for queue in sorted(queues))


def _group(name: Name) -> Name:
    """The consumer group that the Kafka transport makes for a queue."""
    return Name(name.kind, f"{name.text}-consumer-group", origin="derived", trace=name.trace)
