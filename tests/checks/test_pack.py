"""Every check of the built-in pack: documented, shown by examples, and right about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import brokerlint_checks
from brokerlint.checking import Check, Example
from brokerlint.checking.check import HEADINGS
from brokerlint.checking.registry import checks_in
from brokerlint.checking.trial import tried
from brokerlint.config import within
from brokerlint.explain import explain
from brokerlint.facts import Facts
from brokerlint.pipeline import analyse_sources
from brokerlint.topology import Declarations
from brokerlint_checks.catalogue import catalogue

CHECKS = checks_in(brokerlint_checks)


def examples(kind: str) -> list[object]:
    return [
        pytest.param(check, example, id=f"{check.id}-{index}")
        for check in CHECKS
        for index, example in enumerate(getattr(check, kind))
    ]


def analyse(files: Mapping[str, str]) -> tuple[Facts, Declarations]:
    return analyse_sources(files), within(files).declarations()


@pytest.mark.parametrize(("check", "example"), examples("bad"))
def test_a_bad_example_is_found(check: type[Check], example: Example):
    result = tried(check, example, analyse)
    assert not result.diagnostics
    assert result.findings
    assert all(finding.confidence >= example.expect for finding in result.findings[:1])
    assert all(finding.place is not None and finding.message and finding.evidence for finding in result.findings)


@pytest.mark.parametrize(("check", "example"), examples("good"))
def test_a_good_example_is_left_alone(check: type[Check], example: Example):
    result = tried(check, example, analyse)
    assert not result.diagnostics
    assert result.findings == ()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
class TestDocumentation:
    def test_the_docstring_has_its_headings(self, check: type[Check]):
        docs = check.docs()
        assert docs.summary.endswith(".")
        assert list(docs.sections) == [heading for heading in HEADINGS if heading in docs.sections]
        assert set(HEADINGS) - set(docs.sections) <= {"Known problems"}
        assert all(docs.sections.values())

    def test_id_name_module_and_sources_agree(self, check: type[Check]):
        assert check.__module__.rpartition(".")[2] == f"{check.id.lower()}_{check.name.replace('-', '_')}"
        assert check.sources
        assert all(source.startswith("https://") for source in check.sources)

    def test_its_page_has_everything(self, check: type[Check]):
        page = explain(check)
        assert page.startswith(f"# {check.id} {check.name}\n")
        assert "## Instead" in page
        assert "## Source" in page


def test_the_profiles_are_as_large_as_the_design_says():
    by_profile = {name: [c for c in CHECKS if name in c.profiles] for name in ("default", "strict", "advisory")}
    assert len(by_profile["default"]) == 20
    assert len(by_profile["strict"]) == 45
    assert len(by_profile["advisory"]) == 14
    assert len(CHECKS) == 72


def test_the_catalogue_is_up_to_date():
    written = Path(brokerlint_checks.__file__).parent.parent / "README.md"
    assert written.read_text(encoding="utf-8") == catalogue(), "run python -m brokerlint_checks.catalogue"
