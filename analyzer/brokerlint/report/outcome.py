"""What every report of findings starts from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from brokerlint.checking import Check, Finding, Severity
from brokerlint.facts import Facts
from brokerlint.places import Place
from brokerlint.report.excerpt import SourceLines


@dataclass(frozen=True, slots=True)
class Outcome:
    """The findings of one run with what explains them: the facts, the lines of source, the checks by id."""

    findings: tuple[Finding, ...]
    facts: Facts = field(default_factory=Facts)
    lines: SourceLines = field(default_factory=lambda: SourceLines(None))
    checks: Mapping[str, Check] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """How many findings there are of each severity."""
        found = Counter(finding.severity for finding in self.findings)
        return {severity.value: found[severity] for severity in Severity}

    @property
    def worst_first(self) -> tuple[Finding, ...]:
        """The findings by severity, then by confidence, then by place."""
        return tuple(sorted(self.findings, key=lambda f: (f.severity.rank, -f.confidence, f.sort_key())))

    def coverage(self) -> dict[str, Any]:
        """What was looked at, so that a reader knows what silence is worth."""
        stats = self.facts.stats
        unresolved = Counter(item.system for item in self.facts.unresolved)
        return {
            "files": stats.get("files", 0),
            "parsed": stats.get("parsed", 0),
            "services": len(self.facts.services),
            "channels": len({channel.id for channel in self.facts.channels}),
            "endpoints": len(self.facts.endpoints),
            "unresolved": dict(sorted(unresolved.items())),
            "diagnostics": len(self.facts.diagnostics),
        }


def first_place(finding: Finding) -> Place:
    """Where a finding is shown; line 1 of nothing where it has no place."""
    return finding.place or Place("", 0)


def body(finding: Finding) -> list[str]:
    """What a finding says beside its message, line by line: evidence is left to the format."""
    lines = [f"not surer because {note}" for note in finding.notes]
    if finding.ruled_out:
        lines.append(f"looked for: {'; '.join(finding.ruled_out)}")
    lines += [f"do: {step}" for step in finding.advice]
    if finding.fix is not None:
        lines.append(f"fix{'' if finding.fix.safe else ' (changes behaviour)'}: {finding.fix.text}")
    return lines
