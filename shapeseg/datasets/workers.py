"""Worker processes for work on chunks of indices: bounded, in order, and gone when their parent is."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing.process import BaseProcess
from typing import TypeVar

import numpy as np

from shapeseg.errors import ResourcesError, UsageError

CHUNK = 64  # samples a worker takes at a time: long enough to hide the hand-over, short enough for a lively progress bar
_FEWEST = 4 * CHUNK  # samples a worker should have for its start to pay

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def chunked(items: Sequence[Chunk]) -> list[Sequence[Chunk]]:
    """Cuts a sequence (a range stays a range) into chunks."""
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]


def worker_count(asked: int | None, samples: int) -> int:
    """Returns how many processes to use: as asked, or what the machine and the job are good for; 0 means this process.

    Raises:
        UsageError: If fewer than 0 are asked for.
    """
    if asked is None:
        return min(os.cpu_count() or 1, samples // _FEWEST)
    if asked < 0:
        raise UsageError("workers must be 0 or more", received=f"workers={asked}", fix="Leave it out to use every core")
    return asked


def map_chunks(work: Callable[[Chunk], Result], chunks: Sequence[Chunk], workers: int) -> Iterator[Result]:
    """Yields ``work(chunk)`` for every chunk, in order; with 0 or 1 workers in this process.

    Raises:
        ResourcesError: If a worker process died.
    """
    if workers <= 1:
        _keep_freed_memory()
        yield from map(work, chunks)
        return
    # Never fork: a forked worker would inherit the threads and locks of its parent.
    context = multiprocessing.get_context("forkserver")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        # Few chunks are under way at a time, so that memory does not grow with their number.
        waiting = iter(chunks)
        running = [pool.submit(work, chunk) for chunk in islice(waiting, 4 * workers)]
        while running:
            yield running.pop(0).result()
            running += [pool.submit(work, chunk) for chunk in islice(waiting, 1)]
    except BrokenProcessPool as error:
        raise ResourcesError(
            "a worker process died", received=f"workers={workers}", fix="Run again, with fewer workers if memory was short"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


def _start_worker() -> None:
    """Prepares a worker, and ends it when the process that asked for it is gone, however it went."""
    _keep_freed_memory()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()


def _exit_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def _keep_freed_memory() -> None:
    """Lets the C library keep the memory of one image for the next.

    Freeing a large block teaches glibc to hold on to as much (mallopt(3), M_TRIM_THRESHOLD). Without, it may hand memory back
    after every image, and page faults then cost a tenth of the time. The block itself is never touched.
    """
    np.empty(1 << 24, np.uint8)
