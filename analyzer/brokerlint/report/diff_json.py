"""Changes of the topology as the document ``brokerlint/diff/1``."""

from __future__ import annotations

from brokerlint.changes import Change
from brokerlint.document import TOOL, dumps

SCHEMA = "brokerlint/diff/1"


def render(found: tuple[Change, ...]) -> str:
    """The document as JSON text."""
    return dumps({"schema": SCHEMA, "tool": dict(TOOL), "changes": [change.document() for change in found]})
