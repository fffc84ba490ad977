"""Advice as the document ``brokerlint/advice/1``."""

from __future__ import annotations

from typing import Any

from brokerlint.advising.advice import Advice
from brokerlint.advising.cost import Cost, Estimate
from brokerlint.advising.evidence import Evidence
from brokerlint.advising.workload import Range
from brokerlint.document import TOOL, dumps
from brokerlint.places import Place
from brokerlint.report.advice import AdviceReport

SCHEMA = "brokerlint/advice/1"


def render(advice: AdviceReport) -> str:
    """The document as JSON text."""
    system = advice.report.system
    return dumps(
        {
            "schema": SCHEMA,
            "tool": dict(TOOL),
            "channels": [_channel(item) for item in advice.report.channels],
            "system": {
                "verdict": system.verdict,
                "summary": system.summary,
                "evidence": [_evidence(row) for row in system.evidence],
            },
        }
    )


def _channel(item: Advice) -> dict[str, Any]:
    migration = item.migration
    return {
        "channel": item.channel.id,
        "used_as": item.used_as,
        "verdict": item.verdict,
        "in_use": list(item.in_use),
        "best": list(item.best),
        "runner_up": item.runner_up,
        "confidence": item.confidence.word,
        "evidence": [_evidence(row) for row in item.evidence],
        "reasons": list(item.reasons),
        "against": list(item.against),
        "doubts": list(item.doubts),
        "open_questions": [str(question) for question in item.questions],
        "flips_if": list(item.flips_if),
        "excluded": dict(item.excluded),
        "migration": migration
        and {
            "target": migration.target,
            "steps": list(migration.steps),
            "touches": {
                "producers": migration.producers,
                "consumers": migration.consumers,
                "manifests": migration.manifests,
            },
        },
        "cost": item.cost and _cost(item.cost),
    }


def _evidence(row: Evidence) -> dict[str, Any]:
    return {
        "signal": row.title,
        "key": row.signal,
        "need": row.need,
        "value": row.value,
        "origin": row.origin,
        "weight": row.weight,
        "places": [_place(place) for place in row.places],
        "note": row.note,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"path": place.path, "line": place.line, **({"text": place.text} if place.text else {})}


def _cost(cost: Cost) -> dict[str, Any]:
    return {
        "currency": "USD",
        "per": "month",
        "region": cost.region,
        "volume": _range(cost.volume),
        "estimates": [_estimate(item) for item in cost.estimates],
        "crossovers": [
            {"from": item.queue, "to": item.cluster, "messages_per_second": _range(item.rate), "side": item.side}
            for item in cost.crossovers
        ],
        "assumptions": list(cost.assumptions),
        "missing": list(cost.missing),
        "prices": list(cost.prices),
    }


def _estimate(item: Estimate) -> dict[str, Any]:
    return {
        "candidate": item.candidate,
        "low": _money(item.low),
        "high": _money(item.high),
        "floor": _money(item.floor),
        "per_million": _range(item.per_million),
        "utilisation": item.utilisation if item.utilisation is None else round(item.utilisation, 3),
        "why": item.why,
    }


def _money(amount: float | None) -> float | None:
    return None if amount is None else round(amount, 2)


def _range(value: Range | None) -> list[float] | None:
    return None if value is None else [round(value.low, 4), round(value.high, 4)]
