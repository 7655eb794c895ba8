import json
import shutil
from itertools import chain

import numpy as np
import pytest
from independent_rendering import render_again

from shapeseg.datasets import SPLITS, Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.manifest import read_manifest
from shapeseg.errors import InputError, UsageError
from shapeseg.scenes import SceneSettings, sample_scene


@pytest.fixture
def copied(small_dataset, tmp_path):
    """A dataset of its own to damage."""
    return shutil.copytree(small_dataset, tmp_path / "copy")


def edit_manifest(folder, **changes):
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def test_samples_are_what_the_rows_describe(small_dataset):
    data = Dataset(small_dataset)
    assert len(data) == 30
    assert [row["index"] for row in data.rows] == list(range(30))
    for place in range(30):
        row, image, mask = data[place]
        again = render_again(row)
        assert image.dtype == mask.dtype == np.uint8
        assert np.array_equal(image, again.image)
        assert np.array_equal(mask, np.where(again.targets["visible"], 255, 0))
        assert np.array_equal(data.image(place), image)


def test_it_can_be_walked_through(small_dataset):
    data = Dataset(str(small_dataset))
    assert [sample.row["image_id"] for sample in data] == [row["image_id"] for row in data.rows]


def test_a_scene_comes_back_from_its_row(small_dataset, small_settings):
    data = Dataset(small_dataset)
    for place in range(30):
        assert data.scene(place) == sample_scene(small_settings.scene, seed=3, index=place)


def test_the_manifest_reads_back_as_it_was_written(tmp_path):
    settings = DatasetSettings(scene=SceneSettings(width=50, colors=((1, 2, 3), (4, 5, 6)), kinds=("ellipse",)))
    written = create_dataset(tmp_path / "d", num_images=4, seed=2**64 - 1, settings=settings)
    assert read_manifest(tmp_path / "d") == written
    assert Dataset(tmp_path / "d").manifest == written


def test_the_splits_share_the_samples_out(small_dataset):
    data = Dataset(small_dataset)
    parts = {name: [row["image_id"] for row in data.split(name).rows] for name in SPLITS}
    assert all(parts.values())
    assert sorted(chain.from_iterable(parts.values())) == [row["image_id"] for row in data.rows]
    for name, part in parts.items():
        assert part == [row["image_id"] for row in data.rows if row["split"] == name]
        assert [sample.row["image_id"] for sample in data.split(name)] == part
    assert [row["image_id"] for row in data.split("all").rows] == [row["image_id"] for row in data.rows]
    assert len(data) == 30


def test_an_unknown_split_is_refused(small_dataset):
    with pytest.raises(UsageError, match=r"Received: training\..*train, val, test, holdout"):
        Dataset(small_dataset).split("training")


def test_an_empty_split_is_refused(tmp_path):
    create_dataset(tmp_path / "d", num_images=1, seed=0)
    data = Dataset(tmp_path / "d")
    (held,) = {row["split"] for row in data.rows}
    for name in set(SPLITS) - {held}:
        with pytest.raises(InputError, match=f"{name} split .* is empty"):
            data.split(name)
    assert len(data.split(held)) == 1


def test_a_missing_dataset_is_told_with_the_command_that_makes_it(tmp_path):
    for folder in (tmp_path, tmp_path / "nowhere"):
        with pytest.raises(InputError, match=f"generate_data.py --out {folder}"):
            Dataset(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000, b"{}"])
def test_a_manifest_that_is_none_is_refused(content, copied):
    (copied / "dataset.json").write_bytes(content)
    with pytest.raises(InputError, match=r"Received: .*dataset\.json"):
        Dataset(copied)


@pytest.mark.parametrize(
    "changes",
    [
        {"format_version": 3},
        {"format_version": 999},
        {"generator_version": 999},
    ],
    ids=str,
)
def test_a_newer_dataset_is_refused_as_such(changes, copied):
    edit_manifest(copied, **changes)
    with pytest.raises(InputError, match="newer"):
        Dataset(copied)


@pytest.mark.parametrize(
    "changes",
    [{"format": "other"}, {"format_version": "1"}, {"count": "30"}, {"settings": {"scene": {"width": -1}}}, {"made_by": "me"}],
    ids=str,
)
def test_a_manifest_that_does_not_fit_is_refused(changes, copied):
    edit_manifest(copied, **changes)
    with pytest.raises(InputError, match="Received: "):
        Dataset(copied)


def test_metadata_that_was_changed_is_refused(copied):
    path = copied / "metadata.jsonl"
    content = path.read_bytes()
    for damaged in (content[:-1], content + b"\n", content.replace(b'"train"', b'"trai_"', 1), b""):
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=r"Received: .*metadata\.jsonl"):
            Dataset(copied)
    path.write_bytes(content)
    assert len(Dataset(copied)) == 30


def test_metadata_that_is_missing_is_told(copied):
    (copied / "metadata.jsonl").unlink()
    with pytest.raises(InputError, match=r"missing.*Received: .*metadata.jsonl"):
        Dataset(copied)


def test_the_tables_for_people_do_not_matter_to_reading(copied):
    (copied / "metadata.csv").unlink()
    (copied / "class_dict.csv").write_text("torn")
    assert len(Dataset(copied)) == 30


def test_a_damaged_or_missing_image_is_told_by_name(copied):
    data = Dataset(copied)
    for role in ("image", "mask"):
        path = copied / data.rows[4][role]
        content = path.read_bytes()
        damages = [content[:length] for length in (0, 1, 20, 60, len(content) // 2, len(content) - 1)]
        damages += [b"no image at all", content[:80] + bytes([content[80] ^ 1]) + content[81:]]
        for damaged in damages:
            path.write_bytes(damaged)
            with pytest.raises(InputError, match=path.name):
                data[4]
        path.unlink()
        with pytest.raises(InputError, match=path.name):
            data[4]
        path.write_bytes(content)
        assert data[4].row["index"] == 4


def test_the_digest_names_the_content(small_dataset, small_settings, tmp_path):
    create_dataset(tmp_path / "same", num_images=30, seed=3, settings=small_settings)
    create_dataset(tmp_path / "other", num_images=30, seed=4, settings=small_settings)
    digest = Dataset(small_dataset).digest()
    assert len(digest) == 64
    assert Dataset(tmp_path / "same").digest() == digest
    assert Dataset(tmp_path / "other").digest() != digest


@pytest.mark.parametrize("name", ["../victim.jsonl", "/tmp/victim.jsonl", "metadata-1.jsonl", "dataset.json", ""])
def test_metadata_elsewhere_is_never_read_nor_removed(name, copied):
    victim = copied.parent / "victim.jsonl"
    shutil.copy(copied / "metadata.jsonl", victim)
    metadata = json.loads((copied / "dataset.json").read_text())["metadata"]
    edit_manifest(copied, metadata=metadata | {"file": name})
    for use in (lambda: Dataset(copied), lambda: append_samples(copied, num_images=1, workers=0)):
        with pytest.raises(InputError, match="not a metadata file"):
            use()
    assert victim.exists()


def test_words_for_images_of_one_s_own_are_refused_where_they_would_change_nothing(small_dataset):
    with pytest.raises(UsageError, match=r"images of your own\. Received: target_values, void_value for .*"):
        Dataset(small_dataset, target_values=[1], void_value=255)
    assert len(Dataset(small_dataset, target_values=[], void_value=None)) == 30
