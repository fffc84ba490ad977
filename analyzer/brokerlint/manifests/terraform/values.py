"""Terraform's expressions worked out to terms, as far as the files of a configuration tell.

A reference to a resource stays a reference. What only a run knows (a variable without a value, an attribute that a
provider makes, a function that is not followed) is a hole. Asking for something that is being worked out already, a
definition through itself, gives a hole too.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from brokerlint.manifests.facts import Choice, Hole, Reference, Text
from brokerlint.manifests.terms import NOTHING, Term, choice, concat, literal, mapping, merged, parsed, pattern
from brokerlint.manifests.terraform import hcl
from brokerlint.manifests.terraform.functions import FUNCTIONS
from brokerlint.manifests.terraform.hcl import Expression
from brokerlint.manifests.terraform.hcl_parser import template

MOST_ITEMS = 64
"""Elements over which ``for``, ``for_each`` and ``dynamic`` are unrolled."""

MOST_STEPS = 200_000
"""Expressions that are worked out for one module."""

DEEPEST = 40
"""Expressions inside each other, through the names of a module."""

INSIDE = "tree:/"
"""What ``path.module`` starts with, so that it is told from paths relative to where Terraform is run."""

Lookup = Callable[[str], Term]


class Lazy(Mapping[str, Term]):
    """A mapping whose terms are worked out when they are asked for: the locals, variables or outputs of a module."""

    def __init__(self, names: Mapping[str, object], answer: Lookup) -> None:
        self._names = names
        self._answer = answer
        self._known: dict[str, Term] = {}
        self._asking: set[str] = set()

    def __getitem__(self, name: str) -> Term:
        if name not in self._names:
            raise KeyError(name)
        if name in self._asking:
            return Term(Hole(f"{name}, which is defined through itself"))
        if name not in self._known:
            self._asking.add(name)
            try:
                self._known[name] = self._answer(name)
            except RecursionError:
                return Term(Hole(f"{name}, which is defined too deeply"))
            finally:
                self._asking.discard(name)
        return self._known[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(slots=True)
class Values:
    """What names mean in one module.

    ``roots`` are terms by their first names (``var``, ``local``, ``module``, ``data``); ``resources`` gives a type's
    resources by name, ``file`` what a file of the tree holds. ``directory`` is the module's, ``root`` the one that
    Terraform is run in.
    """

    roots: Mapping[str, Term]
    resources: Lookup
    directory: str
    root: str = ""
    file: Callable[[str], Term] = field(default=lambda path: Term(Hole(f"file {path}")))
    certain: bool = False
    """Whether the variables are known to be what they are, so that a condition on them decides."""
    own: dict[str, Term] = field(default_factory=dict)
    """Names that hold only inside an expression or resource: ``each``, ``count``, those of a ``for``."""
    _depth: int = 0
    _steps: list[int] = field(default_factory=lambda: [0])

    def term(self, expression: Expression | None, line: int = 0) -> Term:
        """The term of an expression."""
        if expression is None:
            return NOTHING
        self._steps[0] += 1
        if self._depth > DEEPEST or self._steps[0] > MOST_STEPS:
            return Term(Hole("nested too deeply"), line)
        self._depth += 1
        try:
            return _READ[type(expression)](self, expression).at(line)
        finally:
            self._depth -= 1

    def within(self, names: Mapping[str, Term]) -> Values:
        """The same with further names."""
        return replace(self, own={**self.own, **names})

    def block(self, block: hcl.Block) -> Term:
        """The arguments of a block, and its inner blocks as lists of mappings by type."""
        found = {one.name: self.term(one.value, one.line) for one in block.arguments}
        lists: dict[str, list[Term]] = {}
        for inner in block.blocks:
            if inner.type == "dynamic" and inner.labels:
                lists.setdefault(inner.labels[0], []).extend(self._dynamic(inner))
            else:
                lists.setdefault(inner.type, []).append(self.block(inner))
        found |= {name: Term(tuple(terms), terms[0].line) for name, terms in lists.items() if terms}
        return mapping(found, block.line)

    def _dynamic(self, block: hcl.Block) -> list[Term]:
        iterator = self.term(block.get("iterator")).text or block.labels[0]
        content = next((one for one in block.blocks if one.type == "content"), None)
        if content is None:
            return []
        return [self.within({iterator: one}).block(content) for one in self.each(self.term(block.get("for_each")))]

    def each(self, source: Term) -> list[Term]:
        """``{key, value}`` for every element of a list or mapping; one of holes where it is not known."""
        pairs = entries_of(source)
        if pairs is None:
            unknown = Term(Hole("each element"))
            return [mapping({"key": unknown, "value": unknown})]
        return [mapping({"key": key, "value": value}) for key, value in pairs]

    # --- Kinds of expressions -------------------------------------------------------------------------------------

    def _literal(self, expression: hcl.Literal) -> Term:
        return NOTHING if expression.value is None else literal(expression.value)

    def _template(self, expression: hcl.Template) -> Term:
        terms = [self.term(part) for part in expression.parts]
        if len(terms) == 1:
            return terms[0]
        return Term(concat(term.value if term else Text("") for term in terms))

    def _name(self, expression: hcl.Name) -> Term:
        name = expression.id
        if name in self.own:
            return self.own[name]
        if name in self.roots:
            return self.roots[name]
        return self.resources(name) or Term(Hole(name))

    def _attribute(self, expression: hcl.Attribute) -> Term:
        if (
            isinstance(expression.of, hcl.Name)
            and expression.of.id in ("path", "terraform")
            and not self.own.get("path")
        ):
            return self._builtin(expression.of.id, expression.name)
        return attribute(self.term(expression.of), expression.name)

    def _builtin(self, root: str, name: str) -> Term:
        if root == "path" and name == "module":
            return literal(f"{INSIDE}{self.directory}")
        if root == "path":
            return literal(f"{INSIDE}{self.root}")
        return Term(Hole(f"terraform.{name}"))

    def _index(self, expression: hcl.Index) -> Term:
        base, key = self.term(expression.of), self.term(expression.key)
        if base.is_list:
            elements = base.elements()
            if key.number is None:
                return _any(elements)
            return elements[key.number] if -len(elements) <= key.number < len(elements) else _any(elements)
        if base.is_mapping:
            return base.get(key.text) if isinstance(key.content, Text) else _any([one for _, one in base.items()])
        return base

    def _splat(self, expression: hcl.Splat) -> Term:
        base = self.term(expression.of)
        if base.is_mapping and base.content and all(one.is_mapping or _is_resource(one) for _, one in base.items()):
            return Term(tuple(one for _, one in base.items()))
        return base if base.is_list else Term((base,)) if base else Term(())

    def _call(self, expression: hcl.Call) -> Term:
        name = expression.name
        if name in ("try", "coalesce"):
            return self._first(expression)
        arguments = [self.term(one) for one in expression.arguments]
        if name in ("file", "templatefile") and arguments:
            return self._file(arguments)
        function = FUNCTIONS.get(name)
        found = function(arguments) if function and arguments else None
        return Term(Hole(f"{name}()")) if found is None else found

    def _first(self, expression: hcl.Call) -> Term:
        """The first argument that is something; alternatives where that is not certain."""
        found: list[Term] = []
        for argument in expression.arguments:
            term = self.term(argument)
            if not term or term.content == Text(""):
                continue
            if not isinstance(term.content, Hole):
                return term if not found else Term(choice(one.value for one in (*found, term)))
            found.append(term)
        return found[0] if found else NOTHING

    def _file(self, arguments: list[Term]) -> Term:
        path = tree_path(self.root, arguments[0].text)
        found = self.file(path)
        names = dict(arguments[1].items()) if len(arguments) > 1 else {}
        return filled(found, self.within(names)) if found else Term(Hole(f"file {path}"))

    def _tuple(self, expression: hcl.Tuple) -> Term:
        return Term(tuple(term for item in expression.items if (term := self.term(item))))

    def _object(self, expression: hcl.Object) -> Term:
        found = {}
        for key, value, line in expression.items:
            name = pattern(self.term(key).value)
            found[name] = self.term(value, line)
        return Term({name: term for name, term in found.items() if term})

    def _conditional(self, expression: hcl.Conditional) -> Term:
        test = self.term(expression.test).flag
        if test is not None and (self.certain or not _on_variables(expression.test)):
            return self.term(expression.yes if test else expression.no)
        branches = [term for term in (self.term(expression.yes), self.term(expression.no)) if term]
        telling = [term for term in branches if term.content not in (Text(""), ())]
        structures = [term for term in telling if term.is_mapping or term.is_list]
        if structures and all(term.is_list for term in structures):
            return Term(tuple(one for term in structures for one in term.elements()))
        if structures:
            return structures[0]
        if len(telling) < 2:
            return telling[0] if telling else branches[0] if branches else NOTHING
        return Term(choice(term.value for term in telling))

    def _operation(self, expression: hcl.Operation) -> Term:
        right = self.term(expression.right)
        if expression.left is None:
            return literal(not right.flag) if expression.operator == "!" and right.flag is not None else Term(Hole("-"))
        left = self.term(expression.left)
        known = isinstance(left.content, Text) and isinstance(right.content, Text)
        if expression.operator in ("==", "!=") and known:
            return literal((left.text == right.text) == (expression.operator == "=="))
        if expression.operator in ("&&", "||") and left.flag is not None and right.flag is not None:
            both = (left.flag and right.flag) if expression.operator == "&&" else (left.flag or right.flag)
            return literal(both)
        return _arithmetic(expression.operator, left.number, right.number)

    def _for(self, expression: hcl.For) -> Term:
        pairs = entries_of(self.term(expression.source))
        if pairs is None:
            return Term(Hole("for"))
        found: list[tuple[str, Term]] = []
        for key, value in pairs:
            given = (key, value) if len(expression.names) > 1 else (value,)
            inner = self.within(dict(zip(expression.names, given, strict=False)))
            if expression.condition is not None and inner.term(expression.condition).flag is False:
                continue
            term = inner.term(expression.value)
            found.append((pattern(inner.term(expression.key).value) if expression.key else "", term))
        return Term(dict(found)) if expression.key is not None else Term(tuple(term for _, term in found))

    def _unknown(self, expression: hcl.Unknown) -> Term:
        return Term(Hole(expression.why))


def attribute(base: Term, name: str) -> Term:
    """``base.name``: of a resource a reference, of a list that of every element."""
    content = base.content
    if isinstance(content, Reference):
        return Term(Reference(content.key, f"{content.attribute}.{name}" if content.attribute else name))
    if isinstance(content, Choice):
        return Term(choice(attribute(Term(option), name).value for option in content.options))
    if isinstance(content, tuple):
        return Term(tuple(attribute(one, name) for one in content))
    if isinstance(content, Mapping):
        found = content.get(name)
        if found is None and content and all(_is_resource(one) for one in content.values()):
            return Term(tuple(attribute(one, name) for one in content.values()))
        return found if found is not None else NOTHING
    return Term(Hole(f"{content.label}.{name}" if isinstance(content, Hole) else name))


def entries_of(source: Term) -> list[tuple[Term, Term]] | None:
    """Keys and values of a list, set or mapping that is known and not too long; None otherwise."""
    if source.is_list and len(source.elements()) <= MOST_ITEMS:
        return [(one if isinstance(one.content, Text) else literal(i), one) for i, one in enumerate(source.elements())]
    if source.is_mapping:
        items = list(source.items())
        return [(literal(key), one) for key, one in items] if len(items) <= MOST_ITEMS else None
    return None


def filled(found: Term, names: Values) -> Term:
    """A template's structure with its ``${...}`` worked out."""
    if isinstance(found.content, Mapping):
        return Term({key: filled(one, names) for key, one in found.content.items()})
    if isinstance(found.content, tuple):
        return Term(tuple(filled(one, names) for one in found.content))
    if isinstance(found.content, Text) and "${" in found.content.text:
        return parsed(names.term(template(found.content.text)))
    return found


