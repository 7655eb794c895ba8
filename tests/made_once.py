"""Folders that take long to make, made once for all the workers of a test run; nobody changes what is in them."""

from __future__ import annotations

import fcntl
import os
import shutil


def made_once(tmp_path_factory, name, make):
    """Returns a folder that ``make(folder)`` has filled: the first worker to ask makes it, the others wait for it."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent  # the run's folder, below which each worker has its own
    folder, made = shared / "shared" / name, shared / f"{name} is made"
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of a worker that failed half way
            folder.mkdir(parents=True)
            make(folder)
            made.touch()
    return folder
