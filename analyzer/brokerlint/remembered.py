"""The facts of a tree as an earlier run found them, as long as nothing that they come from has changed.

They come from this program, what the user chose, the names of all files, and the bytes of those that were read. The
files that every run reads are part of the key; those that only this tree led to are noted beside the facts.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from brokerlint import facts, places
from brokerlint.cache import Store, digest, stamp
from brokerlint.discover import Discovered
from brokerlint.facts import Facts
from brokerlint.packing import Packing, PackingError
from brokerlint.python import source
from brokerlint.read import Sources

_PACKING = Packing(facts, places)
_MACHINES = frozenset(("crash", "timeout", "unreadable"))
"""Problems that may be gone at the next run although no file has changed."""


class Remembered:
    """Asks ``store`` for the facts of the files that were ``found``; ``choices`` is what else they depend on."""

    def __init__(
        self, store: Store, sources: Sources, found: Discovered, content: Callable[[str], bytes], choices: str
    ) -> None:
        self._store = store
        self._sources = sources
        self._key = self._of(found, content, choices)

    def facts(self) -> Facts | None:
        """The facts, when they are known."""
        data = self._store.get(self._key) if self._key else None
        if data is None:
            return None
        try:
            others, known = _PACKING.unpack(data)
            same = all(self._content(path) == content for path, content in others)
        except (PackingError, TypeError, ValueError):
            return None
        return known if same and isinstance(known, Facts) else None

    def keep(self, found: Facts) -> None:
        """Remember ``found`` for the next run, unless another run might find something else."""
        if not self._key or any(problem.kind in _MACHINES for problem in found.diagnostics):
            return
        others = tuple((path, self._content(path)) for path in sorted(self._sources.beside))
        try:
            self._store.put(self._key, _PACKING.pack((others, found)))
        except (PackingError, RecursionError):
            return

    def _content(self, path: str) -> bytes:
        return digest(self._sources.text(path))

    def _of(self, found: Discovered, content: Callable[[str], bytes], choices: str) -> bytes:
        """The key of everything that is looked at in any case; empty when a part can't be read."""
        root = self._sources.root.resolve().name if self._sources.root else ""
        parts = [program(), choices.encode(), root.encode("utf-8", "surrogateescape")]
        parts += [repr((found.diagnostics, sorted(found.apart.items()))).encode("utf-8", "backslashreplace")]
        parts += ["\0".join(names).encode("utf-8", "surrogateescape") for names in (found.paths, found.sources)]
        parts += [digest(self._sources.text(path)) for path in found.sources]
        try:
            parts += [digest(content(path)) for path in found.manifests]
        except OSError:
            return b""
        return b"" if self._sources.failed else digest(*parts)


@cache
def program() -> bytes:
    """What tells this program from another version of it: the bytes of its code and tables."""
    package = Path(facts.__file__).parent
    return stamp(path for path in package.rglob("*") if path.suffix in (".py", ".yaml")) + source.stamp()
