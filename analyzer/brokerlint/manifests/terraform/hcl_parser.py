"""Reads HCL block by block.

A block that is not valid costs itself and one message, never its neighbours; blocks that nobody wants are only skipped.
Grammar: https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Callable

from brokerlint.manifests.terraform.hcl import (
    Argument,
    Attribute,
    Block,
    Call,
    Conditional,
    Expression,
    For,
    HclError,
    Index,
    Literal,
    Name,
    Object,
    Operation,
    Splat,
    Template,
    Tuple,
    Unknown,
)
from brokerlint.manifests.terraform.hcl_cursor import Cursor

DEEPEST = 60
"""Expressions and blocks inside each other."""

MOST_PROBLEMS = 20
"""Broken blocks after which the rest of a file is given up."""

_IDENTIFIER = re.compile(r"[^\W\d][\w-]*")
_QUOTED_NAME = re.compile(r'"[\w-]+"(?=[ \t]*=)')
_FUNCTION = re.compile(r"[^\W\d][\w-]*(?:::[^\W\d][\w-]*)*(?=\()")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_HEREDOC = re.compile(r"<<(-?)[ \t]*([^\W\d][\w-]*)[ \t\r]*\n")
_TEXT = re.compile(r"(?:[^\"\\$%\n]|\\.|\$\$\{|%%\{|\$(?!\{)|%(?!\{))+")
_BODY_TEXT = re.compile(r"(?:[^$%]|\$\$\{|%%\{|\$(?!\{)|%(?!\{))+")
_DIRECTIVE = re.compile(r"%\{~?\s*(if|for|else|endif|endfor)\b[^}]*\}")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)|(\$|%)\2(?=\{)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}
_OPERATORS = (("||",), ("&&",), ("==", "!="), ("<=", ">=", "<", ">"), ("+", "-"), ("*", "/", "%"))
_UNINTERESTING = re.compile(r'[^{}"<#/]+')
_TOP = re.compile(r'^[^\W\d][\w-]*(?:[ \t]+(?:"[^"\n]*"|[\w-]+))*[ \t]*\{', re.MULTILINE)
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def parse(
    text: str, wanted: Callable[[str, tuple[str, ...]], bool] = lambda kind, labels: True
) -> tuple[tuple[Block, ...], tuple[Argument, ...], list[HclError]]:
    """The blocks of a file whose type and labels are ``wanted``, its own arguments (of a ``.tfvars``), and what was
    not valid."""
    parser = _Parser(text.removeprefix("\ufeff"))
    blocks: list[Block] = []
    arguments: list[Argument] = []
    problems: list[HclError] = []
    while parser.more():
        start = parser.at
        try:
            found = parser.statement(wanted, 0)
            if isinstance(found, Block):
                blocks.append(found)
            elif isinstance(found, Argument):
                arguments.append(found)
        except HclError as problem:
            problems.append(problem)
            if len(problems) >= MOST_PROBLEMS:
                break
            following = _TOP.search(parser.text, start + 1)
            parser.restart(following.start() if following else len(parser.text))
    return tuple(blocks), tuple(arguments), problems


def template(text: str) -> Expression:
    """The expression of a template's text; the text itself where it is none."""
    if "${" not in text and "%{" not in text:
        return Literal(text)
    try:
        return _Parser(text).parts(_BODY_TEXT, "", False)
    except HclError:
        return Literal(text)


