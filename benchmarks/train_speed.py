"""Who takes part in training and inference: shapeseg, its network in plain torch, others of segmentation-models-pytorch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from measuring import Contestant, Options
from numpy.typing import NDArray

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]


def contestants(batch_size: int, options: Options, peers: Sequence[str]) -> list[Contestant]:
    """Returns who trains and predicts on the same batches; ``peers`` are slow and get a tenth of them."""
    from train_peers import TorchTrainer, UNet, smp_installed, smp_network

    from shapeseg.models.unet import Settings

    count = -(-(options.images or (16 if options.quick else 80)) // batch_size)
    batches = ready_batches(batch_size, count)
    masks = [(images, labels % 2) for images, labels in batches]
    found = [*_torch("torch", TorchTrainer(UNet(Settings().widths)), masks), *_shapeseg(batches), _empty(batches)]
    if peers and smp_installed():
        for name in peers:
            found += _torch(name, TorchTrainer(smp_network(name)), masks[: -(-count // 10)])
    return found


def ready_batches(batch_size: int, batches: int) -> list[Batch]:
    """Returns batches of default scenes, the same ones each time."""
    from shapeseg.datasets.examples import FreshScenes
    from shapeseg.datasets.feed import Feed
    from shapeseg.scenes import SceneSettings

    feed = Feed(FreshScenes(SceneSettings(), seed=0, size=batch_size * batches, frozen=True), batch_size, labels="codes")
    return [feed[place] for place in range(len(feed))]


def ready_model(batches: Sequence[Batch]) -> tuple[Any, Any]:
    """Returns the default model, compiled, and a Keras dataset that serves these batches."""
    import keras

    from shapeseg.models import build
    from shapeseg.training.fit import compile_model
    from shapeseg.training.settings import TrainingSettings

    class Ready(keras.utils.PyDataset):
        def __len__(self) -> int:
            return len(batches)

        def __getitem__(self, place: int) -> Batch:
            return batches[place]

    model = build("unet")
    settings = TrainingSettings(batch_size=len(batches[0][0]), learning_rate=1e-3, schedule="constant")
    compile_model(model, settings, len(batches))
    return model, Ready()


def _shapeseg(batches: Sequence[Batch]) -> list[Contestant]:
    model, ready = ready_model(batches)
    batch, images = len(batches[0][0]), sum(len(images) for images, _ in batches)
    return [
        Contestant(f"shapeseg train, batch {batch}", images, lambda _: model.fit(ready, shuffle=False, verbose=0)),
        Contestant(f"shapeseg predict, batch {batch}", images, lambda _: [model.predict_on_batch(x) for x, _ in batches]),
    ]


def _empty(batches: Sequence[Batch]) -> Contestant:
    """A Keras model with as many layers as ours that do nothing: what its calls cost by themselves."""
    import keras

    from shapeseg.models import build

    x = images = keras.Input((None, None, 3))
    for _ in build("unet").layers[1:]:
        x = keras.layers.Identity()(x)
    model = keras.Model(images, x)
    batch, count = len(batches[0][0]), sum(len(images) for images, _ in batches)
    return Contestant(f"empty layers predict, batch {batch}", count, lambda _: [model.predict_on_batch(x) for x, _ in batches])


def _torch(name: str, trainer: Any, batches: Sequence[Batch]) -> list[Contestant]:
    batch, images = len(batches[0][0]), sum(len(images) for images, _ in batches)
    return [
        Contestant(f"{name} train, batch {batch}", images, lambda _: trainer.fit(batches)),
        Contestant(f"{name} predict, batch {batch}", images, lambda _: [trainer.predict(x) for x, _ in batches]),
    ]
