"""Helm expressions: what ``{{ .Values.a.b | default "x" | quote }}`` and ``toYaml`` stand for, given a chart's values.

Only look-ups, defaults and formatting are worked out; what a template computes otherwise is a hole with the expression
as its label.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from brokerlint.manifests.facts import Hole, Text, Value
from brokerlint.manifests.templating import Blanked
from brokerlint.manifests.values import NOT_KEPT
from brokerlint.manifests.workloads import LEFT_OUT
from brokerlint.manifests.yaml_nodes import MISSING, Node

_LOOKUP = re.compile(r"(?:\(|(?<!\s))\s*+\$?\.Values((?:\.[\w-]+)+)\s*\)?\Z")
_QUOTED = re.compile(r"\"([^\"]*)\"\Z|'([^']*)'\Z|`([^`]*)`\Z")
_DEFAULT = re.compile(r"default\s+(\"[^\"]*\"|'[^']*'|[\w.$-]+)(?:\s+(\S.*))?\Z")
_DUMP = re.compile(
    r"(?:toYaml|tpl\s*\(toYaml|include\s+\"[^\"]+\"\s+\(\s*dict\s+\"value\")\s+(\$?\.Values(?:\.[\w-]+)+|\.)"
)
_SCOPE = re.compile(r"(?:with|range)\b.*?(\$?\.Values(?:\.[\w-]+)+)")
_PASSING = frozenset("quote squote toString trim lower upper int int64 tpl required b64enc nindent indent".split())
_NEAR = 8
"""Lines between a ``with`` or ``range`` and what it encloses."""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart's name and values: the first of ``values`` that has a key counts."""

    name: str
    values: tuple[Node, ...]

    def lookup(self, path: str) -> Node:
        """The value at ``.Values.a.b``."""
        keys = path.partition(".Values")[2].strip(".").split(".")
        return next((found for one in self.values if (found := one.get(*keys))), MISSING)

    def value(self, expression: str) -> Value:
        """What an expression inside a line stands for."""
        steps = [step.strip() for step in expression.split("|")]
        found = self._first(steps[0])
        for step in steps[1:]:
            default = _DEFAULT.match(step)
            if default:
                found = self._operand(default[1]) if found is None or found == Text("") else found
            elif step.split(" ")[0] not in _PASSING:
                return Hole(expression)
        return Hole(expression) if found is None else found

    def _first(self, step: str) -> Value | None:
        default = _DEFAULT.match(step)
        if default and default[2]:
            found = self._operand(default[2])
            return self._operand(default[1]) if found is None or found == Text("") else found
        words = step.split(None, 1)
        if len(words) == 2 and words[0] in _PASSING:
            return self._operand(words[1].rpartition(" ")[2] if words[0] == "required" else words[1])
        return self._operand(step)

    def _operand(self, text: str) -> Value | None:
        quoted = _QUOTED.match(text)
        if quoted:
            return Text(next(part for part in quoted.groups() if part is not None))
        if _LOOKUP.match(text):
            node = self.lookup(_LOOKUP.sub(r".Values\1", text))
            if node.tag == LEFT_OUT:
                return NOT_KEPT
            return Text(node.text) if node and node.kind == "scalar" else None
        if text in (".Chart.Name", "$.Chart.Name"):
            return Text(self.name)
        if re.fullmatch(r"(?:include|template)\s+\"[\w.-]*name\".*", text):
            return Text(self.name)
        return Text(text) if re.fullmatch(r"\d+|true|false", text) else None


def spliced(node: Node, plain: Blanked, chart: Chart) -> Node:
    """The node with values put where the template dumps them: ``toYaml`` below a key, ``range`` over variables."""
    if node.is_mapping:
        pairs = []
        for key, value in node.pairs:
            found = _dumped(key, value, plain, chart)
            pairs.append((key, spliced(value, plain, chart) if found is None else found))
        return replace(node, pairs=tuple(pairs))
    if node.is_sequence:
        return replace(node, children=tuple(spliced(child, plain, chart) for child in node.children))
    return node


def _dumped(key: Node, value: Node, plain: Blanked, chart: Chart) -> Node | None:
    """The values that a template writes below ``key``; None when it writes none."""
    ranged = key.text == "env" and value.is_sequence and any(_is_token(one.get("name")) for one in value.elements())
    if value and not ranged:
        return None
    for line in (key.line,) if key.line in plain.lines else range(key.line, key.line + _NEAR):
        expression = plain.lines.get(line, "")
        dump = _DUMP.match(expression)
        if dump and dump[1] != ".":
            return _at(key.line, chart.lookup(dump[1])) or None
        if (dump or ranged) and (scope := _scope(plain.lines, line)):
            found = _at(key.line, chart.lookup(scope))
            return _merged(value, found) if ranged and found else found or None
    return None


def _at(line: int, node: Node) -> Node:
    """Values as they stand in the template: at the line that asks for them."""
    pairs = tuple((replace(key, line=line), _at(line, value)) for key, value in node.pairs)
    return replace(node, line=line, pairs=pairs, children=tuple(_at(line, child) for child in node.children))


def _merged(listed: Node, values: Node) -> Node:
    """The variables that stand in the template, and those of the values, as one list or mapping of variables."""
    own = tuple(one for one in listed.elements() if not _is_token(one.get("name")))
    if values.is_sequence:
        return replace(values, children=own + values.children)
    extra = tuple(_pair(name, value) for name, value in values.pairs if value.kind == "scalar")
    return replace(listed, children=own + extra)


def _pair(name: Node, value: Node) -> Node:
    key, held = Node("scalar", name.line, text="name"), Node("scalar", name.line, text="value")
    return Node("mapping", name.line, pairs=((key, name), (held, value)))


def _scope(lines: Mapping[int, str], line: int) -> str:
    """The values that the nearest ``with`` or ``range`` above a line goes through."""
    for number in range(line, line - _NEAR, -1):
        scope = _SCOPE.match(lines.get(number, ""))
        if scope:
            return scope[1]
    return ""


def _is_token(node: Node) -> bool:
    return node.text.startswith("__T")


def described(node: Node, name: str) -> Iterator[tuple[str, Node]]:
    """Workloads that values describe by themselves, for charts that are kept elsewhere: an image or command with
    variables, by name."""
    if not node.is_mapping:
        return
    image = node.get("image")
    runs = image.get("repository") or node.get("command") or (image.text and image)
    if runs and any(node.get(key) for key in ("env", "envVars", "extraEnv", "environment", "command", "args")):
        own = node.get("fullnameOverride") or node.get("nameOverride") or node.get("name")
        yield own.text or name, node
        return
    for key, value in node.items():
        yield from described(value, key)
