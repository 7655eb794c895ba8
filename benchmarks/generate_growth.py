"""Creates a dataset with 2 workers, verifies it, and prints images a second and peak memory as JSON.

    python benchmarks/generate_growth.py FOLDER NUM_IMAGES

It runs in a process of its own, so that no other measurement counts in its peak. Peaks are what Linux keeps for each process
in ``/proc``; elsewhere they are null. (``getrusage`` would not do: a child starts with its parent's peak, and workers are no
children of ours but of the fork server.)
"""

from __future__ import annotations

import json
import multiprocessing
import sys
import time
from collections.abc import Callable
from pathlib import Path

from shapeseg.datasets import create_dataset
from shapeseg.datasets.verify import verify_dataset

WORKERS = 2


def main(folder: Path, num_images: int) -> None:
    """Measures and prints."""
    peaks: dict[int, int] = {}  # process -> KiB

    def watch(_count: int) -> None:
        """Called when a chunk is done: a peak never falls, so the last look at each worker is its peak."""
        for worker in multiprocessing.active_children():
            if worker.pid and (peak := peak_kib(worker.pid)):
                peaks[worker.pid] = peak

    def speed(work: Callable[[], object]) -> float:
        started = time.perf_counter()
        work()
        return num_images / (time.perf_counter() - started)

    def create() -> None:
        create_dataset(folder, num_images=num_images, seed=0, workers=WORKERS, progress=watch)

    result: dict[str, object] = {
        "created_a_second": speed(
            lambda: create_dataset(folder, num_images=num_images, seed=0, workers=WORKERS, progress=watch)
        ),
        "peak_of_parent_MiB": mib(peak_kib("self")),
        "of_a_worker_MiB": mib(max(peaks.values(), default=None)),
        "verified_quickly_a_second": speed(lambda: healthy(folder, quick=True)),
        "verified_a_second": speed(lambda: healthy(folder, quick=False)),
        "of_verify_MiB": mib(peak_kib("self")),
    }
    print(json.dumps(result))


def healthy(folder: Path, *, quick: bool) -> None:
    """Verifies, and fails when anything is wrong: a fast wrong answer is no result."""
    if findings := verify_dataset(folder, quick=quick, workers=WORKERS):
        raise RuntimeError(f"verify found problems. Received: {findings[:3]}.")


def peak_kib(process: int | str) -> int | None:
    """Returns the most resident memory that a process has had, None where the system does not say."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return None
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), None)


def mib(kib: int | None) -> float | None:
    """Returns KiB as MiB."""
    return None if kib is None else round(kib / 1024, 1)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
