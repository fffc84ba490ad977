"""Reports are what their readers expect: by the published schema of each format, or read back by a library for it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from junitparser import JUnitXml
from sarif_pydantic import Sarif

from brokerlint.checking import Finding
from brokerlint.report import CHECK_FORMATS, render_check
from brokerlint.report.outcome import Outcome

SNAPSHOTS = Path(__file__).parent / "snapshots"

GITLAB: dict[str, Any] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "location", "severity"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\./|/)"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}, "end": {"type": "integer"}},
                    },
                },
            },
        },
    },
}
"""https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format"""

_POSITION = {
    "type": "object",
    "required": ["line"],
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    "additionalProperties": False,
}
_LOCATION = {
    "type": "object",
    "required": ["path"],
    "properties": {
        "path": {"type": "string"},
        "range": {
            "type": "object",
            "required": ["start"],
            "properties": {"start": _POSITION, "end": _POSITION},
            "additionalProperties": False,
        },
    },
    "additionalProperties": False,
}
_SOURCE = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "url": {"type": "string"}},
    "additionalProperties": False,
}
RDJSON: dict[str, Any] = {
    "type": "object",
    "required": ["diagnostics"],
    "properties": {
        "source": _SOURCE,
        "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
        "diagnostics": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["message", "location"],
                "properties": {
                    "message": {"type": "string", "minLength": 1},
                    "location": _LOCATION,
                    "severity": {"enum": ["UNKNOWN_SEVERITY", "ERROR", "WARNING", "INFO"]},
                    "source": _SOURCE,
                    "code": {
                        "type": "object",
                        "properties": {"value": {"type": "string"}, "url": {"type": "string"}},
                        "additionalProperties": False,
                    },
                    "suggestions": {"type": "array"},
                    "originalOutput": {"type": "string"},
                    "relatedLocations": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"message": {"type": "string"}, "location": _LOCATION},
                            "additionalProperties": False,
                        },
                    },
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}
"""https://github.com/reviewdog/reviewdog/blob/master/proto/rdf/reviewdog.proto"""


@pytest.mark.parametrize("schema", [GITLAB, RDJSON], ids=["gitlab", "rdjson"])
@pytest.mark.parametrize("amount", [0, 1, 3])
def test_a_report_has_the_published_form(
    outcome: Callable[..., Outcome], many: Callable[..., tuple[Finding, ...]], schema: dict[str, Any], amount: int
) -> None:
    told = outcome(*many(amount)) if amount else Outcome(())
    report = render_check("gitlab" if schema is GITLAB else "rdjson", told)

    jsonschema.validate(json.loads(report), schema)


def test_a_library_reads_sarif_back(outcome: Callable[..., Outcome]) -> None:
    (run,) = Sarif.model_validate_json(render_check("sarif", outcome())).runs

    assert run.tool.driver.name == "brokerlint"
    (result,) = run.results or []
    (location,) = result.locations or []
    assert (result.rule_id, len(result.related_locations or [])) == ("ARC111", 2)
    assert location.physical_location is not None
    assert location.physical_location.artifact_location is not None
    assert location.physical_location.artifact_location.uri == "billing/app.py"


def test_a_library_reads_junit_back(outcome: Callable[..., Outcome]) -> None:
    read = JUnitXml.fromstring(render_check("junit", outcome()).encode())

    ((case,),) = list(read)
    assert (case.classname, [type(one).__name__ for one in case.result]) == ("ARC111", ["Failure"])


@pytest.mark.parametrize("form", CHECK_FORMATS)
def test_a_report_stays_as_it_was(outcome: Callable[..., Outcome], form: str) -> None:
    """Set UPDATE_SNAPSHOTS=1 to write the snapshots anew, and read what changed before it is committed."""
    kept = SNAPSHOTS / f"check.{form}"
    report = render_check(form, outcome())
    if os.environ.get("UPDATE_SNAPSHOTS"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(report)

    assert report == kept.read_text()
