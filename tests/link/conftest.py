from __future__ import annotations

from collections.abc import Callable, Mapping
from textwrap import dedent

import pytest

from brokerlint.link.evaluate import Evaluator
from brokerlint.link.files import ConfigurationFiles
from brokerlint.link.program import Program
from brokerlint.link.values import Collection, Const, EnvVar, Record, Template, Unknown, Value, Values
from brokerlint.models.load import builtin, index
from brokerlint.python import ir
from brokerlint.python.lower import lower

MakeProgram = Callable[[Mapping[str, str]], Program]
Ask = Callable[..., list[str]]


def shown(value: Value) -> str:
    """A value as the tests write it: ``orders``, ``$TOPIC``, ``orders$TOPIC``, ``eu-{...}``, ``[a, b]``, ``?why``."""
    if isinstance(value, Const):
        return value.value if isinstance(value.value, str) else repr(value.value)
    if isinstance(value, EnvVar):
        return "|".join(shown(one) for one in value.default or ()) + f"${value.name}"
    if isinstance(value, Unknown):
        return f"?{value.why}"
    if isinstance(value, Template):
        return "".join(part if isinstance(part, str) else "{" + shown(part) + "}" for part in value.parts)
    if isinstance(value, Collection):
        return "[" + ", ".join(_any(item) for item in value.items) + ("..." if value.more else "") + "]"
    if isinstance(value, Record):
        inner = [f"{key}: {_any(values)}" for key, values in value.entries]
        return "{" + ", ".join(inner) + ("..." if value.more else "") + "}"
    return type(value).__name__


def _any(values: Values) -> str:
    return "|".join(shown(value) for value in values)


def _program(files: Mapping[str, str]) -> Program:
    texts = {path: dedent(text) for path, text in files.items()}

    def load(path: str) -> ir.Module:
        return lower(path, texts[path])

    def mentioning(word: str) -> list[str]:
        return sorted(path for path in texts if word in texts[path])

    return Program([path for path in texts if path.endswith(".py")], load, mentioning, {"kafka", "boto3"})


@pytest.fixture
def program() -> MakeProgram:
    """A program made of files given as texts."""
    return _program


@pytest.fixture
def ask() -> Ask:
    """``ask(text, name, others)``: what ``app.py`` with this text binds ``name`` to in the end."""

    def answer(text: str, name: str = "answer", others: Mapping[str, str] | None = None) -> list[str]:
        files = {"app.py": text, **(others or {})}
        configuration = ConfigurationFiles(files, lambda path: dedent(files[path]).encode())
        evaluator = Evaluator(_program(files), index(builtin()), configuration)
        return sorted(shown(value) for value in evaluator.member("app.py", name))

    return answer
