"""Tables over channels: what the queries of a program do to them, they do to the channels."""

from __future__ import annotations

from textwrap import dedent

import pytest

from brokerlint.pipeline import analyse_sources

FLINK = """
from pyflink.table import EnvironmentSettings, TableEnvironment

env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
OPTIONS = "'connector' = 'kafka', 'properties.bootstrap.servers' = 'kafka:9092', 'format' = 'json'"
env.execute_sql(f"CREATE TABLE orders (id INT) WITH ({OPTIONS}, 'topic' = 'orders-raw', 'properties.group.id' = 'g')")
env.execute_sql(f"CREATE TABLE totals (id INT) WITH ({OPTIONS}, 'topic' = 'totals')")
"""
BOTH = [(6, "consume", "orders-raw"), (7, "produce", "totals")]

Row = tuple[int, str, str]


def found(code: str, files: dict[str, str] | None = None) -> list[Row]:
    """Line, role and channel of everything that is sent and received."""
    facts = analyse_sources({"app.py": code, **(files or {})})
    return sorted(
        (one.place.line, one.role, channel.name.text or "?")
        for one in facts.endpoints
        for channel in one.channels
        if one.role != "manage" and one.place.path == "app.py"
    )


@pytest.mark.parametrize(
    "query",
    [
        'env.execute_sql("INSERT INTO totals SELECT id FROM orders")',
        'env.execute_sql("INSERT INTO {} SELECT id FROM {}".format("totals", "orders"))',
        'env.sql_query("SELECT id FROM orders").execute_insert("totals")',
        'env.from_path("orders").group_by(1).select(2).execute_insert("totals")',
        'env.from_path("orders").insert_into("totals")',
        'env.execute_sql("CREATE VIEW v AS SELECT * FROM orders"); env.from_path("v").execute_insert("totals")',
        'rows = env.create_statement_set()\nrows.add_insert_sql("INSERT INTO totals SELECT id FROM orders")',
        'rows = env.create_statement_set()\nrows.add_insert("totals", env.from_path("orders"))',
    ],
)
def test_a_query_tells_what_is_done_to_a_table(query: str) -> None:
    assert found(f"{FLINK}{query}\n") == BOTH


def test_a_table_that_looks_like_a_source_is_written_when_it_is_inserted_into() -> None:
    assert found(FLINK + 'env.execute_sql("INSERT INTO orders SELECT id FROM totals")\n') == [
        (6, "produce", "orders-raw"),
        (7, "consume", "totals"),
    ]


def test_a_table_may_be_both() -> None:
    query = 'env.execute_sql("INSERT INTO totals SELECT o.id FROM orders o JOIN totals t ON o.id = t.id")\n'
    assert found(FLINK + query) == [*BOTH[:1], (7, "consume", "totals"), *BOTH[1:]]


def test_without_a_query_the_options_tell() -> None:
    assert found(FLINK) == BOTH
    assert found(FLINK + 'env.execute_sql(open("query.sql").read())\n') == BOTH


def test_the_group_is_that_of_the_table() -> None:
    code = FLINK + 'env.from_path("orders").execute_insert("totals")\n'
    groups = [one.groups for one in analyse_sources({"app.py": code}).endpoints if one.role == "consume"]
    assert [[name.text for name in names] for names in groups] == [["g"]]


def test_tables_of_one_name_in_other_scripts_are_others() -> None:
    other = FLINK.replace("orders-raw", "others") + 'env.execute_sql("INSERT INTO orders SELECT id FROM totals")\n'
    code = FLINK + 'env.execute_sql("INSERT INTO totals SELECT id FROM orders")\n'
    assert found(code, {"other.py": other}) == BOTH


def test_a_stream_of_kinesis_without_telling_options() -> None:
    code = """
        from pyflink.table import EnvironmentSettings, TableEnvironment

        env = TableEnvironment.create(EnvironmentSettings.in_streaming_mode())
        TABLES = [
            "CREATE TABLE ticks (id INT) WITH ('connector' = 'kinesis', 'stream' = 'raw-ticks')",
            "CREATE TABLE means (id INT) WITH ('connector' = 'kinesis', 'stream' = 'mean-ticks')",
        ]
        for table in TABLES:
            env.execute_sql(table)
        env.execute_sql("INSERT INTO means SELECT * FROM ticks")
        """
    assert found(dedent(code).lstrip()) == [(9, "consume", "raw-ticks"), (9, "produce", "mean-ticks")]


def test_streams_of_ksqldb() -> None:
    code = """
        from ksqldb import KSQLdbClient

        client = KSQLdbClient("http://ksql:8088")
        client.ksql("CREATE STREAM clicks (id INT) WITH (KAFKA_TOPIC='clicks-raw', VALUE_FORMAT='JSON');")
        client.ksql("CREATE STREAM good WITH (KAFKA_TOPIC='good-clicks') AS SELECT * FROM clicks WHERE id > 0;")
        client.ksql("CREATE STREAM noted (id INT) WITH (KAFKA_TOPIC='noted', VALUE_FORMAT='JSON');")
        client.ksql("CREATE STREAM idle (id INT) WITH (KAFKA_TOPIC='idle', VALUE_FORMAT='JSON');")
        client.inserts_stream("noted", [{"id": 1}])
        """
    assert found(dedent(code).lstrip()) == [
        (4, "consume", "clicks-raw"),
        (5, "produce", "good-clicks"),
        (6, "produce", "noted"),
    ]
