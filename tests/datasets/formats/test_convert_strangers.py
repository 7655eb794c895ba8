"""Folders that others made, and what is wrong with some of them."""

import io
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from shapeseg.datasets import Dataset
from shapeseg.datasets.formats.convert import convert, open_source
from shapeseg.errors import InputError

TRIANGLE = "0 0.1 0.1 0.5 0.1 0.5 0.5\n"
VAL_LIST = "ImageSets/Segmentation/val.txt"


def plain_folder(folder, image, mask, name="one"):
    for place, picture in (("images", image), ("masks", mask)):
        (folder / place).mkdir(parents=True)
        picture.save(folder / place / f"{name}.png")
    return folder


def png_header(width, height):
    """A PNG that says it is this large, in a few bytes."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = (header, b"IDAT" + zlib.compress(b"\0"), b"IEND")
    framed = (struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) for chunk in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def ppm():
    buffer = io.BytesIO()
    Image.new("L", (64, 64)).save(buffer, "PPM")
    return buffer.getvalue()


def test_other_people_s_yolo_folders_are_read(tmp_path):
    for place in ("images/train", "images/valid", "labels/train", "labels/valid"):
        (tmp_path / "y" / place).mkdir(parents=True)
    Image.new("RGB", (10, 8), "red").save(tmp_path / "y" / "images" / "train" / "a.jpg")
    Image.new("L", (10, 8), 7).save(tmp_path / "y" / "images" / "valid" / "no label.png")
    lines = "3 0.1 0.25 0.5 0.25 0.5 0.5 0.1 0.5\n\n7 0.85 0.9 1.0 0.9 1.0 1.0 0.85 1.0\n"
    (tmp_path / "y" / "labels" / "train" / "a.txt").write_text(lines)
    source = open_source(tmp_path / "y")
    assert (source.kind, source.total) == ("a YOLO folder", 2)
    first, second = source.images
    expected = np.zeros((8, 10), int)
    expected[2:5, 1:6], expected[7:, 8:] = 1, 3  # numbered by line
    assert np.array_equal(first.targets, expected)
    assert (first.name, first.split, second.name, second.split) == ("a", "train", "no label", "val")
    assert not second.targets.any()
    assert (second.image == 7).all()


@pytest.mark.parametrize(
    "line",
    [
        "0 0.5 0.5 0.1 0.1",
        "0 0.1 0.1 0.2 0.2 0.3",
        "0 0.1 0.1 0.2 x 0.3 0.3",
        "0 0 0 1e999 0 0 nan",
        "0 0.1 0.1 0.2 0.2 0.3 1.5",
        "0 -0.2 0.1 0.2 0.2 0.3 0.3",
        "0.5 0.1 0.1 0.2 0.2 0.3 0.3",
        "-1 0.1 0.1 0.2 0.2 0.3 0.3",
        "0x1 0.1 0.1 0.2 0.2 0.3 0.3",
        "0 0.1 0.1 0.2 0.2 0.3 " + "9" * 6000,
        "0 0.1 0.1 0.2 0.2 0.3 0.3" + " 0.5" * 999_999,
        "\udcff\x00",
    ],
)
def test_a_line_that_is_no_polygon_is_told_with_its_number(line, converted, tmp_path):
    folder = shutil.copytree(converted / "yolo", tmp_path / "y")
    path = sorted((folder / "labels" / "val").iterdir())[0]
    path.write_bytes(b"0 0.1 0.1 0.2 0.2 0.3 0.3\n" + line.encode(errors="surrogateescape"))
    with pytest.raises(InputError, match=f"{path.name} line 2"):
        convert(open_source(folder), "folder", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"y"}


def test_pascal_voc_itself_is_read(tmp_path):
    voc = tmp_path / "VOC"
    for place in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (voc / place).mkdir(parents=True)
    for name in ("a", "b", "without a mask"):
        Image.new("RGB", (4, 2), "green").save(voc / "JPEGImages" / f"{name}.jpg")
    for name in ("a", "b"):
        Image.fromarray(np.array([[0, 1, 15, 255], [0, 0, 20, 255]], np.uint8)).save(voc / "SegmentationClass" / f"{name}.png")
    for name, text in (("train", "a\n"), ("val", "b\n../../etc/passwd\n"), ("trainval", "a\nb\n")):
        (voc / "ImageSets" / "Segmentation" / f"{name}.txt").write_text(text)
    source = open_source(voc)
    assert (source.kind, source.total) == ("a folder of palette masks", 2)
    images = list(source.images)
    assert [(image.name, image.split) for image in images] == [("a", "train"), ("b", "val")]
    for image in images:
        assert image.targets.tolist() == [[0, 1, 1, 0], [0, 0, 1, 0]]
        assert image.void.tolist() == [[False, False, False, True]] * 2


@pytest.mark.parametrize("text", ["", "000000\n" * 2])
def test_a_mask_in_no_list_or_in_two_is_refused(text, converted, tmp_path):
    folder = shutil.copytree(converted / "palette", tmp_path / "p")
    name = (folder / VAL_LIST).read_text().splitlines()[0]
    (folder / VAL_LIST).write_text(text.replace("000000", name))
    with pytest.raises(InputError, match=f"{name}, in"):
        open_source(folder)


def test_splits_are_dealt_out_where_there_are_none(converted, tmp_path):
    palette = shutil.copytree(converted / "palette", tmp_path / "p")
    shutil.rmtree(palette / "ImageSets")
    flat = tmp_path / "flat"
    shutil.copytree(converted / "folder" / "images", flat / "images")
    (flat / "labels").mkdir()
    (flat / "labels" / "000000.txt").write_text(TRIANGLE)
    bare = shutil.copytree(converted / "folder", tmp_path / "bare")
    (bare / "splits.csv").unlink()
    dealt = [row["split"] for row in Dataset(bare).rows]
    for folder in (palette, flat, bare):
        assert [image.split for image in open_source(folder).images] == dealt


def test_images_of_every_mode_become_rgb(tmp_path):
    ramp = np.array([[0, 255 * 257, 100 * 257]], np.uint16)
    half = Image.new("RGBA", (3, 1), (255, 0, 0, 0))
    half.putpixel((1, 0), (255, 0, 0, 255))
    cases = {
        "sixteen": (Image.fromarray(ramp), [[0] * 3, [255] * 3, [100] * 3]),
        "alpha": (half, [[255] * 3, [255, 0, 0], [255] * 3]),
        "bits": (Image.fromarray(np.array([[True, False, True]])), [[255] * 3, [0] * 3, [255] * 3]),
        "palette": (half.convert("RGB").quantize(4), [[255, 0, 0]] * 3),
    }
    for name, (image, expected) in cases.items():
        folder = plain_folder(tmp_path / name, image, Image.new("L", (3, 1), 1))
        (read,) = open_source(folder).images
        assert read.image[0].tolist() == expected, name
        assert read.targets.all()


def test_an_exif_orientation_is_applied(tmp_path):
    stored = Image.new("RGB", (6, 4), "white")
    stored.putpixel((0, 0), (0, 0, 0))
    exif = stored.getexif()
    exif[0x0112] = 6  # upright after a quarter turn to the right
    folder = plain_folder(tmp_path / "d", stored, Image.new("L", (6, 4)))
    (folder / "labels").mkdir()
    (folder / "labels" / "one.txt").write_text(TRIANGLE)
    shutil.rmtree(folder / "masks")
    stored.save(folder / "images" / "one.png", exif=exif)
    (read,) = open_source(folder).images
    assert read.image.shape == (6, 4, 3)
    assert read.image[0, 3].tolist() == [0, 0, 0]


def test_masks_of_every_mode_say_what_is_not_zero(tmp_path):
    values = np.array([[0, 1, 200]], np.uint8)
    modes = {
        "grey": Image.fromarray(values),
        "sixteen": Image.fromarray(values.astype(np.uint16)),
        "colour": Image.fromarray(np.stack([values * 0, values, values * 0], axis=2)),
        "alpha": Image.fromarray(np.stack([values, values * 0, values, values * 0 + 255], axis=2)),
        "bits": Image.fromarray(values > 0),
    }
    for name, mask in modes.items():
        (read,) = open_source(plain_folder(tmp_path / name, Image.new("RGB", (3, 1)), mask)).images
        assert (read.targets != 0).tolist() == [[False, True, True]], name


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not a readable image"),
        (b"no image", "not a readable image"),
        (ppm(), "not a readable image"),
        (png_header(8, 8), "not a readable image"),
        (png_header(20_000, 8), "at most 16384 pixels a side"),
        (png_header(8000, 8000), "50,000,000 in all"),
        (png_header(60_000, 60_000), "bomb"),
    ],
    ids=["empty", "text", "ppm", "no pixels", "long side", "many pixels", "bomb"],
)
def test_a_bad_image_is_told_by_name_and_leaves_nothing(content, reason, converted, tmp_path):
    folder = shutil.copytree(converted / "yolo", tmp_path / "y")
    path = sorted((folder / "images" / "val").iterdir())[0]
    path.write_bytes(content)
    with pytest.raises(InputError, match=f"{reason}.*Received: .*{path.name}"):
        convert(open_source(folder), "palette", tmp_path / "out")
    assert {path.name for path in tmp_path.iterdir()} == {"y"}


def test_numbers_of_unknown_range_and_colours_for_class_numbers_are_refused(tmp_path):
    folder = plain_folder(tmp_path / "f", Image.new("RGB", (3, 2)), Image.new("L", (3, 2)))
    (folder / "images" / "one.png").unlink()
    Image.new("F", (3, 2), 1.5).save(folder / "images" / "one.tif")
    with pytest.raises(InputError, match=r"32-bit.*one\.tif"):
        list(open_source(folder).images)
    (folder / "masks").rename(folder / "SegmentationClass")
    Image.new("RGB", (3, 2)).save(folder / "images" / "one.tif")
    Image.new("RGB", (3, 2)).save(folder / "SegmentationClass" / "one.png")
    with pytest.raises(InputError, match=r"class numbers.*one\.png"):
        list(open_source(folder).images)
    Image.new("L", (2, 3)).save(folder / "SegmentationClass" / "one.png")
    with pytest.raises(InputError, match=r"size, 3 x 2.*one\.png, 2 x 3"):
        list(open_source(folder).images)


def test_files_that_do_not_fit_together_are_refused(converted, tmp_path):
    yolo, palette = (shutil.copytree(converted / name, tmp_path / name) for name in ("yolo", "palette"))
    image = sorted((yolo / "images" / "train").iterdir())[0]
    shutil.copy(image, (yolo / "images" / "train" / image.name).with_suffix(".jpg"))
    with pytest.raises(InputError, match=f"two files share one name.*{image.name}"):
        open_source(yolo)
    (yolo / "images" / "train" / image.name).with_suffix(".jpg").unlink()
    image.unlink()
    with pytest.raises(InputError, match=f"no image.*{image.stem}.txt"):
        open_source(yolo)
    image = sorted((palette / "images").iterdir())[0]
    image.unlink()
    with pytest.raises(InputError, match=f"no image.*{image.name}"):
        open_source(palette)


def test_a_folder_that_cannot_be_told_is_refused(converted, tmp_path):
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(InputError, match=f"Received: {folder}"):
            open_source(folder)
    both = shutil.copytree(converted / "yolo", tmp_path / "both")
    (both / "masks").mkdir()
    with pytest.raises(InputError, match="masks and labels"):
        open_source(both)
    (tmp_path / "alone" / "labels").mkdir(parents=True)
    with pytest.raises(InputError, match="no images"):
        open_source(tmp_path / "alone")


def yolo_of_roboflow(folder):
    """Roboflow's layout: splits above images and labels, the same name in two of them, a BOM, classes in data.yaml."""
    for split in ("train", "valid", "test"):
        for place in ("images", "labels"):
            (folder / split / place).mkdir(parents=True)
        Image.new("RGB", (10, 8), "red").save(folder / split / "images" / "a.jpg")
        (folder / split / "labels" / "a.txt").write_text(f"\ufeff{TRIANGLE}1 0.6 0.6 0.9 0.6 0.9 0.9\n", encoding="utf-8")
    (folder / "data.yaml").write_text("train: ../train/images\nnc: 2\nnames: ['crack', 'hole']\n")
    return folder


