"""Work on chunks of indices by a Ray cluster: the same results in the same order as by processes of one machine."""

from __future__ import annotations

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from itertools import islice
from typing import Any, TypeVar

from shapeseg.errors import ResourcesError, UsageError

LOCAL = "local"  # the address of a cluster that is started for the work, on this machine, and ended with it

_TRIES = 4  # of a chunk whose worker was lost, in all
_STORE = 100 << 20  # bytes of shared memory of a local cluster; a result is some 100 kB, and few are under way

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def ray_chunks(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], address: str) -> Generator[Result, None, None]:
    """Yields ``work(chunk)`` for every chunk, in order. A chunk whose worker is lost is done again.

    Args:
        work: Gives the same for a chunk however often it is done. The machines of the cluster share the disks it works on.
        chunks: What to work on.
        address: Of a cluster, such as ``"10.0.0.1:6379"`` or ``"auto"``; ``"local"`` starts one here.

    Raises:
        UsageError: If ray is not installed.
        ResourcesError: If there is no such cluster, or workers were lost again and again.
    """
    if find_spec("ray") is None:
        raise UsageError("a cluster needs Ray", received="no package ray", fix="Run: pip install ray")
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
        _stop(running)


def work_on(work: Callable[[Chunk], Result], chunk: Chunk) -> Result:
    """Works on one chunk; its name is what Ray calls a worker that does so."""
    return work(chunk)


def _connect(address: str) -> None:
    import ray

    host, _, port = address.rpartition(":")
    local: dict[str, Any] = {"object_store_memory": _STORE, "include_dashboard": False} if address == LOCAL else {}
    try:
        if port.isdigit() and "/" not in host:  # Ray itself waits for ever for what is not there
            socket.create_connection((host, int(port)), timeout=10).close()
        with _own_signals():
            ray.init(address, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (OSError, ValueError, RuntimeError) as error:
        raise ResourcesError(
            f"the cluster cannot be reached ({error})",
            received=address,
            fix="Start it with ray start, name another, or share its token, if it asks for one, by RAY_AUTH_TOKEN",
        ) from error


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keeps what SIGTERM does, which Ray would change for the whole program."""
    terminate = signal.getsignal(signal.SIGTERM)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, terminate)


def _stop(running: list[Any]) -> None:
    """Ends what is under way, waits until it has ended, and leaves the cluster."""
    import ray

    for reference in running:
        ray.cancel(reference, force=True)
    if running:
        ray.wait(running, num_returns=len(running), timeout=10)
    ray.shutdown()
