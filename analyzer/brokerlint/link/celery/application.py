"""Celery applications: where they are made, what their settings are, and which application a piece of code means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from brokerlint.link import calls, objects
from brokerlint.link.celery import settings
from brokerlint.link.celery.settings import Setting
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, At, last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import Client, Const, External, Instance, Record, Unknown, Value, Values, join
from brokerlint.models.model import Argument, ClassModel, Gives, Library, Models, Operation
from brokerlint.places import Place
from brokerlint.python import ir

APP = "celery.Celery"
QUEUE = "kombu.Queue"

Chain = tuple[ir.Function | ir.Class, ...]


@dataclass(frozen=True, slots=True)
class Code:
    """A body with the definitions around it, and its activation with every parameter open."""

    chain: Chain
    body: ir.Body
    act: Activation

    @property
    def path(self) -> str:
        """The file."""
        return self.act.path


@dataclass(slots=True)
class App:
    """One application, told apart by the call that makes it. ``system``: ``sqs``, ``kafka``, "" for other brokers."""

    place: Place
    settings: dict[str, Values] = field(default_factory=dict)
    system: str = ""

    def get(self, key: str) -> Values:
        """The values of a setting; () when it is not set."""
        return self.settings.get(key, ())

    def option(self, key: str) -> Values:
        """The values of a transport option."""
        found = [one.get(key) for one in self.get("broker_transport_options") if isinstance(one, Record)]
        return join((), *[values for values in found if values is not None])


def with_celery(models: Models, subclasses: Iterable[str]) -> Models:
    """The models with Celery's and kombu's objects among them; ``subclasses`` are applications of outside packages."""
    every = Argument(("**",))
    first = Operation("register_task", gives=Gives(carries={"value": Argument((0, "task"))}))
    app = ClassModel(APP, "celery", "sqs", config=every, methods={"register_task": first})
    queue = ClassModel(QUEUE, "celery", "sqs", construct=Operation("Queue", channel=Argument((0, "name"))))
    paths = {
        **dict.fromkeys((APP, "celery.app.base.Celery", "celery.app.Celery", *subclasses), app),
        **dict.fromkeys((QUEUE, "kombu.entity.Queue"), queue),
    }
    library = Library("celery", "sqs", ("celery",), ("celery", "kombu"), "", {APP: app, QUEUE: queue}, {})
    return replace(
        models,
        classes={**models.classes, **paths},
        library_of={**models.library_of, **dict.fromkeys(paths, library)},
    )


def code(ev: Evaluator, modules: Iterable[ir.Module]) -> list[Code]:
    """Every body of these modules."""
    found: list[Code] = []
    for module in modules:
        scope = ev.module(module.path)
        if scope is None:
            continue
        for chain, body in bodies(module.body):
            act = ev.symbolic(scope, chain) if chain else scope
            if act is not None:
                found.append(Code(chain, body, act))
    return found


def outside_applications(ev: Evaluator, modules: Iterable[ir.Module]) -> list[str]:
    """Import paths of classes called ``...Celery`` that outside packages bring."""
    found: set[str] = set()
    for module in modules:
        for _, body in bodies(module.body):
            for one in body.imports:
                if one.name is not None and one.name.endswith("Celery") and one.module != "celery":
                    target = ev.program.resolve(module.path, one.module, one.level)
                    if isinstance(target, External):
                        found.add(f"{target.path}.{one.name}")
    return sorted(found)


def app_place(ev: Evaluator, value: Value) -> Place | None:
    """Where the application that ``value`` is was made; None when it is no application, or any."""
    if isinstance(value, Client) and value.model == APP:
        return value.site
    if isinstance(value, Instance) and is_application(ev, value):
        return value.site
    return None


def is_application(ev: Evaluator, value: Value) -> bool:
    """Is the value a Celery application?"""
    if isinstance(value, Instance):
        base = objects.library_base(ev, value.cls)
        return base is not None and ev.models.classes[base].path == APP
    return isinstance(value, Client) and value.model == APP


class Apps:
    """The applications of a program. Takes all bodies of the files that mention Celery."""

    def __init__(self, ev: Evaluator, bodies_: list[Code]) -> None:
        self._ev = ev
        self._code = bodies_
        self._by_place: dict[Place, App] = {}
        self._own: dict[Place | None, list[Setting]] = {}
        self._namespaces: set[str] = set()
        for one in bodies_:
            self._make(one)
        for one in bodies_:
            self._configure(one)
        pool = self._pool()
        for app in self.all() or [self._implied()]:
            self._settle(app, pool)

    def all(self) -> list[App]:
        """The applications, in the order of files and lines."""
        return [self._by_place[place] for place in sorted(self._by_place)]

    def meant(self, values: Values, path: str) -> App | None:
        """The application that one of ``values`` is; else the one nearest to ``path``."""
        for value in values:
            place = app_place(self._ev, value)
            if place is not None and place in self._by_place:
                return self._by_place[place]
        ranked = sorted(self.all(), key=lambda one: (-settings.shared(path, one.place.path), not one.system, one.place))
        return ranked[0] if ranked else None

    # --- Making ---------------------------------------------------------------------------------------------------

    def _make(self, one: Code) -> None:
        for site in one.body.sites:
            if not self._may_construct(last_name(site.call.function), one):
                continue
            self._ev.start()
            for value in self._ev.values(site.call, one.act, At(site.order, site.block)):
                place = app_place(self._ev, value)
                if place is not None and place not in self._by_place:
                    self._by_place[place] = App(place)
                    self._own.setdefault(place, []).extend(self._constructed(value, place.path))

    def _may_construct(self, name: str, one: Code) -> bool:
        return "celery" in name.lower() or name in self._class_names()

    def _class_names(self) -> frozenset[str]:
        cached: frozenset[str] | None = getattr(self, "_names", None)
        if cached is None:
            names = {"Celery"}
            for one in self._code:
                names |= {i.alias for i in one.body.imports if i.name is not None and i.name.endswith("Celery")}
                names |= {cls.name for cls in one.body.classes if any(last_name(base) in names for base in cls.bases)}
            cached = self._names = frozenset(names)
        return cached

    def _constructed(self, value: Value, path: str) -> Iterator[Setting]:
        client = objects.library_part(self._ev, value) if isinstance(value, Instance) else value
        if not isinstance(client, Client):
            return
        for config in client.config:
            if isinstance(config, Record):
                yield from settings.of_record(config, path)
                yield from settings.of_object(self._ev, config.get("config_source") or (), path, "")

    # --- Configuring ----------------------------------------------------------------------------------------------

    def _configure(self, one: Code) -> None:
        for site in one.body.sites:
            function = site.call.function
            if not isinstance(function, ir.Attribute):
                continue
            at = At(site.order, site.block)
            if function.attr == "config_from_object":
                self._from_object(function.value, site.call, one, at)
            elif function.attr in ("update", "add_defaults") and last_name(function.value) == "conf":
                for key, values in calls.arguments(self._ev, site.call, one.act, at):
                    records = values if not key else (Record(((key, values),)),)
                    for record in records:
                        if isinstance(record, Record):
                            self._write(function.value, one, at, settings.of_record(record, one.path))
        for binding in one.body.bindings:
            target = binding.target
            if not isinstance(target, (ir.Attribute, ir.Subscript)) or last_name(target.value) != "conf":
                continue
            at = At(binding.order, binding.block)
            written = settings.present_name(_written_key(target))
            if written is not None:
                values = self._ev.values(binding.value, one.act, at)
                self._write(target.value, one, at, [Setting(written, values, one.path)])

    def _from_object(self, receiver: ir.Expr, call: ir.Call, one: Code, at: At) -> None:
        source = call.position(0) or call.keyword("obj")
        if source is None:
            return
        given = call.keyword("namespace") or call.position(3)
        names = self._ev.values(given, one.act, at) if given is not None else ()
        namespace = next((v.value for v in names if isinstance(v, Const) and isinstance(v.value, str)), "")
        if namespace:
            self._namespaces.add(namespace)
        values = self._ev.values(source, one.act, at)
        self._write_to(receiver, one, at, settings.of_object(self._ev, values, one.path, namespace))

    def _write(self, conf: ir.Expr, one: Code, at: At, found: Iterable[Setting]) -> None:
        """Settings written into ``app.conf``."""
        if isinstance(conf, ir.Attribute):
            self._write_to(conf.value, one, at, found)

    def _write_to(self, receiver: ir.Expr, one: Code, at: At, found: Iterable[Setting]) -> None:
        values = self._ev.values(receiver, one.act, at)
        found_places = [app_place(self._ev, value) for value in values]
        places = {place for place in found_places if place is not None and place in self._by_place}
        if not places and not all(isinstance(value, (Unknown, Client, Instance, External)) for value in values):
            return
        kept = list(found)
        for place in places:
            self._own.setdefault(place, []).extend(kept)
        if not places:
            self._own.setdefault(None, []).extend(kept)

    # --- Settling -------------------------------------------------------------------------------------------------

    def _pool(self) -> list[Setting]:
        """Settings that no single application is known to get: also those written into one that could not be told."""
        found = list(self._own.get(None, ()))
        seen: set[str] = set()
        for one in self._code:
            if one.path not in seen:
                seen.add(one.path)
                found += settings.pool(self._ev, one.act.module, self._namespaces)
            for binding in one.body.bindings:
                found += settings.written_into(self._ev, binding, one.act, self._namespaces)
            for site in one.body.sites:
                at = At(site.order, site.block)
                found += settings.given_to(self._ev, site.call, one.act, at, self._namespaces)
        return found

    def _implied(self) -> App:
        """The application of a program that only defines tasks: another package makes it."""
        path = min((one.path for one in self._code), default="")
        place = Place(path, 1, 1)
        self._by_place[place] = App(place)
        return self._by_place[place]

    def _settle(self, app: App, pool: list[Setting]) -> None:
        own = self._own.get(app.place, [])
        for key in settings.KNOWN:
            values = join((), *[one.values for one in own if one.key == key])
            if all(isinstance(value, (Unknown, External)) or value == Const(None) for value in values):
                values = settings.nearest(app.place.path, [one for one in pool if one.key == key]) or values
            app.settings[key] = values


def _written_key(target: ir.Attribute | ir.Subscript) -> str:
    """The setting that ``conf.key`` or ``conf["key"]`` names; "" when it can't be told."""
    if isinstance(target, ir.Attribute):
        return target.attr
    return str(target.index.value) if isinstance(target.index, ir.Constant) else ""
