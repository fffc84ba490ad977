"""Advice: the verdict on one channel and on the whole system, with its evidence and its doubts.

``keep``: what is in use fits, or nothing fits better by enough. ``consider``: another technology fits better, and the
one in use does work. ``change``: the one in use cannot serve a need. ``insufficient``: too little was seen to tell.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal, TypeAlias

from brokerlint.advising.candidates import broker_version, candidates, in_use
from brokerlint.advising.cost import Cost
from brokerlint.advising.evidence import Evidence
from brokerlint.advising.migration import Migration, sketch
from brokerlint.advising.needs import Need, need_words, weigh
from brokerlint.advising.questions import Question, open_questions
from brokerlint.advising.scoring import Case, Ranking, flips, rank
from brokerlint.advising.signals import gather
from brokerlint.confidence import Confidence
from brokerlint.topology import ChannelNode, Topology, closure
from brokerlint.topology.signals import is_retry

Verdict: TypeAlias = Literal["keep", "consider", "change", "insufficient"]
SYSTEMS = ("sqs", "kafka", "sns", "eventbridge", "kinesis")
"""The systems that advice knows. Channels of others are left alone."""

BESIDE = ("dead-letters", "retries")
"""Uses of a channel that only serves another one and goes where that goes."""

_ABSENCES = frozenset({"replay", "consumers", "streams"})
_CLOSE = 2


@dataclass(frozen=True, slots=True)
class Advice:
    """What is advised for one channel.

    ``in_use`` are the candidates it may run on today, ``best`` those that fit its use best (several only when nothing
    tells them apart), ``reasons`` and ``against`` needs that speak for and against ``best``, ``excluded`` those that
    are out of the question, each with why.
    """

    channel: ChannelNode
    used_as: str
    verdict: Verdict
    in_use: tuple[str, ...]
    best: tuple[str, ...]
    runner_up: str | None
    confidence: Confidence
    evidence: tuple[Evidence, ...]
    needs: dict[str, Need]
    reasons: tuple[str, ...] = ()
    against: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    flips_if: tuple[str, ...] = ()
    excluded: tuple[tuple[str, str], ...] = ()
    migration: Migration | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True)
class SystemAdvice:
    """The verdict on everything together, as one sentence and rows of evidence."""

    verdict: Verdict
    summary: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """All advice of one run."""

    channels: tuple[Advice, ...]
    system: SystemAdvice


def advise(channel: ChannelNode) -> Advice:
    """The advice for ``channel``, which must be of one of ``SYSTEMS``."""
    evidence = gather(channel)
    needs = weigh(evidence)
    used = in_use(channel)
    case = Case(needs, used, channel.system, broker_version(channel))
    ranking = rank(case)
    shape = _used_as(channel, needs)
    if shape in (*BESIDE, "unknown"):
        verdict: Verdict = "keep" if shape in BESIDE else "insufficient"
        questions = open_questions(case) if verdict == "insufficient" else ()
        return Advice(channel, shape, verdict, used, used, None, Confidence.LOW, evidence, needs, questions=questions)
    best, runner_up = _choice(ranking, used)
    confidence, doubts = _confidence(channel, case, ranking)
    verdict = _verdict(ranking, used, best, confidence)
    words = need_words()
    points = ranking.of(best[0]).points
    moved = flips(case)
    current, target = candidates()[used[0]], candidates()[best[0]]
    return Advice(
        *(channel, shape, verdict, used, best, runner_up, confidence, evidence, needs),
        reasons=tuple(_said(key, needs[key]) for key, value in points.items() if value > 0),
        against=_against(ranking, best, used, needs),
        doubts=doubts,
        questions=open_questions(case),
        flips_if=tuple(words[key].if_yes if value else words[key].if_no for key, value in moved),
        excluded=tuple((score.candidate.key, score.excluded) for score in ranking.excluded),
        migration=None if verdict == "keep" else sketch(channel, current, target),
    )


def advised(topology: Topology) -> tuple[ChannelNode, ...]:
    """The channels that advice is about: those that something uses or a manifest declares, of the known systems."""
    return tuple(node for node in topology.channels(system=SYSTEMS) if node.uses or node.declared)


def _used_as(channel: ChannelNode, needs: dict[str, Need]) -> str:
    """The shape of the observed use, in one word."""
    if channel.is_dead_letter():
        return "dead-letters"
    if is_retry(channel):
        return "retries"
    if not channel.consumers() and not any(needs[key].value for key in ("replay", "consumers", "streams", "work")):
        return "unknown"
    for need, shape in (
        ("reply", "request-reply"),
        ("streams", "stream-processing"),
        ("replay", "replayable-log"),
        ("consumers", "publish-subscribe"),
        ("work", "work-queue"),
        ("events", "events"),
        ("direct", "hand-over"),
    ):
        if needs[need].value:
            return shape
    return "messages"


def _choice(ranking: Ranking, used: tuple[str, ...]) -> tuple[tuple[str, ...], str | None]:
    """The best candidates and the next one. Of what may be in use nobody is told apart: they are one choice."""
    best = [score.candidate.key for score in ranking.best]
    if best[0] in used:
        allowed = {score.candidate.key for score in ranking.allowed}
        top = ranking.of(best[0])
        best = [k for k in used if k in allowed and (k == best[0] or top.total - ranking.of(k).total <= _CLOSE)]
        best.sort(key=lambda k: -ranking.of(k).total)
    runner_up = next((s.candidate.key for s in ranking.allowed if s.candidate.key not in {*best, *used}), None)
    if best[0] not in used:
        runner_up = next((s.candidate.key for s in ranking.allowed if s.candidate.key not in best), None)
    return tuple(best), runner_up


def _verdict(ranking: Ranking, used: tuple[str, ...], best: tuple[str, ...], confidence: Confidence) -> Verdict:
    if best[0] in used:
        return "keep"
    impossible = all(ranking.of(key).excluded for key in used)
    return "change" if impossible and confidence >= Confidence.MEDIUM else "consider"


def _confidence(channel: ChannelNode, case: Case, ranking: Ranking) -> tuple[Confidence, tuple[str, ...]]:
    """How sure the choice is, and why not surer: names, absences it rests on, unknown needs that would flip it."""
    words = need_words()
    level, doubts = Confidence.HIGH, []
    named = channel.uses.unless_tooling().confidence()
    if named < level:
        level = named
        doubts.append(f"the channel's name is known with {named.word} confidence only")
    turning = [key for key, value in flips(case) if value]
    open_ = {key for key, _ in flips(case) if case.needs[key].value is None}
    unknown = [key for key in words if key in open_ & {*_ABSENCES, "order", "work"}]
    absent = [key for key in turning if case.needs[key].value is False and key in _ABSENCES]
    if absent and channel.kind != "queue":
        closed = closure(channel.topology, channel)
        if closed.level < level:
            level = closed.level
            doubts.append(f"nobody else is thought to use it: {closed.reason}")
    if unknown:
        level = min(level, Confidence.LOW if _ABSENCES & set(unknown) and len(unknown) > 1 else Confidence.MEDIUM)
        doubts += [f"not known: {words[key].words}" for key in unknown]
    first = ranking.best[0]
    stays = first.candidate.key in case.in_use
    if stays and not any(value > 0 for value in first.points.values()):
        level = Confidence.LOW
        doubts.append("nothing seen speaks for it but that it is in use")
    if stays and first.candidate.rank > 1 and not any(case.needs[key].value for key in _ABSENCES):
        level = min(level, Confidence.MEDIUM)
        doubts.append("no use was seen that a queue could not serve")
    rival = next((s for s in ranking.allowed if (s.candidate.key in case.in_use) is not stays), None)
    if rival and first.total - rival.total < _CLOSE:
        level = level.lower
        doubts.append(f"{rival.candidate.title} fits almost as well")
    return level, tuple(doubts)


def _against(ranking: Ranking, best: tuple[str, ...], used: tuple[str, ...], needs: dict[str, Need]) -> tuple[str, ...]:
    """What speaks against the choice: its own negative points, and what speaks for what is in use instead."""
    found = [_said(key, needs[key]) for key, value in ranking.of(best[0]).points.items() if value < 0]
    if best[0] not in used:
        for key, value in ranking.of(used[0]).points.items():
            if value > ranking.of(best[0]).points.get(key, 0) and value > 0:
                found.append(f"{_said(key, needs[key])} (for what is in use)")
    return tuple(dict.fromkeys(found))


def _said(key: str, need: Need) -> str:
    """A need as a reason: its words, and what was seen."""
    words = need_words()[key].words if need.value else need_words()[key].if_no
    notes = dict.fromkeys(row.note or row.title for row in need.evidence if row.value == need.value)
    told = "; ".join(note for note in notes if note != words)
    return f"{words}: {told}" if told else words


def advise_system(topology: Topology, advice: tuple[Advice, ...]) -> SystemAdvice:
    """What the single verdicts mean together."""
    judged = [item for item in advice if item.verdict != "insufficient" and item.used_as not in BESIDE]
    counts = Counter(item.verdict for item in judged)
    kafka = [item for item in judged if item.channel.system == "kafka"]
    logs = [item for item in kafka if any(item.needs[key].value for key in _ABSENCES)]
    families = sorted({item.channel.system for item in judged})
    rows = [
        _row("a log is needed", bool(logs) if kafka else None, [item.channel for item in logs]),
        _row("several messaging systems", len(families) > 1, [], ", ".join(families)),
        _row("channels whose use does not fit", counts["change"] > 0,
             [item.channel for item in judged if item.verdict == "change"]),
    ]  # fmt: skip
    if not judged:
        return SystemAdvice("insufficient", "too little was seen to judge", tuple(rows))
    if kafka and not logs and any(candidates()[item.best[0]].family != "log" for item in kafka):
        unsure = sum(item.confidence < Confidence.MEDIUM for item in kafka)
        unsure += sum(item.verdict == "insufficient" and item.channel.system == "kafka" for item in advice)
        summary = "Kafka is in use, and no channel seen needs a log: its operation is carried for work that queues do"
        if unsure:
            summary = f"no Kafka topic seen needs a log, but {unsure} could not be judged with any certainty"
        return SystemAdvice("change" if counts["change"] else "consider", summary, tuple(rows))
    verdict: Verdict = "change" if counts["change"] else "consider" if counts["consider"] else "keep"
    moves = counts["change"] + counts["consider"]
    summary = f"{counts['keep']} of {len(judged)} judged channels fit their system"
    if kafka and moves and logs:
        summary += f"; Kafka is justified by {', '.join(sorted(item.channel.label for item in logs)[:3])}, so moving "
        summary += "single topics away from it saves little"
    return SystemAdvice(verdict, summary, tuple(rows))


def _row(title: str, value: bool | None, channels: list[ChannelNode], note: str = "") -> Evidence:
    places = tuple(channel.place for channel in channels if channel.place)
    return Evidence("", title, "", value, "unknown" if value is None else "observed", 3, places, note)
