"""Reading: files -> summaries, many at once in worker processes, single ones on demand, none twice.

A file that can't be read or parsed gives one diagnostic and is left out.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TYPE_CHECKING

from brokerlint.cache import Store, digest
from brokerlint.places import Diagnostic
from brokerlint.python import ir, source
from brokerlint.words import Words, any_of

if TYPE_CHECKING:
    from brokerlint.python.elsewhere import Elsewhere
    from brokerlint.python.pool import Chunk, Pool

SMALL = 150_000
"""Bytes of source below which starting worker processes costs more than it saves."""

SMALL_FOR_RUNNING = 30_000
"""The same for workers that run already."""

CHUNK = 50_000
"""Bytes of source that a worker gets at a time."""

KEPT = 64 * 1024 * 1024
"""Bytes of source kept in memory for looking up words; beyond it, files are read again."""

Told = Callable[[int, int], None]
"""Told (done, total) while files are read."""


class Sources:
    """The Python files of one tree and what has been read of them.

    Takes the root folder (None when ``texts`` are given directly), the files' paths relative to it, how many worker
    processes to use (0: as many as there are processors) or an executor to use instead, and where to keep summaries.
    ``failed`` are the files that could not be read, ``beside`` those that were read although they are not of ``paths``,
    ``seconds`` the time that reading took so far, whoever asked for it.
    """

    def __init__(
        self,
        root: Path | None,
        paths: Iterable[str],
        texts: dict[str, bytes] | None = None,
        workers: int = 0,
        executor: Executor | None = None,
        store: Store | None = None,
    ) -> None:
        self.root = root
        self.paths = tuple(sorted(paths))
        self.diagnostics: list[Diagnostic] = []
        self.summaries: dict[str, ir.Module | None] = {}
        self._known = frozenset(self.paths)
        self._texts: dict[str, bytes] = dict(texts or {})
        self._kept = 0
        self.failed: set[str] = set()
        self.beside: set[str] = set()
        self.seconds = 0.0
        self._words: dict[str, list[str]] = {}
        self._held = Words(self.paths, self.text)
        self._named: dict[tuple[str, tuple[bytes, ...], bytes], list[str]] = {}
        self._workers = workers or os.cpu_count() or 1
        self._executor = executor
        self._pool: Pool | None = None
        self._cluster: Elsewhere | None = None
        self._store = store
        self._stamp = source.stamp() if store else b""

    def holds(self, path: str) -> bool:
        """Is there a file at ``path``?"""
        return path in self._texts or (self.root is not None and (self.root / path).is_file())

    def text(self, path: str) -> bytes:
        """The bytes of a file; empty (with a diagnostic) when it can't be read."""
        known = self._texts.get(path)
        if known is not None:
            return known
        if path in self.failed or self.root is None:
            return b""
        if path not in self._known:
            self.beside.add(path)
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            self.failed.add(path)
            reason = error.strerror or "can't be opened"
            self.diagnostics.append(Diagnostic("unreadable", path, 1, f"could not be read: {reason}"))
            return b""
        if self._kept + len(data) <= KEPT:
            self._kept += len(data)
            self._texts[path] = data
        return data

    def mentioning(self, word: str) -> list[str]:
        """The files whose bytes hold ``word``."""
        found = self._words.get(word)
        if found is None:
            needle = word.encode("utf-8", "surrogatepass")
            found = self._words[word] = [path for path in self.paths if needle in self.text(path)] if needle else []
        return found

    def keep_to(self, paths: Iterable[str]) -> None:
        """Look for calls, arguments, classes and functions in these files alone from now on."""
        self._held = Words(tuple(sorted(paths)), self.text)
        self._named.clear()

    def calling(self, name: str) -> list[str]:
        """The files that call something called ``name``, or give it another name as they import it."""
        return self._naming(name, b"%b(", b"%b as ")

    def passing(self, name: str) -> list[str]:
        """The files with ``name`` before a comma or a closing bracket, as an argument stands there."""
        return self._naming(name, b"%b,", b"%b)")

    def defining(self, name: str) -> list[str]:
        """The files with a function called ``name``."""
        return self._naming(name, b"def %b(")

    def deriving(self, name: str) -> list[str]:
        """The files with a class statement that names the base ``name``, or that give ``name`` another name."""
        statement = rb"\bclass\s+\w+\s*(?:\[[^\]]*\]\s*)?\([^)]*\b%b\b"
        return self._naming(name, b"%b as ", statement=statement)

    def _naming(self, name: str, *forms: bytes, statement: bytes = b"") -> list[str]:
        """The files that hold ``name`` in one of the ``forms`` where a word begins, or in a ``statement``."""
        key = (name, forms, statement)
        found = self._named.get(key)
        if found is None:
            needle = name.encode("utf-8", "surrogatepass")
            wanted = [form % needle for form in forms]
            search = re.compile(statement % re.escape(needle)).search if statement else None
            found = self._named[key] = []
            for path in self._held.holding(needle):
                text = self.text(path)
                if needle in text and (any(_begins(text, form) for form in wanted) or (search and search(text))):
                    found.append(path)
        return found

    def importing(self, name: str, among: Iterable[str]) -> list[str]:
        """Those files that import the top-level package ``name``, alone or behind others (``import json, kafka``)."""
        statement = rf"(?:^|[;:])[ \t]*(?:import|from)[ \t]+(?:[^\n]*[ \t,])?{re.escape(name)}(?!\w)"
        pattern = re.compile(statement.encode(), re.MULTILINE)
        needle = name.encode()
        return [path for path in among if needle in (text := self.text(path)) and pattern.search(text)]

    def mentioning_any(self, words: Iterable[bytes], among: Iterable[str] | None = None) -> list[str]:
        """The files, all or some, whose bytes hold any of ``words``."""
        holds = any_of(words)
        return [path for path in (self.paths if among is None else among) if holds(self.text(path))]

    def summary(self, path: str) -> ir.Module | None:
        """The summary of one file, read now if it was not yet; None when it can't be."""
        if path not in self.summaries and path in self._known:
            self.read([path])
        return self.summaries.get(path)

    def ahead(self, paths: Iterable[str]) -> None:
        """Let idle workers begin with files that will probably be asked for. Those that are not leave no trace."""
        if self._executor is not None or self._workers < 2:
            return
        fresh = [path for path in paths if path not in self.summaries and path in self._known]
        fresh = [path for path in fresh if not (self._store and self._store.get(self._key(path)))]
        if self._pool is None and sum(len(self.text(path)) for path in fresh) < SMALL:
            return
        self._processes().begin([(path, self.text(path)) for path in fresh])

    def read(self, paths: Iterable[str], progress: Told | None = None) -> None:
        """Read many files, in worker processes when that pays."""
        started = time.perf_counter()
        self._read(paths, progress)
        self.seconds += time.perf_counter() - started

    def _read(self, paths: Iterable[str], progress: Told | None) -> None:
        fresh = [path for path in paths if path not in self.summaries and not self._remembered(path)]
        total = len(fresh)
        fresh = self._without_begun(fresh)
        size = sum(len(self.text(path)) for path in fresh)
        worth = size >= SMALL or (self._pool is not None and len(fresh) > 1 and size >= SMALL_FOR_RUNNING)
        if not worth or (self._executor is None and self._workers < 2):
            for number, path in enumerate(fresh, total - len(fresh) + 1):
                self._read_here(path)
                if progress:
                    progress(number, total)
            return
        done = total - len(fresh)
        for results in self._elsewhere(self._chunks(fresh)):
            for one in results:
                self._keep_packed(one)
            done += len(results)
            if progress:
                progress(done, total)

    def _without_begun(self, paths: list[str]) -> list[str]:
        """Take over what workers have read ahead of these files; the others."""
        if self._pool is None:
            return paths
        left = []
        for path in paths:
            one = self._processes().begun((path, self.text(path)), len(paths) > 1)
            if one is None:
                left.append(path)
            else:
                self._keep_packed(one)
        return left

    def close(self) -> None:
        """End the worker processes, and keep what was read for the next run."""
        for workers in (self._pool, self._cluster):
            if workers is not None:
                workers.close()
        self._pool = self._cluster = None
        if self._store is not None:
            self._store.save()

    def _elsewhere(self, chunks: list[Chunk]) -> Iterable[Sequence[source.Packed | Diagnostic]]:
        if self._executor is None:
            return self._processes().read(chunks)
        if self._cluster is None:
            from brokerlint.python.elsewhere import Elsewhere

            self._cluster = Elsewhere(self._executor, self._workers)
        return self._cluster.read(chunks)

    def _processes(self) -> Pool:
        if self._pool is None:
            from brokerlint.python.pool import Pool

            self._pool = Pool(self._workers)
        return self._pool

    def _chunks(self, paths: list[str]) -> list[Chunk]:
        chunks: list[list[tuple[str, bytes]]] = []
        size = CHUNK
        for path in paths:
            data = self.text(path)
            if size >= CHUNK:
                chunks.append([])
                size = 0
            chunks[-1].append((path, data))
            size += len(data) + 500
        return list(chunks)

    def _key(self, path: str) -> bytes:
        return digest(self._stamp, path.encode("utf-8", "surrogateescape"), self.text(path))

    def _remembered(self, path: str) -> bool:
        """Whether an earlier run has read these bytes; its result is taken over."""
        known = self._store.get(self._key(path)) if self._store else None
        found = source.unpack(path, known) if known is not None else None
        if found is not None:
            self._keep(path, *found)
        return found is not None

    def _read_here(self, path: str) -> None:
        if self._store is not None:
            self._keep_packed((path, source.pack(path, self.text(path))))
        else:
            self._keep(path, *source.read_source(path, self.text(path)))

    def _keep_packed(self, one: source.Packed | Diagnostic) -> None:
        if isinstance(one, Diagnostic):  # it may be the machine's fault, so the next run tries again
            self._keep(one.path, None, one)
            return
        path, data = one
        if self._store is not None and path not in self.failed:
            self._store.put(self._key(path), data)
        self._keep(path, *(source.unpack(path, data) or (None, None)))

    def _keep(self, path: str, module: ir.Module | None, diagnostic: Diagnostic | None) -> None:
        self.summaries[path] = module
        if diagnostic is not None:
            self.diagnostics.append(diagnostic)


def _begins(text: bytes, form: bytes) -> bool:
    """Does ``form`` stand somewhere in ``text`` with no part of a word before it?"""
    at = text.find(form)
    while at >= 0:
        before = text[at - 1 : at] if at else b""
        if not (before.isalnum() or before == b"_"):
            return True
        at = text.find(form, at + 1)
    return False
