"""HCL, the language of Terraform, as plain data: blocks, arguments and expressions. ``hcl_parser`` reads it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Literal:
    """A text, number, boolean or null."""

    value: str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Template:
    """Parts of a text one after the other."""

    parts: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Name:
    """The first name of a reference."""

    id: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """``of.name``."""

    of: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Index:
    """``of[key]``."""

    of: Expression
    key: Expression


@dataclass(frozen=True, slots=True)
class Splat:
    """``of[*]``; what follows is asked of every element."""

    of: Expression


@dataclass(frozen=True, slots=True)
class Call:
    """``name(arguments)``."""

    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Tuple:
    """``[a, b]``."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Object:
    """``{a = b}``: keys, values and lines."""

    items: tuple[tuple[Expression, Expression, int], ...]


@dataclass(frozen=True, slots=True)
class Conditional:
    """``test ? yes : no``."""

    test: Expression
    yes: Expression
    no: Expression


@dataclass(frozen=True, slots=True)
class Operation:
    """A binary operation, or a unary one without ``left``."""

    operator: str
    left: Expression | None
    right: Expression


@dataclass(frozen=True, slots=True)
class For:
    """``[for k, v in source : value if condition]``; with ``key`` the result is an object."""

    names: tuple[str, ...]
    source: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None


@dataclass(frozen=True, slots=True)
class Unknown:
    """An expression that is not followed, or whose value was left out."""

    why: str


Expression: TypeAlias = (
    Literal
    | Template
    | Name
    | Attribute
    | Index
    | Splat
    | Call
    | Tuple
    | Object
    | Conditional
    | Operation
    | For
    | Unknown
)


@dataclass(frozen=True, slots=True)
class Argument:
    """``name = value`` in a block."""

    name: str
    value: Expression
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """``type "label" { ... }``."""

    type: str
    labels: tuple[str, ...]
    arguments: tuple[Argument, ...]
    blocks: tuple[Block, ...]
    line: int

    def get(self, name: str) -> Expression | None:
        """The value of an argument; the last one counts."""
        return next((one.value for one in reversed(self.arguments) if one.name == name), None)


class HclError(Exception):
    """Text that is no HCL. ``line`` is 1-based."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line
