"""The errors that a user can cause or meet, each with the exit code its command ends with."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ShapesegError(Exception):
    """An error with its value and its fix, shown as one line: ``WHAT. Received: VALUE. FIX.``

    Args:
        what: What is wrong, without a full stop.
        received: The offending value.
        fix: What the reader can do about it, without a full stop.
    """

    exit_code = 70

    def __init__(self, what: str, *, received: object, fix: str) -> None:
        super().__init__(f"{what}. Received: {received}. {fix}.")
        self._parts = (what, received, fix)

    def _render_traceback_(self) -> list[str]:
        """Notebooks (IPython) show this in place of a traceback."""
        return [f"error: {self}"]

    def __reduce__(self) -> tuple[object, ...]:
        """Keyword-only arguments need this to cross from a worker process."""
        what, received, fix = self._parts
        return _rebuild, (type(self), what, received, fix)


def _rebuild(kind: type[ShapesegError], what: str, received: object, fix: str) -> ShapesegError:
    return kind(what, received=received, fix=fix)


class UsageError(ShapesegError, ValueError):
    """A setting or flag that cannot be meant."""

    exit_code = 2


class NotInstalledError(ShapesegError, ImportError):
    """An optional package that is asked for and not there."""

    exit_code = 2


class InputError(ShapesegError, ValueError):
    """Data that is missing, damaged or not what the command needs."""

    exit_code = 3


class NoSampleError(UsageError, IndexError):
    """A place beyond the end of a dataset."""


class StorageError(ShapesegError, OSError):
    """The disk or its permissions are in the way."""

    exit_code = 4

    # OSError defines its own __str__ from errno; ours is the line that the base class built.
    __str__ = Exception.__str__


@contextmanager
def storage_errors(what: str, *, received: object, fix: str = "Name a place that you can write") -> Iterator[None]:
    """Turns an OSError of the block into a StorageError: ``WHAT (reason). Received: VALUE. FIX.``"""
    try:
        yield
    except OSError as error:
        raise StorageError(f"{what} ({error.strerror})", received=received, fix=fix) from error


_SIGNS_OF_NO_MEMORY = (
    "can't allocate memory",  # torch, on a CPU
    "cannot allocate memory",  # the system
    "failed to map segment",  # of a library that is loaded
    "can't start new thread",  # for whose stack there is no room
)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that there was not enough memory; torch has a kind of its own for a GPU, and none for a CPU."""
    kind, words = type(error).__name__, str(error).lower()
    return (
        isinstance(error, MemoryError)
        or kind == "OutOfMemoryError"
        or any(sign in words for sign in _SIGNS_OF_NO_MEMORY)
        or (error.__cause__ is not None and is_out_of_memory(error.__cause__))
    )


class BusyError(ShapesegError):
    """Another process is writing here."""

    exit_code = 5


class ModelRefusedError(ShapesegError, ValueError):
    """A model file that is not trusted, or does not fit the task."""

    exit_code = 6


class DivergedError(ShapesegError):
    """Training left the finite numbers."""

    exit_code = 7


class ResourcesError(ShapesegError):
    """Out of memory, or a worker process died."""

    exit_code = 8
