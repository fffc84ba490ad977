"""Sends: the calls that put a task into a queue, reported where task and queue are decided.

A call inside the program's own function (``def enqueue(task, queue)``) is followed up to the callers for as long as its
task or its queue depends on them, like any other sink.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from brokerlint.facts import ChannelName
from brokerlint.link import calls
from brokerlint.link.callers import Callers, Step, open_needs
from brokerlint.link.celery.application import App, Apps, Code, is_application
from brokerlint.link.celery.routing import Routing, channel_names
from brokerlint.link.celery.signatures import Signature, Signatures
from brokerlint.link.celery.tasks import Task, Tasks
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, last_name
from brokerlint.link.sites import CallSite
from brokerlint.link.values import Const, External, FunctionValue, Needed, Unknown, Values, needs_of
from brokerlint.python import ir

SENDING = frozenset({"delay", "apply_async", "send_task", "retry", "add_periodic_task"})
DEEPEST_ROUTE = 6
MOST_ROUTES = 200
_CELERYS_OWN = frozenset(
    {"queue", "countdown", "eta", "expires", "routing_key", "link", "link_error", "MessageGroupId", "task_id"}
)
"""Keywords of ``apply_async`` that no pool or executor has."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a call sends in one activation: signatures with their queues, and what is still open."""

    operation: str
    signatures: tuple[Signature, ...]
    receivers: Values = ()
    open: Values = ()


@dataclass(eq=False, slots=True)
class Send:
    """One send on one way: the call that decides, the call that sends, the tasks, and the channels."""

    anchor: CallSite
    sink: CallSite
    route: tuple[Step, ...]
    app: App
    reading: Reading
    channels: tuple[ChannelName, ...]
    arguments: calls.Args = field(default_factory=list)

    @property
    def tasks(self) -> list[Task]:
        """The tasks that are sent, as far as they are known."""
        return list({id(one.task): one.task for one in self.reading.signatures if one.task is not None}.values())


