"""Times brokerlint against other tools on the same trees, side by side, and prints a table. See README.md."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from every_call import rules

from brokerlint.models.index import index
from brokerlint.models.load import builtin

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Contender:
    """A command to time; a ``cold`` one starts with an empty cache each time."""

    name: str
    command: tuple[str, ...]
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Sample:
    """One run: wall-clock seconds and peak memory of its largest process in MiB."""

    seconds: float
    memory: float


def contenders(every_call: Path) -> list[Contender]:
    """brokerlint, and those of its peers that are installed. ``every_call`` is a file of rules for semgrep."""
    own = (sys.executable, "-m", "brokerlint", "check", "--fail-on", "never", "-o", os.devnull, ".")
    found = [Contender("brokerlint cold", own, cold=True), Contender("brokerlint warm", own)]
    offline = ("--metrics=off", "--disable-version-check", "--quiet", "--no-git-ignore", "-j2")
    words = [option for word in index(builtin()).words for option in ("-e", word.decode())]
    peers = {
        "semgrep, 4 rules": ("semgrep", "scan", *offline, "--config", str(HERE / "rules.yaml"), "."),
        "semgrep, every modelled call": ("semgrep", "scan", *offline, "--config", str(every_call), "."),
        "Fixit, 1 rule": ("fixit", "--quiet", "--rules", "fixit.rules.no_redundant_fstring", "lint", "."),
        "ruff": ("ruff", "check", "--isolated", "--no-cache", "--quiet", "--exit-zero", "."),
        "ripgrep": ("rg", "-l", "--type", "py", "-F", *words, "."),
    }
    for name, (program, *arguments) in peers.items():
        path = shutil.which(program)
        if path:
            found.append(Contender(name, (path, *arguments)))
    return found


def sample(contender: Contender, tree: Path, cache: Path) -> Sample:
    """One run of a contender in ``tree``. Raises ``RuntimeError`` when the tool itself fails."""
    if contender.cold:
        shutil.rmtree(cache, ignore_errors=True)
    environment = {**os.environ, "BROKERLINT_CACHE_DIR": str(cache)}
    started = time.perf_counter()
    process = subprocess.Popen(
        contender.command, cwd=tree, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{contender.name} ended with {process.returncode}")
    return Sample(seconds, usage.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024))


def compare(tree: Path, runs: int) -> list[tuple[str, list[Sample] | str]]:
    """The samples of each contender, or why there are none; contenders take turns, so that a busy machine hits all."""
    with tempfile.TemporaryDirectory() as folder:
        every_call = Path(folder, "rules.json")
        every_call.write_text(rules())
        everyone = contenders(every_call)
        found: dict[str, list[Sample] | str] = {one.name: [] for one in everyone}
        for _ in range(runs):
            for one in everyone:
                samples = found[one.name]
                if isinstance(samples, list):
                    try:
                        samples.append(sample(one, tree, Path(folder, "cache")))
                    except RuntimeError as error:
                        found[one.name] = str(error)
    return list(found.items())


def table(tree: Path, results: Sequence[tuple[str, list[Sample] | str]]) -> str:
    """Medians in a table in Markdown."""
    lines = [f"\n{tree.name}\n", "| tool | wall s | peak MiB | x brokerlint cold |", "|---|---:|---:|---:|"]
    first = results[0][1]
    base = statistics.median(one.seconds for one in first) if isinstance(first, list) else None
    for name, samples in results:
        if isinstance(samples, str):
            lines.append(f"| {name} | {samples} | | |")
            continue
        seconds = statistics.median(one.seconds for one in samples)
        memory = max(one.memory for one in samples)
        lines.append(f"| {name} | {seconds:.2f} | {memory:.0f} | {f'{seconds / base:.2f}' if base else ''} |")
    return "\n".join(lines)


def main() -> None:
    """Read the command line, run, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="+", type=Path, metavar="TREE")
    parser.add_argument("-n", "--runs", type=int, default=5, help="runs of each tool (default 5)")
    options = parser.parse_args()
    for tree in options.trees:
        print(table(tree, compare(tree.resolve(), options.runs)), flush=True)


if __name__ == "__main__":
    main()
