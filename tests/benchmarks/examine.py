"""The whole way that an input can take through the program, and what must hold for each: nothing may be amiss."""

from __future__ import annotations

import json
import traceback
from collections.abc import Mapping
from functools import cache

from brokerlint.advising import Report, advise, advise_system, advised
from brokerlint.advising.costing import with_cost
from brokerlint.advising.prices import PriceTable, builtin
from brokerlint.checking.registry import Registry, load
from brokerlint.config import Config
from brokerlint.document import dumps, from_document, to_document
from brokerlint.facts import Facts
from brokerlint.manifests import registry
from brokerlint.pipeline import analyse_sources
from brokerlint.python import source
from brokerlint.report import (
    ADVICE_FORMATS,
    CHECK_FORMATS,
    GRAPH_FORMATS,
    render_advice,
    render_check,
    render_graph,
)
from brokerlint.report.advice import AdviceReport
from brokerlint.report.excerpt import SourceLines
from brokerlint.report.graph import Graph
from brokerlint.report.outcome import Outcome
from brokerlint.topology import build
from brokerlint.verdict import judge

_EVERYTHING = Config(profile="ALL")


def unreadable(tree: Mapping[str, bytes]) -> str:
    """What is wrong with the program when it reads each file of ``tree`` by itself; empty when nothing is."""
    try:
        for path, data in tree.items():
            if path.endswith(".py"):
                packed = source.pack(path, data)
                if source.unpack(path, packed) is None:
                    return f"{path}: the summary does not survive packing"
            else:
                problems = registry.read(path, data)[1]
                if any(one.kind == "crash" for one in problems):
                    return "\n".join(f"{one.path}: {one.message}" for one in problems)
    except Exception:
        return traceback.format_exc()
    return ""


def amiss(tree: Mapping[str, bytes], number: int = 0) -> str:
    """What is wrong with the program when it is given the files of ``tree``; empty when nothing is.

    ``number`` chooses among the output formats. Exceptions, and diagnostics that stand for one, are wrong.
    """
    try:
        facts = analyse_sources({path: data.decode("utf-8", "surrogateescape") for path, data in tree.items()})
        return _told(facts) or _document(facts) or _judged(facts, number)
    except Exception:
        return traceback.format_exc()


def _told(facts: Facts) -> str:
    return "\n".join(f"{one.path}: {one.message}" for one in facts.diagnostics if one.kind == "crash")


def _document(facts: Facts) -> str:
    text = dumps(to_document(facts))
    again = dumps(to_document(from_document(json.loads(text))))
    return "" if again == text else "the graph document does not survive reading"


def _judged(facts: Facts, number: int) -> str:
    verdict = judge(facts, _EVERYTHING, _registry())
    topology, lines = build(facts, _EVERYTHING.declarations()), SourceLines(None)
    outcome = Outcome(verdict.findings, facts, lines, verdict.checks)
    render_check(CHECK_FORMATS[number % len(CHECK_FORMATS)], outcome).encode("utf-8", "replace")
    forms = list(GRAPH_FORMATS)
    graph = Graph(topology, lines, True, verdict.findings, True, False)
    render_graph(forms[number % len(forms)], graph).encode("utf-8", "replace")
    advice = tuple(with_cost(advise(node), _prices()) for node in advised(topology))
    report = AdviceReport(Report(advice, advise_system(topology, advice)), lines)
    render_advice(ADVICE_FORMATS[number % len(ADVICE_FORMATS)], report)
    return "\n".join(one.message for one in verdict.diagnostics)


@cache
def _registry() -> Registry:
    return load()


@cache
def _prices() -> PriceTable:
    return builtin()
