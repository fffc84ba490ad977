"""Stacks: templates as they are deployed, each with its parameters, nested ones inside their parents.

A template that others name as theirs is deployed as often as they do so; every other template once. Exports, outputs
and the parameter store join stacks, and are looked up when they are asked for, so their order does not matter.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial

from brokerlint.manifests import sam, sam_events
from brokerlint.manifests.aws.resources import FUNCTION, Estate, Resource
from brokerlint.manifests.facts import Hole, Text, Value
from brokerlint.manifests.intrinsics import Scope, function_of
from brokerlint.manifests.profiles import profile_of
from brokerlint.manifests.terms import NOTHING, Term, choice, concat, pattern, references, without_lines
from brokerlint.manifests.yaml_nodes import MISSING, Node
from brokerlint.places import Diagnostic, Place

DEEPEST = 8
MOST_STACKS = 2000
"""Stacks inside each other, and all stacks of a tree."""

_ADDRESS = re.compile(r"^https?://[^/]*/|\$\{[^}]*\}")
_PLACEHOLDER = re.compile(r"\$?\{[^{}]*\}|<[^<>]*>")

_NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}


@dataclass(frozen=True, slots=True)
class Template:
    """One template as it is written, its secrets left out. ``given`` are parameters that a file beside it sets;
    ``root`` is the directory that its paths start from, its own where it is None."""

    path: str
    parameters: Node = MISSING
    mappings: Node = MISSING
    conditions: Node = MISSING
    resources: Node = MISSING
    outputs: Node = MISSING
    settings: Node = MISSING
    serverless: bool = False
    given: Mapping[str, str] = field(default_factory=dict)
    root: str | None = None
    sources: Mapping[str, str] = field(default_factory=dict)
    """Files that single resources stand in, by logical id, where that is not ``path``."""
    problems: tuple[Diagnostic, ...] = ()


@dataclass(slots=True)
class Stack:
    """One deployment of a template. ``within`` is the place of the parent's resource where the template is deployed
    several times, so that its copies can be told apart."""

    id: str
    template: Template
    scope: Scope
    depth: int = 0
    within: Place | None = None
    label: str = ""
    children: dict[str, Stack] = field(default_factory=dict)

    def key(self, logical: str) -> str:
        """The key of one of its resources."""
        return f"{self.id}#{logical}"


class Stacks:
    """All stacks of a tree."""

    def __init__(self, templates: Iterable[Template]) -> None:
        self._templates = {template.path: template for template in templates}
        self._stacks: list[Stack] = []
        self._asking: set[tuple[str, str]] = set()
        self._exports: list[tuple[str, Stack, Node]] | None = None
        self._stored: list[tuple[str, Stack, Node]] | None = None
        nested = [child for template in self._templates.values() for child in self._named_in(template)]
        self._often = frozenset(path for path in nested if nested.count(path) > 1)
        for path, template in self._templates.items():
            if path not in nested:
                self._deploy(template, path, {}, 0)
        for path, template in self._templates.items():
            if not any(stack.template.path == path for stack in self._stacks):
                self._deploy(template, path, {}, 0)

    def estate(self, files: Mapping[str, Node]) -> Estate:
        """The resources of all stacks; ``files`` are those that properties may name."""
        resources = [resource for stack in self._stacks for resource in self._resources(stack)]
        return Estate.of(resources, set(self._given_away()), files)

    # --- Deploying ------------------------------------------------------------------------------------------------

    def _named_in(self, template: Template) -> Iterator[str]:
        for _, resource in template.resources.items():
            path = self._child_path(template, resource)
            if path is not None:
                yield path

    def _child_path(self, template: Template, resource: Node) -> str | None:
        name = _NESTED.get(resource.get("Type").text)
        if name is None:
            return None
        location = resource.get("Properties", name)
        called = function_of(location)
        written = (called[1].text or next((p.text for p in called[1].elements()), "")) if called else location.text
        beside = sam.local_path(_base(template), written)
        return beside if beside in self._templates else self._uploaded(written)

    def _uploaded(self, location: str) -> str | None:
        """The one template whose path ends like an address or a path that is meant from another directory."""
        steps = [step for step in _ADDRESS.sub("", location).split("/") if step not in ("", ".", "..")]
        for start in range(len(steps)):
            tail = "/".join(steps[start:])
            fitting = [path for path in self._templates if path == tail or path.endswith(f"/{tail}")]
            if len(fitting) == 1 and not tail.lower().startswith("template."):
                return fitting[0]
        return None

    def _deploy(self, template: Template, identity: str, bound: Mapping[str, Term], depth: int) -> Stack:
        keys = dict(_keys(identity, template))
        given = {name: _given(value) for name, value in template.given.items()}
        scope = Scope(
            keys, template.parameters, template.mappings, template.conditions, {**given, **bound},
            exported=self._export, stored=self._parameter,
        )  # fmt: skip
        stack = Stack(identity, template, scope, depth)
        scope.output = self._outputs(stack)
        self._stacks.append(stack)
        for logical, resource in template.resources.items():
            path = self._child_path(template, resource)
            if path is None or depth >= DEEPEST or len(self._stacks) >= MOST_STACKS:
                continue
            arguments = {key: scope.term(value) for key, value in resource.get("Properties", "Parameters").items()}
            child = self._deploy(self._templates[path], f"{identity}#{logical}", arguments, depth + 1)
            if path in self._often:
                child.within = Place(template.path, template.resources.line_of(logical))
                child.label = logical
            stack.children[logical] = child
        return stack

    # --- Names that lead to other stacks --------------------------------------------------------------------------

    def _once(self, stack: Stack, name: str, answer: Callable[[], Term]) -> Term:
        """The answer, or a hole when it is being worked out already: a definition through itself."""
        question = (stack.id, name)
        if question in self._asking:
            return Term(Hole(f"{name}, which is defined through itself"))
        self._asking.add(question)
        try:
            return answer()
        except RecursionError:
            return Term(Hole(f"{name}, which is defined too deeply"))
        finally:
            self._asking.discard(question)

    def _outputs(self, stack: Stack) -> Callable[[str], Term]:
        def output(name: str) -> Term:
            logical, _, output_name = name.partition(".Outputs.")
            child = stack.children.get(logical)
            if child is None:
                return NOTHING
            node = child.template.outputs.get(output_name, "Value")
            return self._once(child, output_name, partial(child.scope.term, node))

        return output

    def _export(self, name: str) -> Term:
        if self._exports is None:
            self._exports = []
            for stack in list(self._stacks):
                for _, output in stack.template.outputs.items():
                    export = output.get("Export", "Name")
                    if export:
                        written = pattern(stack.scope.term(export).value)
                        self._exports.append((written, stack, output.get("Value")))
        return self._look_up(name, self._exports)

    def _parameter(self, path: str) -> Term:
        if self._stored is None:
            self._stored = []
            for stack in list(self._stacks):
                for _, resource in stack.template.resources.items():
                    if resource.get("Type").text == "AWS::SSM::Parameter":
                        written = pattern(stack.scope.term(resource.get("Properties", "Name")).value)
                        self._stored.append((written, stack, resource.get("Properties", "Value")))
        return self._look_up(path, self._stored)

    def _look_up(self, name: str, known: list[tuple[str, Stack, Node]]) -> Term:
        found = [(stack, node) for written, stack, node in known if written == name]
        if not found:
            found = [(stack, node) for written, stack, node in known if same_shape(written, name)]
        terms = [self._once(stack, f"{name}@{node.line}", partial(stack.scope.term, node)) for stack, node in found]
        if len(terms) <= 1:
            return terms[0] if terms else NOTHING
        return Term(choice(term.value for term in terms))

    def _given_away(self) -> Iterator[str]:
        """Keys of resources whose names are outputs of stacks that stand by themselves, or exports."""
        for stack in self._stacks:
            for _, output in stack.template.outputs.items():
                if stack.depth == 0 or output.get("Export"):
                    for target in references(stack.scope.term(output.get("Value")).value):
                        yield target.key

    # --- Resources ------------------------------------------------------------------------------------------------

    def _resources(self, stack: Stack) -> Iterator[Resource]:
        template = stack.template
        settings = stack.scope.term(template.settings) if template.settings else NOTHING
        fifo_topics = frozenset(self._fifo_topics(stack))
        for key, node in template.resources.pairs:
            logical = key.text
            resource = Resource(
                stack.key(logical),
                node.get("Type").text,
                f"{stack.label}.{logical}" if stack.label else logical,
                stack.within or Place(template.sources.get(logical, template.path), key.line),
                stack.scope.term(node.get("Properties")),
                (_base(template),),
                profile_of(template.path),
            )
            if resource.type.startswith("AWS::Serverless::"):
                for one in sam.expanded(resource, node, settings, fifo_topics):
                    yield _placed(one, stack)
            else:
                yield _placed(_with_code(resource), stack)

    def _fifo_topics(self, stack: Stack) -> Iterator[str]:
        for logical, node in stack.template.resources.items():
            fifo = node.get("Properties", "FifoTopic")
            if node.get("Type").text == "AWS::SNS::Topic" and stack.scope.term(fifo).flag:
                yield stack.key(logical)


def _keys(identity: str, template: Template) -> Iterator[tuple[str, str]]:
    """Keys by the names that the template may use: what SAM makes first, so that the template's own resources win."""
    for logical, node in template.resources.items():
        if node.get("Type").text.startswith("AWS::Serverless::"):
            for name, made in sam_events.made_for(logical, node):
                yield name, f"{identity}#{made}"
    for logical, _ in template.resources.items():
        yield logical, f"{identity}#{logical}"


