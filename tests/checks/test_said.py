"""What the checks say about their bad examples, word by word in ``said.txt``: who is involved, how bad, how sure.

A bad example that is found for another reason than it shows would pass every other test. Run this file to write the
list anew, and read what changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import brokerlint_checks
from brokerlint.checking.registry import checks_in
from brokerlint.checking.trial import tried
from brokerlint.config import within
from brokerlint.facts import Facts
from brokerlint.pipeline import analyse_sources
from brokerlint.topology import Declarations

LIST = Path(__file__).with_name("said.txt")


def analyse(files: Mapping[str, str]) -> tuple[Facts, Declarations]:
    return analyse_sources(files), within(files).declarations()


def said() -> Iterator[str]:
    for check in checks_in(brokerlint_checks):
        for number, example in enumerate(check.bad, 1):
            yield f"{check.id} bad {number}, {example.note}"
            for finding in tried(check, example, analyse).findings:
                yield f"    {finding.severity.value}, {finding.confidence.word}: {finding.message}"


def test_the_bad_examples_are_found_for_what_they_show():
    assert LIST.read_text(encoding="utf-8").splitlines() == list(said())


if __name__ == "__main__":
    LIST.write_text("\n".join(said()) + "\n", encoding="utf-8")
