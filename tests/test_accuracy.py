"""The measures of accuracy measure what they say, and the labels are well formed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import accuracy
import pytest
import yaml
from accuracy import agree, bare, compare

from brokerlint.document import to_document
from brokerlint.pipeline import analyse_sources

FILES = sorted(accuracy.LABELS.glob("*.yaml"))
PRODUCER = 'import boto3\n\nboto3.client("sqs").send_message(QueueUrl="https://sqs.example/1/{}", MessageBody="1")\n'
COMPOSE = "services:\n  shop: {build: ./shop, command: python main.py}\n"


def labelled(**changes: Any) -> dict[str, Any]:
    one = {"at": "shop/main.py:3", "system": "sqs", "role": "produce", "channels": ["orders"], "services": ["shop"]}
    return {"services": [{"name": "shop", "root": "shop"}], "endpoints": [{**one, **changes}]}


def shares(label_file: dict[str, Any], *queues: str) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """The measures of a shop that sends to ``queues``, each in a file of its own: main.py, main1.py, ..."""
    files = {f"shop/main{n or ''}.py": PRODUCER.format(queue) for n, queue in enumerate(queues)}
    return compare(label_file, to_document(analyse_sources({**files, "docker-compose.yml": COMPOSE})))


def test_what_is_found_and_right_counts_everywhere() -> None:
    measures, notes = shares(labelled(), "orders")
    assert {name: share for name, share in measures.items() if name != "group"} == dict.fromkeys(
        ["recall", "precision", "channel", "service", "edge recall", "edge precision"], (1, 1)
    )
    assert notes == []


def test_a_missed_place_costs_recall_and_a_further_one_precision() -> None:
    measures, notes = shares(labelled(at="shop/other.py:9"), "orders")
    assert (measures["recall"], measures["precision"]) == ((0, 1), (0, 1))
    assert notes == ["shop/other.py:9 sqs produce orders: missed", "shop/main.py:3 sqs produce: too much"]


def test_a_wrong_name_costs_the_channel_and_the_edge() -> None:
    measures, notes = shares(labelled(), "invoices")
    assert (measures["recall"], measures["channel"], measures["edge recall"]) == ((1, 1), (0, 1), (0, 1))
    assert notes == ["shop/main.py:3 sqs produce orders: found invoices in shop"]


def test_a_wrong_service_costs_the_edge_only() -> None:
    label_file = labelled(services=["billing"])
    measures, _ = shares(label_file, "orders")
    assert (measures["channel"], measures["service"], measures["edge recall"]) == ((1, 1), (0, 1), (0, 1))


def test_what_is_optional_is_right_when_found_and_no_loss_when_not() -> None:
    assert shares(labelled(optional=True), "orders")[0]["precision"] == (1, 1)
    assert shares(labelled(optional=True))[0]["recall"] == (0, 0)


def test_only_what_is_in_scope_counts() -> None:
    assert shares({**labelled(), "excluded": ["shop/main1.py"]}, "orders", "extra")[0]["precision"] == (1, 1)
    assert shares({**labelled(), "scope": ["elsewhere"]}, "orders")[0]["precision"] == (0, 0)


@pytest.mark.parametrize(
    ("wanted", "found", "right"),
    [
        ("orders", {"kind": "exact", "name": "orders"}, True),
        ("orders", {"kind": "exact", "name": "order"}, False),
        ("orders-*", {"kind": "exact", "name": "orders-eu"}, True),
        ("orders-eu", {"kind": "pattern", "name": "orders-*"}, True),
        ("o*", {"kind": "exact", "name": "orders"}, False),
        ("env:QUEUE", {"kind": "env", "env": "QUEUE"}, True),
        ("env:QUEUE=orders,mail", {"kind": "exact", "name": "mail"}, True),
        ("env:QUEUE", {"kind": "exact", "name": "QUEUE"}, False),
        ("logical:Orders", {"kind": "logical", "logical": "Orders"}, True),
        ("?", {"kind": "unknown"}, True),
        ("?", {"kind": "exact", "name": "orders"}, False),
    ],
)
def test_names(wanted: str, found: dict[str, str], right: bool) -> None:
    assert agree(wanted, found) == right


def test_services_are_known_by_what_identifies_them() -> None:
    assert bare("Order-Mailer_Function") == bare("ordermailer")
    assert bare("service") == "service"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_label_file_is_well_formed(file: Path) -> None:
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    name, _, commit = content["repository"].partition("@")
    assert name.replace("/", "+") == file.stem
    assert len(commit) == 40
    roots = {one["name"]: one.get("root", "") for one in content["services"]}
    labels = [accuracy.Label.of(one, roots) for one in content["endpoints"]]
    assert {one.role for one in labels} <= {"produce", "consume", "manage"}
