"""Every kind of damage is named; a dataset that is whole gives no findings."""

import hashlib
import io
import json
import os
import shutil
import tracemalloc

import numpy as np
import pytest
from PIL import Image

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.append import append_samples
from shapeseg.datasets.filter import FilterSettings, filter_copy
from shapeseg.datasets.png import encode_png
from shapeseg.datasets.samples import FOLDERS, sample_paths
from shapeseg.datasets.verify import verify_dataset
from shapeseg.errors import InputError
from shapeseg.scenes import SceneSettings


@pytest.fixture
def folder(small_dataset, tmp_path):
    shutil.copytree(small_dataset, tmp_path / "copy")
    return tmp_path / "copy"


def findings(folder, **options):
    return [f"{finding.severity} {finding.where}: {finding.what}" for finding in verify_dataset(folder, **options)]


def only(folder, *parts, **options):
    """Asserts that there is just one finding, and that it holds all parts."""
    (finding,) = findings(folder, **options)
    assert all(part in finding for part in parts), finding


def rewrite(folder, change):
    """Changes the parsed rows and makes dataset.json name the result, as a careful forger would."""
    path = folder / "metadata.jsonl"
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    rows = change(rows) or rows
    content = b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
    path.write_bytes(content)
    manifest = json.loads((folder / "dataset.json").read_text())
    manifest["metadata"]["sha256"] = hashlib.sha256(content).hexdigest()
    manifest["count"] = len(rows)
    (folder / "dataset.json").write_text(json.dumps(manifest))


def change_row(folder, place, **values):
    rewrite(folder, lambda rows: rows[place].update(values))


def test_a_whole_dataset_has_no_findings(folder):
    assert findings(folder) == findings(folder, quick=True) == []


def test_worker_processes_find_the_same(folder):
    (folder / "images/000004.png").write_bytes(b"")
    (folder / "masks/000020.png").unlink()
    assert findings(folder, workers=2) == findings(folder, workers=0)


@pytest.mark.parametrize("size", [0, 1, 8, 25, 60, -1])
def test_truncated_files_are_found(folder, size):
    path = folder / "images/000003.png"
    path.write_bytes(path.read_bytes()[:size])
    only(folder, "images/000003.png")


def test_every_single_byte_change_of_a_file_is_found(folder):
    path = folder / "masks/000003.png"
    content = path.read_bytes()
    for place in range(0, len(content), 7):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        only(folder, "masks/000003.png")


def test_swapped_missing_and_extra_files_are_found(folder):
    (folder / "images/000001.png").rename(folder / "keep")
    (folder / "images/000002.png").rename(folder / "images/000001.png")
    (folder / "keep").rename(folder / "images/000002.png")
    (folder / "instances/000005.png").unlink()
    (folder / "masks/mine.png").write_bytes(b"x")
    found = "\n".join(findings(folder))
    for part in (
        "images/000001.png: the content",
        "images/000002.png: the content",
        "instances/000005.png: the file is missing",
    ):
        assert part in found
    assert "warning masks/mine.png: no row names this file" in found


def test_other_contents_and_modes_are_found_even_quickly(folder):
    Image.new("RGB", (64, 64)).save(folder / "images/000000.png", "JPEG")
    Image.new("RGB", (64, 64)).save(folder / "masks/000001.png")
    Image.new("RGB", (63, 64)).save(folder / "images/000002.png")
    (folder / "images/000003.png").write_text("text, and more than a header's worth of it")
    found = "\n".join(findings(folder, quick=True))
    assert "images/000000.png: the content is JPEG" in found
    assert "masks/000001.png: bit depth and colour type are (8, 2), expected (8, 0)" in found
    assert "images/000002.png: the image is 63 x 64, its row says 64 x 64" in found
    assert "images/000003.png: the file is not a PNG" in found