def test_yolo_of_roboflow_keeps_its_splits_and_names(tmp_path):
    source = open_source(yolo_of_roboflow(tmp_path / "y"))
    assert (source.kind, source.total, source.class_name) == ("a YOLO folder", 3, "crack or hole")
    images = list(source.images)
    assert {(image.name, image.split) for image in images} == {("train-a", "train"), ("val-a", "val"), ("test-a", "test")}
    assert set(np.unique(images[0].targets)) == {0, 1, 2}
    convert(open_source(tmp_path / "y", ["hole"]), "folder", tmp_path / "out")
    data = Dataset(tmp_path / "out")
    assert data.target_name == "hole"
    assert [row["split"] for row in data.rows] == ["test", "train", "val"]
    assert all(sample.mask[6, 8] and not sample.mask[1, 2] for sample in data)


def test_classes_txt_names_the_classes_and_is_no_label(tmp_path):
    folder = tmp_path / "y"
    for place in ("images", "labels"):
        (folder / place).mkdir(parents=True)
    Image.new("RGB", (10, 8)).save(folder / "images/Gru\u0308n.jpg")
    (folder / "labels/Gr\u00fcn.txt").write_text(TRIANGLE)
    (folder / "labels/._Gr\u00fcn.txt").write_bytes(b"\0\5\x16\7")
    (folder / "labels/classes.txt").write_text("\ufeffdent\nscratch\n", encoding="utf-8")
    source = open_source(folder)
    assert source.class_name == "dent or scratch"
    (image,) = source.images
    assert image.targets.any()
    (image,) = open_source(folder, ["scratch"]).images
    assert not image.targets.any()
    with pytest.raises(InputError, match=r"no such category.*0 dent, 1 scratch"):
        open_source(folder, ["hole"])