class Sends:
    """Finds the sends of a program."""

    def __init__(self, ev: Evaluator, callers: Callers, apps: Apps, tasks: Tasks, routing: Routing) -> None:
        self._ev = ev
        self._callers = callers
        self._apps = apps
        self._tasks = tasks
        self._routing = routing
        self._signatures = Signatures(ev, tasks)

    def all(self, code: Iterable[Code]) -> list[Send]:
        """Every send in these bodies."""
        found: list[Send] = []
        for one in code:
            for site in one.body.sites:
                if last_name(site.call.function) in SENDING or isinstance(site.call.function, (ir.Call, ir.Binary)):
                    self._ev.start()
                    found += _Walk(self, CallSite(one.act.module, one.chain, site)).run()
        return found

    # --- Reading one call -----------------------------------------------------------------------------------------

    def read(self, here: CallSite, act: Activation) -> Reading | None:
        """What the call at ``here`` sends; None when it sends nothing."""
        call, at = here.site.call, here.at
        function = call.function
        if isinstance(function, (ir.Call, ir.Binary)):
            parts = [function, *[argument.value for argument in call.arguments]]
            if isinstance(function, ir.Call) and last_name(function.function) not in ("chain", "group", "chord"):
                return None
            found = [one for part in parts for one in self._signatures.read(part, act, at)]
            return Reading("canvas", tuple(found)) if found else None
        if not isinstance(function, ir.Attribute):
            return None
        if function.attr == "send_task":
            return self._by_name(here, act)
        if function.attr == "add_periodic_task":
            second = call.position(1) or call.keyword("sig")
            found = self._signatures.read(second, act, at) if second is not None else []
            return self._with_queue("beat", found, (), here, act) if found else None
        canvas = self._signatures.read(function.value, act, at) if function.attr != "retry" else []
        if canvas:
            return self._with_queue(function.attr, canvas, (), here, act)
        receivers = self._ev.values(function.value, act, at)
        tasks = [task for value in receivers if (task := self._tasks.of(value)) is not None]
        found = [Signature(task, task.name) for task in dict.fromkeys(tasks)]
        missing = tuple(v for v in receivers if isinstance(v, Unknown) and self._tasks.of(v) is None)
        if not found and not needs_of(missing) and not self._looks_like_celery(call, receivers):
            return None
        return self._with_queue(function.attr, found, missing, here, act)

    def _looks_like_celery(self, call: ir.Call, receivers: Values) -> bool:
        """``something.apply_async(..., queue=...)`` on an object that could not be followed."""
        if last_name(call.function) != "apply_async" or not any(isinstance(v, (Unknown, External)) for v in receivers):
            return False
        return any(argument.keyword in _CELERYS_OWN for argument in call.arguments)

    def _with_queue(
        self, operation: str, found: list[Signature], missing: Values, here: CallSite, act: Activation
    ) -> Reading:
        queue = self._signatures.queue(here.site.call, act, here.at)
        merged = [Signature(one.task, one.name, queue or one.queue) for one in found] or [Signature(None, "", queue)]
        still = tuple(v for one in merged for v in one.queue)
        return Reading(operation, tuple(merged), missing, still)

    def _by_name(self, here: CallSite, act: Activation) -> Reading | None:
        call = here.site.call
        assert isinstance(call.function, ir.Attribute)
        own = self._ev.values(call.function, act, here.at)
        receivers = self._ev.values(call.function.value, act, here.at)
        if any(isinstance(value, FunctionValue) for value in own):
            return None
        known = any(
            is_application(self._ev, v) or (isinstance(v, External) and "celery" in v.path.lower()) for v in receivers
        )
        if not known and not all(isinstance(value, (Unknown, External)) for value in receivers):
            return None
        first = call.position(0) or call.keyword("name")
        names = self._ev.values(first, act, here.at) if first is not None else ()
        queue = self._signatures.queue(call, act, here.at)
        found: list[Signature] = []
        for value in names:
            name = value.value if isinstance(value, Const) and isinstance(value.value, str) else ""
            tasks: list[Task | None] = [*self._tasks.named(name)] or [None]
            found += [Signature(task, name, queue) for task in tasks]
        still = (*queue, *(value for value in names if isinstance(value, Unknown)))
        if not known and not any(one.name for one in found) and not needs_of(still):
            return None
        return Reading("send_task", tuple(found), receivers, still)

    # --- Deciding -------------------------------------------------------------------------------------------------

    def app_of(self, reading: Reading, path: str) -> App | None:
        """The application that a send goes through."""
        own = next((one.task.app for one in reading.signatures if one.task is not None and one.task.app), None)
        return own or self._apps.meant(reading.receivers, path)

    def channels(self, reading: Reading, path: str) -> tuple[ChannelName, ...]:
        """The channels of a reading; those that a retry inherits are found later."""
        app = self.app_of(reading, path)
        if app is None or not app.system:
            return ()
        found: dict[tuple[str, str | None], ChannelName] = {}
        for one in reading.signatures:
            if reading.operation == "retry" and not _says(one.queue):
                continue
            for channel in channel_names(app, self._routing.queues(app, one.task, one.name, one.queue)):
                found.setdefault((channel.id, channel.name.env), channel)
        known = [channel for channel in found.values() if channel.name.kind != "unknown"]
        return tuple(known or found.values())

    def needs(self, reading: Reading) -> frozenset[Needed]:
        """What the callers may still settle."""
        task_known = any(one.task is not None or one.name for one in reading.signatures)
        return needs_of(reading.open) | (frozenset() if task_known else needs_of(reading.receivers))

    def callers(self) -> Callers:
        """The finder of callers."""
        return self._callers

    def evaluator(self) -> Evaluator:
        """The evaluator."""
        return self._ev


