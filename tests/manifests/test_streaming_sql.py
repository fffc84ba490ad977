"""Scripts of ksqlDB and Flink: what their queries read and write."""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.manifests.streaming_sql import flows, statements
from brokerlint.pipeline import analyse_sources

Row = tuple[str, str, int]

SCRIPTS: dict[str, tuple[str, list[Row]]] = {
    "a stream over a topic, and one that a query makes under its own name": (
        """
        -- orders; as they come
        CREATE STREAM orders (id INT, total DOUBLE) WITH (KAFKA_TOPIC='orders-raw', VALUE_FORMAT='JSON');
        CREATE STREAM large WITH (PARTITIONS=1) AS
          SELECT * FROM orders WHERE total > 100;
        CREATE TABLE counted AS SELECT id, COUNT(*) FROM large GROUP BY id;
        """,
        [
            ("read", "orders-raw", 4),
            ("write", "LARGE", 4),
            ("read", "LARGE", 6),
            ("write", "COUNTED", 6),
        ],
    ),
    "a query whose topic is named, and a join": (
        """
        CREATE OR REPLACE STREAM pays (id INT) WITH (kafka_topic = 'pays');
        CREATE TABLE users (id INT PRIMARY KEY) WITH (kafka_topic = 'users');
        CREATE STREAM both WITH (kafka_topic = 'pays-with-users') AS
          SELECT * FROM pays p LEFT JOIN users u ON p.id = u.id;
        """,
        [("read", "pays", 4), ("read", "users", 4), ("write", "pays-with-users", 4)],
    ),
    "rows that are inserted": (
        """
        CREATE STREAM atm (id INT) WITH (KAFKA_TOPIC='atm');
        INSERT INTO atm (id) VALUES (1);
        """,
        [("write", "atm", 3)],
    ),
    "tables of Flink are used as their queries say": (
        """
        CREATE TABLE `orders` (id BIGINT) WITH (
          'connector' = 'kafka', 'topic' = 'orders', 'properties.group.id' = 'books', 'format' = 'json');
        CREATE TABLE totals (id BIGINT, PRIMARY KEY (id) NOT ENFORCED) WITH (
          'connector' = 'upsert-kafka', 'topic' = 'totals');
        CREATE TABLE printed (id BIGINT) WITH ('connector' = 'print');
        CREATE VIEW recent AS SELECT * FROM orders;
        INSERT INTO totals SELECT id FROM TABLE(TUMBLE(TABLE recent, DESCRIPTOR(ts), INTERVAL '1' MINUTE));
        INSERT INTO printed SELECT * FROM totals;
        """,
        [("read", "orders", 8), ("write", "totals", 8), ("read", "totals", 9)],
    ),
    "what nobody reads or writes": (
        """
        CREATE STREAM idle (id INT) WITH (KAFKA_TOPIC='idle');
        SELECT * FROM idle EMIT CHANGES;
        -- INSERT INTO idle VALUES (1);
        """,
        [],
    ),
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_what_a_script_reads_and_writes(name: str) -> None:
    text, expected = SCRIPTS[name]
    assert [(flow.role, flow.channel, flow.line) for flow in flows(dedent(text))] == expected


def test_statements_end_at_semicolons_outside_of_texts_and_comments() -> None:
    text = "SET 'a' = 'x;y'; /* one;\n two */ SELECT 1;\n\n-- end;\nSELECT 2"

    assert list(statements(text)) == [(1, "SET 'a' = 'x;y'"), (2, "SELECT 1"), (5, "SELECT 2")]


def test_a_script_is_linked_to_the_channels_of_its_queries() -> None:
    script = """
        CREATE TABLE ticks (price DOUBLE) WITH ('connector' = 'kinesis', 'stream' = 'ticks');
        CREATE TABLE means (price DOUBLE) WITH ('connector' = 'kafka', 'topic' = 'means');
        INSERT INTO means SELECT AVG(price) FROM ticks;
        INSERT INTO means SELECT price FROM ticks;
        """
    links = analyse_sources({"jobs/averages.sql": dedent(script), "schema.sql": "CREATE TABLE a (id INT);"}).links

    assert [(link.kind, link.source, link.target, link.place.line) for link in links] == [
        ("connector", "kinesis:ticks", "service:averages", 4),
        ("connector", "service:averages", "kafka:means", 4),
    ]


@pytest.mark.parametrize(
    "text", ["CREATE STREAM", "';", "CREATE TABLE x WITH (KAFKA_TOPIC='", "/*", "INSERT INTO", ";;;"]
)
def test_broken_scripts_say_nothing(text: str) -> None:
    assert flows(text) == []
