"""Work on chunks of indices by a Ray cluster: the same results in the same order as by processes of one machine."""

from __future__ import annotations

import logging
import os
import signal
import socket
from collections.abc import Callable, Generator, Sequence
from itertools import islice
from typing import Any, TypeVar

from shapeseg.environment import require_packages
from shapeseg.errors import ResourcesError
from shapeseg.held_signals import HeldSignals

LOCAL = "local"  # the address of a cluster that is started for the work, on this machine, and ended with it

_TRIES = 4  # of a chunk whose worker was lost, in all
_PATIENCE = 10  # seconds that chunks under way get to end; then the cluster ends them, once we have left
_STORE = 100 << 20  # bytes of shared memory of a local cluster; a result is some 100 kB, and few are under way

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def ray_chunks(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], address: str) -> Generator[Result, None, None]:
    """Yields ``work(chunk)`` for every chunk, in order. A chunk whose worker is lost is done again.

    Args:
        work: Gives the same for a chunk however often it is done. The machines of the cluster share the disks it works on.
        chunks: What to work on.
        address: Address of a cluster, such as ``"10.0.0.1:6379"`` or ``"auto"``; ``"local"`` starts one here.

    Raises:
        NotInstalledError: If ray is not installed.
        ResourcesError: If there is no such cluster, or workers were lost again and again.
    """
    require_packages(["ray"], "a cluster")
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is reported to anybody unasked
    import ray

    _connect(address)
    running: list[Any] = []
    try:
        waiting = iter(chunks)
        # Few chunks are under way at a time, so that memory does not grow with their number.
        limit = 4 * int(ray.cluster_resources().get("CPU", 1))
        remote: Any = ray.remote(num_cpus=1, max_retries=_TRIES - 1)(work_on)
        running += [remote.remote(work, chunk) for chunk in islice(waiting, limit)]
        while running:
            yield ray.get(running[0])
            del running[0]
            running += [remote.remote(work, chunk) for chunk in islice(waiting, 1)]
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise ResourcesError(
            "the cluster lost workers", received=type(error).__name__, fix="Run again, and look at its memory"
        ) from error
    finally:
        _leave(running)


def work_on(work: Callable[[Chunk], Result], chunk: Chunk) -> Result:
    """Works on one chunk; its name is what Ray calls a worker that does so."""
    return work(chunk)


def _connect(address: str) -> None:
    import ray

    host, _, port = address.rpartition(":")
    local: dict[str, Any] = {"object_store_memory": _STORE, "include_dashboard": False} if address == LOCAL else {}
    try:
        if port.isdigit() and "/" not in host:  # Ray itself waits forever for what is not there
            socket.create_connection((host, int(port)), timeout=10).close()
        # An interruption of a connection half made can crash the program; and what SIGTERM does, Ray would change for good.
        with HeldSignals():
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (KeyboardInterrupt, SystemExit) as end:
        ray.shutdown()
        if isinstance(end, SystemExit):  # what Ray makes of a SIGTERM meanwhile
            signal.raise_signal(signal.SIGTERM)
        raise
    except (OSError, ValueError, RuntimeError) as error:
        raise ResourcesError(
            f"the cluster cannot be reached ({error})",
            received=address,
            fix="Start it with ray start, name another, or, if it requires a token, share it with RAY_AUTH_TOKEN",
        ) from error


def _leave(running: list[Any]) -> None:
    """Lets the chunks under way end, and leaves the cluster.

    None is cancelled: Ray ends the whole program when a task that it cancels is done at the same moment (its issue 54260).
    """
    import ray

    try:
        if running:
            ray.wait(running, num_returns=len(running), timeout=_PATIENCE)
    finally:
        ray.shutdown()
