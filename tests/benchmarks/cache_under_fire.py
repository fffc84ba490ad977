"""Runs on one cache that are killed, starved of disk and disturbed; every result must be that of ``--no-cache``.

    python tests/benchmarks/cache_under_fire.py --minutes 10 [--runs 500] [TREE]

Each round changes a file of a copy of TREE (by default of a fixture) now and then, starts up to three runs at once, and
does one of these: nothing, kill them at a random moment (-9), let no file grow beyond a few bytes, flip a bit of a
pack, cut it off, take away permissions, remove the cache. A run that ends by itself must say what it says without it.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

FIXTURE = Path(__file__).parents[2] / "fixtures" / "queue-as-log"
HARMS = ("nothing", "kill", "kill", "kill", "no room", "flip", "cut", "read-only", "remove")


def start(tree: Path, place: Path, *options: str, room: int = -1) -> subprocess.Popen[bytes]:
    """A run on the cache at ``place`` that may write files of ``room`` bytes (-1: of any size)."""

    def starve() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    command = [sys.executable, "-m", "brokerlint", "graph", str(tree), "--format", "json", *options]
    return subprocess.Popen(
        command,
        env={**os.environ, "BROKERLINT_CACHE_DIR": str(place)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        preexec_fn=starve if room >= 0 else None,
    )


def harm(kind: str, place: Path, draw: random.Random) -> None:
    """Do something to the files of the cache."""
    for pack in place.glob("*.pack"):
        data = bytearray(pack.read_bytes())
        if kind == "flip" and data:
            data[draw.randrange(len(data))] ^= 1 << draw.randrange(8)
        elif kind == "cut":
            del data[draw.randrange(len(data) + 1) :]
        pack.write_bytes(data)
    if kind == "remove":
        shutil.rmtree(place, ignore_errors=True)
    elif place.exists():
        place.chmod(0o500 if kind == "read-only" else 0o700)


def burn(tree: Path, minutes: float, runs: int, seed: int) -> tuple[Counter[str], list[str]]:
    """What was done how often, and what went wrong."""
    draw, done, wrong = random.Random(seed), Counter[str](), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        copy, place = Path(folder, "tree"), Path(folder, "cache")
        shutil.copytree(tree, copy, ignore=shutil.ignore_patterns(".git"))
        sources = sorted(copy.rglob("*.py"))
        expected = start(copy, place, "--no-cache").communicate()[0]
        until, average = time.monotonic() + 60 * minutes, 1.0
        while time.monotonic() < until and done["runs"] < runs:
            if not draw.randrange(3):
                with draw.choice(sources).open("a") as file:  # a comment: other bytes, the same result
                    file.write(f"# {draw.random()}\n")
            kind = draw.choice(HARMS)
            harm(kind, place, draw)
            room = draw.choice((0, 1, 50, 1000, 20_000)) if kind == "no room" else -1
            begun = time.monotonic()
            team = [start(copy, place, room=room) for _ in range(draw.randrange(1, 4))]
            if kind == "kill":
                time.sleep(draw.random() * 1.2 * average)
                for one in team:
                    one.kill()
            for one in team:
                output = one.communicate()[0]
                done["runs"] += 1
                done[f"{kind}: {'ended' if one.returncode == 0 else 'killed'}"] += 1
                if one.returncode == 0 and output != expected:
                    wrong.append(f"run {done['runs']} after {kind!r} says something else")
                elif one.returncode not in (0, -signal.SIGKILL):
                    wrong.append(f"run {done['runs']} after {kind!r} ended with {one.returncode}")
            if kind != "kill":
                average = 0.7 * average + 0.3 * (time.monotonic() - begun)
        if start(copy, place).communicate()[0] != expected:
            wrong.append("the last run says something else")
        done["left behind"] = len(list(place.glob(".new-*")))
    return done, wrong


def main() -> int:
    """Read the command line, burn, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", type=Path, default=FIXTURE, metavar="TREE")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--runs", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    done, wrong = burn(options.tree, options.minutes, options.runs, options.seed)
    print("\n".join(f"{count:6} {what}" for what, count in sorted(done.items())))
    print("\n".join(wrong) or "every run that ended said what it says without a cache")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
