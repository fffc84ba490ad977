"""LibCST tree -> summary (``ir``), in one pass by direct attribute dispatch.

Visitors and matchers cost more than the parse; a table from node type to method costs a twentieth of it. The tree is
not kept. What the summary can't express becomes ``Opaque`` with the name of its form.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import libcst as cst

from brokerlint.python import ir
from brokerlint.python.positions import lines_of

_MARK = re.compile(r"#\s*(brokerlint:.*)")


class SourceError(Exception):
    """A file that does not parse. ``line`` is 1-based."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def lower(path: str, source: str) -> ir.Module:
    """The summary of one file.

    Takes the file's path (relative to the root) and its decoded text. Raises `SourceError` when LibCST rejects it.
    """
    try:
        tree = cst.parse_module(source)
    except cst.ParserSyntaxError as error:
        reason = error.message.split("\n")[0].rstrip(".")
        raise SourceError(error.raw_line, reason) from None
    lowering = _Lowering(lines_of(tree))
    builder = _Builder(lowering, "")
    builder.statements(tree.body, -1)
    comments = tuple(_comments(source)) if "brokerlint:" in source else ()
    is_main = any(block.kind == "if" and _tests_main(block.subject) for block in builder.blocks)
    return ir.Module(path, builder.body(), comments, is_main, source.count("\n") + 1)


def _comments(source: str) -> list[ir.Comment]:
    found = ((number, _MARK.search(line)) for number, line in enumerate(source.splitlines(), 1))
    return [ir.Comment(number, match[1].strip()) for number, match in found if match]


def _tests_main(test: ir.Expr | None) -> bool:
    sides = (test.left, *(right for _, right in test.rest)) if isinstance(test, ir.Compare) else ()
    return ir.Name("__name__") in sides and ir.Constant("__main__") in sides


class _Lowering:
    """What all bodies of one file share: the line table and the interned names."""

    def __init__(self, spans: dict[int, tuple[int, int]]) -> None:
        self.spans = spans
        self.names: dict[str, ir.Name] = {}

    def name(self, text: str) -> ir.Name:
        known = self.names.get(text)
        if known is None:
            known = self.names[text] = ir.Name(text)
        return known

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        return self.spans.get(id(node), (0, 0))


