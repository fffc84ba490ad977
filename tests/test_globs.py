"""Patterns of paths."""

from __future__ import annotations

import pytest

from brokerlint.globs import below, globs


@pytest.mark.parametrize(
    ("pattern", "path", "covered"),
    [
        ("legacy", "legacy/a.py", True),
        ("legacy", "src/legacy/a.py", True),
        ("legacy", "src/legacy_code/a.py", False),
        ("/legacy", "src/legacy/a.py", False),
        ("/legacy", "legacy/a.py", True),
        ("services/*", "services/billing/app.py", True),
        ("services/*/tests", "services/billing/tests/x.py", True),
        ("services/*/tests", "services/a/b/tests/x.py", False),
        ("services/**/tests", "services/a/b/tests/x.py", True),
        ("services/**/tests", "services/tests/x.py", True),
        ("deploy/live/**", "deploy/live/a/b.yaml", True),
        ("deploy/live/**", "deploy/live", False),
        ("**/*.tf", "a/b/main.tf", True),
        ("*.tf", "a/b/main.tf", True),
        ("*.tf", "main.tfvars", False),
        ("values-*.yaml", "chart/values-prod.yaml", True),
        ("a?c.py", "abc.py", True),
        ("a?c.py", "a/c.py", False),
        ("a*b*c", "axbybzc", True),
        ("a*b*c", "axbybz", False),
        ("a[b].py", "a[b].py", True),
        ("a+b.py", "aab.py", False),
        ("services/", "services/x.py", True),
    ],
)
def test_what_a_pattern_covers(pattern: str, path: str, covered: bool) -> None:
    assert globs([pattern]).match(path) is covered


def test_several_patterns_cover_what_any_covers() -> None:
    both = globs(["*.tf", "legacy"])
    assert both.match("x.tf")
    assert both.match("legacy/y.py")
    assert not both.match("z.py")


def test_no_patterns_cover_nothing() -> None:
    assert not globs([])
    assert not globs([]).match("a.py")


@pytest.mark.parametrize("pattern", ["../x", "a/../b", "/", "**/**/**/**/x"])
def test_a_pattern_that_cannot_be_used_is_refused(pattern: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        globs([pattern])


def test_a_hostile_pattern_takes_no_long_time() -> None:
    assert not globs(["*a" * 40 + "b"]).match("a" * 4000)


@pytest.mark.parametrize(
    ("pattern", "directory", "seen"),
    [
        ("services/b", "services", ("/b",)),
        ("services/*/tests", "services/a", ("/tests",)),
        ("services/**", "services", ("/*",)),
        ("services", "services/a", ("*", "/**/services")),
        ("/deploy", "services", ()),
        ("legacy", "services", ("/**/legacy",)),
        ("legacy", "src/legacy/x", ("*", "/**/legacy")),
        ("**/a/b", "x/a", ("/b", "/**/a/b")),
        ("services/b", "", ("/services/b",)),
    ],
)
def test_a_pattern_can_be_seen_from_further_down(pattern: str, directory: str, seen: tuple[str, ...]) -> None:
    assert below([pattern], directory) == seen
