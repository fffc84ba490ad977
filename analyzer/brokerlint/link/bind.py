"""Joining code with manifests: variables get their deployed values, channels their declarations, handlers their
triggers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from brokerlint.facts import Channel, ChannelName, Endpoint, Link, Name, NameKind, endpoint_id
from brokerlint.link import naming, options
from brokerlint.link.program import Program
from brokerlint.link.services import Deployment, Services
from brokerlint.manifests.facts import (
    ChannelFact,
    Choice,
    Concat,
    End,
    Hole,
    LinkFact,
    ManifestFacts,
    Reference,
    Setting,
    Text,
    Value,
    Variable,
)
from brokerlint.places import Place
from brokerlint.python import ir

_DEEPEST = 8
_MOST_TEXTS = 16
_HANDLED = ("event_source_mapping", "subscription", "rule", "pipe", "notification", "mapping", "trigger")


class Binder:
    """Names, channels and links of one tree, with what its manifests say."""

    def __init__(self, facts: ManifestFacts, services: Services, program: Program) -> None:
        self._facts = facts
        self._services = services
        self._program = program
        self._by_key = {channel.key: channel for channel in facts.channels}
        self._parameters: dict[str, ChannelFact] = {}
        for channel in facts.channels:
            for parameter in channel.properties.get("ssm_parameters", ()):
                self._parameters.setdefault(str(parameter), channel)
        self._by_name: dict[tuple[str, str], ChannelFact] = {}
        for channel in facts.channels:
            for name in self.channel_names(channel):
                if name.kind == "exact" and name.text:
                    self._by_name.setdefault((channel.system, name.text), channel)

    # --- Values of manifests --------------------------------------------------------------------------------------

    def channel_names(self, channel: ChannelFact, depth: int = 0) -> list[Name]:
        """The names of a declared channel; one by its logical id when the platform makes the name."""
        found: list[Name] = []
        if channel.name is not None and depth < _DEEPEST:
            for name in self.names(channel.name, channel.system, depth + 1):
                known = name.kind == "exact" or (name.kind == "pattern" and (name.text or "").strip("*-_./"))
                if known:
                    found.append(replace(name, logical=channel.logical, scope=channel.place.path))
        if found:
            return found
        place = (channel.place.saying("declared here"),)
        return [Name("logical", None, None, channel.logical, "reference", place, scope=channel.place.path)]

    def names(self, value: Value, system: str, depth: int = 0) -> list[Name]:
        """The names that a manifest's value stands for."""
        if depth > _DEEPEST:
            return [Name("unknown", why="a value defined through itself")]
        if isinstance(value, Reference):
            channel = self._by_key.get(value.key)
            if channel is not None:
                return self.channel_names(channel, depth + 1)
            return [Name("unknown", why=f"refers to {value.key}, which is no channel")]
        if isinstance(value, Choice):
            return [name for option in value.options for name in self.names(option, system, depth + 1)]
        texts, variables = self._texts(value, depth)
        found: list[Name] = []
        for text in texts:
            plain = naming.plain(text, system)
            if not plain.strip("*-_./: "):
                if variables:
                    found.append(Name("env", env=variables[0], origin="manifest"))
                continue
            kind: NameKind = "pattern" if "*" in plain else "exact"
            found.append(Name(kind, plain, variables[0] if len(variables) == 1 else None, origin="manifest"))
        return found or [Name("unknown", why="the manifest does not tell the value")]

    def _texts(self, value: Value, depth: int) -> tuple[list[str], list[str]]:
        """The texts that a value may be, holes as ``*``, and the variables inside it."""
        if depth > _DEEPEST:
            return ["*"], []
        if isinstance(value, Text):
            return [value.text], []
        if isinstance(value, Variable):
            if value.default is None:
                return ["*"], [value.name]
            texts, variables = self._texts(value.default, depth + 1)
            return texts, [value.name, *variables]
        if isinstance(value, Hole):
            return ["*"], []
        if isinstance(value, Reference):
            names = self.names(value, "", depth + 1)
            return [name.text or "*" for name in names], []
        if isinstance(value, Choice):
            pairs = [self._texts(option, depth + 1) for option in value.options[:8]]
            return [t for texts, _ in pairs for t in texts], [v for _, variables in pairs for v in variables]
        options = [""]
        names_: list[str] = []
        if isinstance(value, Concat):
            for part in value.parts:
                texts, variables = self._texts(part, depth + 1)
                names_ += variables
                options = [left + right for left in options for right in texts[:4]][:16]
        return options, names_

    # --- Endpoints ------------------------------------------------------------------------------------------------

    def bound(self, endpoint: Endpoint, deployments: list[Deployment]) -> Endpoint:
        """The endpoint with its services, and with the names that these services' variables hold."""
        channels: list[ChannelName] = []
        for channel in endpoint.channels:
            names = [_shown(name) for name in self._bind(channel.name, channel.system, deployments)]
            channels += [ChannelName(channel.system, name) for name in names]
        groups = [_shown(name) for group in endpoint.groups for name in self._bind(group, "group", deployments)]
        services = tuple(dict.fromkeys(one.service.name for one in deployments))
        config = {key: self._bound_setting(setting, deployments) for key, setting in endpoint.config.items()}
        return replace(
            endpoint, channels=_unique_channels(channels), groups=_unique(groups), services=services, config=config
        )

    def given(self, name: Name, deployments: list[Deployment], system: str = "config") -> list[Name]:
        """A name, by default one of no channel, with what these services' variables hold."""
        return self._bind(name, system, deployments)

    def _bound_setting(self, setting: Mapping[str, Any], deployments: list[Deployment]) -> Mapping[str, Any]:
        """A configuration value from the environment, as the manifests set it: where all deployments agree."""
        variable = setting.get("env")
        if not variable or (not deployments and not variable.startswith(options.OPTION)):
            return setting
        given = [_leading(one, variable) for one in deployments]
        names = {name.text for settings in given for one in settings for name in self.names(one.value, "config")}
        own = variable.startswith(options.OPTION)
        if len(names) != 1 or not all(given) or None in names:
            return {**setting, "env": None, "origin": "unknown"} if own else setting
        return {**setting, "env": None if own else variable, "value": names.pop(), "origin": "manifest"}

    def _bind(self, name: Name, system: str, deployments: list[Deployment]) -> list[Name]:
        inner = {variable for variable, _ in name.parts if variable}
        if inner and not (name.env and name.env not in inner and any(_leading(one, name.env) for one in deployments)):
            return self._put_together(name, system, deployments)
        if name.env is None:
            return [self._declared(name, system)]
        if name.env.startswith("ssm:"):
            return self._from_parameter_store(name, system)
        found: list[Name] = []
        missing = not deployments
        for one in deployments:
            settings = _leading(one, name.env)
            if not settings:
                missing = True
                continue
            for setting in settings:
                for value in self._split(setting, system):
                    found.append(
                        replace(
                            value,
                            env=name.env,
                            origin="manifest",
                            trace=(*name.trace, setting.place.saying(f"sets {name.env} for {one.service.name}")),
                            service=one.service.name if len(deployments) > 1 else None,
                        )
                    )
        known = [value for value in found if value.kind != "unknown"]
        if not known:
            return [self._declared(name, system)]
        return [*known, self._declared(name, system)] if missing else known

    def _put_together(self, name: Name, system: str, deployments: list[Deployment]) -> list[Name]:
        """A name made of variables (``f"{PREFIX}.orders"``), with what each deployment sets for them."""
        found: list[Name] = []
        for one in deployments:
            texts, trace = [""], name.trace
            for variable, text in name.parts:
                settings = _leading(one, variable) if variable else []
                given = [n.text for s in settings for n in self.names(s.value, "config") if n.text]
                trace += tuple(s.place.saying(f"sets {variable} for {one.service.name}") for s in settings)
                texts = [front + piece for front in texts for piece in given or [text]][:_MOST_TEXTS]
            service = one.service.name if len(deployments) > 1 else None
            for text in texts if trace != name.trace else ():
                plain = re.sub(r"\*+", "*", naming.plain(text, system))
                kind: NameKind = "pattern" if "*" in plain else "exact"
                if plain.strip("./:-_*"):
                    found.append(Name(kind, plain, name.env, origin="manifest", trace=trace, service=service))
            if trace == name.trace:
                found.append(self._declared(name, system))
        return found or [self._declared(name, system)]

    def _split(self, setting: Setting, system: str) -> list[Name]:
        found: list[Name] = []
        for name in self.names(setting.value, system):
            if name.kind == "exact" and name.text and "," in name.text and system != "config":
                pieces = [piece.strip() for piece in name.text.split(",")]
                found += [replace(name, text=piece) for piece in pieces if piece]
            elif name.env and name.kind == "env":
                found.append(Name("unknown", why=f"${name.env} is set outside of the tree"))
            else:
                found.append(name)
        return found

    def _from_parameter_store(self, name: Name, system: str) -> list[Name]:
        path = (name.env or "").removeprefix("ssm:")
        for known, channel in self._parameters.items():
            if known == path or _same_shape(known, path):
                return [replace(one, env=None) for one in self.channel_names(channel)]
        return [Name("unknown", why=f"kept in the parameter store under {path}", trace=name.trace)]

    def _declared(self, name: Name, system: str) -> Name:
        """A name as the manifest that declares it knows it: with its logical id."""
        channel = self._by_name.get((system, name.text or "")) if name.kind == "exact" else None
        return replace(name, logical=channel.logical, scope=channel.place.path) if channel else name

    # --- Triggers -------------------------------------------------------------------------------------------------

    def triggered(self) -> list[tuple[Endpoint, Deployment]]:
        """The handlers that an event source calls: one consuming endpoint each, at the handler's ``def``."""
        merged: dict[tuple[str, str, str], tuple[Deployment, Place, str, list[LinkFact]]] = {}
        for link in self._facts.links:
            if link.kind not in _HANDLED or link.target.system != "service":
                continue
            if link.source.system in ("service", "s3", "dynamodb", "schedule", "external"):
                continue
            deployment = self._function(link.target.value)
            if deployment is None:
                continue
            place, function = self._handler(deployment)
            if place is None:
                continue
            key = (deployment.service.name, f"{place.path}:{place.line}", link.source.system)
            merged.setdefault(key, (deployment, place, function, []))[3].append(link)
        return [
            (self._consumer(place, function, links), deployment)
            for deployment, place, function, links in merged.values()
        ]

    def _function(self, target: Value) -> Deployment | None:
        """The function that a manifest refers to, or the only one of the name that it writes."""
        if isinstance(target, Reference):
            return self._services.by_key(target.key)
        if not isinstance(target, Text):
            return None
        name = target.text.rpartition(":function:")[2]
        found = [
            one
            for one in self._services.deployments
            if any(fact.platform == "lambda" and fact.name == name for fact in one.facts)
        ]
        return found[0] if len(found) == 1 else None

    def _consumer(self, place: Place, function: str, links: list[LinkFact]) -> Endpoint:
        system = links[0].source.system
        channels: list[ChannelName] = []
        groups: list[Name] = []
        for link in links:
            channels += [
                ChannelName(system, replace(name, trace=(link.place.saying(f"{link.kind} declared here"),)))
                for name in self.names(link.source.value, system)
            ]
            group = link.properties.get("group")
            if isinstance(group, str):
                groups.append(Name("exact", group, origin="manifest"))
        digest = endpoint_id(f"{place.path}|{function}|{system}|trigger")
        facts = {"loop_kind": "lambda-handler", "entry_kind": "lambda-handler", "group_kind": "lambda"}
        return Endpoint(
            digest, place, function, system, "consume", "aws-lambda", links[0].kind,
            _unique_channels(channels), _unique(groups), facts=facts,
        )  # fmt: skip

    def _handler(self, deployment: Deployment) -> tuple[Place | None, str]:
        for fact in deployment.facts:
            if not fact.handler:
                continue
            wanted = fact.handler.rpartition(".")[2]
            for path in self._services.handler_files(fact):
                module = self._program.module(path)
                if module is None:
                    continue
                definition = next((f for f in module.body.functions if f.name == wanted), None)
                if definition is not None:
                    return Place(path, definition.line, definition.line), definition.qualname
                line = _bound_at(module.body, wanted)
                return Place(path, line, line), wanted
        return None, ""

    # --- Channels and links ---------------------------------------------------------------------------------------

    def links(self, further: Iterable[LinkFact] = ()) -> list[Link]:
        """The declared links and ``further`` ones, with their ends as channel ids and service names."""
        found: dict[str, Link] = {}
        for link in (*self._facts.links, *further):
            for source in self._end(link.source):
                for target in self._end(link.target):
                    one = Link(link.kind, source, target, link.place, self.readable(link.properties))
                    found.setdefault(repr(one), one)  # turns of a loop may look alike
        return list(found.values())

    def _end(self, end: End) -> list[str]:
        if end.system == "service":
            if isinstance(end.value, Reference):
                deployment = self._services.by_key(end.value.key)
                return [
                    f"service:{deployment.service.name}"
                    if deployment
                    else f"service:{end.value.key.rpartition('#')[2]}"
                ]
            return [f"service:{name.text or '?'}" for name in self.names(end.value, "service")]
        return [ChannelName(end.system, name).id for name in self.names(end.value, end.system)]

    def readable(self, properties: Mapping[str, object]) -> dict[str, object]:
        """Properties with their references and texts as plain names."""
        return {key: self._plain(value) for key, value in properties.items()}

    def _plain(self, value: object) -> object:
        if isinstance(value, (Text, Reference, Variable, Concat, Choice, Hole)):
            names = self.names(value, "")
            return names[0].text or names[0].logical or names[0].env if names else None
        if isinstance(value, End):
            return next(iter(self._end(value)), None)
        if isinstance(value, Mapping):
            return {str(key): self._plain(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._plain(item) for item in value]
        return value

    def channels(self, endpoints: Iterable[Endpoint]) -> list[Channel]:
        """Every channel that a manifest declares or an endpoint uses; one for each folder of manifests that creates it,
        since what two stacks say about a name need not be about one queue."""
        found: dict[tuple[str, str, str], Channel] = {}
        for fact in self._facts.channels:
            for name in self.channel_names(fact):
                channel = ChannelName(fact.system, name)
                key = (channel.id, fact.profile, fact.place.path.rpartition("/")[0])
                known = found.get(key)
                declared = (*(known.declared_at if known else ()), fact.place)
                own = self.readable(fact.properties)
                properties = {**(known.properties if known else own), **own}
                if known and not (known.properties.get("looked_up") and own.get("looked_up")):
                    properties.pop("looked_up", None)
                found[key] = Channel(
                    channel.id, fact.system, fact.kind, name, properties, fact.defaulted, declared, fact.profile
                )
        ids = {channel_id for channel_id, *_ in found}
        for endpoint in endpoints:
            for used in endpoint.channels:
                if used.id not in ids and used.name.kind != "unknown":
                    ids.add(used.id)
                    found[(used.id, "unknown", "")] = Channel(used.id, used.system, _kind(used.system), used.name)
        return list(found.values())


def _kind(system: str) -> str:
    return {"sqs": "queue", "kafka": "topic", "sns": "topic", "eventbridge": "bus"}.get(system, "stream")


def _leading(deployment: Deployment, variable: str) -> list[Setting]:
    """The variable's settings of the leading profile; another profile's only where that one is silent. A command line
    option is set by the command."""
    if variable.startswith(options.OPTION):
        return _from_command(deployment, variable)
    for environment in deployment.settings:
        setting = environment.get(variable)
        if setting is not None:
            return [setting]
    return []


def _from_command(deployment: Deployment, option: str) -> list[Setting]:
    for fact in deployment.facts:
        words = [word for part in fact.command for word in (part.split() if " " in part else [part])]
        text = options.given(option, words)
        if text is not None:
            variable = re.fullmatch(r"\$\{?(\w+)\}?|\$\((\w+)\)", text)
            if variable is not None:
                return _leading(deployment, variable[1] or variable[2])
            return [Setting(Text(text), fact.place)] if "$" not in text else []
    return []


def _shown(name: Name) -> Name:
    """A name as others may see it: a command line option is no variable of the environment."""
    if not (name.env or "").startswith(options.OPTION):
        return name
    if name.kind == "env":
        option = (name.env or "").removeprefix(options.OPTION).split("|")[0]
        return Name("unknown", why=f"command line option {option}", trace=name.trace)
    return replace(name, env=None)


def _same_shape(known: str, path: str) -> bool:
    from fnmatch import fnmatchcase

    literal = path.replace("*", "")
    if len(literal.strip("/-_{}")) < 4:
        return False
    return fnmatchcase(known, path) or fnmatchcase(path, known)


def _bound_at(body: ir.Body, name: str) -> int:
    """The line that binds ``name`` (an imported or assigned handler); the first line when there is none."""
    for binding in body.bindings:
        if isinstance(binding.target, ir.Name) and binding.target.id == name:
            return binding.line
    return next((one.line for one in body.imports if one.alias == name), 1)


def _unique(names: Iterable[Name]) -> tuple[Name, ...]:
    seen: dict[tuple[object, ...], Name] = {}
    for name in names:
        seen.setdefault((name.kind, name.text, name.env, name.logical, name.scope, name.service), name)
    return tuple(seen.values())


def _unique_channels(channels: Iterable[ChannelName]) -> tuple[ChannelName, ...]:
    seen: dict[tuple[object, ...], ChannelName] = {}
    for channel in channels:
        name = channel.name
        seen.setdefault(
            (channel.system, name.kind, name.text, name.env, name.logical, name.scope, name.service), channel
        )
    return tuple(seen.values())
