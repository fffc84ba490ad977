"""Modules of Terraform as they are deployed: every directory that none other uses, and inside it what it calls.

A module that is called several times is deployed as often. Variables get the call's arguments, the values of
``terraform.tfvars`` and ``*.auto.tfvars``, or their defaults, in this order.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from brokerlint.manifests.facts import Hole, Reference, Text
from brokerlint.manifests.terms import NOTHING, Term, from_node, literal, mapping, without_lines
from brokerlint.manifests.terraform import hcl, hcl_parser
from brokerlint.manifests.terraform.names import MADE_OF_ARGUMENTS, Source, declared_names, undeclared
from brokerlint.manifests.terraform.registry import registry_module
from brokerlint.manifests.terraform.values import Lazy, Values, entries_of, filled
from brokerlint.manifests.yaml_nodes import Node

DEEPEST = 8
MOST_MODULES = 2000
"""Modules inside each other, and all modules of a tree."""


@dataclass(frozen=True, slots=True)
class Declared:
    """One resource or data source as a deployment has it, its arguments worked out. ``directory`` is where Terraform is
    run, which paths are relative to."""

    key: str
    type: str
    name: str
    path: str
    line: int
    arguments: Term
    data: bool
    directory: str


class Configuration:
    """All modules of a tree. ``templates`` are further files that ``file`` and ``templatefile`` may name."""

    def __init__(self, sources: Mapping[str, Source], templates: Mapping[str, Node]) -> None:
        self._directories: dict[str, list[Source]] = {}
        for path in sorted(sources):
            self._directories.setdefault(posixpath.dirname(path), []).append(sources[path])
        self._templates = templates
        self.count = 0

    def deployed(self) -> Iterator[Module]:
        """The modules that stand by themselves: not called by others, or only by each other."""
        calls = {directory: self._called_from(directory) for directory in self._directories}
        called = frozenset().union(*calls.values())
        reached: set[str] = set()
        for directory in sorted(calls, key=lambda one: one in called):
            if directory in reached:
                continue
            parts = [part for part in self._completing(directory) if part not in called]
            for part in parts or [directory]:
                sources = self._directories[directory] + (self._directories[part] if part != directory else [])
                yield Module(self, directory, sources, part, {})
            waiting = [directory, *parts]
            while waiting:
                one = waiting.pop()
                if one not in reached:
                    reached.add(one)
                    waiting += calls[one]

    def _called_from(self, directory: str) -> frozenset[str]:
        """The directories whose modules the files of one call."""
        blocks = [block for source in self._directories[directory] for block in source.blocks if block.type == "module"]
        found = {local_module(directory, block) for block in blocks}
        return frozenset(one for one in found if one is not None and one != directory and one in self._directories)

    def _completing(self, directory: str) -> list[str]:
        """Directories inside a module that declare what it uses and lacks: one of them is put beside its files."""
        lacking = undeclared(self._directories[directory])
        if not lacking:
            return []
        prefix = f"{directory}/" if directory else ""
        inside = [one for one in self._directories if one.startswith(prefix) and "/" not in one[len(prefix) :] and one]
        return [one for one in inside if one != directory and lacking <= declared_names(self._directories[one])]

    def sources(self, directory: str) -> list[Source]:
        """The files of a directory."""
        return self._directories.get(directory, [])

    def text(self, path: str) -> Term:
        """The structure in a file that a module names."""
        node = self._templates.get(path)
        return from_node(node) if node is not None else NOTHING


def local_module(directory: str, block: hcl.Block) -> str | None:
    """The directory of the tree that a module call names; None for one that comes from elsewhere."""
    source = block.get("source")
    if not isinstance(source, hcl.Literal) or not str(source.value).startswith("."):
        return None
    path = posixpath.normpath(posixpath.join(directory, str(source.value)))
    return None if path.startswith("..") else "" if path == "." else path


@dataclass(slots=True)
class _Blocks:
    """The blocks of a module by what they declare, with their files."""

    variables: dict[str, hcl.Block] = field(default_factory=dict)
    locals: dict[str, hcl.Argument] = field(default_factory=dict)
    outputs: dict[str, hcl.Block] = field(default_factory=dict)
    modules: dict[str, tuple[str, hcl.Block]] = field(default_factory=dict)
    resources: dict[str, dict[str, tuple[str, hcl.Block]]] = field(default_factory=dict)
    data: dict[str, dict[str, tuple[str, hcl.Block]]] = field(default_factory=dict)
    given: dict[str, hcl.Argument] = field(default_factory=dict)

    def add(self, source: Source) -> None:
        """The blocks of one file."""
        self.given |= {one.name: one for one in source.given}
        for block in source.blocks:
            first = block.labels[0] if block.labels else ""
            if block.type == "variable":
                self.variables[first] = block
            elif block.type == "locals":
                self.locals |= {one.name: one for one in block.arguments}
            elif block.type == "output":
                self.outputs[first] = block
            elif block.type == "module":
                self.modules[first] = (source.path, block)
            elif block.type in ("resource", "data") and len(block.labels) == 2:
                kinds = self.resources if block.type == "resource" else self.data
                kinds.setdefault(first, {})[block.labels[1]] = (source.path, block)


class Module:
    """One deployment of a module. ``label`` names the calls that lead to it (``orders.dlq``)."""

    def __init__(
        self,
        configuration: Configuration,
        directory: str,
        sources: list[Source],
        identity: str,
        arguments: Mapping[str, Term],
        label: str = "",
        depth: int = 0,
        place: tuple[str, int] | None = None,
        root: str | None = None,
    ) -> None:
        configuration.count += 1
        self._configuration = configuration
        self.directory = directory
        self._id = identity
        self._arguments = arguments
        self.label = label
        self._depth = depth
        self._place = place
        self._root = directory if root is None else root
        self._blocks = _Blocks()
        for source in sources:
            self._blocks.add(source)
        self._instances: dict[tuple[str, str], Module] = {}
        self._values = Values(
            {
                "var": Term(Lazy(self._blocks.variables, self._variable)),
                "local": Term(Lazy(self._blocks.locals, self._local)),
                "module": Term(Lazy(self._blocks.modules, self._called)),
                "data": Term(Lazy(self._blocks.data, partial(self._of_type, True))),
            },
            lambda kind: self._of_type(False, kind) if kind in self._blocks.resources else NOTHING,
            directory,
            self._root,
            configuration.text,
            place is not None,
        )

    # --- Names ----------------------------------------------------------------------------------------------------

    def outputs(self) -> Term:
        """What the module gives to whoever calls it."""
        return Term(Lazy(self._blocks.outputs, lambda name: self._values.term(self._blocks.outputs[name].get("value"))))

    def _variable(self, name: str) -> Term:
        if given := self._arguments.get(name):
            return given
        if not self._depth and name in self._blocks.given:
            return self._values.term(self._blocks.given[name].value)
        default = self._blocks.variables[name].get("default")
        known = Term(Hole(f"variable {name}")) if default is None else self._values.term(default)
        empty = "image" in name and known.content == Text("")  # no image is called so: it is given later
        return Term(Hole(f"variable {name}")) if empty else known

    def _local(self, name: str) -> Term:
        return self._values.term(self._blocks.locals[name].value)

    def _called(self, name: str) -> Term:
        children = self.children(name)
        if len(children) == 1 and not children[0][0]:
            return children[0][1].outputs()
        return (
            Term({suffix: child.outputs() for suffix, child in children}) if children else Term(Hole(f"module {name}"))
        )

    def children(self, name: str) -> list[tuple[str, Module]]:
        """The deployments of a called module, by their key in ``for_each`` (empty where there is none)."""
        path, block = self._blocks.modules[name]
        place = None
        directory = local_module(self.directory, block)
        sources = self._configuration.sources(directory) if directory is not None else []
        if not sources:
            source = block.get("source")
            dead_letters = self._values.term(block.get("create_dlq")).flag is True
            text = registry_module(str(source.value), dead_letters) if isinstance(source, hcl.Literal) else None
            if text is None:
                return []
            sources, place = [Source(path, hcl_parser.parse(text)[0])], (path, block.line)
            directory = self.directory
        return self._deployments(name, block, directory or "", sources, place or self._place)

    def _deployments(
        self, name: str, block: hcl.Block, directory: str, sources: list[Source], place: tuple[str, int] | None
    ) -> list[tuple[str, Module]]:
        found: list[tuple[str, Module]] = []
        for suffix, own in self._expanded(block):
            key = (name, suffix)
            if key not in self._instances:
                if self._depth >= DEEPEST or self._configuration.count >= MOST_MODULES:
                    continue
                values = self._values.within(own)
                self._instances[key] = Module(
                    self._configuration,
                    directory,
                    sources,
                    f"{self._id}#module.{name}{_bracketed(suffix)}",
                    self._arguments_of(block, values),
                    ".".join(filter(None, (self.label, f"{name}{_bracketed(suffix)}"))),
                    self._depth + 1,
                    place,
                    self._root,
                )
            found.append((suffix, self._instances[key]))
        return found

    def _arguments_of(self, block: hcl.Block, values: Values) -> Mapping[str, Term]:
        """A call's arguments, worked out when they are asked for: two modules may well need each other's outputs."""
        written = {one.name: one for one in block.arguments}
        return Lazy(written, lambda name: values.term(written[name].value, written[name].line))

    # --- Resources ------------------------------------------------------------------------------------------------

    def _expanded(self, block: hcl.Block) -> list[tuple[str, dict[str, Term]]]:
        """The copies that ``count`` and ``for_each`` make, each with the names that hold in it. A module that is called
        knows that there are none; what the root's own defaults say may still be set otherwise when it is deployed."""
        if (each := block.get("for_each")) is not None:
            pairs = entries_of(self._values.term(each))
            if pairs or (pairs is not None and self._depth):
                return [(key.text, {"each": mapping({"key": key, "value": value})}) for key, value in pairs if key.text]
            unknown = Term(Hole("each element"))
            return [("", {"each": mapping({"key": unknown, "value": unknown})})]
        if (count := block.get("count")) is not None:
            number = self._values.term(count).number
            if count == hcl.Literal(0) or (number == 0 and self._depth):
                return []
            if number is not None and 1 < number <= 16:
                return [(str(i), {"count": mapping({"index": literal(i)})}) for i in range(number)]
            index = literal(0) if number == 1 else Term(Hole("count.index"))
            return [("", {"count": mapping({"index": index})})]
        return [("", {})]

    def _of_type(self, data: bool, kind: str) -> Term:
        blocks = (self._blocks.data if data else self._blocks.resources).get(kind, {})
        return Term(Lazy(blocks, partial(self._named, data, kind)))

    def _named(self, data: bool, kind: str, name: str) -> Term:
        """What ``type.name`` means: a reference, or one for each copy."""
        _, block = (self._blocks.data if data else self._blocks.resources)[kind][name]
        if data and kind in MADE_OF_ARGUMENTS:
            return self._document(kind, block)
        copies = self._expanded(block)
        if len(copies) == 1 and not copies[0][0]:
            return Term(Reference(self._key(data, kind, name, "")))
        references = {suffix: Term(Reference(self._key(data, kind, name, suffix))) for suffix, _ in copies}
        if block.get("count") is not None:
            return Term(tuple(references.values()))
        return Term(references)

    def _document(self, kind: str, block: hcl.Block) -> Term:
        arguments = self._values.within(self._expanded(block)[0][1] if self._expanded(block) else {}).block(block)
        if kind == "template_file":
            names = self._values.within(dict(arguments.get("vars").items()))
            return mapping({"rendered": filled(arguments.get("template"), names)})
        if kind == "null_data_source":
            return mapping({"outputs": arguments.get("inputs")})
        return mapping({"json": policy_document(arguments)})

    def _key(self, data: bool, kind: str, name: str, suffix: str) -> str:
        return f"{self._id}#{'data.' if data else ''}{kind}.{name}{_bracketed(suffix)}"

    def declared(self) -> Iterator[Declared]:
        """The resources of the module and of all modules that it calls."""
        for data, kinds in ((False, self._blocks.resources), (True, self._blocks.data)):
            for kind, blocks in kinds.items():
                for name, (path, block) in blocks.items():
                    yield from self._copies(data, kind, name, path, block)
        for name in self._blocks.modules:
            for _, child in self.children(name):
                yield from child.declared()

    def _copies(self, data: bool, kind: str, name: str, path: str, block: hcl.Block) -> Iterator[Declared]:
        place = self._place or (path, block.line)
        for suffix, own in self._expanded(block):
            logical = f"{name}{_bracketed(suffix)}"
            arguments = self._values.within(own).block(block)
            yield Declared(
                self._key(data, kind, name, suffix),
                kind,
                f"{self.label}.{logical}" if self._place and self.label else logical,
                place[0],
                place[1],
                without_lines(arguments) if self._place else arguments,
                data,
                self._root,
            )

    def given_away(self) -> Iterator[Term]:
        """The values of the outputs of a module that stands by itself."""
        for _, term in self.outputs().items():
            yield term


def _bracketed(suffix: str) -> str:
    return f"[{suffix}]" if suffix else ""


def policy_document(arguments: Term) -> Term:
    """``aws_iam_policy_document`` as the JSON it makes."""
    statements = [
        mapping({
            "Effect": statement.get("effect"),
            "Action": statement.get("actions"),
            "Resource": statement.get("resources"),
            "Principal": _principals(statement.get("principals")),
            "Condition": _conditions(statement.get("condition")),
        }, statement.line)
        for statement in arguments.get("statement").elements()
    ]  # fmt: skip
    for inherited in ("source_policy_documents", "override_policy_documents", "source_json", "override_json"):
        for document in arguments.get(inherited).elements():
            statements += document.get("Statement").elements()
    return mapping({"Statement": Term(tuple(statements))})


def _principals(blocks: Term) -> Term:
    return mapping({one.get("type").text: one.get("identifiers") for one in blocks.elements() if one.get("type").text})


def _conditions(blocks: Term) -> Term:
    found: dict[str, Term] = {}
    for one in blocks.elements():
        test = one.get("test").text
        found[test] = mapping({**dict(found.get(test, NOTHING).items()), one.get("variable").text: one.get("values")})
    return mapping(found) if found else NOTHING
