import shutil

import cv2
import numpy as np
import pytest
import yaml
from command_runs import error_line, folder_names, succeed
from independent_rendering import render_again
from PIL import Image, ImageDraw
from runs_here import run_here

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.filter import FilterSettings, filter_in_place
from shapeseg.datasets.formats.convert import convert, open_source
from shapeseg.datasets.formats.polygons import fill, outlines
from shapeseg.errors import InputError, StorageError, UsageError
from shapeseg.scenes import SceneSettings
from shapeseg.temporaries import make_temporary_folder

FORMATS = ("folder", "yolo", "palette")


@pytest.fixture(scope="module")
def shapes(tmp_path_factory):
    """30 images of 96 x 80 with one colour (so that pixels are ambiguous), rings in front (so that targets have holes)."""
    folder = tmp_path_factory.mktemp("shapes") / "shapes"
    scene = SceneSettings(
        width=96,
        height=80,
        min_size=4,
        max_size=32,  # of few and small shapes it is soon known which pixels are ambiguous
        min_instances=5,
        max_instances=8,
        kinds=("rectangle", "ellipse", "ring"),
        colors=((0, 0, 255),),
    )
    create_dataset(folder, num_images=30, seed=11, settings=DatasetSettings(scene))
    filter_in_place(folder, FilterSettings("ignore-occluded", max_occlusion=0.6))
    return folder


@pytest.fixture(scope="module")
def converted(shapes, tmp_path_factory):
    """Folder that holds the dataset in every format."""
    folder = tmp_path_factory.mktemp("converted")
    for name in FORMATS:
        convert(open_source(shapes), name, folder / name)
    return folder


def again(folder, to, out):
    return convert(open_source(folder), to, out)


def pixels(path, mode):
    with Image.open(path) as image:
        assert (image.format, image.mode) == ("PNG", mode)
        return np.array(image)


def tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def iou(one, other):
    return (one & other).sum() / (one | other).sum() if (one | other).any() else 1.0


def polygons(text, width, height):
    """Reads label lines as Ultralytics does, without a line of shapeseg."""
    for line in text.splitlines():
        number, *values = line.split()
        assert number == "0"
        assert len(values) >= 6
        corners = np.array(values, np.float32).reshape(-1, 2)
        assert corners.min() >= 0
        assert corners.max() <= 1
        yield corners * (width, height)


# From a dataset of shapeseg's.


def test_a_plain_folder_is_exact_and_holds_nothing_else(shapes, converted):
    rows = Dataset(shapes).rows
    assert {path.name for path in (converted / "folder").iterdir()} == {"images", "masks", "splits.csv", "shapeseg.json"}
    assert Dataset(converted / "folder").target_name == "rectangle"
    assert [row["split"] for row in Dataset(converted / "folder").rows] == [row["split"] for row in rows]
    for name in ("images", "masks"):
        assert {path.name for path in (converted / "folder" / name).iterdir()} == {f"{row['image_id']}.png" for row in rows}
    for row in rows:
        assert np.array_equal(pixels(converted / "folder" / row["image"], "RGB"), pixels(shapes / row["image"], "RGB"))
        assert np.array_equal(pixels(converted / "folder" / row["mask"], "L"), pixels(shapes / row["mask"], "L"))


def test_shapeseg_reads_the_plain_folder_it_wrote(shapes, converted):
    old, new = Dataset(shapes), Dataset(converted / "folder")
    assert not new.has_recipes
    for one, other in zip(old, new, strict=True):
        assert np.array_equal(one.image, other.image)
        assert np.array_equal(one.mask, other.mask)


