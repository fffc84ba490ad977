"""The same client elsewhere: what else the program does with the object that a sink uses.

Two calls use the same client when their receivers lead back to one construction, or, where that is not known, are the
same attribute of the same class.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from brokerlint.link.behaviour import context
from brokerlint.link.behaviour.receivers import Calls, Key, Receivers, client_of
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation, last_name
from brokerlint.link.sites import CallSite, Sites, bodies
from brokerlint.link.values import Client, Unknown, Values
from brokerlint.models.model import ClassModel, Operation
from brokerlint.places import Place
from brokerlint.python import ir

_EVERYWHERE = frozenset(
    {"get", "close", "stop", "start", "join", "delete", "commit", "pause", "resume", "purge", "alter", "add", "send"}
)
"""Method names that most libraries share: they are looked for near the client only."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells one client from another: its model and construction, or (``key``) the attribute of a class it is in.

    A factory's construction stands for several clients. Then the key alone decides (``strict``), or, where the sink's
    receiver has no key of its own, only these ``files`` are looked at.
    """

    model: str
    site: Place | None
    key: Key | None = None
    channel: Values = ()
    strict: bool = False
    files: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False, slots=True)
class Act:
    """A call on the client, where it stands, and what it does."""

    here: CallSite
    operation: Operation


class Clients:
    """Finds what the program does with a client."""

    def __init__(self, ev: Evaluator, sites: Sites) -> None:
        self._ev = ev
        self._sites = sites
        self._receivers = Receivers(ev)
        self._factories: dict[Place, str] = {}
        self._calls: dict[str, Calls] = {}

    def identity(self, found: Found) -> Identity | None:
        """The client of a use; None when the use has none (a function of a library)."""
        use = found.use
        function = found.sink.site.call.function
        key = self._receivers.key(found.sink, function.value) if isinstance(function, ir.Attribute) else None
        if use.client is not None and use.client.site is not None:
            made = Identity(use.client.model, use.client.site, key, use.client.carry("channel") or ())
            return self._made(made, found)
        if use.client is None and use.model is None:
            return None
        model = use.client.model if use.client is not None else use.model.path if use.model is not None else ""
        if use.model is not None and use.model.construct is use.operation:
            return self._made(Identity(model, found.sink.place, self._bound(found.sink), use.channel), found)
        return Identity(model, None, key)

    def _bound(self, here: CallSite) -> Key | None:
        """The name or attribute that a construction is bound to."""
        targets = [binding.target for binding in context.assigned_to(here.body, here.site.call)]
        return next((key for target in targets if (key := self._receivers.key(here, target)) is not None), None)

    def _made(self, identity: Identity, found: Found) -> Identity:
        """The identity, narrowed where its construction is a factory's: each call of that makes another client."""
        assert identity.site is not None
        factory = self._factories.get(identity.site)
        if factory is None:
            factory = self._factories[identity.site] = self._factory(identity.site)
        model = self._ev.models.classes.get(identity.model)
        if not factory or model is None or "consumer" not in model.kind:
            return identity
        function = found.sink.chain[-1] if found.sink.chain else None
        given = {p.name for p in function.parameters} if isinstance(function, ir.Function) else set()
        own = identity.key is not None and (
            identity.key[2].split(".")[0] not in given or identity.key[2].startswith("self.")
        )
        if own and found.sink.function != factory:
            return replace(identity, strict=True)
        files = {step.here.module.path for step in found.route} | ({found.sink.module.path} if found.route else set())
        return replace(identity, files=frozenset(files))

    def _factory(self, place: Place) -> str:
        """The function that makes a client and gives it back to its caller; "" when it is made for one place only."""
        module = self._ev.program.module(place.path)
        for chain, body in bodies(module.body) if module is not None else ():
            function = chain[-1] if chain else None
            if not isinstance(function, ir.Function) or function.name.startswith("__"):
                continue
            made = [one.call for one in body.sites if (one.call.line, one.call.end_line) == (place.line, place.last)]
            cached = any("cache" in last_name(_undecorated(one)) for one in function.decorators)
            bound = [binding.target for call in made for binding in context.assigned_to(body, call)]
            names = {target.id for target in bound if isinstance(target, ir.Name)} - set(body.outer)
            given = [leave.value for leave in body.exits if leave.kind in ("return", "yield")]
            gives = any(
                any(one is call for call in made) or (isinstance(one, ir.Name) and one.id in names) for one in given
            )
            if made and gives and not cached:
                return function.qualname
        return ""

    def acts(self, found: Found, near: frozenset[str] = frozenset()) -> list[Act]:
        """Every call on the client of ``found`` that the models give an act, in files near it (``near`` adds files)."""
        identity = self.identity(found)
        model = self._ev.models.classes.get(identity.model) if identity else None
        if identity is None or model is None:
            return []
        modules = {found.sink.module.path, *(step.here.module.path for step in found.route), *near}
        if identity.site is not None:
            modules.add(identity.site.path)
        calls = self._calls.get(model.path)
        if calls is None:
            calls = self._calls[model.path] = self._acting(model)
        result = []
        for number in sorted({*calls.under(identity.key), *self._same(identity, calls, modules)}):
            here, function = calls[number]
            if function.attr not in _EVERYWHERE or here.module.path in modules:
                result.append(Act(here, model.methods[function.attr]))
        return result

    def _acting(self, model: ClassModel) -> Calls:
        """The calls of the program that may be acts of a client."""
        names = frozenset(name for name, operation in model.methods.items() if operation.act)
        named = (here for here in self._sites.all(names) if last_name(here.site.call.function) in names)
        return Calls(self._receivers, named, _EVERYWHERE)

    def _same(self, identity: Identity, calls: Calls, modules: set[str]) -> Iterator[int]:
        """Those of ``calls`` whose receivers lead back to the construction of the client."""
        if identity.site is None or identity.strict:
            return
        near = calls.inside(identity.files) if identity.files else [*calls.on(identity.site), *calls.inside(modules)]
        for number in near:
            here, function = calls[number]
            if self._leads(identity, here, function.value):
                yield number

    def same(self, identity: Identity, here: CallSite, receiver: ir.Expr) -> bool:
        """Is ``receiver``, at the call ``here``, the client of this identity?"""
        if identity.key is not None and self._receivers.key(here, receiver) == identity.key:
            return True
        if identity.site is None or identity.strict or (identity.files and here.module.path not in identity.files):
            return False
        return self._leads(identity, here, receiver)

    def _leads(self, identity: Identity, here: CallSite, receiver: ir.Expr) -> bool:
        return any(_made_as(identity, client) for client in self._receivers.clients(here, receiver))

    def scope(self, here: CallSite) -> Activation | None:
        """The activation of the body around a call, with everything open."""
        return self._receivers.scope(here)

    def iterations(self, found: Found) -> Iterator[tuple[CallSite, ir.Binding]]:
        """The loops over the client: ``for message in consumer``, with a call site that stands for the body's place."""
        identity = self.identity(found)
        model = self._ev.models.classes.get(identity.model) if identity else None
        if identity is None or model is None or not model.iterates:
            return
        modules = {found.sink.module.path, *(step.here.module.path for step in found.route)}
        if identity.site is not None:
            modules.add(identity.site.path)
        for module in self._ev.program.loaded():
            if module.path not in modules:
                continue
            for chain, body in bodies(module.body):
                for binding in body.bindings:
                    if binding.kind != "for" or not isinstance(binding.value, ir.Element):
                        continue
                    here = CallSite(module, chain, _stand_in(binding))
                    if self._loops_over(identity, here, binding.value.of):
                        yield here, binding

    def _loops_over(self, identity: Identity, here: CallSite, iterable: ir.Expr) -> bool:
        if (
            isinstance(iterable, ir.Call)
            and isinstance(iterable.function, ir.Name)
            and iterable.function.id == "enumerate"
        ):
            iterable = iterable.arguments[0].value if iterable.arguments else iterable
        if isinstance(iterable, ir.Call):
            place = Place(here.module.path, iterable.line, iterable.end_line)
            return identity.site is not None and (place.path, place.line, place.last) == (
                identity.site.path,
                identity.site.line,
                identity.site.last,
            )
        if identity.key is not None and self._receivers.key(here, iterable) == identity.key:
            return True
        scope = self._receivers.scope(here)
        if identity.strict or (identity.files and here.module.path not in identity.files):
            return False
        if identity.site is None or scope is None or isinstance(iterable, (ir.Sequence, ir.Mapping, ir.Constant)):
            return False
        looped = (client_of(self._ev, value) for value in self._ev.values(iterable, scope, here.at))
        return any(client is not None and _made_as(identity, client) for client in looped)


