"""Where white space and comments go when an item is added to or taken from the items between brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import libcst as cst

_I = TypeVar("_I", cst.Arg, cst.BaseDictElement)
_Space = cst.BaseParenthesizableWhitespace


def appended(items: Sequence[_I], new: _I, lead: _Space, tail: _Space) -> tuple[list[_I], _Space]:
    """The items with ``new`` as the last one, and what stands before the closing bracket then.

    ``lead`` stands behind the opening bracket and ``tail`` before the closing one. A comment behind the last item stays
    behind it, a comma at the end stays at the end, and items that stand on lines of their own go on to do so.
    """
    if not items:
        return [new], tail
    last = items[-1]
    ends_with_comma = isinstance(last.comma, cst.Comma)
    end = last.comma.whitespace_after if isinstance(last.comma, cst.Comma) else tail
    joined = last.with_changes(comma=cst.Comma(whitespace_after=_next(end, lead, items)))
    if ends_with_comma:
        new = new.with_changes(comma=cst.Comma(whitespace_after=_bare(end)))
    found = list(items[:-1])
    found += (joined, new)
    return found, tail if ends_with_comma else _bare(tail)


def without(items: Sequence[_I], gone: Sequence[_I]) -> list[_I]:
    """The items without those that are ``gone``; the comma of the last one stays with the last one."""
    kept = [item for item in items if not any(item is one for one in gone)]
    if kept and kept[-1] is not items[-1]:
        kept[-1] = kept[-1].with_changes(comma=items[-1].comma)
    return kept


def _next(end: _Space, lead: _Space, items: Sequence[cst.Arg] | Sequence[cst.BaseDictElement]) -> _Space:
    """What stands between the last item and a new one."""
    if isinstance(end, cst.ParenthesizedWhitespace):
        if isinstance(lead, cst.ParenthesizedWhitespace):
            return end.with_changes(indent=lead.indent, last_line=lead.last_line)
        before = items[-2].comma if len(items) > 1 else None
        if isinstance(before, cst.Comma) and isinstance(before.whitespace_after, cst.ParenthesizedWhitespace):
            again = before.whitespace_after
            return end.with_changes(indent=again.indent, last_line=again.last_line)
        return cst.SimpleWhitespace(" ") if end.first_line.comment is None else end
    if isinstance(lead, cst.ParenthesizedWhitespace) and len(items) == 1:
        return _bare(lead)
    before = items[-2].comma if len(items) > 1 else None
    return _bare(before.whitespace_after) if isinstance(before, cst.Comma) else cst.SimpleWhitespace(" ")


def _bare(space: _Space) -> _Space:
    """The same without comments and empty lines."""
    if isinstance(space, cst.ParenthesizedWhitespace):
        newline = space.first_line.newline
        return space.with_changes(first_line=cst.TrailingWhitespace(newline=newline), empty_lines=())
    return space
