"""Workloads of a cluster brought together: overlays on bases, config maps, images, autoscalers and claims -> facts."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from brokerlint.manifests import shell
from brokerlint.manifests.bootstrap import created
from brokerlint.manifests.facts import End, ManifestFacts, RoleHint, ServiceFact, Setting
from brokerlint.manifests.formats.dockerfile import Stage, joined_command
from brokerlint.manifests.formats.dotenv import settings_of
from brokerlint.manifests.images import build_of
from brokerlint.manifests.layout import holds_python, layout, python_folders, roots_of
from brokerlint.manifests.operators import Claim, Scaling
from brokerlint.manifests.products import is_infrastructure
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import only_prepares, runs_otherwise, runs_python, started, words_known
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.workloads import Box, ConfigMap, Workload
from brokerlint.places import Place


@dataclass(frozen=True, slots=True)
class Deployed:
    """A workload as one environment has it."""

    workload: Workload
    place: Place
    profile: str


def deployments(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """The facts of all files: ``documents`` hold workloads, config maps and what objects tell, by path."""
    facts = ManifestFacts()
    for document in documents.values():
        facts += ManifestFacts(diagnostics=document.diagnostics)
        for one in document.told:
            facts += one.facts
    facts = _with_pools(facts, documents)
    maps = [(path, one) for path, document in documents.items() for one in document.config_maps]
    scaling = {one.workload: one for document in documents.values() for told in document.told for one in told.scaling}
    services: list[ServiceFact] = []
    workloads: dict[str, list[str]] = {}
    for one in _deployed(documents, maps):
        facts += _creations(one)
        for fact in _services(one, maps, scaling.get(one.workload.name), tree):
            services.append(fact)
            workloads.setdefault(one.workload.name, []).append(fact.key)
    claims = [one for document in documents.values() for told in document.told for one in told.claims]
    by_key = {fact.key: fact for fact in services}
    hints = tuple(hint for claim in claims for hint in _hints(claim, workloads.get(claim.workload, []), by_key))
    return facts + ManifestFacts(services=tuple(services), hints=hints)


# --- Environments -------------------------------------------------------------------------------------------------


def _deployed(documents: Mapping[str, Any], maps: list[tuple[str, ConfigMap]]) -> Iterator[Deployed]:
    """Each workload once for each environment that has it."""
    by_name: dict[tuple[str, str], list[Workload]] = {}
    for _, document in sorted(documents.items()):
        for one in document.workloads:
            by_name.setdefault((one.kind, f"{one.app}/{one.name}"), []).append(one)
    for same in by_name.values():
        whole = [one for one in same if all(box.image for box in one.boxes)]
        patches = [one for one in same if one not in whole]
        for one in whole:
            profile = profile_of(one.place.path)
            if profile != "unknown":
                yield Deployed(one, one.place, profile)
                continue
            overlays = {profile_of(patch.place.path): patch for patch in patches}
            overlaid = {name: _patched(one, patch) for name, patch in overlays.items()}
            places = {name: patch.place for name, patch in overlays.items()}
            for path, held in maps:
                if any(held.name == source.config_map for box in one.boxes for source in box.sources):
                    overlaid.setdefault(profile_of(path), one)
                    places.setdefault(profile_of(path), Place(path, 1))
            overlaid.pop("unknown", None)
            for name, version in overlaid.items():
                yield Deployed(version, places[name], name)
            if not overlaid:
                yield Deployed(_patched(one, overlays["unknown"]) if "unknown" in overlays else one, one.place, profile)


def _patched(base: Workload, patch: Workload) -> Workload:
    """The base with what the patch says of containers of the same name."""
    by_name = {box.name: box for box in patch.boxes}
    boxes = tuple(_over(box, by_name[box.name]) if box.name in by_name else box for box in base.boxes)
    return replace(base, boxes=boxes, replicas=base.replicas if patch.replicas is None else patch.replicas)


def _over(box: Box, patch: Box) -> Box:
    return replace(
        box,
        image=patch.image or box.image,
        command=box.command if patch.command is None else patch.command,
        arguments=box.arguments if patch.arguments is None else patch.arguments,
        environment={**box.environment, **patch.environment},
        references={**box.references, **patch.references},
        sources=box.sources + patch.sources,
    )


# --- Services -----------------------------------------------------------------------------------------------------


def _services(
    deployed: Deployed, maps: list[tuple[str, ConfigMap]], scaling: Scaling | None, tree: Tree
) -> Iterator[ServiceFact]:
    workload = deployed.workload
    own = [box for box in workload.boxes if not is_infrastructure(box.image) or box.command]
    for box in own:
        fact = _service(deployed, box, _environment(deployed, box, maps, tree), tree)
        if fact is None:
            continue
        name = _name(workload, box, len(own) > 1)
        properties: dict[str, Any] = dict(fact.properties)
        most = scaling.most if scaling and scaling.most is not None else workload.replicas
        if most is not None:
            properties["replicas_max"] = most
        if scaling and scaling.within_partitions:
            properties["scales_itself"] = True
        if workload.app_id:
            properties["app_id"] = workload.app_id
        suffix = "" if deployed.place == workload.place else f"@{deployed.profile}"
        yield replace(
            fact,
            key=f"{workload.place.path}#{workload.kind}/{workload.app or ''}{name}{suffix}",
            name=name,
            properties=properties,
        )


def _service(deployed: Deployed, box: Box, environment: dict[str, Setting], tree: Tree) -> ServiceFact | None:
    """The container as a service; None when it runs no code of the tree."""
    workload = deployed.workload
    found = build_of(tree, box.image, workload.name, workload.place.path, bool(workload.app))
    context, dockerfile = found or (_folder(tree, workload.name), "")
    stage = tree.of("dockerfile")[dockerfile].stage() if dockerfile else None
    place = layout(tree, context, stage, workdir=box.working_dir)
    environment = {**(stage.environment if stage else {}), **environment}
    known = words_known(environment)
    given = _command(box, stage)
    command, entered = started(given, known, place, tree)
    roots = roots_of(place.entered(entered), known, context, dockerfile)
    ours = runs_python(command) or (
        (found is not None or bool(context) or workload.platform == "clowdapp")
        and not runs_otherwise(command)
        and not is_infrastructure(box.image)
        and any(holds_python(tree, root) for root in roots)
    )
    if not ours:
        return None
    return ServiceFact(
        "",
        "",
        workload.platform,
        deployed.place.saying(f"deploys {workload.name}"),
        roots,
        command,
        "",
        box.image,
        environment,
        deployed.profile,
        {"tooling": True} if only_prepares(given, known, place, tree) else {},
        (workload.owner,) if workload.owner else (),
    )


def _command(box: Box, stage: Stage | None) -> tuple[str, ...]:
    """``command`` replaces the image's entry point and its command, ``args`` only the command."""
    if box.command is not None:
        return (*box.command, *(box.arguments or ()))
    entrypoint = stage.entrypoint if stage else ()
    return joined_command(entrypoint, box.arguments if box.arguments is not None else stage.command if stage else ())


