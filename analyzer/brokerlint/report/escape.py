"""Foreign text made inert: whatever a file, queue, topic or service is called, a report shows it and never obeys it.

Foreign is everything that came from the scanned tree: names, paths, messages of parsers, lines of source. Each output
format has one function here, and every foreign text passes through it exactly once, at the place where it is printed.
"""

from __future__ import annotations

import re
from html import escape as _html_escape
from urllib.parse import quote

_ACTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # controls, among them escape sequences and newlines
    "\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"  # direction and invisible marks
    "\u2028\u2029"  # line and paragraph separators
    "\ud800-\udfff"  # undecodable bytes of file names
    "\ufff9-\ufffb\U000e0000-\U000e007f]"  # annotations and tags
)
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_SECRET_KEY = re.compile(r"passw(?:or)?d|secret|token|api_?key|access_?key|credential|jaas|private_?key", re.IGNORECASE)
_QUOTED = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_USER_INFO = re.compile(r"(://[^/\s:@'\"]{0,200}:)[^/\s@'\"]{1,200}@")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~>@:])")


def terminal(text: str) -> str:
    """One line for a terminal or a log: control, direction and invisible characters become U+FFFD."""
    return _ACTIVE.sub(_REPLACEMENT, text)


def source(line: str) -> str:
    """A line of source: as ``terminal``, with tabs as four spaces and values of secrets as ``***``."""
    return masked(terminal(line.rstrip("\r\n").replace("\t", "    ")))


def masked(line: str) -> str:
    """``line`` without what looks like a secret: passwords in addresses, and quoted texts beside the word for one."""
    line = _USER_INFO.sub(r"\1***@", line)
    if _SECRET_KEY.search(line) is None:
        return line
    return _QUOTED.sub(
        lambda match: match[0] if _SECRET_KEY.search(match[0]) else f"{match[0][0]}***{match[0][0]}", line
    )


def github_message(text: str) -> str:
    """The message of a GitHub workflow command. Lines of our own may stay lines; they are encoded."""
    lines = (terminal(line) for line in text.split("\n"))
    return "%0A".join(line.replace("%", "%25") for line in lines)


def github_property(text: str) -> str:
    """A property (``file``, ``title``) of a GitHub workflow command."""
    return terminal(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def markdown(text: str) -> str:
    """Text in Markdown (also between tags in one of its paragraphs): no markup, no HTML, no mention, no link."""
    return _MARKDOWN.sub(r"\\\1", terminal(text)).replace("&", "&amp;").replace("<", "&lt;").replace("://", ":&#47;/")


def html(text: str) -> str:
    """Text or a quoted attribute of HTML."""
    return _html_escape(terminal(text), quote=True)


def xml(text: str) -> str:
    """Text or a quoted attribute of XML. Lines of our own may stay lines."""
    return "&#10;".join(html(line) for line in text.split("\n"))


def mermaid(text: str) -> str:
    """The inside of a quoted Mermaid label: everything but letters, digits and harmless signs as an entity."""
    return "".join(c if c.isalnum() or c in " -_.,/$*" else f"#{ord(c)};" for c in terminal(text))


def dot(text: str) -> str:
    """The inside of a quoted DOT string."""
    return terminal(text).replace("\\", "\\\\").replace('"', '\\"')


def uri(path: str) -> str:
    """A relative path as a URI reference."""
    try:
        raw = path.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # from a document: no file has such a name
        raw = path.encode("utf-8", "replace")
    encoded = quote(raw, safe="/")
    return encoded if not encoded.startswith("/") else f".{encoded}"