def _undecorated(decorator: ir.Expr) -> ir.Expr:
    return decorator.function if isinstance(decorator, ir.Call) else decorator


def _made_as(identity: Identity, client: Client) -> bool:
    """Is this the client of the identity? One place may make several: those of another channel are others."""
    return client.site == identity.site and not _differ(client.carry("channel") or (), identity.channel)


def _differ(one: Values, other: Values) -> bool:
    known = [v for values in (one, other) for v in values if not isinstance(v, Unknown)]
    return bool(one and other) and len(known) == len(one) + len(other) and not set(one) & set(other)


def entered(ev: Evaluator, identity: Identity | None) -> list[Place]:
    """The ``with`` blocks that are entered with the construction of the client, and so close it at their end."""
    module = ev.program.module(identity.site.path) if identity and identity.site else None
    if identity is None or identity.site is None or module is None:
        return []
    found = []
    for _, body in bodies(module.body):
        for block in body.blocks:
            if block.kind != "with":
                continue
            subject = block.subject
            made = [one for one in context.parts(subject) if isinstance(one, ir.Call)]
            made += [b.value for b in body.bindings if b.target == subject and isinstance(b.value, ir.Call)]
            if any((call.line, call.end_line) == (identity.site.line, identity.site.last) for call in made):
                found.append(Place(module.path, block.line, block.line))
    return found


def _stand_in(binding: ir.Binding) -> ir.Site:
    call = ir.Call(ir.Name("next"), (), binding.line, binding.line)
    return ir.Site(call, binding.block, binding.order, "assigned", False)
