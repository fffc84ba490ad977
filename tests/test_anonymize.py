"""Without names: who uses what stays, and no word of the system is left."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from brokerlint.anonymize import anonymize
from brokerlint.checking.registry import load
from brokerlint.config import Config
from brokerlint.document import to_document
from brokerlint.facts import Channel, ChannelName, Endpoint, Facts, Link, Name, Service, Unresolved
from brokerlint.pipeline import analyse
from brokerlint.places import Diagnostic, Place
from brokerlint.verdict import judge

FIXTURES = sorted(path for path in (Path(__file__).parents[1] / "fixtures").iterdir() if path.is_dir())


def secret_system() -> Facts:
    """Every text of it but the field's own words holds ``acme``."""
    trace = (Place("acme.yml", 1, 0, "acme"),)
    name = Name("exact", "acme-orders-dlq", env="ACME_TOPIC", origin="manifest", trace=trace)
    policy = [{"principal": "acme", "conditions": {"StringEquals": {"aws:PrincipalTag/acme": "acme"}}}]
    effects = [{"class": "email", "place": Place("acme.py", 2)}]
    pattern = Name("pattern", "acme-orders-*", origin="derived", why="acme", scope="acme", service="acme")
    return Facts(
        (Service("acme", ("src/acme",), "compose", "acme:1", "prod", False, ("@acme",), {"timeout": 3, "x": "acme"}),),
        (Channel("kafka:acme-orders-dlq", "kafka", "topic", name, {"policy": policy, "partitions": 3}),),
        (
            Endpoint(
                "acme:1",
                Place("src/acme/app.py", 7, 9, "sends acme"),
                "acme.main",
                "kafka",
                "produce",
                "acme-bus",
                "AcmeBus.send",
                (ChannelName("kafka", pattern),),
                (name,),
                ("acme",),
                (Place("acme.py", 1),),
                {"bootstrap": {"value": "kafka.acme.example:9092", "origin": "literal"}, "acks": {"value": "all"}},
                {"loop": "forever", "event_type": "AcmeCreated", "effects": effects},
            ),
        ),
        (Link("connector", "kafka:acme-orders-dlq", "external:acme", Place("acme.json", 1), {"class": "AcmeSink"}),),
        (Unresolved(Place("acme.py", 3), "kafka", "channel", "acme"),),
        (Diagnostic("manifest", "acme.yml", 1, "acme"),),
        {"files": 3, "root": "acme"},
    )


def test_no_word_of_the_system_is_left() -> None:
    document = json.dumps(to_document(anonymize(secret_system())))
    assert "acme" not in document.lower()


def test_numbers_and_the_words_of_the_field_stay() -> None:
    facts = anonymize(secret_system())
    (endpoint,) = facts.endpoints
    assert facts.channels[0].properties["partitions"] == 3
    assert facts.services[0].properties["timeout"] == 3
    assert endpoint.facts["loop"] == "forever"
    assert endpoint.facts["effects"][0]["class"] == "email"
    assert endpoint.config["acks"]["value"] == "all"
    assert facts.channels[0].name.text is not None
    assert facts.channels[0].name.text.endswith("-dlq")
    assert endpoint.place.path.endswith(".py")
    assert (endpoint.place.line, endpoint.place.end_line) == (7, 9)


def test_one_word_has_one_pseudonym_everywhere() -> None:
    facts = anonymize(secret_system())
    pseudonym = facts.services[0].name
    assert re.fullmatch(r"name\d+", pseudonym)
    assert facts.endpoints[0].services == (pseudonym,)
    assert facts.channels[0].id.startswith(f"kafka:{pseudonym}-")
    assert facts.endpoints[0].channels[0].id.startswith(f"kafka:{pseudonym}-")
    assert str(facts.channels[0].name.env).startswith(f"{pseudonym.upper()}_NAME")


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_the_checks_say_the_same_about_it(fixture: Path) -> None:
    facts = analyse(fixture)

    def verdict(facts: Facts) -> Counter[str]:
        findings = judge(facts, Config(profile="ALL"), load()).findings
        return Counter(f"{finding.check} {finding.severity.value}" for finding in findings)

    assert verdict(anonymize(facts)) == verdict(facts)


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda path: path.name)
def test_it_is_the_same_every_time(fixture: Path) -> None:
    facts = analyse(fixture)
    assert anonymize(facts) == anonymize(facts)
