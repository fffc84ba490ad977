"""The way of a tree's manifests: recognised, read one by one, joined; what breaks harms nothing else."""

from __future__ import annotations

import pickle

import pytest

from brokerlint.manifests import registry
from brokerlint.manifests.facts import ChannelFact, ManifestFacts, Text
from brokerlint.manifests.registry import Format
from brokerlint.manifests.tree import ManifestError, Tree
from brokerlint.places import Place


def test_every_module_of_formats_is_one() -> None:
    names = [one.name for one in registry.formats()]
    assert {"compose", "dockerfile", "dotenv", "helm", "kubernetes", "scripts"} <= set(names)
    assert names == sorted(names)


def test_a_file_may_belong_to_several_formats_or_to_none() -> None:
    head = b'apiVersion: v1\nkind: ConfigMap\ndata: {x: \'{"connector.class": "y"}\'}\n'
    assert [one.name for one in registry.format_of("a.yaml", head)] == ["connect", "kubernetes"]
    assert registry.format_of("README.md", b"# services:") == []
    assert registry.read("README.md", b"x") == ({}, [])


def test_summaries_can_be_pickled() -> None:
    files = {
        "docker-compose.yml": "services:\n  a:\n    build: .\n",
        "Dockerfile": "FROM python\n",
        "run.sh": "case $1 in a) b;; esac\n",
        "k.yaml": "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: a}]}\n",
        "values.yaml": "a: {b: [c]}\n",
    }
    for path, text in files.items():
        found, problems = registry.read(path, text)
        assert found
        assert not problems
        assert pickle.loads(pickle.dumps(found)) == found


def broken(kind: type[Exception], where: str) -> Format:
    """A format that fails while reading or joining."""

    def read(path: str, text: str) -> str:
        if where == "read":
            raise ManifestError(7, "is no good") if kind is ManifestError else kind("no")
        return text

    def join(documents: object, tree: Tree) -> ManifestFacts:
        raise kind("no")

    return Format("broken", lambda path, head: path.endswith(".x"), read, join)


def fine() -> Format:
    """A format that declares a channel for each file."""

    def join(documents: object, tree: Tree) -> ManifestFacts:
        names = sorted(tree.of("fine"))
        return ManifestFacts(channels=tuple(ChannelFact(n, "kafka", "topic", Text(n), n, Place(n, 1)) for n in names))

    return Format("fine", lambda path, head: path.endswith(".x"), lambda path, text: text, join)


@pytest.mark.parametrize(
    ("kind", "where", "expected"),
    [
        (ManifestError, "read", ("manifest", 7)),
        (ValueError, "read", ("crash", 1)),
        (RecursionError, "read", ("too-deep", 1)),
        (KeyError, "join", ("crash", 1)),
    ],
)
def test_a_format_that_fails_costs_one_diagnostic(
    monkeypatch: pytest.MonkeyPatch, kind: type[Exception], where: str, expected: tuple[str, int]
) -> None:
    monkeypatch.setattr(registry, "formats", lambda: (broken(kind, where), fine()))
    facts = registry.read_all(["a.x"], lambda path: b"text", ["a.x"])
    assert [channel.logical for channel in facts.channels] == ["a.x"]
    (problem,) = facts.diagnostics
    assert ((problem.kind, problem.line), problem.path) == (expected, "a.x")


def test_a_file_that_cannot_be_opened_or_is_too_large_is_told() -> None:
    def content(path: str) -> bytes:
        if path == "a.sh":
            raise PermissionError(13, "Permission denied")
        return b"services:\n" + b"#" * registry.LARGEST

    facts = registry.read_all(["a.sh", "docker-compose.yml"], content, [])
    assert [(one.kind, one.path) for one in facts.diagnostics] == [
        ("unreadable", "a.sh"),
        ("too-large", "docker-compose.yml"),
    ]


def test_a_tree_without_manifests_gives_nothing() -> None:
    assert registry.read_all([], lambda path: b"", []) == ManifestFacts()


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"\xef\xbb\xbfservices:\r\n  a:\r\n    image: x\r\n", b"\x00" * 100])
def test_any_bytes_are_read_without_a_crash(data: bytes) -> None:
    _, problems = registry.read("docker-compose.yml", data)
    assert not [problem for problem in problems if problem.kind == "crash"]
