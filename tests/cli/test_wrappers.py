"""An in-house messaging library whose source is elsewhere: described in the configuration, followed like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from brokerlint.cli import run

MODEL = """\
library: acme-bus
system: kafka
modules: [acme.bus]
functions:
  acme.bus.publish: {role: produce, channel: [0, topic]}
classes:
  acme.bus.Inbox:
    kind: consumer
    methods:
      take: {role: consume, channel: [0, queue], system: sqs}
examples:
- code: |
    from acme import bus
    bus.publish("orders", b"1")
  expect:
  - {line: 2, role: produce, channel: orders}
"""
APP = """\
from acme import bus
from acme.bus import Inbox, publish as send

TOPIC = "orders"


class Events:
    def __init__(self, topic):
        self.topic = topic

    def emit(self, event):
        bus.publish(self.topic, event)


def main():
    Events(TOPIC).emit(b"1")
    send(topic="mails")
    for job in Inbox("eu").take("jobs"):
        print(job)


main()
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "app.py").write_text(APP)
    return tmp_path


def uses(capfd: pytest.CaptureFixture[str]) -> list[tuple[str, str, int]]:
    """Role, channel and line of every use in the project's graph."""
    capfd.readouterr()
    assert run(["graph", "--format", "json"]) == 0
    found = json.loads(capfd.readouterr().out)["endpoints"]
    return sorted((one["role"], channel["id"], one["line"]) for one in found for channel in one["channels"])


WANTED = [("consume", "sqs:jobs", 18), ("produce", "kafka:mails", 17), ("produce", "kafka:orders", 16)]


def test_nothing_is_known_of_it_without_a_description(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert uses(capfd) == []


def test_a_model_file_beside_the_configuration(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "acme_bus.yaml").write_text(MODEL)
    (project / "brokerlint.yaml").write_text("wrappers: [acme_bus.yaml]\n")
    assert uses(capfd) == WANTED


def test_a_model_in_place(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    indented = MODEL.replace("\n", "\n  ").rstrip()
    (project / "brokerlint.yaml").write_text(f"wrappers:\n- {indented}\n")
    assert uses(capfd) == WANTED


def test_a_model_in_pyproject(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "pyproject.toml").write_text(
        "[[tool.brokerlint.wrappers]]\n"
        'library = "acme-bus"\nsystem = "kafka"\nmodules = ["acme.bus"]\n'
        'functions = {"acme.bus.publish" = {role = "produce", channel = [0, "topic"]}}\n'
    )
    assert uses(capfd) == WANTED[1:]


def test_single_calls(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The short form: a call, what it does, and where its channel stands."""
    (project / "brokerlint.yaml").write_text(
        "wrappers:\n"
        "- {call: acme.bus.publish, role: produce, system: kafka, channel: [0, topic]}\n"
        "- {call: acme.bus.Inbox.take, role: consume, system: sqs, channel: 0}\n"
    )
    assert uses(capfd) == WANTED


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("{call: acme.bus.publish, role: produce, system: kafka}", "'channel' is missing"),
        ("{call: publish, role: produce, system: kafka, channel: 0}", "with its module"),
        ("{call: acme.bus.publish, rol: produce, system: kafka, channel: 0}", "did you mean 'role'"),
        ("{call: acme.bus.publish, role: sends, system: kafka, channel: 0}", "role"),
    ],
)
def test_mistakes_are_told_in_one_line(project: Path, capfd: pytest.CaptureFixture[str], entry: str, says: str) -> None:
    (project / "brokerlint.yaml").write_text(f"wrappers:\n- {entry}\n")
    assert run(["check"]) == 2
    err = capfd.readouterr().err
    assert err.count("\n") == 1
    assert says in err


def test_the_model_is_tried_on_its_examples(project: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (project / "acme_bus.yaml").write_text(MODEL)
    assert run(["models", "test", "acme_bus.yaml"]) == 0
    assert "1 model tried, 0 failed." in capfd.readouterr().err
    (project / "acme_bus.yaml").write_text(MODEL.replace("channel: orders}", "channel: order}"))
    assert run(["models", "test", "acme_bus.yaml"]) == 1
    assert "channel is orders, not order" in capfd.readouterr().out
