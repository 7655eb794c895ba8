"""Work on chunks of indices, shared out to worker processes: bounded, and in order."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from multiprocessing.connection import Connection, wait
from typing import TypeVar, cast

from shapeseg.datasets.worker_processes import answer, ask, keep_freed_memory, started
from shapeseg.settings import check_range

CHUNK = 64  # samples a worker takes at a time: long enough to hide the hand-over, short enough for a lively progress bar
_FEWEST = 4 * CHUNK  # samples a worker should have for its start to pay

Chunk = TypeVar("Chunk")
Result = TypeVar("Result")


def chunked(items: Sequence[Chunk]) -> list[Sequence[Chunk]]:
    """Cuts a sequence (a range stays a range) into chunks."""
    return [items[start : start + CHUNK] for start in range(0, len(items), CHUNK)]


def worker_count(asked: int | None, samples: int) -> int:
    """Returns how many processes to use: as requested, or as many as suit the machine and the job; 0 means this process.

    Raises:
        UsageError: If fewer than 0 are asked for.
    """
    if asked is None:
        return min(os.cpu_count() or 1, samples // _FEWEST)
    check_range("workers", asked, least=0, fix="Leave it out to use every core")
    return min(asked, -(-samples // CHUNK))


def map_chunks(work: Callable[[Chunk], Result], chunks: Iterable[Chunk], workers: int) -> Generator[Result, None, None]:
    """Yields ``work(chunk)`` for every chunk, in order; with 0 or 1 workers in this process.

    Once it is closed no worker is at work any more: close it before you remove what they write to.

    Raises:
        ResourcesError: If a worker process died.
    """
    if workers <= 1:
        keep_freed_memory()
        yield from map(work, chunks)
        return
    waiting = iter(enumerate(chunks))
    busy: dict[Connection, int] = {}  # worker -> place of the chunk that it has
    done: dict[int, Result] = {}

    def hand_over(worker: Connection) -> None:
        """A worker gets its next chunk only when it waits for one, so that neither side ever blocks the other."""
        for place, chunk in itertools.islice(waiting, 1):
            ask(worker, chunk)
            busy[worker] = place

    with started(work, workers) as pipes:
        for worker in pipes:
            hand_over(worker)
        for place in itertools.count():
            while place not in done:
                if not busy:
                    return
                for worker in cast(list[Connection], wait(list(busy))):
                    done[busy.pop(worker)] = answer(worker)
                    hand_over(worker)
            yield done.pop(place)
