"""Costing: the estimates that belong to one piece of advice."""

from __future__ import annotations

from dataclasses import replace

from brokerlint.advising.advice import Advice
from brokerlint.advising.candidates import candidates
from brokerlint.advising.cost import estimate
from brokerlint.advising.prices import PriceTable
from brokerlint.advising.workload import workload


def with_cost(advice: Advice, prices: PriceTable) -> Advice:
    """``advice`` with the monthly cost of every candidate that is not out of the question, and of what is in use."""
    out = {key for key, _ in advice.excluded} - set(advice.in_use)
    first = dict.fromkeys((*advice.in_use, *advice.best))
    keys = [*first, *(key for key in candidates() if key not in first and key not in out)]
    load = workload(advice.channel, prices)
    return replace(advice, cost=estimate(load, keys, prices, cluster_there=advice.channel.system == "kafka"))
