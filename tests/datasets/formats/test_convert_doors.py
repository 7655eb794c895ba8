"""What must not be opened, read whole or worked on for ever in folders that others made."""

import os
import shutil

import pytest
from command_runs import error_line
from PIL import Image

from shapeseg.commands.convert import main
from shapeseg.datasets.formats.convert import convert, open_source
from shapeseg.errors import InputError

VAL_LIST = "ImageSets/Segmentation/val.txt"


def put(path, kind):
    """Puts something in place of a file that is no file by itself."""
    content = path.read_bytes()
    path.unlink()
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "vast":
        with path.open("wb") as file:
            file.truncate(5 * 2**40)
    else:
        (path.parents[2] / "elsewhere").write_bytes(content)
        path.symlink_to(path.parents[2] / ("elsewhere" if kind == "link" else "nowhere"))


LINK = "not followed"
REASONS = {"link": LINK, "dangling link": LINK, "pipe": "not a regular file", "vast": "bytes are read here"}


@pytest.mark.parametrize("kind", REASONS)
@pytest.mark.parametrize(
    "place",
    [
        "folder/images/000003.png",
        "folder/masks/000003.png",
        "yolo/images/val/*.png",
        "yolo/labels/val/*.txt",
        "palette/images/000003.png",
        "palette/SegmentationClass/000003.png",
        f"palette/{VAL_LIST}",
    ],
)
def test_links_pipes_and_vast_files_are_told_by_name_in_every_format(place, kind, converted, tmp_path):
    name = place.partition("/")[0]
    folder = shutil.copytree(converted / name, tmp_path / name)
    path = sorted(tmp_path.glob(place))[0]
    put(path, kind)
    with pytest.raises(InputError, match=f"{REASONS[kind]}.*Received: {path}"):
        convert(open_source(folder), "folder", tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["folder", "yolo", "palette"])
def test_a_linked_folder_of_images_is_read(name, converted, tmp_path):
    folder = shutil.copytree(converted / name, tmp_path / name)
    (folder / "images").rename(tmp_path / "photos")
    (folder / "images").symlink_to(tmp_path / "photos")
    assert len(list(open_source(folder).images)) == 30


def test_yolo_images_without_polygons_are_counted_and_a_folder_of_them_is_refused(converted, tmp_path, capsys):
    folder = shutil.copytree(converted / "yolo", tmp_path / "y")
    labels = sorted((folder / "labels").rglob("*.txt"))
    empty = sum(not path.read_bytes() for path in labels)
    full = [path for path in labels if path.read_bytes()]
    full[0].unlink()
    full[1].write_text(" \n\n")
    assert main([str(folder), "--out", str(tmp_path / "out")]) == 0
    assert f"1 of 30 images have no label file, {empty + 1} label files are empty" in capsys.readouterr().err
    for path in full[2:]:
        path.write_bytes(b"")
    assert main([str(folder), "--out", str(tmp_path / "none")]) == 3
    assert "1 of 30 images have no label file, 29 label files are empty" in error_line(capsys.readouterr().err)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(
    "content",
    [
        b"0 0 0 1 0 1 1 0 1\n" * 10_000,
        b"0 0.1 0.1 0.1 0.1 0.1 0.1\n" * 100_000,
        b"0 " + b" ".join(b"0.%d 0.%d" % (k % 7, k % 5) for k in range(200_000)),
        b" " * 17_000_000,
    ],
    ids=["large", "many", "wild", "long"],
)
def test_label_files_of_endless_work_are_refused(content, tmp_path):
    for place in ("images", "labels"):
        (tmp_path / "y" / place).mkdir(parents=True)
    Image.new("L", (1000, 1000)).save(tmp_path / "y/images/a.png")
    (tmp_path / "y/labels/a.txt").write_bytes(content)
    with pytest.raises(InputError, match=r"too long to fill.*a\.txt line|16,777,216 bytes.*a\.txt"):
        list(open_source(tmp_path / "y").images)


def test_lists_and_names_that_are_no_utf_8_fit_together(converted, tmp_path):
    folder = shutil.copytree(converted / "palette", tmp_path / "p")
    name = (folder / VAL_LIST).read_text().splitlines()[0]
    for place in ("images", "SegmentationClass"):
        (folder / place / f"{name}.png").rename(folder / place / "\udcff.png")
    text = (folder / VAL_LIST).read_bytes().replace(name.encode(), b"\xff")
    (folder / VAL_LIST).write_bytes(b"\xef\xbb\xbf\0\n" + text)
    splits = {image.name: image.split for image in open_source(folder).images}
    assert splits["\udcff"] == "val"
