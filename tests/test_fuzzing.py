"""Inputs that nobody would write, a few of them each time; ``tests/benchmarks/fuzz.py`` tries as many as one likes."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from examine import amiss, unreadable
from hypothesis import given, settings
from hypothesis import strategies as st
from inputs import Real, damaged, draw
from programs import program

from brokerlint.python.source import read_source

REAL = Real.below([Path(__file__).parent.parent / "fixtures"])
COMPOSE = b"services:\n  app:\n    build: .\n    command: python main.py\n    environment:\n      QUEUE: orders\n"


@given(st.randoms(use_true_random=False), st.integers(0, 20))
@settings(max_examples=40)
def test_programs_from_a_grammar(random: random.Random, number: int) -> None:
    tree = {"main.py": program(random).encode(), "app/bus.py": program(random).encode(), "compose.yml": COMPOSE}
    assert amiss(tree, number) == ""


@given(st.randoms(use_true_random=False), st.integers(0, 20))
@settings(max_examples=60)
def test_damaged_files_of_real_systems(random: random.Random, number: int) -> None:
    kind, tree = draw(random, REAL)
    assert amiss(tree, number) == "", kind


@given(st.binary(max_size=60), st.sampled_from([*REAL.manifests, *REAL.sources]), st.randoms(use_true_random=False))
@settings(max_examples=120)
def test_files_with_anything_in_them_are_read_or_told(noise: bytes, file: Path, random: random.Random) -> None:
    assert unreadable({f"{file.parent.name}/{file.name}": damaged(random, file.read_bytes(), noise)}) == ""


@given(st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_the_grammar_makes_programs_that_parse(random: random.Random) -> None:
    assert read_source("main.py", program(random).encode())[1] is None


def test_a_number_of_more_digits_than_python_takes() -> None:
    assert unreadable({"main.py": b"import boto3\nx = 1" + b"0" * 5000 + b"\n"}) == ""


def test_a_fault_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the tests above can fail."""
    monkeypatch.setattr("examine.analyse_sources", lambda files: 1 / 0)
    assert "ZeroDivisionError" in amiss({"main.py": b""})
    monkeypatch.setattr("brokerlint.python.source.unpack", lambda path, data: None)
    assert "does not survive" in unreadable({"main.py": b""})
