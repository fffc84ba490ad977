"""Trying a model on its own examples."""

from __future__ import annotations

from collections.abc import Mapping

from brokerlint.facts import ChannelName, Endpoint, Facts, Name
from brokerlint.models.load import parse
from brokerlint.models.model import Library
from brokerlint.models.selftest import Analyse, mismatches, tried
from brokerlint.places import Place

MODEL = """
library: bus
system: kafka
modules: [bus]
functions:
  bus.send: {role: produce, channel: [0]}
examples:
  - code: |
      import bus
      bus.send("orders")
    expect:
      - {line: 2, role: produce, channel: orders}
"""


def finding(*endpoints: Endpoint) -> Analyse:
    """An analysis that always finds these endpoints."""

    def analyse(files: Mapping[str, str], libraries: tuple[Library, ...]) -> Facts:
        assert list(files) == ["app.py"]
        return Facts(endpoints=endpoints)

    return analyse


def endpoint(line: int = 2, role: str = "produce", system: str = "kafka", **names: Name) -> Endpoint:
    channel = names.get("channel", Name("exact", "orders"))
    groups = (names["group"],) if "group" in names else ()
    place = Place("app.py", line)
    return Endpoint("1", place, "", system, role, "bus", "send", (ChannelName(system, channel),), groups)  # type: ignore[arg-type]


def said(analyse: Analyse, model: str = MODEL) -> list[str]:
    return [str(wrong) for wrong in mismatches(parse(model, "bus.yaml"), analyse)]


def test_nothing_is_said_when_all_is_as_expected() -> None:
    assert said(finding(endpoint())) == []


def test_a_use_that_is_not_found_is_told() -> None:
    assert said(finding()) == ["example 1, line 2: nothing produces here; expected was kafka orders"]


def test_another_channel_is_told() -> None:
    found = endpoint(channel=Name("exact", "order"))
    assert said(finding(found)) == ["example 1, line 2: channel is order, not orders"]


def test_a_variable_and_an_unknown_have_their_own_names() -> None:
    model = MODEL.replace("channel: orders}", 'channel: "env:TOPIC"}')
    assert said(finding(endpoint(channel=Name("env", env="TOPIC"))), model) == []
    assert said(finding(endpoint(channel=Name("unknown"))), model) == ["example 1, line 2: channel is ?, not env:TOPIC"]


def test_another_system_and_group_are_told() -> None:
    model = MODEL.replace("channel: orders}", "channel: orders, group: g}")
    found = endpoint(system="sqs", group=Name("exact", "h"))
    assert said(finding(found), model) == ["example 1, line 2: system is sqs, not kafka; group is h, not g"]


def test_a_use_that_was_not_expected_is_told() -> None:
    further = endpoint(line=1, role="consume")
    assert said(finding(endpoint(), further)) == ["example 1, line 1: not expected: consume kafka orders"]


def test_managing_a_channel_needs_no_expectation() -> None:
    assert said(finding(endpoint(), endpoint(line=1, role="manage"))) == []


def test_a_model_file_is_told_where_its_example_stands() -> None:
    says = ("bus.yaml:8: example 1, line 2: nothing produces here; expected was kafka orders",)
    assert tried(MODEL, "bus.yaml", finding()) == says
    assert tried(MODEL, "bus.yaml", finding(endpoint())) == ()


def test_a_class_that_no_model_describes_is_told() -> None:
    model = MODEL.replace("channel: [0]}", "channel: [0], gives: bus.Answer}")
    assert tried(model, "bus.yaml", finding(endpoint())) == (
        "bus.yaml: bus.send gives 'bus.Answer', which no model describes",
    )
