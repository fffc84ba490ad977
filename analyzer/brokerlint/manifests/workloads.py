"""Kubernetes objects that run containers or hold their variables, as one file has them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from brokerlint.manifests.facts import Hole, Setting, Text, Value
from brokerlint.manifests.kafka_properties import whole
from brokerlint.manifests.values import NOT_KEPT, setting, shown
from brokerlint.manifests.yaml_nodes import Node
from brokerlint.places import Place

Texts: TypeAlias = Callable[[str], Value]
"""How a file's own placeholders are put into a text: parameters of a template, values of a chart."""

LEFT_OUT = "!left-out"
"""The tag of a value that was left out where its file was read."""

_POD_PATHS: Mapping[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "Rollout", "DeploymentConfig", "Service"),
        ("spec", "template", "spec"),
    ),
    "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    "ScaledJob": ("spec", "jobTargetRef", "template", "spec"),
    "Pod": ("spec",),
}


@dataclass(frozen=True, slots=True)
class Source:
    """``envFrom``: all variables of a config map, with a prefix."""

    config_map: str
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Box:
    """One container of a pod. ``command`` replaces the image's entry point, ``arguments`` its command; None: not given.

    ``references`` are variables taken from a key of a config map: (config map, key) by variable.
    """

    name: str
    image: str
    place: Place
    command: tuple[str, ...] | None = None
    arguments: tuple[str, ...] | None = None
    working_dir: str = ""
    environment: Mapping[str, Setting] = field(default_factory=dict)
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()


_PLAIN_FOLDERS = frozenset("templates chart charts helm k8s kubernetes deploy deployment manifests base".split())
"""Folders that hold manifests whatever they are of."""


@dataclass(frozen=True, slots=True)
class Workload:
    """An object whose pods run containers, of the application ``app``; ``platform`` is kubernetes or clowdapp."""

    kind: str
    name: str
    place: Place
    boxes: tuple[Box, ...]
    first: tuple[Box, ...] = ()
    """The containers that run before the others start."""
    replicas: int | None = None
    owner: str = ""
    app: str = ""
    platform: str = "kubernetes"
    app_id: str = ""
    """What the Dapr sidecar calls it."""


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """Variables by name, as a ``ConfigMap`` (or the readable part of a ``Secret``) holds them; ``files`` of variables
    come below its own."""

    name: str
    settings: Mapping[str, Setting]
    files: tuple[str, ...] = ()


def objects(document: Node) -> Iterator[Node]:
    """The objects of a document: itself, the items of a ``List``, the objects of a ``Template``."""
    for key in ("items", "objects"):
        if document.get("kind").text in ("List", "Template") and document.get(key):
            for element in document.get(key).elements():
                yield from objects(element)
            return
    if document.get("kind").text and document.get("apiVersion"):
        yield document


def name_of(node: Node, texts: Texts) -> str:
    """The name in an object's metadata, without placeholders that nothing fills."""
    text = shown(texts(node.get("metadata", "name").text))
    return re.sub(r"\$\{[^}]*\}", "", text).strip("-_.") or text


def workload(path: str, node: Node, texts: Texts) -> Workload | None:
    """The workload that an object is; None when it runs no containers."""
    kind = node.get("kind").text
    pod = node.get(*_POD_PATHS[kind]) if kind in _POD_PATHS else None
    if pod is None or not pod.get("containers"):
        return None
    name = name_of(node, texts)
    return Workload(
        kind,
        name if re.search(r"\w", name) else _of_folder(path),
        Place(path, node.line),
        tuple(box(path, one, texts) for one in pod.get("containers").elements()),
        tuple(box(path, one, texts) for one in pod.get("initContainers").elements()),
        _number(node.get("spec", "replicas"), texts),
        _owner(node),
        app_id=shown(texts(node.get(*_POD_PATHS[kind][:-1], "metadata", "annotations", "dapr.io/app-id").text)),
    )


def _of_folder(path: str) -> str:
    """What to call an object of which a run tells the name: as its chart's folder."""
    folders = [one for one in posixpath.dirname(path).split("/") if one not in _PLAIN_FOLDERS]
    return folders[-1] if folders and folders[-1] else posixpath.basename(path).partition(".")[0]


