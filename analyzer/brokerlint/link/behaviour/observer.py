"""The facts and the configuration of one endpoint, put together from the modules beside this one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from brokerlint.facts import Endpoint
from brokerlint.link.behaviour import (
    acknowledgement,
    beside,
    clients,
    configuration,
    connecting,
    consuming,
    content,
    decoding,
    entry,
    following,
    guarding,
    names,
    pacing,
    payload,
    producing,
    responses,
    sources,
    stopping,
)
from brokerlint.link.behaviour.clients import Act, Clients
from brokerlint.link.behaviour.effects import Effects
from brokerlint.link.behaviour.origins import Origin, Origins, receives_in
from brokerlint.link.behaviour.walk import Moment, Walk, Walker
from brokerlint.link.callers import Callers
from brokerlint.link.endpoints import Found
from brokerlint.link.evaluate import Evaluator
from brokerlint.link.scopes import Activation
from brokerlint.link.sites import CallSite, Sites
from brokerlint.link.values import FunctionValue
from brokerlint.models.model import Argument
from brokerlint.places import Place
from brokerlint.python import ir

Facts = dict[str, Any]
Config = dict[str, dict[str, Any]]

_STREAM_SYSTEMS = frozenset({"kafka", "kinesis"})


class Observer:
    """Observes endpoints of one program; what is common to several is worked out once."""

    def __init__(
        self, ev: Evaluator, sites: Sites, versions: Callable[[str], Mapping[str, str]] = lambda path: {}
    ) -> None:
        self._ev = ev
        self._versions = versions
        self._clients = Clients(ev, sites)
        self._callers = Callers(ev, sites)
        self._origins = Origins(ev, self._clients, self._callers)
        self._walker = Walker(ev)
        self._effects = Effects(self._walker)
        self._entries = entry.Entries(ev, self._callers)
        self._sites = sites
        self._walks: dict[tuple[int, int], Walk] = {}

    def observe(self, members: list[Found], versions: Mapping[str, str]) -> tuple[Facts, Config]:
        """The facts and configuration of the endpoint that ``members`` (uses at one place) make up."""
        first = members[0]
        self._ev.start()
        config, complete, version = configuration.configuration(self._ev, first, versions)
        facts = self._common(first, config, complete, version)
        acts = self._clients.acts(first)
        if first.use.operation.role == "consume":
            facts |= self._consume(first, acts, config)
            if first.use.model is not None and first.use.model.kind == "share-consumer":
                facts["ignored_keys"] = configuration.ignored_by_share_groups(first)
        elif first.use.operation.role == "produce":
            facts |= self._produce(first, acts, config)
        elif first.use.operation.act == "create":
            removed = any(act.operation.act in ("drop", "delete") for act in acts)
            facts["name_holes"] = [] if removed else names.name_holes(first)
        return _known(facts), config

    # --- Both roles -----------------------------------------------------------------------------------------------

    def _common(self, found: Found, config: Config, complete: bool | None, version: str) -> Facts:
        function = found.sink.chain[-1] if found.sink.chain else None
        top = found.anchor
        made = self._made(found)
        settings, timeouts = connecting.aws_settings(made)
        config.update(settings)
        scope = self._clients.scope(made) if made is not None else None
        return {
            **timeouts,
            "credentials": connecting.credentials(self._ev, made, scope, config) if config or made else None,
            "client_scope": connecting.client_scope(self._ev, made, self._entries, self._callers),
            "entry_kind": self._entries.kind(top.module.path, top.chain),
            "async": isinstance(function, ir.Function) and function.is_async,
            "in_except": producing.in_except(found),
            "config_complete": complete,
            "library_version": version,
        }

    def _made(self, found: Found) -> CallSite | None:
        """The call that makes the client of a use."""
        use = found.use
        if use.client is None and use.model is not None and use.model.construct is use.operation:
            return found.sink
        return connecting.construction(self._ev, self._clients.identity(found))

    # --- Consuming ------------------------------------------------------------------------------------------------

    def _consume(self, found: Found, acts: list[Act], config: Config) -> Facts:
        origins = self._origins.of(found, acts)
        walks = [self._walk(origin) for origin in origins]
        use = found.use
        facts: Facts = {
            "batch": use.operation.batch,
            "loop_kind": consuming.loop_kind(origins, use.library.name, use.operation.decorator),
            "loop": consuming.loop_around(origins),
            "group_kind": _group_kind(found),
            "seeks": consuming.seeks(self._ev, acts, found.sink, use.operation.act, found.activation),
            "closes": self._closes(found, acts, origins),
        }
        facts["group_varies"] = connecting.group_varies(self._made(found), use.group) if use.system == "kafka" else None
        facts["rebuilds"] = self._rebuilds(facts, walks, config)
        facts |= self._receive_arguments(found, acts, origins, config)
        if origins:
            facts |= self.handling(origins, walks, acts, use.library.name, use.system, config)
            if use.model is not None and use.model.raises:
                facts["error_checked"] = None
            if any(origin.how == "call" for origin in origins):
                facts["stops_on_empty"] = consuming.stops_on_empty(origins)
        return facts

    def _rebuilds(self, facts: Facts, walks: list[Walk], config: Config) -> list[Place]:
        """Where state is rebuilt: each start reads everything, and the last of each key is kept."""
        fresh = facts["group_kind"] == "none" or facts["group_varies"]
        from_start = config.get("offset_reset", {}).get("value") == "earliest"
        return content.kept_by_key(walks) if facts["seeks"] or (fresh and from_start) else []

    def handling(
        self, origins: list[Origin], walks: list[Walk], acts: list[Act], library: str, system: str, config: Config
    ) -> Facts:
        """What happens with messages that arrive at ``origins``."""
        effects = self._effects
        same = frozenset(id(act.here.site) for act in acts)
        acks = [
            one
            for o, w in zip(origins, walks, strict=True)
            for one in acknowledgement.acknowledgements(o, w, effects, same)
        ]
        acks += [
            one
            for o, w in zip(origins, walks, strict=True)
            if o.how == "handler"
            for one in acknowledgement.returned_failures(o, w)
        ]
        known = {(one["place"].path, one["place"].line) for one in acks}
        for act in acts:
            kind = {"delete": "delete", "commit": "commit", "store": "store", "acknowledge": "acknowledge"}.get(
                act.operation.act
            )
            place = act.here.place
            if kind and (place.path, place.line) not in known:
                acks.append(
                    {"kind": "delete-batch" if kind == "delete" and act.operation.batch else kind, "place": place}
                )
        facts: Facts = {
            "acks": _unique(acks),
            "messages_escape": any(following.escapes(walk) for walk in walks)
            or any(origin.escapes for origin in origins),
            "effects": self._consumer_effects(origins, walks),
            "handoff": following.handoff(origins, walks, effects),
            "work_seconds": pacing.work_seconds(self._ev, origins, walks),
            **pacing.between(self._ev, origins, walks),
            "waits_until": pacing.waits_until(walks),
            "compares_attempt": pacing.compares_attempt(walks),
            "try_shape": consuming.try_shape(origins, walks, effects) or None,
        }
        if facts["try_shape"] and facts["try_shape"].get("retries") in ("bounded", "forever"):
            facts["bounded_retry"] = facts["try_shape"]["retries"] == "bounded"
        facts |= pacing.keeping(acts, acks, walks)
        facts |= decoding.decoding(origins, walks, effects, config)
        if library == "confluent-kafka":
            facts["error_checked"] = consuming.error_checked(origins, walks)
            facts["none_test"] = consuming.none_test(origins)
        facts |= content.content(origins, walks, effects, facts["acks"], system)
        return facts

    def handler(self, value: FunctionValue, system: str) -> Facts:
        """What a function does that the platform calls with a batch of messages."""
        self._ev.start()
        origins = self._origins.handled(value, "batch")
        walks = [self._walk(origin) for origin in origins]
        facts = self.handling(origins, walks, [], "aws-lambda", system, {}) if origins else {}
        facts["async"] = value.definition.is_async
        return _known(facts)

    def handled(self, endpoint: Endpoint) -> Endpoint:
        """A consuming endpoint that a manifest triggers, with the facts of its handler where that is in the program."""
        module = self._ev.program.module(endpoint.place.path)
        functions = module.body.functions if module is not None else ()
        definition = next((one for one in functions if one.qualname == endpoint.function), None)
        if definition is None:
            return endpoint
        facts = self.handler(FunctionValue(endpoint.place.path, definition.qualname, definition), endpoint.system)
        return replace(endpoint, facts={**facts, **endpoint.facts})

    def observed(self, endpoint: Endpoint, members: list[Found]) -> Endpoint:
        """An endpoint with its facts and its client's configuration; ``members`` are the uses that it is made of."""
        facts, config = self.observe(members, self._versions(endpoint.place.path))
        return replace(endpoint, facts={**endpoint.facts, **facts}, config=config)

    def _walk(self, origin: Origin) -> Walk:
        key = (
            id(origin.scope),
            hash((origin.order, tuple(sorted(origin.seeds.items())), tuple(sorted(origin.results)))),
        )
        known = self._walks.get(key)
        if known is None:
            known = self._walks[key] = self._walker.walk(origin.scope, origin.seeds, origin.results)
        return known

    def _consumer_effects(self, origins: list[Origin], walks: list[Walk]) -> list[dict[str, Any]] | None:
        """What is done with messages; None when nothing was seen but not everything was."""
        pairs = [(o, m) for o, w in zip(origins, walks, strict=True) for m in w.moments]
        found = self._effect_list(pairs)
        unseen = any(walk.cut for walk in walks) or any(origin.escapes for origin in origins)
        if not found and (unseen or any(self._effects.works(m) for o, m in pairs if acknowledgement.in_turn(o, m))):
            return None
        return found

    def _effect_list(self, moments: list[tuple[Origin, Moment]]) -> list[dict[str, Any]]:
        found: dict[tuple[str, str, int], dict[str, Any]] = {}
        for origin, moment in moments:
            kind = self._effects.of(moment) if acknowledgement.in_turn(origin, moment) else ""
            if kind:
                effect = {"class": kind, "place": moment.place}
                if origin.how != "handler" and moment.frame.depth == 0:
                    effect["beside_receive"] = True
                found.setdefault((kind, moment.place.path, moment.place.line), effect)
        return list(found.values())

    def _closes(self, found: Found, acts: list[Act], origins: list[Origin]) -> list[dict[str, Any]]:
        entered = clients.entered(self._ev, self._clients.identity(found))
        closes = [*consuming.closes(acts), *({"how": "context-manager", "place": place} for place in entered)]
        if found.use.system == "sqs":  # nothing has to be told to the queue: it is enough that the loop ends
            closes += stopping.signalled(self._sites, origins)
        return closes

    def _receive_arguments(self, found: Found, acts: list[Act], origins: list[Origin], config: Config) -> Facts:
        facts: Facts = {}
        for name in ("max_messages", "wait_time", "visibility"):
            spec = found.use.operation.arguments.get(name)
            if spec is not None:
                facts |= self._argument(name, spec, found.sink, found)
            for here in receives_in(origins):
                act = next((one for one in acts if one.here.site is here.site), None)
                other = act.operation.arguments.get(name) if act and here.site is not found.sink.site else None
                if other is not None:
                    facts |= self._argument(name, other, here, None)
        if "max_messages" not in facts and config.get("max_poll_records", {}).get("value") is not None:
            facts["max_messages"] = config["max_poll_records"]["value"]
        return facts

    def _argument(self, name: str, spec: Argument, here: CallSite, found: Found | None) -> Facts:
        """The value of a receive's argument; None when it is not given, nothing when it can't be told."""
        expr, hidden = payload.argument_of(here.site.call, spec)
        if expr is None:
            return {} if hidden else {name: None}
        scope = found.activation if found is not None else self._clients.scope(here)
        number = payload.constant_of(self._ev, expr, scope, here.at) if scope is not None else None
        return {} if number is None else {name: number}

    # --- Producing ------------------------------------------------------------------------------------------------

    def _produce(self, found: Found, acts: list[Act], config: Config) -> Facts:
        operation = found.use.operation
        body, site = found.sink.body, found.sink.answering
        loop, send, block = producing.loop_of(self._ev, found)
        facts = producing.message_facts(self._ev, found)
        facts["loop"] = loop
        sends = producing.between(found)
        facts["conditional"] = guarding.conditional(sends)
        facts["guards"] = guarding.guards(sends)
        facts["name_holes"] = names.name_holes(found)
        if send is not None and loop != "forever":
            facts["loop_count"] = guarding.loop_count(self._ev, send, block, self._scope_of(send, found))
        if "partition" in operation.arguments:
            facts["partition"] = producing.gives_partition(found)
        value, _ = payload.argument_of(found.sink.site.call, operation.arguments.get("value"))
        values = producing.values_of(self._ev, value, found)
        origin = sources.sources(found, self._scope_of(found.anchor, found), self._walker.paths, values)
        relays = origin.pop("relays_outbox", False)
        facts |= origin
        if send is not None and loop != "forever":
            facts["payload_loop_invariant"] = producing.loop_invariant(found, send, block)
        if found.use.library.name == "boto3" or operation.batch:
            facts["response"] = responses.response(body, site, operation.batch)
        if found.use.system == "kafka":
            facts |= self._kafka_send(found, acts, config)
        facts |= self._beside(found)
        if relays:
            facts["outbox"] = True
        return facts

    def _scope_of(self, here: CallSite, found: Found) -> Activation | None:
        """The activation of the body around a call of the route."""
        return found.activation if here.body is found.activation.body else self._clients.scope(here)

    def _kafka_send(self, found: Found, acts: list[Act], config: Config) -> Facts:
        operation = found.use.operation
        body, site = found.sink.body, found.sink.answering
        facts: Facts = {"callback": producing.callback(found, config)}
        if operation.gives is not None or operation.awaits or found.use.library.name == "aiokafka":
            facts["future"] = responses.future(body, site, operation.awaits)
            if facts["callback"] is None:
                facts["callback"] = responses.has_callback(body, site.call)
        identity = self._clients.identity(found)
        flushes = producing.flushes(found, acts)
        flushes += producing.at_exit(self._clients, identity, self._sites)
        flushes += [
            {"position": "close", "place": place, "act": "close"} for place in clients.entered(self._ev, identity)
        ]
        if identity is not None:
            facts["flushes"] = flushes
            facts["blocking_polls"] = producing.blocking_polls(found, acts)
            flushing = [act for act in acts if act.operation.act == "flush"]
            facts["flush_checked"] = any(act.here.site.use != "dropped" for act in flushing) if flushing else None
            facts["polls"] = any(act.operation.act == "poll" for act in acts)
        facts["transaction"] = producing.transaction(acts, config) or None
        return facts

    def _beside(self, found: Found) -> Facts:
        """What else the function that sends does."""
        top = found.anchor
        scope = self._scope_of(top, found)
        if scope is None or not top.chain:
            return {}
        key = (id(scope), 0)
        walk = self._walks.get(key)
        if walk is None:
            walk = self._walks[key] = self._walker.walk(scope, {}, {}, 2, 300)
        effects: dict[tuple[str, str, int], dict[str, Any]] = {}
        for moment in walk.moments:
            kind = self._effects.of(moment)
            if kind:
                effects.setdefault((kind, moment.place.path, moment.place.line), {"class": kind, "place": moment.place})
        writes = beside.db_writes(walk, found, self._effects)
        sending = next((m for m in walk.moments if m.call.function is found.sink.site.call.function), None)
        return {
            "best_effort": guarding.best_effort(walk, sending, self._effects) if sending is not None else None,
            "fallback": guarding.fallback(walk, sending, self._effects) if sending is not None else None,
            "on_commit": beside.on_commit(found),
            "outbox": any(one.get("outbox") for one in writes),
            "effects": list(effects.values()),
            "db_writes": writes,
            "waits_for_reply": beside.waits_for_reply(walk, found, self._effects),
        }


