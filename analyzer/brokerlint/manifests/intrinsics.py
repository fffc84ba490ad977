"""CloudFormation's functions (``!Ref``, ``!GetAtt``, ``!Sub``, ``!If`` ...) worked out to terms, as far as can be told.

A reference to a resource stays a reference. What only a deployment knows (a region, a parameter without a default) is a
hole. A condition that depends on such things gives both of its branches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from brokerlint.manifests.facts import Concat, Hole, Reference, Text, Value
from brokerlint.manifests.redaction import LEFT_OUT
from brokerlint.manifests.terms import NOTHING, Term, choice, concat, literal, pattern
from brokerlint.manifests.values import NOT_KEPT
from brokerlint.manifests.yaml_nodes import MISSING, Node

DEEPEST = 120
"""Functions and structures inside each other, through parameters and nested stacks."""

_SUBSTITUTION = re.compile(r"\$\{(!?)([^{}]*+)\}")
_RESOLVE = re.compile(r"\{\{resolve:ssm(?:-secure)?:([^}]+?)(?::[0-9]+)?\}\}\Z")

Lookup = Callable[[str], Term]


def nothing(_: str) -> Term:
    """A look-up that knows no name."""
    return NOTHING


@dataclass(slots=True)
class Scope:
    """What names mean in one deployment of one template.

    ``resources`` maps logical ids to keys; ``bound`` holds parameters that a deployment sets, ``parameters`` the nodes
    that declare them. ``output`` answers ``Child.Outputs.X``, ``exported`` the name of another stack's export,
    ``stored`` a path in the parameter store; all of them with nothing when they don't know.
    """

    resources: Mapping[str, str]
    parameters: Node = MISSING
    mappings: Node = MISSING
    conditions: Node = MISSING
    bound: Mapping[str, Term] = field(default_factory=dict)
    output: Lookup = nothing
    exported: Lookup = nothing
    stored: Lookup = nothing
    _depth: int = 0

    def term(self, node: Node) -> Term:
        """The term of a node."""
        if self._depth > DEEPEST:
            return Term(Hole("nested too deeply"), node.line)
        self._depth += 1
        try:
            return self._term(node)
        finally:
            self._depth -= 1

    def _term(self, node: Node) -> Term:
        called = function_of(node)
        if called is not None:
            name, argument = called
            function = _FUNCTIONS.get(name)
            found = function(self, argument) if function else Term(Hole(name))
            return found.at(node.line) if found else found
        if node.is_mapping:
            entries = ((key, self.term(value)) for key, value in node.items())
            return Term({key: term for key, term in entries if term}, node.line)
        if node.is_sequence:
            return Term(tuple(term for child in node.elements() if (term := self.term(child))), node.line)
        if node.tag == LEFT_OUT:
            return Term(NOT_KEPT, node.line)
        resolved = _RESOLVE.match(node.text)
        if resolved:
            return (self.stored(resolved[1]) or Term(Hole(resolved[1]))).at(node.line)
        return Term(None if node.is_null else Text(node.text), node.line)

    def named(self, name: str) -> Term:
        """What ``Ref: name`` means."""
        if name == "AWS::NoValue":
            return NOTHING
        if name in self.resources:
            return Term(Reference(self.resources[name], "ref"))
        if name in self.bound:
            return self._stored_parameter(name, self.bound[name])
        declared = self.parameters.get(name)
        default = declared.get("Default")
        if declared and default.tag == LEFT_OUT:
            return Term(NOT_KEPT)
        if declared and (default or default.quoted):
            return self._stored_parameter(name, literal(default.text))
        return Term(Hole(name if name.startswith("AWS::") else f"parameter {name}"))

    def _stored_parameter(self, name: str, given: Term) -> Term:
        """A parameter's value; where its type makes the value a path in the parameter store, what is kept there."""
        if not self.parameters.get(name).get("Type").text.startswith("AWS::SSM::Parameter::Value"):
            return given
        return self.stored(pattern(given.value)) or Term(Hole(f"parameter {name}"))

    def attribute(self, name: str, attribute: str) -> Term:
        """What ``Fn::GetAtt: [name, attribute]`` means."""
        if attribute.startswith("Outputs."):
            return self.output(f"{name}.{attribute}") or Term(Hole(f"{name}.{attribute}"))
        if name in self.resources:
            return Term(Reference(self.resources[name], attribute))
        return Term(Hole(f"{name}.{attribute}"))

    def holds(self, condition: Node, depth: int = 0) -> bool | None:
        """Whether a condition holds, as far as literals and set parameters tell; None when they don't."""
        called = function_of(condition)
        if depth > 20:
            return None
        if called is None:
            return self.holds(self.conditions.get(condition.text), depth + 1) if condition.text else None
        name, argument = called
        if name == "Condition":
            return self.holds(self.conditions.get(argument.text), depth + 1) if argument.text else None
        if name == "Fn::Equals" and len(argument.elements()) == 2:
            sides = [self._certain(one) for one in argument.elements()]
            return None if None in sides else sides[0] == sides[1]
        known = [self.holds(one, depth + 1) for one in argument.elements()]
        if name == "Fn::Not" and known:
            return None if known[0] is None else not known[0]
        if name == "Fn::And":
            return False if False in known else None if None in known else True
        if name == "Fn::Or":
            return True if True in known else None if None in known else False
        return None

    def _certain(self, node: Node) -> str | None:
        """The text of one side of a comparison; a parameter's default is no certainty."""
        called = function_of(node)
        if called is None:
            return node.text if node.kind == "scalar" else None
        if called[0] == "Ref" and called[1].text in self.bound:
            given = self.bound[called[1].text].content
            return given.text if isinstance(given, Text) else None
        return None


