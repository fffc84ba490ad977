"""Gives the program inputs that nobody would write, and keeps each that crashes, hangs or eats the memory.

    python tests/benchmarks/fuzz.py --inputs 100000 --minutes 60 --workers 2 [--keep DIR] [FOLDER...]

Inputs are programs from a grammar and damaged copies of the files in the folders (by default the fixtures). Each is
decided by its number alone, so ``--only NUMBER`` with the same folders gives it again. See README.md.
"""

from __future__ import annotations

import argparse
import faulthandler
import multiprocessing
import os
import random
import resource
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from examine import amiss, unreadable
from inputs import Real, Tree, draw

FIXTURES = Path(__file__).parents[2] / "fixtures"
MEMORY = 4 * 1024**3
"""Bytes of address space that an input may take, stacks included."""

BATCH = 200
"""Inputs that a process gets at a time."""

WHOLE = 5
"""One input of so many goes the whole way to findings, advice and reports; the others are only read."""

WAITED = 20
"""How many times longer than the processor an input may take by the clock: others use this machine, too."""

TELL = 60.0
"""Seconds between two lines that tell how far it is."""


@dataclass
class Tally:
    """What has been tried so far."""

    kinds: Counter[str] = field(default_factory=Counter)
    failures: dict[int, str] = field(default_factory=dict)
    slowest: tuple[float, int] = (0.0, -1)


def given(number: int, real: Real) -> tuple[str, Tree]:
    """The input with a number."""
    return draw(random.Random(number), real, alone=number % WHOLE != 0)


def look(tree: Tree, number: int) -> str:
    """What is wrong with the program for this input: every fifth goes the whole way, the others are read."""
    return unreadable(tree) if number % WHOLE else amiss(tree, number // WHOLE)


def work(real: Real, seconds: float, tasks: Connection) -> None:
    """Examine numbers as they are sent, and tell of each before and after; the process ends when one takes too long."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    warnings.simplefilter("error")
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a file that has a number
        while True:
            numbers = tasks.recv()
            for number in numbers:
                kind, tree = given(number, real)
                tasks.send(("start", number, kind))
                started = time.process_time()
                faulthandler.dump_traceback_later(WAITED * seconds, exit=True, file=nowhere)
                used = resource.getrusage(resource.RUSAGE_SELF)
                resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime + seconds) + 1, -1))
                problem = look(tree, number)
                faulthandler.cancel_dump_traceback_later()
                tasks.send(("end", number, problem, time.process_time() - started))
            tasks.send(("more",))


class Worker:
    """A process that examines, and what it was given."""

    def __init__(self, real: Real, seconds: float) -> None:
        self._arguments = (real, seconds)
        self._start()

    def _start(self) -> None:
        self.here, there = multiprocessing.Pipe()
        process = multiprocessing.get_context("fork").Process(target=work, args=(*self._arguments, there), daemon=True)
        process.start()
        there.close()
        self.process = process
        self.left: list[int] = []
        self.now: int | None = None

    def give(self, numbers: Sequence[int]) -> None:
        self.left = list(numbers)
        self.here.send(self.left)

    def again(self) -> tuple[int, str]:
        """The number that ended the process, and how; a new one goes on with the rest."""
        assert self.now is not None
        self.process.join()
        number, code = self.now, self.process.exitcode
        rest = self.left[self.left.index(number) + 1 :]
        problem = "took too long" if code in (1, -signal.SIGXCPU) else f"ended the process ({code})"
        self._start()
        self.give(rest)
        return number, problem


def fuzz(real: Real, numbers: range, workers: int, until: float, seconds: float) -> Tally:
    """Try ``numbers`` until the clock says ``until``."""
    tally, waiting = Tally(), iter(range(numbers.start, numbers.stop, BATCH))
    team: dict[Any, Worker] = {}

    def feed(worker: Worker) -> bool:
        start = next(waiting, None) if time.monotonic() < until else None
        if start is not None:
            worker.give(range(start, min(start + BATCH, numbers.stop)))
        return start is not None

    amiss(given(0, Real())[1])  # so that no process begins with the imports
    for _ in range(workers):
        worker = Worker(real, seconds)
        if feed(worker):
            team[worker.here] = worker
    told = time.monotonic()
    while team:
        if time.monotonic() > told + TELL:
            told = time.monotonic()
            print(f"{sum(tally.kinds.values())} inputs, {len(tally.failures)} failed", file=sys.stderr, flush=True)
        for here in wait(list(team)):
            worker = team.pop(here)
            try:
                message = worker.here.recv()
            except EOFError:
                number, problem = worker.again()
                _failed(tally, number, problem)
                team[worker.here] = worker
                continue
            if message[0] == "start":
                worker.now = message[1]
                tally.kinds[message[2]] += 1
            elif message[0] == "end":
                tally.slowest = max(tally.slowest, (message[3], message[1]))
                if message[2]:
                    _failed(tally, message[1], message[2])
            elif not feed(worker):
                worker.process.kill()
                continue
            team[worker.here] = worker
    return tally


def _failed(tally: Tally, number: int, problem: str) -> None:
    tally.failures[number] = problem
    last = problem.strip().splitlines()[-1]
    print(f"input {number}: {last[:300]}", flush=True)


def keep(place: Path, number: int, real: Real, problem: str) -> None:
    """Write a failing input and what is wrong with it."""
    for path, data in given(number, real)[1].items():
        file = place / str(number) / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (place / str(number) / "PROBLEM.txt").write_text(problem)


def main() -> int:
    """Read the command line, fuzz, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER")
    parser.add_argument("--inputs", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--minutes", type=float, default=60.0, help="stop after so many")
    parser.add_argument("--seconds", type=float, default=30.0, help="of the processor that one input may take")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="write failing inputs below this directory")
    parser.add_argument("--only", type=int, help="try this input alone, in this process")
    options = parser.parse_args()
    real = Real.below(options.folders or [FIXTURES])
    if options.only is not None:
        kind, tree = given(options.only, real)
        print(kind, {path: len(data) for path, data in tree.items()}, look(tree, options.only), sep="\n")
        return 0
    started = time.monotonic()
    numbers = range(options.first, options.first + options.inputs)
    tally = fuzz(real, numbers, options.workers, started + 60 * options.minutes, options.seconds)
    for number, problem in tally.failures.items():
        if options.keep:
            keep(options.keep, number, real, problem)
    tried, minutes = sum(tally.kinds.values()), (time.monotonic() - started) / 60
    kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(tally.kinds.items()))
    print(f"{tried} inputs ({kinds}) in {minutes:.1f} minutes: {len(tally.failures)} failed")
    print(f"slowest: input {tally.slowest[1]} with {tally.slowest[0]:.2f} seconds")
    return 1 if tally.failures else 0


if __name__ == "__main__":
    sys.exit(main())
