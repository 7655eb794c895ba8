"""A limit on what this process may take of the memory, so that a test fails where the machine would have died."""

from __future__ import annotations

import resource
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def little_memory(more):
    """Lets this process take no more than so many bytes beyond what it has."""
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (has + more, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, before)
