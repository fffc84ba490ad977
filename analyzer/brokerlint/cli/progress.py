"""A line on the terminal that tells how far long work has come; nothing when the work is short or nobody watches."""

from __future__ import annotations

import sys
import time
from types import TracebackType

_PATIENCE = 0.7
_INTERVAL = 0.1


class Progress:
    """Called with (stage, done, total) while the work goes on; its line is gone when the ``with`` block ends."""

    def __init__(self) -> None:
        self._watched = sys.stderr.isatty()
        self._next = time.monotonic() + _PATIENCE
        self._drawn = False

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Show that ``done`` of ``total`` is done."""
        now = time.monotonic()
        if not self._watched or now < self._next:
            return
        self._next = now + _INTERVAL
        self._drawn = True
        sys.stderr.write(f"\r\x1b[K{stage} {done}/{total}")
        sys.stderr.flush()

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
