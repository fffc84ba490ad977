"""A finding's confidence only falls, and its fingerprint knows no lines."""

from __future__ import annotations

from dataclasses import replace

from systems import consume, declaring, produce, service, system

from brokerlint.checking import Confidence, Finding, Severity
from brokerlint.places import Place
from brokerlint.topology import closure


def finding(confidence: Confidence = Confidence.HIGH) -> Finding:
    return Finding("ARC111", "queue-shared-by-services", Severity.WARNING, confidence, "message")


def test_the_weakest_name_decides():
    topology = system(consume("sqs:jobs-prod", by="a"), consume("sqs:jobs-*", by="b"))
    uses = topology.channel("sqs:jobs-prod").consumers()
    assert finding().at(*uses).confidence == Confidence.MEDIUM


def test_a_cap_never_raises():
    assert finding(Confidence.LOW).capped(Confidence.CERTAIN).confidence == Confidence.LOW


def test_a_cap_tells_why_only_when_it_lowers():
    assert finding().capped(Confidence.LOW, "why").notes == ("why",)
    assert finding().capped(Confidence.CERTAIN, "why").notes == ()


def test_an_absence_is_worth_what_the_world_allows():
    topology = system(produce("kafka:t"), consume("kafka:t", group="g"))
    absence = closure(topology, topology.channel("kafka:t"))
    told = finding().resting_on(absence)
    assert told.confidence == Confidence.LOW
    assert "1 kafka consumer in 1 service scanned" in told.notes[0]
    closed = system(consume("kafka:t"), declarations=declaring("kafka:t", complete=True))
    assert finding().resting_on(closure(closed, closed.channel("kafka:t"))).confidence == Confidence.HIGH


def test_at_gathers_places_channels_services_and_environment():
    topology = system(service("b", environment="prod"), consume("sqs:q", by="a"), consume("sqs:q", by="b"))
    told = finding().at(*topology.channel("sqs:q").consumers())
    assert (told.channels, told.services, told.environment) == (("sqs:q",), ("a", "b"), "prod")
    assert [place.text for place in told.evidence] == ["receives from q", "receives from q"]
    assert told.place == told.evidence[0]


def test_a_variable_s_channel_is_told_without_its_service():
    topology = system(consume("sqs:$QUEUE_URL", by="a"))
    assert finding().at(*topology.uses()).channels == ("sqs:$QUEUE_URL",)


def test_a_fingerprint_stays_when_lines_move():
    def at(line: int) -> Finding:
        return finding().at(*system(consume("sqs:q", by="a", line=line)).uses())

    assert at(3).fingerprint == at(99).fingerprint


def test_a_fingerprint_changes_with_channel_service_check_and_variant():
    one = finding().at(*system(consume("sqs:q", by="a")).uses())
    others = [
        finding().at(*system(consume("sqs:p", by="a")).uses()),
        finding().at(*system(consume("sqs:q", by="b")).uses()),
        replace(one, check="ARC112"),
        one.variety("filters"),
    ]
    assert len({each.fingerprint for each in (one, *others)}) == 5


def test_the_document_has_the_contract_s_keys():
    document = finding().at(Place("a.py", 3, 5, "receives")).checked("tool: no").document()
    assert document["confidence"] == "high"
    assert (document["path"], document["line"], document["end_line"]) == ("a.py", 3, 5)
    assert document["checked"] == ["tool: no"]
    assert document["evidence"] == [{"path": "a.py", "line": 3, "text": "receives"}]