def _environment(deployed: Deployed, box: Box, maps: list[tuple[str, ConfigMap]], tree: Tree) -> dict[str, Setting]:
    """Variables of config maps, below those of the container itself."""
    found: dict[str, Setting] = {}
    for source in box.sources:
        for name, one in _held(source.config_map, deployed, maps, tree).items():
            found[source.prefix + name] = one
    for name, (config_map, key) in box.references.items():
        held = _held(config_map, deployed, maps, tree)
        if key in held:
            found[name] = held[key]
    return {**found, **box.environment}


def _held(name: str, deployed: Deployed, maps: list[tuple[str, ConfigMap]], tree: Tree) -> dict[str, Setting]:
    """What the config maps of that name hold for the environment: those nearest to the workload count most."""
    found: dict[str, Setting] = {}
    profiles = ("unknown", deployed.profile)
    fitting = [(path, one) for path, one in maps if one.name == name and profile_of(path) in profiles]
    for _, one in sorted(fitting, key=lambda pair: _nearness(pair[0], deployed.place.path)):
        for file in one.files:
            found |= settings_of(tree, file)
        found |= one.settings
    return found


def _nearness(path: str, other: str) -> int:
    return len(posixpath.commonpath((f"/{path}", f"/{other}")))


def _name(workload: Workload, box: Box, several: bool) -> str:
    if workload.app and workload.app not in workload.name and "-" not in workload.name:
        return f"{workload.app}-{workload.name}"
    if several and box.name and box.name != workload.name and box is not workload.boxes[0]:
        return f"{workload.name}-{box.name}"
    return workload.name


def _folder(tree: Tree, name: str) -> str:
    """The folder with Python code that is called like the workload; empty when there is none, or several."""
    found = [folder for folder in python_folders(tree.paths) if posixpath.basename(folder) == name]
    return found[0] if len(found) == 1 else ""


# --- What else is told --------------------------------------------------------------------------------------------


def _creations(deployed: Deployed) -> ManifestFacts:
    """The channels that containers create before or beside others."""
    facts = ManifestFacts()
    for box in (*deployed.workload.first, *deployed.workload.boxes):
        parts = (*(box.command or ()), *(box.arguments or ()))
        if any("create" in part for part in parts):
            text = shell.after_c(parts) or " ".join(parts)
            calls = [replace(call, line=1) for call in shell.run(shell.parse(text), None, words_known(box.environment))]
            facts += created(calls, box.place.path, deployed.profile, box.place.line)
    return facts


def _hints(claim: Claim, keys: Iterable[str], services: Mapping[str, ServiceFact]) -> Iterator[RoleHint]:
    for key in keys:
        channel = claim.channel
        if channel is None:
            setting = services[key].environment.get(claim.variable)
            channel = End(claim.system, setting.value) if setting else None
        if channel is not None:
            yield RoleHint(key, channel, claim.role, claim.strength, claim.place)


def _with_pools(facts: ManifestFacts, documents: Mapping[str, Any]) -> ManifestFacts:
    """Clusters with the brokers and controllers that node pools give them."""
    pools = [told.pool for document in documents.values() for told in document.told if told.pool]
    if not pools:
        return facts
    channels = []
    for channel in facts.channels:
        own = [pool for pool in pools if channel.kind == "cluster" and pool[0] == channel.logical]
        if own:
            counts = {"brokers": sum(pool[1] for pool in own), "controllers": sum(pool[2] for pool in own)}
            channel = replace(channel, properties={**channel.properties, **counts})
        channels.append(channel)
    return replace(facts, channels=tuple(channels))
