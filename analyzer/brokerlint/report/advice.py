"""What every report of advice starts from."""

from __future__ import annotations

from dataclasses import dataclass, field

from brokerlint.advising import Report
from brokerlint.report.excerpt import SourceLines


@dataclass(frozen=True, slots=True)
class AdviceReport:
    """Advice to be shown."""

    report: Report
    lines: SourceLines = field(default_factory=lambda: SourceLines(None))


def dollars(amount: float | None) -> str:
    """An amount of US dollars, no more exact than an estimate is."""
    if amount is None:
        return "?"
    return f"${amount:,.2f}" if amount < 10 else f"${amount:,.0f}"


def rate(amount: float) -> str:
    """Messages a second."""
    return f"{amount:,.0f} msg/s" if amount >= 10 or amount == int(amount) else f"{amount:.1f} msg/s"
