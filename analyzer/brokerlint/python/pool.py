"""Worker processes that read files. One that dies, or takes too long over a file, takes only that file with it.

While nobody waits for them they can begin with files that will probably be asked for.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeAlias

from brokerlint.places import Diagnostic
from brokerlint.python.source import Packed, pack_all

PATIENCE = 20.0
"""Seconds of the processor that a worker may spend on one file; the slowest real files take two."""

PIECE = 10_000
"""Bytes of source that a worker takes at a time while nobody waits: so few that whoever then does waits for little."""

Chunk: TypeAlias = Sequence[tuple[str, bytes]]
"""Some files: path and bytes of each."""


def _pieces(files: Chunk) -> Iterator[Chunk]:
    piece: list[tuple[str, bytes]] = []
    size = 0
    for file in files:
        piece.append(file)
        size += len(file[1])
        if size >= PIECE:
            yield piece
            piece, size = [], 0
    if piece:
        yield piece


def _serve() -> None:
    """What a worker does first: let the process that it works for go first, and end when that one has ended."""
    if hasattr(os, "nice"):
        os.nice(5)
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:  # nothing else tells a worker that its parent was killed
        time.sleep(1)
    os._exit(1)


class Pool:
    """``workers`` processes that live until `close`; ``start`` is how they are made, where it matters."""

    def __init__(self, workers: int, patience: float = PATIENCE, start: str | None = None) -> None:
        self._start = start
        self._workers = workers
        self._patience = patience
        self._processes: ProcessPoolExecutor | None = None
        self._begun: dict[str, Future[list[Packed]]] = {}

    def begin(self, files: Chunk) -> None:
        """Let workers read ``files`` for a later `begun`."""
        for chunk in _pieces(files):
            try:
                task = self._submit(chunk)
            except BrokenProcessPool:  # whoever asks for the file will be told
                self.close()
                return
            self._begun |= {path: task for path, _ in chunk}

    def begun(self, file: tuple[str, bytes], patient: bool) -> Packed | Diagnostic | None:
        """What came of a file that was begun; None when no worker is at it yet, unless it is waited for (``patient``),
        or when it was never begun."""
        task = self._begun.pop(file[0], None)
        if task is None or task.cancelled() or (not patient and task.cancel()):
            return None
        try:
            return next(one for one in task.result() if one[0] == file[0])
        except (BrokenProcessPool, CancelledError):  # it may be the one that ended its worker
            self.close()
            return self._alone(file)[0]

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
            self._processes = ProcessPoolExecutor(self._workers, get_context(self._start), _serve)
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
