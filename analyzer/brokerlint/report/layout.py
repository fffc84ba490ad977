"""A layered drawing of a directed graph: where each box goes, and the way of each arrow, left to right.

The steps are those of Sugiyama, Tagawa and Toda (1981), each in its simplest form: put every box in a column after
those that point at it, order the columns so that few arrows cross, then straighten. Boxes that stand in a circle are
spread by their distance, and the arrows that close it go leftward. Parts that nothing connects are drawn apart and
packed. The same graph always gives the same drawing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import networkx

Point: TypeAlias = tuple[float, float]

_COLUMN_GAP = 70.0
_ROW_GAP = 18.0
_BEND_GAP = 8.0
_PART_GAP = 56.0
_SWEEPS = 8
_MOST_BENDS = 12
"""An arrow over more columns than that goes straight: its bends would cost more than they tell."""

_ASPECT = 1.6


@dataclass(frozen=True, slots=True)
class Layout:
    """``centers`` of the boxes by name; ``ways`` of the arrows from border to border: two points or more; the size."""

    centers: Mapping[str, Point]
    ways: Mapping[tuple[str, str], tuple[Point, ...]]
    width: float
    height: float


def layered(sizes: Mapping[str, Point], edges: Iterable[tuple[str, str]]) -> Layout:
    """Draw boxes of the given ``sizes`` (width, height) with ``edges`` between them.

    Ends of edges must be boxes; an arrow from a box to itself has no way.
    """
    arrows = sorted({edge for edge in edges if edge[0] != edge[1]})
    parts = [_Part(sizes, part, arrows).layout() for part in _parts(sorted(sizes), arrows)]
    return _packed(parts)


def _parts(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The connected parts, largest first."""
    graph: networkx.Graph[str] = networkx.Graph(edges)
    graph.add_nodes_from(nodes)
    parts = [sorted(part) for part in networkx.connected_components(graph)]
    return sorted(parts, key=lambda part: (-len(part), part))


def _packed(parts: Sequence[Layout]) -> Layout:
    """All parts on about a screen's shape, tallest first, each as far up and then left as it goes."""
    area = sum((part.width + _PART_GAP) * (part.height + _PART_GAP) for part in parts)
    limit = max((*(part.width + _PART_GAP for part in parts), (area * _ASPECT) ** 0.5))
    centers: dict[str, Point] = {}
    ways: dict[tuple[str, str], tuple[Point, ...]] = {}
    width = height = 0.0
    skyline: list[Point] = [(0.0, 0.0)]  # from that x on, everything above that y is taken
    for part in sorted(parts, key=lambda part: -part.height):
        x, y = _place(skyline, part.width + _PART_GAP, limit)
        skyline = _raised(skyline, x, x + part.width + _PART_GAP, y + part.height + _PART_GAP)
        centers |= {name: (cx + x, cy + y) for name, (cx, cy) in part.centers.items()}
        ways |= {edge: tuple((px + x, py + y) for px, py in way) for edge, way in part.ways.items()}
        width, height = max(width, x + part.width), max(height, y + part.height)
    return Layout(centers, ways, width, height)


def _place(skyline: Sequence[Point], width: float, limit: float) -> Point:
    """The highest free place for something of that width, the leftmost of several."""
    rights = [*(left for left, _ in skyline[1:]), float("inf")]
    free = [
        (max(y for (left, y), right in zip(skyline, rights, strict=True) if right > x and left < x + width), x)
        for x, _ in skyline
        if x + width <= limit + 1e-6
    ]
    y, x = min(free)
    return x, y


def _raised(skyline: Sequence[Point], start: float, end: float, y: float) -> list[Point]:
    """The skyline with everything from ``start`` to ``end`` taken down to ``y``."""
    behind = [level for left, level in skyline if left <= end][-1]
    return [
        *(point for point in skyline if point[0] < start),
        (start, y),
        (end, behind),
        *(point for point in skyline if point[0] > end),
    ]


