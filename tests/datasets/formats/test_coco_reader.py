"""COCO annotations of others: polygons, run lengths of both kinds, crowds, categories, and what must not reach a decoder."""

import json

import numpy as np
import pytest
from command_runs import succeed
from PIL import Image
from pycocotools import mask as coco
from runs_here import run_here

from shapeseg.datasets import Dataset
from shapeseg.datasets.formats.coco_reader import _counts
from shapeseg.datasets.formats.convert import convert, open_source
from shapeseg.errors import InputError, UsageError

WIDTH, HEIGHT = 20, 12
SQUARE = [2, 3, 8, 3, 8, 9, 2, 9]


def square(left, top, right, bottom):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    mask[top:bottom, left:right] = 1
    return mask


def packed(mask):
    runs = coco.encode(np.asfortranarray(mask))
    return {"size": [HEIGHT, WIDTH], "counts": runs["counts"].decode()}


def unpacked(mask):
    values = mask.T.ravel()
    edges = np.flatnonzero(np.diff(values, prepend=0)).tolist()
    return {"size": [HEIGHT, WIDTH], "counts": np.diff([0, *edges, values.size]).tolist()}


def annotation(image, segmentation, category=1, **more):
    return {"image_id": image, "category_id": category, "segmentation": segmentation, "iscrowd": 0, **more}


def write(folder, annotations, names=("a.jpg", "b.jpg"), path="instances.json", images="images"):
    (folder / images).mkdir(parents=True, exist_ok=True)
    for name in names:
        Image.new("RGB", (WIDTH, HEIGHT), "red").save(folder / images / name)
    content = {
        "images": [{"id": k, "file_name": name, "width": WIDTH, "height": HEIGHT} for k, name in enumerate(names)],
        "annotations": [{"id": k, **each} for k, each in enumerate(annotations)],
        "categories": [{"id": 1, "name": "crack"}, {"id": 7, "name": "pothole"}],
    }
    (folder / path).parent.mkdir(parents=True, exist_ok=True)
    (folder / path).write_text(json.dumps(content))
    return folder / path


def test_polygons_and_run_lengths_become_masks(tmp_path):
    part = square(10, 1, 15, 4)
    path = write(tmp_path, [annotation(0, [SQUARE]), annotation(0, packed(part)), annotation(1, unpacked(part))])
    source = open_source(path)
    assert (source.kind, source.total, source.class_name) == ("COCO annotations", 2, "crack or pothole")
    first, second = source.images
    assert np.array_equal(first.targets, np.where(part, 2, square(2, 3, 8, 9)))
    assert np.array_equal(second.targets != 0, part != 0)


def test_categories_are_chosen_by_name_or_number(tmp_path):
    path = write(tmp_path, [annotation(0, packed(square(0, 0, 5, 5))), annotation(1, packed(square(5, 5, 9, 9)), 7)])
    for word in ("pothole", "7"):
        source = open_source(path, [word])
        assert source.class_name == "pothole"
        assert "1 of 2 images have no pothole" in source.notes[0]
        first, second = source.images
        assert not first.targets.any()
        assert second.targets.any()
    assert all(image.targets.any() for image in open_source(path, ["crack", "pothole"]).images)
    with pytest.raises(InputError, match=r"no such category.*dent.*1 crack, 7 pothole"):
        open_source(path, ["dent"])


def test_crowds_are_void(tmp_path):
    crowd, one = square(0, 0, 10, 12), square(5, 0, 15, 12)
    path = write(tmp_path, [annotation(0, unpacked(crowd), iscrowd=1), annotation(0, packed(one)), annotation(1, [SQUARE])])
    convert(open_source(path), "folder", tmp_path / "out")
    labels = Dataset(tmp_path / "out").stored(0)[1]
    assert np.array_equal(labels == 255, square(0, 0, 5, 12) != 0)
    assert np.array_equal(labels == 1, one != 0)


@pytest.mark.parametrize(
    "layout",
    [
        [("annotations/instances_train2017.json", "train2017"), ("annotations/instances_val2017.json", "val2017")],
        [("train/_annotations.coco.json", "train"), ("valid/_annotations.coco.json", "valid")],
    ],
)
def test_splits_and_images_are_found_as_coco_and_roboflow_lay_them_out(layout, tmp_path):
    for number, (path, images) in enumerate(layout):
        write(tmp_path / "set", [annotation(0, [SQUARE])], names=[f"{number}.jpg"], path=path, images=images)
    (tmp_path / "set/annotations").mkdir(exist_ok=True)
    (tmp_path / "set/annotations/captions_train2017.json").write_text("{}")
    if "roboflow" in str(layout) or "_annotations" in str(layout):
        (tmp_path / "set/annotations/captions_train2017.json").unlink()
    result = succeed(run_here("convert", "set", "--out", "out", cwd=tmp_path))
    assert "COCO annotations of 2 images" in result.stdout
    data = Dataset(tmp_path / "out")
    assert [(row["image_id"], row["split"]) for row in data.rows] == [("0", "train"), ("1", "val")]
    assert data.target_name == "crack or pothole"


