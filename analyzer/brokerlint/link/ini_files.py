"""``configparser``: what a parser finds under a section and an option, by the files that code or commands name.

Which file a parser has read is not followed. The INI files count that a command of a manifest names, else those that
code names; of files with the section, the nearest to the code that makes the parser.
"""

from __future__ import annotations

import posixpath

from brokerlint.link.engine import Args, Engine
from brokerlint.link.values import Const, Record, Values, join, needs_of, unknown

PARSER = "ini:"
"""What the path of a parser, and of its methods, begins with; the file that makes it follows."""

_GETTERS = frozenset({"get", "getint", "getfloat", "getboolean"})


def section(ev: Engine, parser: str, keys: Values) -> Values:
    """``parser["kafka"]``: the options of a section as a mapping."""
    near = parser.removeprefix(PARSER)
    names = [key.value for key in keys if isinstance(key, Const) and isinstance(key.value, str)]
    if not names or len(names) < len(keys):
        return unknown("a section that is not known", needs_of(keys))
    return join(*[_options(ev, name, near) for name in names])


def call(ev: Engine, path: str, args: Args) -> Values | None:
    """What a method of a parser gives; None for others than those that read options."""
    parser, _, method = path.rpartition(".")
    positional = [values for key, values in args if key == ""]
    named = dict(args)
    sections = positional[0] if positional else named.get("section", ())
    if method == "items" and sections:
        return section(ev, parser, sections)
    if method not in _GETTERS or not sections:
        return None
    option = positional[1] if len(positional) > 1 else named.get("option", ())
    names = [key.value.lower() for key in option if isinstance(key, Const) and isinstance(key.value, str)]
    found = [
        record.get(name) for record in section(ev, parser, sections) if isinstance(record, Record) for name in names
    ]
    known = [values for values in found if values]
    return join(*known) if known else named.get("fallback") or unknown("an option that no file tells")


def _options(ev: Engine, name: str, near: str) -> Values:
    def told(path: str) -> bool:
        return bool(ev.program.mentioning(posixpath.basename(path)))

    options = ev.files.section(name, near, told)
    entries = ((option, tuple(Const(text) for text in texts)) for option, texts in options.items())
    return (Record(tuple(entries), True),)
