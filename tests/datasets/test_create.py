import csv
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from command_runs import digest, error_line, folder_names, rows_of, run_python
from independent_rendering import render_again
from PIL import Image

from shapeseg.datasets import Dataset, DatasetSettings, SplitSettings, create_dataset
from shapeseg.errors import StorageError, UsageError
from shapeseg.scenes import SceneSettings

MINUTE = DatasetSettings(scene=SceneSettings(width=40, height=32, min_size=4, max_size=14))


def pixels(path, mode):
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.mode == mode
        return np.array(image)


@pytest.fixture(scope="module")
def minute_dataset(tmp_path_factory):
    """300 images of 40 x 32, drawn in this process."""
    folder = tmp_path_factory.mktemp("minute") / "one"
    create_dataset(folder, num_images=300, seed=8, settings=MINUTE, workers=1)
    return folder


@pytest.mark.parametrize("name", ["minute_dataset", "small_dataset"])
def test_every_file_equals_the_independent_rendering_of_its_row(name, request):
    folder = request.getfixturevalue(name)
    for row in rows_of(folder):
        again = render_again(row)
        assert np.array_equal(pixels(folder / row["image"], "RGB"), again.image)
        mask = pixels(folder / row["mask"], "L")
        assert np.array_equal(mask, np.where(again.targets["visible"], 255, 0))
        assert np.array_equal(pixels(folder / row["instance_map"], "L"), again.instance_map)
        for instance, amodal, visible in zip(row["instances"], again.amodal_areas, again.visible_areas, strict=True):
            assert instance["amodal_area"] == amodal
            assert instance["visible_area"] == visible
            assert instance["occlusion_rate"] == 1 - visible / amodal


def test_default_images_equal_the_independent_rendering_too(tmp_path):
    create_dataset(tmp_path / "d", num_images=10, seed=0)
    for row in rows_of(tmp_path / "d"):
        assert (row["width"], row["height"]) == (224, 224)
        again = render_again(row)
        assert np.array_equal(pixels(tmp_path / "d" / row["image"], "RGB"), again.image)
        assert np.array_equal(pixels(tmp_path / "d" / row["mask"], "L"), np.where(again.targets["visible"], 255, 0))
        assert np.array_equal(pixels(tmp_path / "d" / row["instance_map"], "L"), again.instance_map)


def test_a_row_names_its_files_and_their_digests(small_dataset):
    for index, row in enumerate(rows_of(small_dataset)):
        assert row["index"] == index
        assert row["image_id"] == f"{index:06d}"
        assert row["image"] == f"images/{index:06d}.png"
        assert row["mask"] == f"masks/{index:06d}.png"
        assert row["instance_map"] == f"instances/{index:06d}.png"
        assert set(row["sha256"]) == {"image", "mask", "instance_map"}
        for role, expected in row["sha256"].items():
            assert digest(small_dataset / row[role]) == expected


def test_the_folder_holds_what_the_rows_name_and_nothing_else(small_dataset):
    assert folder_names(small_dataset) == {
        "dataset.json",
        "metadata.jsonl",
        "metadata.csv",
        "class_dict.csv",
        "images",
        "masks",
        "instances",
    }
    for folder in ("images", "masks", "instances"):
        assert folder_names(small_dataset / folder) == {f"{index:06d}.png" for index in range(30)}
    assert folder_names(small_dataset.parent) == {"small"}


def test_dataset_json_says_what_was_drawn_and_names_the_metadata(small_dataset, small_settings):
    manifest = json.loads((small_dataset / "dataset.json").read_text())
    assert manifest["format"] == "shapeseg-dataset"
    assert manifest["format_version"] >= 1
    assert manifest["generator_version"] >= 1
    assert manifest["seed"] == 3
    assert manifest["count"] == 30
    assert manifest["next_index"] == 30
    assert manifest["metadata"] == {"file": "metadata.jsonl", "sha256": digest(small_dataset / "metadata.jsonl")}
    assert manifest["settings"] == json.loads(json.dumps(asdict(small_settings)))


def test_metadata_csv_is_the_same_at_a_glance(small_dataset):
    with (small_dataset / "metadata.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    expected = [
        {
            "image_id": row["image_id"],
            "split": row["split"],
            "image_path": row["image"],
            "mask_path": row["mask"],
            "instances": str(len(row["instances"])),
            "rectangles": str(sum(instance["kind"] == "rectangle" for instance in row["instances"])),
            "max_occlusion": str(max(instance["occlusion_rate"] for instance in row["instances"])),
        }
        for row in rows_of(small_dataset)
    ]
    assert table == expected


def test_class_dict_csv_names_the_two_classes(small_dataset):
    assert (small_dataset / "class_dict.csv").read_text().splitlines() == [
        "name,r,g,b",
        "background,0,0,0",
        "rectangle,255,255,255",
    ]