def by_pillow(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def replace_files(folder, role, write, change=lambda pixels: None):
    """Writes all files of a role again, their digests put right."""
    digests = []
    for row in Dataset(folder).rows:
        with Image.open(folder / row[role]) as image:
            pixels = np.array(image)
        change(pixels)
        (folder / row[role]).write_bytes(write(pixels))
        digests.append(hashlib.sha256((folder / row[role]).read_bytes()).hexdigest())
    rewrite(
        folder, lambda rows: [row | {"sha256": row["sha256"] | {role: new}} for row, new in zip(rows, digests, strict=True)]
    )


@pytest.mark.parametrize("role", ["image", "mask", "instance_map"])
def test_files_of_another_writer_of_png_are_as_good(role, folder):
    replace_files(folder, role, by_pillow)
    assert findings(folder) == []


@pytest.mark.parametrize("write", [encode_png, by_pillow])
@pytest.mark.parametrize("role", ["image", "mask", "instance_map"])
def test_pixels_that_contradict_the_recipe_are_found_though_their_digest_is_right(role, write, folder):
    def change(pixels):
        pixels[5, 5] ^= 1

    replace_files(folder, role, write, change)
    values = 3 if role == "image" else 1
    found = findings(folder)
    assert len(found) == 30
    assert all(f"{values} values differ from what the recipe draws" in each for each in found)


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"split": "test!"}, "split is 'test!'"),
        ({"image": "../outside.png"}, "image is '../outside.png'"),
        ({"image": "/etc/passwd"}, "expected images/NAME.png"),
        ({"mask": "images/000002.png"}, "expected masks/NAME.png"),
        ({"image": "images/..\\x.png"}, "expected images/NAME.png"),
        ({"image_id": "7"}, "image_id is '7'"),
        ({"width": 0}, "width is 0"),
        ({"width": True}, "width is True"),
        ({"height": 1e999}, "Infinity is not a number"),
        ({"instances": None}, "instances is None"),
        ({"background": [0, 0, 300]}, "background is [0, 0, 300]"),
        ({"sha256": {}}, "sha256 of image is None"),
        ({"index": 10**30}, "index is"),
    ],
)
def test_rows_that_are_not_what_they_must_be_are_named(folder, values, part):
    change_row(folder, 2, **values)
    assert any("metadata.jsonl line 3" in finding and part in finding for finding in findings(folder, quick=True))


@pytest.mark.parametrize(
    ("values", "part"),
    [
        ({"box": [60, 0, 10, 10]}, "is not inside the canvas"),
        ({"kind": "blob"}, "kind is 'blob'"),
        ({"color": [1, 2]}, "color is [1, 2]"),
        ({"visible_area": -1}, "visible_area is -1"),
        ({"occlusion_rate": None}, "occlusion_rate is None"),
        ({"form": 99}, "form is 99"),
    ],
)
def test_instances_that_are_not_what_they_must_be_are_named(folder, values, part):
    rewrite(folder, lambda rows: rows[2]["instances"][0].update(values))
    assert any("line 3" in finding and "instance 1" in finding and part in finding for finding in findings(folder, quick=True))


def test_areas_and_splits_that_contradict_the_rest_are_found(folder):
    other = {"train": "test", "test": "train", "val": "train", "holdout": "train"}[Dataset(folder).rows[0]["split"]]
    rewrite(folder, lambda rows: (rows[0].update(split=other), rows[1]["instances"][0].update(occlusion_rate=0.125))[:0])
    found = "\n".join(findings(folder))
    assert "which seed and settings contradict" in found
    assert "occlusion_rate is 0.125, measured" in found


def test_duplicates_order_and_numbers_are_checked(folder):
    rewrite(folder, lambda rows: [rows[0], rows[0], *rows[2:]])
    assert any("the index appears twice" in finding for finding in findings(folder))


def test_unsorted_rows_are_found(folder):
    rewrite(folder, lambda rows: [rows[1], rows[0], *rows[2:]])
    assert any("not sorted" in finding for finding in findings(folder, quick=True))


def test_an_index_beyond_the_next_is_found(folder):
    manifest = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps(manifest | {"next_index": 29}))
    only(folder, r"the index is not in range(0, 29)")


def test_a_torn_last_line_is_named_by_its_number(folder):
    rewrite(folder, lambda rows: [*rows[:-1], json.dumps(rows[-1]).encode()[:50]])
    assert any("metadata.jsonl line 30" in finding for finding in findings(folder, quick=True))


def test_deep_nesting_is_a_finding_and_no_crash(folder):
    rewrite(folder, lambda rows: [*rows[:-1], b"[" * 100_000])
    assert any("line 30" in finding for finding in findings(folder, quick=True))


def copy(folder, out):
    return filter_copy(Dataset(folder), FilterSettings(max_occlusion=1.0), out)


def test_a_table_for_a_glance_is_what_the_rows_say_or_is_not_there(folder, tmp_path):
    table = folder / "metadata.csv"
    table.write_text(table.read_text().replace("train", "test", 1))
    assert findings(folder) == ["error metadata.csv: it contradicts the metadata; remove it"]
    table.unlink()
    assert findings(folder) == []
    for make in (lambda: table.symlink_to("/dev/zero"), lambda: os.mkfifo(table), table.mkdir):
        make()
        assert any(finding.startswith("error metadata.csv: ") for finding in findings(folder))
        table.rmdir() if table.is_dir() else table.unlink()


