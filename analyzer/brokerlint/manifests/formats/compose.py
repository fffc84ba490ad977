"""Compose files: services built from the tree, with environment and command; broker containers and their topics.

Files are brought together as compose does it: ``extends``, override files, the project's ``.env`` for ``${...}``,
``env_file`` below ``environment``, both above what the image sets. Well-known products are infrastructure.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from brokerlint.manifests import shell
from brokerlint.manifests.bootstrap import created, topic
from brokerlint.manifests.brokers import Broker, cluster, created_topics
from brokerlint.manifests.compose_files import Build, ComposeFile, Container, Words, containers
from brokerlint.manifests.facts import ChannelFact, ManifestFacts, ServiceFact, Setting, Text, Value, Variable
from brokerlint.manifests.formats.dockerfile import Stage, joined_command
from brokerlint.manifests.formats.dotenv import beside, settings_of, values_of
from brokerlint.manifests.images import by_image_name, dockerfile_of
from brokerlint.manifests.layout import holds_python, layout, roots_of
from brokerlint.manifests.products import is_infrastructure, is_kafka
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import idles, only_prepares, runs_otherwise, runs_python, started, words_known
from brokerlint.manifests.sidecars import app_id
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import interpolated, setting, shown
from brokerlint.manifests.yaml_nodes import MISSING, partial
from brokerlint.places import Diagnostic

_NAMED = re.compile(r"(?:.*[._-])?(?:docker-)?(?:compose|stack)(?:[._-].*)?\.ya?ml\Z", re.IGNORECASE)
_SERVICES = re.compile(rb"^services\s*:", re.MULTILINE)
_CONTAINER = re.compile(rb"^[ \t]+(?:image|build)\s*:", re.MULTILINE)
_OTHERS = re.compile(
    rb"^(?:apiVersion|kind|AWSTemplateFormatVersion|Resources|openapi|swagger|asyncapi|provider)\s*:", re.MULTILINE
)
_BASES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Image:
    """Where an image comes from: context, Dockerfile and stage as far as known; ``ours`` if the tree builds it."""

    context: str
    dockerfile: str
    stage: Stage | None
    ours: bool


@dataclass(frozen=True, slots=True)
class Project:
    """The containers that one file deploys, after files were brought together, and what is put into their texts."""

    path: str
    profile: str
    containers: Mapping[str, Container]
    variables: Mapping[str, Value]

    @property
    def folder(self) -> str:
        """The folder that relative paths start from."""
        return posixpath.dirname(self.path)

    def text(self, text: str) -> str:
        """A text with its variables put in."""
        return shown(interpolated(text, self.variables))

    def words(self, words: Words | None) -> Words:
        """A command with its variables put in."""
        return tuple(self.text(word) for word in words or ())

    def outside(self, path: str) -> str:
        """A path as the file writes it, relative to the tree; the file's folder for one outside of the tree."""
        found = posixpath.normpath(posixpath.join(self.folder, self.text(path)))
        return self.folder if found.startswith("..") or "://" in path else "" if found == "." else found


def wants(path: str, head: bytes) -> bool:
    """Compose files by name; other YAML files by their ``services`` with images or builds."""
    name = posixpath.basename(path)
    if not name.endswith((".yml", ".yaml")) or _OTHERS.search(head):
        return False
    if _NAMED.match(name):
        return True
    return bool(_SERVICES.search(head) and _CONTAINER.search(head))


