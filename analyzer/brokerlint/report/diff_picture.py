"""A picture of what changed: the channels whose arrows or properties differ, with everybody at them, as Mermaid."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from brokerlint.changes import Change
from brokerlint.report.escape import mermaid
from brokerlint.report.graph import Edge, flow, named
from brokerlint.report.mermaid import SHAPES
from brokerlint.topology import Topology

_MOST_ARROWS = 60
_STYLES = {"added": "stroke:#1a7f37,stroke-width:3px", "removed": "stroke:#cf222e,stroke-dasharray:5 4"}
_ARROWS = {"added": "==>|new|", "removed": "-. gone .->", "": "-->"}


@dataclass(frozen=True, slots=True)
class _Side:
    """One topology as it is drawn: its arrows, and kind and words of every box."""

    arrows: frozenset[Edge]
    boxes: Mapping[str, tuple[str, str]]
    channels: Mapping[str, tuple[str, str]]

    @classmethod
    def of(cls, topology: Topology) -> _Side:
        """The side that ``topology`` is."""
        boxes = {}
        for key, data in topology.graph().nodes(data=True):
            (kind, label), system = named(key, data), data.get("system", "")
            boxes[key] = (kind, f"{system} {kind} {label}" if system else label)
        channels = {node.key: (node.system, node.label) for node in topology.channels() if node.uses or node.declared}
        return cls(flow(topology), boxes, channels)


def picture(found: Iterable[Change], base: Topology, head: Topology) -> str:
    """A left-to-right flow chart with new arrows and boxes in green and those that are gone in red.

    Empty when no arrow and no channel changed. Of a large change only the arrows that changed are drawn; of a very
    large one nothing, since such a picture would tell nothing.
    """
    old, new = _Side.of(base), _Side.of(head)
    changed = old.arrows ^ new.arrows
    named = {(change.system, change.channel) for change in found if change.channel}
    channels = {key for side in (old, new) for key, words in side.channels.items() if words in named}
    channels |= {end for edge in changed for end in (edge.source, edge.target)} & (old.channels.keys() | new.channels)
    drawn = {edge for edge in old.arrows | new.arrows if channels & {edge.source, edge.target}}
    if len(drawn) > _MOST_ARROWS:
        drawn = set(changed)
    boxes = channels | {end for edge in drawn for end in (edge.source, edge.target)}
    return _chart(sorted(boxes), sorted(drawn), old, new) if boxes and len(drawn) <= _MOST_ARROWS else ""


def _chart(boxes: Sequence[str], arrows: Sequence[Edge], old: _Side, new: _Side) -> str:
    names = {key: f"n{index}" for index, key in enumerate(boxes)}
    lines = ["flowchart LR"]
    for key in boxes:
        kind, label = new.boxes.get(key) or old.boxes[key]
        opened, closed = SHAPES.get(kind, ("([", "])"))
        state = _state(key in old.boxes, key in new.boxes)
        lines.append(f'  {names[key]}{opened}"{mermaid(label)}"{closed}{f":::{state}" if state else ""}')
    states = [_state(arrow in old.arrows, arrow in new.arrows) for arrow in arrows]
    for arrow, state in zip(arrows, states, strict=True):
        lines.append(f"  {names[arrow.source]} {_ARROWS[state]} {names[arrow.target]}")
    for state, style in _STYLES.items():
        numbers = ",".join(str(index) for index, known in enumerate(states) if known == state)
        lines += [f"  classDef {state} {style}", *([f"  linkStyle {numbers} {style}"] if numbers else [])]
    return "\n".join(lines) + "\n"


def _state(before: bool, after: bool) -> str:
    return "" if before and after else "added" if after else "removed"
