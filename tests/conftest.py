"""What many tests share: a small dataset, a run that the real command trained once, and hypothesis without time limits."""

from __future__ import annotations

import os
import signal
import sys

# Read when torch is imported, here and in processes that tests start: threads of several workers on the same cores would wait
# for each other, and do so by spinning.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import pytest
from browser import launched
from command_runs import succeed
from hypothesis import settings
from made_once import made_once
from runs_here import run_here

from shapeseg.datasets import DatasetSettings, create_dataset
from shapeseg.scenes import SceneSettings

# Commands that tests start are interrupted as in a terminal, also where the tests run in the background, which ignores these.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

settings.register_profile("project", deadline=None)
settings.load_profile("project")


@pytest.fixture(scope="session")
def small_settings():
    return DatasetSettings(scene=SceneSettings(width=64, height=64, min_size=8, max_size=20))


@pytest.fixture(scope="session")
def small_dataset(small_settings, tmp_path_factory):
    """Folder of 30 images of 64 x 64."""

    def make(folder):
        create_dataset(folder / "small", num_images=30, seed=3, settings=small_settings)

    return made_once(tmp_path_factory, "data", make) / "small"


@pytest.fixture(scope="session")
def tiny_run(small_dataset, tmp_path_factory):
    """Run folder of one epoch of a tiny network."""

    def make(folder):
        flags = ("--data", small_dataset, "--epochs", 1, "--widths", 4, 4, "--out", "tiny")
        succeed(run_here("train", *flags, cwd=folder))

    return made_once(tmp_path_factory, "runs", make) / "tiny"


@pytest.fixture(scope="module")
def browser():
    with launched() as browser:
        yield browser


@pytest.fixture
def one_thread():
    """Keeps torch to one core: two threads that wait for each other on a busy machine take minutes instead of seconds."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


# Files that take a worker half a minute or more: were one of them the last to begin, the other worker would wait for it.
LONGEST = (
    "test_benchmarks.py",
    "test_every_call.py",
    "test_notebooks.py",
    "test_export.py",
    "test_processes.py",
    "test_tune.py",
)


def pytest_collection_modifyitems(items):
    """Begins with the longest files."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


_at_work = []


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Notes which test is at work, for the hook below."""
    _at_work.append(item)
    try:
        return (yield)
    finally:
        _at_work.pop()


def _only_marked_tests_start_python(event, arguments):
    """Fails a test that starts a process as a user does and is not marked so: what is marked runs last."""
    if event == "subprocess.Popen" and _at_work and _at_work[-1].get_closest_marker("process") is None:
        words = arguments[1]
        if not isinstance(words, str) and os.fspath(words[0]) == sys.executable:
            raise AssertionError(f"pytest.mark.process is missing: {_at_work[-1].nodeid} starts {words}")


sys.addaudithook(_only_marked_tests_start_python)
