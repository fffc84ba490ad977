"""How sure a statement is: four levels, and what each way of knowing a name is worth.

``certain`` is expected to be right at least 97 times in 100, ``high`` 90, ``medium`` 70; ``low`` promises nothing. A
finding is as sure as its check, and never surer than the weakest name or absence it rests on.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from brokerlint.facts import Name


class Confidence(IntEnum):
    """A level; the greater the surer."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CERTAIN = 4

    @property
    def word(self) -> str:
        """The word that reports use: ``high``."""
        return self.name.lower()

    @property
    def lower(self) -> Confidence:
        """One level down; ``low`` stays."""
        return Confidence(max(self.value - 1, Confidence.LOW.value))

    @classmethod
    def of(cls, word: str) -> Confidence:
        """The level that ``word`` names. Raises ``ValueError`` naming the known words."""
        try:
            return cls[word.upper()]
        except KeyError:
            known = ", ".join(level.word for level in cls)
            raise ValueError(f"unknown confidence {word!r}: use one of {known}") from None


def weakest(levels: Iterable[Confidence], default: Confidence = Confidence.CERTAIN) -> Confidence:
    """The lowest of ``levels``; ``default`` when there is none."""
    return min(levels, default=default)


_BY_ORIGIN = {
    "literal": Confidence.CERTAIN,
    "constant": Confidence.CERTAIN,
    "manifest": Confidence.CERTAIN,
    "reference": Confidence.CERTAIN,
}


def binding(name: Name) -> Confidence:
    """How sure it is that ``name`` is the channel or group that runs.

    A literal, a constant and what a manifest says keep every level; a default of an environment variable (another
    deployment may set it), a computed name and a library's default give at most high; a name with holes at most medium,
    unless it is a reference to the very resource; a variable of unknown value or an unknown name proves nothing.
    """
    if name.kind == "exact":
        return _BY_ORIGIN.get(name.origin, Confidence.HIGH)
    if name.kind == "logical":
        return Confidence.CERTAIN
    if name.kind == "pattern":
        return Confidence.HIGH if name.origin in ("reference", "manifest") else Confidence.MEDIUM
    return Confidence.LOW
