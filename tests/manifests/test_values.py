"""Texts with variables, as compose and .env files have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerlint.manifests.facts import Choice, Concat, Hole, Text, Value, Variable
from brokerlint.manifests.values import NOT_KEPT, interpolated, joined, private, setting, shown, text_of
from brokerlint.places import Place

SET = {"STAGE": Text("prod"), "EMPTY": Text("")}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("orders", Text("orders")),
        ("orders-$STAGE", Text("orders-prod")),
        ("${STAGE}.orders", Text("prod.orders")),
        ("${STAGE:-dev}", Text("prod")),
        ("${EMPTY:-dev}", Variable("EMPTY", Text("dev"))),
        ("${EMPTY-dev}", Text("")),
        ("${STAGE:+live}", Text("live")),
        ("${OTHER:+live}", Text("")),
        ("${OTHER:?must be set}", Variable("OTHER")),
        ("${OTHER:-${STAGE}-x}", Variable("OTHER", Text("prod-x"))),
        ("$OTHER", Variable("OTHER")),
        ("a-${OTHER}", Concat((Text("a-"), Variable("OTHER")))),
        ("cost $$5", Text("cost $5")),
        ("$", Text("$")),
        ("${", Text("${")),
        ("${}", Text("${}")),
    ],
)
def test_variables_are_put_in(text: str, value: Value) -> None:
    assert interpolated(text, SET) == value


def test_a_text_is_known_when_all_its_parts_are() -> None:
    assert text_of(interpolated("${PREFIX:-dev}-orders", {})) == "dev-orders"
    assert text_of(interpolated("${PREFIX}-orders", {})) is None
    assert text_of(None) is None


def test_what_is_not_known_is_shown_as_a_variable() -> None:
    assert shown(interpolated("${PREFIX}-${STAGE}", SET)) == "${PREFIX}-prod"
    assert shown(Choice((Text("a"), Text("b")))) == "a"
    assert shown(Hole("x")) == "${}"


def test_a_secret_default_is_not_kept() -> None:
    assert private("KAFKA_PASSWORD", Variable("P", Text("hunter2"))) == Variable("P")
    assert private("DB_PASSWORD", Text("hunter2")) == NOT_KEPT
    assert private("GREETING", Concat((Text("hello "), Variable("NAME")))) == NOT_KEPT
    assert private("X", Choice((Text("hello"), Text("orders.fifo")))) == Choice((Text("orders.fifo"),))


def test_a_setting_tells_how_exact_it_is() -> None:
    place = Place("a.yml", 1)
    assert setting("TOPIC", Text("orders"), place).exactness == "exact"
    assert setting("TOPIC", Variable("T", Text("orders")), place).exactness == "defaulted"
    assert setting("TOPIC", Variable("T"), place).exactness == "partial"
    assert setting("TOPIC", Text("orders"), place, "alternative").exactness == "alternative"


def test_joined_texts_are_one_text() -> None:
    assert joined([Text("a"), Concat((Text("b"), Variable("C"))), Text("")]) == Concat((Text("ab"), Variable("C")))
    assert joined([]) == Text("")


@given(st.text("$${}:-?+AB_ x"))
def test_no_text_makes_interpolation_fail(text: str) -> None:
    shown(interpolated(text, {"A": Text("1")}))
