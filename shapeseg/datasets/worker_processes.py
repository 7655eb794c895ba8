"""Worker processes: started, asked, and gone when they are no longer needed or their parent is gone, however either went.

Each has a pipe that no other shares, so that it ends with its worker, wherever in a message that was.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import numpy as np

from shapeseg.errors import ResourcesError


@contextmanager
def started(work: Callable[[Any], object], count: int) -> Iterator[list[Connection]]:
    """Yields the pipes to ``count`` new processes that do ``work``; the processes are gone when the block ends."""
    context = multiprocessing.get_context("forkserver")  # never fork: a worker would inherit its parent's threads and locks
    processes: list[BaseProcess] = []
    pipes: list[Connection] = []
    try:
        with _interrupts_held():
            for _ in range(count):
                ours, theirs = context.Pipe()
                pipes.append(ours)
                processes.append(context.Process(target=_serve, args=(work, theirs), daemon=True))
                processes[-1].start()
                theirs.close()
        yield pipes
    finally:
        living = list(filter(BaseProcess.is_alive, processes))
        for process in living:
            process.kill()
        for process in living:
            process.join()
        for pipe in pipes:
            pipe.close()


def ask(worker: Connection, chunk: object) -> None:
    """Hands a chunk to a worker that waits for one.

    Raises:
        ResourcesError: If the worker died.
    """
    with _death_told():
        worker.send(chunk)


def answer(worker: Connection) -> Any:
    """Returns what ``work`` returned for the chunk that a worker has, or raises what it raised.

    Raises:
        ResourcesError: If the worker died.
    """
    with _death_told():
        result, error, trace = worker.recv()
    if error is not None:
        error.add_note(f"In a worker process:\n{trace}")
        raise error
    return result


def keep_freed_memory() -> None:
    """Lets the C library keep the memory of one image for the next.

    Freeing a large block teaches glibc to hold on to as much (mallopt(3), M_TRIM_THRESHOLD). Without, it may hand memory back
    after every image, and page faults then cost a tenth of the time. The block itself is never touched.
    """
    np.empty(1 << 24, np.uint8)


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Holds Ctrl-C back; the fork server that is started meanwhile never hears it, nor do its workers: we end them."""
    resource_tracker.ensure_running()  # else the first worker's start would do it, and let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _death_told() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise ResourcesError(
            "a worker process died", received="no answer", fix="Run again, with fewer workers if memory was short"
        ) from error


def _serve(work: Callable[[Any], object], pipe: Connection) -> None:
    """What a worker does: it answers each chunk with a result or an error, for as long as its parent lives."""
    keep_freed_memory()
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_exit_after, args=(parent,), daemon=True).start()
    with suppress(EOFError, OSError):
        while True:
            chunk = pipe.recv()
            try:
                outcome: tuple[object, Exception | None, str] = (work(chunk), None, "")
            except Exception as error:
                outcome = (None, error, traceback.format_exc())
            pipe.send(outcome)


def _exit_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)
