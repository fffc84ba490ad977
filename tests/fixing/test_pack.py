"""What the built-in checks promise about their fixes is kept on their own examples."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import brokerlint_checks
from brokerlint.checking import Check, Finding, Registry
from brokerlint.checking.registry import checks_in
from brokerlint.checking.runner import run
from brokerlint.fixing import repair
from brokerlint.pipeline import analyse_sources
from brokerlint.topology import build

CHECKS = checks_in(brokerlint_checks)
REGISTRY = Registry(CHECKS)
AUTOMATIC = [check for check in CHECKS if check.fix in ("auto", "auto-unsafe")]


def findings(check: type[Check], files: Mapping[str, str]) -> tuple[Finding, ...]:
    return run(build(analyse_sources(files)), REGISTRY.select(select=[check.id])).findings


def cured(check: type[Check], files: Mapping[str, str], *, unsafe: bool) -> tuple[Finding, ...]:
    """The findings of an example that its fixes cure."""

    def look(texts: Mapping[str, bytes]) -> tuple[Finding, ...]:
        return findings(check, {**files, **{path: data.decode() for path, data in texts.items()}})

    known = look({})
    return repair(known, known, lambda path: files[path].encode(), look, unsafe=unsafe).cured


@pytest.mark.parametrize("check", AUTOMATIC, ids=lambda check: check.id)
def test_a_promised_fix_cures_an_example(check: type[Check]) -> None:
    unsafe = check.fix == "auto-unsafe"
    assert any(cured(check, example.files, unsafe=unsafe) for example in check.bad)
    if unsafe:
        assert not any(cured(check, example.files, unsafe=False) for example in check.bad)


@pytest.mark.parametrize("check", [c for c in CHECKS if c not in AUTOMATIC], ids=lambda check: check.id)
def test_no_other_check_makes_edits(check: type[Check]) -> None:
    found = [finding for example in check.bad for finding in findings(check, example.files)]
    assert not any(finding.fix and finding.fix.edits for finding in found)