def test_links_devices_and_pipes_are_never_read(folder, tmp_path):
    outside = tmp_path / "outside.png"
    shutil.move(folder / "images/000000.png", outside)
    (folder / "images/000000.png").symlink_to(outside)
    (folder / "masks/000001.png").unlink()
    os.mkfifo(folder / "masks/000001.png")
    (folder / "instances/000002.png").unlink()
    (folder / "instances/000002.png").mkdir()
    found = "\n".join(findings(folder))
    assert "images/000000.png: a link is not followed here" in found
    assert "masks/000001.png: this is not a regular file" in found
    assert "instances/000002.png: this is not a regular file" in found
    for use in (Dataset(folder).refuse_damage, lambda: list(Dataset(folder)), lambda: copy(folder, tmp_path / "out")):
        with pytest.raises(InputError, match="Received: "):
            use()


@pytest.mark.parametrize("content", ["", "{}", "[1]", "null", '{"format": "shapeseg-dataset"}', "{" * 10000])
def test_a_manifest_that_is_none_ends_in_one_clear_error(folder, content):
    (folder / "dataset.json").write_text(content)
    with pytest.raises(InputError, match=r"dataset\.json"):
        verify_dataset(folder)


def test_decoded_pixels_are_compared_for_more_kinds_too(tmp_path):
    from shapeseg.datasets import DatasetSettings, create_dataset
    from shapeseg.scenes import SceneSettings

    settings = DatasetSettings(SceneSettings(kinds=("star", "rotated_rectangle", "ring"), target_kinds=("star",)))
    create_dataset(tmp_path / "stars", num_images=4, seed=0, settings=settings)
    assert findings(tmp_path / "stars") == []
    assert any(np.any(mask) for _, _, mask in Dataset(tmp_path / "stars"))


@pytest.mark.parametrize(
    "change",
    [
        {"source": 5},
        {"source": {"seed": 1, "index": 2}},
        {"twin": {"change": 1, "changed": True}},
        {"target_kinds": [["rectangle"]]},
        {"occlusion_rate": 1.5},
        {"occlusion_rate": float("nan")},
    ],
    ids=str,
)
def test_a_forged_row_is_a_finding_and_refused_by_readers(folder, change):
    def forge(rows):
        target = rows[3]["instances"][0] if "occlusion_rate" in change else rows[3]
        target.update(change)

    rewrite(folder, forge)
    assert any("line 4" in finding for finding in findings(folder, quick=True))
    with pytest.raises(InputError, match="line 4 of the metadata"):
        Dataset(folder)


@pytest.mark.parametrize("line", [b'{"index": 3', b"\xff\xfe"])
def test_a_line_that_is_no_json_is_told_by_number_to_every_reader(folder, line):
    rewrite(folder, lambda rows: [*rows[:3], line, *rows[4:]])
    assert any("line 4" in finding for finding in findings(folder, quick=True))
    for use in (lambda: Dataset(folder), lambda: append_samples(folder, num_images=1, workers=0)):
        with pytest.raises(InputError, match="line 4 of the metadata"):
            use()


def test_a_file_where_a_row_has_none_is_found(folder):
    """The row of index 5 has its image elsewhere: one that is where its index says is named by no row."""
    (folder / "images/000005.png").rename(folder / "images/other.png")
    change_row(folder, 5, image="images/other.png")
    (folder / "metadata.csv").unlink()
    assert findings(folder) == []
    shutil.copy(folder / "images/other.png", folder / "images/000005.png")
    only(folder, "warning images/000005.png: no row names this file")


def test_an_image_that_is_there_three_times_is_told_of_each(folder):
    rows = [json.loads(line) for line in (folder / "metadata.jsonl").read_bytes().splitlines()]
    source = {"seed": 1, "settings_sha256": "0" * 64, "index": 0}
    for index in (30, 31):
        again = rows[4] | {"index": index, "image_id": f"{index:06d}", "source": source, **sample_paths(index)}
        for role in FOLDERS:
            shutil.copy(folder / rows[4][role], folder / again[role])
        rows.append(again)
    rewrite(folder, lambda _: rows)
    path = folder / "dataset.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"next_index": 32}))
    (folder / "metadata.csv").unlink()
    assert [finding.split(":")[0] for finding in findings(folder)] == [f"warning images/0000{index}.png" for index in (30, 31)]


def test_memory_hardly_grows_with_the_number_of_images(tmp_path):
    """Rows alone would take some 10 KB an image; measured with tracemalloc, which counts what Python and NumPy ask for."""
    scene = SceneSettings(width=8, height=8, min_size=4, max_size=4, min_instances=3, max_instances=3)
    peaks = {}
    for number in (300, 1500):
        create_dataset(tmp_path / f"{number}", num_images=number, seed=0, settings=DatasetSettings(scene), workers=0)
        verify_dataset(tmp_path / f"{number}", quick=True)  # what is loaded and kept once is no growth
        tracemalloc.start()
        try:
            assert verify_dataset(tmp_path / f"{number}", quick=True) == []
            peaks[number] = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (peaks[1500] - peaks[300]) / 1200 <= 64
