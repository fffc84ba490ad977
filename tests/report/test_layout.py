"""What a drawing promises: columns from left to right, no box over another, the same picture every time."""

from __future__ import annotations

import random
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.report.layout import Layout, layered

SIZE = (120.0, 40.0)


def drawn(*edges: tuple[str, str], alone: tuple[str, ...] = ()) -> Layout:
    return layered({name: SIZE for edge in edges for name in edge} | dict.fromkeys(alone, SIZE), edges)


def columns(layout: Layout) -> list[set[str]]:
    xs = sorted({x for x, _ in layout.centers.values()})
    return [{name for name, (x, _) in layout.centers.items() if x == column} for column in xs]


def test_arrows_lead_from_left_to_right() -> None:
    layout = drawn(("shop", "orders"), ("orders", "billing"), ("billing", "invoices"))
    assert columns(layout) == [{"shop"}, {"orders"}, {"billing"}, {"invoices"}]
    start, end = layout.ways["shop", "orders"]
    assert start[0] == layout.centers["shop"][0] + SIZE[0] / 2
    assert end[0] == layout.centers["orders"][0] - SIZE[0] / 2


def test_a_producer_stands_beside_the_first_channel_it_feeds() -> None:
    layout = drawn(("shop", "orders"), ("orders", "billing"), ("billing", "invoices"), ("clerk", "invoices"))
    assert columns(layout)[2] == {"billing", "clerk"}


def test_a_circle_has_an_arrow_to_the_left_and_stays_narrow() -> None:
    ring = [("jobs", "worker"), ("worker", "jobs"), ("worker", "retries"), ("retries", "worker")]
    layout = drawn(*ring)
    assert columns(layout) == [{"worker"}, {"jobs", "retries"}]
    (x, _), (x2, _) = layout.ways["jobs", "worker"]
    assert x > x2


def test_an_arrow_over_several_columns_goes_around_the_boxes_between() -> None:
    layout = drawn(("a", "b"), ("b", "c"), ("a", "c"))
    _, bend, _ = layout.ways["a", "c"]
    x, y = layout.centers["b"]
    assert bend[0] == x
    assert abs(bend[1] - y) >= SIZE[1] / 2


def test_arrows_that_need_not_cross_do_not() -> None:
    pairs = [*zip("abcdef", "zyxwvu", strict=True), ("a", "y"), ("b", "x")]
    layout = drawn(*pairs)
    for (source, target), (source2, target2) in combinations(pairs, 2):
        above = layout.centers[source][1] - layout.centers[source2][1]
        below = layout.centers[target][1] - layout.centers[target2][1]
        same_columns = layout.centers[source][0] == layout.centers[source2][0]
        assert above * below >= 0 or not same_columns


def test_what_nothing_connects_is_drawn_too() -> None:
    layout = drawn(("a", "b"), alone=("idle",))
    assert set(layout.centers) == {"a", "b", "idle"}
    assert layered({}, []) == Layout({}, {}, 0.0, 0.0)


NAMES = st.sampled_from([f"n{index}" for index in range(12)])


@settings(max_examples=60, deadline=None)
@given(st.sets(st.tuples(NAMES, NAMES), max_size=30))
def test_no_box_covers_another_whatever_the_graph(edges: set[tuple[str, str]]) -> None:
    layout = drawn(*edges)
    for (x, y), (x2, y2) in combinations(layout.centers.values(), 2):
        assert abs(x - x2) >= SIZE[0] - 1e-6 or abs(y - y2) >= SIZE[1] - 1e-6
    assert set(layout.ways) == {edge for edge in edges if edge[0] != edge[1]}


def test_the_same_graph_gives_the_same_drawing_in_any_order() -> None:
    chooser = random.Random(7)
    edges = [(f"s{chooser.randrange(40)}", f"c{chooser.randrange(30)}") for _ in range(90)]
    shuffled = edges.copy()
    chooser.shuffle(shuffled)
    assert drawn(*edges) == drawn(*shuffled)
