"""YAML as nodes: values with lines and tags, and no harm from hostile files."""

from __future__ import annotations

import json
import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from brokerlint.manifests.tree import ManifestError
from brokerlint.manifests.yaml_nodes import DEEPEST, MISSING, Node, documents, partial


def only(text: str) -> Node:
    (document,) = documents(text)
    return document


def test_a_value_knows_its_line() -> None:
    node = only("a: 1\nb:\n  - x\n  - y: z\n")
    assert node.get("b").elements()[1].get("y").line == 4
    assert node.line_of("b") == 2


def test_asking_for_what_is_not_there_gives_a_node_that_is_false() -> None:
    node = only("a: {b: 1}\nempty:\n")
    assert node.get("a", "b").text == "1"
    assert node.get("a").get("x").get("y") is MISSING
    assert not node.get("empty")
    assert not MISSING
    assert list(MISSING.items()) == []


def test_an_empty_collection_is_there_but_null_is_not() -> None:
    node = only("a: []\nb: ~\nc: ''\nd: null\ne: 'null'\n")
    assert node.get("a")
    assert not node.get("b")
    assert node.get("c")
    assert not node.get("d")
    assert node.get("e")


def test_a_tag_of_the_file_stays() -> None:
    node = only("url: !Ref Orders\narn: !GetAtt [Orders, Arn]\ntext: !!str 5\n")
    assert (node.get("url").tag, node.get("url").text) == ("!Ref", "Orders")
    assert node.get("arn").tag == "!GetAtt"
    assert node.get("text").tag == "!!str"


def test_plain_values_follow_the_few_rules_all_readers_share() -> None:
    plain = only("[5, '5', true, on, 2010-09-09, 012, 22:22, 1.5, 1e3, ~]").plain()
    assert plain == [5, "5", True, "on", "2010-09-09", "012", "22:22", 1.5, 1000.0, None]


def test_merge_keys_yield_to_own_keys_and_to_earlier_sources() -> None:
    node = only("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc:\n  <<: [*a, *b]\n  x: 3\n")
    assert node.get("c").plain() == {"x": 3, "y": 1, "z": 2}


def test_an_alias_has_the_line_of_its_anchor() -> None:
    assert only("a: &a\n  x: 1\nb: *a\n").get("b", "x").line == 2


def test_of_a_repeated_key_the_last_counts_and_the_others_are_remembered() -> None:
    node = only("a: 1\na: 2\n")
    assert node.get("a").text == "2"
    assert [value.text for _, value in node.repeated] == ["1"]


def test_what_looks_like_an_alias_but_has_no_anchor_is_text() -> None:
    assert only("files: [*py]").get("files").elements()[0].text == "*py"


def test_an_anchor_inside_of_itself_ends() -> None:
    assert only("&a [1, *a]").elements()[1].text == "*a"


def test_several_documents_and_empty_ones() -> None:
    assert [one.plain() for one in documents("a: 1\n---\n---\nb: 2\n")] == [{"a": 1}, {"b": 2}]
    assert documents("") == []


def test_documents_before_a_mistake_are_kept() -> None:
    found, error = partial("a: 1\n---\nb: [\n")
    assert [one.plain() for one in found] == [{"a": 1}]
    assert error is not None
    assert error.line >= 3


def test_a_mistake_is_told_in_one_sentence_with_its_line() -> None:
    with pytest.raises(ManifestError, match="is not valid YAML") as caught:
        documents("a: 1\nb: {{ x }\nc: 2\n")
    assert caught.value.line >= 2


def test_a_character_that_is_not_allowed_is_a_mistake() -> None:
    with pytest.raises(ManifestError) as caught:
        documents("a: 1\nb: \x07\n")
    assert caught.value.line in (1, 2)


def test_aliases_that_stand_for_millions_of_values_are_refused() -> None:
    pairs = zip("abcdefgh", "bcdefghi", strict=True)
    levels = [f"{name}: &{name} [{', '.join(['*' + below] * 9)}]" for below, name in pairs]
    with pytest.raises(ManifestError, match="aliases"):
        documents("\n".join(["a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]", *levels]))


def test_many_merges_of_one_large_mapping_are_refused_too() -> None:
    large = ", ".join(f"k{index}: 1" for index in range(2000))
    merges = "\n".join(f"m{index}: {{<<: *a}}" for index in range(2000))
    with pytest.raises(ManifestError, match="aliases"):
        documents(f"a: &a {{{large}}}\n{merges}\n")


def test_sixty_levels_are_read_and_thousands_are_refused() -> None:
    assert only("[" * 60 + "]" * 60).size == 60
    with pytest.raises(ManifestError):
        documents("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))
    with pytest.raises(ManifestError):
        documents("[" * 100_000)


def test_json_with_tabs_and_surrogates_is_read_with_lines() -> None:
    node = only('{\n\t"a":\t"\\ud83d\\ude00x",\n\t"b": [1, true, null]\n}')
    assert node.get("b").plain() == [1, True, None]
    assert node.line_of("b") == 3


def test_a_byte_order_mark_is_no_text() -> None:
    assert only("\ufeffa: 1").plain() == {"a": 1}


def test_a_node_can_be_pickled() -> None:
    node = only("a: !Ref B\n")
    assert pickle.loads(pickle.dumps(node)) == node


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**9), 10**9)
    | st.text(st.characters(codec="ascii", categories=("L", "N"))),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ_.-", min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES)
@settings(max_examples=150, deadline=None)
def test_every_json_value_comes_back(value: object) -> None:
    found = documents(json.dumps(value))
    assert (found[0].plain() if found else None) == value


@given(st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_no_text_makes_the_reader_fail(text: str) -> None:
    found, error = partial(text)
    assert all(isinstance(one, Node) for one in found)
    assert error is None or error.line >= 1
