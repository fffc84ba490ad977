"""Assignments to attributes and items in all modules that have been read, by the names that they are made under."""

from __future__ import annotations

from dataclasses import dataclass

from brokerlint.link.program import Program
from brokerlint.link.scopes import Chain, last_name
from brokerlint.link.sites import bodies
from brokerlint.link.values import Values
from brokerlint.python import ir

CONFIGURATIONS = ("config", "conf", "settings")
"""What a web application's configuration is called."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A binding and where it stands: the file, and the definitions around it."""

    path: str
    chain: Chain
    binding: ir.Binding


class Assignments:
    """The index of ``base.name = value`` by name and of ``base[key] = value``, kept up with the program.

    Objects of a library are stored by files that load one which uses it; of others only what a configuration is filled
    with counts. ``keyed`` holds the item assignments by the constant that their key is, for the first ``indexed`` of
    them; ``answers`` what was concluded from the index, dropped when it grows.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self._seen: set[str] = set()
        self._count = -1
        self.attributes: dict[str, list[Assignment]] = {}
        self.items: list[Assignment] = []
        self.keyed: dict[object, list[Assignment]] = {}
        self.indexed = 0
        self.answers: dict[object, Values] = {}

    def refresh(self) -> None:
        """Take in the modules that were read since the last time; earlier answers may then be incomplete."""
        if self._program.count == self._count:
            return
        self._count = self._program.count
        for module in self._program.loaded():
            if module.path not in self._seen:
                self._seen.add(module.path)
                self.answers.clear()
                self._add(module)

    def _add(self, module: ir.Module) -> None:
        holding = module.path in self._program.holding
        for chain, body in bodies(module.body):
            for binding in body.bindings:
                here = Assignment(module.path, chain, binding)
                if isinstance(binding.target, ir.Attribute) and holding:
                    self.attributes.setdefault(binding.target.attr, []).append(here)
                elif isinstance(binding.target, ir.Subscript) and (
                    holding or last_name(binding.target.value) in CONFIGURATIONS
                ):
                    self.items.append(here)