_NOT_GIVEN = frozenset({"delay", "max_messages", "wait_time", "visibility", "client_read_timeout"})
"""Facts for which None says that the call gives no value."""


def _known(facts: Facts) -> Facts:
    """Only what is known: an unknown fact has no key."""
    return {
        key: value for key, value in facts.items() if value not in (None, "") or (value is None and key in _NOT_GIVEN)
    }


def _group_kind(found: Found) -> str:
    use = found.use
    if use.model is not None and use.model.kind == "share-consumer":
        return "share"
    if use.system != "kafka":
        return ""
    if use.library.name in ("faust", "quixstreams", "kstreams", "bytewax"):
        return "streams"
    if use.model is not None and use.model.kind == "consumer":
        none = bool(use.group) and all(getattr(value, "value", "?") is None for value in use.group)
        return "none" if none or not use.group else "classic"
    return ""


def _unique(acks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for one in acks:
        key = (one["kind"], one["place"].path, one["place"].line)
        known = found.get(key)
        if known is None or ("position" in one and "position" not in known):
            found[key] = one
    return list(found.values())


def behaviour(
    ev: Evaluator, sites: Sites, members: list[Found], versions: Mapping[str, str], observer: Observer | None = None
) -> tuple[Facts, Config]:
    """Facts and configuration of the endpoint made of ``members``; ``versions`` maps distributions to pinned versions.

    Give the same ``observer`` for all endpoints of a program, so that common work is done once.
    """
    return (observer or Observer(ev, sites)).observe(members, versions)