class _Part:
    """One connected part. Where an arrow passes a column it has a bend there: a box of no size, named by a tuple."""

    def __init__(self, sizes: Mapping[str, Point], nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> None:
        own = set(nodes)
        self.edges = [edge for edge in edges if edge[0] in own]
        self.sizes: dict[object, Point] = {node: sizes[node] for node in nodes}
        self.column = _columns(nodes, self.edges)
        forward = sorted({(s, t) if self.column[s] <= self.column[t] else (t, s) for s, t in self.edges})
        self.chains: dict[tuple[str, str], list[object]] = {edge: self._chain(*edge) for edge in forward}
        self.before: dict[object, list[object]] = defaultdict(list)
        self.after: dict[object, list[object]] = defaultdict(list)
        for chain in self.chains.values():
            for left, right in pairwise(chain):
                if self._index(right) == self._index(left) + 1:
                    self.after[left].append(right)
                    self.before[right].append(left)

    def _chain(self, source: str, target: str) -> list[object]:
        between = range(self.column[source] + 1, self.column[target])
        bends: list[object] = [(source, target, column) for column in between if len(between) <= _MOST_BENDS]
        self.sizes |= dict.fromkeys(bends, (0.0, 0.0))
        return [source, *bends, target]

    def _index(self, node: object) -> int:
        """The column of a box or bend."""
        return node[2] if isinstance(node, tuple) else self.column[str(node)]

    def layout(self) -> Layout:
        """The part drawn by itself, its corner at the origin."""
        columns = self._ordered()
        x = self._across(columns)
        y = self._down(columns)
        top = min(y[node] - self.sizes[node][1] / 2 for node in y)
        bottom = max(y[node] + self.sizes[node][1] / 2 for node in y)
        right = max(x[node] + self.sizes[node][0] / 2 for node in x)
        place = {node: (x[node], y[node] - top) for node in x}
        centers = {node: place[node] for node in place if isinstance(node, str)}
        ways = {edge: self._way(edge, place) for edge in self.edges}
        return Layout(centers, ways, right, bottom - top)

    def _way(self, edge: tuple[str, str], place: Mapping[object, Point]) -> tuple[Point, ...]:
        """From border to border: leftward where an arrow closes a circle, between right borders in one column."""
        source, target = edge
        chain = self.chains[edge] if edge in self.chains else self.chains[target, source][::-1]
        forth = self.column[source] <= self.column[target]
        back = self.column[source] >= self.column[target]
        (x, y), (x2, y2) = place[source], place[target]
        half, half2 = self.sizes[source][0] / 2, self.sizes[target][0] / 2
        start, end = (x + half if forth else x - half, y), (x2 + half2 if back else x2 - half2, y2)
        return (start, *(place[bend] for bend in chain[1:-1]), end)

    # --- The order within the columns ---------------------------------------------------------------------------

    def _ordered(self) -> list[list[object]]:
        """The columns, in the best order that sweeping to and fro has met."""
        columns: list[list[object]] = [[] for _ in range(max(self.column.values()) + 1)]
        for node in self.sizes:
            columns[self._index(node)].append(node)
        best, fewest = columns, self._crossings(columns)
        for sweep in range(_SWEEPS):
            columns = self._swept(columns, rightward=sweep % 2 == 0)
            count = self._crossings(columns)
            if count < fewest:
                best, fewest = columns, count
        return best

    def _swept(self, columns: list[list[object]], *, rightward: bool) -> list[list[object]]:
        """Each column ordered by where its neighbours stand in the column just done."""
        near = self.before if rightward else self.after
        done = list(columns)
        indices = range(1, len(columns)) if rightward else range(len(columns) - 2, -1, -1)
        for index in indices:
            fixed = {node: rank for rank, node in enumerate(done[index - 1 if rightward else index + 1])}
            ranks = {}
            for rank, node in enumerate(columns[index]):
                others = [fixed[other] for other in near[node]]
                ranks[node] = sum(others) / len(others) if others else float(rank)
            done[index] = sorted(columns[index], key=ranks.__getitem__)
        return done

    def _crossings(self, columns: list[list[object]]) -> int:
        """How many arrows cross between neighbouring columns: inversions, counted with a Fenwick tree."""
        total = 0
        for left, right in pairwise(columns):
            rank = {node: index for index, node in enumerate(right)}
            ends = [end for node in left for end in sorted(rank[other] for other in self.after[node])]
            tree = [0] * (len(right) + 1)
            for seen, end in enumerate(ends):
                total += seen - _sum(tree, end + 1)
                _add(tree, end + 1)
        return total

    # --- Coordinates ------------------------------------------------------------------------------------------

    def _across(self, columns: list[list[object]]) -> dict[object, float]:
        """Columns as wide as their widest box; boxes in the middle."""
        x: dict[object, float] = {}
        left = 0.0
        for column in columns:
            width = max(self.sizes[node][0] for node in column)
            x |= dict.fromkeys(column, left + width / 2)
            left += width + _COLUMN_GAP
        return x

    def _down(self, columns: list[list[object]]) -> dict[object, float]:
        """Boxes as near to the middle of their neighbours as order and gaps allow."""
        y: dict[object, float] = {}
        for column in columns:
            y |= self._spread(column, dict.fromkeys(column, 0.0))
        for sweep in range(2 * _SWEEPS):
            near = self.before if sweep % 2 == 0 else self.after
            for column in columns if sweep % 2 == 0 else columns[::-1]:
                wish = {}
                for node in column:
                    others = [y[other] for other in near[node]]
                    wish[node] = sum(others) / len(others) if others else y[node]
                y |= self._spread(column, wish)
        return y

    def _spread(self, column: Sequence[object], wish: Mapping[object, float]) -> dict[object, float]:
        """The places nearest to the wishes (least squares) that keep order and gaps: pool adjacent violators."""
        offsets, offset = [], 0.0
        for above, node in pairwise((None, *column)):
            if above is not None:
                gap = _ROW_GAP if isinstance(node, str) or isinstance(above, str) else _BEND_GAP
                offset += (self.sizes[above][1] + self.sizes[node][1]) / 2 + gap
            offsets.append(offset)
        pools: list[tuple[float, int]] = []
        for node, offset in zip(column, offsets, strict=True):
            mean, count = wish[node] - offset, 1
            while pools and pools[-1][0] > mean:
                other, others = pools.pop()
                mean, count = (mean * count + other * others) / (count + others), count + others
            pools.append((mean, count))
        means = [mean for mean, count in pools for _ in range(count)]
        return {node: mean + offset for node, mean, offset in zip(column, means, offsets, strict=True)}


def _sum(tree: list[int], index: int) -> int:
    total = 0
    while index:
        total += tree[index]
        index &= index - 1
    return total


def _add(tree: list[int], index: int) -> None:
    while index < len(tree):
        tree[index] += 1
        index += index & -index


def _columns(nodes: Sequence[str], edges: Sequence[tuple[str, str]]) -> dict[str, int]:
    """Each box after all that point at it; one that nothing points at stands right before what it points at.

    Boxes that can reach each other in a circle stand as many steps apart as from the busiest of them.
    """
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(nodes)
    graph.add_edges_from(edges)
    circles: networkx.DiGraph[int] = networkx.condensation(graph)
    column: dict[str, int] = {}
    for circle in networkx.lexicographical_topological_sort(circles, key=lambda c: min(circles.nodes[c]["members"])):
        members = sorted(circles.nodes[circle]["members"])
        inside = graph.subgraph(members)
        busiest = max(members, key=lambda node: (inside.out_degree(node), graph.out_degree(node)))
        steps = networkx.single_source_shortest_path_length(inside, busiest)
        before = [(source, node) for node in members for source in graph.predecessors(node) if source not in steps]
        first = max((column[source] + 1 - steps[node] for source, node in before), default=0)
        column |= {node: first + steps[node] for node in members}
    leading = [node for node in nodes if not graph.in_degree(node) and graph.out_degree(node)]
    column |= {node: min(column[other] for other in graph.successors(node)) - 1 for node in leading}
    least = min(column.values())
    return {node: index - least for node, index in column.items()}
