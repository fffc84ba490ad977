"""Files of variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerlint.manifests.facts import Text, Value
from brokerlint.manifests.formats import dotenv
from brokerlint.manifests.tree import Tree
from brokerlint.manifests.values import NOT_KEPT, text_of


def value(line: str, name: str = "TOPIC") -> Value:
    return dotenv.read(".env", line).settings[name].value


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("TOPIC=orders", "orders"),
        ("export TOPIC=orders", "orders"),
        ("  TOPIC = orders  ", "orders"),
        ("TOPIC=orders # the topic", "orders"),
        ("TOPIC=orders#1", "orders#1"),
        ("TOPIC='a # b $X'", "a # b $X"),
        ('TOPIC="a\\n\\"b\\""', 'a\n"b"'),
        ('TOPIC="cost \\$5"', "cost $5"),
        ("TOPIC=", ""),
        ("TOPIC: orders", "orders"),
        ('TOPIC="orders" # note', "orders"),
    ],
)
def test_a_line_gives_a_variable(line: str, text: str) -> None:
    assert value(line) == Text(text)


def test_earlier_variables_are_put_into_later_ones() -> None:
    found = dotenv.read(".env", "STAGE=dev\nTOPIC=${STAGE}-orders\nGROUP=${NAME:-billing}\n").settings
    assert found["TOPIC"].value == Text("dev-orders")
    assert text_of(found["GROUP"].value) == "billing"
    assert found["GROUP"].exactness == "defaulted"


def test_a_name_alone_is_passed_through_and_a_comment_is_none() -> None:
    assert dotenv.read(".env", "# TOPIC=x\nTOPIC\nnot a line at all\n").settings == {}


def test_a_quoted_value_may_go_over_lines_and_lines_stay_right() -> None:
    found = dotenv.read("a/.env", 'TOPIC="one\ntwo"\nGROUP=g\n').settings
    assert found["TOPIC"].value == Text("one\ntwo")
    assert found["GROUP"].place.line == 3


def test_passwords_are_known_to_be_set_and_nothing_more() -> None:
    assert value("DB_PASSWORD=hunter2", "DB_PASSWORD") == NOT_KEPT
    assert value("GREETING=hello", "GREETING") == NOT_KEPT


@pytest.mark.parametrize("path", [".env", "a/.env.prod", "conf/orders.env", ".env.example", "env.sample"])
def test_files_of_variables_are_recognised(path: str) -> None:
    assert dotenv.wants(path, b"")


@pytest.mark.parametrize("path", ["env.py", "environment.yml", "a/env", ".envrc.md", "deploy.env.sh"])
def test_other_files_are_not(path: str) -> None:
    assert not dotenv.wants(path, b"")


def tree_of(files: dict[str, str]) -> Tree:
    return Tree(frozenset(files), {"dotenv": {path: dotenv.read(path, text) for path, text in files.items()}})


def test_an_example_stands_in_for_a_file_that_is_not_in_the_tree() -> None:
    tree = tree_of({"a/.env.example": "TOPIC=orders"})
    found = dotenv.settings_of(tree, "a/.env")
    assert found["TOPIC"].value == Text("orders")
    assert found["TOPIC"].exactness == "alternative"
    assert dotenv.settings_of(tree, "b/.env") == {}


def test_a_program_loads_the_nearest_file_above_it() -> None:
    tree = tree_of({".env": "TOPIC=far\nGROUP=g", "svc/.env": "TOPIC=near"})
    assert {name: text_of(one.value) for name, one in dotenv.beside(tree, ["svc/src"]).items()} == {"TOPIC": "near"}
    assert "GROUP" in dotenv.beside(tree, ["other"])


NAMES = st.from_regex(r"[A-Z]{1,8}_TOPIC", fullmatch=True)
PLAIN = st.from_regex(r"[a-z0-9._-]{0,12}", fullmatch=True)


@given(st.dictionaries(NAMES, PLAIN, max_size=8))
def test_plain_variables_come_back(values: dict[str, str]) -> None:
    text = "\n".join(f"{name}={value}" for name, value in values.items())
    found = dotenv.read(".env", text).settings
    assert {name: text_of(one.value) for name, one in found.items()} == values


@given(st.text(max_size=300))
def test_no_text_makes_the_reader_fail(text: str) -> None:
    dotenv.read(".env", text)


@pytest.mark.parametrize(
    "text", ['A="' + "\\" * 50_000, "A" * 100_000, 'A="\n' * 20_000, " " * 100_000, "A='" * 30_000]
)
def test_hostile_texts_do_not_hold_up_the_reader(text: str) -> None:
    dotenv.read(".env", text)
