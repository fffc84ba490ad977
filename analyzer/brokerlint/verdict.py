"""From facts to findings: build the topology, run the selected checks, take away what people decided to live with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from brokerlint.checking import Check, Finding, Registry, Selection, Suppression, run, suppress
from brokerlint.checking.registry import PROFILES
from brokerlint.checking.suppression import complaints
from brokerlint.confidence import Confidence
from brokerlint.config import Config
from brokerlint.facts import Facts
from brokerlint.places import Diagnostic
from brokerlint.topology import Topology, build


@dataclass(frozen=True, slots=True)
class Verdict:
    """The findings that are shown, by place; the checks that ran, by id; the diagnostics of checks that failed."""

    findings: tuple[Finding, ...]
    checks: Mapping[str, Check]
    diagnostics: tuple[Diagnostic, ...] = ()
    suppressed: int = 0


def judge(
    facts: Facts, config: Config, registry: Registry, comments: Iterable[Suppression] = (), today: date | None = None
) -> Verdict:
    """What the configured checks of ``registry`` say about ``facts``.

    ``comments`` are the suppressions found in the sources, ``today`` decides which have expired. Raises
    ``UnknownCheckError`` for a selection that names no check.
    """
    today = today or date.today()
    topology = build(facts, config.declarations())
    selection = registry.select(
        profile=config.profile,
        select=config.select,
        extend=config.extend_select,
        ignore=config.ignore,
        minimum=config.min_confidence,
    )
    result = run(topology, selection)
    suppressions = (*comments, *config.suppressions)
    kept, unused = suppress(result.findings, suppressions, today)
    idle = _idle(unused, topology, selection, registry, today)
    findings = sorted((*kept, *complaints(suppressions, idle, today)), key=Finding.sort_key)
    suppressed = len(result.findings) - len(kept)
    return Verdict(tuple(findings), {check.id: check for check in selection.checks}, result.diagnostics, suppressed)


def _idle(
    unused: Iterable[Suppression], topology: Topology, selection: Selection, registry: Registry, today: date
) -> tuple[Suppression, ...]:
    """Those of ``unused`` that silence nothing even when every finding of the checks that ran is shown.

    A suppression of checks that did not run says nothing about itself; one that names no known check does.
    """
    candidates = [item for item in unused if item.expired(today) or _ran(item, selection, registry)]
    if not candidates:
        return ()
    everything = run(topology, Selection(selection.checks, PROFILES["ALL"], minimum=Confidence.LOW))
    timeless = [replace(item, until=None) for item in candidates]
    _, idle = suppress(everything.findings, timeless, today)
    return tuple(
        item for item, open_ended in zip(candidates, timeless, strict=True) if any(open_ended is x for x in idle)
    )


def _ran(item: Suppression, selection: Selection, registry: Registry) -> bool:
    if not item.checks:
        return not selection.named
    names = [name for check in selection.checks for name in (check.id, check.name)]
    known = [name for check in registry for name in (check.id, check.name)]
    return all(_named(word, names) or not _named(word, known) for word in item.checks)


def _named(word: str, names: Iterable[str]) -> bool:
    return any(name.startswith(word.upper()) or name == word.lower() for name in names)
