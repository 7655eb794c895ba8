import math
from dataclasses import replace

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from shapeseg.datasets import Dataset, DatasetSettings, create_dataset
from shapeseg.datasets.augmentation import paste
from shapeseg.datasets.examples import labels_of
from shapeseg.datasets.sizes import Sizes
from shapeseg.errors import InputError, UsageError
from shapeseg.labels import IGNORED, TARGET, is_ambiguous
from shapeseg.scenes import Instance, Scene, SceneSettings
from shapeseg.scenes.rule import FilterSettings, Rule


@pytest.fixture(scope="module")
def data(small_dataset):
    return Dataset(small_dataset)


@pytest.fixture(scope="module")
def one_rectangle(tmp_path_factory):
    """20 images of one rectangle each on white, which is never square: its mask is every pixel that is not white."""
    folder = tmp_path_factory.mktemp("one") / "d"
    scene = SceneSettings(width=32, height=32, min_size=4, max_size=12, kinds=("rectangle",), min_instances=1, max_instances=1)
    create_dataset(folder, num_images=20, seed=5, settings=DatasetSettings(scene=scene))
    return Dataset(folder)


def everything(feed):
    images, masks = zip(*(feed[batch] for batch in range(len(feed))), strict=True)
    return np.concatenate(images), np.concatenate(masks)


def order(feed, data):
    """The places of the feed's samples, found by their pixels."""
    places = {sample.image.tobytes(): place for place, sample in enumerate(data)}
    assert len(places) == len(data)
    return [places[image.tobytes()] for image in everything(feed)[0]]


def test_a_batch_holds_images_and_masks(data):
    feed = data.feed(batch_size=8)
    assert isinstance(feed, keras.utils.PyDataset)
    images, masks = feed[1]
    assert images.shape == (8, 64, 64, 3)
    assert masks.shape == (8, 64, 64, 1)
    assert images.dtype == masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}
    for k in range(8):
        assert np.array_equal(images[k], data[8 + k].image)
        assert np.array_equal(masks[k, ..., 0], data[8 + k].mask != 0)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(batch_size=st.integers(1, 70))
def test_every_sample_is_served_once_and_the_last_batch_is_smaller(batch_size, data):
    feed = data.feed(batch_size=batch_size)
    assert len(feed) == math.ceil(30 / batch_size)
    sizes = [len(feed[batch][0]) for batch in range(len(feed))]
    assert sum(sizes) == 30
    assert all(size == batch_size for size in sizes[:-1])
    assert np.array_equal(everything(feed)[0], np.stack([sample.image for sample in data]))


def test_a_batch_larger_than_the_data_is_all_of_it(data):
    feed = data.feed(batch_size=1000)
    assert len(feed) == 1
    assert len(feed[0][0]) == len(feed[0][1]) == 30


def test_the_order_is_a_permutation_by_seed_and_epoch_alone(data):
    def shuffled(seed, epoch, batch_size=8):
        feed = data.feed(batch_size=batch_size, shuffle_seed=seed)
        feed.epoch = epoch
        return order(feed, data)

    first = shuffled(0, 0)
    assert sorted(first) == list(range(30))
    assert first != list(range(30))
    assert shuffled(0, 0, batch_size=7) == first
    orders = [shuffled(seed, epoch) for seed in (0, 1, 2**64 - 1) for epoch in (0, 1, 2)]
    assert len(set(map(tuple, orders))) == 9
    feed = data.feed(batch_size=8, shuffle_seed=0)
    for epoch in (5, 2, 0):  # what was served before does not matter
        feed.epoch = epoch
        everything(feed)
    assert order(feed, data) == first
    assert order(data.feed(batch_size=8), data) == list(range(30))


def test_images_and_masks_stay_together_when_shuffled(data):
    images, masks = everything(data.feed(batch_size=8, shuffle_seed=3))
    truths = {sample.image.tobytes(): sample.mask for sample in data}
    for image, mask in zip(images, masks, strict=True):
        assert np.array_equal(mask[..., 0] % 2, truths[image.tobytes()] != 0)


def test_augmentation_turns_image_and_mask_alike(one_rectangle):
    feed = one_rectangle.feed(batch_size=6, shuffle_seed=1, augmentation=("turn", "recolor"))
    plain = {sample.image.tobytes() for sample in one_rectangle}
    changed = 0
    for epoch in range(10):
        feed.epoch = epoch
        images, masks = everything(feed)
        assert images.dtype == masks.dtype == np.uint8
        assert np.array_equal(masks[..., 0] != 0, (images != 255).any(axis=-1))
        assert masks.max() == 1
        changed += sum(image.tobytes() not in plain for image in images)
    assert changed > 150  # of 200; 1 of 48 ways changes nothing, and a pure colour is its own image under 1 swap


