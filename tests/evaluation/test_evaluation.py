"""The whole evaluation, against scikit-learn and plain loops over whole masks."""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import f1_score, jaccard_score, precision_score, recall_score

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.filter import FilterSettings, filter_copy
from shapeseg.evaluation import PredictionOptions, evaluate_model, prediction
from shapeseg.evaluation.boundary import boundary_counts
from shapeseg.evaluation.ceiling import Ceiling
from shapeseg.evaluation.counts import pooled
from shapeseg.evaluation.evaluation import Shown, Worst
from shapeseg.inference.opened_model import OpenedModel
from shapeseg.scenes import SceneSettings


class Guesser:
    """Stands for a model: calls red pixels rectangles, but each with a doubt that depends on the pixel's place."""

    def __init__(self):
        self.predicted = 0
        self.largest = 0

    def predict_on_batch(self, images):
        self.predicted += len(images)
        self.largest = max(self.largest, len(images))
        noise = np.random.Generator(np.random.PCG64(5)).random(images.shape[1:3]).astype(np.float32)
        colored = (images != 255).any(axis=-1)
        return np.where(colored, 0.4 + 0.6 * noise, 0.45 * noise**3)[..., None].astype(np.float32)


def evaluated(data, model=None, *, threshold=0.5, target="visible", **options):
    return evaluate_model(OpenedModel(model or Guesser(), 1, threshold, target), data, **options)


def predictions_of(data, threshold=0.5):
    images = np.stack([sample.image for sample in data])
    return Guesser().predict_on_batch(images)[..., 0] >= threshold


@pytest.fixture(scope="module")
def data(small_dataset):
    return Dataset(small_dataset)


@pytest.fixture(scope="module")
def found(data):
    return evaluated(data, keep_worst=4, keep=[7])


def test_pooled_scores_are_those_of_scikit_learn(data, found):
    truth = np.stack([sample.mask != 0 for sample in data]).ravel()
    predicted = predictions_of(data).ravel()
    metrics = found.metrics
    assert metrics["iou"] == pytest.approx(jaccard_score(truth, predicted))
    assert metrics["dice"] == pytest.approx(f1_score(truth, predicted))
    assert metrics["precision"] == pytest.approx(precision_score(truth, predicted))
    assert metrics["recall"] == pytest.approx(recall_score(truth, predicted))
    decidable = ~np.stack([data.scene(place).render().ambiguous for place in range(len(data))]).ravel()
    assert not decidable.all()
    assert metrics["iou_decidable"] == pytest.approx(jaccard_score(truth[decidable], predicted[decidable]))
    low, high = metrics["iou_interval"]
    assert low < metrics["iou"] < high


def test_scores_per_image_are_those_of_scikit_learn(data, found):
    for sample, predicted, row in zip(data, predictions_of(data), found.images, strict=True):
        assert row["image_id"] == sample.row["image_id"]
        assert row["iou"] == pytest.approx(jaccard_score((sample.mask != 0).ravel(), predicted.ravel()))
        rates = [each["occlusion_rate"] for each in sample.row["instances"] if each["kind"] == "rectangle"]
        assert (row["rectangles"], row["max_occlusion"]) == (len(rates), max(rates, default=None))
    assert found.metrics["iou_per_image_mean"] == pytest.approx(np.mean([row["iou"] for row in found.images]))


def test_the_parts_add_up(data, found):
    metrics = found.metrics
    truths = [data.scene(place).render() for place in range(len(data))]
    ceiling = Ceiling()
    for truth in truths:
        ceiling.add(truth)
    assert metrics["iou_ceiling"] == ceiling.iou()
    wrong = sum(row["missed"] + row["invented"] for row in found.images)
    assert sum(metrics["wrong_pixels"].values()) == wrong
    pixels = {name: part["pixels"] for name, part in metrics["calibration"].items()}
    assert pixels == {
        "all": 30 * 64 * 64,
        "decidable": 30 * 64 * 64 - sum(truth.ambiguous.sum() for truth in truths),
        "ambiguous": sum(truth.ambiguous.sum() for truth in truths),
    }
    assert sum(cell["n"] for cell in metrics["by_occlusion"].values()) == len(found.instances)
    hidden = metrics["by_occlusion"]["hidden"]["n"]
    assert sum(cell["n"] for cell in metrics["breakdown"]) == len(found.instances) - hidden
    touching = sum(row["touching"] for row in found.instances)
    assert metrics["panoptic"]["touching_rectangles"] == touching
    assert metrics["undefined"] == {"iou_per_image": 0, "recall_per_rectangle": hidden, "iou_per_rectangle": hidden}
    assert list(metrics["boundary_iou"]) == ["1", "2"]  # the official width is 2 here
    for width in (1, 2):
        counts = [
            boundary_counts(truth.target(), predicted, width)
            for truth, predicted in zip(truths, predictions_of(data), strict=True)
        ]
        assert metrics["boundary_iou"][str(width)] == pooled(counts).iou
    json.dumps(metrics, allow_nan=False)


