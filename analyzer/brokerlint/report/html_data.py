"""What the HTML page shows, as plain data: boxes and arrows with their places, and what is told about each box.

Every foreign text is made inert here (``terminal``); the page puts texts into the document as texts only.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, TypeAlias

from brokerlint.checking import Finding
from brokerlint.document import plain
from brokerlint.facts import Name, Service
from brokerlint.places import Place
from brokerlint.report.escape import masked, terminal
from brokerlint.report.graph import Graph, between, flow, named
from brokerlint.report.layout import Layout, layered
from brokerlint.topology import ChannelNode, Topology, Use

_WIDEST_LABEL = 34
_LETTER = 7.9
_PADDING = 30.0
_HEIGHT = 44.0
_BOW = 46.0
_SERVICES = ("service", "code", "external")


@dataclass(slots=True)
class _Box:
    """A box of the drawing: a service, a channel, or something outside."""

    key: str
    kind: str
    label: str
    system: str = ""
    channel: ChannelNode | None = None
    service: Service | None = None
    uses: list[Use] = field(default_factory=list)
    findings: list[int] = field(default_factory=list)


_Arrow: TypeAlias = tuple[str, str, str]
"""Source, target and role: produce, consume, redrive; via between services alone."""


def page_data(graph: Graph) -> dict[str, Any]:
    """Everything on the page, in JSON's own types and made inert; boxes are referred to by their index."""
    boxes, arrows = _drawing(graph.topology)
    findings = sorted(graph.findings, key=lambda f: (f.severity.rank, -f.confidence, f.sort_key()))
    concerned = [_concerned(finding, boxes) for finding in findings]
    for number, keys in enumerate(concerned):
        for key in keys:
            boxes[key].findings.append(number)
    order = {key: index for index, key in enumerate(boxes)}
    sizes = {key: (_width(_short(box.label), _caption(box)), _HEIGHT) for key, box in boxes.items()}
    collapsed = {(s, t, "via"): way for (s, t), way in between(graph.topology).items()}
    data: dict[str, Any] = inert({
        "boxes": [_box(box, graph, order) for box in boxes.values()],
        "findings": [
            {**_finding(finding, graph), "boxes": [order[key] for key in keys]}
            for finding, keys in zip(findings, concerned, strict=True)
        ],
        "judged": graph.judged,
        "idle": [name for name in sorted(s.name for s in graph.topology.services()) if f"service:{name}" not in boxes],
        "unresolved": [
            {"what": f"{item.system} {item.what}", "why": item.why, "at": _at(item.place, graph)}
            for item in sorted(graph.topology.facts.unresolved, key=lambda item: (item.place, item.what))
        ],
        "start": "services" if graph.collapsed else "channels",
        "views": {
            "channels": _view(sizes, dict.fromkeys(arrows, ()), order),
            "services": _view(
                {key: sizes[key] for key, box in boxes.items() if box.kind in _SERVICES}, collapsed, order
            ),
        },
    })  # fmt: skip
    return data


