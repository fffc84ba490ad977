from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from exchanges import email_jobs, exchange, reads, sends, thumbnails

from brokerlint.advising import Report, advise, advise_system, advised
from brokerlint.advising.candidates import candidates
from brokerlint.advising.costing import with_cost
from brokerlint.advising.prices import builtin
from brokerlint.report import ADVICE_FORMATS, render_advice
from brokerlint.report.advice import AdviceReport
from brokerlint.topology import Topology

HOSTILE = "evil\x1b[31m|`<script>]\n# heading"


def look(topology: Topology, *, cost: bool = False) -> AdviceReport:
    items = tuple(advise(channel) for channel in advised(topology))
    system = advise_system(topology, items)
    if cost:
        items = tuple(with_cost(item, builtin()) for item in items)
    return AdviceReport(Report(items, system))


def hostile() -> Topology:
    return exchange(sends("a", f"kafka:{HOSTILE}"), reads("b", f"kafka:{HOSTILE}", group="b", effects=("email",)))


class TestText:
    def test_a_channel_that_fits_gets_one_line(self) -> None:
        first, *rest = render_advice("text", look(thumbnails())).splitlines()
        assert first.startswith("keep          sqs queue 'thumbnails': used as work queue, and that fits")
        assert rest[0] == ""

    def test_one_that_does_not_is_argued_for_and_against(self) -> None:
        text = render_advice("text", look(email_jobs()))
        for word in ("best", "for", "evidence", "doubts", "flips if", "migration"):
            assert re.search(rf"(?m)^  {word} ", text), word
        assert "mailer/app.py:20" in text

    def test_what_needs_a_decision_comes_first(self) -> None:
        topology = exchange(
            sends("web", "sqs:a"), reads("w", "sqs:a", effects=("http",)),
            sends("shop", "sqs:z"), reads("x", "sqs:z"), reads("y", "sqs:z"),
        )  # fmt: skip
        verdicts = re.findall(r"(?m)^(keep|change) ", render_advice("text", look(topology)))
        assert verdicts[:2] == ["change", "keep"]

    def test_colour_only_when_asked_for(self) -> None:
        assert "\x1b[" not in render_advice("text", look(thumbnails()))
        assert "\x1b[" in render_advice("text", look(thumbnails()), color=True)

    def test_a_cost_is_told_with_its_assumptions_and_crossovers(self) -> None:
        text = render_advice("text", look(email_jobs(needs={"volume": 5}), cost=True))
        assert "5 msg/s" in text
        assert "below: the queue is cheaper" in text
        assert re.search(r"sqs-standard +\$\S+ to \$\S+", text)
        assert "assumed: size of a message: 1024 bytes" in text

    def test_without_a_volume_no_estimate_is_printed(self) -> None:
        text = render_advice("text", look(email_jobs(), cost=True))
        assert "no volume known, so no estimate" in text
        assert "missing: expected volume" in text

    def test_nothing_to_advise_on(self) -> None:
        assert render_advice("text", look(exchange())) == "no channels to advise on\n"


class TestJson:
    def document(self, topology: Topology, *, cost: bool = False) -> dict[str, Any]:
        made: dict[str, Any] = json.loads(render_advice("json", look(topology, cost=cost)))
        return made

    def test_the_document_has_the_form_that_was_promised(self) -> None:
        made = self.document(email_jobs())
        assert made["schema"] == "brokerlint/advice/1"
        (channel,) = made["channels"]
        assert channel["channel"] == "kafka:email-jobs"
        assert channel["verdict"] in ("keep", "consider", "change", "insufficient")
        assert set(channel["best"]) <= set(candidates())
        assert channel["runner_up"] is None or channel["runner_up"] in candidates()
        assert channel["cost"] is None
        for row in channel["evidence"]:
            assert set(row) >= {"signal", "value", "origin", "places", "weight"}
            assert row["value"] in (True, False, None)
            assert row["origin"] in ("observed", "declared", "unknown")
            assert all(place["line"] > 0 for place in row["places"])
        assert set(made["system"]) >= {"verdict", "evidence"}

    def test_a_cost_says_what_it_rests_on(self) -> None:
        cost = self.document(email_jobs(needs={"volume": 100}), cost=True)["channels"][0]["cost"]
        assert (cost["currency"], cost["region"], cost["volume"]) == ("USD", "us-east-1", [100, 100])
        assert cost["assumptions"]
        assert cost["prices"]
        estimates = {item["candidate"]: item for item in cost["estimates"]}
        assert estimates["sqs-standard"]["low"] < estimates["sqs-standard"]["high"]
        assert estimates["kinesis-queue"]["low"] is None

    def test_two_runs_give_the_same_bytes(self) -> None:
        assert render_advice("json", look(email_jobs())) == render_advice("json", look(email_jobs()))


class TestMarkdown:
    def test_it_is_a_decision_record(self) -> None:
        text = render_advice("markdown", look(email_jobs()))
        assert re.findall(r"(?m)^### (.*)$", text) == ["Context", "Evidence", "Decision", "Consequences"]
        assert "Status: proposed" in text

    def test_its_tables_are_whole(self) -> None:
        for topology in (email_jobs(), hostile()):
            text = render_advice("markdown", look(topology, cost=True))
            for block in re.findall(r"(?m)(?:^\|.*\n)+", text):
                widths = {len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}
                assert len(widths) == 1, block

    def test_channels_that_fit_are_one_line_each(self) -> None:
        assert "## Channels that fit\n\n- <code>sqs\\:thumbnails</code>: work queue" in render_advice(
            "markdown", look(thumbnails())
        )


@pytest.mark.parametrize("output", ADVICE_FORMATS)
def test_hostile_names_stay_inert(output: str) -> None:
    text = render_advice(output, look(hostile(), cost=True))
    assert "\x1b" not in text
    assert "\n# heading" not in text
    assert output != "markdown" or "<script>" not in text


@pytest.mark.parametrize("output", ADVICE_FORMATS)
def test_every_verdict_can_be_shown(output: str) -> None:
    report = look(email_jobs()).report
    for verdict in ("keep", "consider", "change", "insufficient"):
        items = tuple(replace(item, verdict=verdict) for item in report.channels)  # type: ignore[arg-type]
        assert render_advice(output, AdviceReport(Report(items, report.system))).endswith("\n")
