"""Endpoints: each sink, reported at the calls where its channel is decided."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from brokerlint.facts import ChannelName, Endpoint, Name, Unresolved, endpoint_id
from brokerlint.link import library, naming, sinks
from brokerlint.link.callers import Callers, Step, open_needs, settled_above
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import Client, Needed, Record, Values, needs_of
from brokerlint.places import Place
from brokerlint.python import ir

DEEPEST_ROUTE = 7
"""Calls between the deciding call and the sink; real code base stay below 5."""

MOST_GUESSED = 2
"""Steps of a route whose callee can't be told from the step alone."""

MOST_ROUTES = 400
"""Routes of several calls tried for one sink."""

MOST_CALLS = 5000
"""Direct callers of one wrapper that are followed."""


MOST_NAMELESS = 8
"""Callers of one sink that are shown one by one although their channel stays unknown."""


@dataclass(slots=True)
class Found:
    """One use of a sink on one route, before places and names are put together."""

    sink: CallSite
    route: tuple[Step, ...]
    activation: Activation
    use: sinks.Use
    anchor: CallSite
    decided: int


@dataclass(slots=True)
class _Search:
    """The walk from one sink to the calls that decide."""

    ev: Evaluator
    callers: Callers
    sink: CallSite
    found: list[Found] = field(default_factory=list)
    tried: int = 0
    direct: int = 0
    cut: bool = False
    barren: set[tuple[int, int]] = field(default_factory=set)

    def run(self) -> list[Found]:
        self.ev.start()
        self.explore([])
        nameless = [one for one in self.found if not _named(one.use)]
        if len(nameless) > MOST_NAMELESS:
            # A wrapper whose channel nobody decides is one endpoint that runs wherever a caller does.
            named = [one for one in self.found if _named(one.use)]
            tops: dict[str, Found] = {}
            for one in nameless:
                tops.setdefault((one.route[0].here if one.route else self.sink).module.path, one)
            return [*named, *(replace(one, anchor=self.sink, decided=len(one.route)) for one in tops.values())]
        return self.found

    def explore(self, route: list[Step]) -> bool:
        """Try one route and, where its values still depend on the callers, longer ones. True when it holds."""
        if len(route) <= 1:
            self.direct += 1
        else:
            self.tried += 1
        if self.tried > MOST_ROUTES or self.direct > MOST_CALLS or (route and self.ev.exhausted()):
            self.cut = True
            return False
        held = False
        top = route[0].here if route else self.sink
        if route and top.chain and any(step.target[-1] is top.chain[-1] for step in route):
            return False  # a function that calls itself decides nothing new
        activations = self.callers.descend(route, self.sink)
        pending = settled_above(self.ev, self.callers.pending, top.chain, top.module.path)
        if route and not activations:
            needs = pending | open_needs(self.ev, self.callers.callee(route[0]), top.chain, top.module.path)
            guessed = sum(1 for step in route if step.how == "call" and not self.callers.certain(step))
            if needs and guessed <= MOST_GUESSED and len(route) < DEEPEST_ROUTE and self.higher(route, top, needs):
                return True
            activations = self.callers.descend(route, self.sink, by_name=True)
        for activation in activations:
            reading = sinks.read(self.ev, self.sink, activation)
            wanted = sinks.wanted_values(reading)
            needs = open_needs(self.ev, wanted, top.chain, top.module.path)
            if needs_of(wanted):
                needs |= pending  # the object that was typed so far is the one that decides
            if needs and len(route) < DEEPEST_ROUTE and self.higher(route, top, needs):
                held = True
                continue
            for use in reading.uses:
                held = True
                self.emit(route, activation, use)
        return held

    def higher(self, route: list[Step], top: CallSite, needs: frozenset[Needed]) -> bool:
        """Go on to the callers of the functions around the topmost call."""
        held = False
        for depth in range(len(top.chain), 0, -1):
            chain = top.chain[:depth]
            function = chain[-1]
            if isinstance(function, ir.Class) or self.cut:
                continue
            asked = {need.function for need in needs}
            is_method = depth > 1 and isinstance(chain[-2], ir.Class)
            of_object = is_method and any(name.endswith(".__init__") for name in asked)
            if function.qualname not in asked and not of_object:
                continue
            if any(step.target == chain and step.target_path == top.module.path for step in route):
                continue
            called = len(self.found)
            for step in self.callers.into(top.module.path, chain):
                held = self.extend(step, route) or held
            # Callers elsewhere that know the object by its type only see what its class says.
            typed = self.found[called:] if of_object else []
            told = (one for one in typed if _named(one.use) or chain[-2] in one.route[0].here.chain)
            if (
                (not held or (typed and next(told, None) is None))
                and is_method
                and self.callers.runs_on_its_own(top.module.path, chain)
            ):
                held = self.constructed(top, chain, route, called) or held
            if held:
                return True
        return held

    def constructed(
        self, top: CallSite, chain: tuple[ir.Function | ir.Class, ...], route: list[Step], called: int
    ) -> bool:
        """Go on to where the objects are made whose method it is. What is found there replaces the nameless uses that
        the method's callers (from ``called`` on) gave, if it has names."""
        made = len(self.found)
        held = False
        for step in self.callers.makers(top.module.path, chain):
            held = self.extend(step, route) or held
        if any(_named(one.use) for one in self.found[made:]):
            del self.found[called:made]
        elif made > called:
            del self.found[made:]
        return held

    def extend(self, step: Step, route: list[Step]) -> bool:
        """Try the route with one more step on top, unless that step led nowhere before."""
        pair = (id(step.here), id(route[0].here if route else self.sink))
        if pair in self.barren:
            return False
        if self.explore([step, *route]):
            return True
        self.barren.add(pair)
        return False

    def emit(self, route: list[Step], activation: Activation, use: sinks.Use) -> None:
        """Record a use; its anchor is the lowest call on the route at which the channel is as known as it gets."""
        decided = self.deciding(route, _named(use))
        kept = tuple(route[decided:])
        anchor = kept[0].here if kept else self.sink
        self.found.append(Found(self.sink, tuple(route), activation, use, anchor, decided))

    def deciding(self, route: list[Step], final: frozenset[tuple[object, ...]]) -> int:
        """How many steps of the route lie above the call that decides: the lowest one at which the channel is
        settled."""
        # Where nothing is known, the object's construction decides no more than the call itself.
        made = next((n for n, step in enumerate(route) if step.how != "make"), len(route))
        skipped = alike = 0 if final else made
        route = route[skipped:]
        for index in range(len(route), -1, -1):
            here = route[index].here if index < len(route) else self.sink
            entered = self.callers.descend(route[index:], self.sink, by_name=True, assumed=True)
            readings = [sinks.read(self.ev, self.sink, act) for act in entered]
            for use in (use for reading in readings for use in reading.uses):
                same = _named(use) == final
                if (same or not final) and not open_needs(self.ev, use.channel, here.chain, here.module.path):
                    return index + skipped
                alike = max(alike, index if same and final else 0)
        return alike


