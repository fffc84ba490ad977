"""The topology as one HTML page that needs nothing else: no network, no other file.

Page, style and program stand in one file each in ``html_assets``. The page's policy names the digests of its own style
and program, so a browser runs those and nothing that a scanned tree could have brought in.
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import Any

from brokerlint import __version__
from brokerlint.report.escape import html
from brokerlint.report.graph import Graph
from brokerlint.report.html_data import page_data


def render(graph: Graph) -> str:
    """The page; how it is laid out is settled here, so it opens at once."""
    style, program = _asset("page.css"), _asset("page.js")
    policy = f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(program)}; base-uri 'none'"
    parts = {
        "policy": html(f"{policy}; form-action 'none'"),
        "style": style,
        "data": _embedded(page_data(graph)),
        "version": html(__version__),
        "program": program,
    }
    page = _asset("page.html")
    before, *rest = page.split("{{")
    filled = [before]
    for piece in rest:
        name, _, text = piece.partition("}}")
        filled += [parts[name], text]
    return "".join(filled)


def _asset(name: str) -> str:
    return resources.files("brokerlint.report").joinpath("html_assets", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    """The source expression of a content security policy for an inline style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode('utf-8', 'replace')).digest()).decode()}'"


def _embedded(data: dict[str, Any]) -> str:
    """JSON for the inside of a script element: in ASCII, and without the signs that could end or open one."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
