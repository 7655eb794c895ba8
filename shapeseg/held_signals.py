"""Ctrl-C and SIGTERM kept waiting while something must not be left half done, or might not hear them.

A transaction of a database must not be left half done. And what a signal raises in the middle of a library's clean-up, Python
gives up with a message: a training would continue as if it had not been interrupted.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Any


class HeldSignals:
    """Holds SIGINT and SIGTERM back while its block runs, except in the parts that let them through.

    One that was held back is heard as soon as it may be. A second one does not wait: whoever asks twice means at once.
    """

    def __init__(self) -> None:
        self._handlers: dict[int, Callable[[int, FrameType | None], Any]] = {}
        self._held = True
        self._waiting: int | None = None

    def __enter__(self) -> HeldSignals:
        """Takes the place of the handlers that are there; in a thread no signal is ever heard."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handler = signal.getsignal(number)
                if callable(handler):
                    self._handlers[number] = handler
                    signal.signal(number, self._hear)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Gives the handlers their place back; what waited is heard, unless an exception is on its way already."""
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        self._held = False
        if error is None:
            self._deliver()

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Lets signals through while the inner block runs."""
        with self._change(held=False):
            yield

    def hear(self) -> None:
        """Hears now what has waited, if anything has."""
        with self.let_through():
            pass

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Holds signals back while the inner block runs, inside one that lets them through."""
        with self._change(held=True):
            yield

    @contextmanager
    def _change(self, *, held: bool) -> Iterator[None]:
        before, self._held = self._held, held
        try:
            self._deliver()
            yield
        finally:
            self._held = before
        self._deliver()

    def _deliver(self) -> None:
        if self._waiting is not None and not self._held:
            number, self._waiting = self._waiting, None
            self._handlers[number](number, None)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self._held and self._waiting is None:
            self._waiting = number
        else:
            self._handlers[number](number, frame)
