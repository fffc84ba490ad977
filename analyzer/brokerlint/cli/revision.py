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
from dataclasses import dataclass
from pathlib import Path

import click

from brokerlint.discover import form_of
from brokerlint.listing import LARGEST

_FILES = frozenset((b"100644", b"100755"))


@dataclass(frozen=True, slots=True)
class Checkout:
    """``root`` holds what ``directory`` held in some revision."""

    root: Path
    directory: Path

    def original(self, path: Path) -> Path:
        """What a path below ``root`` stands for."""
        return self.directory / path.relative_to(self.root)

    def copy(self, path: Path) -> Path:
        """Where a path below ``directory`` is. Raises ``ClickException`` for one that is elsewhere."""
        whole, directory = path.resolve(), self.directory.resolve()
        if not whole.is_relative_to(directory):
            raise click.ClickException(f"{path}: lies outside of the directory whose revision is looked at")
        return self.root / whole.relative_to(directory)


@contextmanager
def checked_out(revision: str, directory: Path) -> Iterator[Checkout]:
    """The part of ``revision`` that lies below ``directory``, for as long as the ``with`` block lasts.

    Raises ``ClickException`` when there is no such revision.
    """
    commit = git(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise click.ClickException(f"{revision}: no such file, directory or revision")
    listing = git(directory, "ls-tree", "-r", "-l", "-z", commit.decode().strip())
    if listing is None:
        raise click.ClickException(f"{revision}: git cannot list it")
    with tempfile.TemporaryDirectory(prefix="brokerlint-") as name:
        root = Path(name)
        _write(root, directory, [entry for entry in listing.split(b"\0") if entry])
        yield Checkout(root, directory)


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
    contents = git(directory, "cat-file", "--batch", stdin=b"".join(blob + b"\n" for blob, _ in wanted)) or b""
    position = 0
    for _, target in wanted:
        end = contents.index(b"\n", position)
        size = int(contents[position:end].split()[2])
        target.write_bytes(contents[end + 1 : end + 1 + size])
        position = end + 2 + size


def _is_plain(path: str) -> bool:
    """Whether a path of a tree object stays below its root."""
    return not any(part.lower() in ("", ".", "..", ".git") for part in path.split("/"))


def git(directory: Path, *arguments: str, stdin: bytes = b"") -> bytes | None:
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
