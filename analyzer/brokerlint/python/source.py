"""One Python file -> its summary, or one sentence that says why there is none; the step that any process can do."""

from __future__ import annotations

import faulthandler
import math
import os
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TypeAlias

from brokerlint import cache, places
from brokerlint.packing import Packing, PackingError
from brokerlint.places import Diagnostic
from brokerlint.python import ir, screen

Read: TypeAlias = tuple[ir.Module | None, Diagnostic | None]
Packed: TypeAlias = tuple[str, bytes]
"""A path and what was read of it, on its way between processes or runs."""

BUSY = 10
"""How many times longer than the processor a file may take by the clock."""

_PACKING = Packing(ir, places)


class WorkersError(Exception):
    """Workers elsewhere that can't read as this process would: one sentence that says why."""


def read_source(path: str, data: bytes) -> Read:
    """The summary of the file ``path`` that holds ``data``, or the diagnostic that says why there is none."""
    from brokerlint.python import lower

    try:
        screen.check(data)
        text = screen.decode(data)
        return screen.deeply(lambda: lower.lower(path, text)), None
    except screen.Unreadable as error:
        return None, Diagnostic(error.kind, path, error.line, str(error))
    except lower.SourceError as error:
        return None, Diagnostic("syntax-error", path, error.line, f"does not parse: {error}")
    except RecursionError:
        return None, Diagnostic("too-deep", path, 1, "is nested too deeply")


def pack(path: str, data: bytes) -> bytes:
    """What `read_source` gives, as bytes."""
    found = read_source(path, data)
    try:
        return screen.deeply(lambda: _PACKING.pack(found))
    except (RecursionError, PackingError):
        return _PACKING.pack((None, Diagnostic("too-deep", path, 1, "is nested too deeply")))


def unpack(path: str, data: bytes | memoryview) -> Read | None:
    """What was packed for ``path``; None when the bytes are something else."""
    try:
        module, diagnostic = _PACKING.unpack(data)
    except (PackingError, TypeError, ValueError):
        return None
    if isinstance(module, ir.Module) and module.path == path and diagnostic is None:
        return module, None
    return (None, diagnostic) if module is None and isinstance(diagnostic, Diagnostic) else None


def pack_all(files: Sequence[tuple[str, bytes]], patience: float = 0.0) -> list[Packed]:
    """Several files. A process that spends more than ``patience`` seconds on one of them ends (0: it never does).

    LibCST's parser can't be interrupted, so the watches are ones that need no help from the interpreter. The seconds
    are those of the processor, where the system counts them, so that a busy machine leaves nothing out.
    """
    found = []
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - a file that has a number
        for path, data in files:
            if patience:
                counted = _limit(patience)
                faulthandler.dump_traceback_later(patience * (BUSY if counted else 1), exit=True, file=nowhere)
            found.append((path, pack(path, data)))
            if patience:
                faulthandler.cancel_dump_traceback_later()
    return found


def _limit(seconds: float) -> bool:
    """Let the system end this process after some more ``seconds`` of the processor; whether it can."""
    try:
        import resource
    except ImportError:  # Windows has none
        return False
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    until = math.ceil(time.process_time() + seconds)
    if most != resource.RLIM_INFINITY and until >= most:
        return False
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (until, most))
    return True


def stamp() -> bytes:
    """What tells summaries of this front end from those of another: its source and LibCST's version."""
    own = [*Path(__file__).parent.glob("*.py"), Path(places.__file__)]
    parser = find_spec("libcst")
    if parser is not None and parser.origin:
        own.append(Path(parser.origin).with_name("_version.py"))
    return cache.stamp(own)
