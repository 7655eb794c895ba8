"""The testing kit: what it draws, what it refuses, and that trainers in Keras and in torch really learn from it."""

import keras
import numpy as np
import pytest
import torch
from command_runs import run_python, succeed

from shapeseg import testing
from shapeseg.errors import UsageError
from shapeseg.models import build
from shapeseg.scenes import sample_scene

LEARNED = 0.75  # both trainers below reach 0.9 with each of several seeds; marking every shape gives 0.5 to 0.6


@pytest.fixture(scope="module")
def unseen():
    return testing.arrays(60, seed=1)


def test_arrays_are_what_the_scenes_render_to():
    images, masks = testing.arrays(5, seed=7)
    assert images.shape == (5, 64, 64, 3)
    assert masks.shape == (5, 64, 64, 1)
    assert images.dtype == masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}
    for index in range(5):
        scene = sample_scene(testing.small_scenes(), seed=7, index=index)
        truth = scene.render()
        assert np.array_equal(images[index], truth.image)
        assert np.array_equal(masks[index, ..., 0] != 0, truth.target())
        assert 2 <= len(scene.instances) <= 4
        assert all(10 <= side <= 24 for instance in scene.instances for side in instance.box[2:])


def test_the_same_seed_draws_the_same_and_another_draws_other_scenes():
    for one, same, other in zip(testing.arrays(4, 3), testing.arrays(4, 3), testing.arrays(4, 4), strict=True):
        assert np.array_equal(one, same)
        assert not np.array_equal(one, other)
    assert np.array_equal(testing.arrays(9, 3)[0][:4], testing.arrays(4, 3)[0])


def test_scene_settings_pass_through():
    images, masks = testing.arrays(3, size=32, width=48, kinds=("ellipse",), background=(9, 9, 9))
    assert images.shape == (3, 32, 48, 3)
    assert not masks.any()
    assert (images == 9).all(axis=-1).any()
    with pytest.raises(TypeError, match="no_such_field"):
        testing.arrays(3, no_such_field=1)


def test_every_door_gives_the_same_samples(tmp_path):
    images, masks = testing.arrays(10, seed=2, size=48, max_instances=2)
    data = testing.make_dataset(tmp_path / "d", 10, seed=2, size=48, max_instances=2)
    assert {row["split"] for row in data.rows} == {"train", "val", "test", "holdout"}
    assert np.array_equal(np.stack([sample.image for sample in data]), images)
    assert np.array_equal(np.stack([sample.mask != 0 for sample in data])[..., None], masks != 0)

    feed = testing.keras_feed(10, seed=2, size=48, batch_size=4, max_instances=2)
    assert isinstance(feed, keras.utils.PyDataset)
    batches = [feed[batch] for batch in range(len(feed))]
    assert [len(batch) for batch, _ in batches] == [4, 4, 2]
    for array, served in zip((images, masks), zip(*batches, strict=True), strict=True):
        assert np.array_equal(np.concatenate(served), array)
        assert served[0].dtype == np.uint8

    tensors = testing.torch_dataset(10, seed=2, size=48, max_instances=2)
    assert isinstance(tensors, torch.utils.data.Dataset)
    assert len(tensors) == 10
    image, mask = tensors[9]
    assert image.dtype == mask.dtype == torch.float32
    assert image.is_contiguous()
    assert torch.equal((image * 255).round(), torch.from_numpy(images[9]).permute(2, 0, 1))
    assert torch.equal(mask, torch.from_numpy(masks[9]).permute(2, 0, 1))


def test_wrong_numbers_are_refused(tmp_path):
    for wrong in ({"num_images": 0}, {"num_images": 3, "seed": -1}, {"num_images": 3, "size": 8}):
        with pytest.raises(UsageError, match="Received: "):
            testing.arrays(**wrong)
    testing.make_dataset(tmp_path / "d", 1)
    with pytest.raises(UsageError, match="never overwritten"):
        testing.make_dataset(tmp_path / "d", 1)


# 2 images of 2 x 2. Truth 3 pixels, prediction 2, both 1: IoU 1 / 4 pooled, while the images alone have 1 / 3 and 0.
TRUTH = np.array([[[1, 1], [0, 0]], [[1, 0], [0, 0]]])
FOUND = np.array([[[1, 0], [1, 0]], [[0, 0], [0, 0]]])


