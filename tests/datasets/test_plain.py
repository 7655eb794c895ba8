import os
import re
import shutil
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from shapeseg.datasets import Dataset
from shapeseg.datasets.foreign_images import header_of, read_rgb
from shapeseg.datasets.survey import refuse_one_class, remarks, target_share
from shapeseg.description import Description
from shapeseg.errors import InputError, UsageError


def write(folder, name, image, mask):
    for room, pixels in (("images", image), ("masks", mask)):
        (folder / room).mkdir(parents=True, exist_ok=True)
        pixels.save(folder / room / name)


@pytest.fixture
def plain(tmp_path):
    for number in range(12):
        mask = np.zeros((16, 24), np.uint8)
        mask[2 : 4 + number % 5, 3:9] = 1 + number
        write(tmp_path / "mine", f"photo {number}.png", Image.new("RGB", (24, 16), (number, 2, 3)), Image.fromarray(mask))
    return tmp_path / "mine"


def test_names_pair_images_with_masks(plain):
    data = Dataset(plain)
    assert len(data) == 12
    for row, image, mask in data:
        number = int(row["image_id"].split()[1])
        assert image.shape == (16, 24, 3)
        assert (image == (number, 2, 3)).all()
        expected = np.zeros((16, 24), bool)
        expected[2 : 4 + number % 5, 3:9] = True
        assert np.array_equal(mask != 0, expected)
    assert not data.has_recipes
    assert {row["split"] for row in data.rows} >= {"train", "val", "test"}


def test_its_feed_serves_zeros_and_ones(plain):
    images, masks = Dataset(plain).feed(4)[0]
    assert images.shape == (4, 16, 24, 3)
    assert set(np.unique(masks)) == {0, 1}


def test_a_mask_with_colours_counts_wherever_it_is_not_black(plain):
    mask = np.zeros((16, 24, 3), np.uint8)
    mask[1, 1] = (0, 0, 1)
    write(plain, "photo 0.png", Image.new("RGB", (24, 16)), Image.fromarray(mask))
    assert np.argwhere(Dataset(plain)[0].mask).tolist() == [[1, 1]]


def test_its_digest_names_its_content(plain):
    before = Dataset(plain).digest()
    assert Dataset(plain).digest() == before
    write(plain, "photo 3.png", Image.new("RGB", (24, 16), (9, 9, 9)), Image.new("L", (24, 16)))
    assert Dataset(plain).digest() != before


def test_names_that_do_not_pair_and_files_that_are_no_images_are_refused(plain):
    (plain / "masks/photo 5.png").rename(plain / "masks/other.png")
    with pytest.raises(InputError, match="1 masks have no image, and 1 images no mask"):
        Dataset(plain)
    (plain / "masks/other.png").rename(plain / "masks/photo 5.png")
    (plain / "images/photo 5.png").write_text("no image")
    with pytest.raises(InputError, match="not a readable image"):
        Dataset(plain)
    write(plain, "photo 5.png", Image.new("RGB", (24, 16)), Image.new("L", (25, 16)))
    with pytest.raises(InputError, match="its image's size"):
        Dataset(plain)


def test_an_empty_folder_is_no_dataset(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="no images"):
        Dataset(tmp_path)


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif", "webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_size_in_the_header_is_that_of_the_upright_image(orientation, suffix, tmp_path):
    image = Image.new("RGB", (24, 16))
    exif = image.getexif()
    exif[0x0112] = orientation
    path = tmp_path / f"turned.{suffix}"
    image.save(path, exif=exif)
    height, width = read_rgb(path).shape[:2]
    header = header_of(path.read_bytes(), path)
    assert header[:2] == (width, height) == ((24, 16) if orientation < 5 else (16, 24))
    assert (header.orientation, header.lies) == (orientation, orientation >= 5)


@pytest.mark.parametrize("role", ["images", "masks"])
def test_a_truncated_file_is_refused_before_it_is_used(role, plain):
    path = plain / role / "photo 5.png"
    path.write_bytes(path.read_bytes()[:60])  # header and a few pixels
    with pytest.raises(InputError, match=r"not a readable image.*photo 5"):
        Dataset(plain).refuse_damage()


