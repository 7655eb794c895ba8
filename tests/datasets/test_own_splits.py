"""The splits of one's own images: by their names, so that a new image moves no other, or as a list says."""

from collections import Counter

import pytest

from shapeseg.datasets.own_splits import hashed, kept_splits, list_of_splits, listed_splits, splits_by_hash
from shapeseg.errors import InputError

NAMES = [f"photo-{number:04}" for number in range(2000)]


def test_a_name_has_one_split_whatever_other_names_there_are():
    together = dict(zip(NAMES, splits_by_hash(NAMES)[0], strict=True))
    for start in (0, 700):
        some = NAMES[start : start + 500]
        assert splits_by_hash(some)[0] == [together[name] for name in some]
    counts = Counter(together.values())
    for split, percent in {"train": 72, "val": 9, "test": 9, "holdout": 10}.items():
        assert abs(counts[split] / 2000 - percent / 100) < 0.03


def test_hashes_are_as_they_were():
    """Changed, they would move images of everybody between training and test."""
    assert [round(hashed(name), 6) for name in ("001", "photo-0001", "Gr\u00fcn")] == [0.477515, 0.92532, 0.59891]
    assert hashed("Gru\u0308n") == hashed("Gr\u00fcn")


@pytest.mark.parametrize("count", range(3, 14))
def test_val_and_test_are_never_empty_and_train_keeps_most(count):
    for start in range(0, 200, 20):
        names = NAMES[start : start + count]
        splits, notes = splits_by_hash(names)
        assert {"train", "val", "test"} <= set(splits)
        free = [split_by_itself(name) for name in names]
        moved = [(name, split) for name, split, own in zip(names, splits, free, strict=True) if split != own]
        assert len(moved) == len(notes)
        for (name, split), note in zip(sorted(moved, key=lambda each: each[1] != "val"), notes, strict=True):
            assert f"no name falls into {split}, so it takes the nearest: {name}" in note


def split_by_itself(name):
    place = hashed(name)
    return next(split for split, end in (("train", 0.72), ("val", 0.81), ("test", 0.9), ("holdout", 1)) if place < end)


def test_the_nearest_hash_is_taken():
    names = [name for name in NAMES if split_by_itself(name) in ("train", "test")][:40]
    splits, (note,) = splits_by_hash(names)
    (taken,) = [name for name, split in zip(names, splits, strict=True) if split == "val"]
    distance = {name: max(0.72 - hashed(name), hashed(name) - 0.81) for name in names}
    assert taken == min(names, key=distance.get)
    assert taken in note


def test_of_one_image_or_two_something_is_left_to_learn_from():
    assert splits_by_hash(["a"])[0] in (["train"], ["val"], ["test"])
    assert "train" in splits_by_hash(NAMES[:2])[0] or "holdout" not in splits_by_hash(NAMES[:2])[0]


def test_what_belongs_together_shares_a_split():
    names = [f"eye{eye:02}_{slice_}" for eye in range(40) for slice_ in range(5)]
    splits = splits_by_hash(names, "^[^_]+")[0]
    assert all(len(set(splits[start : start + 5])) == 1 for start in range(0, 200, 5))
    assert len(set(splits)) == 4
    by_group = splits_by_hash(names, "^(eye)([0-9]+)")[0]
    assert all(len(set(by_group[start : start + 5])) == 1 for start in range(0, 200, 5))


def test_a_part_that_is_nowhere_or_everywhere_the_same_is_refused():
    with pytest.raises(InputError, match=r"no part to group by.*'b'"):
        splits_by_hash(["a1", "b"], "[0-9]")
    with pytest.raises(InputError, match=r"all images would be in one split.*'_'.*\^\[\^_\]\+"):
        splits_by_hash(["a_1", "b_2"], "_")


IMAGES = ["images/a.jpg", "images/b.b.png", "images/Gru\u0308n.png"]


def listed(tmp_path, text):
    (tmp_path / "splits.csv").write_text(text, encoding="utf-8")
    return listed_splits(tmp_path / "splits.csv", IMAGES)


def test_a_list_names_images_by_path_name_or_stem(tmp_path):
    text = "\ufeffimage,split\r\nimages/a.jpg,train\r\n\r\nb.b,valid\r\nGr\u00fcn.png,Test\r\n"
    assert listed(tmp_path, text) == {"images/a.jpg": "train", "images/b.b.png": "val", "images/Gru\u0308n.png": "test"}
    assert listed(tmp_path, "image,split\nimages\\a.jpg,holdout\n") == {"images/a.jpg": "holdout"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("a.jpg,train\n", "first line"),
        ("", "first line"),
        ("image,split\na.jpg\n", "1 cells"),
        ("image,split\nc.jpg,train\n", "names an image that is not here.*line 2: c.jpg"),
        ("image,split\na.jpg,learn\n", "names no split.*learn"),
        ("image,split\na.jpg,train\na,test\n", "one split.*line 3"),
    ],
)
def test_lists_that_cannot_be_meant(text, word, tmp_path):
    with pytest.raises(InputError, match=word):
        listed(tmp_path, text)


def test_a_run_s_list_comes_back(tmp_path):
    assert kept_splits(tmp_path / "splits.csv") == {}
    (tmp_path / "splits.csv").write_text(list_of_splits([("images/a,b.jpg", "train"), ("images/Gru\u0308n.png", "val")]))
    assert kept_splits(tmp_path / "splits.csv") == {"images/a,b.jpg": "train", "images/Gr\u00fcn.png": "val"}
    (tmp_path / "splits.csv").write_text("image,split\nimages/a.jpg,nowhere\n")
    with pytest.raises(InputError, match="'nowhere' is no split"):
        kept_splits(tmp_path / "splits.csv")
