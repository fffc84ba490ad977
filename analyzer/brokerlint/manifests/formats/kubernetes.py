"""Kubernetes and OpenShift: workloads with their variables, config maps, templates with parameters, messaging objects.

Several documents of one kind and name are overlays: what an environment's folder says is put on top of the base, and
each environment is a deployment of its own.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.deployments import deployments
from brokerlint.manifests.facts import Hole, ManifestFacts, Setting, Text, Value, Variable
from brokerlint.manifests.images import build_of
from brokerlint.manifests.operators import Told, clowder_topics, told
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.templating import Blanked, blanked, resolved
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import interpolated, setting
from brokerlint.manifests.workloads import ConfigMap, Texts, Workload, clowdapp, config_map, objects, workload
from brokerlint.manifests.yaml_nodes import Node, partial
from brokerlint.places import Diagnostic, Place

_API = re.compile(rb"^[ \t\"-]*apiVersion\"?[ \t]*:", re.MULTILINE)
_KIND = re.compile(rb"^[ \t\"-]*kind\"?[ \t]*:", re.MULTILINE)
_TYPED = re.compile(r"\$\{\{(\w+)\}\}")
_KUSTOMIZATION = re.compile(r"kustomization\.ya?ml\Z|Kustomization\Z")


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """The objects of one file that matter here."""

    workloads: tuple[Workload, ...] = ()
    config_maps: tuple[ConfigMap, ...] = ()
    told: tuple[Told, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def commands(self) -> Iterator[tuple[str, ...]]:
        """What the containers run."""
        for one in self.workloads:
            for box in (*one.boxes, *one.first):
                yield (*(box.command or ()), *(box.arguments or ()))


def wants(path: str, head: bytes) -> bool:
    """YAML and JSON files with an API version and a kind; templates of charts belong to another format."""
    if not path.endswith((".yml", ".yaml", ".json", ".yml.j2", ".yaml.j2")):
        return False
    if "/templates/" in f"/{path}" and b"{{" in head:
        return False
    return bool(_API.search(head) and _KIND.search(head)) or bool(_KUSTOMIZATION.search(path))


def read(path: str, text: str) -> Kubernetes:
    """The objects of a file, those before a mistake where it has one."""
    plain = blanked(text)
    documents, error = partial(plain.text)
    if error is not None and not documents:
        raise error
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    return of_documents(path, documents, lambda document: _texts(document, plain), problems)


def of_documents(path: str, documents: list[Node], texts_of: Any, problems: tuple[Diagnostic, ...] = ()) -> Kubernetes:
    """The objects of parsed documents; ``texts_of`` gives for a document how its texts are resolved."""
    workloads: list[Workload] = []
    maps: list[ConfigMap] = []
    tellings: list[Told] = []
    profile = profile_of(path)
    for document in documents:
        texts: Texts = texts_of(document)
        maps += _generated(path, document)
        for node in objects(document):
            if node.get("kind").text == "ClowdApp":
                workloads += clowdapp(path, node, texts)
                tellings.append(Told(ManifestFacts(channels=tuple(clowder_topics(path, node, texts, profile)))))
            elif (one := workload(path, node, texts)) is not None:
                workloads.append(one)
            elif (variables := config_map(path, node, texts)) is not None:
                maps.append(variables)
            if (telling := told(path, node, texts, profile)) is not None:
                tellings.append(telling)
    return Kubernetes(tuple(workloads), tuple(maps), tuple(tellings), problems)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Services with their variables, channels and links of all files."""
    return deployments(documents, tree)


def dockerfiles(tree: Tree) -> frozenset[str]:
    """The Dockerfiles that seem to build the images of workloads."""
    return frozenset(
        found[1]
        for document in tree.of("kubernetes").values()
        for one in document.workloads
        for box in one.boxes
        if (found := build_of(tree, box.image, one.name, one.place.path, bool(one.app))) is not None
    )


def _texts(document: Node, plain: Blanked) -> Texts:
    """Parameters of an OpenShift template, ``${NAME}`` of other tools, placeholders of template languages."""
    parameters: dict[str, Value] = {}
    for one in document.get("parameters").elements() if document.get("kind").text == "Template" else ():
        name, value = one.get("name").text, one.get("value")
        parameters[name] = Variable(name, Text(value.text) if value.kind == "scalar" and value.text else None)

    def texts(text: str) -> Value:
        if "__T" in text:
            return resolved(text, plain.expressions, Hole)
        return interpolated(_TYPED.sub(r"${\1}", text), parameters)

    return texts


def _generated(path: str, document: Node) -> Iterator[ConfigMap]:
    """The config maps that a kustomization makes of literals and of files of variables."""
    for one in document.get("configMapGenerator").elements():
        settings: dict[str, Setting] = {}
        for literal in one.get("literals").elements():
            name, sign, value = literal.text.partition("=")
            if sign:
                settings[name] = setting(name, Text(value.strip("'\"")), Place(path, literal.line))
        files = [element.text for element in one.get("envs").elements()] + [one.get("env").text]
        folder = posixpath.dirname(path)
        yield ConfigMap(
            one.get("name").text,
            settings,
            tuple(posixpath.normpath(posixpath.join(folder, file)) for file in files if file),
        )
