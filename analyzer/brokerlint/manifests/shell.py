"""What a shell script does for given arguments: the commands it runs, with words expanded as far as they are known.

Nothing is executed. Assignments, positional parameters, ``case``, ``if`` over strings, ``for`` over words and functions
are followed; where a condition is not known, every branch counts. An unknown variable stays in the text as ``${NAME}``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from brokerlint.manifests.shell_syntax import Block, Case, Chain, Command, Group, If, Loop, Statement, parse
from brokerlint.manifests.shell_words import UNKNOWN, Scope

MOST_CALLS = 2000
"""Commands of one run."""

MOST_STEPS = 20_000
"""Statements of one run; loops in loops end there."""

_MOST_ROUNDS = 40
"""Rounds of one ``while`` loop."""

_DEEPEST = 30
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)(\+?)=(.*)\Z", re.DOTALL)
_SHELLS = frozenset("sh bash ash dash zsh ksh".split())


@dataclass(frozen=True, slots=True)
class Call:
    """A command that is run. ``certain`` is false below a condition that is not known; ``final`` ends the script;
    ``folder`` is where the script has changed to before, as it says it ("": where it began)."""

    words: tuple[str, ...]
    line: int
    background: bool = False
    final: bool = False
    certain: bool = True
    folder: str = ""


def run(
    script: Block,
    arguments: Sequence[str] | None = None,
    variables: Mapping[str, str] | None = None,
) -> list[Call]:
    """The commands that ``script`` runs; ``arguments`` are None when they are not known."""
    interpreter = _Interpreter(arguments, dict(variables or {}))
    interpreter.block(script, 0)
    return interpreter.calls


def after_c(words: Sequence[str]) -> str | None:
    """The text of ``sh -c TEXT`` (``bash -lc TEXT``), else None."""
    if words and words[0].rpartition("/")[2] in _SHELLS:
        for index, word in enumerate(words[1:-1], 1):
            if re.fullmatch(r"-[a-z]*c", word):
                return words[index + 1]
            if not word.startswith("-"):
                break
    return None


class _Ended(Exception):  # noqa: N818 - no error, an end
    """The script, or a function of it, is over."""


class _Interpreter:
    def __init__(self, arguments: Sequence[str] | None, variables: dict[str, str]) -> None:
        self.calls: list[Call] = []
        self._scope = Scope(arguments, variables, self._substitution)
        self._functions: dict[str, Block] = {}
        self._folder = ""
        self._doubts = 0
        self._steps = 0
        self._line = 1

    # --- Statements -----------------------------------------------------------------------------------------------

    def block(self, statements: Block, depth: int) -> bool:
        """Run the statements; False when the script ended in them."""
        try:
            for statement in statements:
                self._statement(statement, depth)
        except _Ended:
            if depth and not self._doubts:
                raise
            return False
        return True

    def _statement(self, statement: Statement, depth: int) -> None:
        self._steps += 1
        if depth > _DEEPEST or self._spent():
            raise _Ended
        if isinstance(statement, Command):
            self._command(statement, depth)
        elif isinstance(statement, Chain):
            self._chain(statement, depth)
        elif isinstance(statement, If):
            self._if(statement, depth)
        elif isinstance(statement, Case):
            self._case(statement, depth)
        elif isinstance(statement, Loop):
            self._loop(statement, depth)
        elif isinstance(statement, Group):
            self._group(statement, depth)
        else:
            self._functions[statement.name] = statement.body

    def _chain(self, chain: Chain, depth: int) -> None:
        """What stands before decides: a test by its outcome; a command is taken to succeed, but may not."""
        holds: bool | None = True
        tested = False
        for operator, part in chain.parts:
            if holds is not None and operator and holds != (operator == "&&"):
                continue
            outcome = self._condition((part,))
            if outcome is None and ((holds is None and tested) or operator == "||"):
                self._maybe((part,), depth)
            elif outcome is None:
                self._statement(part, depth + 1)
            tested = _is_test(part) or (tested and operator == "&&")
            holds = outcome

    def _if(self, statement: If, depth: int) -> None:
        for condition, body in statement.branches:
            holds = self._condition(condition) if condition else True
            if holds is None:
                self._maybe(body, depth)
            elif holds:
                self.block(body, depth + 1)
                return

    def _group(self, group: Group, depth: int) -> None:
        count, folder = len(self.calls), self._folder
        try:
            self.block(group.body, depth + 1)
        except _Ended:
            if not group.own_process or self._spent():
                raise
        if group.own_process:
            self._folder = folder
            own = [replace(call, final=False) for call in self.calls[count:]]
            if own and group.background:
                own[-1] = replace(own[-1], background=True)
            self.calls[count:] = own

    def _spent(self) -> bool:
        return len(self.calls) >= MOST_CALLS or self._steps > MOST_STEPS

    def _case(self, statement: Case, depth: int) -> None:
        subject = self._scope.text(statement.subject)
        unknown = bool(UNKNOWN.search(subject))
        for patterns, body, _ in statement.arms:
            if unknown:
                self._maybe(body, depth)
            elif any(fnmatchcase(subject, self._scope.text(pattern)) for pattern in patterns):
                self.block(body, depth + 1)
                return

    def _maybe(self, body: Block, depth: int) -> None:
        """A branch that may or may not be taken: what it ends does not end the script."""
        self._doubts += 1
        self.block(body, depth + 1)
        self._doubts -= 1

    def _loop(self, loop: Loop, depth: int) -> None:
        if not loop.variable:
            self._while(loop, depth)
            return
        items = self._scope.arguments or []
        if loop.items:
            items = [text for item in loop.items for text in self._scope.expand(item)]
        for item in items:
            self._scope.assign(loop.variable, item)
            self.block(loop.body, depth + 1)
        if not items:
            self.block(loop.body, depth + 1)

    def _while(self, loop: Loop, depth: int) -> None:
        """A condition over the arguments (``while [ $# -gt 0 ]``) says how often; any other is taken to hold once."""
        for _ in range(_MOST_ROUNDS):
            holds = self._condition(loop.condition)
            if holds is loop.until:
                return
            before = (list(self._scope.arguments or ()), dict(self._scope.variables))
            self.block(loop.body, depth + 1)
            if holds is None or before == (list(self._scope.arguments or ()), self._scope.variables):
                return

    # --- Commands -------------------------------------------------------------------------------------------------

    def _command(self, command: Command, depth: int) -> None:
        self._line = command.line
        rest = list(command.words)
        while rest and (match := _ASSIGNMENT.match(rest[0])):
            if all(_ASSIGNMENT.match(word) for word in command.words):
                before = self._scope.variables.get(match[1], "") if match[2] else ""
                self._scope.assign(match[1], before + self._scope.text(match[3]))
            rest.pop(0)
        if not rest:
            return
        words = [text for word in rest for text in self._scope.expand(word)]
        if not words:
            return
        final = words[0] == "exec" and len(words) > 1
        if final:
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[2:] if words[0] == "-a" else words[1:]
        if not words or self._builtin(words, depth):
            return
        self.calls.append(Call(tuple(words), command.line, command.background, final, not self._doubts, self._folder))
        if words[0] == "cd" and not self._doubts:
            known = len(words) == 2 and words[1] != "-" and not UNKNOWN.search(words[1])
            self._folder = posixpath.normpath(posixpath.join(self._folder, words[1])) if known else ""
        if final:
            raise _Ended

    def _builtin(self, words: list[str], depth: int) -> bool:
        """Carry out what changes the script's own state; False for a command that starts something."""
        name = words[0]
        if name in ("export", "local", "declare", "readonly", "typeset"):
            for word in words[1:]:
                if match := _ASSIGNMENT.match(word):
                    self._scope.assign(match[1], match[3])
        elif name == "shift":
            count = int(words[1]) if len(words) > 1 and words[1].isdecimal() else 1
            self._scope.arguments = None if self._scope.arguments is None else self._scope.arguments[count:]
        elif name == "set":
            if "--" in words:
                self._scope.arguments = words[words.index("--") + 1 :]
        elif name in ("exit", "return"):
            raise _Ended
        elif name in self._functions:
            before, self._scope.arguments = self._scope.arguments, words[1:]
            body = self._functions.pop(name)
            self._function(body, depth)
            self._functions[name] = body
            self._scope.arguments = before
        elif (text := after_c(words)) is not None:
            folder = self._folder
            self.block(parse(text), depth + 1)
            self._folder = folder
        else:
            return name in ("[", "[[", "test", ":", "true", "false", "[[[")
        return True

    def _function(self, body: Block, depth: int) -> None:
        count = len(self.calls)
        try:
            self.block(body, depth + 1)
        except _Ended:
            if any(call.final for call in self.calls[count:]):
                raise

    def _substitution(self, text: str) -> None:
        """``$(...)`` runs as well; of interest when it creates something."""
        if "create" in text and self._steps < MOST_STEPS and self._doubts < _DEEPEST:
            line = self._line
            self._maybe(parse(text, line), 1)
            self._line = line

    # --- Conditions -----------------------------------------------------------------------------------------------

    def _condition(self, condition: Block) -> bool | None:
        """Whether it holds; None when that is not known."""
        if len(condition) != 1:
            return None
        statement = condition[0]
        if isinstance(statement, Chain):
            holds: bool | None = True
            for operator, part in statement.parts:
                own = self._condition((part,))
                decisive = operator == "||"
                if not operator:
                    holds = own
                elif decisive in (holds, own):
                    holds = decisive
                else:
                    holds = None if None in (holds, own) else not decisive
            return holds
        if not isinstance(statement, Command):
            return None
        words = list(statement.words)
        if words == ["true"] or words == ["false"]:
            return words == ["true"]
        negated = words[0] == "!" and len(words) > 1
        if negated:
            words = words[1:]
        if not _is_test(Command(tuple(words), 0)):
            return None
        words = [word for word in words if word not in ("[", "[[", "]", "]]", "test")]
        if words and words[0] == "!":
            negated, words = not negated, words[1:]
        holds = self._test([self._scope.text(word) for word in words])
        return None if holds is None else holds != negated

    def _test(self, words: list[str]) -> bool | None:
        if any(UNKNOWN.search(word) for word in words):
            return None
        if len(words) == 1:
            return bool(words[0])
        if len(words) == 2 and words[0] in ("-z", "-n"):
            return (not words[1]) == (words[0] == "-z")
        if len(words) == 3:
            left, operator, right = words
            if operator in ("=", "==", "!="):
                return fnmatchcase(left, right) == (operator != "!=")
            if operator in _NUMERIC and left.isdecimal() and right.isdecimal():
                return _NUMERIC[operator](int(left), int(right))
        return None


_NUMERIC: Mapping[str, Callable[[int, int], bool]] = {
    "-eq": lambda left, right: left == right,
    "-ne": lambda left, right: left != right,
    "-gt": lambda left, right: left > right,
    "-ge": lambda left, right: left >= right,
    "-lt": lambda left, right: left < right,
    "-le": lambda left, right: left <= right,
}


def _is_test(statement: Statement) -> bool:
    return isinstance(statement, Command) and (
        statement.words[0] in ("[", "[[", "test") or statement.words[-1] in ("]", "]]")
    )


__all__ = ["Block", "Call", "after_c", "parse", "run"]
