"""What earlier runs found out, by content: one file for each tree, which a run reads once and replaces at its end.

A cache must never be the reason that a run fails or says something else. A file that is damaged, of another version or
not to be read counts as empty; one that can't be written stays away; of two runs that end together, one wins.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from brokerlint import __version__

LARGEST = 128 * 1024 * 1024
"""Bytes that one tree may have in the cache."""

LARGEST_TOGETHER = 512 * 1024 * 1024
"""Bytes that all trees may have; those that were not used for the longest time go first."""

KEPT_UNUSED = 20
"""Changing runs that an entry survives without being asked for, so that switching branches keeps both."""

DIRECTORY = "BROKERLINT_CACHE_DIR"
"""The environment variable that names another directory."""

_MAGIC = b"brokerlint-pack\x01"
_DIGEST = 32
_COUNT = struct.Struct("<I")
_ENTRY = struct.Struct("<16sBI")
_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# This directory holds what brokerlint can find out again.\n"


def directory() -> Path | None:
    """Where the cache is: what ``BROKERLINT_CACHE_DIR`` says, else the place that the platform has for caches."""
    named = os.environ.get(DIRECTORY)
    if named:
        return Path(named).absolute()
    try:
        if sys.platform == "win32":
            return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "brokerlint" / "Cache"
        if sys.platform == "darwin":
            return Path.home() / "Library" / "Caches" / "brokerlint"
        base = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(base) if base.startswith("/") else Path.home() / ".cache") / "brokerlint"
    except RuntimeError:  # nobody's home
        return None


def digest(*parts: bytes) -> bytes:
    """A key: what tells these parts from any others."""
    found = hashlib.blake2b(digest_size=16)
    for part in parts:
        found.update(_COUNT.pack(len(part) & 0xFFFFFFFF))
        found.update(part)
    return found.digest()


def stamp(sources: Iterable[Path]) -> bytes:
    """What tells this program from others that would give something else: its version, Python's, and its source."""
    parts = [__version__.encode(), sys.version.encode()]
    for path in sorted(sources):
        with suppress(OSError):
            parts += [path.name.encode(), path.read_bytes()]
    return digest(*parts)


class Store:
    """The entries of one tree: bytes by key. ``save`` writes them; without a directory they live as long as the run."""

    def __init__(self, tree: Path, place: Path | None) -> None:
        name = digest(os.fsencode(tree.resolve())).hex()
        self._file = place / f"{name}.pack" if place else None
        self._found: dict[bytes, tuple[int, memoryview]] | None = None
        self._new: dict[bytes, bytes] = {}
        self._used: set[bytes] = set()

    def get(self, key: bytes) -> bytes | memoryview | None:
        """What was put under ``key``; None when there is nothing."""
        if self._found is None:
            self._found = self._load()
        fresh = self._new.get(key)
        if fresh is not None:
            return fresh
        entry = self._found.get(key)
        if entry is None:
            return None
        self._used.add(key)
        return entry[1]

    def put(self, key: bytes, value: bytes) -> None:
        """Keep ``value``; it replaces what was there."""
        self._new[key] = value

    def save(self) -> None:
        """Write the entries where there are new ones; nothing happens when that is not possible."""
        if self._file is None or not self._new:
            return
        with suppress(OSError):
            _prepare(self._file.parent)
            _replace(self._file, self._packed())
            _evict(self._file.parent, self._file)
        self._new.clear()
        self._found = None

    def _load(self) -> dict[bytes, tuple[int, memoryview]]:
        """The entries of the file with how many runs each has been unused; none when the file is not whole."""
        if self._file is None:
            return {}
        try:
            if self._file.stat().st_size > LARGEST + 4096:
                return {}
            data = memoryview(self._file.read_bytes())
        except OSError:
            return {}
        start = len(_MAGIC) + _DIGEST
        if data[: len(_MAGIC)] != _MAGIC or _checksum(data[start:]) != data[len(_MAGIC) : start]:
            return {}
        with suppress(OSError):
            os.utime(self._file)  # recently used
        (count,) = _COUNT.unpack_from(data, start)
        index = start + _COUNT.size
        at = index + count * _ENTRY.size
        found = {}
        for key, unused, size in _ENTRY.iter_unpack(data[index:at]):
            found[key] = (unused, data[at : at + size])
            at += size
        return found

    def _packed(self) -> bytes:
        """The bytes of the file: what is new, what was used, and as much of the rest as is young and has room."""
        old = self._found or {}
        entries: list[tuple[bytes, int, bytes | memoryview]] = [(key, 0, value) for key, value in self._new.items()]
        entries += [(key, 0, old[key][1]) for key in old if key in self._used and key not in self._new]
        asked = self._used | set(self._new)
        rest = [(key, unused + 1, value) for key, (unused, value) in old.items() if key not in asked]
        entries += sorted((entry for entry in rest if entry[1] <= KEPT_UNUSED), key=lambda entry: entry[1])
        kept, size = [], 0
        for entry in entries:
            size += len(entry[2]) + _ENTRY.size
            if size > LARGEST:
                break
            kept.append(entry)
        index = b"".join(_ENTRY.pack(key, unused, len(value)) for key, unused, value in kept)
        body = b"".join((_COUNT.pack(len(kept)), index, *(value for _, _, value in kept)))
        return _MAGIC + _checksum(body) + body


def _checksum(data: bytes | memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _prepare(place: Path) -> None:
    """Make the directory, marked as a cache for programs that back up or search, and unknown to git."""
    if (place / "CACHEDIR.TAG").exists():
        return
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    _replace(place / ".gitignore", b"*\n")
    _replace(place / "CACHEDIR.TAG", _TAG.encode())


def _replace(file: Path, data: bytes) -> None:
    """Write ``file`` in one step: a reader sees the old bytes or the new ones."""
    new = file.with_name(f".new-{os.getpid()}-{os.urandom(4).hex()}")
    try:
        new.write_bytes(data)
        new.replace(file)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def _evict(place: Path, own: Path) -> None:
    """Remove the files of trees that were not used for the longest time, and what killed runs left behind."""
    known = []
    for path in place.iterdir():
        with suppress(OSError):
            status = path.stat()
            known.append((status.st_mtime, status.st_size, path))
    newest = max((when for when, _, _ in known), default=0.0)
    left = sum(size for _, size, _ in known)
    for when, size, path in sorted(known):
        abandoned = path.name.startswith(".new-") and when < newest - 3600
        if abandoned or (left > LARGEST_TOGETHER and path.suffix == ".pack" and path != own):
            with suppress(OSError):
                path.unlink()
                left -= size
