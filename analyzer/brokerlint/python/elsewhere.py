"""Reading on machines that somebody else runs: any ``concurrent.futures.Executor``, such as that of a Dask cluster.

The contents of files are sent and summaries come back, so a worker needs nothing but this program. What a worker does
not give (it died, was lost, or nothing comes any more) is read here instead, so the result is that of reading here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TypeAlias

from brokerlint import __version__
from brokerlint.cache import digest
from brokerlint.places import Diagnostic
from brokerlint.python.pool import Chunk, Pool
from brokerlint.python.source import Packed, WorkersError, pack_all

AT_ONCE = 256
"""Chunks that are on their way at a time: enough for hundreds of workers, and no tree is in memory twice."""

PATIENCE = 60.0
"""Seconds in which something must come back."""

Results: TypeAlias = list[Packed | Diagnostic]
Task: TypeAlias = Future[list[Packed] | None]


@cache
def program() -> bytes:
    """What must be the same here and there, so that both give the same: this front end, LibCST, Python's release."""
    own = [path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))]
    return digest(__version__.encode(), version("libcst").encode(), repr(sys.version_info[:2]).encode(), *own)


def work(expected: bytes, chunk: Chunk) -> list[Packed] | None:
    """What a worker does: the summaries of some files; None when it is another program than ``expected``."""
    return pack_all(chunk) if program() == expected else None


class Elsewhere:
    """Reads like `Pool`, with workers behind ``executor``; ``workers`` processes of this machine stand in for them."""

    def __init__(self, executor: Executor, workers: int, patience: float = PATIENCE) -> None:
        self._executor = executor
        self._here = Pool(workers, start="spawn")  # a connection has threads, which no fork may inherit
        self._patience = patience
        self._lost = False

    def read(self, chunks: Sequence[Chunk]) -> Iterator[Results]:
        """What was read, chunk by chunk in the given order. Raises `WorkersError`."""
        tasks: dict[Task, int] = {}
        results: dict[int, Results | None] = {}
        given = 0
        try:
            for number in range(len(chunks)):
                while number not in results and not self._lost:
                    while given < len(chunks) and len(tasks) < AT_ONCE:
                        tasks[self._submit(chunks[given])] = given
                        given += 1
                    results.update(self._next(tasks))
                if self._lost:
                    yield from self._here.read(chunks[number:])
                    return
                result = results.pop(number)
                if result is None:
                    yield from self._here.read([chunks[number]])
                else:
                    yield result
        finally:
            for task in tasks:
                task.cancel()

    def close(self) -> None:
        """End the processes of this machine; the executor is its owner's."""
        self._here.close()

    def _submit(self, chunk: Chunk) -> Task:
        try:
            return self._executor.submit(work, program(), chunk)
        except Exception as error:  # of an executor that is at its end
            failed: Task = Future()
            failed.set_exception(error)
            return failed

    def _next(self, tasks: dict[Task, int]) -> dict[int, Results | None]:
        """Take what is done out of ``tasks``: by number, what was read, or None for what did not work."""
        done, _ = wait(tasks, self._patience, FIRST_COMPLETED)
        self._lost = not done
        return {tasks.pop(task): _result(task) for task in done}


def _result(task: Task) -> Results | None:
    try:
        found = task.result()
    except ImportError as error:
        raise WorkersError(f"the workers can't read: {type(error).__name__}: {error}") from error
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # whatever may happen to a worker; being cancelled may be no ``Exception``
        return None
    if found is None:
        raise WorkersError("the workers have another version of brokerlint, LibCST or Python than this process")
    return list(found)
