"""``brokerlint graph``: the part around a box, services only, and without names."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from brokerlint.cli import run
from brokerlint.document import dumps, to_document
from brokerlint.facts import ChannelName, Endpoint, Facts, Link, Name, Role, Service
from brokerlint.places import Place

Run = Callable[..., tuple[int, str, str]]


def use(service: str, role: Role, system: str, name: str) -> Endpoint:
    names = (ChannelName(system, Name("exact", name, origin="literal")),)
    place = Place(f"{service}/app.py", 3, 0, f"{role}s {name}")
    return Endpoint(f"{service}-{role}-{name}", place, "main", system, role, "boto3", "call", names, (), (service,))


@pytest.fixture
def graph(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], on_every_queue: None
) -> Run:
    """Runs ``brokerlint graph`` on shop -> events (sns) -> jobs (sqs) -> billing -> mails (sqs) -> mailer."""
    monkeypatch.chdir(tmp_path)
    facts = Facts(
        tuple(Service(name) for name in ("shop", "billing", "mailer")),
        (),
        (
            use("shop", "produce", "sns", "events"),
            use("billing", "consume", "sqs", "jobs"),
            use("billing", "produce", "sqs", "mails"),
            use("mailer", "consume", "sqs", "mails"),
        ),
        (Link("subscription", "sns:events", "sqs:jobs", Place("main.tf", 9)),),
    )
    (tmp_path / "g.json").write_text(dumps(to_document(facts)))

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["graph", "g.json", *arguments])
        captured = capfd.readouterr()
        return code, captured.out, captured.err

    return call


def test_focus_shows_what_is_near(graph: Run) -> None:
    code, out, _ = graph("--focus", "mails", "--depth", "1", "--format", "json")
    document = json.loads(out)
    assert code == 0
    assert [service["name"] for service in document["services"]] == ["billing", "mailer"]
    assert {channel["name"] for endpoint in document["endpoints"] for channel in endpoint["channels"]} == {"mails"}


def test_a_focus_on_nothing_is_told_with_the_nearest_name(graph: Run) -> None:
    assert graph("--focus", "mail") == (
        2,
        "",
        "brokerlint: error: no service or channel 'mail'; did you mean mails or mailer or sqs:mails?\n",
    )


def test_collapsed_services_are_joined_by_their_channels(graph: Run) -> None:
    assert graph("--collapse", "--format", "mermaid")[1] == (
        "flowchart LR\n"
        '  n0["billing"]\n'
        '  n1["mailer"]\n'
        '  n2["shop"]\n'
        '  n0 -->|"mails"| n1\n'
        '  n2 -->|"events #62; jobs"| n0\n'
    )
    assert 'n2 -> n0 [label="events > jobs"];' in graph("--collapse", "--format", "dot")[1]
    assert '"start":"services"' in graph("--collapse", "--format", "html")[1]


def test_only_drawings_can_be_collapsed(graph: Run) -> None:
    code, out, err = graph("--collapse")
    assert (code, out) == (2, "")
    assert err == "brokerlint: error: --collapse is for drawings: --format mermaid, dot, html\n"


@pytest.mark.parametrize("output", ["text", "json", "mermaid", "dot", "html", "asyncapi"])
def test_without_names_none_is_left_in_any_format(graph: Run, output: str) -> None:
    code, out, _ = graph("--anonymize", "--format", output)
    assert code == 0
    assert [word for word in ("shop", "billing", "mailer", "mails") if word in out] == []


def test_the_page_shows_what_the_checks_say_about_the_whole(graph: Run) -> None:
    _, page, _ = graph("--focus", "mails", "--depth", "1", "--format", "html")
    data = json.loads(page.partition('id="data">')[2].partition("</script>")[0])
    concerned = {data["boxes"][index]["name"] for finding in data["findings"] for index in finding["boxes"]}
    assert concerned >= {"mails", "mailer"}
    assert data["judged"] is True
