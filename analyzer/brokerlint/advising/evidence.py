"""Evidence: the answer to one question about one channel, with where it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from brokerlint.places import Place

Origin: TypeAlias = Literal["observed", "declared", "unknown"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a signal says: ``value`` None means that it cannot be known from what was scanned; ``note`` says why, or
    what was seen. ``weight`` 0 leaves the signal's own weight."""

    value: bool | None
    places: tuple[Place, ...] = ()
    declared: bool = False
    note: str = ""
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the evidence table. ``need`` is what it speaks about, ``weight`` (1 to 5) how much it says.

    ``decides``: its "no" means that the need is absent; other signals can only show that it is there.
    """

    signal: str
    title: str
    need: str
    value: bool | None
    origin: Origin
    weight: int
    places: tuple[Place, ...] = ()
    note: str = ""
    decides: bool = False

    @property
    def word(self) -> str:
        """The value as a report shows it: yes, no or unknown."""
        return {True: "yes", False: "no", None: "unknown"}[self.value]
