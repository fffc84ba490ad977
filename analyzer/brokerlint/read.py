"""Reading: files -> summaries, many at once in worker processes, single ones on demand.

A file that can't be read or parsed gives one diagnostic and is left out; a worker process that dies takes only the
file with it that it was working on.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from brokerlint.places import Diagnostic
from brokerlint.python import ir, screen

SMALL = 400_000
"""Bytes of source below which starting worker processes costs more than it saves."""

CHUNK = 150_000
"""Bytes of source that a worker gets at a time."""

KEPT = 64 * 1024 * 1024
"""Bytes of source kept in memory for looking up words; beyond it, files are read again."""

Read = tuple[str, ir.Module | None, Diagnostic | None]


def read_source(path: str, data: bytes) -> Read:
    """One file -> its summary, or the diagnostic that says why there is none."""
    from brokerlint.python import lower

    try:
        screen.check(data)
        text = screen.decode(data)
        return path, screen.deeply(lambda: lower.lower(path, text)), None
    except screen.Unreadable as error:
        return path, None, Diagnostic(error.kind, path, error.line, str(error))
    except lower.SourceError as error:
        return path, None, Diagnostic("syntax-error", path, error.line, f"does not parse: {error}")
    except RecursionError:
        return path, None, Diagnostic("too-deep", path, 1, "is nested too deeply")


def _read_chunk(chunk: Sequence[tuple[str, bytes]]) -> list[Read]:
    return [read_source(path, data) for path, data in chunk]


class Sources:
    """The Python files of one tree and what has been read of them.

    Takes the root folder (None when ``texts`` are given directly), the files' paths relative to it, and how many
    worker processes to use (0: as many as there are processors).
    """

    def __init__(
        self,
        root: Path | None,
        paths: Iterable[str],
        texts: dict[str, bytes] | None = None,
        workers: int = 0,
        executor: Executor | None = None,
    ) -> None:
        self.root = root
        self.paths = tuple(sorted(paths))
        self.diagnostics: list[Diagnostic] = []
        self.summaries: dict[str, ir.Module | None] = {}
        self._known = frozenset(self.paths)
        self._texts: dict[str, bytes] = dict(texts or {})
        self._kept = 0
        self._failed: set[str] = set()
        self._words: dict[str, list[str]] = {}
        self._workers = workers or os.cpu_count() or 1
        self._executor = executor
        self._pool: ProcessPoolExecutor | None = None

    def holds(self, path: str) -> bool:
        """Is there a file at ``path``?"""
        return path in self._texts or (self.root is not None and (self.root / path).is_file())

    def text(self, path: str) -> bytes:
        """The bytes of a file; empty (with a diagnostic) when it can't be read."""
        known = self._texts.get(path)
        if known is not None:
            return known
        if path in self._failed or self.root is None:
            return b""
        try:
            data = (self.root / path).read_bytes()
        except OSError as error:
            self._failed.add(path)
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
            needle = word.encode()
            found = self._words[word] = [path for path in self.paths if needle in self.text(path)] if needle else []
        return found

    def mentioning_any(self, words: Sequence[bytes]) -> list[str]:
        """The files whose bytes hold any of ``words``."""
        found = []
        for path in self.paths:
            data = self.text(path)
            if any(word in data for word in words):
                found.append(path)
        return found

    def summary(self, path: str) -> ir.Module | None:
        """The summary of one file, read now if it was not yet; None when it can't be."""
        if path not in self.summaries and path in self._known:
            self._keep(read_source(path, self.text(path)))
        return self.summaries.get(path)

    def read(self, paths: Iterable[str], progress: Callable[[int, int], None] | None = None) -> None:
        """Read many files, in worker processes when that pays."""
        fresh = [path for path in paths if path not in self.summaries]
        total = sum(len(self.text(path)) for path in fresh)
        if self._executor is None and (total < SMALL or self._workers < 2):
            for done, path in enumerate(fresh, 1):
                self._keep(read_source(path, self.text(path)))
                if progress:
                    progress(done, len(fresh))
            return
        chunks = self._chunks(fresh)
        if self._executor is not None:
            for chunk in self._executor.map(_read_chunk, chunks):
                for one in chunk:
                    self._keep(one)
            return
        self._in_processes(chunks, len(fresh), progress)

    def close(self) -> None:
        """End the worker processes."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None

    def _in_processes(
        self, chunks: list[list[tuple[str, bytes]]], total: int, progress: Callable[[int, int], None] | None
    ) -> None:
        """Read chunks in parallel; those that a dying worker took along are read again, file by file, each alone."""
        self._pool = self._pool or ProcessPoolExecutor(self._workers)
        tasks = [(chunk, self._pool.submit(_read_chunk, chunk)) for chunk in chunks]
        broken: list[tuple[str, bytes]] = []
        for chunk, task in tasks:
            try:
                for one in task.result():
                    self._keep(one)
            except BrokenProcessPool:
                broken += chunk
            if progress:
                progress(len(self.summaries), total)
        if broken:
            self.close()
        for path, data in broken:
            self._alone(path, data)

    def _alone(self, path: str, data: bytes) -> None:
        with ProcessPoolExecutor(1) as pool:
            try:
                self._keep(pool.submit(read_source, path, data).result())
            except BrokenProcessPool:
                self._keep((path, None, Diagnostic("crash", path, 1, "ended the parser; it is left out")))

    def _chunks(self, paths: list[str]) -> list[list[tuple[str, bytes]]]:
        chunks: list[list[tuple[str, bytes]]] = []
        size = CHUNK
        for path in paths:
            data = self.text(path)
            if size >= CHUNK:
                chunks.append([])
                size = 0
            chunks[-1].append((path, data))
            size += len(data) + 500
        return chunks

    def _keep(self, one: Read) -> None:
        path, module, diagnostic = one
        self.summaries[path] = module
        if diagnostic is not None:
            self.diagnostics.append(diagnostic)