def test_honesty_is_counted_from_all_pixels_at_once(small_dataset):
    """Against plain sums over whole arrays, with one ignored shape and one group that is too large to be searched."""
    data = Dataset(small_dataset)
    ambiguous = [data.scene(place).render().ambiguous for place in range(len(data))]
    first = max(range(len(data)), key=lambda place: ambiguous[place].sum())
    covered = max(
        range(len(data.rows[first]["instances"])),
        key=lambda k: (data.scene(first).render().visible_masks[k] & ambiguous[first]).sum(),
    )
    data.rows[first]["instances"][covered]["ignored"] = True
    many = max(set(range(len(data))) - {first}, key=lambda place: ambiguous[place].sum())
    data.rows[many]["instances"] = data.rows[many]["instances"] * 3  # thrice the same shapes look like one
    truths = [data.scene(place).render() for place in range(len(data))]
    exact = np.stack([truth.rectangle_probability for truth in truths])
    ignored = np.stack([truth.ignored for truth in truths])
    open_ = (exact > 0) & (exact < 1)
    assert (open_ & ignored).any()
    assert np.isnan(exact).any()
    images = np.stack([truth.image for truth in truths])
    model = np.clip(Guesser().predict_on_batch(images)[..., 0].astype(np.float64), 1e-7, 1 - 1e-7)
    q, p = exact[open_ & ~ignored], model[open_ & ~ignored]
    found = evaluated(data).metrics["ambiguous"]
    assert found["pixels"] == len(q) > 100
    assert found["log_loss"] == pytest.approx(-np.mean(q * np.log(p) + (1 - q) * np.log(1 - p)))
    assert found["log_loss_floor"] == pytest.approx(-np.mean(q * np.log(q) + (1 - q) * np.log(1 - q)))
    assert found["log_loss"] > found["log_loss_floor"]
    assert found["mean_absolute_difference"] == pytest.approx(np.abs(p - q).mean(), rel=1e-6)
    bins = np.minimum((10 * p).astype(int), 9)
    sums = [abs(p[bins == k].sum() - q[bins == k].sum()) for k in range(10)]
    assert found["calibration_error"] == pytest.approx(sum(sums) / len(q), rel=1e-5)
    assert [each["pixels"] for each in found["bins"]] == np.bincount(bins, minlength=10).tolist()


def test_a_model_that_gives_the_exact_probabilities_reaches_the_floor(data):
    class Oracle:
        def predict_on_batch(self, images):
            exact = {
                data[place].image.tobytes(): data.scene(place).render().rectangle_probability for place in range(len(data))
            }
            return np.stack([exact[image.tobytes()] for image in images])[..., None].astype(np.float32)

    found = evaluated(data, Oracle()).metrics["ambiguous"]
    assert found["log_loss"] == pytest.approx(found["log_loss_floor"], abs=1e-6)
    assert found["calibration_error"] == pytest.approx(0, abs=1e-6)
    assert found["mean_absolute_difference"] == pytest.approx(0, abs=1e-6)


def test_each_image_is_predicted_once_in_batches_of_bounded_size(data, monkeypatch):
    monkeypatch.setattr(prediction, "BATCH_PIXELS", 4 * 64 * 64)
    model = Guesser()
    steps = []
    evaluated(data, model, progress=steps.append)
    assert model.predicted == len(data) == sum(steps)
    assert model.largest == 4


