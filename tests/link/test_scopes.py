"""Which bindings of a name can a use see? Each case asks what ``answer`` is at the end of a module."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from brokerlint.link.scopes import At, global_bindings, names_of, visible
from brokerlint.link.values import Activation
from brokerlint.python import ir
from brokerlint.python.lower import lower

Ask = Callable[..., list[str]]

CASES: dict[str, tuple[str, list[str]]] = {
    "the last assignment hides those before": (
        """
        topic = "old"
        topic = "new"
        answer = topic
        """,
        ["new"],
    ),
    "an assignment below the use is not seen": (
        """
        topic = "now"
        answer = topic
        topic = "later"
        """,
        ["now"],
    ),
    "a branch adds to what stood before": (
        """
        topic = "usual"
        if special:
            topic = "special"
        answer = topic
        """,
        ["special", "usual"],
    ),
    "two branches leave both": (
        """
        if special:
            topic = "one"
        else:
            topic = "other"
        answer = topic
        """,
        ["one", "other"],
    ),
    "in a branch, the other branch did not happen": (
        """
        topic = "usual"
        if special:
            topic = "one"
        else:
            topic = "other"
            answer = topic
        """,
        ["other"],
    ),
    "inside a loop, what the loop binds before the use hides": (
        """
        topic = "before"
        for each in [1]:
            topic = "inside"
            answer = topic
        """,
        ["inside"],
    ),
    "a handler may have run": (
        """
        try:
            topic = "tried"
        except ValueError:
            topic = "failed"
        answer = topic
        """,
        ["failed", "tried"],
    ),
    "a function sees the end of the module around it": (
        """
        def read():
            return topic
        topic = "first"
        topic = "second"
        answer = read()
        """,
        ["second"],
    ),
    "a local name hides the global one": (
        """
        topic = "global"
        def read():
            topic = "local"
            return topic
        answer = read()
        """,
        ["local"],
    ),
    "a nested function sees the call around it": (
        """
        def outer(topic):
            def inner():
                return topic
            return inner()
        answer = outer("orders")
        """,
        ["orders"],
    ),
    "a method does not see the names of its class body": (
        """
        topic = "module"
        class Bus:
            topic = "class"
            def read(self):
                return topic
        answer = Bus().read()
        """,
        ["module"],
    ),
    "a class body sees its own names": (
        """
        class Bus:
            prefix = "eu"
            topic = prefix + "-orders"
        answer = Bus.topic
        """,
        ["eu-orders"],
    ),
    "what a function sets globally joins in": (
        """
        topic = None
        def configure():
            global topic
            topic = "set"
        answer = topic
        """,
        ["None", "set"],
    ),
    "a deeper function sets globally, too": (
        """
        topic = None
        class App:
            def start(self):
                global topic
                topic = "set by a method"
        answer = topic
        """,
        ["None", "set by a method"],
    ),
    "nonlocal names belong to the function around": (
        """
        def outer():
            topic = "orders"
            def inner():
                nonlocal topic
                return topic
            return inner()
        answer = outer()
        """,
        ["orders"],
    ),
    "an annotation alone binds nothing": (
        """
        topic = "orders"
        topic: str
        answer = topic
        """,
        ["orders"],
    ),
    "a loop target is any element": (
        """
        for topic in ("a", "b"):
            answer = topic
        """,
        ["a", "b"],
    ),
    "targets are taken apart": (
        """
        (one, [two, *rest]) = ("a", ["b", "c", "d"])
        answer = two
        """,
        ["b"],
    ),
    "an assignment in the middle of an expression": (
        """
        if (topic := "orders"):
            pass
        answer = topic
        """,
        ["orders"],
    ),
    "changes in place count up to the use": (
        """
        topics = ["a"]
        topics.append("b")
        answer = topics
        topics.append("c")
        """,
        ["[a, b]"],
    ),
    "keys set later in a mapping": (
        """
        config = {"a": "1"}
        config["b"] = "2"
        config.update({"c": "3"}, d="4")
        config.setdefault("e", "5")
        answer = config
        """,
        ["{a: 1, b: 2, c: 3, d: 4, e: 5}"],
    ),
}


@pytest.mark.parametrize(("source", "expected"), list(CASES.values()), ids=list(CASES))
def test_a_use_sees(ask: Ask, source: str, expected: list[str]) -> None:
    assert ask(source) == expected


def test_an_index_tells_attribute_stores_and_stars_apart() -> None:
    body = lower("a.py", "from base import *\nself.bus.topic = 'x'\nself.bus.topic: str\nx['k'] = 1\n").body

    names = names_of(body)

    assert [one.module for one in names.stars] == ["base"]
    assert [one.line for one in names.attributes[("self.bus", "topic")]] == [2]
    assert [store.how for store in names.stores["x"]] == ["item"]


def test_global_bindings_are_found_with_the_way_to_them() -> None:
    body = lower("a.py", "class A:\n    def f(self):\n        global t\n        t = 1\n        u = 2\n").body

    found = global_bindings(body)

    assert list(found) == ["t"]
    (chain, binding), *rest = found["t"]
    assert rest == []
    assert [one.name for one in chain] == ["A", "f"]
    assert binding.line == 4


def test_a_binding_certainly_happened_only_when_it_stands_around_the_use() -> None:
    body = lower("a.py", "if x:\n    t = 1\nuse(t)\nt = 2\nuse(t)\n").body
    first, second = body.sites
    definitions = names_of(body).definitions["t"]

    def seen(site: ir.Site) -> tuple[list[int], bool]:
        found, certain = visible(body, definitions, At(site.order, site.block))
        return [one.line for one in found], certain

    assert seen(first) == ([2], False)
    assert seen(second) == ([4], True)


def test_an_activation_is_itself_only() -> None:
    module = lower("a.py", "")

    assert Activation(module, module.body, "module") != Activation(module, module.body, "module")
    assert Activation(module, module.body, "module").path == "a.py"
