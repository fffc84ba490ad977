"""Changes of the topology as Markdown, for a comment on a pull request."""

from __future__ import annotations

from brokerlint.changes import Change
from brokerlint.report.diff_picture import picture
from brokerlint.report.escape import markdown
from brokerlint.topology import Topology

_TITLES = {
    "service": "Services",
    "channel": "Channels",
    "producer": "Producers",
    "consumer": "Consumers",
    "group": "Consumer groups",
    "property": "Properties",
    "link": "Links in manifests",
}
_FEW = 12
_MOST_LINES = 200
_MARKS = {"added": ":heavy_plus_sign:", "removed": ":heavy_minus_sign:", "changed": ":pencil2:"}


def render(found: tuple[Change, ...], between: tuple[Topology, Topology] | None = None) -> str:
    """What the changes mean, a picture when both topologies are given, and a section for each kind of thing that
    changed; one sentence when nothing did."""
    if not found:
        return "The messaging topology does not change.\n"
    parts = ["### Messaging topology\n"]
    meanings = [_meaning(change) for change in found if change.meaning]
    if meanings:
        parts.append(f"\n{''.join(meanings)}")
    drawn = picture(found, *between) if between else ""
    if drawn:
        parts.append(f"\n```mermaid\n{drawn}```\n")
    parts.append(_sections(found))
    return "".join(parts)


def _sections(found: tuple[Change, ...]) -> str:
    """The changes by kind, folded away where they are many; a comment has a largest size, so some may be left out."""
    sections = []
    for what, title in _TITLES.items():
        lines = [_line(change) for change in found[:_MOST_LINES] if change.what == what]
        if lines:
            sections.append(f"\n**{title}**\n\n{''.join(lines)}")
    if len(found) > _MOST_LINES:
        sections.append(f"\n{len(found) - _MOST_LINES} more changes are left out.\n")
    if len(found) <= _FEW:
        return "".join(sections)
    return f"\n<details><summary>{len(found)} changes</summary>\n{''.join(sections)}\n</details>\n"


def _meaning(change: Change) -> str:
    return f"- {markdown(change.text)}: **{markdown(change.meaning)}**\n"


def _line(change: Change) -> str:
    place = f" <code>{markdown(f'{change.place.path}:{change.place.line}')}</code>" if change.place else ""
    return f"- {_MARKS[change.change]} {markdown(change.text)}{place}\n"
