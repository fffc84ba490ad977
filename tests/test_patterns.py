"""Patterns that foreign text is matched with: time grows with the text, not with its square, whatever the text is."""

from __future__ import annotations

import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import brokerlint
import brokerlint_checks
from brokerlint.manifests.templating import blanked

LENGTH = 1500
ALLOWED = 0.012
"""Seconds of the processor: what is linear takes less than a tenth of that, what is quadratic several times as much."""

REPEATED = " |\n|a|0|_|-|.|:|$|{|{{|{%|{#|(|[|\"|'|#|=|\\|,|A|a.|${|${a|a |a:| \n|\\\n|aA|0.|a,|//|a=".split("|")
BEFORE = ("", "a=", "${")
METHODS: dict[str, Callable[[Any, Any], Any]] = {
    "search": lambda pattern, text: pattern.search(text),
    "match": lambda pattern, text: pattern.match(text),
    "fullmatch": lambda pattern, text: pattern.fullmatch(text),
    "finditer": lambda pattern, text: pattern.findall(text),
    "findall": lambda pattern, text: pattern.findall(text),
    "sub": lambda pattern, text: pattern.sub(lambda match: match[0], text),
    "split": lambda pattern, text: pattern.split(text),
}


def modules() -> Iterator[ModuleType]:
    for package in (brokerlint, brokerlint_checks):
        for entry in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not entry.name.endswith("__main__"):
                yield importlib.import_module(entry.name)


def patterns() -> Iterator[tuple[str, re.Pattern[Any], str]]:
    """Each pattern that a module holds, alone or in a table, and each way in which it is used there."""
    for module in modules():
        source = Path(module.__file__ or "").read_text(encoding="utf-8")
        for name, value in vars(module).items():
            known = set(re.findall(rf"\b{re.escape(name)}\.(\w+)\(", source)) & set(METHODS)
            alone = [value] if isinstance(value, re.Pattern) else []
            for pattern in alone or _inside(value):
                for method in sorted(known if alone else {"search"}):
                    yield f"{module.__name__}.{name}.{method}", pattern, method


def _inside(value: object) -> list[re.Pattern[Any]]:
    values = value.values() if isinstance(value, dict) else value if isinstance(value, (tuple, list)) else ()
    flat = chain.from_iterable(one if isinstance(one, tuple) else (one,) for one in values)
    return [one for one in flat if isinstance(one, re.Pattern)]


def slowest(pattern: re.Pattern[Any], method: str) -> tuple[float, str]:
    """The longest time that a text takes, and what it is made of."""
    worst = (0.0, "")
    for before in BEFORE:
        for part in REPEATED:
            text: Any = before + part * (LENGTH // len(part)) + "\0"
            text = text.encode() if isinstance(pattern.pattern, bytes) else text
            taken = _seconds(pattern, method, text)
            if taken > ALLOWED:  # another program may have been in the way
                taken = min(taken, *(_seconds(pattern, method, text) for _ in range(3)))
            if taken > ALLOWED:
                return taken, f"{before!r} and many {part!r}"
            worst = max(worst, (taken, f"{before!r} and many {part!r}"))
    return worst


def _seconds(pattern: re.Pattern[Any], method: str, text: Any) -> float:
    started = time.process_time()
    METHODS[method](pattern, text)
    return time.process_time() - started


def test_time_grows_no_faster_than_the_text() -> None:
    found = {}
    seen = set()
    for name, pattern, method in patterns():
        if (pattern, method) not in seen:
            seen.add((pattern, method))
            taken, text = slowest(pattern, method)
            if taken > ALLOWED:
                found[name] = f"{taken:.3f} s for {text}"
    assert len(seen) > 100
    assert found == {}


@pytest.mark.parametrize(
    ("pattern", "length"), [(r"\s*x", 4000), (r"\$\{\s*([^}]*?)\s*\}", 400), (r"(a+)+b", 20), (r"\{\{.*?\}\}", 8000)]
)
def test_a_slow_pattern_is_noticed(pattern: str, length: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LENGTH", length)
    assert slowest(re.compile(pattern, re.DOTALL), "search")[0] > ALLOWED


@pytest.mark.parametrize("part", ["{{", "{{ ", "{%", "{#", "{{/*", "{{ a }}", "{{ a }} ", "{{- define", "{{ end }}"])
def test_templates_of_nothing_but_marks(part: str) -> None:
    started = time.process_time()
    blanked(part * 20_000)
    assert time.process_time() - started < 2