def test_a_number_that_means_one_category_here_and_another_there_is_refused(tmp_path):
    for split in ("train", "val"):
        write(tmp_path, [annotation(0, [SQUARE])], [f"{split}.jpg"], f"annotations/instances_{split}.json", split)
    path = tmp_path / "annotations/instances_val.json"
    path.write_text(path.read_text().replace("crack", "dent"))
    with pytest.raises(InputError, match=r"two categories\. Received: 1 is crack and, in .*instances_val\.json, dent"):
        open_source(tmp_path, ["crack"])


def test_one_name_in_two_splits_is_two_images(tmp_path):
    for split in ("train", "test"):
        write(tmp_path / "set", [annotation(0, [SQUARE])], ["a.jpg"], f"{split}/_annotations.coco.json", split)
    source = open_source(tmp_path / "set")
    assert [(image.name, image.split) for image in source.images] == [("train-a", "train"), ("test-a", "test")]


def test_our_own_export_comes_back(small_dataset, tmp_path):
    succeed(run_here("coco", small_dataset, "--out", "shapes.json", cwd=tmp_path))
    (tmp_path / "images").symlink_to(small_dataset / "images")
    content = json.loads((tmp_path / "shapes.json").read_text())
    source = open_source(tmp_path / "shapes.json", ["rectangle"])
    data = Dataset(small_dataset)
    for image, row, sample in zip(source.images, content["images"], data, strict=True):
        assert (image.name, image.split) == (sample.row["image_id"], row["split"])
        assert np.array_equal(image.targets != 0, sample.mask != 0)


def test_packed_run_lengths_are_unpacked_as_pycocotools_does():
    random = np.random.Generator(np.random.PCG64(0))
    for _ in range(50):
        mask = (random.random((HEIGHT, WIDTH)) < random.random()).astype(np.uint8)
        assert _counts(packed(mask)["counts"]) == unpacked(mask)["counts"] or mask[0, 0]
        runs = {"size": [HEIGHT, WIDTH], "counts": _counts(packed(mask)["counts"])}
        assert coco.frPyObjects(runs, HEIGHT, WIDTH)["counts"] == coco.encode(np.asfortranarray(mask))["counts"]


@pytest.mark.parametrize(
    "segmentation",
    [
        [],
        None,
        "text",
        [[1, 2, 3, 4]],
        [[1, 2, 3, 4, 5]],
        [[1, 2, 3, 4, 5, None]],
        [[1, 2, 3, 4, 5, 900]],
        [[1, 2, 3, 4, 5, -1e300]],
        {"size": [HEIGHT, WIDTH], "counts": [5, 5]},
        {"size": [HEIGHT, WIDTH], "counts": [-5, 245]},
        {"size": [HEIGHT, WIDTH], "counts": [10**12]},
        {"size": [HEIGHT + 1, WIDTH], "counts": [(HEIGHT + 1) * WIDTH]},
        {"size": [HEIGHT, WIDTH], "counts": "zzzzzzzzzzz"},
        {"size": [HEIGHT, WIDTH], "counts": "\u00ff"},
        {"size": [HEIGHT, WIDTH]},
    ],
)
def test_annotations_that_cannot_be_are_refused_before_they_are_decoded(segmentation, tmp_path):
    source = open_source(write(tmp_path, [annotation(0, segmentation)]))
    with pytest.raises(InputError, match=r"annotation cannot be used.*a\.jpg"):
        list(source.images)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda c: c.pop("images"), "no list of images"),
        (lambda c: c["images"].append(3), "one of its images has no id"),
        (lambda c: c["images"][0].pop("width"), "no height and width"),
        (lambda c: c["images"][0].update(file_name="../a.jpg"), "not a name below its folder"),
        (lambda c: c["images"].append(c["images"][0] | {"file_name": "../../a.jpg"}), "not a name below its folder"),
        (lambda c: c["images"].append(c["images"][0] | {"file_name": "/etc/a.jpg"}), "not a name below its folder"),
        (lambda c: c["images"][0].update(file_name="c.jpg"), "were not found"),
        (lambda c: c["categories"].append({"id": 7, "name": "dent"}), "one number stands for two categories.*7 is pothole"),
        (lambda c: c["annotations"][0].pop("category_id"), "has no category_id"),
        (lambda c: c["annotations"].clear(), "no image has an annotation"),
        (lambda c: c["images"].clear(), "no image is listed"),
        (lambda c: c["images"][0].update(width=WIDTH + 1), "add up to the image"),
    ],
)
def test_files_that_are_none_of_coco_say_why(change, word, tmp_path):
    path = write(tmp_path, [annotation(0, unpacked(square(0, 0, 3, 3)))], ["a.jpg"])
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(InputError, match=word):
        list(open_source(path).images)


def test_classes_are_chosen_of_formats_that_have_some(small_dataset):
    with pytest.raises(UsageError, match="no classes to choose from"):
        open_source(small_dataset, ["rectangle"])