class _Parser(Cursor):
    """A recursive descent over the text."""

    # --- Blocks ---------------------------------------------------------------------------------------------------

    def statement(self, wanted: Callable[[str, tuple[str, ...]], bool], depth: int) -> Block | Argument | None:
        """An argument or block; None for a block that is not wanted."""
        if depth > DEEPEST:
            raise self.fail("less nesting")
        self.blank(True)
        line = self.line
        name = self.match(_QUOTED_NAME) or self.match(_IDENTIFIER)
        if name is None:
            raise self.fail("a name")
        self.blank()
        if self.text.startswith("=", self.at) and not self.text.startswith("==", self.at):
            self.at += 1
            value = self.expression()
            self.take(",")
            return Argument(name[0].strip('"'), value, line)
        labels: list[str] = []
        while not self.take("{"):
            if self.take('"'):
                label = self.parts(_TEXT, '"', True)
                labels.append(label.value if isinstance(label, Literal) and isinstance(label.value, str) else "")
            elif found := self.match(_IDENTIFIER):
                labels.append(found[0])
            else:
                raise self.fail("'{'")
        if not wanted(name[0], tuple(labels)):
            self._skip()
            return None
        return self._body(name[0], tuple(labels), line, depth)

    def _body(self, kind: str, labels: tuple[str, ...], line: int, depth: int) -> Block:
        arguments: list[Argument] = []
        blocks: list[Block] = []
        while True:
            self.blank(True)
            if self.take("}"):
                return Block(kind, labels, tuple(arguments), tuple(blocks), line)
            found = self.statement(lambda kind, labels: True, depth + 1)
            if isinstance(found, Block):
                blocks.append(found)
            elif found is not None:
                arguments.append(found)

    def _skip(self) -> None:
        """To the end of a block whose brace is open."""
        depth = 1
        while depth:
            self.blank(True)
            if uninteresting := _UNINTERESTING.match(self.text, self.at):
                self.at = uninteresting.end()
                continue
            if self.at >= len(self.text):
                raise self.fail("'}'")
            character = self.text[self.at]
            if character == '"':
                self.at += 1
                self.parts(_TEXT, '"', True)
            elif character == "<" and (heredoc := _HEREDOC.match(self.text, self.at)):
                self._heredoc(heredoc)
            else:
                depth += (character == "{") - (character == "}")
                self.at += 1

    # --- Expressions ----------------------------------------------------------------------------------------------

    def expression(self) -> Expression:
        """Any expression."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail("less nesting")
        test = self._operation(0)
        if self.take("?"):
            self.blank(True)
            yes = self.expression()
            self.blank(True)
            self.need(":")
            self.blank(True)
            test = Conditional(test, yes, self.expression())
        self.depth -= 1
        return test

    def _operation(self, level: int) -> Expression:
        if level == len(_OPERATORS):
            return self._unary()
        left = self._operation(level + 1)
        while True:
            self.blank()
            found = next((one for one in _OPERATORS[level] if self.text.startswith(one, self.at)), None)
            if found is None or (found == "/" and self.text.startswith(("//", "/*"), self.at)):
                return left
            self.at += len(found)
            self.blank(True)
            left = Operation(found, left, self._operation(level + 1))

    def _unary(self) -> Expression:
        self.blank()
        for operator in ("!", "-"):
            if self.text.startswith(operator, self.at) and not self.text.startswith("!=", self.at):
                self.at += 1
                self.depth += 1
                if self.depth > DEEPEST:
                    raise self.fail("less nesting")
                operand = self._unary()
                self.depth -= 1
                if operator == "-" and isinstance(operand, Literal) and type(operand.value) in (int, float):
                    return Literal(-operand.value)  # type: ignore[operator]
                return Operation(operator, None, operand)
        return self._postfix(self._primary())

    def _postfix(self, base: Expression) -> Expression:
        while True:
            self.blank()
            if self.text.startswith(".", self.at) and not self.text.startswith("...", self.at):
                self.at += 1
                if self.take("*"):
                    base = Splat(base)
                elif number := self.match(re.compile(r"[0-9]+")):
                    base = Index(base, Literal(int(number[0])))
                elif name := self.match(_IDENTIFIER):
                    base = Attribute(base, name[0])
                else:
                    raise self.fail("an attribute")
            elif self.text.startswith("[", self.at):
                self.at += 1
                base = self._index(base)
            else:
                return base

    def _index(self, base: Expression) -> Expression:
        before, self.inside = self.inside, True
        if self.take("*"):
            self.need("]")
            found: Expression = Splat(base)
        else:
            found = Index(base, self.expression())
            self.need("]")
        self.inside = before
        return found

    def _primary(self) -> Expression:
        self.blank()
        character = self.text[self.at : self.at + 1]
        if character == '"':
            self.at += 1
            return self.parts(_TEXT, '"', True)
        if character in ("(", "[", "{"):
            return self._bracketed(character)
        if character == "<" and (heredoc := _HEREDOC.match(self.text, self.at)):
            return self._heredoc(heredoc)
        if number := self.match(_NUMBER):
            return Literal(int(number[0]) if number[0].isdecimal() else float(number[0]))
        if function := self.match(_FUNCTION):
            self.at += 1
            return Call(function[0], self._items(")"))
        if name := self.match(_IDENTIFIER):
            return Literal(_LITERALS[name[0]]) if name[0] in _LITERALS else Name(name[0])
        raise self.fail("a value")

    def _bracketed(self, character: str) -> Expression:
        self.at += 1
        before = self.inside
        try:
            self.inside = True
            if character == "(":
                found = self.expression()
                self.need(")")
                return found
            if self.match(re.compile(r"for\b(?!\s*[=:])")):
                return self._for("]" if character == "[" else "}")
            if character == "[":
                return Tuple(self._items("]"))
            return self._object()
        finally:
            self.inside = before

    def _items(self, end: str) -> tuple[Expression, ...]:
        before, self.inside = self.inside, True
        found: list[Expression] = []
        while not self.take(end):
            found.append(self.expression())
            self.take("...")
            if not self.take(","):
                self.need(end)
                break
        self.inside = before
        return tuple(found)

    def _object(self) -> Object:
        found: list[tuple[Expression, Expression, int]] = []
        while not self.take("}"):
            self.blank(True)
            line = self.line
            key = self.expression()
            if not (self.take("=") or self.take(":")):
                raise self.fail("'='")
            self.blank(True)
            self.inside = False
            value = self.expression()
            self.inside = True
            found.append((Literal(key.id) if isinstance(key, Name) else key, value, line))
            self.take(",")
        return Object(tuple(found))

    def _for(self, end: str) -> For:
        names: list[str] = []
        while name := self.match(_IDENTIFIER):
            if name[0] == "in":
                break
            names.append(name[0])
            self.take(",")
        source = self.expression()
        self.need(":")
        value = self.expression()
        key = None
        if self.take("=>"):
            key, value = value, self.expression()
            self.take("...")
        condition = self.expression() if self.match(re.compile(r"if\b")) else None
        self.need(end)
        return For(tuple(names), source, key, value, condition)

    # --- Texts ----------------------------------------------------------------------------------------------------

    def parts(self, plain: re.Pattern[str], end: str, escapes: bool) -> Expression:
        """The parts of a text up to ``end``, which is skipped (or to the end of everything)."""
        found: list[Expression] = []
        while True:
            if end and self.text.startswith(end, self.at):
                self.at += len(end)
                break
            if not end and self.at >= len(self.text):
                break
            text = plain.match(self.text, self.at)
            if text:
                self.at = text.end()
                found.append(Literal(_unescaped(text[0], escapes)))
            elif self.text.startswith("${", self.at):
                found.append(self._interpolation())
            elif self.text.startswith("%{", self.at):
                self._directive()
                found.append(Unknown("template directive"))
            else:
                raise self.fail("the end of a text")
        if not found:
            return Literal("")
        return found[0] if len(found) == 1 and isinstance(found[0], Literal) else Template(tuple(found))

    def _interpolation(self) -> Expression:
        self.at += 3 if self.text.startswith("${~", self.at) else 2
        before, self.inside = self.inside, True
        found = self.expression()
        self.take("~")
        self.need("}")
        self.inside = before
        return found

    def _directive(self) -> None:
        """To the end of ``%{ if }`` or ``%{ for }`` with everything inside."""
        depth = 0
        while found := _DIRECTIVE.search(self.text, self.at):
            depth += {"if": 1, "for": 1, "endif": -1, "endfor": -1}.get(found[1], 0)
            self.at = found.end()
            if depth <= 0:
                return
        raise self.fail("the end of a directive")

    def _heredoc(self, start: re.Match[str]) -> Expression:
        self.at = start.end()
        line = self.line
        ending = re.compile(rf"^[ \t]*{re.escape(start[2])}[ \t\r]*$", re.MULTILINE)
        end = ending.search(self.text, start.end())
        if end is None:
            raise self.fail(f"the end of the text, {start[2]},")
        body = self.text[start.end() : end.start()]
        self.at = end.end()
        if start[1]:
            lines = body.split("\n")
            margin = min((len(one) - len(one.lstrip()) for one in lines if one.strip()), default=0)
            body = "\n".join(one[margin:] for one in lines)
        inner = _Parser(body, line)
        inner.depth = self.depth
        return inner.parts(_BODY_TEXT, "", False)


def _unescaped(text: str, escapes: bool) -> str:
    if not escapes:
        return text.replace("$${", "${").replace("%%{", "%{")

    def character(match: re.Match[str]) -> str:
        if match[2]:
            return match[2]
        code = match[1]
        if code[0] in "uU" and len(code) > 1:
            number = int(code[1:], 16)
            return chr(number) if number < 0xD800 or 0xDFFF < number < 0x110000 else "?"
        return _ESCAPED.get(code, code)

    return _ESCAPE.sub(character, text)
