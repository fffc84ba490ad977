"""Trying a model on its own examples: each is analysed as a program of one file, and what is found is compared."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, TypeAlias

from brokerlint.facts import Endpoint, Facts, Name
from brokerlint.models.index import undescribed
from brokerlint.models.load import builtin, line_of, parse
from brokerlint.models.model import Library

Analyse: TypeAlias = Callable[[Mapping[str, str], tuple[Library, ...]], Facts]
"""``brokerlint.pipeline.analyse_sources``: the facts of texts by path, with these further models."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One difference between what an example expects and what is found; ``example`` counts from 1."""

    example: int
    line: int
    says: str

    def __str__(self) -> str:
        return f"example {self.example}, line {self.line}: {self.says}"


def tried(text: str, file: str, analyse: Analyse) -> tuple[str, ...]:
    """What ``brokerlint models test`` says of a model file: one sentence per difference or loose end, with the file.

    Raises `ModelError` when the file is no model.
    """
    library = parse(text, file)
    loose = [
        f"{file}: {where} gives '{name}', which no model describes" for where, name in undescribed(library, builtin())
    ]
    found = [f"{file}:{line_of(text, ('examples', one.example - 1))}: {one}" for one in mismatches(library, analyse)]
    return (*loose, *found)


def mismatches(library: Library, analyse: Analyse) -> tuple[Mismatch, ...]:
    """What is wrong with the examples of ``library``; empty when all are as expected."""
    found: list[Mismatch] = []
    for number, example in enumerate(library.examples, 1):
        facts = analyse({"app.py": example.code}, (library,))
        found.extend(_compared(number, example.expect, facts.endpoints, library.system))
    return tuple(found)


def _compared(
    number: int, expected: Iterable[Mapping[str, Any]], endpoints: Iterable[Endpoint], system: str
) -> Iterator[Mismatch]:
    """Every expectation must be met by one endpoint, and every endpoint that sends or receives must be expected."""
    left = list(endpoints)
    for one in expected:
        met = next((endpoint for endpoint in left if not _differences(one, endpoint, system)), None)
        if met is not None:
            left.remove(met)
            continue
        near = next((endpoint for endpoint in left if _same_place(one, endpoint)), None)
        if near is None:
            yield Mismatch(number, one["line"], f"nothing {one['role']}s here; expected was {_described(one, system)}")
        else:
            left.remove(near)
            yield Mismatch(number, one["line"], "; ".join(_differences(one, near, system)))
    for endpoint in left:
        if endpoint.role != "manage":
            says = f"not expected: {endpoint.role} {endpoint.system} {', '.join(_channels(endpoint))}"
            yield Mismatch(number, endpoint.place.line, says)


def _same_place(expected: Mapping[str, Any], endpoint: Endpoint) -> bool:
    return (endpoint.place.line, endpoint.role) == (expected["line"], expected["role"])


def _differences(expected: Mapping[str, Any], endpoint: Endpoint, system: str) -> list[str]:
    """In what an endpoint differs from what is expected; empty when it agrees."""
    if not _same_place(expected, endpoint):
        return ["another place or role"]
    wrong = []
    wanted_system = expected.get("system", system)
    if endpoint.system != wanted_system:
        wrong.append(f"system is {endpoint.system}, not {wanted_system}")
    channels = _channels(endpoint)
    if "channel" in expected and not _agree(expected["channel"], channels):
        wrong.append(f"channel is {', '.join(channels) or 'missing'}, not {expected['channel']}")
    groups = [_text(name) for name in endpoint.groups]
    if "group" in expected and not _agree(expected["group"], groups):
        wrong.append(f"group is {', '.join(groups) or 'missing'}, not {expected['group']}")
    return wrong


def _agree(wanted: Any, names: list[str]) -> bool:
    """Are ``names`` just the wanted ones, in any order? A wanted name may be a glob."""
    wanted = [str(one) for one in (wanted if isinstance(wanted, list) else [wanted])]
    return len(set(names)) == len(wanted) and all(any(fnmatchcase(name, one) for name in names) for one in wanted)


def _channels(endpoint: Endpoint) -> list[str]:
    return sorted({_text(channel.name) for channel in endpoint.channels})


def _text(name: Name) -> str:
    if name.text is not None:
        return name.text
    return f"env:{name.env}" if name.env else "?"


def _described(expected: Mapping[str, Any], system: str) -> str:
    return f"{expected.get('system', system)} {expected.get('channel', '?')}"
