"""Findings for people: the message, then the lines of source of everybody involved, then what to do.

warning[ARC111] queue-shared-by-services: queue 'orders' is consumed by billing and shipping
  --> billing/app.py:12
   |
12 |     batch = sqs.receive_message(QueueUrl=ORDERS)
   |     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ receives from orders
"""

from __future__ import annotations

from collections.abc import Iterator

from click import style

from brokerlint.checking import Finding, Severity
from brokerlint.places import Place
from brokerlint.report.escape import terminal
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome, body, first_place

MOST_PLACES = 8
"""Places of one finding that are shown with their source; the rest is listed."""

_COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.ADVICE: "cyan", Severity.INFO: "blue"}


def render(outcome: Outcome, *, color: bool = False) -> str:
    """All findings in the order of their places, a blank line after each."""
    pen = _Pen(color)
    return "".join(f"{line}\n" for finding in outcome.findings for line in (*_finding(finding, outcome.lines, pen), ""))


def summary(outcome: Outcome) -> str:
    """One or two sentences for the end of a run: what was found, and in how much."""
    counts = {word: count for word, count in outcome.counts.items() if count}
    coverage = outcome.coverage()
    found = ", ".join(f"{count} {_plural(word, count)}" for word, count in counts.items()) or "no findings"
    scope = ", ".join(
        f"{coverage[key]} {_plural(key.removesuffix('s'), coverage[key])}"
        for key in ("services", "channels", "endpoints")
    )
    unresolved = sum(coverage["unresolved"].values())
    doubt = (
        f"; {unresolved} {_plural('name', unresolved)} unresolved (brokerlint graph shows where)" if unresolved else ""
    )
    return f"{found[0].upper()}{found[1:]} in {scope}{doubt}."


def _plural(word: str, count: int) -> str:
    return word if count == 1 or word in ("advice", "info") else f"{word}s"


class _Pen:
    """Writes in colour, or not."""

    def __init__(self, color: bool) -> None:
        self._color = color

    def __call__(self, text: str, color: str | None = None, *, bold: bool = False, dim: bool = False) -> str:
        return style(text, fg=color, bold=bold or None, dim=dim or None) if self._color and text else text


def _finding(finding: Finding, lines: SourceLines, pen: _Pen) -> Iterator[str]:
    color = _COLORS[finding.severity]
    head = pen(f"{finding.severity.value}[{terminal(finding.check)}]", color, bold=True)
    level = pen(f"({finding.confidence.word} confidence)", dim=True)
    yield f"{head} {pen(terminal(finding.name), bold=True)}: {terminal(finding.message)} {level}"
    places = finding.evidence or (first_place(finding),)
    shown = [place for place in places if place.path][:MOST_PLACES]
    width = max((len(str(place.last)) for place in shown), default=1)
    for index, place in enumerate(shown):
        yield from _excerpt(place, lines, pen, width, color if index == 0 else "blue", "-->" if index == 0 else ":::")
    if len(places) > MOST_PLACES:
        rest = ", ".join(f"{terminal(lines.shown(place.path))}:{place.line}" for place in places[MOST_PLACES:])
        yield f"{' ' * width} = and {rest}"
    for line in body(finding):
        yield f"{pen(' ' * width + ' =', 'blue')} {terminal(line)}"
    yield f"{pen(' ' * width + ' =', 'blue')} {pen(f'more: brokerlint explain {terminal(finding.check)}', dim=True)}"


def _excerpt(place: Place, lines: SourceLines, pen: _Pen, width: int, color: str, arrow: str) -> Iterator[str]:
    bar = pen(f"{' ' * width} |", "blue")
    where = f"{terminal(lines.shown(place.path))}:{place.line}" if place.line else terminal(lines.shown(place.path))
    excerpt = list(lines.excerpt(place)) if place.line else []
    words = terminal(place.text)
    if not excerpt:
        yield f"{' ' * width}{pen(arrow, 'blue')} {where}{f': {words}' if words else ''}"
        return
    yield f"{' ' * width}{pen(arrow, 'blue')} {where}"
    yield bar
    for index, line in enumerate(excerpt):
        yield f"{pen(f'{line.number:>{width}} |', 'blue')} {line.text}".rstrip()
        start, end = line.marked
        if index == 0:
            marks = pen("^" * max(end - start, 1), color, bold=True)
            yield f"{bar} {' ' * start}{marks}{f' {pen(words, color)}' if words else ''}"
    if place.last > excerpt[-1].number:
        yield f"{bar} …"