def test_yolo_polygons_filled_as_ultralytics_does_give_every_pixel_back(shapes, converted):
    holes = 0
    for row in Dataset(shapes).rows:
        place = f"{row['split']}/{row['image_id']}"
        assert np.array_equal(
            pixels(converted / "yolo" / "images" / f"{place}.png", "RGB"), pixels(shapes / row["image"], "RGB")
        )
        expected = pixels(shapes / row["mask"], "L") != 0
        filled, rounded = np.zeros(expected.shape, np.uint8), np.zeros(expected.shape, np.uint8)
        drawn = Image.new("1", expected.shape[::-1])
        for corners in polygons((converted / "yolo" / "labels" / f"{place}.txt").read_text(), 96, 80):
            cv2.fillPoly(filled, [corners.astype(np.int32)], 1)
            cv2.fillPoly(rounded, [corners.round().astype(np.int32)], 1)
            ImageDraw.Draw(drawn).polygon([tuple(corner) for corner in corners.tolist()], fill=1, outline=1)
        assert np.array_equal(filled != 0, expected)
        assert np.array_equal(rounded != 0, expected)
        assert iou(np.array(drawn), expected) > 0.95  # another rasteriser
        _, hierarchy = cv2.findContours(expected.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        holes += hierarchy is not None and (hierarchy[0, :, 3] >= 0).any()
    assert holes


def test_a_yolo_line_is_a_connected_visible_piece_of_a_target(small_dataset, tmp_path):
    again(small_dataset, "yolo", tmp_path / "yolo")
    pieces_of_more = 0
    for row in Dataset(small_dataset).rows:
        truth = render_again(row)
        rectangles = [k for k, instance in enumerate(row["instances"]) if instance["kind"] == "rectangle"]
        counts = [cv2.connectedComponents(truth.visible[k].astype(np.uint8), connectivity=8)[0] - 1 for k in rectangles]
        lines = (tmp_path / "yolo" / "labels" / row["split"] / f"{row['image_id']}.txt").read_text().splitlines()
        assert len(lines) == sum(counts)
        pieces_of_more += max(counts, default=0) > 1
    assert pieces_of_more


def test_data_yaml_says_where_the_splits_are_and_what_the_class_is(shapes, converted):
    description = yaml.safe_load((converted / "yolo" / "data.yaml").read_text())
    assert description.pop("names") == {0: "rectangle"}
    assert list(description) == ["train", "val", "test", "holdout"]
    for split, place in description.items():
        listed = {path.stem for path in (converted / "yolo" / place).iterdir()}
        assert listed == {row["image_id"] for row in Dataset(shapes).split(split).rows}
        assert {path.stem for path in (converted / "yolo" / "labels" / split).iterdir()} == listed


def test_palette_masks_are_exact_with_void_where_nothing_can_be_known(shapes, converted):
    seen = np.zeros(256, int)
    for place, row in enumerate(Dataset(shapes).rows):
        truth = Dataset(shapes).scene(place).render()
        numbers = pixels(converted / "palette" / "SegmentationClass" / f"{row['image_id']}.png", "P")
        ignored = [k for k, instance in enumerate(row["instances"], start=1) if instance.get("ignored")]
        void = truth.ambiguous | np.isin(pixels(shapes / row["instance_map"], "L"), ignored)
        target = pixels(shapes / row["mask"], "L") != 0
        assert np.array_equal(numbers, np.where(void, 255, target))
        assert np.array_equal(pixels(converted / "palette" / row["image"], "RGB"), pixels(shapes / row["image"], "RGB"))
        seen += np.bincount(numbers.ravel(), minlength=256)
    assert set(np.flatnonzero(seen)) == {0, 1, 255}


def test_palette_masks_are_8_bit_with_the_colours_of_pascal_voc(converted):
    path = next((converted / "palette" / "SegmentationClass").iterdir())
    assert path.read_bytes()[24:26] == bytes([8, 3])  # bit depth and colour type of the header
    with Image.open(path) as image:
        palette = np.array(image.getpalette()).reshape(-1, 3)
    assert palette[[0, 1, 255]].tolist() == [[0, 0, 0], [128, 0, 0], [224, 224, 192]]


def test_the_lists_of_palette_masks_are_the_splits(shapes, converted):
    lists = converted / "palette" / "ImageSets" / "Segmentation"
    assert {path.name for path in lists.iterdir()} == {"train.txt", "val.txt", "test.txt", "holdout.txt"}
    for path in lists.iterdir():
        assert path.read_text().splitlines() == [row["image_id"] for row in Dataset(shapes).split(path.stem).rows]


def test_every_list_is_there_when_a_split_is_empty(tmp_path):
    create_dataset(tmp_path / "one", num_images=1, seed=0)
    again(tmp_path / "one", "palette", tmp_path / "palette")
    lists = tmp_path / "palette" / "ImageSets" / "Segmentation"
    assert {"train.txt", "val.txt", "test.txt"} <= {path.name for path in lists.iterdir()}
    assert "".join(path.read_text() for path in lists.iterdir()) == "000000\n"


# And back.


def test_every_format_comes_back_exactly(converted, tmp_path):
    for source in FORMATS:
        result = again(converted / source, source, tmp_path / source)
        assert result.images == 30
        assert tree(tmp_path / source).keys() == tree(converted / source).keys()
    assert tree(tmp_path / "folder") == tree(converted / "folder")
    assert tree(tmp_path / "palette") == tree(converted / "palette")
    for name, content in tree(tmp_path / "yolo").items():  # all but the name of the class
        assert name == "data.yaml" or content == tree(converted / "yolo")[name]


def test_yolo_comes_back_as_the_exact_plain_folder(converted, tmp_path):
    again(converted / "yolo", "folder", tmp_path / "back")
    assert tree(tmp_path / "back") == tree(converted / "folder")


def test_palette_masks_come_back_as_a_plain_folder_with_its_void_pixels(converted, tmp_path):
    result = again(converted / "palette", "folder", tmp_path / "back")
    void = 0
    for path in (converted / "palette" / "SegmentationClass").iterdir():
        numbers = pixels(path, "P")
        mask = pixels(tmp_path / "back" / "masks" / path.name, "L")
        assert np.array_equal(mask, np.select([numbers == 1, numbers == 255], [255, 128], 0))
        void += (numbers == 255).sum()
    assert result.void == void > 0


@pytest.mark.parametrize("share", [0.03, 0.3, 0.6, 0.8, 0.95, 1])
def test_outlines_filled_again_are_the_mask_whatever_its_shape(share):
    random = np.random.Generator(np.random.PCG64(7))
    for height, width in random.integers(1, 40, (60, 2)):
        mask = random.random((height, width)) < share
        found = outlines(mask)
        filled = np.zeros(mask.shape, np.int32)
        for outline in found:
            assert len(outline) >= 3
            fill(filled, outline, 1)
        assert np.array_equal(filled != 0, mask)
        assert len(found) == cv2.connectedComponents(mask.astype(np.uint8), connectivity=8)[0] - 1


def test_a_damaged_dataset_is_not_converted(shapes, tmp_path):
    folder = shutil.copytree(shapes, tmp_path / "d")
    path = folder / Dataset(folder).rows[3]["mask"]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=path.name):
        open_source(folder)


