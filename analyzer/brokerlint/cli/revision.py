"""A git revision as a directory: the files that discovery would look at, with the names of all others.

Contents come straight from git's objects, so no hook, filter or driver of the repository runs. Links and submodules are
left out.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from brokerlint.discover import form_of
from brokerlint.listing import LARGEST

_FILES = frozenset((b"100644", b"100755"))


@contextmanager
def checked_out(revision: str, directory: Path) -> Iterator[Path]:
    """A temporary directory with the part of ``revision`` that lies below ``directory``.

    Raises ``ClickException`` when there is no such revision.
    """
    commit = _git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise click.ClickException(f"{revision}: no such file, directory or revision")
    listing = _git(directory, "ls-tree", "-r", "-l", "-z", commit.decode().strip())
    if listing is None:
        raise click.ClickException(f"{revision}: git cannot list it")
    with tempfile.TemporaryDirectory(prefix="brokerlint-") as name:
        root = Path(name)
        _write(root, directory, [entry for entry in listing.split(b"\0") if entry])
        yield root


def _write(root: Path, directory: Path, entries: list[bytes]) -> None:
    wanted: list[tuple[bytes, Path]] = []
    for entry in entries:
        fields, _, raw = entry.partition(b"\t")
        mode, _, blob, length = fields.split()
        path = os.fsdecode(raw)
        if mode not in _FILES or not _is_plain(path):
            continue
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
        if form_of(target.name) != "other" and int(length) <= LARGEST:
            wanted.append((blob, target))
    contents = _git(directory, "cat-file", "--batch", stdin=b"".join(blob + b"\n" for blob, _ in wanted)) or b""
    position = 0
    for _, target in wanted:
        end = contents.index(b"\n", position)
        size = int(contents[position:end].split()[2])
        target.write_bytes(contents[end + 1 : end + 1 + size])
        position = end + 2 + size


def _is_plain(path: str) -> bool:
    """Whether a path of a tree object stays below its root."""
    return not any(part.lower() in ("", ".", "..", ".git") for part in path.split("/"))


def _git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
    """What a git command prints; None when it fails."""
    command = ["git", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment["GIT_NO_LAZY_FETCH"] = "1"  # a partial clone must not reach for the network
    try:
        done = subprocess.run(  # noqa: S603 - a fixed program
            command, cwd=directory, env=environment, input=stdin, capture_output=True, check=False
        )
    except OSError as error:
        raise click.ClickException(f"git cannot be started: {error.strerror or error}") from error
    return done.stdout if done.returncode == 0 else None
