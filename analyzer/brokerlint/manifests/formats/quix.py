"""Quix projects: ``quix.yaml`` deploys applications, folders with an ``app.yaml``; variables name their topics."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ChannelFact, End, Hole, ManifestFacts, RoleHint, ServiceFact, Setting, Text
from brokerlint.manifests.kafka_properties import whole
from brokerlint.manifests.templating import blanked
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import setting
from brokerlint.manifests.yaml_nodes import MISSING, Node, partial
from brokerlint.places import Diagnostic, Place

_ROLES = {"InputTopic": "consume", "OutputTopic": "produce"}


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment, or an application by itself; ``roles`` say for a variable whether its topic is read or written."""

    name: str
    application: str
    place: Place
    settings: Mapping[str, Setting]
    roles: Mapping[str, str]
    replicas: int | None = None
    entry: str = ""
    dockerfile: str = ""


@dataclass(frozen=True, slots=True)
class Quix:
    """What one file says: the project, or one application."""

    deployments: tuple[Deployment, ...] = ()
    topics: tuple[ChannelFact, ...] = ()
    application: Deployment | None = None
    diagnostics: tuple[Diagnostic, ...] = ()


def wants(path: str, head: bytes) -> bool:
    """``quix.yaml``, and an ``app.yaml`` that names typed variables or an entry point."""
    name = posixpath.basename(path)
    if name in ("app.yaml", "app.yml"):
        return b"inputType" in head or b"runEntryPoint" in head
    return name in ("quix.yaml", "quix.yml")


def read(path: str, text: str) -> Quix:
    """The deployments and topics of a project, or one application with the defaults of its variables."""
    documents, error = partial(blanked(text).text)
    if error is not None and not documents:
        raise error
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    document = documents[0] if documents else MISSING
    if posixpath.basename(path).startswith("app."):
        return Quix(application=_deployment(path, document, "defaultValue"), diagnostics=problems)
    deployments = [_deployment(path, one, "value") for one in document.get("deployments").elements()]
    return Quix(tuple(deployments), tuple(_topics(path, document)), None, problems)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """A service for each deployment, with the defaults of its application below its own variables."""
    applications = {
        posixpath.dirname(path): document.application
        for path, document in documents.items()
        if document.application is not None
    }
    facts = ManifestFacts()
    projects = [(path, one) for path, one in sorted(documents.items()) if one.deployments]
    for path, project in projects:
        for one in project.deployments:
            root = posixpath.normpath(posixpath.join(posixpath.dirname(path), one.application))
            facts += _facts(path, root, one, applications.get(root))
        facts += ManifestFacts(channels=project.topics)
    for root, one in sorted(applications.items()) if not projects else ():
        facts += _facts(one.place.path, root, one, None)
    return facts + ManifestFacts(diagnostics=tuple(p for document in documents.values() for p in document.diagnostics))


def dockerfiles(tree: Tree) -> frozenset[str]:
    """The Dockerfiles of applications."""
    return frozenset(
        posixpath.normpath(posixpath.join(posixpath.dirname(path), document.application.dockerfile or "dockerfile"))
        for path, document in tree.of("quix").items()
        if document.application is not None
    )


def _facts(path: str, root: str, deployment: Deployment, application: Deployment | None) -> ManifestFacts:
    below: Mapping[str, Setting] = application.settings if application else {}
    environment = {**below, **deployment.settings}
    roles = {**(application.roles if application else {}), **deployment.roles}
    entry = deployment.entry or (application.entry if application else "")
    key = f"{path}#{deployment.name}"
    service = ServiceFact(
        key,
        deployment.name,
        "quix",
        deployment.place,
        ("" if root == "." else root,),
        ("python", entry or "main.py"),
        environment=environment,
        properties={} if deployment.replicas is None else {"replicas_max": deployment.replicas},
    )
    hints = [
        RoleHint(key, End("kafka", environment[name].value), role, "may", environment[name].place)
        for name, role in roles.items()
    ]
    return ManifestFacts(services=(service,), hints=tuple(hints))


def _deployment(path: str, node: Node, value_key: str) -> Deployment:
    settings: dict[str, Setting] = {}
    roles: dict[str, str] = {}
    for one in node.get("variables").elements():
        name, kind, value = one.get("name").text, one.get("inputType").text, one.get(value_key)
        if not name or (value.is_null and value_key == "defaultValue"):
            continue
        place = Place(path, one.line)
        if kind in _ROLES:
            roles[name] = _ROLES[kind]
            settings[name] = Setting(Hole("template") if "__T" in value.text else Text(value.text), place)
        else:
            hidden = kind == "Secret" or "__T" in value.text
            settings[name] = Setting(Hole("secret"), place) if hidden else setting(name, Text(value.text), place)
    name = node.get("name").text
    return Deployment(
        name,
        node.get("application").text or name,
        Place(path, node.line, 0, f"deploys {name}"),
        settings,
        roles,
        whole(node.get("resources", "replicas").text),
        node.get("runEntryPoint").text,
        node.get("dockerfile").text,
    )


def _topics(path: str, document: Node) -> Iterator[ChannelFact]:
    for one in document.get("topics").elements():
        name = one.get("name").text
        if not name or "__T" in name:
            continue
        configuration = one.get("configuration")
        minutes = whole(configuration.get("retentionInMinutes").text)
        properties = {
            "partitions": whole(configuration.get("partitions").text),
            "replication_factor": whole(configuration.get("replicationFactor").text),
            "retention": minutes if minutes is None or minutes < 0 else minutes * 60,
        }
        known = {key: value for key, value in properties.items() if value is not None}
        place = Place(path, one.line, 0, f"declares {name}")
        yield ChannelFact(f"{path}#kafka/{name}", "kafka", "topic", Text(name), name, place, known)
