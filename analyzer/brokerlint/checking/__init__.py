"""The check framework: what a check is, what it reports, which checks run, and how findings are silenced."""

from brokerlint.checking.check import Check, Docs
from brokerlint.checking.examples import Example
from brokerlint.checking.finding import Edit, Finding, Fix, Severity
from brokerlint.checking.registry import Registry, Selection, UnknownCheckError
from brokerlint.checking.runner import Result, run
from brokerlint.checking.suppression import Suppression, suppress
from brokerlint.confidence import Confidence

__all__ = [
    "Check",
    "Confidence",
    "Docs",
    "Edit",
    "Example",
    "Finding",
    "Fix",
    "Registry",
    "Result",
    "Selection",
    "Severity",
    "Suppression",
    "UnknownCheckError",
    "run",
    "suppress",
]
