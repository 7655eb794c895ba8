import numpy as np
import pytest

from shapeseg.scenes import Instance, Scene, SceneSettings, sample_scene
from shapeseg.scenes.instance import bounding_box
from shapeseg.scenes.kinds import KINDS, silhouette
from shapeseg.scenes.relations import CONTESTED, Hiding, contested, hidings, occluders_of_targets, piece_count
from shapeseg.scenes.twins import twin

RED, BLUE, GREEN, WHITE = (255, 0, 0), (0, 0, 255), (0, 255, 0), (255, 255, 255)

# A 20 x 10 rectangle crossed by a 4 x 20 bar: 40 of its 200 pixels hidden, two pieces left. A dot hides 4 pixels of the bar.
CROSSED = Scene(
    40,
    40,
    WHITE,
    (
        Instance("rectangle", (10, 15, 20, 10), RED),
        Instance("ellipse", (0, 0, 6, 6), GREEN),
        Instance("rectangle", (18, 10, 4, 20), BLUE),
        Instance("rectangle", (19, 11, 2, 2), RED),
    ),
)


def test_who_hides_whom_by_hand():
    assert hidings(CROSSED.render()) == [Hiding(2, 0, 40), Hiding(3, 2, 4)]
    assert occluders_of_targets(CROSSED.render()) == {2: [0], 3: [2]}


def test_contested_pixels_are_those_of_one_target_and_one_other_shape_alone():
    shapes = (
        Instance("rectangle", (0, 0, 10, 10), RED),
        Instance("ellipse", (6, 0, 4, 4), RED),  # 12 pixels, on the rectangle
        Instance("ellipse", (6, 6, 4, 4), BLUE),
        Instance("rectangle", (6, 6, 2, 2), GREEN),  # on both: three shapes, and where the ellipse is not, two targets
        Instance("ellipse", (20, 20, 4, 4), RED),
        Instance("rectangle", (20, 20, 4, 4), BLUE),
        Instance("ellipse", (30, 20, 4, 4), RED),
        Instance("ellipse", (30, 20, 4, 4), BLUE),  # no target
    )
    scene = Scene(40, 40, WHITE, shapes)
    found = contested(scene.render())
    sizes = dict(zip(CONTESTED, np.bincount(found.ravel(), minlength=5)[1:].tolist(), strict=True))
    assert sizes == {("other", "in front"): 12, ("other", "behind"): 9, ("same", "in front"): 0, ("same", "behind"): 12}
    assert set(found[20:24, 20:24].ravel()) == {0, 1}
    assert not found[:, 30:].any()
    assert not contested(Scene(40, 40, WHITE, ()).render()).any()


def test_what_is_in_front_is_behind_in_the_reversed_twin():
    for index in range(50):
        scene = sample_scene(SceneSettings(), seed=6, index=index)
        here, there = (contested(each.render()) for each in (scene, twin(scene, "reverse", ())))
        assert ((here == 1) == (there == 2)).all()
        assert ((here == 3) == (there == 4)).all()
        assert ((here == 2) == (there == 1)).all()


def test_hidden_pixels_add_up_to_what_is_hidden():
    for index in range(50):
        truth = sample_scene(SceneSettings(), seed=6, index=index).render()
        hidden = np.zeros(len(truth.scene.instances), int)
        for front, back, pixels in hidings(truth):
            assert front > back
            assert pixels > 0
            hidden[back] += pixels
        assert hidden.tolist() == [a - v for a, v in zip(truth.amodal_areas, truth.visible_areas, strict=True)]


def test_pieces_and_boxes_by_hand():
    truth = CROSSED.render()
    assert [piece_count(mask) for mask in truth.visible_masks] == [2, 1, 1, 1]
    assert bounding_box(truth.visible_masks[0]) == (10, 15, 20, 10)
    assert bounding_box(truth.amodal_masks[2]) == (18, 10, 4, 20)
    assert bounding_box(np.zeros((5, 5), bool)) is None
    assert piece_count(np.array([[1, 0], [0, 1]], bool)) == 2  # a shared corner does not join


def test_twins_by_hand():
    colors = (RED, BLUE, GREEN)
    assert twin(CROSSED, "remove", colors).instances == CROSSED.instances[:2]
    assert twin(CROSSED, "reverse", colors).instances == CROSSED.instances[::-1]
    assert [shape.color for shape in twin(CROSSED, "same-color", colors).instances] == [RED, GREEN, RED, BLUE]
    assert twin(CROSSED, "other-color", colors) == CROSSED  # blue hides red, red hides blue: unlike already
    pair = Scene(40, 40, WHITE, (CROSSED.instances[0], CROSSED.instances[2]._replace(color=RED)))
    assert [shape.color for shape in twin(pair, "other-color", colors).instances] == [RED, BLUE]
    assert [shape.kind for shape in twin(CROSSED, "other-kind", colors).instances] == ["rectangle", "ellipse"] + 2 * [
        "ellipse"
    ]


def test_without_its_occluders_every_target_is_whole():
    for index in range(30):
        scene = sample_scene(SceneSettings(), seed=6, index=index)
        alone = twin(scene, "remove", (RED,))
        truth = alone.render()
        for instance, rate in zip(alone.instances, truth.occlusion_rates, strict=True):
            assert instance.kind != "rectangle" or rate == 0


@pytest.mark.parametrize("kind", KINDS)
def test_silhouettes_fit_their_box_and_are_never_empty(kind):
    for form in range(KINDS[kind].forms):
        for w, h in ((1, 1), (1, 9), (9, 1), (20, 40), (33, 21)):
            stencil, area = silhouette(kind, w, h, form)
            assert stencil.shape == (h, w)
            assert set(np.unique(stencil)) <= {0, 255}
            assert area == np.count_nonzero(stencil) >= 1


def test_areas_of_polygons_come_near_their_formulas():
    # half the box; 2:1 rectangle along the diagonal direction keeps its sides' ratio; regular hexagon: 3 sqrt(3) / 2 r^2
    assert silhouette("triangle", 40, 40, 0)[1] == pytest.approx(800, rel=0.03)
    assert silhouette("polygon", 200, 200, 1)[1] == pytest.approx(3 * 3**0.5 / 2 * 100**2, rel=0.01)
    assert silhouette("ring", 200, 200)[1] == pytest.approx(np.pi * (100**2 - 50**2), rel=0.01)
    turned = silhouette("rotated_rectangle", 200, 200, 8)[1]  # 45 degrees: sides 2a and a with 3a / sqrt(2) = 200
    assert turned == pytest.approx(2 * (200 * 2**0.5 / 3) ** 2, rel=0.01)