def test_the_iou_is_pooled_and_measured_against_the_bound():
    assert testing.assert_learned(TRUTH, FOUND, at_least=0.25) == 0.25
    assert testing.assert_learned(TRUTH * 255, FOUND.astype(bool), at_least=0.25) == 0.25
    assert testing.assert_learned(TRUTH.tolist(), torch.from_numpy(FOUND), at_least=0.0) == 0.25
    with pytest.raises(AssertionError, match=r"^the rectangle IoU is 0\.2500 over 2 images, expected 0\.26 or more$"):
        testing.assert_learned(TRUTH, FOUND, at_least=0.26)


def test_an_undefined_score_never_passes():
    with pytest.raises(AssertionError, match="undefined over 2 images"):
        testing.assert_learned(0 * TRUTH, 0 * FOUND, at_least=0.0)


def test_probabilities_and_unlike_shapes_are_refused():
    with pytest.raises(ValueError, match=r"float64.*threshold"):
        testing.assert_learned(TRUTH, FOUND * 0.5)
    for wrong in (FOUND[..., None], FOUND[:1], FOUND.transpose(0, 2, 1)[:, :1]):
        with pytest.raises(ValueError, match="one shape"):
            testing.assert_learned(TRUTH, wrong)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_keras_trainer_learns(unseen):
    images, truth = unseen
    keras.utils.set_random_seed(0)
    model = build("unet", {"widths": (12, 18, 24)})
    with pytest.raises(AssertionError, match="rectangle IoU"):
        testing.assert_learned(truth, model.predict(images, verbose=0) > 0.5)
    feed = testing.keras_feed(300, batch_size=10)
    steps = 8 * len(feed)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, steps * 3 // 4, warmup_target=2e-2, warmup_steps=steps // 4)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy")
    model.fit(feed, epochs=8, shuffle=False, verbose=0)
    testing.assert_learned(truth, model.predict(images, verbose=0) > 0.5, at_least=LEARNED)


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_torch_loop_learns(unseen):
    torch.manual_seed(0)
    model = Pyramid(6)
    images = torch.from_numpy(unseen[0]).permute(0, 3, 1, 2) / 255
    truth = unseen[1].transpose(0, 3, 1, 2)
    with pytest.raises(AssertionError, match="rectangle IoU"):
        testing.assert_learned(truth, predict(model, images))
    loader = torch.utils.data.DataLoader(testing.torch_dataset(300), batch_size=10, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), 2e-2)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-2, total_steps=8 * len(loader))
    model.train()
    for _ in range(8):
        for image, mask in loader:
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(model(image), mask).backward()
            optimizer.step()
            rate.step()
    testing.assert_learned(truth, predict(model, images), at_least=LEARNED)


@pytest.mark.process
def test_the_kit_itself_loads_neither_keras_nor_torch(tmp_path):
    script = "import sys, shapeseg.testing; print({'keras', 'torch', 'matplotlib'} & set(sys.modules))"
    assert succeed(run_python("-c", script, cwd=tmp_path)).stdout == "set()\n"


def predict(model, images):
    """Returns masks, bool (N, 1, H, W)."""
    model.eval()
    with torch.no_grad():
        return model(images) > 0


class Pyramid(torch.nn.Module):
    """A U-Net of three levels from half to an eighth of the resolution, as somebody else might write it."""

    def __init__(self, width):
        super().__init__()
        self.fine, self.middle, self.coarse = block(12, 2 * width), block(2 * width, 3 * width), block(3 * width, 4 * width)
        self.deep = block(4 * width, 4 * width)
        self.join_middle, self.join_fine = block(7 * width, 3 * width), block(5 * width, 2 * width)
        self.head = torch.nn.Conv2d(2 * width, 4, 1)

    def forward(self, images):  # (B, 3, H, W)
        pool, grow = torch.nn.MaxPool2d(2), torch.nn.Upsample(scale_factor=2)
        fine = self.fine(torch.nn.functional.pixel_unshuffle(images, 2))  # (B, 2 width, H / 2, W / 2)
        middle = self.middle(pool(fine))  # (B, 3 width, H / 4, W / 4)
        deep = self.deep(self.coarse(pool(middle)))  # (B, 4 width, H / 8, W / 8)
        up = self.join_middle(torch.cat([grow(deep), middle], 1))
        up = self.join_fine(torch.cat([grow(up), fine], 1))
        return torch.nn.functional.pixel_shuffle(self.head(up), 2)  # (B, 1, H, W)


def block(channels, width):
    return torch.nn.Sequential(
        torch.nn.Conv2d(channels, width, 3, padding=1, bias=False), torch.nn.BatchNorm2d(width), torch.nn.ReLU()
    )
