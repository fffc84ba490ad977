"""Findings for machines: what each format promises to those who read it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

from brokerlint.checking import Finding, Severity
from brokerlint.facts import Facts
from brokerlint.places import Place
from brokerlint.report import render_check
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.github import summary as job_summary
from brokerlint.report.outcome import Outcome


class TestJson:
    def test_it_is_the_findings_document(self, outcome: Callable[..., Outcome]) -> None:
        document = json.loads(render_check("json", outcome()))
        assert document["schema"] == "brokerlint/findings/1"
        finding = document["findings"][0]
        assert (finding["check"], finding["severity"], finding["confidence"]) == ("ARC111", "warning", "high")
        assert (finding["path"], finding["line"], finding["end_line"]) == ("billing/app.py", 7, 10)
        assert finding["evidence"][1] == {"path": "shipping/app.py", "line": 1, "text": "receives from orders"}
        assert finding["fingerprint"]
        assert document["coverage"] | {"files": 12, "parsed": 2, "services": 2} == document["coverage"]
        assert document["coverage"]["unresolved"] == {"kafka": 1}
        assert document["summary"] == {"error": 0, "warning": 1, "advice": 0, "info": 0}


class TestGithub:
    def test_a_finding_is_an_annotation(self, outcome: Callable[..., Outcome]) -> None:
        (line,) = render_check("github", outcome()).splitlines()
        assert line.startswith(
            "::warning file=billing/app.py,line=7,endLine=10,title=ARC111 queue-shared-by-services::queue 'orders'"
        )
        assert "%0Aalso shipping/app.py:1 receives from orders%0A" in line

    def test_ten_of_each_level_and_a_notice_about_the_rest(
        self, outcome: Callable[..., Outcome], many: Callable[..., tuple[Finding, ...]]
    ) -> None:
        findings = (*many(12), *many(11, Severity.WARNING), *many(3, Severity.ADVICE))
        lines = render_check("github", outcome(*findings)).splitlines()
        levels = [line.split(" ")[0] for line in lines]
        assert levels == ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] * 4
        assert lines[-1] == "::notice title=brokerlint::3 more findings are in the job summary"

    def test_notices_stay_within_the_limit_too(
        self, outcome: Callable[..., Outcome], many: Callable[..., tuple[Finding, ...]]
    ) -> None:
        lines = render_check("github", outcome(*many(30, Severity.ADVICE))).splitlines()
        assert len(lines) == 10

    def test_the_job_summary_has_all(
        self, outcome: Callable[..., Outcome], many: Callable[..., tuple[Finding, ...]]
    ) -> None:
        text = job_summary(outcome(*many(30)))
        assert text.startswith("### brokerlint: 30 error\n")
        assert text.count("<details>") == text.count("</details>") == 30

    def test_a_huge_job_summary_is_cut_at_a_whole_finding(
        self, outcome: Callable[..., Outcome], many: Callable[..., tuple[Finding, ...]]
    ) -> None:
        findings = [replace(finding, advice=("x" * 100_000,)) for finding in many(20)]
        text = job_summary(outcome(*findings))
        assert len(text) < 1_000_000
        assert text.count("<details>") == text.count("</details>") == 8
        assert text.endswith("\n… and 12 more findings.\n")


class TestSarif:
    def run(self, outcome: Outcome) -> dict[str, object]:
        log = json.loads(render_check("sarif", outcome))
        assert log["version"] == "2.1.0"
        (run,) = log["runs"]
        return dict(run)

    def test_a_result_names_its_rule_place_and_related_places(self, outcome: Callable[..., Outcome]) -> None:
        run = json.loads(render_check("sarif", outcome()))["runs"][0]
        (result,) = run["results"]
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "ARC111"
        assert result["level"] == "warning"
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"] == {"uri": "billing/app.py", "uriBaseId": "%SRCROOT%"}
        assert location["region"] == {"startLine": 7, "endLine": 10}
        assert [related["message"]["text"] for related in result["relatedLocations"]] == [
            "receives from orders",
            "was here",
        ]
        assert list(result["partialFingerprints"]) == ["brokerlint/v1"]

    def test_the_fingerprint_does_not_move_with_the_lines(
        self, outcome: Callable[..., Outcome], shared_queue: Finding
    ) -> None:
        moved = replace(shared_queue, place=Place("billing/app.py", 99))
        prints = [
            json.loads(render_check("sarif", outcome(finding)))["runs"][0]["results"][0]["partialFingerprints"]
            for finding in (shared_queue, moved)
        ]
        assert prints[0] == prints[1]

    def test_problems_of_the_run_are_notifications(self, outcome: Callable[..., Outcome]) -> None:
        run = json.loads(render_check("sarif", outcome()))["runs"][0]
        (notice,) = run["invocations"][0]["toolExecutionNotifications"]
        assert notice["message"]["text"] == "syntax-error: does not parse"

    def test_a_path_is_a_uri(self, tree: Path, shared_queue: Finding) -> None:
        place = Place("my services/caf\udce9#1.py", 2)
        outcome = Outcome((replace(shared_queue, place=place),), Facts(), SourceLines(tree, tree))
        result = json.loads(render_check("sarif", outcome))["runs"][0]["results"][0]
        uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert uri == "my%20services/caf%E9%231.py"

    def test_a_finding_without_a_line_has_no_region(
        self, outcome: Callable[..., Outcome], shared_queue: Finding
    ) -> None:
        run = json.loads(render_check("sarif", outcome(replace(shared_queue, place=Place("a.yaml", 0)))))["runs"][0]
        assert "region" not in run["results"][0]["locations"][0]["physicalLocation"]


class TestOthers:
    def test_gitlab_wants_a_place_and_a_fingerprint(
        self, outcome: Callable[..., Outcome], many: Callable[..., tuple[Finding, ...]]
    ) -> None:
        issues = json.loads(render_check("gitlab", outcome(*many(3), replace(many(1)[0], place=None))))
        assert [issue["location"]["lines"]["begin"] for issue in issues] == [1, 2, 3, 1]
        assert len({issue["fingerprint"] for issue in issues}) == 4
        assert {issue["severity"] for issue in issues} == {"critical"}

    def test_junit_has_a_failed_case_for_each_finding(self, outcome: Callable[..., Outcome]) -> None:
        suite = ElementTree.fromstring(render_check("junit", outcome()))[0]
        assert suite.attrib == {"name": "brokerlint", "tests": "1", "failures": "1", "errors": "0", "skipped": "0"}
        assert suite[0].attrib["classname"] == "ARC111"
        assert "also shipping/app.py:1" in (suite[0][0].text or "")

    def test_junit_without_findings_has_a_passed_case(self) -> None:
        suite = ElementTree.fromstring(render_check("junit", Outcome(())))[0]
        assert (suite.attrib["tests"], suite.attrib["failures"], len(suite)) == ("1", "0", 1)

    def test_rdjson_has_related_locations(self, outcome: Callable[..., Outcome]) -> None:
        (diagnostic,) = json.loads(render_check("rdjson", outcome()))["diagnostics"]
        assert diagnostic["location"] == {
            "path": "billing/app.py",
            "range": {"start": {"line": 7}, "end": {"line": 10}},
        }
        assert diagnostic["severity"] == "WARNING"
        assert diagnostic["code"] == {"value": "ARC111"}
        assert len(diagnostic["relatedLocations"]) == 2
