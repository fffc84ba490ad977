"""Texts and collections: what operators and methods make of known, half known and unknown parts."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Ask = Callable[..., list[str]]

ENV = "import os\ntopic = os.environ['TOPIC']\ndefaulted = os.getenv('T', 'a,b')\n"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("'a' + '-' + 'b'", ["a-b"]),
        ("f'{1}-{\"x\"}'", ["1-x"]),
        ("'a' 'b' f'{\"c\"}'", ["abc"]),
        ("'%s-%d%%' % ('a', 3)", ["a-3%"]),
        ("'%(k)s' % {'k': 'v'}", ["v"]),
        ("'%s' % 'one'", ["one"]),
        ("'%s-%s' % ('a',)", ["a-{?a format field}"]),
        ("'{}-{}'.format('a', 'b')", ["a-b"]),
        ("'{1}-{0}'.format('a', 'b')", ["b-a"]),
        ("'{x:>3}{{}}'.format(x='a')", ["a{}"]),
        ("'{x.y}'.format(x=1)", ["?format field 'x.y'"]),
        ("'-'.join(['a', 'b', 'c'])", ["a-b-c"]),
        ("'-'.join([])", ["?a joined text that is not known"]),
        ("'A.b'.lower()", ["a.b"]),
        ("'a'.title()", ["A"]),
        ("' a '.strip()", ["a"]),
        ("'xax'.strip('x')", ["a"]),
        ("'a.b'.split('.')", ["[a, b]"]),
        ("'a.b.c'.rsplit('.', 1)", ["[a.b, c]"]),
        ("'a.b'.split('')", ["?a split that fails"]),
        ("'a.b.c'.rpartition('.')", ["[a.b, ., c]"]),
        ("'a.b'.partition('.')[0]", ["a"]),
        ("'a_b'.replace('_', '-')", ["a-b"]),
        ("'%%s-%s' % 'a'", ["%s-a"]),
        ("'orders.fifo'.removesuffix('.fifo')", ["orders"]),
        ("'dev-orders'.removeprefix('dev-')", ["orders"]),
        ("'a'.encode()", ["a"]),
        ("str(3) + 'x'", ["3x"]),
        ("2 + 3", ["5"]),
        ("6 * 7", ["42"]),
        ("10 ** 3", ["?an expression with 'Power'"]),
        ("'a'.center(3)", ["?result of .center()"]),
        ("'a' if flag else 'b'", ["a", "b"]),
        ("'a' if True else 'b'", ["a"]),
        ("'' or 'b'", ["b"]),
        ("'a' or 'b'", ["a"]),
        ("'a' and 'b'", ["b"]),
    ],
)
def test_texts(ask: Ask, expression: str, expected: list[str]) -> None:
    assert ask(f"answer = {expression}") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("topic", ["$TOPIC"]),
        ("f'eu-{topic}'", ["eu-{$TOPIC}"]),
        ("f'{topic}'", ["$TOPIC"]),
        ("topic.lower()", ["$TOPIC"]),
        ("topic or 'orders'", ["orders$TOPIC"]),
        ("defaulted or 'orders'", ["a,b$T"]),
        ("defaulted.split(',')", ["[a$T, b$T]"]),
        ("topic.split(',')", ["[$TOPIC...]"]),
        ("f'eu-{topic}'.split('-')", ["?a part of a text that is not known"]),
        ("topic % 1", ["{$TOPIC}1"]),
        ("'%s' % topic", ["$TOPIC"]),
        ("f'{missing()}-x'", ["{?result of builtins.missing}-x"]),
    ],
)
def test_variables_keep_their_name_through_texts(ask: Ask, expression: str, expected: list[str]) -> None:
    assert ask(f"{ENV}answer = {expression}") == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("['a'] + ['b']", ["[a, b]"]),
        ("[*('a', 'b'), 'c']", ["[a, b, c]"]),
        ("['a', 'b'][1]", ["b"]),
        ("['a', 'b'][-1]", ["b"]),
        ("['a', 'b'][which]", ["a", "b"]),
        ("[][0]", ["?an item of an empty collection"]),
        ("{'a': '1'} | {'b': '2'}", ["{a: 1, b: 2}"]),
        ("{**{'a': '1'}, 'b': '2'}", ["{a: 1, b: 2}"]),
        ("{**unknown(), 'b': '2'}", ["{b: 2...}"]),
        ("{'a': '1'}['a']", ["1"]),
        ("{'a': '1', 'a': '2'}['a']", ["2"]),
        ("{'a': '1'}['b']", ["?a key that the mapping lacks"]),
        ("{**unknown(), 'a': '1'}['b']", ["?a key set elsewhere"]),
        ("{'a': '1', 'b': '2'}[which]", ["1", "2", "?looked up by a key that is not known"]),
        ("{'a': '1'}.get('a')", ["1"]),
        ("{'a': '1'}.get('b')", ["None"]),
        ("{'a': '1'}.get('b', 'c')", ["c"]),
        ("list({'a': '1'}.keys())", ["[a]"]),
        ("list({'a': '1'}.values())", ["[1]"]),
        ("[f'{k}={v}' for k, v in {'a': '1'}.items()]", ["[a=1]"]),
        ("{k: 'x' for k in ['a']}", ["{a: x}"]),
        ("dict(a='1', **{'b': '2'})", ["{a: 1, b: 2}"]),
        ("dict([('a', '1')])", ["{a: 1}"]),
        ("[x for x, y in zip(['a', 'b'], ['c', 'd'])]", ["[a, b]"]),
        ("[x for i, x in enumerate(['a', 'b'])]", ["[a, b]"]),
        ("next(iter(['a', 'b']))", ["a", "b"]),
        ("{'a'}.union({'b'})", ["[a, b]"]),
        ("['a', 'b'].pop()", ["a", "b"]),
    ],
)
def test_collections_and_mappings(ask: Ask, expression: str, expected: list[str]) -> None:
    assert ask(f"answer = {expression}") == expected
