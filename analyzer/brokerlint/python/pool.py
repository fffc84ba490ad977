"""Worker processes that read files. One that dies, or takes too long over a file, takes only that file with it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeAlias

from brokerlint.places import Diagnostic
from brokerlint.python.source import Packed, pack_all

PATIENCE = 20.0
"""Seconds of the processor that a worker may spend on one file; the slowest real files take two."""

Chunk: TypeAlias = Sequence[tuple[str, bytes]]
"""Some files: path and bytes of each."""


class Pool:
    """``workers`` processes that live until `close`; ``start`` is how they are made, where it matters."""

    def __init__(self, workers: int, patience: float = PATIENCE, start: str | None = None) -> None:
        self._start = start
        self._workers = workers
        self._patience = patience
        self._processes: ProcessPoolExecutor | None = None

    def read(self, chunks: Sequence[Chunk]) -> Iterator[list[Packed | Diagnostic]]:
        """What was read, chunk by chunk in the given order; a diagnostic for a file that ended its worker."""
        waiting = list(chunks)
        while waiting:
            tasks = [self._submit(chunk) for chunk in waiting]
            done = 0
            try:
                for task in tasks:
                    yield list(task.result())
                    done += 1
            except BrokenProcessPool:
                self.close()
                # Work is handed out in order, so the guilty file is in one of the first chunks that are not done.
                suspects = waiting[done : done + self._workers + 1]
                yield [one for chunk in suspects for file in chunk for one in self._alone(file)]
                done += len(suspects)
            waiting = waiting[done:]

    def close(self) -> None:
        """End the processes."""
        if self._processes is not None:
            self._processes.shutdown(cancel_futures=True)
            self._processes = None

    def _submit(self, chunk: Chunk) -> Future[list[Packed]]:
        if self._processes is None:
            self._processes = ProcessPoolExecutor(self._workers, get_context(self._start))
        return self._processes.submit(pack_all, chunk, self._patience)

    def _alone(self, file: tuple[str, bytes]) -> list[Packed | Diagnostic]:
        """One file while nothing else is read, so that it is known whose fault it is when the process dies."""
        started = time.monotonic()
        try:
            return list(self._submit([file]).result())
        except BrokenProcessPool:
            self.close()
        if time.monotonic() - started >= self._patience:
            return [Diagnostic("timeout", file[0], 1, f"takes longer than {self._patience:g} seconds to read")]
        return [Diagnostic("crash", file[0], 1, "ended the process that read it; it is left out")]
