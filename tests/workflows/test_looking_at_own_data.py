"""``verify``, ``stats`` and ``preview`` of a folder of one's own."""

import json
import shutil

import numpy as np
import pytest
from command_runs import error_line, succeed
from own_photos import draw, draw_all
from PIL import Image
from runs_here import run_here

SAID = ("--target-values", 1, "--void-value", 255)


@pytest.fixture
def photos(tmp_path):
    return draw_all(tmp_path / "photos")


def findings(photos, severity, *words):
    result = run_here("verify", "photos", "--json", *words, cwd=photos.parent)
    listed = json.loads(result.stdout)["findings"]
    return result.returncode, [f"{each['where']}: {each['what']}" for each in listed if each["severity"] == severity]


def test_a_folder_without_fault_is_whole_and_says_what_it_is(photos):
    assert findings(photos, "error", *SAID) == (0, [])
    assert findings(photos, "warning", *SAID) == (0, [])
    _, notes = findings(photos, "note", *SAID)
    assert "12 names pair once nothing is cut from images and _mask from masks" in notes[0]
    assert "12 pairs; train (" in notes[-1]
    assert "32 x 32; PNG RGB; PNG L; mask values 0, 1, 255; 1" in notes[-1]
    result = succeed(run_here("verify", "photos", *SAID, "--strict", cwd=photos.parent))
    assert result.stdout.endswith("photos: whole\n")


def test_what_masks_mean_is_asked_for_where_they_hold_many_values(photos):
    code, (warning,) = findings(photos, "warning")
    assert code == 0
    assert "the values 0, 1, 255, and all but 0 are the target; --target-values says which are" in warning
    assert run_here("verify", "photos", "--strict", cwd=photos.parent).returncode == 1
    (photos / "shapeseg.json").write_text('{"target_values": [1], "void_value": 255}')
    assert findings(photos, "warning") == (0, [])


def test_every_damaged_pair_is_named(photos):
    for name in ("images/p03.png", "masks/p05_mask.png"):
        path = photos / name
        path.write_bytes(path.read_bytes()[:70])
    Image.new("L", (31, 32)).save(photos / "masks/p07_mask.png")
    code, errors = findings(photos, "error", *SAID)
    assert code == 1
    assert len(errors) == 3
    for name, word in (("p03", "not a readable image"), ("p05", "not a readable image"), ("p07", "its image's size")):
        assert any(f"{name}" in error and word in error for error in errors)
    code, errors = findings(photos, "error", *SAID, "--quick")
    assert len(errors) == 1  # of sizes, which headers tell


def test_an_image_in_two_splits_is_an_error_and_twice_in_one_a_warning(photos):
    lines = ["image,split", *(f"p{number:02}.png,{'test' if number > 9 else 'train'}" for number in range(12))]
    (photos / "splits.csv").write_text("\n".join([*lines, "again.png,train", "other.png,test"]))
    for name, original in (("again", "p03"), ("other", "p04")):
        shutil.copy(photos / f"images/{original}.png", photos / f"images/{name}.png")
        shutil.copy(photos / f"masks/{original}_mask.png", photos / f"masks/{name}_mask.png")
    code, errors = findings(photos, "error", *SAID)
    assert code == 1
    (error,) = errors
    assert "the same image as images/other.png: it is in test and in train" in error
    assert "images/p03.png: the same image as images/again.png, in one split" in findings(photos, "warning", *SAID)[1]


def test_masks_without_target_and_a_set_of_one_class(photos):
    for number in (2, 4):
        Image.new("L", (32, 32)).save(photos / f"masks/p{number:02}_mask.png")
    code, (warning,) = findings(photos, "warning", *SAID)
    assert code == 0
    assert "2 of 12 hold no target pixel: p02, p04" in warning
    code, errors = findings(photos, "error", "--target-values", 9)
    assert code == 1
    assert "no pixel is target in 12 masks" in errors[0]
    assert "the values 0, 1, 255" in errors[0]


def test_names_that_do_not_pair_are_told(photos):
    (photos / "masks/p03_mask.png").unlink()
    result = run_here("verify", "photos", cwd=photos.parent)
    assert result.returncode == 3
    assert "1 images have no mask" in result.stderr
    assert run_here("verify", "photos", *SAID, "--skip-unlabelled", cwd=photos.parent).returncode == 0


def test_statistics_and_their_picture(photos):
    draw(photos, "wide", 50, size=(48, 32))
    words = ("stats", "photos", *SAID, "--target-name", "box", "--out", "stats.png")
    result = succeed(run_here(*words, cwd=photos.parent))
    assert "of 32 x 32" in result.stdout
    assert "images without box" in result.stdout
    with Image.open(photos.parent / "stats.png") as picture:
        assert picture.size == (1430, 910)
    result = succeed(run_here(*words, "--json", cwd=photos.parent))
    found = json.loads(result.stdout)
    assert found["images"] == sum(found["splits"].values()) == 13
    assert found["sizes"] == {"32 x 32": 12, "48 x 32": 1}
    assert (found["image_kinds"], found["mask_kinds"]) == ({"PNG RGB": 13}, {"PNG L": 13})
    assert found["void_share"] == pytest.approx(13 * 16 / (12 * 32 * 32 + 48 * 32))
    mask = np.asarray(Image.open(photos / "masks/wide_mask.png"))
    assert found["target_shares"]["wide"] == (mask == 1).sum() / (mask != 255).sum()
    assert found["target_share"] == pytest.approx(
        sum(np.count_nonzero(np.asarray(Image.open(path)) == 1) for path in (photos / "masks").iterdir())
        / sum(np.count_nonzero(np.asarray(Image.open(path)) != 255) for path in (photos / "masks").iterdir())
    )


def test_a_preview_outlines_the_target_and_landscapes_leave_no_gap(photos, tmp_path):
    def picture(*words):
        succeed(
            run_here("preview", "photos", *SAID, *words, "--rows", 2, "--columns", 2, "--out", "preview.png", cwd=tmp_path)
        )
        with Image.open(tmp_path / "preview.png") as drawn:
            return np.asarray(drawn.convert("RGB")).astype(int)

    plain, outlined = picture(), picture("--outlines")
    assert plain.shape == outlined.shape
    changed = np.abs(plain - outlined).max(axis=2) > 100
    assert 0.005 < changed.mean() < 0.1
    square = plain.shape[0]
    for path in photos.glob("*/*"):
        path.unlink()
    draw_all(photos, 4, size=(96, 32))
    assert picture().shape[0] < 0.6 * square


@pytest.mark.parametrize("words", [("verify",), ("stats",), ("preview", "--out", "p.png"), ("convert", "--out", "o")], ids=str)
def test_what_is_said_of_a_drawn_dataset_is_refused_not_ignored(words, small_dataset, tmp_path):
    result = run_here(words[0], small_dataset, *words[1:], *SAID, cwd=tmp_path)
    assert result.returncode == 2
    assert "this is for images of your own. Received: target_values, void_value for" in error_line(result.stderr)