class _Builder:
    """Collects one body. ``block`` is the index of the block that is being read."""

    def __init__(self, lowering: _Lowering, qualname: str) -> None:
        self.lowering = lowering
        self.qualname = qualname
        self.block = -1
        self.order = 0
        self.blocks: list[ir.Block] = []
        self.bindings: list[ir.Binding] = []
        self.sites: list[ir.Site] = []
        self.exits: list[ir.Exit] = []
        self.imports: list[ir.Import] = []
        self.functions: list[ir.Function] = []
        self.classes: list[ir.Class] = []
        self.outer: list[str] = []

    def body(self) -> ir.Body:
        return ir.Body(
            tuple(self.blocks),
            tuple(self.bindings),
            tuple(self.sites),
            tuple(self.exits),
            tuple(self.imports),
            tuple(self.functions),
            tuple(self.classes),
            tuple(self.outer),
        )

    def next(self) -> int:
        self.order += 1
        return self.order

    # --- Statements -----------------------------------------------------------------------------------------------

    def statements(self, nodes: Any, block: int) -> None:
        """Read statements that stand in ``block``."""
        saved, self.block = self.block, block
        for node in nodes:
            handler = _STATEMENTS.get(type(node))
            if handler is not None:
                handler(self, node)
        self.block = saved

    def suite(self, node: cst.BaseSuite, block: int) -> None:
        self.statements(node.body, block)

    def open(self, kind: str, subject: ir.Expr | None, node: cst.CSTNode) -> int:
        line, end = self.lowering.span(node)
        self.blocks.append(ir.Block(self.block, kind, subject, line, end))
        return len(self.blocks) - 1

    def simple_line(self, node: cst.SimpleStatementLine) -> None:
        self.line = self.lowering.span(node)[0]
        for small in node.body:
            handler = _STATEMENTS.get(type(small))
            if handler is not None:
                handler(self, small)

    def bind(self, target: cst.BaseExpression, value: ir.Expr, kind: str, line: int, note: ir.Expr | None = None) -> None:
        """Bind a target, taking tuples and lists of targets apart."""
        if isinstance(target, (cst.Tuple, cst.List)):
            after_star = False
            for index, element in enumerate(target.elements):
                if isinstance(element, cst.StarredElement):
                    after_star = True
                    self.bind(element.value, ir.Item(value, None), kind, line)
                else:
                    self.bind(element.value, ir.Item(value, None if after_star else index), kind, line)
            return
        lowered = self.expr(target)
        self.bindings.append(ir.Binding(lowered, value, kind, self.block, self.next(), line, note))

    def assign(self, node: cst.Assign) -> None:
        value = self.expr(node.value, "assigned")
        for target in node.targets:
            self.bind(target.target, value, "assign", self.lowering.span(node)[0])

    def annotated(self, node: cst.AnnAssign) -> None:
        note = self.expr(node.annotation.annotation)
        value = ir.Opaque("declared only") if node.value is None else self.expr(node.value, "assigned")
        kind = "declare" if node.value is None else "assign"
        self.bind(node.target, value, kind, self.lowering.span(node)[0], note)

    def augmented(self, node: cst.AugAssign) -> None:
        value = self.expr(node.value)
        operator = _operator(node.operator).removesuffix("=")
        target = self.expr(node.target)
        line = self.line
        self.bindings.append(
            ir.Binding(target, ir.Binary(target, operator, value), "augment", self.block, self.next(), line)
        )

    def expression(self, node: cst.Expr) -> None:
        self.expr(node.value, "dropped")

    def leave(self, kind: str, value: cst.BaseExpression | None) -> None:
        lowered = None if value is None else self.expr(value, "returned" if kind == "return" else "used")
        self.exits.append(ir.Exit(kind, lowered, self.block, self.next(), self.line))

    def import_plain(self, node: cst.Import) -> None:
        for alias in node.names:
            module = _dotted(alias.name)
            bound = _dotted(alias.asname.name) if alias.asname else module.split(".")[0]
            self.imported(module, None, bound, 0)

    def import_from(self, node: cst.ImportFrom) -> None:
        module = _dotted(node.module) if node.module else ""
        level = len(node.relative)
        if isinstance(node.names, cst.ImportStar):
            self.imported(module, "*", "*", level)
            return
        for alias in node.names:
            name = _dotted(alias.name)
            bound = _dotted(alias.asname.name) if alias.asname else name
            self.imported(module, name, bound, level)

    def imported(self, module: str, name: str | None, alias: str, level: int) -> None:
        self.imports.append(ir.Import(module, name, alias, level, self.line, self.block, self.next()))

    def outer_names(self, node: cst.Global | cst.Nonlocal) -> None:
        self.outer.extend(item.name.value for item in node.names)

    def branch(self, node: cst.If, chained: bool = False) -> None:
        self.line = self.lowering.span(node)[0] or self.line
        test = self.expr(node.test)
        self.suite(node.body, self.open("if", test, node))
        if node.orelse is not None:
            inside = self.open("else", test, node.orelse)
            if isinstance(node.orelse, cst.If):
                saved, self.block = self.block, inside
                self.branch(node.orelse, True)
                self.block = saved
            else:
                self.suite(node.orelse.body, inside)

    def loop(self, node: cst.For) -> None:
        line = self.line = self.lowering.span(node)[0]
        iterable = self.expr(node.iter)
        block = self.open("async-for" if node.asynchronous else "for", iterable, node)
        saved, self.block = self.block, block
        self.bind(node.target, ir.Element(iterable), "for", line)
        self.block = saved
        self.suite(node.body, block)
        if node.orelse is not None:
            self.suite(node.orelse.body, self.block)

    def while_loop(self, node: cst.While) -> None:
        self.line = self.lowering.span(node)[0]
        block = self.open("while", None, node)
        saved, self.block = self.block, block
        test = self.expr(node.test)
        self.block = saved
        old = self.blocks[block]
        self.blocks[block] = ir.Block(old.parent, old.kind, test, old.line, old.end_line)
        self.suite(node.body, block)
        if node.orelse is not None:
            self.suite(node.orelse.body, self.block)

    def try_block(self, node: cst.Try | cst.TryStar) -> None:
        self.suite(node.body, self.open("try", None, node))
        for handler in node.handlers:
            self.line = self.lowering.span(handler)[0] or self.line
            kind = self.expr(handler.type) if handler.type is not None else None
            block = self.open("except", kind, handler)
            if handler.name is not None:
                saved, self.block = self.block, block
                self.bind(handler.name.name, ir.Opaque("exception"), "assign", self.line)
                self.block = saved
            self.suite(handler.body, block)
        if node.orelse is not None:
            self.suite(node.orelse.body, self.block)
        if node.finalbody is not None:
            self.suite(node.finalbody.body, self.open("finally", None, node.finalbody))

    def with_block(self, node: cst.With) -> None:
        self.line = self.lowering.span(node)[0]
        block, outer = self.block, self.block
        for item in node.items:
            value = self.expr(item.item, "assigned" if item.asname else "used")
            block = self.open("with", value, node)
            self.block = block
            if item.asname is not None:
                self.bind(item.asname.name, ir.Entered(value), "with", self.line)
        self.block = outer
        self.suite(node.body, block)

    def match(self, node: cst.Match) -> None:
        self.line = self.lowering.span(node)[0]
        subject = self.expr(node.subject)
        for case in node.cases:
            self.suite(case.body, self.open("case", subject, case))

    def function(self, node: cst.FunctionDef) -> None:
        line, end = self.lowering.span(node)
        self.line = line
        decorators = tuple(self.expr(decorator.decorator, "decorator") for decorator in node.decorators)
        parameters = tuple(self.parameters(node.params))
        returns = self.expr(node.returns.annotation) if node.returns else None
        name = node.name.value
        qualname = f"{self.qualname}.{name}" if self.qualname else name
        inner = _Builder(self.lowering, qualname)
        inner.line = line
        inner.suite(node.body, -1)
        is_async = node.asynchronous is not None
        body, order = inner.body(), self.next()
        self.functions.append(
            ir.Function(name, qualname, line, end, parameters, decorators, returns, is_async, self.block, order, body)
        )

    def class_def(self, node: cst.ClassDef) -> None:
        line, end = self.lowering.span(node)
        self.line = line
        decorators = tuple(self.expr(decorator.decorator, "decorator") for decorator in node.decorators)
        bases = tuple(self.expr(argument.value) for argument in node.bases if not argument.star)
        keywords = tuple(
            ir.Argument(self.expr(a.value), a.keyword.value if a.keyword else None, a.star) for a in node.keywords
        )
        name = node.name.value
        qualname = f"{self.qualname}.{name}" if self.qualname else name
        inner = _Builder(self.lowering, qualname)
        inner.line = line
        inner.suite(node.body, -1)
        body, order = inner.body(), self.next()
        self.classes.append(ir.Class(name, qualname, line, end, bases, keywords, decorators, self.block, order, body))

    def parameters(self, node: cst.Parameters) -> list[ir.Parameter]:
        found = [self.parameter(p, "") for p in (*node.posonly_params, *node.params)]
        if isinstance(node.star_arg, cst.Param):
            found.append(self.parameter(node.star_arg, "*"))
        found += [self.parameter(p, "=") for p in node.kwonly_params]
        if node.star_kwarg is not None:
            found.append(self.parameter(node.star_kwarg, "**"))
        return found

    def parameter(self, node: cst.Param, kind: str) -> ir.Parameter:
        note = self.expr(node.annotation.annotation) if node.annotation else None
        default = self.expr(node.default) if node.default else None
        return ir.Parameter(node.name.value, kind, note, default)

    # --- Expressions ----------------------------------------------------------------------------------------------

    line = 0

    def expr(self, node: cst.BaseExpression, use: str = "used", awaited: bool = False) -> ir.Expr:
        """Lower one expression; calls inside it become sites."""
        if isinstance(node, cst.Call):
            return self.call(node, use, awaited)
        if isinstance(node, cst.Await):
            return self.expr(node.expression, use, True)
        handler = _EXPRESSIONS.get(type(node))
        return ir.Opaque(type(node).__name__.lower()) if handler is None else handler(self, node)

    def call(self, node: cst.Call, use: str, awaited: bool) -> ir.Call:
        function = self.expr(node.func)
        arguments = tuple(
            ir.Argument(self.expr(a.value, "argument"), a.keyword.value if a.keyword else None, a.star)
            for a in node.args
        )
        line, end = self.lowering.span(node)
        lowered = ir.Call(function, arguments, line, end)
        self.sites.append(ir.Site(lowered, self.block, self.next(), use, awaited))
        return lowered

    def plain_name(self, node: cst.Name) -> ir.Expr:
        text = node.value
        return _KEYWORDS[text] if text in _KEYWORDS else self.lowering.name(text)

    def attribute(self, node: cst.Attribute) -> ir.Expr:
        return ir.Attribute(self.expr(node.value), node.attr.value)

    def subscript(self, node: cst.Subscript) -> ir.Expr:
        value = self.expr(node.value)
        indices = [
            self.expr(element.slice.value) if isinstance(element.slice, cst.Index) else ir.Opaque("slice")
            for element in node.slice
        ]
        return ir.Subscript(value, indices[0] if len(indices) == 1 else ir.Sequence("tuple", tuple(indices)))

    def text(self, node: cst.SimpleString) -> ir.Expr:
        try:
            return ir.Constant(node.evaluated_value)
        except (SyntaxError, ValueError):
            return ir.Opaque("string that can't be read")

    def concatenated(self, node: cst.ConcatenatedString) -> ir.Expr:
        left, right = self.expr(node.left), self.expr(node.right)
        if isinstance(left, ir.Constant) and isinstance(right, ir.Constant):
            both = (left.value, right.value)
            if isinstance(both[0], str) and isinstance(both[1], str):
                return ir.Constant(both[0] + both[1])
        parts = [part for side in (left, right) for part in (side.parts if isinstance(side, ir.Formatted) else (side,))]
        return ir.Formatted(tuple(parts))

    def formatted(self, node: cst.FormattedString) -> ir.Expr:
        parts: list[ir.Expr] = []
        for part in node.parts:
            if isinstance(part, cst.FormattedStringText):
                parts.append(ir.Constant(part.value.replace("{{", "{").replace("}}", "}")))
            else:
                parts.append(self.expr(part.expression))
        return ir.Formatted(tuple(parts))

    def number(self, node: cst.Integer | cst.Float) -> ir.Expr:
        try:
            return ir.Constant(node.evaluated_value)
        except ValueError:
            return ir.Opaque("number that can't be read")

    def binary(self, node: cst.BinaryOperation) -> ir.Expr:
        return ir.Binary(self.expr(node.left), _operator(node.operator), self.expr(node.right))

    def boolean(self, node: cst.BooleanOperation) -> ir.Expr:
        operator = "and" if isinstance(node.operator, cst.And) else "or"
        return ir.Boolean(self.expr(node.left), operator, self.expr(node.right))

    def unary(self, node: cst.UnaryOperation) -> ir.Expr:
        operator = type(node.operator).__name__
        value = self.expr(node.expression)
        if operator == "Minus" and isinstance(value, ir.Constant) and isinstance(value.value, (int, float)):
            return ir.Constant(-value.value)
        return ir.Unary("not" if operator == "Not" else operator, value)

    def compare(self, node: cst.Comparison) -> ir.Expr:
        left = self.expr(node.left)
        rest = tuple((type(c.operator).__name__, self.expr(c.comparator)) for c in node.comparisons)
        return ir.Compare(left, rest)

    def conditional(self, node: cst.IfExp) -> ir.Expr:
        return ir.Conditional(self.expr(node.test), self.expr(node.body), self.expr(node.orelse))

    def display(self, node: cst.List | cst.Tuple | cst.Set) -> ir.Expr:
        items = tuple(
            ir.Starred(self.expr(e.value)) if isinstance(e, cst.StarredElement) else self.expr(e.value)
            for e in node.elements
        )
        return ir.Sequence(type(node).__name__.lower(), items)

    def mapping(self, node: cst.Dict) -> ir.Expr:
        return ir.Mapping(
            tuple(
                (None, self.expr(e.value))
                if isinstance(e, cst.StarredDictElement)
                else (self.expr(e.key), self.expr(e.value))
                for e in node.elements
                if isinstance(e, (cst.DictElement, cst.StarredDictElement))
            )
        )

    def comprehension(self, node: Any) -> ir.Expr:
        saved = self.block
        iterables: list[ir.Expr] = []
        clause = node.for_in
        while clause is not None:
            iterable = self.expr(clause.iter)
            iterables.append(iterable)
            self.block = self.open("comprehension", iterable, node)
            self.bind(clause.target, ir.Element(iterable), "for", self.line)
            for condition in clause.ifs:
                self.expr(condition.test)
            clause = clause.inner_for_in
        if isinstance(node, cst.DictComp):
            key, element = self.expr(node.key), self.expr(node.value)
        else:
            key, element = None, self.expr(node.elt, "collected")
        self.block = saved
        return ir.Comprehension(_COMPREHENSIONS[type(node)], key, element, tuple(iterables))

    def anonymous(self, node: cst.Lambda) -> ir.Expr:
        line, end = self.lowering.span(node)
        parameters = tuple(self.parameters(node.params))
        inner = _Builder(self.lowering, f"{self.qualname}.<lambda>" if self.qualname else "<lambda>")
        inner.line = line or self.line
        inner.leave("return", node.body)
        function = ir.Function(
            "<lambda>", inner.qualname, inner.line, end, parameters, (), None, False, self.block, self.next(), inner.body()
        )
        self.functions.append(function)
        return ir.Lambda(function)

    def walrus(self, node: cst.NamedExpr) -> ir.Expr:
        value = self.expr(node.value, "assigned")
        self.bind(node.target, value, "assign", self.line)
        return value

    def yielded(self, node: cst.Yield) -> ir.Expr:
        inner = node.value.item if isinstance(node.value, cst.From) else node.value
        value = None if inner is None else self.expr(inner)
        kind = "yield-from" if isinstance(node.value, cst.From) else "yield"
        self.exits.append(ir.Exit(kind, value, self.block, self.next(), self.line))
        return ir.Opaque("yield")


