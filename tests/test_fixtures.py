"""The example systems: the graph found in each is the one an architect would draw, and so are the findings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from brokerlint.checking import Finding
from brokerlint.checking.registry import load
from brokerlint.config import Config
from brokerlint.facts import Facts
from brokerlint.pipeline import analyse
from brokerlint.verdict import judge

FIXTURES = Path(__file__).parent.parent / "fixtures"
SYSTEMS = sorted(path.parent.name for path in FIXTURES.glob("*/expected.yaml"))
_FACTS: dict[str, Facts] = {}


def facts_of(system: str) -> Facts:
    """The facts of one system, found once for all tests."""
    if system not in _FACTS:
        _FACTS[system] = analyse(FIXTURES / system)
    return _FACTS[system]


def expected(system: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FIXTURES / system / "expected.yaml").read_text())
    return content


def edges(facts: Facts) -> list[tuple[str, str, str, str]]:
    """Who does what with which channel, and where. What holds in one service replaces what holds in general."""
    found = []
    for endpoint in facts.endpoints:
        for service in endpoint.services or ("?",):
            channels: dict[str | None, list[str]] = {channel.name.service: [] for channel in endpoint.channels}
            for channel in endpoint.channels:
                channels[channel.name.service].append(channel.id)
            place = f"{endpoint.place.path}:{endpoint.place.line}"
            for channel_id in channels.get(service) or channels.get(None) or []:
                found.append((service, endpoint.role, channel_id, place))
    return sorted(edge for edge in found if edge[1] != "manage")


def findings(system: str, profile: str) -> tuple[Finding, ...]:
    return judge(facts_of(system), Config(profile=profile), load()).findings


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_edge_is_found_and_no_other(system: str) -> None:
    found = edges(facts_of(system))
    wanted = expected(system)["graph"]
    missing = [
        edge
        for edge in wanted
        if not any((edge["service"], edge["role"], edge["channel"], place) in found for place in edge["at"])
    ]
    known = {(edge["service"], edge["role"], edge["channel"], place) for edge in wanted for place in edge["at"]}
    assert (missing, [edge for edge in found if edge not in known]) == ([], [])


@pytest.mark.parametrize("system", SYSTEMS)
def test_groups_have_their_names(system: str) -> None:
    for edge in expected(system)["graph"]:
        if "group" in edge:
            groups = {
                group.text
                for endpoint in facts_of(system).endpoints
                if edge["service"] in endpoint.services and endpoint.role == "consume"
                if any(channel.id == edge["channel"] for channel in endpoint.channels)
                for group in endpoint.groups
                if group.service in (None, edge["service"])
            }
            assert edge["group"] in groups, edge


@pytest.mark.parametrize("system", SYSTEMS)
def test_links_of_manifests_are_found(system: str) -> None:
    found = [(link.kind, link.source, link.target) for link in facts_of(system).links]
    for link in expected(system).get("links", []):
        assert (link["kind"], link["from"], link["to"]) in found


@pytest.mark.parametrize("system", SYSTEMS)
def test_nothing_is_left_unread_or_unresolved(system: str) -> None:
    assert facts_of(system).diagnostics == ()
    assert facts_of(system).unresolved == ()


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_default_profile_finds_the_mistakes_and_no_others(system: str) -> None:
    found = findings(system, "default")
    wanted = expected(system)["findings"]
    for item in wanted:
        assert any(_fits(finding, item) for finding in found), item
    assert [finding for finding in found if not any(_fits(finding, item) for item in wanted)] == []


@pytest.mark.parametrize(
    ("system", "profile"),
    [(system, profile) for system in SYSTEMS for profile in ("strict", "advisory") if profile in expected(system)],
)
def test_the_other_profiles_find_more(system: str, profile: str) -> None:
    found = findings(system, profile)
    for item in expected(system)[profile]:
        assert any(_fits(finding, item) for finding in found), item


def _fits(finding: Finding, item: dict[str, Any]) -> bool:
    services = item.get("services")
    return (
        finding.check == item["check"]
        and item["channel"] in finding.channels
        and (services is None or sorted(services) == sorted(finding.services))
    )
