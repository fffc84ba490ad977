"""Changes of the topology as Markdown, for a comment on a pull request."""

from __future__ import annotations

from brokerlint.changes import Change
from brokerlint.report.escape import markdown

_TITLES = {
    "service": "Services",
    "channel": "Channels",
    "producer": "Producers",
    "consumer": "Consumers",
    "group": "Consumer groups",
    "property": "Properties",
    "link": "Links in manifests",
}
_MARKS = {"added": ":heavy_plus_sign:", "removed": ":heavy_minus_sign:", "changed": ":pencil2:"}


def render(found: tuple[Change, ...]) -> str:
    """A section for each kind of thing that changed; one sentence when nothing did."""
    if not found:
        return "The messaging topology does not change.\n"
    parts = ["### Messaging topology\n"]
    for what, title in _TITLES.items():
        lines = [_line(change) for change in found if change.what == what]
        if lines:
            parts.append(f"\n**{title}**\n\n{''.join(lines)}")
    return "".join(parts)


def _line(change: Change) -> str:
    place = f" <code>{markdown(f'{change.place.path}:{change.place.line}')}</code>" if change.place else ""
    return f"- {_MARKS[change.change]} {markdown(change.text)}{place}\n"
