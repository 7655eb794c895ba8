"""Times training's metric against Keras's own and torchmetrics', and a whole evaluation against its predictions alone.

    python benchmarks/metrics.py            # about 2 minutes
    python benchmarks/metrics.py --quick    # about half a minute

The metrics count the same label maps and probabilities in batches of 16. shapeseg's gives IoU, IoU on decidable pixels,
precision and recall at once, the others one IoU. Keras's own loops over pixels on torch up to 3.15.1, so it gets a single
image; a later Keras counts at once (keras#23196), and there the first ratio says nothing.
"""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tyro
from measuring import REFERENCE, Contestant, Options, Ratio, fix_threads, publish, race

BATCH = 16
OURS, KERAS, TORCHMETRICS = "shapeseg PixelScores", "keras.metrics.BinaryIoU", "torchmetrics BinaryJaccardIndex"
EVALUATION, PREDICTION = "evaluation: every score", "evaluation: images drawn and predicted, no score"
RATIOS = (
    Ratio("metric, times Keras's own", OURS, KERAS, 100),
    Ratio("metric, times torchmetrics", OURS, TORCHMETRICS, 1),
    Ratio("evaluation, times its predictions alone", EVALUATION, PREDICTION, 0.9),
)


def main(argv: Sequence[str] | None = None) -> None:
    """Lets all take turns."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    fix_threads(os.cpu_count() or 1)
    images = options.images or (96 if options.quick else 480)
    with tempfile.TemporaryDirectory() as scratch:
        rates = race([*counters(images), *evaluations(Path(scratch), images)], options.turns)
    publish("metrics", options, ("shapeseg", "keras", "torch", "torchmetrics"), rates=rates, ratios=RATIOS)


def counters(images: int) -> list[Contestant]:
    """Returns the metrics, each fed the same batches."""
    from shapeseg.environment import prepare_keras

    prepare_keras(device="cpu")
    import keras
    import numpy as np
    import torch

    from shapeseg.datasets.examples import FreshScenes
    from shapeseg.datasets.feed import Feed
    from shapeseg.labels import is_target
    from shapeseg.scenes import SceneSettings
    from shapeseg.training.metrics import PixelScores

    labels = torch.from_numpy(Feed(FreshScenes(SceneSettings(), seed=0, size=BATCH, frozen=True), BATCH, labels="codes")[0][1])
    noise = torch.from_numpy(np.random.default_rng(0).random(labels.shape, np.float32))
    guess = torch.where(noise < 0.95, 0.8 * (labels % 2) + 0.1, noise)  # mostly right

    def count(update: Callable[[Any, Any], object]) -> Callable[[range], None]:
        def count_all(numbers: range) -> None:
            for _ in range(0, len(numbers), BATCH):
                update(labels, guess)

        return count_all

    theirs = keras.metrics.BinaryIoU(target_class_ids=(1,))
    found = [
        Contestant(OURS, images, count(PixelScores().update_state)),
        Contestant(KERAS, 1, lambda _: theirs.update_state(labels[:1], guess[:1])),
    ]
    if importlib.util.find_spec("torchmetrics") is None:
        print("torchmetrics is not installed and is left out: pip install -r benchmarks/requirements.txt\n")
        return found
    from torchmetrics.classification import BinaryJaccardIndex

    index = BinaryJaccardIndex()
    binary = is_target(labels)
    return [*found, Contestant(TORCHMETRICS, images, count(lambda labels, guess: index.update(guess, binary)))]


def evaluations(scratch: Path, images: int) -> list[Contestant]:
    """Returns the evaluation of the reference model with and without scores."""
    from shapeseg.datasets import Dataset, create_dataset
    from shapeseg.datasets.examples import examples
    from shapeseg.evaluation import evaluate_model
    from shapeseg.evaluation.prediction import predict
    from shapeseg.inference.opened_model import open_model

    create_dataset(scratch / "shapes", num_images=images, seed=0)
    data, model = Dataset(scratch / "shapes"), open_model(REFERENCE, device="cpu")

    def only_predict(_: range) -> None:
        for _prediction in predict(model, examples(data)):
            pass

    return [
        Contestant(EVALUATION, images, lambda _: evaluate_model(model, data)),
        Contestant(PREDICTION, images, only_predict),
    ]


if __name__ == "__main__":
    main()