@pytest.mark.parametrize(("orientation", "corner"), [(3, [15, 23]), (6, [0, 15])])
def test_an_image_that_turns_behind_its_pixels_turns_its_mask_too(orientation, corner, tmp_path):
    """A PNG may say only after its pixels that it is to be turned."""
    mask = np.zeros((16, 24), np.uint8)
    mask[0, 0] = 255
    write(tmp_path, "a.png", Image.merge("RGB", [Image.fromarray(mask)] * 3), Image.fromarray(mask))
    path = tmp_path / "images/a.png"
    content, exif = path.read_bytes(), Image.Exif()
    exif[0x0112] = orientation
    turn = b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
    chunk = struct.pack(">I", len(turn) - 4) + turn + struct.pack(">I", zlib.crc32(turn))
    path.write_bytes(content[:-12] + chunk + content[-12:])
    if orientation == 3:
        with pytest.raises(InputError, match="EXIF orientation 3"):
            Dataset(tmp_path)
    data = Dataset(tmp_path, masks_drawn="stored")
    data.refuse_damage()
    assert np.argwhere(data[0].image[..., 0]).tolist() == np.argwhere(data[0].mask).tolist() == [corner]


def test_an_image_that_has_another_size_by_now_is_refused_before_it_is_used(plain):
    data = Dataset(plain)
    Image.new("RGB", (16, 24)).save(plain / "images/photo 5.png")
    with pytest.raises(InputError, match=r"another size.*photo 5.png, 16 x 24"):
        data.refuse_damage()


def test_a_folder_without_damage_is_not_refused(plain):
    Dataset(plain).refuse_damage()


@pytest.mark.parametrize("role", ["images", "masks"])
def test_a_file_that_vanishes_while_it_is_served_is_told_by_its_path(role, plain):
    feed = Dataset(plain).feed(1)
    feed[0]
    path = sorted((plain / role).iterdir())[1]
    path.unlink()
    with pytest.raises(InputError, match=re.escape(str(path))):
        feed[1]


def test_a_name_that_is_no_utf_8_is_told_in_letters(plain):
    for folder in ("images", "masks"):
        (plain / folder / "photo 0.png").rename(os.fsdecode(os.fsencode(plain / folder) + b"/\xff.png"))
    data = Dataset(plain)
    assert data.rows[-1]["image_id"] == "\\xff"
    assert data.image(len(data) - 1).shape == (16, 24, 3)


# Folders as people have them.


def pairs_of(data):
    return [(row["image_id"], row["split"], row["image"], row["mask"]) for row in data.rows]


def picture(size=(24, 16), color=(9, 9, 9)):
    return Image.new("RGB", size, color), Image.fromarray(np.eye(size[1], size[0], dtype=np.uint8))


def test_companions_of_systems_are_passed_over(plain):
    for name in ("._photo 0.png", ".DS_Store", "Thumbs.db"):
        for room in ("images", "masks"):
            (plain / room / name).write_bytes(b"Mac OS X")
    assert len(Dataset(plain)) == 12


def test_composed_and_decomposed_letters_are_one_name(plain):
    write(plain, "Gru\u0308n.png", *picture())
    (plain / "masks/Gru\u0308n.png").rename(plain / "masks/Gr\u00fcn.png")
    data = Dataset(plain)
    assert len(data) == 13
    assert data.split("all").rows[0]["mask"] == "masks/Gr\u00fcn.png"


def test_a_new_image_moves_no_other_unless_a_split_was_empty(plain):
    for number in range(12, 60):
        write(plain, f"photo {number}.png", *picture())
    before = {name: split for name, split, _, _ in pairs_of(Dataset(plain))}
    write(plain, "another.png", *picture())
    after = {name: split for name, split, _, _ in pairs_of(Dataset(plain))}
    assert after.items() > before.items()


def test_a_split_that_was_empty_is_told_and_a_training_s_list_is_kept(plain):
    for room in ("images", "masks"):
        for number in range(3, 12):
            (plain / room / f"photo {number}.png").unlink()
    data = Dataset(plain)
    assert sorted(row["split"] for row in data.rows) == ["test", "train", "val"]
    assert all("takes the nearest" in note for note in data.notes)
    kept = {row["image"]: row["split"] for row in data.rows}
    for number in range(3, 40):
        write(plain, f"photo {number}.png", *picture())
    now = Dataset(plain, kept)
    assert {row["image"]: row["split"] for row in now.rows}.items() > kept.items()
    assert any("the splits recorded by the training" in note for note in now.notes)


