"""What can be configured, as types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from brokerlint.checking.finding import Finding, Severity
from brokerlint.checking.suppression import Suppression
from brokerlint.confidence import Confidence
from brokerlint.models.model import Library
from brokerlint.topology.declarations import ChannelDeclaration, Declarations, World

_NEVER = "never"


class ConfigError(Exception):
    """A configuration that cannot be used: one sentence that names the file and the key."""


@dataclass(frozen=True, slots=True)
class FailOn:
    """From which severity and confidence on a finding makes the exit code 1. ``severity`` None: never."""

    severity: Severity | None = Severity.ERROR
    confidence: Confidence = Confidence.HIGH

    @classmethod
    def of(cls, text: str) -> FailOn:
        """From ``error:high``, ``warning`` (any confidence) or ``never``. Raises ``ValueError``."""
        if text == _NEVER:
            return cls(None)
        severity, _, confidence = text.partition(":")
        known = [item.value for item in Severity]
        if severity not in known:
            raise ValueError(f"expected severity or severity:confidence, such as error:high, or never; found {text!r}")
        return cls(Severity(severity), Confidence.of(confidence) if confidence else Confidence.LOW)

    def fails(self, finding: Finding) -> bool:
        """Whether ``finding`` lies at or above the level."""
        if self.severity is None:
            return False
        return finding.severity.rank <= self.severity.rank and finding.confidence >= self.confidence


@dataclass(frozen=True, slots=True)
class ServiceDeclaration:
    """A service that people declare: its name and the directories or files (relative to the configuration) it consists
    of. What is declared here wins over what manifests and folders tell."""

    name: str
    roots: tuple[str, ...]
    platform: str = ""
    environment: str = ""
    tooling: bool | None = None
    owners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """Everything configured for one run.

    ``base`` is the directory that all patterns are relative to. ``include`` holds kinds of files that are otherwise
    kept apart (``tests``, ``examples``, ``vendored``, ``generated``) and patterns of paths; ``exclude`` holds patterns
    and wins. ``environments`` maps ``prod``, ``dev`` and ``test`` to patterns of manifests. ``wrappers`` are models of
    in-house libraries. ``fail_on`` None leaves the level to the profile.
    """

    base: Path = field(default_factory=Path)
    source: str = ""
    world: World = "auto"
    profile: str = "default"
    fail_on: FailOn | None = None
    min_confidence: Confidence | None = None
    select: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    suppressions: tuple[Suppression, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    environments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    channels: tuple[ChannelDeclaration, ...] = ()
    services: tuple[ServiceDeclaration, ...] = ()
    wrappers: tuple[Library, ...] = ()
    thresholds: Mapping[str, float] = field(default_factory=dict)
    monitoring: str = ""
    team_ops_capacity: str = "unknown"

    @property
    def failing(self) -> FailOn:
        """The failing level: the configured one, else the profile's."""
        by_profile = {
            "strict": FailOn(Severity.WARNING, Confidence.MEDIUM),
            "advisory": FailOn(None),
            "ALL": FailOn(None),
        }
        return self.fail_on or by_profile.get(self.profile, FailOn())

    def declarations(self) -> Declarations:
        """What was declared about channels and the world, for the topology."""
        return Declarations(self.world, self.channels, self.thresholds, self.monitoring, self.team_ops_capacity)
