import numpy as np
import pytest

from shapeseg.datasets import Dataset
from shapeseg.evaluation.corruption_curves import corruption_curves, prediction_count
from shapeseg.evaluation.corruptions import CORRUPTIONS, SEVERITIES
from shapeseg.evaluation.counts import count, pooled
from shapeseg.inference.opened_model import OpenedModel


class Blues:
    """Stands for a model: calls whatever is bluish rectangle."""

    def predict_on_batch(self, images):
        blue = images[..., 2].astype(int) - images[..., 0] > 60
        return blue[..., None].astype(np.float32)


def measured(data, **options):
    return corruption_curves(OpenedModel(Blues(), 1), data, **({"images": 6} | options))


@pytest.fixture(scope="module")
def data(small_dataset):
    return Dataset(small_dataset)


def test_every_kind_is_measured_at_every_severity_on_the_same_images(data):
    steps = []
    found = measured(data, progress=steps.append)
    assert found["images"] == 6
    assert sum(steps) == prediction_count(data, 6) == 6 * (1 + 10 * 5)
    clean = pooled(
        count(data[place].mask != 0, Blues().predict_on_batch(data[place].image[None])[0, ..., 0] > 0) for place in range(6)
    )
    assert found["clean"]["iou"] == clean.iou
    assert list(found["curves"]) == list(CORRUPTIONS)
    for kind, curve in found["curves"].items():
        assert [step["severity"] for step in curve["steps"]] == list(SEVERITIES)
        assert [step["strength"] for step in curve["steps"]] == list(CORRUPTIONS[kind].strengths)
        for step in curve["steps"]:
            assert step["iou_interval"] is None  # six images are few
    # Turning or enlarging changes no colour, and without any contrast left nothing is blue.
    assert found["curves"]["larger"]["steps"][2]["iou"] == pytest.approx(clean.iou, abs=0.02)
    assert found["curves"]["rotation"]["steps"][0]["iou"] == pytest.approx(clean.iou, abs=0.05)
    assert found["curves"]["contrast"]["steps"][0]["iou"] == pytest.approx(clean.iou)
    assert found["curves"]["contrast"]["steps"][-1]["iou"] == 0
    assert measured(data) == found


def test_without_recipes_some_kinds_are_unknown(data):
    bare = data.split("all")
    bare.has_recipes = False
    found = measured(bare, images=1000)
    assert found["images"] == 30  # enough for an interval, where no score is 0 or 1
    assert found["clean"]["iou_interval"][0] <= found["clean"]["iou"] <= found["clean"]["iou_interval"][1]
    unknown = {kind for kind, curve in found["curves"].items() if curve is None}
    assert unknown == {"background", "colors", "larger", "smaller", "other look"}
    assert prediction_count(bare, 1000) == 30 * (1 + 5 * 5)
