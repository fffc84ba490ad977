"""Odd and hostile programs: every analysis ends, what can't be told is unknown with a reason, the rest is unharmed.

Each program has calls with an affected channel and, last, one with the plain channel ``fine``.
"""

from __future__ import annotations

import tracemalloc
from textwrap import dedent

import pytest

from brokerlint.facts import Facts
from brokerlint.pipeline import analyse_sources

HEAD = "from confluent_kafka import Producer\nproducer = Producer({})\n"
LAST = "\nproducer.produce('fine')\n"
MOST_MEMORY = 64 * 1024 * 1024


def analysed(source: str, others: dict[str, str] | None = None) -> Facts:
    """The facts of a program around ``source``, made within bounds of memory."""
    tracemalloc.start()
    try:
        facts = analyse_sources({"app.py": HEAD + dedent(source) + LAST, **(others or {})})
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < MOST_MEMORY
    assert facts.diagnostics == ()
    return facts


def channels(facts: Facts) -> list[str | None]:
    """The channels of all sends, in the order of lines; None for an unknown one."""
    ordered = sorted(facts.endpoints, key=lambda e: (e.place.path, e.place.line))
    return [channel.name.text if channel.name.kind != "unknown" else None for e in ordered for channel in e.channels]


DEFINED_THROUGH_THEMSELVES: dict[str, tuple[str, dict[str, str], str]] = {
    "a constant": ("T = T\nproducer.produce(T)", {}, "through itself"),
    "constants, through each other": ("A = B\nB = A\nproducer.produce(A)", {}, "through itself"),
    "names of two modules that import each other": (
        "from a import T\nproducer.produce(T)",
        {"a.py": "from b import T", "b.py": "from a import T"},
        "has no 'T'",
    ),
    "constants of two modules that import each other": (
        "import a\nproducer.produce(a.A)",
        {"a.py": "import b\nA = b.B", "b.py": "import a\nB = a.A"},
        "has no 'A'",
    ),
    "modules with a star import of each other": (
        "from a import *\nproducer.produce(T)",
        {"a.py": "from b import *", "b.py": "from a import *"},
        "not a text",
    ),
    "a module with a star import of itself": ("from app import *\nproducer.produce(T)", {}, "not a text"),
    "a function": ("def t(n):\n    return t(n - 1)\nproducer.produce(t(3))", {}, "calls itself"),
    "functions, through each other": (
        "def a():\n    return b()\ndef b():\n    return a()\nproducer.produce(a())",
        {},
        "through itself",
    ),
    "a function as its own decorator": (
        "def d(f):\n    return d(f)\n@d\ndef t():\n    return t()\nproducer.produce(t())",
        {},
        "through itself",
    ),
    "a default that calls its function": ("def t(x=t()):\n    return t()\nproducer.produce(t())", {}, "through itself"),
    "a lambda": ("f = lambda x: f(x)\nproducer.produce(f(1))", {}, "through itself"),
    "a partial": ("from functools import partial\nf = partial(f, 1)\nproducer.produce(f())", {}, "unknown"),
    "a class that inherits from itself": ("class A(A):\n    pass\nproducer.produce(A.T)", {}, "has no 'T'"),
    "classes that inherit from each other": (
        "class A(B):\n    pass\nclass B(A):\n    pass\nproducer.produce(A().t)",
        {},
        "has no attribute 't'",
    ),
    "a property": (
        "class A:\n    @property\n    def t(self):\n        return self.t\nproducer.produce(A().t)",
        {},
        "through itself",
    ),
    "an attribute that is looked up by getattr": (
        "class A:\n    def __getattr__(self, n):\n        return getattr(self, n)\nproducer.produce(A().t)",
        {},
        "through itself",
    ),
    "an object in a chain of its own kind": (
        """
        class Node:
            def __init__(self, below):
                self.below = below
            def topic(self):
                return self.below.topic()
        node = None
        for _ in range(9):
            node = Node(node)
        producer.produce(node.topic())
        """,
        {},
        "topic",
    ),
    "a dictionary that holds itself": ("d = {}\nd['d'] = d\nproducer.produce(d['d']['t'])", {}, "a key"),
    "a list that holds itself": ("l = []\nl.append(l)\nl += l\nproducer.produce(l[0])", {}, "no value"),
}


