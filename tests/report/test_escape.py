"""Foreign text is shown and never obeyed, in every format."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brokerlint.checking import Confidence, Finding, Severity
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service, Unresolved
from brokerlint.places import Diagnostic, Place
from brokerlint.report import CHECK_FORMATS, GRAPH_FORMATS, escape, render_check, render_graph
from brokerlint.report.github import summary as job_summary
from brokerlint.report.graph import Graph
from brokerlint.report.outcome import Outcome
from brokerlint.topology import build

ACTIVE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
ANY = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]), st.sampled_from("\n\r\x1b\x9b\u202e\u2028`|<>]&%:,\"'\\#-")
    ),
    max_size=40,
)


def outcome_named(name: str) -> Outcome:
    """An outcome in which everything foreign is called ``name``."""
    place = Place(name, 2, 2, name)
    finding = Finding(
        check="ARC111",
        name="queue-shared-by-services",
        severity=Severity.ERROR,
        confidence=Confidence.HIGH,
        message=f"queue '{name}' is shared",
        notes=(name,),
        advice=(name,),
        channels=(name,),
        services=(name,),
    )
    finding = finding.at(place, Place("b.py", 1, 1, name)).checked(name)
    facts = Facts(diagnostics=(Diagnostic("syntax-error", name, 1, name),))
    return Outcome((finding,), facts)


def graph_named(name: str) -> Graph:
    """A topology in which everything foreign is called ``name``."""
    topic = Name("exact", name, env=name, origin="manifest", trace=(Place(name, 1, 0, name),))
    group = Name("exact", name, origin="literal")
    common = ("kafka", "confluent-kafka", (ChannelName("kafka", topic),))
    facts = Facts(
        services=(Service(name),),
        channels=(Channel(f"kafka:{name}", "kafka", "topic", topic, declared_at=(Place(name, 3),)),),
        endpoints=(
            Endpoint("p", Place(name, 1), name, common[0], "produce", common[1], "produce", common[2], (), (name,)),
            Endpoint("c", Place(name, 9), name, common[0], "consume", common[1], "poll", common[2], (group,), (name,)),
        ),
        links=(Link("redrive", f"kafka:{name}", f"kafka:{name}-dlq", Place(name, 4)),),
        unresolved=(Unresolved(Place(name, 5), "kafka", "channel", name),),
    )
    return Graph(build(facts), trace=True)


@pytest.mark.parametrize("output", CHECK_FORMATS)
def test_a_hostile_name_adds_no_line_and_no_control_character(output: str, hostile: str) -> None:
    plain, forged = render_check(output, outcome_named("x")), render_check(output, outcome_named(hostile))
    assert ACTIVE.search(forged) is None
    assert forged.count("\n") == plain.count("\n")


@pytest.mark.parametrize("output", GRAPH_FORMATS)
def test_a_hostile_name_is_inert_in_the_topology(output: str, hostile: str) -> None:
    plain, forged = render_graph(output, graph_named("x")), render_graph(output, graph_named(hostile))
    assert ACTIVE.search(forged) is None
    assert forged.count("\n") == plain.count("\n")


@given(ANY)
def test_a_workflow_command_is_one_command(name: str) -> None:
    text = render_check("github", outcome_named(name))
    assert [line.split(" ")[0] for line in text.split("\n")] == ["::error", ""]
    properties = text.removeprefix("::error ").split("::")[0]
    assert [part.split("=")[0] for part in properties.split(",")][-3:] == ["line", "endLine", "title"]


@given(ANY)
def test_junit_is_well_formed_and_keeps_its_shape(name: str) -> None:
    suites = ElementTree.fromstring(render_check("junit", outcome_named(name)))
    assert [element.tag for element in suites.iter()] == ["testsuites", "testsuite", "testcase", "failure"]


@given(ANY)
def test_json_formats_stay_json(name: str) -> None:
    for output in ("json", "sarif", "gitlab", "rdjson"):
        text = render_check(output, outcome_named(name))
        json.loads(text)
        assert text.isascii()


@given(ANY.filter(bool))
def test_the_job_summary_holds_no_foreign_markup(name: str) -> None:
    text = job_summary(outcome_named(name))
    place = ["<code>", "</code>"]
    assert re.findall(r"<[^>]*>", text) == [
        *("<details>", "<summary>", "<b>", "</b>", "</summary>", *place, *place, *place, "</details>"),
    ]
    paragraphs = text.split("</summary>")[1]
    assert not re.search(r"(?<!\\)(?:\\\\)*[`|*_\[@]", paragraphs)


@given(ANY)
def test_a_mermaid_label_is_letters_and_entities(name: str) -> None:
    for line in render_graph("mermaid", graph_named(name)).splitlines()[1:]:
        label = re.search(r'"(.*)"', line)
        if label is not None:
            assert re.fullmatch(r"(?:[^\W_]|[ \-_.,/$*\uFFFD]|#\d+;)*", label[1])


@given(ANY)
def test_a_dot_label_ends_where_it_should(name: str) -> None:
    for line in render_graph("dot", graph_named(name)).split("\n"):
        if "label=" in line:
            assert re.fullmatch(r'  (?:n\d+ |n\d+ -> n\d+ )\[.*?label="(?:[^"\\]|\\.)*"(?:, shape=\w+)?\];', line)


def test_source_lines_are_inert_too(tree: Path, outcome: Callable[..., Outcome], shared_queue: Finding) -> None:
    (tree / "evil.py").write_text("x = '\x1b]0;owned\x07'  # \u202e gnihton\n", encoding="utf-8")
    place = Place("evil.py", 1)
    text = render_check("text", outcome(replace(shared_queue, place=place, evidence=(place,))))
    assert ACTIVE.search(text) is None
    assert "x = '\N{REPLACEMENT CHARACTER}]0;owned" in text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('password = "hunter2"', 'password = "***"'),
        ("conf['sasl.password'] = 'x'", "conf['sasl.password'] = '***'"),
        ('os.environ["DB_PASSWORD"]', 'os.environ["DB_PASSWORD"]'),
        ("url = 'amqp://user:pw@host/v'", "url = 'amqp://user:***@host/v'"),
        ('topic = "orders"', 'topic = "orders"'),
    ],
)
def test_what_looks_like_a_secret_is_masked(line: str, shown: str) -> None:
    assert escape.masked(line) == shown


def test_ordinary_names_in_any_script_are_left_alone() -> None:
    for name in ("orders.v1", "aufträge", "заказы", "注文", "orders-*"):
        assert escape.terminal(name) == name
