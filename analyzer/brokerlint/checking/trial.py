"""Trying a check on its own examples: the bad ones must be found, the good ones left alone, the page be complete."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from brokerlint.checking.check import HEADINGS, Check
from brokerlint.checking.examples import Example
from brokerlint.checking.registry import Registry
from brokerlint.checking.runner import Result, run
from brokerlint.facts import Facts
from brokerlint.topology import Declarations, build

Analyse: TypeAlias = Callable[[Mapping[str, str]], tuple[Facts, Declarations]]
"""The facts of texts by path, and what the configuration among them declares."""


def complaints(check: type[Check], analyse: Analyse) -> tuple[str, ...]:
    """What is wrong with a check's documentation and examples, one sentence each; empty when all is well."""
    return (*_documentation(check), *_examples(check, analyse))


def _documentation(check: type[Check]) -> Iterator[str]:
    docs = check.docs()
    for heading in HEADINGS[:-1]:
        if not docs.sections.get(heading):
            yield f"the docstring has no text under '## {heading}'"
    yield from (f"the docstring has a heading '{one}' of its own" for one in docs.sections if one not in HEADINGS)
    if not check.sources:
        yield "there is no source for what it claims"
    for kind, examples in (("bad", check.bad), ("good", check.good)):
        if not examples:
            yield f"there is no {kind} example"


def _examples(check: type[Check], analyse: Analyse) -> Iterator[str]:
    for number, example in enumerate(check.bad, 1):
        where = _named("bad", number, example)
        result = tried(check, example, analyse)
        yield from (f"{where}: {diagnostic.message}" for diagnostic in result.diagnostics)
        best = max((finding.confidence for finding in result.findings), default=None)
        if best is None and not result.diagnostics:
            yield f"{where}: nothing was found"
        elif best is not None and best < example.expect:
            yield f"{where}: found with confidence {best.word}, expected was {example.expect.word}"
        yield from (f"{where}: a finding has no place" for finding in result.findings if finding.place is None)
    for number, example in enumerate(check.good, 1):
        where = _named("good", number, example)
        result = tried(check, example, analyse)
        yield from (f"{where}: {diagnostic.message}" for diagnostic in result.diagnostics)
        yield from (f"{where}: found was {finding.message}" for finding in result.findings)


def tried(check: type[Check], example: Example, analyse: Analyse) -> Result:
    """What the check finds in one example, with everything that went wrong on the way."""
    facts, declarations = analyse(example.files)
    result = run(build(facts, declarations), Registry([check]).select(select=[check.id]))
    return Result(result.findings, (*facts.diagnostics, *result.diagnostics))


def _named(kind: str, number: int, example: Example) -> str:
    return f"{kind} example {number}" + (f" ({example.note})" if example.note else "")
