"""What the tests of behaviour share: the facts of endpoints in a piece of code."""

from collections.abc import Callable
from textwrap import dedent

import pytest

from brokerlint.facts import Endpoint
from brokerlint.pipeline import analyse_sources

Observe = Callable[..., list[Endpoint]]


@pytest.fixture
def endpoints() -> Observe:
    """A function from code (and further files) to the endpoints of a role, in the order of their lines."""

    def observe(code: str, role: str = "consume", **files: str) -> list[Endpoint]:
        others = {name.replace("__", "/").replace("_DOT_", "."): dedent(text) for name, text in files.items()}
        found = analyse_sources({"app.py": dedent(code), **others}).endpoints
        return sorted((one for one in found if one.role == role), key=lambda one: one.place)

    return observe


@pytest.fixture
def facts(endpoints: Observe) -> Callable[..., dict[str, object]]:
    """The facts of the only endpoint of a role."""

    def observe(code: str, role: str = "consume", **files: str) -> dict[str, object]:
        (one,) = endpoints(code, role, **files)
        return dict(one.facts)

    return observe