def test_an_augmented_sample_depends_on_seed_epoch_and_index_alone(data):
    def served(data, seed, epoch, batch_size):
        feed = data.feed(batch_size=batch_size, shuffle_seed=seed, augmentation=("turn", "recolor"))
        feed.epoch = epoch
        images, masks = everything(feed)
        plain = data.feed(batch_size=batch_size, shuffle_seed=seed)
        plain.epoch = epoch
        places = order(plain, data)
        return {
            data.rows[place]["index"]: (image.tobytes(), mask.tobytes())
            for place, image, mask in zip(places, images, masks, strict=True)
        }

    whole = served(data, 0, 2, 8)
    assert served(data, 0, 2, 5) == whole
    part = served(data.split("train"), 0, 2, 4)  # another order, other batches, other places
    assert part == {index: whole[index] for index in part}
    assert served(data, 0, 3, 8) != whole
    assert served(data, 1, 2, 8) != whole


def test_wrong_options_are_refused(data):
    for options in (
        {"batch_size": 0},
        {"batch_size": -1},
        {"shuffle_seed": -1},
        {"shuffle_seed": 2**64},
        {"augmentation": ("turn",)},
        {"labels": "masks"},
        {"sizes": Sizes(crop=32), "shuffle_seed": 0},
        {"sizes": Sizes(crop=32), "weights": True},
        {"augmentation": ("flip", "scale"), "shuffle_seed": 0},
        {"augmentation": ("scale",), "shuffle_seed": 0, "labels": "probability"},
    ):
        with pytest.raises(UsageError, match="Received: "):
            data.feed(**options)


def test_images_of_unlike_sizes_cannot_share_a_batch(data, one_rectangle):
    mixed = Dataset(data.folder)
    odd = one_rectangle.rows[0] | {role: one_rectangle.folder / one_rectangle.rows[0][role] for role in ("image", "mask")}
    mixed.rows, mixed.rule = [data.rows[0], odd], None
    with pytest.raises(InputError, match=r"several sizes.*\(32, 32\), \(64, 64\).*weights=True"):
        mixed.feed(batch_size=2)[0]
    images, masks, weights = mixed.feed(batch_size=2, weights=True)[0]
    assert images.shape == (2, 64, 64, 3)
    assert not weights[1, 32:].any()
    assert not weights[1, :, 32:].any()
    assert not masks[1, 32:].any()
    assert np.array_equal(images[1, :32, :32], one_rectangle[0].image)
    assert (mixed.feed(batch_size=2, labels="codes")[0][1][1, 32:] == IGNORED).all()
    assert [mixed.feed(batch_size=1)[batch][0].shape for batch in (0, 1)] == [(1, 64, 64, 3), (1, 32, 32, 3)]


def test_labels_say_what_is_ambiguous_and_what_is_ignored(data):
    labels = everything(data.feed(8, labels="codes"))[1][..., 0]
    for place, label in enumerate(labels):
        truth = data.scene(place).render()
        assert np.array_equal(label >= 2, truth.ambiguous)
        assert np.array_equal(label % 2 == 1, truth.target())
    assert (labels >= 2).any()
    marked = Dataset(data.folder)
    marked.rows[0]["instances"][-1]["ignored"] = True
    ignored = everything(marked.feed(8, labels="codes"))[1][0, ..., 0] == 255
    assert np.array_equal(ignored, data.scene(0).render().visible_masks[-1])


def test_the_amodal_target_is_whole_rectangles_and_never_ambiguous(data):
    labels = everything(data.feed(8, target="amodal"))[1][..., 0]
    assert np.array_equal(labels, np.stack([data.scene(place).render().target("amodal") for place in range(30)]))


def test_shards_of_a_batch_make_the_batch(data):
    whole = data.feed(8, shuffle_seed=0, augmentation=("turn",))
    halves = [data.feed(8, shuffle_seed=0, augmentation=("turn",), shard=(part, 2)) for part in (0, 1)]
    assert [len(half) for half in halves] == [3, 3]  # six samples that fill no batch are left out
    for batch in range(3):
        parts = [half[batch] for half in halves]
        for k in (0, 1):
            assert np.array_equal(np.concatenate([part[k] for part in parts]), whole[batch][k])
    with pytest.raises(UsageError, match="2 processes must share a batch equally"):
        data.feed(7, shard=(0, 2))