def _named(use: sinks.Use) -> frozenset[tuple[object, ...]]:
    """What is known of a use's channel, in a form that can be compared."""
    names = naming.names(use.channel, use.system, use.operation.shape)
    return frozenset((name.kind, name.text, name.env) for name in names if name.kind != "unknown")


def search(ev: Evaluator, sites: Sites) -> tuple[list[Found], list[Unresolved]]:
    """All uses of all sinks in the modules that were read, growing with the modules that wrappers lead to, and the
    sinks that have more callers than can be followed."""
    callers = Callers(ev, sites)
    found: list[Found] = []
    cut: list[Unresolved] = []
    seen: set[int] = set()
    near = frozenset(module.path for module in ev.program.loaded())
    while True:
        fresh = [site for site in sinks.candidates(ev, sites, near) if id(site) not in seen]
        if not fresh:
            for one in found:
                if one.use.group == () and one.use.client is not None and one.use.client.site is None:
                    one.use = replace(one.use, group=_only_group(ev, sites, one.use.client, one.use))
            return found, cut
        for site in fresh:
            seen.add(id(site))
            walk = _Search(ev, callers, site)
            uses = walk.run()
            found += uses
            if walk.cut and uses:
                why = "more ways lead to this call than are followed; some callers are left out"
                cut.append(Unresolved(site.place, uses[0].use.system, "callers", why))