def function_of(node: Node) -> tuple[str, Node] | None:
    """The function that a node calls, in its long form, and the argument; None when it calls none."""
    if node.tag.startswith("!") and not node.tag.startswith("!!") and node.tag != LEFT_OUT:
        name = node.tag[1:]
        return (name if name in ("Ref", "Condition") else f"Fn::{name}"), replace(node, tag="")
    if node.is_mapping and len(node.pairs) == 1:
        name, argument = node.pairs[0][0].text, node.pairs[0][1]
        if name == "Ref" or name.startswith("Fn::") or (name == "Condition" and argument.kind == "scalar"):
            return name, argument
    return None


def _ref(scope: Scope, argument: Node) -> Term:
    return scope.named(argument.text)


def _get_att(scope: Scope, argument: Node) -> Term:
    if argument.is_sequence:
        names = [pattern(scope.term(part).value) for part in argument.elements()]
        name, attribute = (names[0], ".".join(names[1:])) if names else ("", "")
    else:
        name, _, attribute = argument.text.partition(".")
    return scope.attribute(name, attribute)


def _sub(scope: Scope, argument: Node) -> Term:
    parts = argument.elements()
    template = parts[0] if parts else argument
    own = {key: scope.term(value) for key, value in parts[1].items()} if len(parts) > 1 else {}
    found: list[Value] = []
    end = 0
    for match in _SUBSTITUTION.finditer(template.text):
        found.append(Text(template.text[end : match.start()]))
        end = match.end()
        name = match[2].strip()
        if match[1]:
            found.append(Text(f"${{{name}}}"))
        elif name in own:
            found.append(own[name].value)
        elif "." in name and not name.startswith("AWS::"):
            found.append(scope.attribute(*name.split(".", 1)).value)
        else:
            found.append(scope.named(name).value)
    return Term(concat([*found, Text(template.text[end:])]))


def _join(scope: Scope, argument: Node) -> Term:
    parts = argument.elements()
    if len(parts) != 2:
        return Term(Hole("Fn::Join"))
    separator = parts[0].text
    items = scope.term(parts[1])
    if not items.is_list:
        return Term(Hole("Fn::Join"))
    found: list[Value] = []
    for index, item in enumerate(items.elements()):
        if index:
            found.append(Text(separator))
        found.append(item.value)
    return Term(concat(found))


