"""Advice for people: one line for a channel that fits, a paragraph with its evidence for one that does not."""

from __future__ import annotations

from collections.abc import Iterator

from click import style

from brokerlint.advising.advice import BESIDE, Advice
from brokerlint.advising.candidates import candidates
from brokerlint.advising.cost import Cost
from brokerlint.advising.evidence import Evidence
from brokerlint.places import Place
from brokerlint.report.advice import AdviceReport, dollars, rate
from brokerlint.report.escape import terminal
from brokerlint.report.excerpt import SourceLines

_TONES = {"keep": "green", "consider": "yellow", "change": "red", "insufficient": "blue"}
_MOST_PLACES = 3
_MOST_QUESTIONS = 4


def render(advice: AdviceReport, *, color: bool = False) -> str:
    """The channels that need a decision first, then those that fit, then the whole."""
    items = sorted(advice.report.channels, key=lambda item: (_ORDER.index(item.verdict), item.channel.key))
    lines = [line for item in items for line in _channel(item, advice.lines, color)]
    if not items:
        return "no channels to advise on\n"
    system = advice.report.system
    lines += [] if lines[-1] == "" else [""]
    lines.append(f"{_verdict(system.verdict, color)}  the system as a whole: {terminal(system.summary)}")
    return "".join(f"{line}\n" for line in lines)


_ORDER = ("change", "consider", "insufficient", "keep")


def _channel(item: Advice, lines: SourceLines, color: bool) -> Iterator[str]:
    title = terminal(f"{item.channel.system} {item.channel}")
    yield f"{_verdict(item.verdict, color)}  {title}: {_sentence(item)}"
    if item.verdict == "insufficient":
        yield from _questions(item)
    elif item.verdict != "keep":
        yield from _details(item, lines)
    if item.cost is not None:
        yield from cost_lines(item.cost)
    if item.verdict != "keep" or item.cost is not None:
        yield ""


def _sentence(item: Advice) -> str:
    shape = item.used_as.replace("-", " ")
    if item.verdict == "insufficient":
        return "too little was seen to tell"
    if item.used_as in BESIDE:
        return f"{shape}; it goes where the channel goes that it serves"
    if item.verdict == "keep":
        against = f"; against: {terminal(item.against[0].partition(': ')[0])}" if item.against else ""
        return f"used as {shape}, and that fits ({item.confidence.word} confidence){against}"
    names = " or ".join(item.best)
    runner = ", then staying" if item.runner_up in item.in_use else f", then {item.runner_up}"
    return f"used as {shape}; {names} fits better{runner} ({item.confidence.word} confidence)"


def _details(item: Advice, lines: SourceLines) -> Iterator[str]:
    yield f"  best       {'; '.join(candidates()[key].title for key in item.best)}"
    yield from _listed("for", item.reasons)
    yield from _listed("against", item.against)
    yield from _listed("doubts", item.doubts)
    for row in item.evidence:
        if row.value:
            yield f"  evidence   {row.title}: yes, {row.origin} (weight {row.weight}){_places(row, lines)}"
    for key in item.best:
        for condition in candidates()[key].conditions:
            yield f"  note       {condition.text}"
    current = [(key, why) for key, why in item.excluded if key in item.in_use]
    yield from (f"  in use     {key} {why}" for key, why in current)
    yield from _listed("flips if", item.flips_if[:4])
    yield from _questions(item)
    if item.migration is not None:
        move = item.migration
        yield f"  migration  touches {move.producers} sends, {move.consumers} receives, {move.manifests} manifests"
        yield from (f"    {number}. {terminal(step)}" for number, step in enumerate(move.steps, 1))


def _listed(word: str, texts: tuple[str, ...]) -> Iterator[str]:
    for index, text in enumerate(texts):
        yield f"  {word if not index else '':<10} {terminal(text)}"


def _questions(item: Advice) -> Iterator[str]:
    decisive = [question for question in item.questions if question.decisive]
    yield from (f"  open       {terminal(str(question))}" for question in decisive[:_MOST_QUESTIONS])


def _places(row: Evidence, lines: SourceLines) -> str:
    shown = [where(place, lines) for place in row.places[:_MOST_PLACES]]
    more = f" and {len(row.places) - _MOST_PLACES} more" if len(row.places) > _MOST_PLACES else ""
    return f"  {', '.join(shown)}{more}" if shown else ""


def where(place: Place, lines: SourceLines) -> str:
    """A place as the user would type it."""
    return terminal(f"{lines.shown(place.path)}:{place.line}" if place.line else lines.shown(place.path))


def cost_lines(cost: Cost) -> Iterator[str]:
    """The estimates, the crossovers, and what they rest on."""
    volume = f"{cost.volume} msg/s" if cost.volume else "no volume known, so no estimate"
    yield f"  cost       US dollars a month in {terminal(cost.region)}; {volume}"
    for item in cost.estimates:
        title = f"    {item.candidate:<20}"
        if item.low is not None and item.high is not None:
            used = f", {item.utilisation:.0%} of its shards" if item.utilisation is not None else ""
            why = f"  ({terminal(item.why)})" if item.why else ""
            yield f"{title} {dollars(item.low)} to {dollars(item.high)}{used}{why}"
        elif item.per_million is not None:
            slope = f"{dollars(item.per_million.low)} to {dollars(item.per_million.high)} for each million messages"
            yield f"{title} {dollars(item.floor)} plus {slope if item.per_million.high >= 0.005 else 'its storage'}"
        else:
            yield f"{title} no number: {terminal(item.why)}"
    for crossing in cost.crossovers:
        side = f"; {crossing.side}" if crossing.side else ""
        yield (
            f"    {crossing.queue} costs as much as the floor of {crossing.cluster} at {rate(crossing.rate.low)} "
            f"one by one, {rate(crossing.rate.high)} in full batches{side}"
        )
    yield from (f"    missing: {terminal(text)}" for text in cost.missing)
    yield from (f"    assumed: {terminal(text)}" for text in cost.assumptions)


def _verdict(word: str, color: bool) -> str:
    return style(f"{word:<12}", fg=_TONES[word], bold=True) if color else f"{word:<12}"