def _operator(node: cst.CSTNode) -> str:
    name = type(node).__name__
    return _OPERATORS.get(name, name)


def _dotted(node: cst.CSTNode) -> str:
    if isinstance(node, cst.Attribute):
        return f"{_dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


_KEYWORDS: dict[str, ir.Expr] = {"True": ir.Constant(True), "False": ir.Constant(False), "None": ir.Constant(None)}

_OPERATORS = {
    "Add": "+",
    "AddAssign": "+=",
    "Modulo": "%",
    "BitOr": "|",
    "BitOrAssign": "|=",
    "Divide": "/",
    "Multiply": "*",
    "Subtract": "-",
    "FloorDivide": "//",
    "RightShift": ">>",
    "LeftShift": "<<",
}

_COMPREHENSIONS: dict[type[cst.CSTNode], str] = {
    cst.ListComp: "list",
    cst.SetComp: "set",
    cst.DictComp: "dict",
    cst.GeneratorExp: "generator",
}

_STATEMENTS: dict[type[cst.CSTNode], Callable[[_Builder, Any], None]] = {
    cst.SimpleStatementLine: _Builder.simple_line,
    cst.Assign: _Builder.assign,
    cst.AnnAssign: _Builder.annotated,
    cst.AugAssign: _Builder.augmented,
    cst.Expr: _Builder.expression,
    cst.Return: lambda b, n: b.leave("return", n.value),
    cst.Raise: lambda b, n: b.leave("raise", n.exc),
    cst.Break: lambda b, n: b.leave("break", None),
    cst.Continue: lambda b, n: b.leave("continue", None),
    cst.Assert: lambda b, n: b.expr(n.test) and None,
    cst.Import: _Builder.import_plain,
    cst.ImportFrom: _Builder.import_from,
    cst.Global: _Builder.outer_names,
    cst.Nonlocal: _Builder.outer_names,
    cst.If: _Builder.branch,
    cst.For: _Builder.loop,
    cst.While: _Builder.while_loop,
    cst.Try: _Builder.try_block,
    cst.TryStar: _Builder.try_block,
    cst.With: _Builder.with_block,
    cst.Match: _Builder.match,
    cst.FunctionDef: _Builder.function,
    cst.ClassDef: _Builder.class_def,
}

_EXPRESSIONS: dict[type[cst.CSTNode], Callable[[_Builder, Any], ir.Expr]] = {
    cst.Name: _Builder.plain_name,
    cst.Attribute: _Builder.attribute,
    cst.Subscript: _Builder.subscript,
    cst.SimpleString: _Builder.text,
    cst.ConcatenatedString: _Builder.concatenated,
    cst.FormattedString: _Builder.formatted,
    cst.Integer: _Builder.number,
    cst.Float: _Builder.number,
    cst.BinaryOperation: _Builder.binary,
    cst.BooleanOperation: _Builder.boolean,
    cst.UnaryOperation: _Builder.unary,
    cst.Comparison: _Builder.compare,
    cst.IfExp: _Builder.conditional,
    cst.List: _Builder.display,
    cst.Tuple: _Builder.display,
    cst.Set: _Builder.display,
    cst.Dict: _Builder.mapping,
    cst.ListComp: _Builder.comprehension,
    cst.SetComp: _Builder.comprehension,
    cst.DictComp: _Builder.comprehension,
    cst.GeneratorExp: _Builder.comprehension,
    cst.Lambda: _Builder.anonymous,
    cst.NamedExpr: _Builder.walrus,
    cst.Yield: _Builder.yielded,
}
