"""The support table that is made from the models."""

from __future__ import annotations

from brokerlint.models import catalogue
from brokerlint.models.load import builtin, parse

LIBRARY = parse(
    "library: bus\nsystem: kafka\nmodules: [bus]\nsource: https://bus.example/\n"
    "functions:\n  bus.on: {role: consume, decorator: true, channel: [0]}\n"
    "classes:\n  bus.Bus:\n    methods:\n"
    "      send: {role: produce, channel: [0], also: [{role: consume, system: sqs, channel: [1]}]}\n"
    "      drop: {role: manage, channel: [0]}\n",
    "bus.yaml",
)


def test_a_row_names_the_calls_that_send_and_receive() -> None:
    (row,) = catalogue.rows([LIBRARY])
    assert row.produces == (".send",)
    assert row.consumes == (".send", "@on")
    assert row.systems == ("kafka", "sqs")


def test_the_table_is_markdown_with_a_link_to_the_documentation() -> None:
    assert catalogue.markdown([LIBRARY]).splitlines()[2] == (
        "| [bus](https://bus.example/) | bus | kafka, sqs | `.send` | `.send`, `@on` |"
    )


def test_the_most_used_libraries_come_first() -> None:
    names = [row.library for row in catalogue.rows(builtin())]
    assert names[:4] == ["aiokafka", "boto3", "confluent-kafka", "kafka-python"]
    assert len(names) == len(builtin())


def test_nothing_known_is_an_empty_list() -> None:
    assert catalogue.text([]) == ""
