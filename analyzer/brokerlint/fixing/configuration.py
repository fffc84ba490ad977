"""Settings of a client: keywords of the call that builds it, or keys of the mapping that it is built from."""

from __future__ import annotations

import libcst as cst

from brokerlint.checking.finding import Edit
from brokerlint.fixing.calls import with_keyword, without_keyword
from brokerlint.fixing.layout import appended, without
from brokerlint.fixing.syntax import NotMadeError, Syntax, last_name, only
from brokerlint.models.load import builtin

_MAPPINGS = ("config", "conf", "configs")


def set_setting(syntax: Syntax, edit: Edit) -> bytes:
    """The file with the setting ``edit.keyword`` (``isolation.level``) of the file's only client set."""
    call = _client(syntax, edit)
    mapping = _mapping(syntax, call)
    if mapping is None:
        return syntax.replaced([(call, with_keyword(call, edit.keyword.replace(".", "_"), edit.value))])
    return syntax.replaced([(mapping, _with_key(mapping, edit.keyword, edit.value))])


def remove_setting(syntax: Syntax, edit: Edit) -> bytes:
    """The file without the setting ``edit.keyword`` of the file's only client."""
    call = _client(syntax, edit)
    mapping = _mapping(syntax, call)
    if mapping is None:
        return syntax.replaced([(call, without_keyword(call, edit.keyword.replace(".", "_")))])
    gone = only([item for item in mapping.elements if _key(item) == edit.keyword], f"key {edit.keyword}")
    return syntax.replaced([(mapping, mapping.with_changes(elements=without(mapping.elements, [gone])))])


def _client(syntax: Syntax, edit: Edit) -> cst.Call:
    """The only call of the file that builds a client of the kind ``edit.call`` (``producer``, ``consumer``)."""
    names = {
        name.rpartition(".")[2]
        for library in builtin()
        for path, model in library.classes.items()
        if model.kind == edit.call
        for name in (path, *model.aliases)
    }
    found = [call for call in syntax.all(cst.Call) if last_name(call.func) in names]
    return only(found, f"{edit.call} is built in this file")


def _mapping(syntax: Syntax, call: cst.Call) -> cst.Dict | None:
    """The mapping that a client is built from, None when it is built from keywords.

    It is written in the call, or it is the value of a name that the file binds once and uses nowhere else.
    """
    given = [a.value for a in call.args if a.keyword is not None and a.keyword.value in _MAPPINGS and a.star == ""]
    given += [call.args[0].value] if call.args and call.args[0].keyword is None and not call.args[0].star else []
    if not given or isinstance(given[0], (cst.SimpleString, cst.FormattedString)):
        return None
    if isinstance(given[0], cst.Dict):
        return given[0]
    name = last_name(given[0]) if isinstance(given[0], cst.Name) else ""
    bindings = [
        one.value
        for one in syntax.all(cst.Assign)
        if len(one.targets) == 1
        and isinstance(one.targets[0].target, cst.Name)
        and last_name(one.targets[0].target) == name
    ]
    mentions = sum(1 for one in syntax.all(cst.Name) if one.value == name)
    if name and mentions == 2 and len(bindings) == 1 and isinstance(bindings[0], cst.Dict):
        return bindings[0]
    raise NotMadeError("the client's configuration is not written where it is built")


def _with_key(mapping: cst.Dict, key: str, value: str) -> cst.Dict:
    new = cst.parse_expression(value)
    for index, item in enumerate(mapping.elements):
        if _key(item) == key:
            items = list(mapping.elements)
            items[index] = item.with_changes(value=new)
            return mapping.with_changes(elements=items)
    quote = "'" if any(_quote(item) == "'" for item in mapping.elements) else '"'
    added = cst.DictElement(cst.SimpleString(f"{quote}{key}{quote}"), new)
    lead, tail = mapping.lbrace.whitespace_after, mapping.rbrace.whitespace_before
    items, tail = appended(mapping.elements, added, lead, tail)
    return mapping.with_changes(elements=items, rbrace=mapping.rbrace.with_changes(whitespace_before=tail))


def _key(item: cst.BaseDictElement) -> str:
    if isinstance(item, cst.DictElement) and isinstance(item.key, cst.SimpleString):
        value = item.key.evaluated_value
        return value if isinstance(value, str) else ""
    return ""


def _quote(item: cst.BaseDictElement) -> str:
    return item.key.quote if isinstance(item, cst.DictElement) and isinstance(item.key, cst.SimpleString) else ""
