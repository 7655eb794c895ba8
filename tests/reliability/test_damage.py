"""Every truncation and many flipped bits of what is stored are found: images, metadata, models and checkpoints."""

import random
import shutil
from dataclasses import replace

import numpy as np
import pytest
from checkpoint_states import state

from shapeseg.datasets import DatasetSettings, create_dataset
from shapeseg.datasets.manifest import read_manifest
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import InputError, ModelRefusedError
from shapeseg.models import Architecture, Card, build, load_model, save_model
from shapeseg.scenes import SceneSettings
from shapeseg.training import checkpoint

SETTINGS = DatasetSettings(SceneSettings(width=32, height=32, min_instances=1, max_instances=2, min_size=6, max_size=14))
ARCHITECTURE = Architecture("unet", {"widths": [1]})


def truncations(path):
    """Cuts a file off after every byte but the last, in turn."""
    content = path.read_bytes()
    with path.open("r+b") as file:
        for size in range(len(content) - 1, -1, -1):
            file.truncate(size)
            yield size
    path.write_bytes(content)


def flips(path, count=200):
    """Flips random bits of a file, one at a time."""
    content = path.read_bytes()
    chosen = random.Random(5)
    for _ in range(count):
        place, bit = chosen.randrange(len(content)), chosen.randrange(8)
        with path.open("r+b") as file:
            file.seek(place)
            file.write(bytes([content[place] ^ 1 << bit]))
        yield place
        with path.open("r+b") as file:
            file.seek(place)
            file.write(content[place : place + 1])


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "two"
    create_dataset(folder, num_images=2, seed=2, settings=SETTINGS)
    return folder


@pytest.mark.parametrize("damage", [truncations, flips])
@pytest.mark.parametrize("role", ["images", "masks", "instances"])
def test_damage_of_an_image_is_found(role, damage, dataset, tmp_path):
    folder = shutil.copytree(dataset, tmp_path / "copy")
    for place in damage(folder / role / "000001.png"):
        (finding,) = verify_dataset(folder)
        assert (finding.where, finding.severity) == (f"{role}/000001.png", "error"), place
    assert verify_dataset(folder) == []


@pytest.mark.parametrize("damage", [truncations, flips])
def test_damage_of_the_metadata_is_found(damage, dataset, tmp_path):
    folder = shutil.copytree(dataset, tmp_path / "copy")
    for _ in damage(folder / "metadata.jsonl"):
        with pytest.raises(InputError, match=r"not what dataset\.json names"):
            verify_dataset(folder)
    assert verify_dataset(folder) == []


def test_every_truncation_of_the_manifest_but_its_last_line_end_is_found(dataset, tmp_path):
    folder = shutil.copytree(dataset, tmp_path / "copy")
    length = (folder / "dataset.json").stat().st_size
    for size in truncations(folder / "dataset.json"):
        if size < length - 1:
            with pytest.raises(InputError, match=r"dataset\.json"):
                verify_dataset(folder)


def test_a_flipped_bit_of_the_manifest_is_found(tmp_path):
    """Settings that still are legal draw other scenes; only a later next_index is as good as the one that was meant."""
    folder = tmp_path / "data"
    create_dataset(folder, num_images=20, seed=2, settings=SETTINGS)
    good = read_manifest(folder)
    for place in flips(folder / "dataset.json"):
        try:
            errors = [finding for finding in verify_dataset(folder, workers=1) if finding.severity == "error"]
        except InputError:
            continue
        assert errors or replace(read_manifest(folder), next_index=good.next_index) == good, place
    assert verify_dataset(folder) == []


@pytest.mark.parametrize("damage", [truncations, flips])
def test_damage_of_a_model_is_found(damage, tmp_path):
    save_model(build(ARCHITECTURE.name, ARCHITECTURE.settings), tmp_path / "model.keras", Card(ARCHITECTURE))
    for place in damage(tmp_path / "model.keras"):
        with pytest.raises(ModelRefusedError):
            load_model(tmp_path / "model.keras")
        assert place >= 0
    load_model(tmp_path / "model.keras")


@pytest.mark.parametrize("damage", [truncations, flips])
def test_damage_of_a_checkpoint_never_changes_what_is_resumed(damage, tmp_path):
    """A bit that no reader looks at may flip; numbers that differ are never taken."""
    for epoch in (1, 2):
        arrays = {"weights": np.arange(50) * epoch}
        checkpoint.write(tmp_path, checkpoint.Checkpoint(epoch, arrays, state(epoch)))
    for place in damage(tmp_path / "epoch-00002.npz"):
        found, torn = checkpoint.read_newest(tmp_path)
        assert found.epoch == 2 - len(torn), place
        assert np.array_equal(found.arrays["weights"], np.arange(50) * found.epoch)
        assert found.state == state(found.epoch)
