"""Advice as an architecture decision record that one can commit: context, evidence, decision, consequences."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.advising.advice import Advice
from brokerlint.advising.candidates import candidates
from brokerlint.advising.cost import Cost
from brokerlint.advising.evidence import Evidence
from brokerlint.report.advice import AdviceReport, dollars, rate
from brokerlint.report.escape import markdown

_DECISIONS = {
    "keep": "Keep",
    "consider": "Consider moving to",
    "change": "Move to",
    "insufficient": "No decision yet on",
}


def render(advice: AdviceReport) -> str:
    """One record: the system first, then each channel that needs a decision, then those that fit in one list."""
    report = advice.report
    open_: list[Advice] = []
    fitting: list[Advice] = []
    for item in report.channels:
        (fitting if item.verdict == "keep" and item.cost is None else open_).append(item)
    lines = ["# Messaging: which technology fits which channel", "", "Status: proposed", "", "## Context", ""]
    lines += [f"{_sentence(report.system.summary)}", "", *_table(report.system.evidence)]
    for item in open_:
        lines += ["", *_channel(item)]
    if fitting:
        lines += ["", "## Channels that fit", ""]
        lines += [f"- {_code(item.channel.id)}: {markdown(_shape(item))}" for item in fitting]
    return "\n".join(lines) + "\n"


def _channel(item: Advice) -> Iterator[str]:
    yield f"## {_code(item.channel.id)}"
    yield ""
    yield "### Context"
    yield ""
    yield f"Used as {markdown(_shape(item))} on {markdown(' or '.join(item.in_use))}."
    yield ""
    yield "### Evidence"
    yield ""
    yield from _table(item.evidence)
    yield ""
    yield "### Decision"
    yield ""
    names = "this channel" if item.verdict == "insufficient" else " or ".join(candidates()[k].title for k in item.best)
    yield f"{_DECISIONS[item.verdict]} {markdown(names)} (confidence: {item.confidence.word})."
    if item.runner_up:
        yield f"Runner-up: {markdown(candidates()[item.runner_up].title)}."
    yield from _bullets("For", item.reasons)
    yield from _bullets("Against", item.against)
    yield from _bullets("Doubts", item.doubts)
    yield from _bullets("It would be decided otherwise if", item.flips_if)
    yield from _bullets("Out of the question", tuple(f"{key}: {why}" for key, why in item.excluded))
    yield ""
    yield "### Consequences"
    conditions = tuple(
        f"{key}: {condition.text}" + (f" ({condition.source})" if condition.source else "")
        for key in item.best
        for condition in candidates()[key].conditions
    )
    yield from _bullets("What holds for it", conditions)
    if item.migration:
        move = item.migration
        touched = f"{move.producers} sends, {move.consumers} receives and {move.manifests} manifests"
        yield from _bullets(f"Migration, which touches {touched}", move.steps, "1.")
    yield from _bullets("Open questions", tuple(str(question) for question in item.questions))
    if item.cost:
        yield from _cost(item.cost)


def _bullets(title: str, texts: tuple[str, ...], mark: str = "-") -> Iterator[str]:
    if texts:
        yield ""
        yield f"{title}:"
        yield ""
        yield from (f"{mark} {markdown(text)}" for text in texts)


def _table(rows: tuple[Evidence, ...]) -> Iterator[str]:
    yield "| signal | value | seen or declared | weight | where |"
    yield "|---|---|---|---|---|"
    for row in rows:
        places = ", ".join(_code(f"{place.path}:{place.line}") for place in row.places[:3])
        cells = (markdown(row.title), row.word, row.origin, str(row.weight), places or markdown(row.note))
        yield f"| {' | '.join(cells)} |"


def _cost(cost: Cost) -> Iterator[str]:
    yield ""
    volume = f"at {cost.volume} messages a second" if cost.volume else "without a known volume"
    yield f"Cost in US dollars a month, {markdown(cost.region)}, {volume}:"
    yield ""
    yield "| candidate | from | to | floor | each million messages |"
    yield "|---|---|---|---|---|"
    for item in cost.estimates:
        slope = item.per_million
        each = f"{dollars(slope.low)} to {dollars(slope.high)}" if slope else markdown(item.why)
        cells = (item.candidate, dollars(item.low), dollars(item.high), dollars(item.floor), each)
        yield f"| {' | '.join(cells)} |"
    crossings = tuple(
        f"{item.queue} costs as much as the floor of {item.cluster} at {rate(item.rate.low)} one by one, "
        f"{rate(item.rate.high)} in full batches" + (f"; {item.side}" if item.side else "")
        for item in cost.crossovers
    )
    yield from _bullets("Crossover", crossings)
    yield from _bullets("Assumptions", cost.assumptions)
    yield from _bullets("Missing", cost.missing)


def _shape(item: Advice) -> str:
    return item.used_as.replace("-", " ")


def _sentence(text: str) -> str:
    return markdown(f"{text[0].upper()}{text[1:]}.")


def _code(text: str) -> str:
    return f"<code>{markdown(text)}</code>"