def test_the_worst_predictions_are_kept_and_those_asked_for(data, found):
    known, wrong = [counts.wrong for counts in found.decidable], [counts.wrong for counts in found.counts]
    assert found.worst == sorted(range(30), key=lambda place: (-known[place], -wrong[place]))[:4]
    assert set(found.shown) == {*found.worst, 7}
    for place, shown in found.shown.items():
        assert np.array_equal(shown.predicted, predictions_of(data)[place])


def test_an_image_with_mistakes_is_worse_than_one_of_which_nobody_can_know():
    worst = Worst(3)
    shown = Shown.of(np.zeros((2, 2), np.float32), np.zeros((2, 2), bool))
    for place, wrong in enumerate([(0, 900), (5, 5), (0, 0), (5, 80), (5, 5)]):
        worst.offer(place, wrong, shown)
    assert worst.places() == [3, 1, 4]
    assert set(worst.kept()) == {1, 3, 4}


def test_what_is_kept_of_a_prediction_is_the_mask_exactly_and_the_probability_nearly():
    probability = np.linspace(0, 1, 1000, dtype=np.float32).reshape(20, 50)
    predicted = np.random.Generator(np.random.PCG64(0)).random((20, 50)) < 0.5
    shown = Shown.of(probability, predicted)
    assert shown.packed.nbytes == 1000
    assert np.array_equal(shown.predicted, predicted)
    assert np.abs(shown.belief - probability).max() <= 0.5 / 127 + 1e-6
    assert (shown.belief.min(), shown.belief.max()) == (0, 1)


def test_the_same_again_is_the_same(data, found):
    assert evaluated(data).metrics == found.metrics


def test_options_show_their_effect(data):
    plain = evaluated(data).metrics
    assert plain["effects"] is None
    model = Guesser()
    options = PredictionOptions(tta=True, min_component=12)
    both = evaluated(data, model, options=options).metrics
    assert model.predicted == 8 * len(data)
    assert list(both["effects"]) == ["plain", "tta", "min_component"]
    assert both["effects"]["plain"]["iou"] == plain["iou"]
    assert both["effects"]["min_component"]["iou"] == both["iou"]
    assert both["effects"]["tta"]["iou"] != plain["iou"]
    assert both["options"] == {"tta": True, "min_component": 12}
    small = evaluated(data, options=PredictionOptions(min_component=12)).metrics
    assert list(small["effects"]) == ["plain", "min_component"]
    assert small["effects"]["min_component"]["iou"] == small["iou"] != small["effects"]["plain"]["iou"] == plain["iou"]
    assert small["panoptic"]["false_positives"] < plain["panoptic"]["false_positives"]


def test_ignored_instances_count_nowhere(small_dataset, tmp_path):
    settings = FilterSettings(way="ignore-occluded", max_occlusion=0.0)
    filter_copy(Dataset(small_dataset), settings, tmp_path / "ignoring")
    data = Dataset(tmp_path / "ignoring")
    found = evaluated(data)
    truths = [data.scene(place).render() for place in range(len(data))]
    kept = ~np.stack([truth.ignored for truth in truths])
    target = np.stack([truth.target() for truth in truths])
    assert (~kept).any()
    predicted = predictions_of(data)
    assert found.metrics["iou"] == pytest.approx(jaccard_score(target[kept], predicted[kept]))
    assert found.metrics["calibration"]["all"]["pixels"] == kept.sum()
    assert sum(found.metrics["wrong_pixels"].values()) == (target != predicted)[kept].sum()
    ignored = [row for row in found.instances if row["ignored"]]
    assert ignored
    assert all(row["recall"] is None and row["occlusion_rate"] > 0 for row in ignored)
    bins = found.metrics["by_occlusion"]
    assert {name: cell["n"] for name, cell in bins.items() if cell["n"]} == {"0": len(found.instances) - len(ignored)}


