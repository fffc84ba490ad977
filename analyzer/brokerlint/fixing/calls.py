"""Keywords of a call: set and removed. And whether a call may take longer without anybody noticing."""

from __future__ import annotations

import libcst as cst

from brokerlint.checking.finding import Edit
from brokerlint.fixing.layout import appended, without
from brokerlint.fixing.syntax import NotMadeError, Syntax, last_name, only, text_of

_ASKS = frozenset({"get", "len", "bool", "info", "debug"})


def set_keyword(syntax: Syntax, edit: Edit) -> bytes:
    """The file with the keyword set in the call at the edit's lines."""
    call = call_at(syntax, edit)
    return syntax.replaced([(call, with_keyword(call, edit.keyword, edit.value))])


def call_at(syntax: Syntax, edit: Edit) -> cst.Call:
    """The only call of ``edit.call`` that starts in the lines of the edit."""
    place = edit.place
    found = [
        call
        for call in syntax.all(cst.Call)
        if place.line <= syntax.line(call) <= place.last and last_name(call.func) == edit.call
    ]
    return only(found, f"call of {edit.call} stands in line {place.line}")


def with_keyword(call: cst.Call, keyword: str, value: str) -> cst.Call:
    """The call with ``keyword=value``. Raises `NotMadeError` when a mapping that is spread may hold the keyword."""
    new = cst.parse_expression(value)
    for index, argument in enumerate(call.args):
        if argument.keyword is not None and argument.keyword.value == keyword:
            args = list(call.args)
            args[index] = argument.with_changes(value=new)
            return call.with_changes(args=args)
    if any(argument.star == "**" for argument in call.args):
        raise NotMadeError(f"{keyword} may be among the arguments that are spread with **")
    added = cst.Arg(
        new,
        keyword=cst.Name(keyword),
        equal=cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace("")),
    )
    if not call.args:
        return call.with_changes(args=[added])
    tail = call.args[-1].whitespace_after_arg
    args, tail = appended(call.args, added, call.whitespace_before_args, tail)
    args[-2] = args[-2].with_changes(whitespace_after_arg=cst.SimpleWhitespace(""))
    args[-1] = args[-1].with_changes(whitespace_after_arg=tail)
    return call.with_changes(args=args)


def without_keyword(call: cst.Call, keyword: str) -> cst.Call:
    """The call without the keyword. Raises `NotMadeError` when it is not there."""
    gone = only([a for a in call.args if a.keyword is not None and a.keyword.value == keyword], f"keyword {keyword}")
    return call.with_changes(args=without(call.args, [gone]))


def notices_waiting(syntax: Syntax, call: cst.Call) -> str:
    """Why the loop around a receiving call might notice that it waits for messages; empty when it cannot.

    It cannot when it is endless and when everything in it besides the call looks at what was received: then an empty
    answer leads to nothing but the next call.
    """
    loop = next((each for each in syntax.around(call) if isinstance(each, (cst.While, cst.For))), None)
    if not isinstance(loop, cst.While) or text_of(loop.test).strip("() ") not in ("True", "1"):
        return "the loop ends by a condition, which would be seen later"
    if not isinstance(loop.body, cst.IndentedBlock):
        return "the loop stands on one line"
    known: set[str] = set()
    for statement in loop.body.body:
        if isinstance(statement, cst.For):
            if statement.orelse is None and _rests_on(statement.iter, known, call):
                continue
        elif isinstance(statement, cst.If):
            if _rests_on(statement.test, known, call) and _goes_on(statement):
                continue
        elif isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1:
            small = statement.body[0]
            if isinstance(small, cst.Assign) and _rests_on(small.value, known, call):
                targets = [target.target for target in small.targets]
                if all(isinstance(target, cst.Name) for target in targets):
                    known.update(last_name(target) for target in targets)
                    continue
        return "the loop does other work between two polls, which would wait too"
    return ""


def _rests_on(value: cst.BaseExpression, known: set[str], call: cst.Call) -> bool:
    """Does it only read what the call gave?"""
    nodes = _within(value, call)
    calls = [node for node in nodes if isinstance(node, cst.Call) and node is not call]
    names = {last_name(node) for node in nodes if isinstance(node, cst.Name)}
    received = bool(names & known) or any(node is call for node in nodes)
    return received and names <= known | _ASKS and all(last_name(one.func) in _ASKS for one in calls)


def _goes_on(statement: cst.If) -> bool:
    """Does the branch for an empty answer do nothing but ask again? Either ``if not …: continue`` or ``if …: work``."""
    if statement.orelse is not None:
        return False
    if not isinstance(statement.test, (cst.UnaryOperation, cst.Comparison)):
        return True
    lines = [text_of(line).strip() for line in statement.body.body]
    return lines == ["continue"]


def _within(node: cst.CSTNode, call: cst.Call) -> list[cst.CSTNode]:
    """A node and all below it, less what the receiving call is given."""
    found = [node]
    for each in found:
        if each is not call:
            found.extend(each.children)
    return found
