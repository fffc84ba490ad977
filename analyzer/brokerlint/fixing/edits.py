"""Edits in one file, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from brokerlint.checking.finding import Edit
from brokerlint.fixing import calls, configuration, flow
from brokerlint.fixing.syntax import NotMadeError, Syntax

_ACTIONS: dict[str, Callable[[Syntax, Edit], bytes]] = {
    "set-keyword": calls.set_keyword,
    "set-config": configuration.set_setting,
    "remove-key": configuration.remove_setting,
    "test-none": flow.test_none,
    "after-loop": flow.after_loop,
}


def edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """A file's bytes with all edits made. Raises `NotMadeError` when one cannot be made, or gives what does not parse.

    Edits further down come first, so that the lines of those above stay true.
    """
    for edit in sorted(edits, key=lambda edit: -edit.place.line):
        data = _ACTIONS[edit.action](Syntax(data), edit)
    Syntax(data)
    return data


def noticed(data: bytes, edits: Iterable[Edit]) -> str:
    """Why edits that make a call wait could be noticed by the code around it; empty when they cannot."""
    for edit in edits:
        if edit.action == "set-keyword":
            syntax = Syntax(data)
            reason = calls.notices_waiting(syntax, calls.call_at(syntax, edit))
            if reason:
                return reason
    return ""


__all__ = ["NotMadeError", "edited", "noticed"]
