"""A disk that fails at the n-th call: with an error, once or for good, or as after ``kill -9``, when nothing more is done."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from pathlib import Path

import pytest

FAULTS = ("kill", "ENOSPC", "EIO", "EACCES")
_CALLS = ("open", "write", "fsync", "sync", "replace", "rename", "unlink", "rmdir", "mkdir", "ftruncate", "pwrite")


class Killed(BaseException):
    """Stands in for the end of the process; no handler of the package may catch it."""


class FailingDisk:
    """Counts the calls below a folder that change anything, and fails at one of them.

    Args:
        root: Calls on other folders pass uncounted.
        at: Number of the call that fails, from 1; 0 lets all pass.
        fault: One of FAULTS. A failing write has written half of its content. After a kill every call fails, so that what
            the package does to clean up has no effect, as if it had never run.

    Attributes:
        calls: How many were made.
        fired: Whether the fault was met.
    """

    def __init__(self, root: Path, at: int = 0, fault: str = "kill") -> None:
        self.root, self.at, self.fault = str(root), at, fault
        self.calls = 0
        self.fired = False
        self._descriptors: set[int] = set()

    @contextmanager
    def mounted(self):
        """Puts the disk below the package while the block runs."""
        with pytest.MonkeyPatch.context() as patch:
            for name in _CALLS:
                patch.setattr(os, name, self._double(name, getattr(os, name)))
            patch.setattr(os, "close", self._closing(os.close))
            yield self

    def _double(self, name, real):
        def call(*arguments, **options):
            if not self._is_below(name, arguments, options):
                return real(*arguments, **options)
            if self._fails():
                if name in ("write", "pwrite") and self.calls == self.at:
                    real(arguments[0], arguments[1][: len(arguments[1]) // 2], *arguments[2:])
                self._fail()
            if name in ("sync", "fsync"):
                return None  # what it guards against, a loss of power, cannot be seen here
            result = real(*arguments, **options)
            if name == "open":
                self._descriptors.add(result)
            return result

        return call

    def _closing(self, real):
        def close(descriptor):
            self._descriptors.discard(descriptor)
            real(descriptor)

        return close

    def _is_below(self, name, arguments, options):
        """Whether a call changes something below the root: reading never fails here."""
        if name == "sync":
            return True
        if name == "open":
            flags = arguments[1] if len(arguments) > 1 else options.get("flags", 0)
            if not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
                return False
        if isinstance(arguments[0], int):
            return arguments[0] in self._descriptors or name == "fsync"
        return "dir_fd" in options or str(arguments[0]).startswith(self.root)

    def _fails(self):
        self.calls += 1
        reached = self.at and self.calls >= self.at
        return reached and (self.calls == self.at or self.fault == "kill")

    def _fail(self):
        self.fired = True
        if self.fault == "kill":
            raise Killed
        number = getattr(errno, self.fault)
        raise OSError(number, os.strerror(number), self.root)


def every_call(command, prepare, fault, folder):
    """Runs ``command(prepare(place))`` with a fault at the first call, the second, and so on until it completes.

    Args:
        command: Takes what ``prepare`` returned.
        prepare: Takes a fresh folder below ``folder``.

    Yields:
        What ``prepare`` returned, and the error that the command ended with, None when it said that all is well.
    """
    for at in range(1, 10_000):
        place = folder / str(at)
        place.mkdir()
        prepared = prepare(place)
        disk, failure = FailingDisk(folder, at, fault), None
        with disk.mounted():
            try:
                command(prepared)
            except (Killed, OSError) as error:
                failure = error
        yield prepared, failure
        if not disk.fired:
            assert failure is None
            return