def read(path: str, text: str) -> ComposeFile:
    """The containers of one file."""
    documents, error = partial(text)
    if error is not None and not documents:
        raise error
    told = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    return ComposeFile(containers(path, documents[0] if documents else MISSING), told)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Services, clusters and topics of all compose files."""
    problems: list[Diagnostic] = [problem for file in documents.values() for problem in file.diagnostics]
    projects = _projects(documents, tree, problems)
    images = _images(projects)
    facts = ManifestFacts(diagnostics=tuple(problems))
    for project in projects:
        services = tuple(_services(project, images, tree))
        facts += ManifestFacts(services=services, channels=tuple(_clusters(project)))
        for container in project.containers.values():
            facts += _creations(project, container)
    return facts


def dockerfiles(tree: Tree) -> frozenset[str]:
    """The Dockerfiles whose images the compose files of the tree run."""
    projects = _projects(tree.of("compose"), tree, [])
    images = _images(projects)
    return frozenset(
        _built(project, container, images, tree).dockerfile
        for project in projects
        for container in project.containers.values()
    )


# --- Files brought together ---------------------------------------------------------------------------------------


def _projects(documents: Mapping[str, Any], tree: Tree, problems: list[Diagnostic]) -> list[Project]:
    """One project for each file that deploys something; override files are part of the file they change."""
    found: list[Project] = []
    for path, file in sorted(documents.items()):
        if not file.containers:
            continue
        base = _base(documents, path)
        if base is not None and _is_override(path):
            continue
        own = _extended_all(documents, path, problems)
        if base is not None and not _stands_alone(file):
            own = _on(_extended_all(documents, base, []), own)
        for other in sorted(documents) if base is None else ():
            if _is_override(other) and _base(documents, other) == path:
                own |= _on(own, _extended_all(documents, other, problems))
        settings = settings_of(tree, posixpath.join(posixpath.dirname(path), ".env"))
        found.append(Project(path, _profile(path), own, values_of(settings)))
    return found


def _on(below: Mapping[str, Container], above: Mapping[str, Container]) -> dict[str, Container]:
    """The containers of a further file, each on top of the one that it changes."""
    return {name: one.over(below[name]) if name in below else one for name, one in above.items()}


def _stands_alone(file: ComposeFile) -> bool:
    """Whether each container says what it runs, so that the file is no overlay."""
    return all(one.image or one.build or one.extends for one in file.containers.values())


def _base(documents: Mapping[str, Any], path: str) -> str | None:
    """The first file of the folder, which ``path`` is put on top of; None for the first file itself."""
    folder, name = posixpath.split(path)
    if name in _BASES:
        return None
    return next((one for one in (posixpath.join(folder, base) for base in _BASES) if one in documents), None)


def _is_override(path: str) -> bool:
    return ".override." in posixpath.basename(path)


def _profile(path: str) -> str:
    """A plain compose file is for developers, unless it stands alone for something else by its name."""
    return profile_of(path, "dev")


def _extended_all(documents: Mapping[str, Any], path: str, problems: list[Diagnostic]) -> dict[str, Container]:
    return {name: _extended(documents, path, one, problems) for name, one in documents[path].containers.items()}


def _extended(documents: Mapping[str, Any], path: str, container: Container, problems: list[Diagnostic]) -> Container:
    """The container with what it extends below it; a circle or a missing file ends the search with a diagnostic."""
    seen = {(path, container.name)}
    chain = [container]
    file = path
    while (wanted := chain[-1].extends) is not None:
        service, other = wanted
        file = posixpath.normpath(posixpath.join(posixpath.dirname(file), other)) if other else file
        base = documents[file].containers.get(service) if file in documents else None
        problem = ""
        if base is None:
            problem = f"extends {service} of {file}, which is not there"
        elif (file, service) in seen or len(chain) > _DEEPEST:
            problem = f"extends {service}, which extends this service in turn"
        if problem or base is None:
            problems.append(Diagnostic("manifest", chain[-1].place.path, chain[-1].place.line, problem))
            break
        seen.add((file, service))
        chain.append(base)
    whole = chain.pop()
    while chain:
        whole = chain.pop().over(whole)
    return whole


# --- Services -----------------------------------------------------------------------------------------------------


def _images(projects: Iterable[Project]) -> dict[str, tuple[Project, Build]]:
    """How the images that the tree builds are built, by name."""
    found: dict[str, tuple[Project, Build]] = {}
    for project in projects:
        for container in project.containers.values():
            if container.image and container.build is not None:
                found.setdefault(project.text(container.image), (project, container.build))
    return found


def _services(project: Project, images: Mapping[str, tuple[Project, Build]], tree: Tree) -> Iterator[ServiceFact]:
    for container in project.containers.values():
        fact = _service(project, container, images, tree)
        if fact is not None:
            yield fact


def _service(
    project: Project, container: Container, images: Mapping[str, tuple[Project, Build]], tree: Tree
) -> ServiceFact | None:
    """The container as a service; None when it is infrastructure."""
    image = _built(project, container, images, tree)
    mounts = [(project.outside(outside), inside) for outside, inside in container.mounts]
    mounts = [(outside, inside) for outside, inside in mounts if holds_python(tree, outside) or outside in tree.paths]
    if not image.ours and not mounts:
        return None
    place = layout(tree, image.context, image.stage, mounts, project.text(container.working_dir))
    environment = _environment(project, container, image.stage, tree)
    known = words_known(environment)
    given = _command(project, container, image.stage)
    command, entered = started(given, known, place, tree)
    roots = roots_of(place.entered(entered), known, image.context, image.dockerfile)
    if not image.ours and roots == ("",):
        roots = tuple(dict.fromkeys(_folder(tree, outside) for outside, _ in mounts))  # no more than it is given
    if not (_is_program(command, image.stage, roots, tree) if image.ours else runs_python(command)):
        return None
    for name, one in beside(tree, dict.fromkeys((*roots, image.context))).items():
        environment.setdefault(name, one)
    properties: dict[str, Any] = {}
    if container.replicas is not None:
        properties["replicas_max"] = container.replicas
    if only_prepares(given, known, place, tree):
        properties["tooling"] = True
    if called := _app_id(project, container):
        properties["app_id"] = called
    return ServiceFact(
        f"{project.path}#{container.name}",
        container.name,
        "compose",
        container.place.saying(f"deploys {container.name}"),
        roots,
        command,
        "",
        project.text(container.image),
        environment,
        profile_of(" ".join(container.profiles), project.profile),
        properties,
        (container.owner,) if container.owner else (),
    )


def _app_id(project: Project, container: Container) -> str:
    """What Dapr calls the container: by its own command, or by that of a sidecar in its network."""
    beside = [one for one in project.containers.values() if one.network_of == container.name]
    ids = [app_id((*project.words(one.entrypoint), *project.words(one.command))) for one in (container, *beside)]
    return next((one for one in ids if one), "")


def _folder(tree: Tree, path: str) -> str:
    return posixpath.dirname(path) if path in tree.paths else path


def _built(project: Project, container: Container, images: Mapping[str, tuple[Project, Build]], tree: Tree) -> Image:
    """The image of a container: built for itself, for another container, or by a Dockerfile that is called like it."""
    name = project.text(container.image)
    builder, build = (project, container.build) if container.build else images.get(name, (project, None))
    target, arguments = "", dict[str, str]()
    if build is not None:
        context = builder.outside(build.context)
        dockerfile = dockerfile_of(tree, context, builder.text(build.dockerfile)) or ""
        target = builder.text(build.target)
        arguments = {key: builder.text(value) for key, value in build.arguments.items()}
    else:
        dockerfile = (by_image_name(tree, name) if not is_infrastructure(name) else None) or ""
        context = posixpath.dirname(dockerfile)
    document = tree.of("dockerfile").get(dockerfile)
    stage = document.stage(target, arguments) if document else None
    return Image(context, dockerfile, stage, build is not None or stage is not None)


def _command(project: Project, container: Container, stage: Stage | None) -> Words:
    """Entry point and command as they hold in the end: an entry point of the file voids the image's command."""
    own = container.entrypoint is not None
    entrypoint = project.words(container.entrypoint) if own else stage.entrypoint if stage else ()
    if container.command is not None:
        command = project.words(container.command)
    else:
        command = stage.command if stage and not own else ()
    return joined_command(entrypoint, command)


