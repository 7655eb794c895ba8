import json

from hypothesis import given
from hypothesis import strategies as st

from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene


def test_a_scene_survives_json():
    for index in range(20):
        scene = sample_scene(SceneSettings(), seed=4, index=index)
        twin = Scene.from_dict(json.loads(json.dumps(scene.to_dict())))
        assert twin == scene
        assert hash(twin) == hash(scene)


@given(st.booleans())
def test_an_ignored_instance_stays_ignored(ignored):
    scene = Scene(9, 9, (0, 0, 0), (Instance("ellipse", (1, 1, 5, 4), (1, 2, 3), ignored=ignored),))
    assert Scene.from_dict(scene.to_dict()) == scene
    assert scene.to_dict()["instances"][0].get("ignored", False) is ignored


def test_the_words_of_a_row():
    scene = Scene(12, 10, (255, 255, 255), (Instance("rectangle", (2, 3, 4, 5), (255, 0, 0)),))
    assert scene.to_dict() == {
        "width": 12,
        "height": 10,
        "background": [255, 255, 255],
        "instances": [{"kind": "rectangle", "box": [2, 3, 4, 5], "color": [255, 0, 0]}],
    }


def test_what_is_no_part_of_the_recipe_is_passed_over():
    scene = sample_scene(SceneSettings(), seed=4, index=1)
    row = {"index": 1, "split": "train", **scene.to_dict()}
    for instance in row["instances"]:
        instance["visible_area"] = 3
    assert Scene.from_dict(row) == scene


def test_scenes_compare_by_what_they_draw():
    one, other = (Scene(9, 9, (0, 0, 0), (Instance("ellipse", (1, 1, 5, w), (1, 2, 3)),)) for w in (4, 5))
    assert one != other
    assert one == Scene(9, 9, (0, 0, 0), (Instance("ellipse", (1, 1, 5, 4), (1, 2, 3)),))