def test_devices_that_share_batches_get_whole_ones(data):
    shared, alone = data.feed(8, shuffle_seed=0, devices=2), data.feed(8, shuffle_seed=0)
    assert (len(shared), len(alone)) == (3, 4)
    for batch in range(3):
        assert np.array_equal(shared[batch][0], alone[batch][0])
    with pytest.raises(UsageError, match=r"3 devices must share a batch equally\. Received: batch_size=8"):
        data.feed(8, devices=3)
    with pytest.raises(UsageError, match="Received: batch_size=32, 30 examples"):
        data.feed(32, devices=2)


def test_fresh_scenes_never_repeat_and_validation_scenes_always_do():
    from shapeseg.datasets.examples import FreshScenes
    from shapeseg.datasets.feed import Feed

    def images(frozen):
        feed = Feed(FreshScenes(SceneSettings(), seed=1, size=6, frozen=frozen), 4, shuffle_seed=0)
        served = []
        for epoch in range(3):
            feed.epoch = epoch
            served.append({image.tobytes() for image in everything(feed)[0]})
        return served

    first, second, third = images(frozen=False)
    assert len(first | second | third) == 18
    assert len(set.union(*images(frozen=True))) == 6


def test_an_ignored_rectangle_is_ignored_where_it_is_hidden_too():
    """An ignored rectangle half under an ellipse, beside one that counts and lies partly behind it."""
    ignored = Instance("rectangle", (10, 10, 20, 20), (255, 0, 0), ignored=True)
    counts = Instance("rectangle", (25, 10, 10, 10), (0, 0, 255))
    hiding = Instance("ellipse", (18, 18, 20, 20), (0, 255, 0))
    truth = Scene(64, 64, (255, 255, 255), (counts, ignored, hiding)).render()
    labels = labels_of(truth, "amodal")
    expected = np.zeros((64, 64), np.uint8)
    expected[10:30, 10:30] = IGNORED
    expected[10:20, 25:35] = TARGET  # whole, but where the ignored one is seen
    expected[truth.ignored] = IGNORED
    assert np.array_equal(labels, expected)


def test_weights_are_0_where_a_pixel_does_not_count(data):
    marked = Dataset(data.folder)
    marked.rows[0]["instances"][-1]["ignored"] = True
    feed = marked.feed(10, weights=True)
    _, masks, weights = map(np.concatenate, zip(*(feed[batch] for batch in range(len(feed))), strict=True))
    assert (masks.dtype, weights.dtype) == (np.uint8, np.float32)
    assert (masks.shape, weights.shape) == ((30, 64, 64, 1), (30, 64, 64))
    for place in range(30):
        truth = marked.scene(place).render()
        assert np.array_equal(weights[place] == 0, truth.ambiguous | truth.ignored)
        assert np.array_equal(masks[place, ..., 0], truth.target())  # an ignored rectangle is one, too


def test_probabilities_are_exact_and_turn_with_their_image(data):
    feed = data.feed(30, labels="probability", weights=True)
    _, probabilities, weights = feed[0]
    assert (probabilities.dtype, probabilities.shape) == (np.float32, (30, 64, 64, 1))
    for place in range(30):
        truth = data.scene(place).render()
        exact = truth.rectangle_probability
        unknown = np.isnan(exact)
        assert np.array_equal(probabilities[place, ..., 0], np.where(unknown, truth.target(), exact).astype(np.float32))
        assert np.array_equal(weights[place] == 0, unknown)
    assert ((probabilities > 0) & (probabilities < 1)).any()
    options = {"shuffle_seed": 4, "augmentation": ("turn",)}
    turned, codes = data.feed(30, labels="probability", **options)[0], data.feed(30, labels="codes", **options)[0]
    assert np.array_equal(turned[0], codes[0])
    assert np.array_equal((turned[1] > 0) & (turned[1] < 1), codes[1] >= 2)


def test_probabilities_that_nobody_knows_are_refused(data):
    unknown = Dataset(data.folder)
    unknown.rule = None
    with pytest.raises(UsageError, match="probabilities are known only where"):
        unknown.feed(8, labels="probability")


