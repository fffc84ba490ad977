"""Zappa and Chalice: settings of Python applications that are deployed as Lambda functions, stage by stage."""

from __future__ import annotations

import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from brokerlint.manifests.facts import End, LinkFact, ManifestFacts, Reference, ServiceFact, Setting, Text
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.tree import ManifestError, Tree
from brokerlint.manifests.values import interpolated, setting
from brokerlint.manifests.yaml_nodes import Node, documents
from brokerlint.places import Place

_ARN = re.compile(r"arn:[\w-]*:(sqs|sns|kinesis|dynamodb|s3|kafka|events):")


@dataclass(frozen=True, slots=True)
class Stages:
    """The services and links of one file."""

    facts: ManifestFacts


def wants(path: str, head: bytes) -> bool:
    """``zappa_settings.json|toml|yaml`` and ``.chalice/config.json``."""
    name = posixpath.basename(path)
    return (name.startswith("zappa_settings.") and name.endswith((".json", ".toml", ".yaml", ".yml"))) or (
        path.endswith(".chalice/config.json")
    )


def read(path: str, text: str) -> Stages:
    """The stages of a file: each is a service."""
    found = documents(_as_yaml(text) if path.endswith(".toml") else text)
    facts = ManifestFacts()
    for document in found[:1]:
        make = _chalice if path.endswith(".chalice/config.json") else _zappa
        for one in make(path, document):
            facts += one
    return Stages(facts)


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """The services and links of all files."""
    facts = ManifestFacts()
    for _, document in sorted(documents.items()):
        facts += document.facts
    return facts


def _zappa(path: str, document: Node) -> Iterator[ManifestFacts]:
    folder = posixpath.dirname(path)
    project = next((node.get("project_name").text for _, node in document.items() if node.get("project_name")), "")
    for stage, node in document.items():
        if not node.is_mapping:
            continue
        base = document.get(node.get("extends").text)
        function = node.get("app_function").text or base.get("app_function").text
        name = project or posixpath.basename(folder) or "app"
        place = Place(path, document.line_of(stage), 0, f"deploys {name} as {stage}")
        key = f"{path}#{stage}"
        variables = {
            **_settings(path, base.get("environment_variables")),
            **_settings(path, base.get("aws_environment_variables")),
            **_settings(path, node.get("environment_variables")),
            **_settings(path, node.get("aws_environment_variables")),
        }
        service = ServiceFact(
            key, name, "lambda", place, (folder,), (), _handler(function), environment=variables,
            profile=profile_of(stage),
        )  # fmt: skip
        links = tuple(
            link for one in (base, node) for event in one.get("events").elements() for link in _event(path, key, event)
        )
        yield ManifestFacts(services=(service,), links=links)


def _event(path: str, key: str, event: Node) -> Iterator[LinkFact]:
    source = event.get("event_source")
    arn = source.get("arn").text
    system = _ARN.match(arn)
    if not system:
        return
    properties: dict[str, Any] = {}
    if isinstance(source.get("batch_size").plain(), int):
        properties["batch_size"] = source.get("batch_size").plain()
    if isinstance(source.get("enabled").plain(), bool):
        properties["enabled"] = source.get("enabled").plain()
    target = End("service", Reference(key))
    place = Place(path, event.line, 0, f"calls {event.get('function').text}")
    yield LinkFact("event_source_mapping", End(system[1], interpolated(arn, {})), target, place, properties)


def _chalice(path: str, document: Node) -> Iterator[ManifestFacts]:
    root = posixpath.dirname(posixpath.dirname(path))
    name = document.get("app_name").text or posixpath.basename(root) or "app"
    for stage, node in document.get("stages").items():
        place = Place(path, document.get("stages").line_of(stage), 0, f"deploys {name} as {stage}")
        variables = {
            **_settings(path, document.get("environment_variables")),
            **_settings(path, node.get("environment_variables")),
        }
        for _, function in node.get("lambda_functions").items():
            for variable, one in _settings(path, function.get("environment_variables")).items():
                variables.setdefault(variable, one)
        yield ManifestFacts(
            services=(
                ServiceFact(
                    f"{path}#{stage}", name, "lambda", place, (root,), (), "app.app", environment=variables,
                    profile=profile_of(stage),
                ),
            )
        )  # fmt: skip


def _settings(path: str, node: Node) -> dict[str, Setting]:
    return {name: setting(name, Text(value.text), Place(path, node.line_of(name))) for name, value in node.items()}


def _handler(function: str) -> str:
    """``package.module.app`` as a handler: path of the module, then the object."""
    module, _, name = function.rpartition(".")
    return f"{module.replace('.', '/')}.{name}" if module else ""


def _as_yaml(text: str) -> str:
    """TOML as JSON, which is YAML; lines are lost."""
    import json

    try:
        return json.dumps(tomllib.loads(text), default=str)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise ManifestError(1, f"is not valid TOML: {error}") from error