def _says(queue: Values) -> bool:
    return any(value != Const(None) for value in queue)


class _Walk:
    """From one sending call up to the calls that decide."""

    def __init__(self, sends: Sends, sink: CallSite) -> None:
        self._sends = sends
        self._sink = sink
        self._found: list[Send] = []
        self._tried = 0

    def run(self) -> list[Send]:
        self._explore([])
        named = [one for one in self._found if _known(one.channels)]
        if named or len(self._found) < 2:
            return self._found if len(named) == len(self._found) else named or self._found
        first = self._found[0]
        return [Send(self._sink, self._sink, (), first.app, first.reading, first.channels, first.arguments)]

    def _explore(self, route: list[Step]) -> bool:
        self._tried += 1
        if self._tried > MOST_ROUTES:
            return False
        held = False
        top = route[0].here if route else self._sink
        for act in self._sends.callers().descend(route, self._sink):
            reading = self._sends.read(self._sink, act)
            if reading is None:
                continue
            needs = self._sends.needs(reading)
            needs = frozenset(need for need in needs if self._settled_by_callers(need, top))
            if needs and len(route) < DEEPEST_ROUTE and self._higher(route, top, needs):
                held = True
                continue
            held = self._emit(route, act, reading) or held
        return held

    def _settled_by_callers(self, need: Needed, top: CallSite) -> bool:
        unknown_ = (Unknown("", frozenset((need,))),)
        return bool(open_needs(self._sends.evaluator(), unknown_, top.chain, top.module.path))

    def _higher(self, route: list[Step], top: CallSite, needs: frozenset[Needed]) -> bool:
        held = False
        asked = {need.function for need in needs}
        for depth in range(len(top.chain), 0, -1):
            chain = top.chain[:depth]
            if isinstance(chain[-1], ir.Class):
                continue
            method = depth > 1 and isinstance(chain[-2], ir.Class)
            of_object = method and any(name.endswith(".__init__") for name in asked)
            if chain[-1].qualname not in asked and not of_object:
                continue
            if any(step.target == chain and step.target_path == top.module.path for step in route):
                continue
            for step in self._sends.callers().into(top.module.path, chain):
                held = self._explore([step, *route]) or held
            if not held and of_object:
                for step in self._sends.callers().makers(top.module.path, chain):
                    held = self._explore([step, *route]) or held
            if held:
                return True
        return held

    def _emit(self, route: list[Step], act: Activation, reading: Reading) -> bool:
        top = route[0].here if route else self._sink
        app = self._sends.app_of(reading, top.module.path)
        known_task = any(one.task is not None or one.name for one in reading.signatures)
        told = not needs_of(reading.receivers) or any(_says(one.queue) for one in reading.signatures)
        sure = known_task or (told and reading.operation != "retry")
        if app is None or not app.system or not sure:
            return False
        channels = self._sends.channels(reading, top.module.path)
        decided = self._deciding(route, channels)
        anchor = route[decided].here if decided < len(route) else self._sink
        arguments = calls.arguments(self._sends.evaluator(), self._sink.site.call, act, self._sink.at)
        self._found.append(Send(anchor, self._sink, tuple(route), app, reading, channels, arguments))
        return True

    def _deciding(self, route: list[Step], final: tuple[ChannelName, ...]) -> int:
        """How many steps lie above the call at which the channels are as settled as they get."""
        wanted = _known(final)
        for index in range(len(route), 0, -1):
            for act in self._sends.callers().descend(route[index:], self._sink):
                reading = self._sends.read(self._sink, act)
                if (
                    reading is not None
                    and wanted
                    and _known(self._sends.channels(reading, self._sink.module.path)) == wanted
                ):
                    return index
        return 0


def _known(channels: tuple[ChannelName, ...]) -> frozenset[tuple[str, str | None]]:
    return frozenset((channel.id, channel.name.env) for channel in channels if channel.name.kind != "unknown")
