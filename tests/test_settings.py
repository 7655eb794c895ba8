import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from shapeseg.datasets import DatasetSettings
from shapeseg.errors import UsageError
from shapeseg.scenes import SceneSettings
from shapeseg.scenes.rule import FilterSettings
from shapeseg.settings import CommonOptions, check_range, options_from_flags, options_to_dict, settings_from_dict
from shapeseg.training.settings import TrainingSettings


@dataclass(frozen=True)
class Inner:
    sides: tuple[int, ...] = (1, 2)


@dataclass(frozen=True)
class Outer:
    count: int = 3
    out: Path | None = None
    inner: Inner = Inner()


def test_plain_data_becomes_typed_settings():
    built = settings_from_dict(Outer, {"count": 5, "out": "a/b", "inner": {"sides": [7, 8, 9]}})
    assert built == Outer(5, Path("a/b"), Inner((7, 8, 9)))
    assert settings_from_dict(Outer, {}) == Outer()


@pytest.mark.parametrize(
    "content",
    [{"cuont": 5}, {"count": "five"}, {"count": 1.5}, {"count": None}, {"inner": {"side": [1]}}, {"inner": 3}],
    ids=str,
)
def test_unknown_names_and_wrong_types_are_refused_by_name(content):
    with pytest.raises(UsageError) as caught:
        settings_from_dict(Outer, content)
    assert next(iter(content)) in str(caught.value) or "side" in str(caught.value)


def test_names_that_stand_alone_go_into_their_group_and_the_one_that_was_meant_is_told():
    assert options_from_flags(Outer, {"count": 5, "sides": [7]}) == Outer(5, inner=Inner((7,)))
    assert options_from_flags(Outer, {"inner": {"sides": [7]}}) == Outer(inner=Inner((7,)))
    for whole in ({"sides": [1]}, Inner((1,))):
        assert options_from_flags(Outer, {"inner": whole, "sides": [7]}) == Outer(inner=Inner((7,)))
    for wrong, meant in (("cuont", "count"), ("side", "sides")):
        with pytest.raises(UsageError, match=f"Received: {wrong}. Did you mean {meant}"):
            options_from_flags(Outer, {wrong: 5})


@dataclass(frozen=True)
class Several:
    words: tuple[Literal["turn", "paste"], ...] = ()
    colors: tuple[tuple[int, int, int], ...] = ()
    paths: tuple[Path, ...] = ()
    limit: float | None = None
    quick: bool = False


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"words": "turn"}, "words has a value of the wrong type. Received: words='turn'. Give it a list: ['turn']."),
        ({"words": "trun"}, "words is not one of its choices. Received: words='trun'. Did you mean turn."),
        ({"words": ["turn", 3]}, "words is not one of its choices. Received: words=['turn', 3]. Use one of turn, paste."),
        ({"colors": [1, 2, 3]}, "Received: colors=[1, 2, 3]. Give it a list: [[1, 2, 3]]."),
        ({"colors": "red"}, "Received: colors='red'. Give it a list of lists of 3 whole numbers."),
        ({"paths": "a.png"}, "Received: paths='a.png'. Give it a list: ['a.png']."),
        ({"paths": [3]}, "Received: paths=[3]. Give it a list of paths."),
        ({"limit": "0.5"}, "Received: limit='0.5'. Give it a number."),
        ({"limit": True}, "Received: limit=True. Give it a number."),
        ({"quick": "no"}, "Received: quick='no'. Give it True or False."),
        ({"paths": np.zeros((90, 90))}, "Give it a list of paths."),
    ],
    ids=str,
)
def test_a_value_of_the_wrong_type_is_one_line_with_the_value_and_one_that_would_do(content, told):
    with pytest.raises(UsageError) as caught:
        settings_from_dict(Several, content)
    assert str(caught.value).endswith(told)
    assert len(str(caught.value)) < 200
    assert "\n" not in str(caught.value)


def test_numbers_of_numpy_become_python_s():
    built = settings_from_dict(Several, {"colors": [np.arange(3).tolist(), (np.uint8(4), 5, 6)], "limit": np.float32(0.5)})
    assert built == Several(colors=((0, 1, 2), (4, 5, 6)), limit=0.5)
    assert [type(number) for number in (built.colors[1][0], built.limit)] == [int, float]


def test_how_a_command_was_called_is_no_setting():
    @dataclass(frozen=True)
    class Options(CommonOptions):
        count: int = 3

    assert options_to_dict(Options(config=Path("a.yaml"), debug=True, count=4)) == {"count": 4}


@pytest.mark.parametrize(
    ("bounds", "fits", "does_not"),
    [
        ({"least": 0, "most": 1}, (0, 0.5, 1), (-1e-9, 1 + 1e-9)),
        ({"above": 0, "below": 1}, (1e-9, 0.5, 1 - 1e-9), (0, 1)),
        ({}, (-1e300, 0), (float("nan"), float("inf"))),
    ],
    ids=str,
)
def test_a_number_is_within_its_bounds_or_refused_by_name_and_value(bounds, fits, does_not):
    for value in (None, *fits):
        check_range("share", value, **bounds)
    for value in does_not:
        with pytest.raises(UsageError, match=f"Received: share={value}"):
            check_range("share", value, **bounds)


def test_dataset_settings_survive_json():
    settings = DatasetSettings()
    assert settings_from_dict(DatasetSettings, json.loads(json.dumps(asdict(settings)))) == settings


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: TrainingSettings(loss="dise"), r"loss is not one of its choices\. Received: loss='dise'\. Did you mean dice"),
        (lambda: TrainingSettings(augmentation=("trun",)), "Did you mean turn"),
        (lambda: TrainingSettings(augmentation="turn"), r"Received: augmentation='turn'\. Give it a tuple: \('turn',\)"),
        (lambda: TrainingSettings(augmentation=["turn"]), r"Give it a tuple: \('turn',\)"),
        (lambda: TrainingSettings(epochs="3"), r"Received: epochs='3'\. Give it a whole number\."),
        (lambda: SceneSettings(width=64.5), r"Received: width=64\.5\. Give it a whole number\."),
        (lambda: SceneSettings(colors=(255, 0, 0)), r"Give it a tuple: \(\(255, 0, 0\),\)\."),
        (lambda: SceneSettings(background=(1, 2)), "Give it a tuple of 3 whole numbers"),
        (lambda: SceneSettings(kinds=("squre",)), "kinds is not one of its choices"),
        (lambda: SceneSettings(occluder_color="purple"), "occluder_color is not one of its choices"),
        (lambda: FilterSettings(way="drop"), "way is not one of its choices"),
    ],
)
def test_a_value_is_checked_when_settings_are_made(make, told):
    with pytest.raises(UsageError, match=told):
        make()


@pytest.mark.parametrize("content", [None, 3, "epochs", ["epochs"], True], ids=str)
def test_what_is_no_mapping_is_told_in_a_line(content):
    with pytest.raises(UsageError, match="these are no TrainingSettings"):
        settings_from_dict(TrainingSettings, content)