@pytest.mark.parametrize("workers", [2, 4])
def test_the_number_of_workers_changes_nothing(workers, minute_dataset, tmp_path):
    create_dataset(tmp_path / "d", num_images=300, seed=8, settings=MINUTE, workers=workers)
    for name in ("dataset.json", "metadata.jsonl", "metadata.csv", "class_dict.csv"):
        assert (tmp_path / "d" / name).read_bytes() == (minute_dataset / name).read_bytes()
    for row in rows_of(minute_dataset):
        for role, mode in (("image", "RGB"), ("mask", "L"), ("instance_map", "L")):
            assert np.array_equal(pixels(tmp_path / "d" / row[role], mode), pixels(minute_dataset / row[role], mode))


def test_fewer_images_are_the_beginning_of_more(minute_dataset, tmp_path):
    create_dataset(tmp_path / "d", num_images=130, seed=8, settings=MINUTE)
    assert rows_of(tmp_path / "d") == rows_of(minute_dataset)[:130]


def test_another_seed_draws_other_images(minute_dataset, tmp_path):
    create_dataset(tmp_path / "d", num_images=20, seed=9, settings=MINUTE)
    one, other = ([row["sha256"]["image"] for row in rows_of(folder)] for folder in (minute_dataset, tmp_path / "d"))
    assert not set(one[:20]) & set(other)
    assert len(set(one)) == 300


def test_the_shares_of_the_splits_do_not_change_what_is_drawn(minute_dataset, tmp_path):
    settings = replace(MINUTE, splits=SplitSettings(25, 25, 25, 25))
    create_dataset(tmp_path / "d", num_images=20, seed=8, settings=settings)
    assert [row["sha256"] for row in rows_of(tmp_path / "d")] == [row["sha256"] for row in rows_of(minute_dataset)[:20]]
    assert [row["split"] for row in rows_of(tmp_path / "d")] != [row["split"] for row in rows_of(minute_dataset)[:20]]


def test_progress_adds_up_to_the_images(tmp_path):
    steps = []
    create_dataset(tmp_path / "d", num_images=150, seed=0, settings=MINUTE, progress=steps.append)
    assert sum(steps) == 150
    assert len(steps) > 1


def test_it_is_never_written_over_anything(small_dataset, tmp_path):
    before = (small_dataset / "dataset.json").read_bytes()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note").write_text("mine")
    for out in (small_dataset, tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(UsageError, match="Received: "):
            create_dataset(out, num_images=3, seed=0, settings=MINUTE)
    assert (small_dataset / "dataset.json").read_bytes() == before
    assert (tmp_path / "file").read_text() == "mine"
    assert folder_names(tmp_path) == {"file", "folder"}
    assert folder_names(tmp_path / "folder") == {"note"}


def test_an_empty_folder_and_missing_parents_are_free(tmp_path):
    (tmp_path / "empty").mkdir()
    create_dataset(tmp_path / "empty", num_images=1, seed=0, settings=MINUTE)
    create_dataset(tmp_path / "a" / "b" / "ünï cödé", num_images=1, seed=0, settings=MINUTE)
    assert len(Dataset(tmp_path / "empty")) == len(Dataset(tmp_path / "a" / "b" / "ünï cödé")) == 1


@pytest.mark.parametrize("number", [0, -1])
def test_a_dataset_without_images_is_refused(number, tmp_path):
    with pytest.raises(UsageError, match=f"num_images={number}"):
        create_dataset(tmp_path / "d", num_images=number, seed=0)
    assert folder_names(tmp_path) == set()


def test_wrong_seeds_and_workers_are_refused_and_leave_nothing(tmp_path):
    for changes in ({"seed": -1}, {"seed": 2**64}, {"workers": -1}):
        with pytest.raises(UsageError, match="Received: "):
            create_dataset(tmp_path / "d", **{"num_images": 3, "seed": 0, **changes})
    assert folder_names(tmp_path) == set()


def test_a_place_that_cannot_be_written_is_a_storage_error(tmp_path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(StorageError, match="file"):
        create_dataset(tmp_path / "file" / "d", num_images=3, seed=0)
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failure_half_way_leaves_nothing(workers, tmp_path):
    def fail(count):
        assert len(folder_names(tmp_path)) == 1  # the staging folder
        raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        create_dataset(tmp_path / "d", num_images=300, seed=0, settings=MINUTE, workers=workers, progress=fail)
    assert folder_names(tmp_path) == set()


@pytest.mark.process
def test_a_full_disk_is_a_storage_error_and_leaves_nothing(tmp_path):
    """A limit on the size of files stands in for the disk: the metadata outgrows it."""
    script = (
        "import resource, runpy, sys\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "from shapeseg.commands.generate import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    result = run_python("-c", script, "--out", "d", "--num-images", 100, "--workers", 1, cwd=tmp_path)
    assert result.returncode == 4, result.stderr
    assert "file" in error_line(result.stderr).lower()
    assert folder_names(tmp_path) == set()