def tree_path(root: str, text: str) -> str:
    """A path of the configuration relative to the tree; empty where it leads out of it. ``root`` is where Terraform is
    run."""
    inside = text.startswith(INSIDE)
    if not text or (posixpath.isabs(text) and not inside):
        return ""
    path = posixpath.normpath(posixpath.join("" if inside else root, text.removeprefix(INSIDE).lstrip("/") or "."))
    return "" if path.startswith("..") or path == "." else path


def _is_resource(term: Term) -> bool:
    return isinstance(term.content, Reference)


def _any(terms: tuple[Term, ...] | list[Term]) -> Term:
    """One of several, by an index that is not known."""
    if len(terms) == 1:
        return terms[0]
    if any(term.is_mapping or term.is_list for term in terms):
        result = NOTHING
        for term in terms:
            result = merged(term, result)
        return result
    return Term(choice(term.value for term in terms)) if terms else Term(Hole("an element"))


def _on_variables(test: Expression | None) -> bool:
    """A condition that hangs on a variable: another deployment may decide otherwise."""
    if isinstance(test, hcl.Name):
        return test.id in ("var", "local", "each", "count")
    if isinstance(test, hcl.Operation):
        return _on_variables(test.left) or _on_variables(test.right)
    if isinstance(test, (hcl.Attribute, hcl.Index, hcl.Splat)):
        return _on_variables(test.of)
    if isinstance(test, hcl.Call):
        return any(_on_variables(one) for one in test.arguments)
    return isinstance(test, hcl.Template) and any(_on_variables(one) for one in test.parts)


def _arithmetic(operator: str, left: int | None, right: int | None) -> Term:
    if left is None or right is None:
        return Term(Hole(operator))
    if operator in ("+", "-", "*") and max(abs(left), abs(right)) < 10**12:
        return literal({"+": left + right, "-": left - right, "*": left * right}[operator])
    if operator in ("/", "%") and right:
        return literal(left % right if operator == "%" else left // right)
    if operator in ("<", ">", "<=", ">="):
        return literal({"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator])
    return Term(Hole(operator))


_READ: Mapping[type, Callable[[Values, Any], Term]] = {
    hcl.Literal: Values._literal,
    hcl.Template: Values._template,
    hcl.Name: Values._name,
    hcl.Attribute: Values._attribute,
    hcl.Index: Values._index,
    hcl.Splat: Values._splat,
    hcl.Call: Values._call,
    hcl.Tuple: Values._tuple,
    hcl.Object: Values._object,
    hcl.Conditional: Values._conditional,
    hcl.Operation: Values._operation,
    hcl.For: Values._for,
    hcl.Unknown: Values._unknown,
}