def _if(scope: Scope, argument: Node) -> Term:
    parts = argument.elements()
    if len(parts) != 3:
        return Term(Hole("Fn::If"))
    holds = scope.holds(parts[0])
    if holds is not None:
        return scope.term(parts[1] if holds else parts[2])
    branches = [term for term in (scope.term(parts[1]), scope.term(parts[2])) if term]
    if len(branches) < 2:
        return branches[0] if branches else NOTHING
    if all(branch.is_list for branch in branches):
        return Term(branches[0].elements() + branches[1].elements())
    structures = [branch for branch in branches if branch.is_list or branch.is_mapping]
    return structures[0] if structures else Term(choice(branch.value for branch in branches))


def _find_in_map(scope: Scope, argument: Node) -> Term:
    parts = argument.elements()
    if len(parts) < 3:
        return Term(Hole("Fn::FindInMap"))
    names = [scope.term(part) for part in parts[:3]]
    table = scope.mappings.get(names[0].text)
    rows = [table.get(names[1].text)] if names[1].text in dict(table.items()) else [row for _, row in table.items()]
    found = [leaf for row in rows for key, leaf in row.items() if not names[2].text or key == names[2].text]
    terms = [term for leaf in found if (term := scope.term(leaf))]
    if len(terms) == 1 or (terms and terms[0].is_list):
        return terms[0]
    return Term(choice(term.value for term in terms)) if terms else Term(Hole("Fn::FindInMap"))


def _import(scope: Scope, argument: Node) -> Term:
    name = pattern(scope.term(argument).value)
    return scope.exported(name) or Term(Hole(f"import {name}"))


def _split(scope: Scope, argument: Node) -> Term:
    parts = argument.elements()
    if len(parts) != 2 or not parts[0].text:
        return Term(Hole("Fn::Split"))
    separator, value = parts[0].text, scope.term(parts[1]).value
    if isinstance(value, Text):
        return Term(tuple(literal(piece) for piece in value.text.split(separator)))
    if isinstance(value, Reference) and separator == ":":
        last = Term(replace(value, attribute="Name"))
        return Term((literal("arn"), *(Term(Hole("part of an ARN")) for _ in range(4)), last))
    if isinstance(value, Concat):
        return Term(tuple(Term(concat(piece)) for piece in split(value, separator)))
    return Term(Hole("Fn::Split"))


def split(value: Value, separator: str) -> list[list[Value]]:
    """The parts of a value between separators that stand in its known texts."""
    pieces: list[list[Value]] = [[]]
    for part in value.parts if isinstance(value, Concat) else (value,):
        if not isinstance(part, Text):
            pieces[-1].append(part)
            continue
        first, *rest = part.text.split(separator)
        pieces[-1].append(Text(first))
        pieces += [[Text(piece)] for piece in rest]
    return pieces


def _select(scope: Scope, argument: Node) -> Term:
    parts = argument.elements()
    index = scope.term(parts[0]).number if len(parts) == 2 else None
    if index is None:
        return Term(Hole("Fn::Select"))
    items = scope.term(parts[1])
    elements = items.elements()
    return elements[index] if items.is_list and 0 <= index < len(elements) else Term(Hole("Fn::Select"))


def _itself(scope: Scope, argument: Node) -> Term:
    return scope.term(argument)


_FUNCTIONS: Mapping[str, Callable[[Scope, Node], Term]] = {
    "Ref": _ref,
    "Fn::GetAtt": _get_att,
    "Fn::Sub": _sub,
    "Fn::Join": _join,
    "Fn::If": _if,
    "Fn::FindInMap": _find_in_map,
    "Fn::ImportValue": _import,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::ToJsonString": _itself,
    "Fn::Base64": _itself,
}
