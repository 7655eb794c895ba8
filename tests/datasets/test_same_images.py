"""An image is its decoded pixels: no two datasets' seeds or settings make it another."""

import shutil
from dataclasses import replace

import cv2
import numpy as np
import pytest

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.examples import FreshScenes
from shapeseg.datasets.image_digest import image_digest
from shapeseg.datasets.merge import merge_datasets
from shapeseg.datasets.metadata import commit_metadata, encode_rows
from shapeseg.datasets.samples import FOLDERS, sample_paths
from shapeseg.datasets.splits import SplitSettings
from shapeseg.datasets.verify import verify_dataset
from shapeseg.scenes import SceneSettings, sample_scene

SCENE = SceneSettings(width=64, height=64, min_size=8, max_size=16)
SOURCE = {"seed": 1, "settings_sha256": "0" * 64, "index": 0}
OTHER_SHARES = SplitSettings(train_percent=20, val_percent=30, test_percent=30, holdout_percent=20)


@pytest.fixture
def pair(tmp_path):
    """Two datasets of the same 20 and 10 scenes, dealt into unlike splits."""
    create_dataset(tmp_path / "a", num_images=20, seed=40, settings=DatasetSettings(SCENE))
    create_dataset(tmp_path / "b", num_images=10, seed=40, settings=DatasetSettings(SCENE, OTHER_SHARES))
    return Dataset(tmp_path / "a"), Dataset(tmp_path / "b")


def test_merge_leaves_out_images_that_are_there_and_keeps_the_first_split(pair, tmp_path):
    first, second = pair
    assert [row["split"] for row in first.rows[:10]] != [row["split"] for row in second.rows]
    manifest, left_out = merge_datasets([first, second], tmp_path / "out")
    assert (manifest.count, left_out) == (20, 10)
    assert [row["split"] for row in Dataset(tmp_path / "out").rows] == [row["split"] for row in first.rows]
    assert verify_dataset(tmp_path / "out") == []


def test_a_file_of_other_bytes_is_the_same_image(pair, tmp_path):
    first, second = pair
    for path in (second.folder / "images").iterdir():
        before = path.read_bytes()
        cv2.imwrite(str(path), cv2.imread(str(path)), [cv2.IMWRITE_PNG_COMPRESSION, 0])
        assert path.read_bytes() != before
    assert merge_datasets([first, second], tmp_path / "out")[1] == 10


@pytest.mark.parametrize(("split", "severity"), [("test", "error"), ("train", "warning")])
def test_verify_finds_an_image_that_is_there_twice(pair, split, severity):
    data = pair[0]
    row = next(row for row in data.rows if row["split"] == "train")
    again = row | {"index": 20, "image_id": "000020", "split": split, **sample_paths(20), "source": SOURCE}
    for role in FOLDERS:
        shutil.copy(data.folder / row[role], data.folder / again[role])
    manifest = replace(data.manifest, count=21, next_index=21)
    commit_metadata(data.folder, manifest, [encode_rows([*data.rows, again])])
    found = verify_dataset(data.folder)
    assert [(finding.where, finding.severity) for finding in found] == [(again["image"], severity)]
    assert row["image"] in found[0].what


def test_the_size_counts_and_the_layout_in_memory_does_not():
    black = np.zeros((4, 6, 3), np.uint8)
    assert image_digest(black) != image_digest(black.reshape(6, 4, 3))
    assert image_digest(black) == image_digest(np.asfortranarray(black))


@pytest.mark.parametrize("seed", [0, 1])
def test_fresh_scenes_are_of_no_dataset_and_those_for_val_are_not_trained_on(seed):
    stored = {sample_scene(SCENE, seed=seed, index=index) for index in range(200)}
    train, val = FreshScenes(SCENE, seed, 16), FreshScenes(SCENE, seed, 8, frozen=True)
    drawn = {train.scene_of(place, epoch) for place in range(16) for epoch in range(3)}
    validated = {val.scene_of(place, epoch) for place in range(8) for epoch in range(3)}
    assert (len(stored), len(drawn), len(validated)) == (200, 48, 8)
    assert not drawn & stored
    assert not validated & (drawn | stored)
