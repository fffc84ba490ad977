"""The summary of one Python file: what name resolution and the checks need, and nothing else.

Expressions keep their structure but not their formatting. Statements are flattened: each body (of a module, class or
function) lists its *bindings* (every assignment, loop target, ``with ... as``), its *sites* (calls) and its *exits*
(return, yield, raise) in source order, each with the *block* (branch, loop, try, with) that it stands in. That is
enough to answer "which values may this name have here" without a statement tree.

All types are frozen and picklable; ``line`` is 1-based.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

# --- Expressions --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: text, bytes, number, bool or None."""

    value: str | bytes | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Name:
    """A plain name."""

    id: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """``value.attr``."""

    value: Expr
    attr: str


@dataclass(frozen=True, slots=True)
class Subscript:
    """``value[index]``; a slice is an ``Opaque`` index."""

    value: Expr
    index: Expr


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a call: ``keyword`` for ``k=v``, ``star`` is ``*`` or ``**`` for unpacked ones."""

    value: Expr
    keyword: str | None = None
    star: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """A call with the lines it spans."""

    function: Expr
    arguments: tuple[Argument, ...]
    line: int
    end_line: int

    def keyword(self, name: str) -> Expr | None:
        """The argument given by this keyword."""
        return next((a.value for a in self.arguments if a.keyword == name), None)

    def position(self, index: int) -> Expr | None:
        """The argument at this position; None when missing or behind a ``*args``."""
        for seen, argument in enumerate(a for a in self.arguments if a.keyword is None and a.star != "**"):
            if argument.star:
                return None
            if seen == index:
                return argument.value
        return None


@dataclass(frozen=True, slots=True)
class Formatted:
    """An f-string (or implicit concatenation with one): its parts in order."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Binary:
    """``left operator right`` for arithmetic operators."""

    left: Expr
    operator: str
    right: Expr


@dataclass(frozen=True, slots=True)
class Boolean:
    """``left and right`` or ``left or right``."""

    left: Expr
    operator: str
    right: Expr


@dataclass(frozen=True, slots=True)
class Compare:
    """A comparison chain: ``left`` with (operator, right) pairs."""

    left: Expr
    rest: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True, slots=True)
class Unary:
    """``not x``, ``-x``."""

    operator: str
    value: Expr


@dataclass(frozen=True, slots=True)
class Conditional:
    """``body if test else orelse``."""

    test: Expr
    body: Expr
    orelse: Expr


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list, tuple or set display; ``kind`` names which."""

    kind: str
    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Starred:
    """``*value`` inside a display."""

    value: Expr


@dataclass(frozen=True, slots=True)
class Mapping:
    """A dict display; a ``None`` key stands for ``**value``."""

    entries: tuple[tuple[Expr | None, Expr], ...]


@dataclass(frozen=True, slots=True)
class Comprehension:
    """A list, set, dict or generator comprehension. The targets are bindings of the enclosing body."""

    kind: str
    key: Expr | None
    element: Expr
    iterables: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Lambda:
    """An anonymous function; it is also listed among its body's functions."""

    function: Function


@dataclass(frozen=True, slots=True)
class Element:
    """One element of an iterable: the value of a loop target."""

    of: Expr


@dataclass(frozen=True, slots=True)
class Item:
    """The item at a position of an unpacked value; ``index`` is None behind a starred target."""

    of: Expr
    index: int | None


@dataclass(frozen=True, slots=True)
class Entered:
    """What a context manager gives: the value of ``with of as target``."""

    of: Expr


@dataclass(frozen=True, slots=True)
class Opaque:
    """An expression that no channel name can come from; ``why`` names its form."""

    why: str


Expr: TypeAlias = (
    Constant
    | Name
    | Attribute
    | Subscript
    | Call
    | Formatted
    | Binary
    | Boolean
    | Compare
    | Unary
    | Conditional
    | Sequence
    | Starred
    | Mapping
    | Comprehension
    | Lambda
    | Element
    | Item
    | Entered
    | Opaque
)

# --- Statements, flattened ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``kind`` is ``""``, ``"*"`` (varargs), ``"**"`` (keywords) or ``"="`` (keyword only)."""

    name: str
    kind: str = ""
    annotation: Expr | None = None
    default: Expr | None = None


@dataclass(frozen=True, slots=True)
class Block:
    """A nesting level inside a body. ``parent`` indexes ``Body.blocks`` (-1: the body itself).

    ``kind``: ``if``, ``else``, ``for``, ``async-for``, ``while``, ``try``, ``except``, ``finally``, ``with``, ``case``,
    ``comprehension``. ``subject`` is the test, iterable, exception type or context manager.
    """

    parent: int
    kind: str
    subject: Expr | None
    line: int
    end_line: int


@dataclass(frozen=True, slots=True)
class Binding:
    """``target = value``.

    ``kind``: ``assign``, ``augment`` (``+=``), ``declare`` (annotation only), ``for``, ``with``.
    """

    target: Expr
    value: Expr
    kind: str
    block: int
    order: int
    line: int
    annotation: Expr | None = None


@dataclass(frozen=True, slots=True)
class Site:
    """A call where it stands.

    ``use`` says what becomes of the result: ``dropped``, ``returned``, ``assigned``, ``argument``, ``collected`` (an
    element of a comprehension), ``decorator`` or ``used`` in another expression.
    """

    call: Call
    block: int
    order: int
    use: str
    awaited: bool


@dataclass(frozen=True, slots=True)
class Exit:
    """``return``, ``yield``, ``raise``, ``break`` or ``continue`` with its value."""

    kind: str
    value: Expr | None
    block: int
    order: int
    line: int


@dataclass(frozen=True, slots=True)
class Import:
    """``from module import name as alias`` (``name`` None: ``import module as alias``; ``*``: everything)."""

    module: str
    name: str | None
    alias: str
    level: int
    line: int
    block: int = -1
    order: int = 0


@dataclass(frozen=True, slots=True)
class Body:
    """The inside of a module, class or function. ``order`` of its parts is comparable only within it."""

    blocks: tuple[Block, ...] = ()
    bindings: tuple[Binding, ...] = ()
    sites: tuple[Site, ...] = ()
    exits: tuple[Exit, ...] = ()
    imports: tuple[Import, ...] = ()
    functions: tuple[Function, ...] = ()
    classes: tuple[Class, ...] = ()
    outer: tuple[str, ...] = ()

    def enclosing(self, block: int) -> tuple[Block, ...]:
        """The blocks around a position, innermost first."""
        found: list[Block] = []
        while block >= 0:
            found.append(self.blocks[block])
            block = self.blocks[block].parent
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method; ``line`` is its ``def``. ``order`` and ``block`` place it in the enclosing body.

    ``decorator_lines`` are the first lines of the ``decorators``, one each.
    """

    name: str
    qualname: str
    line: int
    end_line: int
    parameters: tuple[Parameter, ...]
    decorators: tuple[Expr, ...]
    returns: Expr | None
    is_async: bool
    block: int
    order: int
    body: Body
    decorator_lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Class:
    """A class; ``keywords`` are the arguments of the class statement (``metaclass=``)."""

    name: str
    qualname: str
    line: int
    end_line: int
    bases: tuple[Expr, ...]
    keywords: tuple[Argument, ...]
    decorators: tuple[Expr, ...]
    block: int
    order: int
    body: Body


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment that talks to brokerlint, without its ``#``."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Module:
    """One file. ``is_main`` tells that it runs code when it is started (``if __name__ == "__main__"``)."""

    path: str
    body: Body
    comments: tuple[Comment, ...] = ()
    is_main: bool = False
    lines: int = 0
