"""Terraform and OpenTofu: ``*.tf``, ``*.tf.json``, ``*.tofu``, values in ``*.tfvars``, and files that these name."""

from __future__ import annotations

import re
from collections.abc import Mapping

from brokerlint.manifests.aws import facts_of
from brokerlint.manifests.aws.resources import Estate
from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.formats.asl import definitions, quoted
from brokerlint.manifests.redaction import redacted
from brokerlint.manifests.terms import references
from brokerlint.manifests.terraform import hcl, hcl_parser
from brokerlint.manifests.terraform.hcl_redaction import redacted_argument, redacted_block
from brokerlint.manifests.terraform.json_form import blocks_of
from brokerlint.manifests.terraform.modules import Configuration
from brokerlint.manifests.terraform.names import Source
from brokerlint.manifests.terraform.resources import resources
from brokerlint.manifests.terraform.table import NAMED_ONLY, READ
from brokerlint.manifests.tree import ManifestError, Tree
from brokerlint.manifests.yaml_nodes import Node, partial
from brokerlint.places import Diagnostic

_CODE = (".tf", ".tofu", ".tf.json", ".tofu.json")
_VALUES = re.compile(r"(?:^|/)(?:terraform\.tfvars|[^/]*\.auto\.tfvars)\Z")
_TEMPLATE = (".json", ".tpl", ".tftpl", ".json.tpl", ".json.tmpl")
_NAMES = ("name", "bucket", "count", "for_each")


def wants(path: str, head: bytes) -> bool:
    """Configuration by its ending; templates of policies and container definitions by what they hold."""
    name = path.lower()
    if name.endswith(_CODE) or _VALUES.search(name):
        return True
    return name.endswith(_TEMPLATE) and (
        (b'"image"' in head and b'"name"' in head) or (b'"Statement"' in head and b"AWS::" not in head)
    )


def read(path: str, text: str) -> Source | Node | tuple[Source, tuple[Diagnostic, ...]] | None:
    """A file of a module without its secrets, with what was broken in it; or a template's structure."""
    name = path.lower()
    if not name.endswith(_CODE) and not _VALUES.search(name):
        return _template(text)
    if name.endswith(".json"):
        return Source(path, tuple(_kept(block) for block in blocks_of(text) if _wanted(block.type, block.labels)))
    blocks, arguments, problems = hcl_parser.parse(text, _wanted)
    if problems and not blocks and not arguments:
        raise ManifestError(problems[0].line, str(problems[0]))
    given = tuple(redacted_argument(one) for one in arguments) if _VALUES.search(name) else ()
    source = Source(path, tuple(_kept(block) for block in blocks), given)
    diagnostics = tuple(Diagnostic("manifest", path, problem.line, str(problem)) for problem in problems)
    return (source, diagnostics) if diagnostics else source


def join(documents: Mapping[str, object], tree: Tree) -> ManifestFacts:
    """The facts of all modules that are deployed."""
    sources: dict[str, Source] = {}
    templates: dict[str, Node] = definitions(tree)
    diagnostics: list[Diagnostic] = []
    for path, document in documents.items():
        if isinstance(document, tuple):
            document, broken = document
            diagnostics += broken
        if isinstance(document, Source):
            sources[path] = document
        elif isinstance(document, Node):
            templates[path] = document
    modules = list(Configuration(sources, templates).deployed())
    exported = {one.key for module in modules for term in module.given_away() for one in references(term.value)}
    estate = Estate.of(resources(one for module in modules for one in module.declared()), exported)
    return facts_of(estate) + ManifestFacts(diagnostics=tuple(diagnostics))


def _wanted(kind: str, labels: tuple[str, ...]) -> bool:
    if kind in ("resource", "data"):
        return bool(labels) and labels[0] in READ
    return kind in ("variable", "locals", "output", "module")


def _kept(block: hcl.Block) -> hcl.Block:
    """The block without secrets; of resources that are only named, only the name."""
    if block.type == "resource" and block.labels[0] in NAMED_ONLY and block.labels[0] != "aws_iam_role":
        arguments = tuple(one for one in block.arguments if one.name in _NAMES)
        block = hcl.Block(block.type, block.labels, arguments, (), block.line)
    return redacted_block(block)


def _template(text: str) -> Node | None:
    """JSON with ``${...}`` in it: as texts, to be worked out where it is named."""
    found, error = partial(quoted(text))
    return redacted(found[0]) if found and error is None else None