def test_the_amodal_target_has_no_ambiguity(data):
    found = evaluated(data, target="amodal")
    metrics = found.metrics
    truth = np.stack([data.scene(place).render().target("amodal") for place in range(len(data))])
    assert metrics["iou"] == pytest.approx(jaccard_score(truth.ravel(), predictions_of(data).ravel()))
    assert (metrics["iou_decidable"], metrics["iou_ceiling"], metrics["calibration"]["ambiguous"]) == (None, None, None)
    assert metrics["wrong_pixels"]["ambiguous"] is None
    assert metrics["ambiguous"] is None
    assert {row["iou_decidable"] for row in found.images} == {None}
    hidden = [row for row in found.instances if row["occlusion"] == "hidden"]
    assert all(row["recall"] is not None for row in hidden)


def test_without_recipes_what_needs_one_is_unknown(small_dataset, tmp_path, found):
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    for place, sample in enumerate(Dataset(small_dataset)):
        Image.fromarray(sample.image).save(tmp_path / f"images/{place:03d}.png")
        Image.fromarray(sample.mask).save(tmp_path / f"masks/{place:03d}.png")
    plain = evaluated(Dataset(tmp_path))
    for name in ("iou_decidable", "iou_ceiling", "by_occlusion", "breakdown", "wrong_pixels", "ambiguous"):
        assert plain.metrics[name] is None
    assert plain.metrics["panoptic"] == found.metrics["panoptic"] | {"touching_rectangles": None}
    assert plain.metrics["calibration"]["all"] == found.metrics["calibration"]["all"]
    assert plain.metrics["calibration"]["decidable"] is plain.metrics["calibration"]["ambiguous"] is None
    for name in ("iou", "iou_interval", "dice", "boundary_iou", "iou_per_image_mean", "iou_per_image_worst5"):
        assert plain.metrics[name] == found.metrics[name]
    assert plain.instances == []
    assert plain.images[0]["rectangles"] is plain.images[0]["ambiguous_pixels"] is None


def test_images_of_any_sizes_follow_each_other(tmp_path):
    random = np.random.Generator(np.random.PCG64(0))
    for name in ("images", "masks"):
        (tmp_path / name).mkdir()
    sizes = [(30, 40), (30, 40), (400, 300), (7, 9), (30, 40)]
    masks = []
    for place, (height, width) in enumerate(sizes):
        masks.append(random.random((height, width)) < 0.3)
        pixels = np.where(masks[-1][..., None], np.uint8(90), np.uint8(255)).repeat(3, axis=2)
        Image.fromarray(pixels).save(tmp_path / f"images/{place}.png")
        Image.fromarray(masks[-1]).save(tmp_path / f"masks/{place}.png")
    found = evaluated(Dataset(tmp_path), threshold=0.46)
    assert [row["both"] + row["missed"] for row in found.images] == [mask.sum() for mask in masks]
    assert list(found.metrics["boundary_iou"]) == ["1", "2", "1-10"]


def test_nothing_to_find_is_undefined_and_counted(tmp_path):
    scene = SceneSettings(width=32, height=32, min_size=6, max_size=12, kinds=("ellipse",))
    create_dataset(tmp_path / "d", num_images=10, seed=0, settings=DatasetSettings(scene=scene))
    found = evaluated(Dataset(tmp_path / "d"), threshold=0.9999)
    assert found.metrics["undefined"]["iou_per_image"] == found.metrics["iou_per_image_undefined"] == 10
    for name in ("iou", "dice", "precision", "recall", "iou_interval", "iou_decidable", "iou_ceiling", "iou_per_image_mean"):
        assert found.metrics[name] is None
    assert set(found.metrics["boundary_iou"].values()) == {None}
    assert found.metrics["panoptic"]["pq"] is None
    assert {cell["n"] for cell in found.metrics["by_occlusion"].values()} == {0}
    assert found.metrics["breakdown"] == found.instances == []
    nothing = {name: score for name, score in found.metrics["ambiguous"].items() if name != "bins"}
    assert nothing.pop("pixels") == 0  # no rectangle, so that no pixel is ambiguous
    assert set(nothing.values()) == {None}


def test_a_single_image_has_scores_but_no_spread(data):
    one = data.split("all")
    one.rows = one.rows[:1]
    metrics = evaluated(one).metrics
    assert metrics["images"] == 1
    assert metrics["iou"] == metrics["iou_per_image_worst5"]
    assert metrics["iou_interval"] is None