def inert(value: Any) -> Any:
    """``value`` with every text in it shown and never obeyed; keys are ours."""
    if isinstance(value, str):
        return terminal(value)
    if isinstance(value, Mapping):
        return {key: inert(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [inert(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


# --- Boxes and arrows ----------------------------------------------------------------------------------------------


def _drawing(topology: Topology) -> tuple[dict[str, _Box], list[_Arrow]]:
    """The topology's graph with consumer groups drawn in: an arrow leads from a channel to who reads it."""
    graph = topology.graph()
    uses: dict[str, dict[int, Use]] = defaultdict(dict)  # by identity: facts cannot be hashed
    for use in topology.uses():
        if use.service is not None:
            uses[f"service:{use.service.name}"][id(use)] = use
    for source, target, data in graph.edges(data=True):
        if "use" in data:
            uses[target if data["role"] == "consume" else source][id(data["use"])] = data["use"]
    arrows = sorted((edge.source, edge.target, edge.role) for edge in flow(topology))
    touched = {end for source, target, _ in arrows for end in (source, target)}
    boxes = {}
    for key, data in sorted(graph.nodes(data=True)):
        channel, (kind, label) = topology.channel(key), named(key, data)
        if kind != "group" and (key in touched or (channel is not None and channel.declared)):
            service = topology.service(label) if kind == "service" else None
            mine = list(channel.uses) if channel is not None else _in_order(uses[key].values())
            boxes[key] = _Box(key, kind, label, data.get("system", ""), channel, service, mine)
    return boxes, arrows


def _in_order(uses: Iterable[Use]) -> list[Use]:
    return sorted(uses, key=lambda use: (use.role, use.place, use.channel))


def _view(
    sizes: Mapping[str, tuple[float, float]],
    arrows: Mapping[_Arrow, tuple[str, ...]],
    order: Mapping[str, int],
) -> dict[str, Any]:
    """One drawing: ``at`` maps a box to [left, top, width, height]; an arrow is its ends, its role, a path, labels."""
    layout = layered(sizes, ((source, target) for source, target, _ in arrows))
    at = {}
    for key, (x, y) in layout.centers.items():
        width, height = sizes[key]
        at[order[key]] = [round(x - width / 2), round(y - height / 2), round(width), round(height)]
    return {
        "size": [round(layout.width), round(layout.height)],
        "at": dict(sorted(at.items())),
        "arrows": [
            {"from": order[s], "to": order[t], "role": role, "path": _path(layout, (s, t), sizes), "labels": labels}
            for (s, t, role), labels in arrows.items()
        ],
    }


def _path(layout: Layout, edge: tuple[str, str], sizes: Mapping[str, tuple[float, float]]) -> str:
    """The way of an arrow as an SVG path: smooth, level at every bend; a bow where both ends are right borders."""
    source, target = edge
    (x, y), half = layout.centers[source], sizes[source][0] / 2
    if source == target:
        right, top = x + half, y - _HEIGHT / 2
        bow = f"{right - 18:.0f},{top - 26:.0f} {right + 26:.0f},{top - 20:.0f} {right:.0f},{y - 8:.0f}"
        return f"M{right - 24:.0f},{top:.0f}C{bow}"
    points = layout.ways[edge]
    (x, y), (x2, y2) = points[0], points[-1]
    path = f"M{x:.0f},{y:.0f}"
    if x > layout.centers[source][0] and x2 > layout.centers[target][0]:
        reach = max(x, x2) + _BOW
        return f"{path}C{reach:.0f},{y:.0f} {reach:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    for (x, y), (x2, y2) in pairwise(points):
        reach = (x2 - x) / 2
        path += f"C{x + reach:.0f},{y:.0f} {x2 - reach:.0f},{y2:.0f} {x2:.0f},{y2:.0f}"
    return path


# --- What is told about a box --------------------------------------------------------------------------------------


def _box(box: _Box, graph: Graph, order: Mapping[str, int]) -> dict[str, Any]:
    about = _about_channel(box.channel, graph) if box.channel is not None else _about_service(box.service, graph)
    return {
        "key": box.key,
        "kind": box.kind,
        "system": box.system,
        "name": box.label,
        "label": _short(box.label),
        "caption": _caption(box),
        "systems": sorted({box.system} if box.system else {use.channel.partition(":")[0] for use in box.uses}),
        "about": about,
        "uses": [_use(use, box, graph, order) for use in box.uses],
        "groups": _groups(box.channel) if box.channel is not None else [],
        "findings": box.findings,
    }


def _caption(box: _Box) -> str:
    if box.channel is not None:
        return f"{box.system} {box.kind}"
    platform = box.service.platform if box.service and box.service.platform != "unknown" else ""
    words = {"service": "service", "code": "code of no known service", "external": "outside"}
    return f"{words.get(box.kind, box.kind)} {platform}".rstrip()


def _about_channel(node: ChannelNode, graph: Graph) -> list[list[Any]]:
    """Rows of name and value: where it is declared, its name's origin, its properties."""
    rows: list[list[Any]] = []
    if node.name.env:
        rows.append(["variable", f"${node.name.env}"])
    if node.name.kind not in ("exact", "env"):
        rows.append(["name", f"{node.name.kind}: {node.name.why}".rstrip(": ")])
    if node.environment != "unknown":
        rows.append(["environment", node.environment])
    rows += [["declared at", _at(place, graph)] for fact in node.declarations for place in fact.declared_at]
    for key in sorted({key for fact in node.declarations for key in fact.properties}):
        value = node.property(key)
        shown = "manifests disagree" if value is None else _value(value)
        rows.append([key.replace("_", " "), f"{shown} (default)" if node.is_default(key) else shown])
    rows += [
        [link.kind.replace("_", " "), f"{link.source} → {link.target} ({_at(link.place, graph)})"]
        for link in node.link_list
    ]
    return rows


def _about_service(service: Service | None, graph: Graph) -> list[list[Any]]:
    if service is None:
        return []
    rows = [[key, value] for key, value in (("platform", service.platform), ("environment", service.environment))]
    rows = [row for row in rows if row[1] != "unknown"]
    rows += [["owned by", owner] for owner in service.owners]
    rows += [["code in", graph.lines.shown(root)] for root in service.roots]
    rows += [["declared at", _at(place, graph)] for place in service.evidence]
    rows += [[key.replace("_", " "), _value(value)] for key, value in sorted(service.properties.items())]
    if service.tooling:
        rows.append(["tooling", "a tool, no part of the running system"])
    return rows


def _value(value: Any) -> str:
    """A property as a text: booleans as words, structures as what JSON would show, secrets masked."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(item) for item in value) or "none"
    if isinstance(value, Place):
        return f"{value.path}:{value.line}"
    if isinstance(value, Mapping):
        return "; ".join(f"{key} {_value(item)}" for key, item in sorted(value.items(), key=lambda item: str(item[0])))
    return masked(str(plain(value)))


def _use(use: Use, box: _Box, graph: Graph, order: Mapping[str, int]) -> dict[str, Any]:
    """One endpoint or link as seen from ``box``: what lies at the other end, and where it stands."""
    if box.channel is not None:
        code = f"code:{use.handler[0]}:{use.handler[1]}"
        far = f"service:{use.service.name}" if use.service else (use.other or code)
    else:
        far = use.channel
    endpoint = use.endpoint
    more = [endpoint.library, endpoint.function] if endpoint is not None else []
    more += [use.link.kind.replace("_", " ")] if use.link is not None else []
    return {
        "role": use.role,
        "box": order.get(far, -1),
        "name": use.who if box.channel is not None else far.partition(":")[2],
        "at": _at(use.place, graph),
        "through": [_at(place, graph) for place in endpoint.call_chain] if endpoint is not None else [],
        "groups": [_name(group) for group in use.groups],
        "more": [word for word in more if word],
        "confidence": use.confidence.word,
    }


def _groups(node: ChannelNode) -> list[dict[str, Any]]:
    """The named consumer groups; a queue's pollers and readers without a group are plain from the uses."""
    return [
        {"name": group.name, "services": list(group.uses.parties())}
        for group in node.groups()
        if node.system == "kafka" and group.known and not group.key.startswith("@")
    ]


def _name(name: Name) -> str:
    return name.text or (f"${name.env}" if name.env else None) or name.logical or f"? ({name.why})"


def _at(place: Place, graph: Graph) -> str:
    shown = graph.lines.shown(place.path)
    return f"{shown}:{place.line}" if place.line else shown


def _width(label: str, caption: str) -> float:
    return max(96.0, len(label) * _LETTER + _PADDING, len(caption) * 6.0 + _PADDING)


def _short(label: str) -> str:
    """Long names without their middle: what tells them apart is more often at the ends."""
    if len(label) <= _WIDEST_LABEL:
        return label
    half = (_WIDEST_LABEL - 1) // 2
    return f"{label[:half]}…{label[-half:]}"


# --- Findings ------------------------------------------------------------------------------------------------------


def _concerned(finding: Finding, boxes: Mapping[str, _Box]) -> list[str]:
    """The keys of the boxes that a finding is about. Two services' ``$QUEUE_URL`` are told apart by the services."""
    services = {f"service:{name}" for name in finding.services}
    found = [key for key in boxes if key in services]
    for key, box in boxes.items():
        if box.channel is not None and box.channel.id in finding.channels:
            owner = key.removeprefix(box.channel.id).removeprefix("@")
            if not owner or not services or f"service:{owner}" in services:
                found.append(key)
    return found


def _finding(finding: Finding, graph: Graph) -> dict[str, Any]:
    return {
        "check": finding.check,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.word,
        "message": finding.message,
        "evidence": [{"at": _at(place, graph), "text": place.text} for place in finding.evidence],
        "notes": list(finding.notes),
        "checked": list(finding.ruled_out),
        "advice": list(finding.advice),
    }
