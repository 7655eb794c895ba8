"""What many tests share: a small dataset, a run that the real command trained once, and hypothesis without time limits."""

from __future__ import annotations

import signal

import pytest
from command_runs import run_script, succeed
from hypothesis import settings

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
    folder = tmp_path_factory.mktemp("data") / "small"
    create_dataset(folder, num_images=30, seed=3, settings=small_settings)
    return folder


@pytest.fixture(scope="session")
def tiny_run(small_dataset, tmp_path_factory):
    """Run folder of one epoch of a tiny network."""
    place = tmp_path_factory.mktemp("runs")
    succeed(run_script("train.py", "--data", small_dataset, "--epochs", 1, "--widths", 4, 4, "--out", "tiny", cwd=place))
    return place / "tiny"
