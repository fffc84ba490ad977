"""Shell scripts as a tree of statements: enough of the grammar to see what a script starts and what it creates.

Words stay as they are written, quotes included (``shell.py`` expands them). What is not understood becomes an ordinary
command or is left out; parsing never fails.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

_DEEPEST = 40
_MOST_TOKENS = 50_000


@dataclass(frozen=True, slots=True)
class Command:
    """One simple command, its words as written; ``line`` is 1-based. ``background`` when an ``&`` follows."""

    words: tuple[str, ...]
    line: int
    background: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """``case subject in patterns) body ;; ... esac``."""

    subject: str
    arms: tuple[tuple[tuple[str, ...], Block, int], ...]
    """Patterns, body and line of each arm."""


@dataclass(frozen=True, slots=True)
class If:
    """``if condition; then body; elif ...; else ...; fi``; the condition of ``else`` is empty."""

    branches: tuple[tuple[Block, Block], ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """``for variable in items; do body; done``; ``while`` and ``until`` have a condition in place of the variable."""

    variable: str
    items: tuple[str, ...]
    body: Block
    condition: Block = ()
    until: bool = False


@dataclass(frozen=True, slots=True)
class Chain:
    """``first && second || third``: each with the operator before it, the first with an empty one."""

    parts: tuple[tuple[str, Statement], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """``{ body; }`` and ``( body )``; what ends a group of its own process does not end the script."""

    body: Block
    own_process: bool = False
    background: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """``name () { body }``."""

    name: str
    body: Block


Statement: TypeAlias = Command | Case | If | Loop | Chain | Group | Function
Block: TypeAlias = tuple[Statement, ...]

_TOKEN = re.compile(
    r"(?P<space>[ \t]+|\\\r?\n)|(?P<newline>\r?\n)|(?P<comment>\#[^\n]*)"
    r"|(?P<heredoc>\d?<<-?(?!<)[ \t]*(?P<quote>['\"]?)(?P<end>[\w.-]+)(?P=quote))"
    r"|(?P<redirect>(?:\d|&)?(?:<<<|>>|>\||<>|[<>]&?)(?!\())"
    r"|(?P<operator>;;&?|;&|&&|\|\|?&?|;|&|\(|\))"
)
_WORD_END = frozenset(" \t\r\n;&|()<>")
_CLOSERS = {"then": ("elif", "else", "fi"), "do": ("done",)}


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    line: int


def parse(text: str, line: int = 1) -> Block:
    """The statements of a script, or of the text after ``sh -c``. ``line`` is where the text begins."""
    return _Parser(_tokens(text, line)).block((), 0)


def _tokens(text: str, line: int) -> list[_Token]:
    found: list[_Token] = []
    at, size = 0, len(text)
    heredocs: list[str] = []
    redirected = False
    while at < size and len(found) < _MOST_TOKENS:
        match = _TOKEN.match(text, at)
        kind = match.lastgroup if match else "word"
        if match is None or (kind == "comment" and at and text[at - 1] not in " \t\n;"):
            end = _word_end(text, at)
            if not redirected:
                found.append(_Token("word", text[at:end], line))
            redirected = False
        else:
            end = match.end()
            kind = next(
                (name for name in ("space", "newline", "comment", "heredoc", "redirect") if match[name]), "operator"
            )
            if kind == "newline":
                end = _after_heredocs(text, end, heredocs)
                found.append(_Token("operator", "\n", line))
                redirected = False
            elif kind == "heredoc":
                heredocs.append(match["end"])
            elif kind == "redirect":
                redirected = True
            elif kind == "operator":
                found.append(_Token("operator", match[0], line))
                redirected = False
        line += text.count("\n", at, end)
        at = end
    return found


def _after_heredocs(text: str, at: int, heredocs: list[str]) -> int:
    """The position after the bodies of the here-documents that were opened on the line before."""
    for end in heredocs:
        match = re.compile(rf"^[ \t]*{re.escape(end)}[ \t]*\r?$", re.MULTILINE).search(text, at)
        if match:
            at = match.end()
    heredocs.clear()
    return at


def _word_end(text: str, at: int) -> int:
    """The end of the word that starts at ``at``: quotes, ``$(...)``, ``${...}`` and backquotes belong to it."""
    size = len(text)
    start = at
    while at < size:
        char = text[at]
        if char == "\\":
            at += 2
        elif char in "'\"`":
            at = _quote_end(text, at, char)
        elif text.startswith(("$(", "${"), at):
            at = _bracket_end(text, at + 1)
        elif char in _WORD_END:
            break
        else:
            at += 1
    return min(max(at, start + 1), size)


def _quote_end(text: str, at: int, quote: str) -> int:
    position = at + 1
    while position < len(text) and text[position] != quote:
        if quote != "'" and text[position] == "\\":
            position += 1
        elif quote == '"' and text.startswith(("$(", "${"), position):
            position = _bracket_end(text, position + 1) - 1
        position += 1
    return position + 1


def _bracket_end(text: str, at: int) -> int:
    """The position after the bracket that closes the one at ``at``."""
    opening = text[at]
    closing = ")" if opening == "(" else "}"
    depth = 0
    while at < len(text):
        char = text[at]
        if char == "\\":
            at += 1
        elif char == "'" and opening == "(":
            at = _quote_end(text, at, "'") - 1
        elif char == opening:
            depth += 1
        elif char == closing:
            depth -= 1
            if depth == 0:
                return at + 1
        at += 1
    return len(text)


class _Parser:
    """Recursive descent over the tokens; where the grammar is not met it goes on after the token."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0

    def block(self, closers: tuple[str, ...], depth: int) -> Block:
        """Statements up to one of the words in ``closers`` (not taken) or the end."""
        found: list[Statement] = []
        while (token := self._peek()) is not None:
            if token.text in closers:
                break
            if token.kind == "operator" and token.text != "(":
                self._at += 1
                continue
            statement = self._chain(closers, depth)
            if statement is not None:
                found.append(statement)
        return tuple(found)

    def _peek(self, ahead: int = 0) -> _Token | None:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else None

    def _accept(self, *texts: str) -> bool:
        token = self._peek()
        if token is not None and token.text in texts:
            self._at += 1
            return True
        return False

    def _skip_lines(self) -> None:
        while self._accept("\n", ";"):
            pass

    def _chain(self, closers: tuple[str, ...], depth: int) -> Statement | None:
        first = self._statement(closers, depth)
        if first is None:
            return None
        parts = [("", first)]
        while (token := self._peek()) is not None and token.text in ("&&", "||"):
            self._at += 1
            self._skip_lines()
            following = self._statement(closers, depth)
            if following is None:
                break
            parts.append((token.text, following))
        return Chain(tuple(parts)) if len(parts) > 1 else first

    def _statement(self, closers: tuple[str, ...], depth: int) -> Statement | None:
        token = self._peek()
        if token is None or token.text in closers or depth > _DEEPEST:
            self._at += depth > _DEEPEST
            return None
        following = self._peek(1)
        if token.text == "case" and token.kind == "word":
            return self._case(depth)
        if token.text == "if":
            return self._if(depth)
        if token.text in ("for", "while", "until", "select"):
            return self._loop(depth)
        if token.text in ("{", "("):
            return self._group(depth)
        if token.text == "function" and following is not None:
            self._at += 2
            self._accept("(")
            self._accept(")")
            return self._function(following.text, depth)
        if following is not None and following.text == "(" and (closing := self._peek(2)) and closing.text == ")":
            self._at += 3
            return self._function(token.text, depth)
        return self._command()

    def _function(self, name: str, depth: int) -> Statement:
        self._skip_lines()
        body = self._group(depth)
        return Function(name, (body,) if body else ())

    def _group(self, depth: int) -> Statement | None:
        closer = "}" if self._accept("{") else ")"
        if closer == ")" and not self._accept("("):
            return None
        body = self.block((closer,), depth + 1)
        self._accept(closer)
        background = (token := self._peek()) is not None and token.text == "&"
        return Group(body, closer == ")" or background, background)

    def _case(self, depth: int) -> Statement:
        self._at += 1
        subject = self._peek()
        self._at += 1
        self._skip_lines()
        self._accept("in")
        arms: list[tuple[tuple[str, ...], Block, int]] = []
        while (token := self._peek()) is not None and token.text != "esac":
            if token.text in ("\n", ";", ";;", "(", ";&", ";;&"):
                self._at += 1
                continue
            patterns: list[str] = []
            while (word := self._peek()) is not None and word.text not in (")", "\n"):
                if word.kind == "word":
                    patterns.append(word.text)
                self._at += 1
            self._accept(")")
            arms.append((tuple(patterns), self.block((";;", ";&", ";;&", "esac"), depth + 1), token.line))
        self._accept("esac")
        return Case(subject.text if subject else "", tuple(arms))

    def _if(self, depth: int) -> Statement:
        branches: list[tuple[Block, Block]] = []
        while self._accept("if", "elif"):
            condition = self.block(("then",), depth + 1)
            self._accept("then")
            branches.append((condition, self.block(_CLOSERS["then"], depth + 1)))
        if self._accept("else"):
            branches.append(((), self.block(("fi",), depth + 1)))
        self._accept("fi")
        return If(tuple(branches))

    def _loop(self, depth: int) -> Statement:
        word = self._peek()
        self._at += 1
        variable = ""
        items: list[str] = []
        if word is not None and word.text in ("for", "select"):
            name = self._peek()
            variable = name.text if name else ""
            self._at += 1
            self._skip_lines()
            if self._accept("in"):
                while (token := self._peek()) is not None and token.kind == "word":
                    items.append(token.text)
                    self._at += 1
        condition = () if variable else self.block(("do",), depth + 1)
        self._skip_lines()
        self._accept("do")
        body = self.block(_CLOSERS["do"], depth + 1)
        self._accept("done")
        return Loop(variable, tuple(items), body, condition, word is not None and word.text == "until")

    def _command(self) -> Statement | None:
        words: list[str] = []
        first = self._peek()
        while (token := self._peek()) is not None and token.kind == "word":
            words.append(token.text)
            self._at += 1
        if not words or first is None:
            self._at += 1
            return None
        background = (token := self._peek()) is not None and token.text == "&"
        return Command(tuple(words), first.line, background)