def _environment(project: Project, container: Container, stage: Stage | None, tree: Tree) -> dict[str, Setting]:
    """The variables of a container: the image's, below those of its files, below its own."""
    found: dict[str, Setting] = dict(stage.environment) if stage else {}
    for file in container.env_files:
        for name, one in settings_of(tree, project.outside(file)).items():
            found[name] = one
    for name, one in container.environment.items():
        found[name] = _resolved(project, name, one)
    return found


def _resolved(project: Project, name: str, one: Setting) -> Setting:
    if isinstance(one.value, Text):
        return setting(name, interpolated(one.value.text, project.variables), one.place)
    if isinstance(one.value, Variable):
        return setting(name, project.variables.get(one.value.name, one.value), one.place)
    return one


def _is_program(command: Words, stage: Stage | None, roots: tuple[str, ...], tree: Tree) -> bool:
    """Whether the container runs code of the tree, rather than a product that is configured here."""
    if runs_python(command):
        return True
    if idles(command) or not any(holds_python(tree, root) for root in roots):
        return False
    if stage is None:
        return not command and roots != ("",)
    return not is_infrastructure(stage.base) and stage.python and not runs_otherwise(command)


# --- Brokers and what is created in them --------------------------------------------------------------------------


def _clusters(project: Project) -> Iterator[ChannelFact]:
    brokers = []
    for container in project.containers.values():
        image = project.text(container.image)
        settings = {name: _resolved(project, name, one) for name, one in container.environment.items()}
        if is_kafka(image) and not _only_prepares(project, container):
            brokers.append(Broker(container.name, image, settings, container.place, container.has_volumes))
        for name, properties, place in created_topics(settings):
            yield topic(name, place, project.profile, properties)
    if brokers:
        yield cluster(brokers, project.profile)


def _only_prepares(project: Project, container: Container) -> bool:
    """Whether a container of a broker's image only creates topics."""
    text = " ".join((*project.words(container.entrypoint), *project.words(container.command)))
    starts = re.search(r"kafka-server-start|/etc/confluent/docker/run|redpanda[\s,]+start|start-kafka", text)
    return ("kafka-topics" in text and not starts) or bool(re.search(r"\brpk\s+topic", text) and not starts)


def _creations(project: Project, container: Container) -> ManifestFacts:
    """The channels that a container's command or health check creates."""
    facts = ManifestFacts()
    words = (*project.words(container.entrypoint), *project.words(container.command))
    health, line = container.health or ((), 0)
    for parts, at in ((words, container.command_line), (project.words(health), line)):
        text = " ".join(parts)
        if "create" not in text or not at:
            continue
        inner = shell.after_c(parts) or (parts[-1] if parts[:1] == ("CMD-SHELL",) else text)
        calls = shell.run(shell.parse(inner), None, words_known(container.environment))
        facts += created([replace(call, line=1) for call in calls], project.path, project.profile, at)
    return facts