def clowdapp(path: str, node: Node, texts: Texts) -> Iterator[Workload]:
    """The deployments and jobs of a ``ClowdApp``."""
    app = name_of(node, texts)
    for key in ("deployments", "jobs"):
        for one in node.get("spec", key).elements():
            pod = one.get("podSpec")
            name = shown(texts(one.get("name").text))
            main = box(path, pod, texts, name)
            first = tuple(box(path, each, texts) for each in pod.get("initContainers").elements())
            yield Workload(
                "CronJob" if one.get("schedule") else "Job" if key == "jobs" else "Deployment",
                name,
                Place(path, one.line),
                (main,),
                first,
                _number(one.get("replicas") or one.get("minReplicas"), texts),
                app=app,
                platform="clowdapp",
            )


def config_map(path: str, node: Node, texts: Texts) -> ConfigMap | None:
    """The variables of a ``ConfigMap``, or those of a ``Secret`` that are written plainly."""
    data = {"ConfigMap": "data", "Secret": "stringData"}.get(node.get("kind").text)
    if data is None or not node.get(data):
        return None
    secret = data == "stringData"
    settings = {
        name: _set(name, value, texts, Place(path, node.get(data).line_of(name)))
        for name, value in node.get(data).items()
        if not (secret and "\n" in value.text)
    }
    return ConfigMap(name_of(node, texts), settings)


def box(path: str, node: Node, texts: Texts, name: str = "") -> Box:
    """One container as a pod describes it."""
    environment: dict[str, Setting] = {}
    references: dict[str, tuple[str, str]] = {}
    for one in node.get("env").elements():
        variable = one.get("name").text
        reference = one.get("valueFrom", "configMapKeyRef")
        if variable and reference:
            references[variable] = (shown(texts(reference.get("name").text)), reference.get("key").text)
        elif variable:
            environment[variable] = _variable(path, variable, one, texts, environment)
    if node.get("env").is_mapping:
        environment |= {
            variable: _set(variable, value, texts, Place(path, node.get("env").line_of(variable)))
            for variable, value in node.get("env").items()
            if value.kind == "scalar"
        }
    sources = [
        Source(shown(texts(one.get("configMapRef", "name").text)), one.get("prefix").text)
        for one in node.get("envFrom").elements()
        if one.get("configMapRef")
    ]
    return Box(
        name or node.get("name").text,
        shown(texts(node.get("image").text)),
        Place(path, node.line),
        words(node.get("command"), texts),
        words(node.get("args"), texts),
        node.get("workingDir").text,
        environment,
        references,
        tuple(sources),
    )


def words(node: Node, texts: Texts) -> tuple[str, ...] | None:
    """A list of words; None when absent."""
    if node.is_sequence:
        return tuple(shown(texts(element.text)) for element in node.elements())
    return (shown(texts(node.text)),) if node.text else None


def _variable(path: str, name: str, node: Node, texts: Texts, before: Mapping[str, Setting]) -> Setting:
    place = Place(path, node.line)
    secret = node.get("valueFrom", "secretKeyRef")
    if secret:
        return Setting(Hole(f"secret {secret.get('name').text}"), place, "partial")
    if node.get("valueFrom"):
        return Setting(Hole("set by the platform"), place, "partial")
    value = NOT_KEPT if node.get("value").tag == LEFT_OUT else texts(node.get("value").text)
    if isinstance(value, Text) and "$(" in value.text:
        for known, one in before.items():
            if f"$({known})" in value.text and one.value != NOT_KEPT:
                value = Text(value.text.replace(f"$({known})", shown(one.value)))
    return setting(name, value, place)


def _set(name: str, node: Node, texts: Texts, place: Place) -> Setting:
    return Setting(NOT_KEPT, place) if node.tag == LEFT_OUT else setting(name, texts(node.text), place)


def _number(node: Node, texts: Texts) -> int | None:
    return whole(shown(texts(node.text))) if node.text else None


def _owner(node: Node) -> str:
    labels = node.get("metadata", "labels")
    return next((labels.get(key).text for key in ("team", "owner", "app.kubernetes.io/owner") if labels.get(key)), "")