def test_folders_say_the_splits(tmp_path):
    for folder, names in (("train", "ab"), ("valid", "a"), ("test", "c")):
        for name in names:
            write(tmp_path / folder, f"{name}.png", *picture())
    data = Dataset(tmp_path)
    assert [each[:3] for each in pairs_of(data)] == [
        ("train/a", "train", "train/images/a.png"),
        ("train/b", "train", "train/images/b.png"),
        ("val/a", "val", "valid/images/a.png"),
        ("test/c", "test", "test/images/c.png"),
    ]
    assert data.splits_given
    with pytest.raises(InputError, match=r"the holdout split .* is empty.*put images into it"):
        data.split("holdout")
    write(tmp_path / "val", "d.png", *picture())
    with pytest.raises(InputError, match=r"two places for one split.*: val and valid"):
        Dataset(tmp_path)
    shutil.rmtree(tmp_path / "val")
    write(tmp_path, "d.png", *picture())
    with pytest.raises(InputError, match=r"two places.*: images and train and test and valid"):
        Dataset(tmp_path)


def test_where_folders_have_no_val_some_of_train_are_validated_on(tmp_path):
    for number in range(6):
        write(tmp_path / "train", f"{number}.png", *picture())
    write(tmp_path / "test", "t.png", *picture())
    data = Dataset(tmp_path)
    assert (len(data.split("train")), len(data.split("val")), len(data.split("test"))) == (5, 1, 1)
    assert data.notes == ["there is no folder val, so 1 images of train are used for validation"]
    kept = {row["image"]: row["split"] for row in data.rows}
    for number in range(6, 40):
        write(tmp_path / "train", f"{number}.png", *picture())
    assert {row["image"]: row["split"] for row in Dataset(tmp_path, kept).rows}.items() > kept.items()


def test_a_list_may_name_images_that_are_left_out(plain):
    write(plain, "no mask.png", *picture())
    (plain / "masks/no mask.png").unlink()
    names = [path.name for path in (plain / "images").iterdir()]
    (plain / "splits.csv").write_text("image,split\n" + "".join(f"{name},train\n" for name in names))
    assert len(Dataset(plain, skip_unlabelled=True)) == 12


def test_a_list_says_the_splits_of_every_image(plain):
    lines = [f"photo {number}.png,{'test' if number == 7 else 'train'}" for number in range(12)]
    (plain / "splits.csv").write_text("image,split\n" + "\n".join(lines))
    data = Dataset(plain)
    assert [row["image_id"] for row in data.split("test").rows] == ["photo 7"]
    assert len(data.split("train")) == 11
    (plain / "splits.csv").write_text("image,split\n" + "\n".join(lines[:-1]))
    with pytest.raises(InputError, match=r"1 images have no line in splits.csv.*photo 11"):
        Dataset(plain)


def test_masks_mean_what_is_said_by_keywords_then_the_folder_then_what_else_is_known(plain):
    mask = np.array([[0, 1], [2, 255]], np.uint8).repeat(8, 0).repeat(12, 1)
    write(plain, "photo 0.png", Image.new("RGB", (24, 16)), Image.fromarray(mask))

    def targets(**said):
        return sorted({int(value) for value in mask[Dataset(plain, **said)[0].mask != 0]})

    otherwise = Description(target_values=(2,), void_value=1)
    assert targets() == [1, 2, 255]
    assert targets(otherwise=otherwise) == [2]
    (plain / "shapeseg.json").write_text('{"target_values": [1, 255]}')
    with pytest.raises(UsageError, match="void pixels cannot be the target"):
        targets(otherwise=otherwise)
    assert targets(otherwise=Description(target_values=(2,))) == [1, 255]
    assert targets(otherwise=otherwise, target_values=[0]) == [0]  # 1 is void then, which is no target
    assert Dataset(plain, target_values=[0], void_value=255).stored(0)[1][[0, 0, 8, 8], [0, 12, 0, 12]].tolist() == [
        1,
        0,
        0,
        255,
    ]
    assert Dataset(plain, target_values=[0]).digest() != Dataset(plain).digest()
    assert Dataset(plain, target_name="crack").digest() == Dataset(plain).digest()


