"""Words that many messages need."""

from __future__ import annotations

from collections.abc import Iterable

_SHOWN = 4


def joined(names: Iterable[str], most: int = _SHOWN) -> str:
    """``a``, ``a and b``, ``a, b and c``; of more than ``most`` names the first ones and how many more."""
    told = list(dict.fromkeys(names))
    if len(told) > most:
        told = [*told[: most - 1], f"{len(told) - most + 1} more"]
    return " and ".join(part for part in (", ".join(told[:-1]), *told[-1:]) if part)
