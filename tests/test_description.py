"""What a folder of one's own means, as its shapeseg.json says it."""

import json

import pytest

from shapeseg.description import Description, read_description
from shapeseg.errors import InputError, UsageError


def test_a_folder_without_words_says_nothing(tmp_path):
    assert read_description(tmp_path) == Description()
    assert Description().said() == {}


def test_names_are_written_as_flags_or_as_settings(tmp_path):
    content = {"target-values": [0, "#ff0000"], "void_value": 255, "target-name": "crack", "skip-unlabelled": True}
    (tmp_path / "shapeseg.json").write_text("\ufeff" + json.dumps(content))
    expected = Description((0, "#ff0000"), 255, "crack", skip_unlabelled=True)
    assert read_description(tmp_path) == expected
    assert expected.said() == {name.replace("-", "_"): value for name, value in content.items()} | {
        "target_values": (0, "#ff0000")
    }


def test_flags_win_and_what_they_do_not_say_stays():
    flags, folder = Description(target_values=(0,)), Description(target_values=(7,), target_name="cell")
    assert flags.over(folder) == Description(target_values=(0,), target_name="cell")
    assert folder.over(flags) == folder


def test_only_words_about_pixels_make_another_dataset():
    said = Description((1,), 255, "crack", "^[^_]+", True, "stored", 12)
    assert said.pixels() == {"target_values": (1,), "void_value": 255, "masks_drawn": "stored", "image_bits": 12}


@pytest.mark.parametrize(
    ("content", "word"),
    [
        ("[1]", "names and values"),
        ("{", "not JSON"),
        ('{"target_value": [1]}', "Did you mean target_values"),
        ('{"target_values": 1}', r"Give it a list: \[1\]"),
        ('{"target_values": ["red"]}', "a colour"),
        ('{"target_values": [true]}', "wrong type"),
        ('{"target_values": [70000]}', "65535"),
        ('{"target_values": [1], "void_value": 1}', "void pixels cannot be the target"),
        ('{"target_name": ""}', "short word"),
        ('{"target_name": "a\\nb"}', "short word"),
        ('{"group_by": "("}', "regular expression"),
        ('{"image_bits": 20}', "from 8 to 16"),
    ],
)
def test_words_that_cannot_be_meant_are_told_with_their_file(content, word, tmp_path):
    (tmp_path / "shapeseg.json").write_text(content)
    with pytest.raises(InputError, match=word) as told:
        read_description(tmp_path)
    assert str(tmp_path / "shapeseg.json") in str(told.value)


def test_a_value_is_named_once():
    with pytest.raises(UsageError, match="cannot be the target"):
        Description(target_values=(0, 255), void_value=255)