def test_it_is_never_written_over_anything(converted, tmp_path):
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "note").write_text("mine")
    for out in (tmp_path / "file", tmp_path / "folder"):
        with pytest.raises(UsageError, match=f"Received: {out}"):
            convert(open_source(converted / "folder"), "yolo", out, pytest.fail)
    with pytest.raises(StorageError, match="file"):
        again(converted / "folder", "yolo", tmp_path / "file" / "out")
    assert tree(tmp_path) == {"file": b"mine", "folder/note": b"mine"}


def test_what_a_killed_writer_left_is_removed(converted, tmp_path):
    left = make_temporary_folder(tmp_path / "out")
    (left / "images").mkdir()
    (left / "images/note").write_text("left")
    again(converted / "folder", "folder", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"out"}
    assert tree(tmp_path / "out") == tree(converted / "folder")


# The command.


def test_the_command_says_what_it_saw_and_what_is_lost(shapes, tmp_path):
    result = succeed(run_here("convert", shapes, "--to", "yolo", "--out", "yolo", cwd=tmp_path))
    assert "a shapeseg dataset of 30 images" in result.stdout
    assert "30 images as yolo" in result.stdout
    assert "void pixels, which yolo cannot store" in result.stdout
    result = succeed(run_here("convert", "yolo", "--to", "folder", cwd=tmp_path))
    assert "a YOLO folder of 30 images" in result.stdout
    assert "lost" not in result.stdout
    assert len(Dataset(tmp_path / "yolo-folder")) == 30


def test_exit_codes(converted, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "note").write_text("mine")
    for code, source, out in ((2, converted / "yolo", "taken"), (3, "missing", "new"), (3, ".", "new")):
        result = run_here("convert", source, "--to", "palette", "--out", out, cwd=tmp_path)
        assert result.returncode == code
        assert error_line(result.stderr)
    assert tree(tmp_path) == {"taken/note": b"mine"}


@pytest.mark.parametrize(("command", "written"), [("convert", "shapes-folder"), ("coco", "shapes.json")])
def test_what_is_written_beside_a_dataset_is_so_from_within(command, written, shapes, tmp_path):
    shutil.copytree(shapes, tmp_path / "shapes")
    succeed(run_here(command, "..", cwd=tmp_path / "shapes/images"))
    assert folder_names(tmp_path) == {"shapes", written}
