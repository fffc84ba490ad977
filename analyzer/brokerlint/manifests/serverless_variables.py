"""Variables of the Serverless Framework: ``${self:custom.queue}``, ``${file(./x.yml):a.b}``, ``${opt:stage, 'dev'}``.

They are put into the tree of nodes, innermost first. What only a deployment knows becomes a pseudo parameter of
CloudFormation inside ``!Sub``, which is a hole for whoever reads the template afterwards. ``${Name}`` without a source
is CloudFormation's own and stays.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from brokerlint.manifests.yaml_nodes import MISSING, Node

DEEPEST = 40
LONGEST = 8000
MOST_NODES = 100_000
MOST_STAGES = 6
"""Variables inside variables, characters of a text, nodes that variables may make, and stages that are told apart."""

_INNERMOST = re.compile(r"\$\{\s*((?:[A-Za-z]+(?=:(?!:)|\())[^${}]*)\}")
_WHOLE = re.compile(r"\$\{\s*((?:[A-Za-z]+(?=:(?!:)|\())[^${}]*)\}\Z")
_PSEUDO = re.compile(r"#\{(AWS::\w+)\}")
_QUOTED = re.compile(r"""(['"])(.*)\1\Z""", re.DOTALL)
_FILE = re.compile(r"file\(\s*([^)]*?)\s*\)(?::(.*))?\Z", re.DOTALL)
_STATIC_FILE = re.compile(r"\$\{\s*file\(\s*([^)$]+?)\s*\)")
_PLAIN = re.compile(r"\$\{(?!!|AWS::)")


def files_named(text: str, directory: str) -> tuple[str, ...]:
    """The files that a text names in ``${file(...)}``, as far as their names are written out; relative to the tree."""
    found = (beside(directory, match) for match in _STATIC_FILE.findall(text))
    return tuple(dict.fromkeys(path for path in found if path))


def beside(directory: str, path: str) -> str:
    """A path relative to a directory of the tree, or empty where it leads out of it."""
    joined = posixpath.normpath(posixpath.join(directory, path.strip("'\" ")))
    return "" if joined.startswith(("..", "/")) else joined


@dataclass(slots=True)
class Variables:
    """The variables of one service. ``files`` holds the documents that it may include, by path; ``origins`` tells for
    keys of included mappings which file they come from."""

    document: Node
    directory: str
    files: Mapping[str, Node]
    origins: dict[str, str] = field(default_factory=dict)
    _asking: set[str] = field(default_factory=set)
    _made: int = 0

    def resolved(self, node: Node, in_sub: bool = False, depth: int = 0) -> Node:
        """The node with its variables put in."""
        self._made += 1
        if depth > DEEPEST or self._made > MOST_NODES:
            return node
        in_sub = in_sub or node.tag == "!Sub"
        if node.is_mapping:
            pairs = tuple((k, self.resolved(v, in_sub or k.text == "Fn::Sub", depth + 1)) for k, v in node.pairs)
            return replace(node, pairs=pairs)
        if node.is_sequence:
            return replace(node, children=tuple(self.resolved(child, in_sub, depth + 1) for child in node.children))
        if "${" not in node.text and "#{" not in node.text:
            return node
        return self._scalar(node, in_sub, depth)

    def at(self, *path: str, depth: int = 0) -> Node:
        """The value at a path of the service's own document, resolved."""
        return self.resolved(self._walk(self.document, path, depth), False, depth + 1)

    def text(self, *path: str) -> str:
        """The text at a path, where it is known."""
        node = self.at(*path)
        return node.text if not node.tag else ""

    def _scalar(self, node: Node, in_sub: bool, depth: int) -> Node:
        text = node.text
        for _ in range(DEEPEST):
            whole = _WHOLE.match(text)
            if whole:
                found = self._value(whole[1], depth)
                if found is not None:
                    return replace(found, line=node.line) if found.kind == "scalar" else found
            replaced = _INNERMOST.sub(lambda match: self._inside(match[1], depth), text)
            if replaced == text or len(replaced) > LONGEST:
                break
            text = replaced
        text = _PSEUDO.sub(r"${\1}", text)
        if text == node.text or in_sub or "${AWS::" not in text:
            return replace(node, text=text)
        return replace(node, tag="!Sub", text=_PLAIN.sub("${!", text), quoted=True)

    def _inside(self, variable: str, depth: int) -> str:
        """A variable inside a longer text."""
        found = self._value(variable, depth)
        if found is None or found.kind != "scalar":
            return f"${{AWS::{re.sub(r'[^A-Za-z0-9]+', '', variable)}}}"
        if found.tag == "!Ref":
            return f"${{{found.text}}}"
        return found.text

    def _value(self, variable: str, depth: int) -> Node | None:
        """The first of a variable's sources that knows it; None when none does."""
        if variable in self._asking or depth > DEEPEST:
            return None
        self._asking.add(variable)
        try:
            for source in _alternatives(variable):
                found = self._source(source.strip(), depth + 1)
                if found is not None and (found or found.quoted):
                    return found
        finally:
            self._asking.discard(variable)
        return None

    def _source(self, source: str, depth: int) -> Node | None:
        quoted = _QUOTED.match(source)
        if quoted:
            return Node("scalar", 0, text=quoted[2], quoted=True)
        file = _FILE.match(source)
        if file:
            return self._file(file[1], file[2] or "", depth)
        kind, colon, address = source.partition(":")
        if not colon:
            return Node("scalar", 0, text=source) if re.fullmatch(r"[\w.-]+", source) else None
        if kind == "self":
            path = [step for step in address.split(".") if step]
            return self.at(*path, depth=depth) or self._any_stage(path, depth) or None
        if kind == "sls" and address == "stage":
            return Node("scalar", 0, text=self._stage(depth))
        if kind == "param":
            places = (("stages", "default", "params"), ("params", "default"))
            return next((node for place in places if (node := self.at(*place, address, depth=depth))), None)
        if kind == "ssm":
            return Node("scalar", 0, text=f"{{{{resolve:ssm:{address.split('~')[0]}}}}}", quoted=True)
        if kind == "construct":
            name, _, output = address.partition(".")
            return Node("scalar", 0, "!Ref", f"{name}Queue") if output.startswith("queue") else None
        return None

    def _any_stage(self, path: list[str], depth: int) -> Node:
        """The value of any stage, where a table of stages does not have the one that is deployed by default."""
        if not path or path[-1] != self._stage(depth):
            return MISSING
        found = MISSING
        for _, value in reversed(self.at(*path[:-1], depth=depth).pairs[:MOST_STAGES]):
            condition = Node("scalar", value.line, text=f"stage {path[-1]}")
            found = Node("sequence", value.line, "!If", children=(condition, value, found)) if found else value
        return found

    def _stage(self, depth: int) -> str:
        return self.at("provider", "stage", depth=depth).text or "dev"

    def _file(self, name: str, address: str, depth: int) -> Node | None:
        path = beside(self.directory, name)
        document = self.files.get(path)
        if document is None:
            return None
        found = self._walk(document, [step for step in address.split(".") if step], depth)
        for part in (found, found.get("Resources"), *found.elements()):
            for key, _ in part.items():
                self.origins.setdefault(key, path)
        return self.resolved(found, False, depth) or None

    def _walk(self, node: Node, path: tuple[str, ...] | list[str], depth: int) -> Node:
        """The value at a path; a variable on the way is resolved first."""
        for step in path:
            if node.kind == "scalar" and "${" in node.text:
                node = self.resolved(node, False, depth + 1)
            elements = node.elements()
            index = int(step) if step.isdecimal() and len(step) < 6 else -1
            node = elements[index] if 0 <= index < len(elements) else node.get(step)
            if node is MISSING:
                break
        return node


def _alternatives(variable: str) -> list[str]:
    """A variable's sources: what stands between commas, those in quotes and brackets apart."""
    found = [""]
    closing = ""
    for character in variable:
        if closing:
            closing = "" if character == closing else closing
        elif character in "'\"(":
            closing = {"(": ")"}.get(character, character)
        elif character == ",":
            found.append("")
            continue
        found[-1] += character
    return found
