"""Clusters that exist already, by what the user calls them: ``dask:tcp://scheduler:8786``."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from typing import Any, cast

SECONDS = 5
"""What a scheduler may take to answer, and its first worker to be there."""

_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss)://)?(?:[^\s:/@\[\]]+|\[[0-9a-fA-F:.]+\]):([0-9]{1,5})")


class ClusterError(Exception):
    """A cluster that can't be used: one sentence that says why."""


@contextmanager
def connected(name: str) -> Iterator[Executor]:
    """The workers of the cluster ``name`` as an executor, as long as the context lasts. Raises `ClusterError`."""
    kind, _, address = name.partition(":")
    if kind != "dask" or not address:
        raise ClusterError(f"no executor {name!r}; there is dask:ADDRESS, such as dask:tcp://127.0.0.1:8786")
    port = _ADDRESS.fullmatch(address)
    if port is None or not 0 < int(port[1]) < 65536:
        raise ClusterError(f"no address of a scheduler: {address!r}; it looks like tcp://127.0.0.1:8786")
    client = _client(address)
    try:
        yield cast("Executor", client.get_executor(pure=False))
    finally:
        client.close(SECONDS)


def _client(address: str) -> Any:
    """A connection to the Dask scheduler at ``address`` that has workers."""
    try:
        import distributed
    except ImportError:
        raise ClusterError("dask needs a package that is not installed: pip install 'brokerlint[dask]'") from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is told here, in one line
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other versions of packages that reading does not need
        try:
            client = distributed.Client(address, timeout=SECONDS, set_as_default=False, name="brokerlint")
        except (OSError, ValueError, ImportError) as error:  # a time-out is an OSError
            raise ClusterError(f"no dask scheduler answers at {address} within {SECONDS} seconds") from error
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except OSError:
            client.close(SECONDS)
            raise ClusterError(f"the dask scheduler at {address} has no workers") from None
    return client
