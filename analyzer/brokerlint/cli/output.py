"""Where results go: standard output or a file, coloured only for a terminal."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


def colored(output: Path | None) -> bool:
    """Whether the result may be coloured: it goes to a terminal and ``NO_COLOR`` is not set."""
    if os.environ.get("NO_COLOR") or output is not None or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()


def put(text: str, output: Path | None) -> None:
    """Write a result to the file ``output``, or to standard output. Raises ``ClickException`` when that fails."""
    if output is None:
        sys.stdout.buffer.write(text.encode("utf-8", "replace"))
        sys.stdout.buffer.flush()
        return
    try:
        output.write_text(text, encoding="utf-8", errors="replace", newline="\n")
    except OSError as error:
        raise click.ClickException(f"{output}: cannot be written: {error.strerror or error}") from error


def append(text: str, path: str) -> None:
    """Add to a file that the surroundings name (a job summary). Raises ``ClickException`` when that fails."""
    try:
        with Path(path).open("a", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError as error:
        raise click.ClickException(f"{path}: cannot be written: {error.strerror or error}") from error
