"""Every check is shown at work in more than one client library or manifest format: nobody tunes it to one spelling."""

from __future__ import annotations

import ast

import pytest

import brokerlint_checks
from brokerlint.checking import Check, Example
from brokerlint.checking.registry import checks_in
from brokerlint.manifests.registry import format_of
from brokerlint.models.load import builtin

CHECKS = checks_in(brokerlint_checks)
FEWEST = 2
"""Examples of each kind, and libraries or formats among them."""

_LIBRARIES = {module for library in builtin() for module in library.modules} | {"celery"}
_BESIDE = {"dockerfile", "projects", "owners"}
"""Formats of files that every repository has: they say nothing about channels."""


def libraries(example: Example) -> frozenset[str]:
    """The client libraries that an example's code imports; a handler without any is the platform's."""
    trees = [ast.parse(text) for path, text in example.files.items() if path.endswith(".py")]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    found = {name.partition(".")[0] for name in names} & _LIBRARIES
    handlers = [node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name == "handler"]
    return frozenset(found or (["lambda"] if handlers else []))


def formats(example: Example) -> frozenset[str]:
    """The manifest formats of an example; SAM counts apart from plain CloudFormation."""
    found = set()
    for path, text in example.files.items():
        for one in format_of(path, text.encode()):
            sam = one.name == "cloudformation" and "AWS::Serverless" in text
            found.add("sam" if sam else one.name)
    return frozenset(found - _BESIDE)


def dress(check: type[Check], example: Example) -> frozenset[str]:
    """What an example is written in, of what the check reads: code, manifests, or both."""
    if check.needs == "code":
        return libraries(example)
    return formats(example) if check.needs == "manifest" else libraries(example) | formats(example)


@pytest.mark.parametrize("kind", ["bad", "good"])
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)
class TestEveryCheck:
    def test_has_several_examples(self, check: type[Check], kind: str):
        assert len(getattr(check, kind)) >= FEWEST

    def test_is_shown_in_several_libraries_or_formats(self, check: type[Check], kind: str):
        dresses = {dress(check, example) for example in getattr(check, kind)} - {frozenset()}
        assert len(dresses) >= FEWEST or check.single

    def test_says_what_each_example_shows_and_shows_nothing_twice(self, check: type[Check], kind: str):
        examples = getattr(check, kind)
        assert all(example.note for example in examples)
        assert len({tuple(example.files.items()) for example in examples}) == len(examples)


@pytest.mark.parametrize("check", [check for check in CHECKS if check.single], ids=lambda check: check.id)
def test_a_check_for_one_library_says_which_and_why_and_has_no_second(check: type[Check]):
    name, _, why = check.single.partition(":")
    assert name
    assert why.strip()
    assert len(frozenset().union(*(dress(check, example) for example in check.bad))) == 1
