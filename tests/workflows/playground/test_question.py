"""What the page asks is checked, part by part; what comes out has the rule by which it was chosen."""

import json
import re

import pytest
from playground_frames import RED

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.errors import InputError, ShapesegError
from shapeseg.scenes import SceneSettings, sample_scene
from shapeseg.scenes.twins import twin
from shapeseg.workflows.playground.question import MAX_MESSAGE, parse_question, scene_asked
from shapeseg.workflows.playground.samples import drawn_samples, samples_of
from shapeseg.workflows.playground.starts import STARTS

RECIPE = STARTS["One colour"].to_dict()
SHAPE = RECIPE["instances"][0]


def with_shape(**changes):
    return json.dumps({"scene": {**RECIPE, "instances": [{**SHAPE, **changes}]}})


HOSTILE = {
    "nothing": "",
    "no JSON": "{",
    "bytes that are no text": b"\xff\xfe\x00",
    "a list": "[]",
    "a number": "7",
    "an unknown name": '{"wings": 2}',
    "NaN": with_shape().replace("40", "NaN"),
    "a number without end": with_shape().replace("40", "1e999"),
    "nested without end": '{"scene": ' + "[" * 5000 + "]" * 5000 + "}",
    "too much": json.dumps({"scene": RECIPE, "more": "x" * MAX_MESSAGE}),
    "a scene that is a text": '{"scene": "red"}',
    "an empty scene": '{"scene": {}}',
    "300 shapes": json.dumps({"scene": {**RECIPE, "instances": 300 * [SHAPE]}}),
    "a canvas beyond all": json.dumps({"scene": {**RECIPE, "width": 10**9}}),
    "a canvas beyond the playground": json.dumps({"scene": {**RECIPE, "width": 513}}),
    "a canvas of no width": json.dumps({"scene": {**RECIPE, "width": 0, "instances": []}}),
    "a shape beyond the canvas": with_shape(box=[100, 10, 40, 34]),
    "a shape of no width": with_shape(box=[10, 10, 0, 34]),
    "a box of three": with_shape(box=[10, 10, 5]),
    "a box of fractions": with_shape(box=[10.5, 10, 5, 5]),
    "a box of truths": with_shape(box=[True, True, True, True]),
    "no kind": with_shape(kind="__class__"),
    "a kind that is a list": with_shape(kind=["rectangle"]),
    "a long kind": with_shape(kind="x" * 9000),
    "no colour": with_shape(color=[0, 0, 256]),
    "a form that is none": with_shape(form=-1),
    "a shape that is null": json.dumps({"scene": {**RECIPE, "instances": [None]}}),
    "a target that is none": json.dumps({"scene": {**RECIPE, "target_kinds": ["x"]}}),
    "a sample before the first": '{"place": -1}',
    "a sample after the last": '{"place": 1000000}',
    "a sample of a fraction": '{"place": 0.5}',
    "a twin that is none": '{"change": "explode"}',
    "a rate above one": json.dumps({"scene": RECIPE, "dial": {"shape": 0, "rate": 2}}),
    "a rate that is a text": json.dumps({"scene": RECIPE, "dial": {"shape": 0, "rate": "half"}}),
    "a dial of no shape": json.dumps({"scene": RECIPE, "dial": {"shape": 9, "rate": 0.5}}),
    "a dial of the front shape": json.dumps({"scene": RECIPE, "dial": {"shape": 1, "rate": 0.5}}),
}


@pytest.fixture(scope="module")
def drawn():
    return drawn_samples(0)


@pytest.fixture(scope="module")
def dialled(tmp_path_factory):
    """A dataset whose scenes were chosen by their occlusion."""
    folder = tmp_path_factory.mktemp("dialled") / "data"
    scene = SceneSettings(width=64, height=64, min_size=8, max_size=20, occlusion_rates=(0.4,), colors=(RED,))
    create_dataset(folder, num_images=3, seed=3, settings=DatasetSettings(scene=scene))
    return folder


def asked(samples, **question):
    return scene_asked(parse_question(json.dumps(question)), samples)


@pytest.mark.parametrize("name", HOSTILE)
def test_what_cannot_be_meant_is_refused_in_one_short_line(name, drawn):
    with pytest.raises(ShapesegError) as refused:
        scene_asked(parse_question(HOSTILE[name]), drawn)
    assert refused.value.exit_code in (2, 3)
    assert re.fullmatch(r".+\. Received: .+\. .+\.", str(refused.value))
    assert len(str(refused.value)) < 500


def test_a_scene_is_drawn_as_it_is_sent(drawn):
    assert asked(drawn, scene=RECIPE) == STARTS["One colour"]


def test_without_a_scene_it_is_the_sample_or_its_twin(drawn):
    scene = sample_scene(SceneSettings(), seed=0, index=17)
    assert asked(drawn, place=17) == scene
    assert asked(drawn, place=17, change="reverse") == twin(scene, "reverse", SceneSettings().colors)


def test_a_sample_keeps_the_rule_of_its_dataset_also_when_it_is_sent_back(dialled):
    samples, data = samples_of(dialled), Dataset(dialled)
    scene = data.scene(1)
    assert asked(samples, place=1).rule == asked(samples, place=1, scene=scene.to_dict()).rule == data.rule
    assert asked(samples, place=1).render().ambiguous.sum() == scene.render().ambiguous.sum()


def test_an_edited_scene_is_judged_by_canvas_and_sizes_alone(dialled):
    samples, data = samples_of(dialled), Dataset(dialled)
    recipe = data.scene(1).to_dict()
    recipe["instances"][0]["box"][2:] = [30, 5]
    recipe["instances"][0]["box"][:2] = [0, 0]
    rule = asked(samples, place=1, scene=recipe).rule
    assert (rule.scene.min_size, rule.scene.max_size, rule.scene.width) == (5, 30, 64)
    assert not rule.asks_for_occlusion


def test_a_link_from_a_larger_dataset_still_shows_its_scene(dialled):
    assert asked(samples_of(dialled), place=900, scene=RECIPE) == STARTS["One colour"]


def test_the_rate_is_dialled(drawn):
    scene = asked(drawn, scene=RECIPE, dial={"shape": 0, "rate": 0.6})
    assert scene.render().occlusion_rates[0] == pytest.approx(0.6, abs=0.01)


def test_a_folder_without_recipes_is_refused(tmp_path):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    create_dataset(tmp_path / "data", num_images=1, seed=0)
    (tmp_path / "data/images/000000.png").rename(tmp_path / "images/a.png")
    (tmp_path / "data/masks/000000.png").rename(tmp_path / "masks/a.png")
    with pytest.raises(InputError, match="the playground needs recipes"):
        samples_of(tmp_path)
