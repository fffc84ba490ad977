"""The verdict as an earlier run gave it, as long as nothing that it comes from has changed.

It comes from the facts, what the user chose and wrote into comments, the checks that are installed, this program, and
the day, since suppressions expire.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path

from brokerlint import cache, confidence, places
from brokerlint.cache import Store, digest
from brokerlint.checking import Check, Finding, Registry, Suppression, finding, registry
from brokerlint.config import Config
from brokerlint.facts import Facts
from brokerlint.packing import Packing, PackingError
from brokerlint.remembered import program
from brokerlint.verdict import Verdict, judge

_PACKING = Packing(finding, confidence, places)


def judged(
    store: Store | None, facts: Facts, config: Config, comments: Iterable[Suppression] = (), today: date | None = None
) -> Verdict:
    """What `judge` says with the installed checks; ``store`` keeps it for the next run. Raises as `judge` does."""
    today, comments = today or date.today(), tuple(comments)
    if store is None:
        return judge(facts, config, registry.load(), comments, today)
    key = digest(program(), installed(), repr((facts, config, comments, today)).encode("utf-8", "surrogatepass"))
    known = _unpacked(store.get(key))
    if known is not None:
        return known
    verdict = judge(facts, config, registry.load(), comments, today)
    if not verdict.diagnostics:  # a check that failed may do better next time
        try:
            store.put(key, _PACKING.pack((verdict.findings, tuple(verdict.checks), verdict.suppressed)))
            store.save()
        except (PackingError, RecursionError):
            pass
    return verdict


def installed() -> bytes:
    """What tells the installed checks from others: the bytes of their code."""
    files: list[Path] = []
    for name in registry.packs():
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or ()) if spec else ():
            files += Path(folder).rglob("*.py")
        if spec is not None and spec.origin:
            files.append(Path(spec.origin))
    return cache.stamp(dict.fromkeys(files))


def _unpacked(data: bytes | memoryview | None) -> Verdict | None:
    if data is None:
        return None
    try:
        findings, ids, suppressed = _PACKING.unpack(data)
    except (PackingError, TypeError, ValueError):
        return None
    whole = all(isinstance(one, Finding) for one in findings) and all(isinstance(one, str) for one in ids)
    return Verdict(tuple(findings), _Installed(ids), (), suppressed) if whole else None


class _Installed(Mapping[str, Check]):
    """Checks by id; they are imported when somebody looks at one."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple(ids)

    @cached_property
    def _registry(self) -> Registry:
        return registry.load()

    def __getitem__(self, key: str) -> Check:
        if key not in self._ids:
            raise KeyError(key)
        return self._registry.get(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)
