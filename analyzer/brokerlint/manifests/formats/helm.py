"""Helm charts: templates with the chart's values put in, one deployment for each environment with values of its own.

Values files of services whose chart is kept elsewhere are read by themselves where they tell an image and variables.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from brokerlint.manifests.charts import Chart, described, spliced
from brokerlint.manifests.deployments import deployments
from brokerlint.manifests.facts import ManifestFacts, Text, Value
from brokerlint.manifests.formats.kubernetes import Kubernetes, of_documents
from brokerlint.manifests.images import build_of
from brokerlint.manifests.privacy import keeps, secret
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.templating import Blanked, blanked, resolved
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import interpolated
from brokerlint.manifests.workloads import LEFT_OUT, Workload, box
from brokerlint.manifests.yaml_nodes import MISSING, Node, partial
from brokerlint.places import Diagnostic, Place

_VALUES = re.compile(r"(?:.*[._-])?values(?:[._-].*)?\.ya?ml\Z")
_VARIABLES = ("env", "envVars", "extraEnv", "extraEnvVars", "environment", "data", "stringData", "config")


@dataclass(frozen=True, slots=True)
class HelmFile:
    """One file of a chart: its ``role`` is chart, values or template."""

    role: str
    documents: tuple[Node, ...]
    plain: Blanked
    diagnostics: tuple[Diagnostic, ...] = ()

    def commands(self) -> Iterator[tuple[str, ...]]:
        """The words of commands and arguments, as written."""
        for document in self.documents:
            for node in document.walk():
                for key in ("command", "args"):
                    if node.get(key).is_sequence:
                        yield tuple(element.text for element in node.get(key).elements())


def wants(path: str, head: bytes) -> bool:
    """``Chart.yaml``, values files, and templated files below ``templates``."""
    name = posixpath.basename(path)
    if not name.endswith((".yaml", ".yml")):
        return False
    if "/templates/" in f"/{path}":
        return b"{{" in head and b"kind" in head
    in_folder = posixpath.basename(posixpath.dirname(path)) == "values" and b"image" in head
    return name in ("Chart.yaml", "Chart.yml") or _VALUES.match(name) is not None or in_folder


def read(path: str, text: str) -> HelmFile:
    """One file, with the values of variables that must not be kept left out."""
    template = "/templates/" in f"/{path}"
    role = "template" if template else "chart" if posixpath.basename(path).startswith("Chart.") else "values"
    plain = blanked(text)
    documents, error = partial(plain.text)
    if error is not None and not documents:
        raise error
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    kept = tuple(_private(one) for one in documents)
    return HelmFile(role, kept, Blanked("", plain.expressions, plain.lines), problems)


def _private(node: Node, name: str = "", variables: bool = False) -> Node:
    """The node without values that must not be kept; below ``env`` and the like only telling ones are."""
    if node.is_mapping:
        own = node.get("name").text if variables else ""
        pairs = []
        for key, value in node.pairs:
            called = own if own and key.text == "value" else key.text
            pairs.append((key, _private(value, called, variables or key.text in _VARIABLES)))
        return replace(node, pairs=tuple(pairs), repeated=())
    if node.is_sequence:
        return replace(node, children=tuple(_private(child, name, variables) for child in node.children))
    if not node.text or node.text.startswith("__T") or name in ("name", "key"):
        return node
    hidden = not keeps(name, node.text) if variables else secret(name, node.text)
    return Node("scalar", node.line, LEFT_OUT) if hidden else node


def join(documents: Mapping[str, Any], tree: Tree) -> ManifestFacts:
    """The facts of every chart in each of its environments, and of values without a chart."""
    facts = ManifestFacts(diagnostics=tuple(one for file in documents.values() for one in file.diagnostics))
    for files, values_path, profile in _environments(documents):
        facts += _placed(deployments(files, tree), values_path, profile)
    return facts


def dockerfiles(tree: Tree) -> frozenset[str]:
    """The Dockerfiles that seem to build the images of charts."""
    return frozenset(
        found[1]
        for files, _, _ in _environments(tree.of("helm"))
        for file in files.values()
        for one in file.workloads
        for each in one.boxes
        if (found := build_of(tree, each.image, one.name, one.place.path)) is not None
    )


def _environments(documents: Mapping[str, Any]) -> Iterator[tuple[dict[str, Kubernetes], str, str]]:
    """Objects by file, the values file that makes the difference, and the environment it is for."""
    used: set[str] = set()
    for folder in sorted({_chart_folder(path) for path, file in documents.items() if file.role == "template"}):
        values = [path for path, file in documents.items() if file.role == "values" and _below(path, folder)]
        base = [path for path in values if re.fullmatch(r"values\.ya?ml", posixpath.basename(path))]
        special = {path: profile_of(posixpath.basename(path)) for path in values if path not in base}
        special = {path: profile for path, profile in special.items() if profile != "unknown"}
        used |= set(values)
        for path, profile in special.items() or [("", "unknown")]:
            nodes = [documents[one].documents[0] for one in (path, *base) if one and documents[one].documents]
            yield _rendered(documents, folder, Chart(_chart_name(documents, folder), tuple(nodes))), path, profile
    for path, file in sorted(documents.items()):
        if file.role == "values" and path not in used and file.documents:
            found = tuple(_described(path, file.documents[0]))
            if found:
                yield {path: Kubernetes(found)}, "", "unknown"


def _rendered(documents: Mapping[str, Any], folder: str, chart: Chart) -> dict[str, Kubernetes]:
    """The objects of the chart's templates with the chart's values."""
    found: dict[str, Kubernetes] = {}
    for path, file in documents.items():
        if file.role == "template" and _chart_folder(path) == folder:
            expressions = file.plain.expressions

            def texts(text: str, expressions: tuple[str, ...] = expressions) -> Value:
                return resolved(text, expressions, chart.value) if "__T" in text else Text(text)

            nodes = [spliced(document, file.plain, chart) for document in file.documents]
            found[path] = of_documents(path, nodes, lambda _, texts=texts: texts)
    return found


def _described(path: str, values: Node) -> Iterator[Workload]:
    """Workloads that a values file describes without a template."""
    stem = re.sub(r"\.ya?ml\Z", "", posixpath.basename(path))
    named = stem if "values" not in stem else posixpath.basename(posixpath.dirname(path))
    for name, node in described(values, named):
        image = node.get("image").get("repository").text or node.get("image").text
        env = next((node.get(key) for key in ("env", "envVars", "extraEnv", "environment") if node.get(key)), MISSING)
        key = Node("scalar", node.line, text="env")
        whole = replace(node, pairs=(*(pair for pair in node.pairs if pair[0].text != "env"), (key, env)))
        one = replace(box(path, whole, lambda text: interpolated(text, {}), name), image=image)
        yield Workload("Deployment", name, Place(path, node.line), (one,))


def _placed(facts: ManifestFacts, values_path: str, profile: str) -> ManifestFacts:
    """The facts as those of one environment, placed at the values that make it."""
    if not values_path:
        return facts
    services = tuple(
        replace(one, key=f"{one.key}@{profile}", profile=profile, place=Place(values_path, 1, 0, one.place.text))
        for one in facts.services
    )
    channels = tuple(replace(one, key=f"{one.key}@{profile}", profile=profile) for one in facts.channels)
    hints = tuple(replace(one, service=f"{one.service}@{profile}") for one in facts.hints)
    return replace(facts, services=services, channels=channels, hints=hints)


def _chart_folder(path: str) -> str:
    return f"/{path}".partition("/templates/")[0].strip("/")


def _chart_name(documents: Mapping[str, Any], folder: str) -> str:
    for name in ("Chart.yaml", "Chart.yml"):
        file = documents.get(posixpath.join(folder, name))
        if file is not None and file.documents and file.documents[0].get("name").text:
            return str(file.documents[0].get("name").text)
    return posixpath.basename(folder)


def _below(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")
