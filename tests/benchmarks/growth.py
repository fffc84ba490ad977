"""How time and memory grow with files, endpoints and services: synthetic trees, a fitted exponent, a picture.

    python tests/benchmarks/growth.py [--sizes 1000 5000 25000] [--svg growth.svg] [files|endpoints|services ...]

Time is that of the processor (children included), so a busy machine changes it little; what a run costs with hardly
anything to do is taken off before the exponent is fitted: 1 means twice the work in twice the time. Small trees are
read by one process and larger ones by several, which cost a second to start; the step between the two largest sizes
has no such seam in it.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

FOLDER = 100
"""Files in one folder."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A run: seconds of the processor, and MiB of the largest process."""

    size: int
    seconds: float
    memory: float


def files(root: Path, size: int) -> None:
    """``size`` modules, one in twenty of which sends; ten services."""
    for number in range(size):
        name = f"part{number % 10}/m{number // FOLDER}/n{number}.py"
        _write(root / name, _sender(number) if number % 20 == 0 else _plain(number))
    _compose(root, [f"part{number}" for number in range(10)])


def endpoints(root: Path, size: int) -> None:
    """``size`` calls that send or receive, fifty in a module, on a tenth as many channels; ten services."""
    for number in range(size // 50):
        calls = "".join(_call(number * 50 + index, size // 10) for index in range(50))
        _write(root / f"part{number % 10}/n{number}.py", f"import boto3\n\nsqs = boto3.client('sqs')\n\n{calls}")
    _compose(root, [f"part{number}" for number in range(10)])


def services(root: Path, size: int) -> None:
    """``size`` services of one module, each with a queue to the next one; a compose file for every hundred."""
    names = [f"s{number}" for number in range(size)]
    for number, name in enumerate(names):
        calls = _call(2 * number, 2 * size) + _call(2 * number + 3, 2 * size)
        _write(root / f"g{number // FOLDER}/{name}/main.py", f"import boto3\n\nsqs = boto3.client('sqs')\n\n{calls}")
    for start in range(0, size, FOLDER):
        _compose(root / f"g{start // FOLDER}", names[start : start + FOLDER])


def _plain(number: int) -> str:
    return f"import os\n\n\nclass Thing{number}:\n    def value(self):\n        return {number}\n" + "# words\n" * 30


def _sender(number: int) -> str:
    return f"import boto3\n\nsqs = boto3.client('sqs')\n\n{_call(number, 1000)}" + "# words\n" * 30


def _call(number: int, channels: int) -> str:
    url = f"https://sqs.eu-west-1.amazonaws.com/1/queue-{number // 2 % max(1, channels)}"
    if number % 2:
        return f"def receive{number}():\n    return sqs.receive_message(QueueUrl='{url}')\n\n\n"
    return f"def send{number}(body):\n    sqs.send_message(QueueUrl='{url}', MessageBody=body)\n\n\n"


def _compose(root: Path, names: Sequence[str]) -> None:
    lines = [f"  {name}:\n    build: ./{name}\n    command: python main.py\n" for name in names]
    _write(root / "docker-compose.yml", "services:\n" + "".join(lines))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


KINDS: dict[str, Callable[[Path, int], None]] = {"files": files, "endpoints": endpoints, "services": services}


def measure(make: Callable[[Path, int], None], size: int) -> Sample:
    """One run of ``check`` on a tree of this size, without the cache."""
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), size)
        command = (sys.executable, "-m", "brokerlint", "check", folder, "--no-cache", "--fail-on", "never", "--profile")
        process = subprocess.Popen((*command, "ALL", "-o", os.devnull), stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError(f"the run ended with {process.returncode}")
        return Sample(size, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def exponent(samples: Sequence[tuple[int, float]]) -> float:
    """The slope of the line through the samples on logarithmic scales (least squares)."""
    points = [(math.log(size), math.log(max(value, 1e-3))) for size, value in samples]
    x, y = (sum(values) / len(points) for values in zip(*points, strict=True))
    return sum((a - x) * (b - y) for a, b in points) / sum((a - x) ** 2 for a, _ in points)


def svg(curves: dict[str, list[Sample]]) -> str:
    """Seconds by size, both on logarithmic scales, as a picture."""
    colours = dict(zip(KINDS, ("#1f77b4", "#d62728", "#2ca02c"), strict=True))
    everything = [sample for samples in curves.values() for sample in samples]
    sizes, times = [one.size for one in everything], [one.seconds for one in everything]
    left, right = math.log10(min(sizes)), math.log10(max(sizes))
    low, high = math.floor(math.log10(min(times))), math.ceil(math.log10(max(times)))

    def place(sample: Sample) -> tuple[float, float]:
        across = (math.log10(sample.size) - left) / ((right - left) or 1)
        up = (math.log10(sample.seconds) - low) / ((high - low) or 1)
        return 60 + 480 * across, 320 - 280 * up

    parts = []
    for power in range(low, high + 1):
        y = 320 - 280 * (power - low) / ((high - low) or 1)
        parts.append(f'<path d="M60 {y:.0f}H540" stroke="#ddd"/><text x="52" y="{y + 4:.0f}">{10.0**power:g} s</text>')
    for size in sorted(set(sizes)):
        x = place(Sample(size, 1, 0))[0]
        parts.append(f'<text x="{x + 12:.0f}" y="340">{size}</text>')
    for row, (name, samples) in enumerate(curves.items()):
        points = [place(one) for one in samples]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline points="{line}" fill="none" stroke="{colours[name]}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colours[name]}"/>' for x, y in points]
        parts.append(f'<text x="150" y="{40 + 16 * row}" fill="{colours[name]}">{name}</text>')
    style = "font:12px sans-serif;text-anchor:end"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 580 360" style="{style}">'
    return f'{head}<rect width="580" height="360" fill="#fff"/>{"".join(parts)}</svg>\n'


def main() -> int:
    """Read the command line, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", metavar="KIND", help="files, endpoints, services; by default all")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 5000, 25_000])
    parser.add_argument("--svg", type=Path, help="write a picture")
    options = parser.parse_args()
    curves: dict[str, list[Sample]] = {}
    sizes = " | ".join(f"{size:,}" for size in options.sizes)
    print(f"| growing | {sizes} | exponent of time | at the end | of memory | at the end |")
    print("|---|" + "---:|" * (len(options.sizes) + 4))
    for kind in options.kinds or KINDS:
        least = measure(KINDS[kind], 50)
        samples = curves[kind] = [measure(KINDS[kind], size) for size in options.sizes]
        cells = " | ".join(f"{one.seconds:.1f} s, {one.memory:.0f} MiB" for one in samples)
        times = [(one.size, one.seconds - least.seconds) for one in samples]
        memories = [(one.size, one.memory - least.memory + 1) for one in samples]
        fitted = [exponent(part) for values in (times, memories) for part in (values, values[-2:])]
        print(f"| {kind} | {cells} | " + " | ".join(f"{one:.2f}" for one in fitted) + " |", flush=True)
    if options.svg:
        options.svg.write_text(svg(curves))
    return 0


if __name__ == "__main__":
    sys.exit(main())
