"""What a check is: a class with an id, a docstring that is its documentation, examples, and ``find``.

A check reads the topology and yields findings; it opens no file and keeps no state. Its docstring has the headings of
``HEADINGS``; the headings *Example* and *Instead* are rendered from its first bad and first good example.
"""

from __future__ import annotations

import inspect
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from brokerlint.checking.examples import Example
from brokerlint.checking.finding import Finding, Severity
from brokerlint.confidence import Confidence
from brokerlint.facts import Endpoint
from brokerlint.tables import table
from brokerlint.topology import ChannelNode, Topology
from brokerlint.topology.uses import setting_origin

HEADINGS = ("What it finds", "Why it is bad", "When it is fine", "Known problems")
"""The headings of a check's docstring; *Known problems* may be left out where there are none."""

DEFAULT, STRICT, ADVISORY = "default", "strict", "advisory"


@dataclass(frozen=True, slots=True)
class Docs:
    """A check's docstring: the first sentence and the text under each heading."""

    summary: str
    sections: dict[str, str]


class Check(ABC):
    """One rule. Subclasses set the class attributes and write ``find``.

    ``profiles`` are those that it belongs to besides ALL (``strict`` holds every check of ``default``). ``needs`` says
    what it reads: ``code``, ``manifest`` or ``graph`` (both joined). ``shows_low`` lets strict and advisory show
    its findings of low confidence, ``headline`` lets the default profile show it although it is advice.
    ``environment_bound`` checks hold in production: elsewhere they are silent, and one level less sure where the
    environment is not known. ``fix`` is none, auto, auto-unsafe or patch. ``single`` names the one client library or
    manifest format that a check is about, and why there is no other; without it the examples show at least two.
    """

    id: ClassVar[str]
    name: ClassVar[str]
    severity: ClassVar[Severity]
    confidence: ClassVar[Confidence]
    profiles: ClassVar[frozenset[str]] = frozenset()
    needs: ClassVar[str] = "graph"
    fix: ClassVar[str] = "none"
    sources: ClassVar[tuple[str, ...]]
    bad: ClassVar[tuple[Example, ...]] = ()
    good: ClassVar[tuple[Example, ...]] = ()
    shows_low: ClassVar[bool] = False
    headline: ClassVar[bool] = False
    environment_bound: ClassVar[bool] = False
    single: ClassVar[str] = ""

    @abstractmethod
    def find(self, topology: Topology) -> Iterator[Finding]:
        """What it finds in a topology."""

    def finding(self, message: str, *channels: ChannelNode, confidence: Confidence | None = None) -> Finding:
        """A finding of this check about these channels, to be placed with ``at``. ``confidence`` replaces the usual."""
        return Finding(self.id, self.name, self.severity, confidence or self.confidence, message).about(*channels)

    @classmethod
    def docs(cls) -> Docs:
        """The parsed docstring."""
        return parse_docs(inspect.getdoc(cls) or "")


def parse_docs(text: str) -> Docs:
    """A docstring's summary and its ``## Heading`` sections."""
    parts = re.split(r"^## +(.+?) *$", text, flags=re.MULTILINE)
    sections = {heading: body.strip() for heading, body in zip(parts[1::2], parts[2::2], strict=True)}
    return Docs(" ".join(parts[0].split()), sections)


def default_cap(endpoint: Endpoint, *keys: str) -> tuple[Confidence, str]:
    """How sure a statement may be that rests on these settings of a client, and why.

    A library's default differs between its versions: unless it holds in all of them, or the version is known, at most
    ``medium``. A setting that may be hidden in configuration that was not followed gives ``low``.
    """
    stable = table("clients")["same_in_every_version"].get(endpoint.library, {}).get("keys", ())
    resting = [key for key in keys if setting_origin(endpoint, key) in ("library-default", "unknown")]
    if resting and endpoint.facts.get("config_complete") is False:
        return Confidence.LOW, "part of the client's configuration could not be followed"
    if any(key not in stable for key in resting) and not endpoint.facts.get("library_version"):
        return Confidence.MEDIUM, f"the version of {endpoint.library} is not known, and its defaults changed"
    return Confidence.CERTAIN, ""
