"""The page of one check, as text: what it finds, why, when it is fine, an example and what to do instead."""

from __future__ import annotations

from collections.abc import Iterator

from brokerlint.checking import Check, Example
from brokerlint.checking.check import HEADINGS


def explain(check: Check | type[Check]) -> str:
    """The whole page, as Markdown that reads well on a terminal."""
    return "\n".join(_lines(check)).rstrip() + "\n"


def _lines(check: Check | type[Check]) -> Iterator[str]:
    docs = check.docs()
    yield f"# {check.id} {check.name}"
    yield ""
    yield docs.summary
    yield ""
    profiles = ", ".join(sorted(check.profiles)) or "only when selected"
    yield f"{check.severity.value}, confidence {check.confidence.word} at most, profiles: {profiles}, fix: {check.fix}"
    for heading in HEADINGS:
        if heading in docs.sections:
            yield from ("", f"## {heading}", "", docs.sections[heading])
    yield from _example("Example", check.bad[:1])
    yield from _example("Instead", check.good[:1])
    yield from ("", "## Source", "")
    yield from (f"- {source}" for source in check.sources)
    yield from ("", f"Silence one finding with `# brokerlint: ignore[{check.id}] reason` on or above its line.")


def _example(heading: str, examples: tuple[Example, ...]) -> Iterator[str]:
    for example in examples:
        yield from ("", f"## {heading}", "")
        if example.note:
            yield f"{example.note[0].upper()}{example.note[1:]}:"
            yield ""
        yield example.markdown()
