"""One writer at a time, by a lock of the kernel's: it is free again the moment its holder is gone, however it went."""

from __future__ import annotations

import errno
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shapeseg.errors import BusyError, InputError

LOCK = ".lock"


@contextmanager
def writer_lock(folder: Path) -> Iterator[int]:
    """Holds the lock of ``folder`` while the block runs. Readers never ask for it.

    Yields:
        Its descriptor; a process that inherits it holds the lock, too, until it ends.

    Raises:
        BusyError: If another process holds it.
        InputError: If the lock file is a link.
    """
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise InputError("the lock file is a link", received=path, fix="Remove the link") from error
        raise
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.pread(descriptor, 200, 0).decode(errors="replace").strip() or "another process"
            raise BusyError(
                "another command is writing here", received=f"{folder}, locked by {holder}", fix="Try later"
            ) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"process {os.getpid()} on {socket.gethostname()}\n".encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)
