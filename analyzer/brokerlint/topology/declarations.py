"""What people declare about their channels because no file tells it: other readers, needs, roles, thresholds.

The configuration file is read elsewhere; it ends here. A declaration wins over everything that was found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal, TypeAlias

from brokerlint.tables import threshold

World: TypeAlias = Literal["auto", "open", "closed"]


@dataclass(frozen=True, slots=True)
class ChannelDeclaration:
    """What is declared about the channels whose id matches ``match`` (a glob such as ``kafka:orders.*``).

    ``needs`` may hold ``replay``, ``ordering`` (``per-key``, ``global``), ``exactly_once``, ``volume`` and ``peak``
    (messages a second), ``retention`` (seconds). ``complete`` says whether the scanned code holds all producers and
    consumers. ``best_effort`` allows loss. ``role`` is event, command, work, audit, metrics, reply, retry or dlq.
    """

    match: str
    complete: bool | None = None
    external_producers: tuple[str, ...] = ()
    external_consumers: tuple[str, ...] = ()
    needs: Mapping[str, Any] = field(default_factory=dict)
    role: str = ""
    shared_workers: bool = False
    best_effort: bool = False
    rpc: str = ""

    def covers(self, channel_id: str) -> bool:
        """Whether the declaration is about this channel."""
        return fnmatchcase(channel_id, self.match)

    def over(self, other: ChannelDeclaration) -> ChannelDeclaration:
        """Both together; where they disagree this one counts."""
        return ChannelDeclaration(
            self.match,
            other.complete if self.complete is None else self.complete,
            self.external_producers or other.external_producers,
            self.external_consumers or other.external_consumers,
            {**other.needs, **self.needs},
            self.role or other.role,
            self.shared_workers or other.shared_workers,
            self.best_effort or other.best_effort,
            self.rpc or other.rpc,
        )


@dataclass(frozen=True, slots=True)
class Declarations:
    """Everything declared for one run. Later channel declarations win over earlier ones.

    ``monitoring`` names where lag and depth are watched outside the tree; ``team_ops_capacity`` is low, medium, high or
    unknown; ``thresholds`` overrides single values of ``tables/thresholds.yaml``.
    """

    world: World = "auto"
    channels: tuple[ChannelDeclaration, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    monitoring: str = ""
    team_ops_capacity: str = "unknown"

    def of(self, channel_id: str) -> ChannelDeclaration:
        """What is declared about one channel; an empty declaration when nothing is."""
        result = ChannelDeclaration(channel_id)
        for declaration in self.channels:
            if declaration.covers(channel_id):
                result = declaration.over(result)
        return result

    def threshold(self, name: str) -> float:
        """The value of a threshold: declared, or the table's. Raises ``KeyError`` for an unknown name."""
        return self.thresholds[name] if name in self.thresholds else threshold(name)