def turned_photograph(folder, orientation, size, **options):
    """A photograph that is stored turned, and a mask of ``size`` that has a corner of its own."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    for room in ("images", "masks"):
        (folder / room).mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (24, 16)).save(folder / "images/a.jpg", exif=exif)
    mask = np.zeros(size[::-1], np.uint8)
    mask[0, 0] = 255
    Image.fromarray(mask).save(folder / "masks/a.png")
    return Dataset(folder, **options)


def test_a_mask_is_turned_as_its_photograph_where_sizes_say_that_it_was_drawn_over_stored_pixels(tmp_path):
    upright = turned_photograph(tmp_path / "upright", 6, (16, 24))
    assert upright[0].image.shape == (24, 16, 3)
    assert np.argwhere(upright[0].mask).tolist() == [[0, 0]]
    stored = turned_photograph(tmp_path / "stored", 6, (24, 16))
    assert np.argwhere(stored[0].mask).tolist() == [[0, 15]]
    assert any("rotated with them" in note for note in stored.notes)
    with pytest.raises(InputError, match="its image's size, 16 x 24"):
        turned_photograph(tmp_path / "neither", 6, (20, 16))


def test_where_sizes_do_not_tell_what_a_mask_was_drawn_over_it_must_be_said(tmp_path):
    with pytest.raises(InputError, match=r"EXIF orientation 3.*--masks-drawn upright or --masks-drawn stored"):
        turned_photograph(tmp_path, 3, (24, 16))
    assert np.argwhere(Dataset(tmp_path, masks_drawn="upright")[0].mask).tolist() == [[0, 0]]
    assert np.argwhere(Dataset(tmp_path, masks_drawn="stored")[0].mask).tolist() == [[15, 23]]


@pytest.mark.parametrize(
    ("places", "word"),
    [
        (("images", "labels"), r"which holds images/, labels/\. .*images/ and masks/"),
        (("Images", "Masks"), r"Images/, Masks/\. .*images/ and masks/"),
        (("images/train", "masks/train"), r"which holds train/\. .*train/images and train/masks"),
    ],
)
def test_other_names_of_folders_are_told_with_the_right_ones(places, word, tmp_path):
    for place in places:
        (tmp_path / "mine" / place).mkdir(parents=True)
        Image.new("L", (4, 4)).save(tmp_path / "mine" / place / "a.png")
    with pytest.raises(InputError, match=word):
        Dataset(tmp_path / "mine")


def test_dark_16_bit_images_are_told_and_stretched_on_request(tmp_path):
    values = np.array([[0, 4095], [2048, 100]], np.uint16)
    write(tmp_path, "a.png", Image.fromarray(values), Image.fromarray(np.eye(2, dtype=np.uint8)))
    dark, bright = Dataset(tmp_path), Dataset(tmp_path, image_bits=12)
    assert dark[0].image[..., 0].tolist() == [[0, 16], [8, 0]]
    assert bright[0].image[..., 0].tolist() == [[0, 255], [128, 6]]
    assert "use 12 bits" in dark.survey()[0].notes[0]
    assert bright.survey()[0].notes == []
    assert bright.digest() != dark.digest()


# A look at every pair.


def test_every_pair_is_counted(plain):
    write(plain, "photo 0.png", *picture())
    seen = Dataset(plain).survey()
    assert [(each.target, each.counted) for each in seen[:3]] == [(16, 384), (18, 384), (12, 384)]  # of masks 0, 1, 10
    assert [each.values for each in seen[:3]] == [[0, 1], [0, 2], [0, 11]]
    assert Dataset(plain, void_value=2).survey()[1].counted == 384 - 18
    assert target_share(seen) == sum(each.target for each in seen) / (12 * 384)


@pytest.mark.parametrize(("mask", "word"), [(0, "no pixel is crack"), (9, "every pixel is crack")])
def test_a_set_of_one_class_is_refused_with_its_values(mask, word, tmp_path):
    for number in range(3):
        write(tmp_path, f"{number}.png", Image.new("RGB", (4, 4)), Image.new("L", (4, 4), mask))
    data = Dataset(tmp_path)
    with pytest.raises(InputError, match=rf"{word} in 3 masks.*values {mask}\. .*--target-values"):
        refuse_one_class(data.folder, "crack", data.survey())
    with pytest.raises(InputError, match="no pixel counts"):
        refuse_one_class(data.folder, "crack", Dataset(tmp_path, void_value=mask).survey())


@pytest.mark.parametrize(("target", "word"), [(1, r"only 0\.0025% of the pixels are target"), (39_000, r"97\.5%.*other way")])
def test_an_unusual_share_is_told(target, word, tmp_path):
    mask = np.zeros(40_000, np.uint8)
    mask[:target] = 255
    write(tmp_path, "a.png", Image.new("RGB", (200, 200)), Image.fromarray(mask.reshape(200, 200)))
    (remark,) = remarks(Dataset(tmp_path).survey(), Description())
    assert re.match(word, remark)
    assert "the values 0, 255" in remark


def test_jpeg_masks_are_told(tmp_path):
    for number in range(2):
        write(tmp_path, f"{number}.jpg", *(image.resize((64, 64)) for image in picture((16, 16))))
    found = list(remarks(Dataset(tmp_path).survey(), Description()))
    assert any("of 2 of 2 images: its mask is a JPEG" in remark for remark in found)
