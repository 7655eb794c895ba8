import pytest
from hypothesis import given
from hypothesis import strategies as st

from shapeseg.evaluation.counts import Counts, summarise

counts = st.builds(Counts, st.integers(0, 50), st.integers(0, 50), st.integers(0, 50))


def test_pooled_and_per_image_scores_differ_as_they_should():
    # Image 1: 90 of 100 pixels, IoU 0.9. Image 2: 1 of 2 pixels, IoU 0.5. Image 3: nothing at all, undefined.
    # Pooled 91 / 102; mean (0.9 + 0.5) / 2; precision 91 / 96; recall 91 / 97; Dice 182 / 193.
    scores = summarise([Counts(90, 5, 5), Counts(1, 1, 0), Counts(0, 0, 0)])
    assert scores["images"] == 3
    assert scores["iou"] == 91 / 102
    assert scores["dice"] == 182 / 193
    assert scores["precision"] == 91 / 96
    assert scores["recall"] == 91 / 97
    assert scores["iou_per_image_mean"] == pytest.approx(0.7)
    assert scores["iou_per_image_median"] == pytest.approx(0.7)
    assert scores["iou_per_image_worst5"] == 0.5
    assert scores["iou_per_image_undefined"] == 1


def test_an_invention_without_a_rectangle_counts_everywhere():
    # Nothing is there, 10 pixels are invented: IoU 0 of that image, and 10 more in the pooled union.
    scores = summarise([Counts(90, 5, 5), Counts(0, 0, 10)])
    assert scores["iou"] == 90 / 110
    assert scores["iou_per_image_mean"] == pytest.approx(0.45)
    assert scores["iou_per_image_undefined"] == 0


def test_nothing_to_measure_is_undefined_and_counted():
    for images in (0, 1, 4):
        scores = summarise([Counts(0, 0, 0)] * images)
        assert scores["images"] == images
        assert scores["iou_per_image_undefined"] == images
        undefined = {name: value for name, value in scores.items() if name not in ("images", "iou_per_image_undefined")}
        assert undefined
        assert set(undefined.values()) == {None}


@pytest.mark.parametrize(
    ("images", "worst"), [(1, 1), (2, 1), (19, 1), (20, 1), (21, 2), (40, 2), (41, 3), (60, 3), (90, 5), (140, 7), (1000, 50)]
)
def test_the_worst_five_per_cent_are_one_image_at_least_and_rounded_up(images, worst):
    # IoU k / images for k = 0 .. images - 1, in no order: the mean of the first n is (n - 1) / 2 / images.
    each = [Counts(k, images - k, 0) for k in range(images)]
    scores = summarise(each[1::2] + each[::2])
    assert scores["iou_per_image_worst5"] == pytest.approx((worst - 1) / 2 / images)


def test_the_median_of_an_even_number_is_between_the_middle_two():
    scores = summarise([Counts(1, 3, 0), Counts(1, 1, 0), Counts(3, 1, 0), Counts(1, 0, 0)])  # 1/4, 1/2, 3/4, 1
    assert scores["iou_per_image_median"] == pytest.approx(0.625)


@given(st.lists(counts, min_size=1, max_size=30), st.randoms())
def test_the_order_of_images_does_not_matter(images, random):
    shuffled = images[:]
    random.shuffle(shuffled)
    assert summarise(shuffled) == summarise(images)
    scores = summarise(images)
    if scores["iou_per_image_mean"] is not None:
        assert 0 <= scores["iou_per_image_worst5"] <= scores["iou_per_image_median"] + 1e-12
        assert scores["iou_per_image_worst5"] <= scores["iou_per_image_mean"] + 1e-12
        assert scores["iou_per_image_mean"] <= 1
