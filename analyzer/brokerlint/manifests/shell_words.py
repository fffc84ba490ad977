"""Words of shell scripts: quotes removed, variables and arguments put in, as far as they are known."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

LONGEST = 10_000
"""Characters of a variable's value."""

_NAME = re.compile(r"[A-Za-z_]\w*|[0-9@*#?$!-]")
_MENTIONED = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))")
_BRACED = re.compile(r"([A-Za-z_]\w*|[0-9]+|[@*#])(?:(:?[-+?=])(.*)|:(\d+)(?::\d+)?)?\Z", re.DOTALL)
UNKNOWN = re.compile(r"\$\{|\$\(|`|\$[A-Za-z_@*0-9#]")
"""What a text holds where a part of it is not known."""


class Scope:
    """The variables and arguments of a script at one moment.

    ``arguments`` are None when they are not known. ``substituted`` is called with the text of every ``$(...)``.
    """

    def __init__(
        self, arguments: Sequence[str] | None, variables: dict[str, str], substituted: Callable[[str], None]
    ) -> None:
        self.arguments = None if arguments is None else list(arguments)
        self.variables = variables
        self._substituted = substituted

    def assign(self, name: str, value: str) -> None:
        """Set a variable."""
        self.variables[name] = value[:LONGEST]

    def text(self, word: str) -> str:
        """A word as one text, whatever it expands to."""
        return " ".join(self.expand(word, split=False))

    def expand(self, word: str, split: bool = True) -> list[str]:
        """The words that a written word becomes: quotes removed, variables replaced, unquoted values split."""
        if (word.strip('"') in ("$@", "${@}") or word == "$*") and self.arguments is not None:
            return list(self.arguments)
        found: list[str] = []
        current: list[str] = []
        at = 0
        quote = ""
        quoted = False
        while at < len(word):
            char = word[at]
            if char == "\\" and quote != "'":
                following = word[at + 1 : at + 2]
                keep = quote == '"' and following not in '"\\$`\n'
                current.append(f"\\{following}" if keep else following.strip("\n"))
                at += 2
            elif char in "'\"" and quote in ("", char):
                quote, quoted = ("" if quote else char), True
                at += 1
            elif char == "$" and quote != "'":
                value, at = self._variable(word, at)
                pieces = value.split() if split and not quote and not UNKNOWN.search(value) else [value]
                for index, piece in enumerate(pieces):
                    if index:
                        found.append("".join(current))
                        current = []
                    current.append(piece)
            else:
                current.append(char)
                at += 1
        if current or quoted:
            text = "".join(current)
            if text or quoted:
                found.append(text)
        return [text for one in found for text in _braces(one)] if split and not quoted else found

    def _variable(self, word: str, at: int) -> tuple[str, int]:
        """The value of the expansion at ``at``, and the position after it."""
        if word.startswith("$(", at):
            end = closing(word, at + 1, "(", ")")
            self._substituted(word[at + 2 : end - 1])
            return _MENTIONED.sub(self._mentioned, word[at:end])[:LONGEST], end
        if word.startswith("${", at):
            end = closing(word, at + 1, "{", "}")
            match = _BRACED.match(word[at + 2 : end - 1])
            return (self._braced(match) if match else word[at:end]), end
        name = _NAME.match(word, at + 1)
        if name is None:
            return "$", at + 1
        value = self._value(name[0])
        return (f"${{{name[0]}}}" if value is None else value), name.end()

    def _mentioned(self, match: re.Match[str]) -> str:
        return self.variables.get(match[1] or match[2], match[0])

    def _braced(self, match: re.Match[str]) -> str:
        name, operator, default, start = match.groups()
        if start is not None and name in ("@", "*") and self.arguments is not None:
            return " ".join(self.arguments[max(int(start) - 1, 0) :])
        value = self._value(name)
        if operator in (":+", "+"):
            return self.text(default) if value else ""
        if operator in (":-", "-", ":=", "=") and not value and (value is None or operator.startswith(":")):
            return self.text(default)
        return f"${{{match[0]}}}" if value is None else value

    def _value(self, name: str) -> str | None:
        if name.isdecimal() and name != "0":
            index = int(name) - 1
            if self.arguments is None:
                return None
            return self.arguments[index] if index < len(self.arguments) else ""
        if name == "#":
            return None if self.arguments is None else str(len(self.arguments))
        if name in ("@", "*"):
            return None if self.arguments is None else " ".join(self.arguments)
        return self.variables.get(name)


def _braces(text: str) -> Iterable[str]:
    """``topic-{a,b}`` as its two words."""
    match = re.search(r"(?<!\$)\{([^{},]*(?:,[^{},]*)+)\}", text)
    if match is None:
        return (text,)
    return (f"{text[: match.start()]}{one}{text[match.end() :]}" for one in match[1].split(","))


def closing(text: str, at: int, opens: str, closes: str) -> int:
    """The position after the bracket that closes the one at ``at``."""
    depth = 0
    for position in range(at, len(text)):
        depth += (text[position] == opens) - (text[position] == closes)
        if not depth:
            return position + 1
    return len(text)