def _placed(resource: Resource, stack: Stack) -> Resource:
    """Lines of a copy's properties would point into another file than its place: they are dropped."""
    if stack.within is None:
        return resource
    return replace(resource, place=stack.within, properties=without_lines(resource.properties))


def _with_code(resource: Resource) -> Resource:
    """A function whose code is a directory beside the template, as it is written before packaging."""
    if resource.type != FUNCTION or not isinstance(resource.get("Code").content, Text):
        return resource
    root = sam.local_path(resource.roots[0], resource.get("Code").text)
    return replace(resource, roots=(root,)) if root else resource


def _given(text: str) -> Term:
    """A parameter's value from a file beside the template; what the file leaves open (``{Stage}``) is a hole."""
    parts: list[Value] = []
    for index, piece in enumerate(_PLACEHOLDER.split(text)):
        parts += [*([Hole("left open by the parameter file")] if index else []), Text(piece)]
    return Term(concat(parts))


def _base(template: Template) -> str:
    return posixpath.dirname(template.path) if template.root is None else template.root


def same_shape(known: str, name: str) -> bool:
    """Two globs that can mean the same name, with enough letters to say so."""
    if min(len(text.replace("*", "").strip("-_/:.")) for text in (known, name)) < 4:
        return False
    return fnmatchcase(known, name) or fnmatchcase(name, known)
