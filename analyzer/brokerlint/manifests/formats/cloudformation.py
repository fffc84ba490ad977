"""CloudFormation and AWS SAM templates, recognised by what they hold, and the parameters that stand beside them.

``deployed`` is also how other formats read the templates inside their own files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from brokerlint.manifests.aws import facts_of
from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.formats.asl import definitions
from brokerlint.manifests.intrinsics import function_of
from brokerlint.manifests.redaction import redacted
from brokerlint.manifests.stacks import Stacks, Template
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.yaml_nodes import MISSING, Node, partial
from brokerlint.places import Diagnostic

SMALL = 8192
"""Bytes of a file that may be one of plain ``parameters``."""

_ENDINGS = (".yaml", ".yml", ".json", ".template", ".tpl", ".cfn")
_OVERRIDE = re.compile(
    r"""(?:ParameterKey=)?["']?(?<![A-Za-z0-9])([A-Za-z][A-Za-z0-9]*+)["']?(?:=|,ParameterValue=)("[^"]*"|'[^']*'|\S*)"""
)
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Globals")
_KEPT = (
    "SQS", "SNS", "Kinesis", "KinesisFirehose", "Events", "MSK", "Lambda", "Serverless", "ECS", "AppRunner", "Pipes",
    "Scheduler", "StepFunctions", "S3", "IAM", "SSM", "ApiGateway", "ApiGatewayV2", "CloudFormation", "CloudWatch",
    "IoT", "Logs", "DynamoDB",
)  # fmt: skip
"""Families of resources whose properties are read; of others only that they are there, and their names."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Values for the parameters of the templates in the same directory."""

    values: Mapping[str, str]


def wants(path: str, head: bytes) -> bool:
    """Templates by their sections, parameter files by their form."""
    name = path.rpartition("/")[2].lower()
    if name == "samconfig.toml":
        return True
    if not name.endswith(_ENDINGS):
        return False
    if b"Resources" in head and b"AWS::" in head:
        return True
    return b"ParameterKey" in head or (b"\nparameters:" in b"\n" + head and len(head) < SMALL)


def read(path: str, text: str) -> Template | Parameters | None:
    """A template without its secrets, or parameters; None for a file that is neither."""
    if path.endswith(".toml"):
        return _samconfig(text)
    documents, error = partial(text)
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error else ()
    for document in documents:
        if _is_template(document):
            return replace(template_of(path, document), problems=problems)
        found = _parameters(document)
        if found is not None and error is None:
            return found
    if error is not None:
        raise error
    return None


def join(documents: Mapping[str, object], tree: Tree) -> ManifestFacts:
    """The facts of all stacks that the templates make."""
    inside = {path for one in tree.of("serverless").values() for path in getattr(one, "included", ())}
    templates = {path: one for path, one in documents.items() if isinstance(one, Template) and path not in inside}
    beside = {path: one for path, one in documents.items() if isinstance(one, Parameters)}
    problems = tuple(problem for one in templates.values() for problem in one.problems)
    facts = deployed((_with_parameters(one, beside) for one in templates.values()), definitions(tree))
    return facts + ManifestFacts(diagnostics=problems)


def deployed(templates: Iterable[Template], files: Mapping[str, Node] | None = None) -> ManifestFacts:
    """The facts of templates that are deployed together; ``files`` are those that their properties may name."""
    return facts_of(Stacks(templates).estate(files or {}))


def template_of(path: str, document: Node) -> Template:
    """A template from its document; ``path`` is the file it stands in."""
    sections = {name: document.get(name) for name in _SECTIONS}
    transforms = document.get("Transform")
    names = [transforms.text, *(one.text for one in transforms.elements())]
    return Template(
        path,
        _without_secret_defaults(sections["Parameters"]),
        redacted(sections["Mappings"]),
        sections["Conditions"],
        _resources(sections["Resources"]),
        redacted(sections["Outputs"]),
        redacted(sections["Globals"]),
        any(name.startswith("AWS::Serverless") for name in names),
    )


def _is_template(document: Node) -> bool:
    return any(value.get("Type").text.startswith("AWS::") for _, value in document.get("Resources").items())


def _resources(resources: Node) -> Node:
    pairs = []
    for key, value in resources.pairs:
        family = value.get("Type").text.split("::")
        if len(family) > 2 and family[1] in _KEPT:
            pairs.append((key, redacted(value)))
        elif value.get("Type").text:
            pairs.append((key, _stub(value)))
    return replace(resources, pairs=tuple(pairs), repeated=()) if resources else MISSING


def _stub(resource: Node) -> Node:
    """Only the type and the names of a resource."""
    properties = resource.get("Properties")
    names = [(k, v) for k, v in properties.pairs if k.text.endswith("Name") and (v.kind == "scalar" or function_of(v))]
    kept = redacted(replace(properties, pairs=tuple(names), repeated=()))
    pairs = [(k, kept if k.text == "Properties" else v) for k, v in resource.pairs if k.text in ("Type", "Properties")]
    return replace(resource, pairs=tuple(pairs), repeated=())


def _without_secret_defaults(parameters: Node) -> Node:
    pairs = []
    for key, declared in parameters.pairs:
        kept = [
            (k, redacted(v, key.text) if k.text == "Default" else v)
            for k, v in declared.pairs
            if k.text == "Type" or (k.text == "Default" and declared.get("NoEcho").text.lower() != "true")
        ]
        pairs.append((key, replace(declared, pairs=tuple(kept), repeated=())))
    return replace(parameters, pairs=tuple(pairs), repeated=()) if parameters else MISSING


def _parameters(document: Node) -> Parameters | None:
    """``[{ParameterKey, ParameterValue}]``, ``{Parameters: {X: y}}`` or the same with a small letter."""
    found = {
        entry.get("ParameterKey").text: entry.get("ParameterValue")
        for entry in document.elements()
        if entry.get("ParameterKey").text
    }
    for section in ("Parameters", "parameters"):
        found |= {key: value for key, value in document.get(section).items() if value.kind == "scalar"}
    kept = {key: value.text for key, value in found.items() if redacted(value, key) is value}
    return Parameters(kept) if kept else None


def _samconfig(text: str) -> Parameters | None:
    """``parameter_overrides`` of the first environment that has them, ``default`` before others."""
    import tomllib

    from brokerlint.manifests.privacy import secret

    try:
        tables = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
    for name in sorted(tables, key=lambda name: name != "default"):
        commands = tables[name] if isinstance(tables[name], dict) else {}
        for command in ("deploy", "global"):
            options = commands.get(command) or {}
            given = (options.get("parameters") or {}).get("parameter_overrides") if isinstance(options, dict) else None
            overrides = " ".join(map(str, given)) if isinstance(given, list) else str(given or "")
            found = {key: value.strip("\"'") for key, value in _OVERRIDE.findall(overrides)}
            kept = {key: value for key, value in found.items() if not secret(key, value)}
            if kept:
                return Parameters(kept)
    return None


def _with_parameters(template: Template, beside: Mapping[str, Parameters]) -> Template:
    """The template with the values of the one parameter file beside it that sets only parameters it has."""
    directory = template.path.rpartition("/")[0]
    declared = {key for key, _ in template.parameters.items()}
    fitting = [
        one.values
        for path, one in beside.items()
        if path.rpartition("/")[0] == directory and declared.issuperset(one.values)
    ]
    return replace(template, given=dict(fitting[0])) if len(fitting) == 1 else template
