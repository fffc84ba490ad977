"""The Serverless Framework: a service is put into the words of a SAM template and read as one.

Its variables are resolved for the default stage. Function definitions, resources and settings may stand in further
files, which are read when their names or contents suggest it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass

from brokerlint.manifests.facts import ManifestFacts
from brokerlint.manifests.formats import cloudformation
from brokerlint.manifests.redaction import redacted
from brokerlint.manifests.serverless_functions import resources_of
from brokerlint.manifests.serverless_variables import Variables, files_named
from brokerlint.manifests.stacks import Template
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.yaml_nodes import Node, partial
from brokerlint.places import Diagnostic

SMALL = 32 * 1024
"""Bytes of a file that may be included."""

_SERVICE = re.compile(r"serverless([._-].*)?\.(ya?ml|json)\Z")
_INCLUDED = re.compile(
    r"config|env|serverless|sls|resource|function|variable|vars|param|stage|custom|iam|event|queue|topic"
)
_VARIABLES = (b"${self:", b"${opt:", b"${sls:", b"${file(", b"${env:", b"${param:")


@dataclass(frozen=True, slots=True)
class Service:
    """A ``serverless.yml`` without its secrets, the files that it names, and what was broken in it."""

    document: Node
    included: tuple[str, ...]
    problems: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Part:
    """A file that a service may include."""

    document: Node
    included: tuple[str, ...]


def wants(path: str, head: bytes) -> bool:
    """Services by their names; parts by their names or the variables in them."""
    directory, _, name = path.lower().rpartition("/")
    if _SERVICE.match(name):
        return True
    if not name.endswith((".yml", ".yaml", ".json")) or len(head) > SMALL:
        return False
    if any(word in head for word in _VARIABLES):
        return True
    return b"AWS::" not in head and bool(_INCLUDED.search(f"{posixpath.basename(directory)}/{name}"))


def read(path: str, text: str) -> Service | Part | None:
    """A service or a part of one; None for a file that is neither. Only a broken service is worth a word."""
    found, error = partial(text)
    named_so = _SERVICE.match(posixpath.basename(path).lower())
    if error is not None and named_so and not found:
        raise error
    if not found:
        return None
    problems = (Diagnostic("manifest", path, error.line, str(error)),) if error is not None and named_so else ()
    document = redacted(found[0])
    named = files_named(text, posixpath.dirname(path))
    if named_so and document.get("service") and (document.get("provider") or document.get("functions")):
        return Service(document, named, problems)
    return Part(document, named if any(word.decode() in text for word in _VARIABLES) else ())


def join(documents: Mapping[str, object], tree: Tree) -> ManifestFacts:
    """The facts of all services, deployed together."""
    parts = {path: one.document for path, one in documents.items() if isinstance(one, Part)}
    services = {path: one for path, one in documents.items() if isinstance(one, Service)}
    problems = tuple(problem for one in services.values() for problem in one.problems)
    facts = cloudformation.deployed(_template(path, one.document, parts) for path, one in services.items())
    return facts + ManifestFacts(diagnostics=problems)


def _template(path: str, document: Node, parts: Mapping[str, Node]) -> Template:
    variables = Variables(document, posixpath.dirname(path), parts)
    sections = resources_of(variables)
    return Template(
        path,
        resources=sections["Resources"],
        conditions=sections["Conditions"],
        mappings=sections["Mappings"],
        parameters=sections["Parameters"],
        outputs=sections["Outputs"],
        sources=dict(variables.origins),
    )
