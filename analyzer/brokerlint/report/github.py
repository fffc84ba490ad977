"""Findings as GitHub workflow commands, which become annotations, and as Markdown for the job summary.

GitHub shows at most ten annotations of each level for one step, so the worst ten of each go out and a notice tells how
many more there are; the job summary has them all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from brokerlint.checking import Finding, Severity
from brokerlint.report.escape import github_message, github_property, html, markdown
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.outcome import Outcome, body, first_place

MOST = 10
"""Annotations of one level that GitHub shows for one step."""

LARGEST_SUMMARY = 900_000
"""Bytes of a job summary; GitHub refuses more than a mebibyte."""

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.ADVICE: "notice", Severity.INFO: "notice"}


def render(outcome: Outcome) -> str:
    """The workflow commands, worst first."""
    given: Counter[str] = Counter()
    left_out = 0
    lines = []
    room = {"error": MOST, "warning": MOST, "notice": MOST - 1}  # one notice tells about the rest
    for finding in outcome.worst_first:
        level = _LEVELS[finding.severity]
        if given[level] == room[level]:
            left_out += 1
            continue
        given[level] += 1
        lines.append(_command(level, finding, outcome.lines))
    if left_out:
        lines.append(f"::notice title=brokerlint::{left_out} more findings are in the job summary")
    return "".join(f"{line}\n" for line in lines)


def _command(level: str, finding: Finding, lines: SourceLines) -> str:
    place = first_place(finding)
    properties = {}
    if place.path:
        properties["file"] = github_property(lines.shown(place.path))
    if place.line:
        properties |= {"line": str(place.line), "endLine": str(place.last)}
    properties["title"] = github_property(f"{finding.check} {finding.name}")
    others = [f"also {lines.shown(p.path)}:{p.line} {p.text}".rstrip() for p in finding.evidence if p != place]
    message = "\n".join([finding.message, *others, *body(finding)])
    return f"::{level} {','.join(f'{key}={value}' for key, value in properties.items())}::{github_message(message)}"


def summary(outcome: Outcome) -> str:
    """The job summary in Markdown, cut at a whole finding when it grows too large."""
    counts = ", ".join(f"{count} {word}" for word, count in outcome.counts.items() if count)
    parts = [f"### brokerlint: {counts or 'no findings'}\n\n"]
    coverage = outcome.coverage()
    parts.append(
        f"{coverage['services']} services, {coverage['channels']} channels, {coverage['endpoints']} endpoints; "
        f"{sum(coverage['unresolved'].values())} names unresolved.\n"
    )
    size = sum(len(part) for part in parts)
    findings = outcome.worst_first
    for index, finding in enumerate(findings):
        text = "".join(_section(finding, outcome.lines))
        size += len(text.encode("utf-8", "replace"))
        if size > LARGEST_SUMMARY:
            parts.append(f"\n… and {len(findings) - index} more findings.\n")
            break
        parts.append(text)
    return "".join(parts)


def _section(finding: Finding, lines: SourceLines) -> Iterator[str]:
    head = f"<b>{finding.severity.value} {html(finding.check)}</b> {html(finding.message)}"
    yield f"\n<details><summary>{head}</summary>\n\n"
    for place in finding.evidence or (first_place(finding),):
        if place.path:
            yield f"- <code>{markdown(f'{lines.shown(place.path)}:{place.line}')}</code> {markdown(place.text)}\n"
    yield "\n"
    for line in body(finding):
        yield f"{markdown(line)}  \n"
    yield f"\n{markdown(finding.name)}, {finding.confidence.word} confidence. "
    yield f"More: <code>brokerlint explain {markdown(finding.check)}</code>\n</details>\n"
