"""What evaluation asks of the evaluator.

The values of names, calls, attributes and settings depend on each other in circles; the modules that work them out must
not. Each of them takes an `Engine` as its first argument, ``ev``, and reaches through it what stands in a later module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar

from brokerlint.link.assignments import Assignments
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.program import Program
from brokerlint.link.scopes import Activation, At, Chain, Names
from brokerlint.link.sites import Sites
from brokerlint.link.values import ClassValue, FunctionValue, Value, Values
from brokerlint.models.model import Models
from brokerlint.places import Place
from brokerlint.python import ir

Args: TypeAlias = list[tuple[str, Values]]
"""Evaluated arguments in order: ("" for a positional one, "*" and "**" for unpacked ones, else the keyword; values)."""

T = TypeVar("T")


class Engine(Protocol):
    """The evaluator, as the modules below it see it.

    ``answers`` holds what was found out about the program as a whole, of which no answer leads back to its question.
    """

    program: Program
    models: Models
    files: ConfigurationFiles
    assignments: Assignments
    sites: Sites
    answers: dict[object, Any]

    # --- Bodies -------------------------------------------------------------------------------------------------------

    def module(self, path: str) -> Activation | None:
        """The activation of a module's own body; None when the file can't be read."""

    def class_body(self, cls: ClassValue) -> Activation | None:
        """The activation of a class's body."""

    def call(
        self, function: FunctionValue, arguments: dict[str, Values] | None, bound: bool = True
    ) -> Activation | None:
        """The activation of a function for these arguments; not ``bound``, missing ones stay symbolic."""

    def symbolic(self, module: Activation, chain: Chain) -> Activation | None:
        """The activation of the innermost definition of ``chain``, with every parameter open."""

    def around(self, path: str, chain: Chain) -> Activation | None:
        """The activation of the innermost definition of ``chain`` in the file at ``path`` (of the module itself without
        any), with every parameter open; None when the file can't be read."""

    def names(self, body: ir.Body) -> Names:
        """The index of a body's names."""

    # --- Values -------------------------------------------------------------------------------------------------------

    def values(self, expr: ir.Expr, act: Activation, at: At) -> Values:
        """The values that ``expr`` may have at ``at`` in ``act``."""

    def name(self, expr: ir.Name, act: Activation, at: At) -> Values:
        """A plain name's values: the nearest scope that binds it, or a builtin."""

    def defined(self, scope: Activation, name: str, at: At) -> Values | None:
        """What ``scope`` itself binds ``name`` to at ``at``; None when it does not bind it."""

    def member(self, path: str, name: str) -> Values:
        """``name`` of the module at ``path``."""

    def attribute_of(self, base: Value, name: str) -> Values:
        """``base.name``."""

    def element_of(self, base: Value) -> Values:
        """Any element of ``base``."""

    def apply(self, function: FunctionValue, args: Args) -> Values:
        """What a function of the program returns or yields for these arguments."""

    def call_value(self, function: Value, args: Args, place: Place | None) -> Values:
        """What calling any value at ``place`` gives."""

    def inside(self, function: tuple[str, str], work: Callable[[], Values]) -> Values | None:
        """What ``work`` finds inside of a call of ``function`` (path, qualified name); None when that call is one of
        too many inside each other, or of the function by itself."""

    # --- Memory -------------------------------------------------------------------------------------------------------

    def once(self, question: object, answer: Callable[[], T], meanwhile: T) -> T:
        """The answer to a question about the program, worked out once; asked again on the way, it is ``meanwhile``."""

    def keep(self, thing: object) -> None:
        """Keep something made on the way alive, since results are remembered by identity."""