class Recorder(keras.Model):
    """Trains nothing, and notes what it is given."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def call(self, images):
        return images[..., :1]

    def train_step(self, batch):
        self.batches.append([keras.ops.convert_to_numpy(part).copy() for part in batch])
        return {"loss": 0.0}


def served_by_fit(data, epochs=3, **options):
    """The batches of each epoch that plain ``fit`` is given."""
    model, feed = Recorder(), data.feed(8, shuffle_seed=3, augmentation=("turn",), **options)
    model.compile()
    model.fit(feed, epochs=epochs, shuffle=False, verbose=0)
    assert len(model.batches) == epochs * len(feed)
    return [model.batches[start : start + len(feed)] for start in range(0, len(model.batches), len(feed))]


@pytest.fixture(scope="module")
def one_worker(data):
    return served_by_fit(data)


def test_plain_fit_sees_a_new_order_and_new_augmentation_in_every_epoch(one_worker, data):
    first, second, third = (np.concatenate([images for images, *_ in epoch]) for epoch in one_worker)
    feed = data.feed(8, shuffle_seed=3, augmentation=("turn",))
    for start in range(4):  # Keras may end an epoch that it began to look at shapes
        feed.epoch = start
        if np.array_equal(first, everything(feed)[0]):
            break
    for later, images in enumerate((first, second, third)):
        feed.epoch = start + later
        assert np.array_equal(images, everything(feed)[0])


@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": 2, "use_multiprocessing": True}])
def test_more_workers_serve_the_same_batches(options, one_worker, data):
    for epoch, expected in zip(served_by_fit(data, **options), one_worker, strict=True):
        for batch, wanted in zip(epoch, expected, strict=True):
            for part, other in zip(batch, wanted, strict=True):
                assert np.array_equal(part, other)


def test_a_dataset_can_be_sliced_and_loaded_by_torch(data):
    from torch.utils.data import DataLoader

    part = data[5:15:2]
    assert [row["index"] for row in part.rows] == [5, 7, 9, 11, 13]
    assert np.array_equal(part[-1].image, data[13].image)
    assert len(data[40:]) == 0
    for workers in (0, 2):
        batches = list(DataLoader(part, batch_size=2, num_workers=workers))
        assert [tuple(batch.image.shape) for batch in batches] == [(2, 64, 64, 3), (2, 64, 64, 3), (1, 64, 64, 3)]
        assert np.array_equal(batches[1].image[1].numpy(), data[11].image)
        assert np.array_equal(batches[1].mask[1].numpy(), data[11].mask)


def test_keras_s_own_loss_and_metric_read_the_feed(data):
    """The IoU of the masks is what the built-in makes of them; a prediction that is wrong on ellipses shows it."""
    feed = data.feed(8)
    metric, loss = keras.metrics.BinaryIoU(target_class_ids=[1]), keras.losses.BinaryCrossentropy()
    inter = union = 0
    for images, masks in (feed[batch] for batch in range(len(feed))):
        shapes = (images != 255).any(axis=-1, keepdims=True)
        metric.update_state(masks, shapes.astype("float32"))
        assert float(loss(masks, shapes.astype("float32"))) > 0
        inter, union = inter + np.sum(shapes & (masks == 1)), union + np.sum(shapes | (masks == 1))
    assert float(metric.result()) == pytest.approx(inter / union, abs=1e-6)


def test_for_our_loss_probabilities_stand_beside_the_codes(data):
    """Whatever augmentation does, they are those of the image that is served."""
    options = {"shuffle_seed": 4, "augmentation": ("turn", "recolor", "noise", "paste")}
    served = {form: data.feed(30, labels=form, **options)[0][1] for form in ("codes", "probability", "codes+probability")}
    both = served["codes+probability"]
    assert (both.dtype, both.shape) == (np.float32, (30, 64, 64, 2))
    assert np.array_equal(both[..., :1], served["codes"])
    known = ~np.isnan(both[..., 1:])
    assert np.array_equal(both[..., 1:][known], served["probability"][known])
    assert np.array_equal((both[..., 1] > 0) & (both[..., 1] < 1), is_ambiguous(both[..., 0]) & known[..., 0])
    with pytest.raises(UsageError, match="weights=True"):
        data.feed(8, labels="codes+probability", weights=True)


@pytest.mark.parametrize("order", [(1, 2, 0), (0, 2, 1)])
def test_other_colours_keep_the_probabilities(data, order):
    """They depend on which colours are equal alone, and channels in another order keep that: recolor may stand."""
    open_pixels = 0
    for place in range(30):
        scene = data.scene(place)
        instances = tuple(each._replace(color=tuple(each.color[k] for k in order)) for each in scene.instances)
        truth, other = scene.render(), replace(scene, instances=instances).render()
        assert np.array_equal(other.image, truth.image[..., list(order)])
        assert np.array_equal(other.rectangle_probability, truth.rectangle_probability, equal_nan=True)
        open_pixels += np.count_nonzero(truth.ambiguous)
    assert open_pixels > 100


def test_turned_scenes_keep_the_probabilities(data):
    """A mirrored image has the mirrored probabilities: its scene, drawn mirrored, has those that augmentation serves."""
    for place in range(30):
        scene = data.scene(place)
        instances = tuple(each._replace(box=(64 - each.box[0] - each.box[2], *each.box[1:])) for each in scene.instances)
        truth, other = scene.render(), replace(scene, instances=instances).render()
        assert np.array_equal(other.image, truth.image[:, ::-1])
        assert other.rectangle_probability == pytest.approx(truth.rectangle_probability[:, ::-1], abs=1e-12, nan_ok=True)


def test_a_pasted_scene_has_the_probabilities_of_as_many_shapes_drawn_freely(data):
    settings, pasted = data.settings, 0
    for place in range(30):
        scene = data.scene(place)
        more = paste(scene, settings, seed=4, epoch=0, index=data.index_of(place))
        pasted += len(more.instances) > len(scene.instances)
        free = replace(more, rule=Rule(settings))
        assert np.array_equal(more.render().rectangle_probability, free.render().rectangle_probability, equal_nan=True)
    assert pasted > 5


def test_where_scenes_were_chosen_by_occlusion_a_pasted_shape_makes_probabilities_others(data):
    chosen = Dataset(data.folder)
    chosen.rule = replace(chosen.rule, filters=(FilterSettings("drop-beyond", 0.9),))
    for labels in ("probability", "codes+probability"):
        with pytest.raises(UsageError, match="Received: augmentation=turn paste"):
            chosen.feed(8, labels=labels, shuffle_seed=0, augmentation=("turn", "paste"))
        chosen.feed(8, labels=labels, shuffle_seed=0, augmentation=("turn",))
    chosen.feed(8, labels="codes", shuffle_seed=0, augmentation=("turn", "paste"))


# Sizes.


def test_patches_are_a_pure_function_of_seed_epoch_and_index(data):
    def served(batch_size, seed, epoch, workers=1):
        options = {"labels": "codes", "shuffle_seed": seed, "sizes": Sizes(crop=32), "workers": workers}
        feed = data.feed(batch_size, augmentation=("turn", "scale"), **options)
        feed.epoch = epoch
        images, labels = everything(feed)
        return {image.tobytes() + label.tobytes() for image, label in zip(images, labels, strict=True)}

    assert served(4, 0, 0) == served(7, 0, 0, workers=3)
    assert not served(4, 0, 0) & served(4, 0, 1)
    assert not served(4, 0, 0) & served(4, 1, 0)


def test_a_patch_of_a_scene_has_the_labels_of_its_place(data):
    whole = {data.index_of(place): data.scene(place).render() for place in range(len(data))}
    feed = data.feed(30, labels="codes+probability", shuffle_seed=0, sizes=Sizes(crop=32))
    images, taught = feed[0]
    assert images.shape == (30, 32, 32, 3)
    assert taught.shape == (30, 32, 32, 2)
    found = 0
    for image, codes in zip(images, taught[..., 0], strict=True):
        for truth in whole.values():
            labels = labels_of(truth)
            for top in range(33):
                lefts = [left for left in range(33) if np.array_equal(truth.image[top, left : left + 32], image[0])]
                for left in lefts:
                    place = (slice(top, top + 32), slice(left, left + 32))
                    if np.array_equal(truth.image[place], image) and np.array_equal(labels[place], codes):
                        found += 1
                        break
    assert found >= 30


def test_scaled_scenes_and_padding_to_the_stride(data):
    images, labels = data.feed(4, labels="codes", sizes=Sizes(resize=40, stride=16))[0]
    assert images.shape == (4, 48, 48, 3)
    assert (labels[:, 40:] == IGNORED).all()
    assert (labels[:, :40, :40] != IGNORED).all()
    centres = (np.arange(40) * 2 + 1) * 64 // 80
    assert np.array_equal(labels[0, :40, :40, 0], labels_of(data.scene(0).render())[np.ix_(centres, centres)])


def test_void_pixels_of_one_s_own_masks_have_no_weight(tmp_path):
    mask = np.array([[0, 1, 255]], np.uint8).repeat(3, 0)
    for room, pixels in (("images", np.zeros((3, 3, 3), np.uint8)), ("masks", mask)):
        (tmp_path / room).mkdir()
        Image.fromarray(pixels).save(tmp_path / room / "a.png")
    own = Dataset(tmp_path, void_value=255)
    _, masks, weights = own.feed(1, weights=True)[0]
    assert masks[0, 0, :, 0].tolist() == [0, 1, 0]
    assert weights[0, 0].tolist() == [1, 1, 0]
    assert own.feed(1, labels="codes")[0][1][0, 0, :, 0].tolist() == [0, 1, 255]
