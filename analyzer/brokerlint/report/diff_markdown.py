"""Changes of the topology as Markdown, for a comment on a pull request."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from brokerlint.changes import Change, listed
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
_MANY = 3
_MOST_LINES = 60
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
        lines = _lines([change for change in found if change.what == what])
        if lines:
            more = f"\n{len(lines) - _MOST_LINES} more are left out.\n" if len(lines) > _MOST_LINES else ""
            sections.append(f"\n**{title}**\n\n{''.join(lines[:_MOST_LINES])}{more}")
    if len(found) <= _FEW:
        return "".join(sections)
    return f"\n<details><summary>{len(found)} changes</summary>\n{''.join(sections)}\n</details>\n"


def _meaning(change: Change) -> str:
    return f"- {markdown(change.text)}: **{markdown(change.meaning)}**\n"


def _lines(found: Sequence[Change]) -> list[str]:
    """A line for each change; one for many by the same service, or of many services at the same channel."""
    parties = [change for change in found if change.what in ("producer", "consumer")]
    by_service = Counter((change.change, change.service) for change in parties)
    by_channel = Counter((change.change, change.system, change.channel) for change in parties)
    groups: dict[tuple[object, ...], list[Change]] = {}
    for change in found:
        service, channel = (change.change, change.service), (change.change, change.system, change.channel)
        key: tuple[object, ...] = (id(change),)
        if max(by_service[service], by_channel[channel]) >= _MANY:
            key = service if by_service[service] >= by_channel[channel] else channel
        groups.setdefault(key, []).append(change)
    return [line for key, group in groups.items() for line in _group(group, by_service=len(key) == 2)]


def _group(group: Sequence[Change], *, by_service: bool) -> list[str]:
    if len(group) < _MANY:
        return [_line(change) for change in group]
    first = group[0]
    verb = {"producer": "produces to", "consumer": "consumes from"}[first.what]
    verb = f"{'now' if first.change == 'added' else 'no longer'} {verb}"
    if by_service:
        words = f"{first.service} {verb} {listed([str(change.channel) for change in group])}"
    else:
        words = f"each of {listed([str(change.service) for change in group])} {verb} {first.system} {first.channel}"
    return [f"- {_MARKS[first.change]} {markdown(words)}\n"]


def _line(change: Change) -> str:
    place = f" <code>{markdown(f'{change.place.path}:{change.place.line}')}</code>" if change.place else ""
    return f"- {_MARKS[change.change]} {markdown(change.text)}{place}\n"
