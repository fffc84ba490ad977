"""Names as a sentence lists them."""

from __future__ import annotations

import pytest

from brokerlint.checking.wording import joined


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a", "a", "b"], "a and b"),
        (["a", "b", "c", "d", "e"], "a, b, c and 2 more"),
    ],
)
def test_names_are_listed_as_in_a_sentence(names: list[str], told: str):
    assert joined(names) == told