def test_voc_s_void_pixels_and_splits_are_kept_in_a_folder(tmp_path):
    voc = tmp_path / "VOC"
    for place in ("JPEGImages", "SegmentationClass", "ImageSets/Segmentation"):
        (voc / place).mkdir(parents=True)
    for name, split in (("a", "train"), ("b", "val")):
        Image.new("RGB", (4, 2), "green").save(voc / "JPEGImages" / f"{name}.jpg")
        Image.fromarray(np.array([[0, 1, 15, 255], [0, 0, 20, 255]], np.uint8)).save(voc / "SegmentationClass" / f"{name}.png")
        (voc / f"ImageSets/Segmentation/{split}.txt").write_text(f"{name}\n")
    assert convert(open_source(voc), "folder", tmp_path / "out").void == 4
    data = Dataset(tmp_path / "out")
    assert data.description.void_value == 128
    assert [(row["image_id"], row["split"]) for row in data.rows] == [("a", "train"), ("b", "val")]
    assert data.stored(0)[1].tolist() == [[0, 1, 1, 255], [0, 0, 1, 255]]
    (first, _) = open_source(voc, ["15"]).images
    assert first.targets.tolist() == [[0, 0, 1, 0], [0, 0, 0, 0]]
    convert(open_source(tmp_path / "out"), "folder", tmp_path / "again")
    assert Dataset(tmp_path / "again").stored(0)[1].tolist() == data.stored(0)[1].tolist()


@pytest.mark.parametrize("text", ["names: [", "\x00", "a: &a [1]\nb: *c"])
def test_a_data_yaml_that_is_none_is_told(text, tmp_path):
    folder = yolo_of_roboflow(tmp_path / "y")
    (folder / "data.yaml").write_text(text)
    with pytest.raises(InputError, match=r"not YAML.*data\.yaml"):
        open_source(folder)