@pytest.mark.parametrize(
    ("source", "others", "reason"), list(DEFINED_THROUGH_THEMSELVES.values()), ids=list(DEFINED_THROUGH_THEMSELVES)
)
def test_what_is_defined_through_itself_is_unknown(source: str, others: dict[str, str], reason: str) -> None:
    facts = analysed(source, others)

    assert channels(facts) == [None, "fine"]
    (unresolved,) = facts.unresolved
    assert reason in unresolved.why


@pytest.mark.parametrize(
    "step",
    ["s = s + s", "s = f'{s}{s}{s}'", "s = '%s%s' % (s, s)", "s = s.replace('x', 'xx')", "s = [s, s]", "s = {s: s}"],
)
def test_a_text_that_doubles_many_times_is_given_up(step: str) -> None:
    facts = analysed("s = 'x'\n" + f"{step}\n" * 80 + "producer.produce(s)")

    assert channels(facts) == [None, "fine"]
    assert facts.unresolved[0].why


@pytest.mark.parametrize("step", ["s = s + s", "s += s", "s = f'{s}{s}'", "s = '%s%s' % (s, s)"])
@pytest.mark.parametrize("loop", ["for _ in range(9)", "while more()"])
def test_a_text_that_grows_in_a_loop_is_not_taken_for_its_first_round(loop: str, step: str) -> None:
    facts = analysed(f"s = 'x'\n{loop}:\n    {step}\nproducer.produce(s)\nproducer.produce('eu-' + s)")

    assert channels(facts) == [None, "eu-*", "fine"]
    (unresolved,) = facts.unresolved
    assert unresolved.why == "'s' is put together anew in every round of a loop"


def test_a_text_that_begins_anew_in_every_round_is_known() -> None:
    facts = analysed("""
    for region in ("eu", "us"):
        topic = "orders"
        topic = topic + "-" + region
        producer.produce(topic)
    """)

    assert channels(facts) == ["orders-eu", "orders-us", "fine"]


def test_more_combinations_than_can_be_listed_are_bounded() -> None:
    parts = "".join(f"a{i} = 'x' if flag else 'y'\n" for i in range(40))
    facts = analysed(parts + "producer.produce(" + " + ".join(f"a{i}" for i in range(40)) + ")")

    found = channels(facts)
    assert len(found) <= 25
    assert found[-1] == "fine"


@pytest.mark.parametrize(
    "source",
    [
        "def send(t):\n    producer.produce(t)\n    send(t)\nsend('orders')",
        "def send(t):\n    producer.produce(t)\n    send(t + 'x')\nsend('orders')",
        "def a(t):\n    producer.produce(t)\n    b(t)\ndef b(t):\n    a(t)\nb('orders')",
    ],
)
def test_a_wrapper_that_calls_itself_is_followed_once(source: str) -> None:
    facts = analysed(source)

    assert channels(facts) == ["orders", "fine"]


def test_wrappers_that_fan_out_at_every_level_end() -> None:
    levels = "".join(f"def f{i}(t):\n    f{i - 1}(t)\n    f{i - 1}(t)\n" for i in range(1, 30))
    facts = analysed(f"def f0(t):\n    producer.produce(t)\n{levels}f29('orders')")

    assert channels(facts)[-1] == "fine"
    assert all(one.why for one in facts.unresolved)


@pytest.mark.parametrize("count", [200, 2000])
def test_long_chains_of_constants_end(count: int) -> None:
    chain = "".join(f"c{i} = c{i - 1}\n" for i in range(1, count))
    facts = analysed(f"c0 = 'x'\n{chain}producer.produce(c{count - 1})")

    assert channels(facts) == [None, "fine"]
    assert facts.unresolved[0].why == "nested too deeply"


def test_long_chains_of_wrappers_end() -> None:
    chain = "".join(f"def f{i}(t):\n    f{i - 1}(t)\n" for i in range(1, 200))
    facts = analysed(f"def f0(t):\n    producer.produce(t)\n{chain}f199('orders')")

    assert channels(facts) == [None, "fine"]


def test_a_thousand_call_sites_of_one_wrapper() -> None:
    calls = "".join(f"send('t{i}')\n" for i in range(1000))
    facts = analysed(f"def send(t):\n    producer.produce(t)\n{calls}")

    found = channels(facts)
    assert found[:3] == ["t0", "t1", "t2"]
    assert found[-1] == "fine"
    assert len(found) == 1001


def test_a_very_large_display_is_cut_and_says_so() -> None:
    topics = ", ".join(f"'t{i}'" for i in range(1000))
    facts = analysed(f"topics = [{topics}]\nproducer.produce(topics[999])")

    assert channels(facts)[-1] == "fine"
    assert "t999" not in channels(facts)
