"""Dapr: components that stand for brokers, subscriptions, and the applications of a multi-app run file.

Source: Dapr's references of component specs, of the Subscription resource and of the multi-app run template.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import ComponentFact, ManifestFacts, ServiceFact, Setting, SubscriptionFact, Text
from brokerlint.manifests.formats.dotenv import beside
from brokerlint.manifests.layout import holds_python, layout
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.programs import runs_otherwise, runs_python, started, words_known
from brokerlint.manifests.templating import blanked
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import setting
from brokerlint.manifests.workloads import objects
from brokerlint.manifests.yaml_nodes import Node, partial
from brokerlint.places import Diagnostic, Place

_API = re.compile(rb"^[ \t\"-]*apiVersion\"?[ \t]*:[ \t]*\"?dapr\.io/", re.MULTILINE)
_APPS = re.compile(rb"^apps[ \t]*:", re.MULTILINE)

_SYSTEMS = {"pubsub.kafka": "kafka", "pubsub.aws.snssqs": "sns"}
"""What topics of a component are; of other brokers nothing more is known."""

_BINDINGS = {
    "bindings.kafka": ("kafka", "topics", "publishTopic"),
    "bindings.aws.sqs": ("sqs", "queueName", "queueName"),
    "bindings.aws.kinesis": ("kinesis", "streamName", "streamName"),
    "bindings.aws.sns": ("sns", "", "topicArn"),
}
"""By type: the system, and the metadata that name what is read and what is written."""


@dataclass(frozen=True, slots=True)
class App:
    """An application of a run file, with its folder relative to the tree."""

    name: str
    folder: str
    command: tuple[str, ...]
    settings: Mapping[str, Setting]
    place: Place


@dataclass(frozen=True, slots=True)
class Dapr:
    """What one file says."""

    components: tuple[ComponentFact, ...] = ()
    subscriptions: tuple[SubscriptionFact, ...] = ()
    apps: tuple[App, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()

    def commands(self) -> Iterator[tuple[str, ...]]:
        """What the applications run."""
        for app in self.apps:
            yield app.command


def wants(path: str, head: bytes) -> bool:
    """YAML files with objects of Dapr, and its run files."""
    if not path.endswith((".yaml", ".yml")):
        return False
    return _API.search(head) is not None or (_APPS.search(head) is not None and b"appID" in head)


def read(path: str, text: str) -> Dapr:
    """The components, subscriptions and applications of a file."""
    documents, error = partial(blanked(text).text)
    if error is not None and not documents:
        raise error
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    components: list[ComponentFact] = []
    subscriptions: list[SubscriptionFact] = []
    apps: list[App] = []
    for document in documents:
        for node in objects(document):
            if not node.get("apiVersion").text.startswith("dapr.io/"):
                continue
            if node.get("kind").text == "Component":
                components += _component(path, node)
            elif node.get("kind").text == "Subscription":
                subscriptions += _subscription(path, node)
        apps += _apps(path, document)
    return Dapr(tuple(components), tuple(subscriptions), tuple(apps), problems)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """Components, subscriptions, and a service for each application that a run file starts."""
    facts = ManifestFacts()
    for _, document in sorted(documents.items()):
        services = tuple(fact for app in document.apps if (fact := _service(app, tree)) is not None)
        facts += ManifestFacts(
            services,
            diagnostics=document.diagnostics,
            components=document.components,
            subscriptions=document.subscriptions,
        )
    return facts


# --- Components and subscriptions ---------------------------------------------------------------------------------


def _component(path: str, node: Node) -> Iterator[ComponentFact]:
    name, kind = _plain(node.get("metadata", "name")), node.get("spec", "type").text
    metadata = {one.get("name").text: _plain(one.get("value")) for one in node.get("spec", "metadata").elements()}
    place = Place(path, node.line, 0, f"declares the component {name}")
    scopes = _scopes(node)
    group = _group(metadata.get("consumerGroup") or metadata.get("consumerID") or "")
    if not name:
        return
    if kind.startswith("pubsub."):
        yield ComponentFact(name, "pubsub", _SYSTEMS.get(kind, ""), place, group=group, scopes=scopes)
    elif kind in _BINDINGS:
        system, read, written = _BINDINGS[kind]
        reads = tuple(one.strip() for one in metadata.get(read, "").split(",") if one.strip())
        writes = (metadata[written],) if metadata.get(written) else ()
        yield ComponentFact(name, "binding", system, place, reads, writes, group, scopes)


def _subscription(path: str, node: Node) -> Iterator[SubscriptionFact]:
    spec = node.get("spec")
    topic = _plain(spec.get("topic"))
    routes = [rule.get("path").text for rule in spec.get("routes", "rules").elements()]
    routes += [spec.get("routes", "default").text, spec.get("route").text]
    if topic:
        place = Place(path, node.line, 0, f"subscribes to {topic}")
        routes = [route for route in routes if route]
        yield SubscriptionFact(_plain(spec.get("pubsubname")), topic, place, tuple(routes), _scopes(node))


def _plain(node: Node) -> str:
    """A text; "" for one that a template fills."""
    return "" if "__T" in node.text else node.text


def _group(text: str) -> str:
    """A group as a glob: ``{namespace}``, ``{appID}``, ``{uuid}`` are put in where it runs."""
    return re.sub(r"\{\w+\}", "*", text)


def _scopes(node: Node) -> tuple[str, ...]:
    return tuple(one.text for one in node.get("scopes").elements() if one.text)


# --- Applications -------------------------------------------------------------------------------------------------


def _apps(path: str, document: Node) -> Iterator[App]:
    common = dict(_settings(path, document.get("common", "env")))
    for one in document.get("apps").elements():
        folder = posixpath.normpath(posixpath.join(posixpath.dirname(path), one.get("appDirPath").text or "."))
        words = one.get("command")
        command = tuple(word.text for word in words.elements()) if words.is_sequence else tuple(words.text.split())
        name = one.get("appID").text or posixpath.basename(folder)
        if name and not folder.startswith(("..", "/")):
            settings = {**common, **dict(_settings(path, one.get("env")))}
            place = Place(path, one.line, 0, f"starts {name}")
            yield App(name, "" if folder == "." else folder, command, settings, place)


def _settings(path: str, node: Node) -> Iterator[tuple[str, Setting]]:
    for name, value in node.items():
        if value.kind == "scalar":
            yield name, setting(name, Text(value.text), Place(path, node.line_of(name)))


def _service(app: App, tree: Tree) -> ServiceFact | None:
    """The application as a service; None when it runs no Python code."""
    environment = {**beside(tree, (app.folder,)), **app.settings}
    place = layout(tree, app.folder, None, ((app.folder, "/"),))
    command, entered = started(app.command, words_known(environment), place, tree)
    if not runs_python(command) and (runs_otherwise(command) or not holds_python(tree, app.folder)):
        return None
    root = place.folder(place.entered(entered).workdir)
    return ServiceFact(
        f"{app.place.path}#{app.name}",
        app.name,
        "dapr",
        app.place,
        (app.folder if root is None else root,),
        command,
        environment=environment,
        profile=profile_of(app.place.path, "dev"),
        properties={"app_id": app.name},
    )