def _only_group(ev: Evaluator, sites: Sites, client: Client, use: sinks.Use) -> Values:
    """The group of a client that is known by its type alone: that of the only client of its kind that the program
    makes; () where there are several, or none with a group."""
    if use.operation.role != "consume" or use.model is None or use.model.group is None:
        return ()
    groups: list[Values] = []
    for made in sites.calling(client.model.rpartition(".")[2]):
        scope = ev.around(made.module.path, made.chain)
        for value in ev.values(made.site.call, scope, made.at) if scope is not None else ():
            if isinstance(value, Client) and value.model == client.model:
                groups.append(library.argument(ev, use.model.group, [], value, value.config))
    return groups[0] if len(groups) == 1 else ()


def channel_names(found: Found) -> tuple[ChannelName, ...]:
    """The channels of one use."""
    system = found.use.system
    shape = found.use.operation.shape
    return tuple(ChannelName(system, name) for name in naming.names(found.use.channel, system, shape))


def endpoints(found: list[Found]) -> tuple[list[tuple[Endpoint, list[Found]]], list[Unresolved]]:
    """Uses that stand at one place and do the same become one endpoint; with the uses that each one came from."""
    groups: dict[tuple[object, ...], list[Found]] = {}
    for one in found:
        place = one.anchor.place
        sink = one.sink.place
        key = (
            place.path,
            place.line,
            one.anchor.function,
            one.use.system,
            one.use.operation.role,
            sink.path,
            sink.line,
        )
        groups.setdefault(key, []).append(one)
    made: list[tuple[Endpoint, list[Found]]] = []
    unresolved: list[Unresolved] = []
    counts: dict[str, int] = {}
    for members in groups.values():
        endpoint = _endpoint(members, counts)
        made.append((endpoint, members))
        for channel in endpoint.channels:
            if channel.name.kind == "unknown":
                unresolved.append(Unresolved(endpoint.place, endpoint.system, "channel", channel.name.why))
    return made, unresolved


def _endpoint(members: list[Found], counts: dict[str, int]) -> Endpoint:
    first = members[0]
    use = first.use
    channels: dict[str, ChannelName] = {}
    for one in members:
        for channel in channel_names(one):
            channels.setdefault(f"{channel.id}|{channel.name.env}", channel)
    known = {key: channel for key, channel in channels.items() if channel.name.kind != "unknown"}
    kept = tuple((known or channels).values())
    group_names: dict[tuple[str, str | None, str | None], Name] = {}
    for one in members:
        if one.use.group:
            for name in naming.names(one.use.group, "group"):
                group_names.setdefault((name.kind, name.text, name.env), name)
    chain: dict[tuple[str, int], Place] = {}
    for one in members:
        for step in (*one.route[one.decided :], None):
            place = (step.here if step else one.sink).place
            if (place.path, place.line) != (first.anchor.place.path, first.anchor.place.line):
                chain.setdefault((place.path, place.line), place)
        client = one.use.client
        if client is not None and client.site is not None and not one.use.channel:
            chain.setdefault((client.site.path, client.site.line), client.site)
    identity = f"{first.anchor.module.path}|{first.anchor.function}|{use.system}|{use.operation.role}|" + ",".join(
        sorted(channel.id for channel in kept)
    )
    number = counts[identity] = counts.get(identity, 0) + 1
    return Endpoint(
        endpoint_id(f"{identity}|{number}"),
        first.anchor.place,
        first.anchor.function,
        use.system,
        use.operation.role,  # type: ignore[arg-type]
        use.library.name,
        use.operation.name,
        kept,
        tuple(group_names.values()),
        (),
        tuple(chain.values()),
        config_of(use),
    )


def config_of(use: sinks.Use) -> dict[str, dict[str, object]]:
    """The configuration of the client and of the call itself, under normalised keys, each with its origin; secrets
    are never kept."""
    found: dict[str, dict[str, object]] = {}
    for value in use.config:
        if isinstance(value, Record):
            for key, values in value.entries:
                name = use.library.config_keys.get(str(key))
                if name and "password" not in name:
                    found[name] = _setting(values)
    return found


def _setting(values: Values) -> dict[str, object]:
    for value in values:
        text = getattr(value, "value", None)
        if isinstance(text, (str, int, float, bool)):
            return {"value": text, "origin": "literal"}
        names = naming.names((value,), "config")
        if names[0].kind == "exact":
            return {"value": names[0].text, "origin": names[0].origin, "env": names[0].env}
        if names[0].env:
            return {"value": None, "origin": "env-required", "env": names[0].env}
    return {"value": None, "origin": "unknown"}
