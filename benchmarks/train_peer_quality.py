"""Trains UNet++ with EfficientNet-B2 from scratch in plain torch and prints its test IoU after so many minutes, as JSON.

    python benchmarks/train_peer_quality.py DATA MINUTES...

Data, augmentation and loss are shapeseg's own; batches of 8, Adam from a rate of 1e-3 that falls to zero in the last minute.
The clock runs in training alone. Where it is stopped to measure, training goes on afterwards.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from shapeseg.environment import prepare_keras

BATCH, RATE = 8, 1e-3


def main(folder: Path, *minutes: float) -> None:
    """Trains, measures, prints."""
    prepare_keras(device="cpu")
    import torch
    from train_peers import TorchTrainer, smp_network

    from shapeseg.datasets import Dataset
    from shapeseg.datasets.augmentation import OF_SHAPES
    from shapeseg.evaluation.counts import count, pooled

    torch.manual_seed(0)
    torch.set_num_threads(os.cpu_count() or 1)
    data = Dataset(folder)
    feed = data.split("train").feed(BATCH, labels="codes", shuffle_seed=0, augmentation=OF_SHAPES)
    test = data.split("test").feed(BATCH, labels="codes")
    trainer = TorchTrainer(smp_network("UNet++ EfficientNet-B2"), RATE)

    def batches() -> Iterator:
        for epoch in itertools.count():
            feed.epoch = epoch
            for place in range(len(feed)):
                images, labels = feed[place]
                if len(images) == BATCH:
                    yield images, labels % 2

    def decidable_iou() -> float:
        found = []
        for place in range(len(test)):
            images, labels = test[place]
            decidable = labels[..., 0] < 2
            predicted = trainer.predict(images) >= 0.5
            found += map(count, (labels[..., 0] == 1) & decidable, predicted & decidable)
        return pooled(found).iou or 0.0

    rows, spent, images = [], 0.0, 0
    endless = batches()
    for end in minutes:
        while spent < 60 * end:
            trainer.optimizer.param_groups[0]["lr"] = RATE * max(1 - spent / (60 * minutes[-1]), 0)
            started = time.monotonic()
            trainer.fit([next(endless)])
            spent += time.monotonic() - started
            images += BATCH
        rows.append({"minutes": end, "UNet++_images": images, "IoU_decidable": f"{decidable_iou():.4f}"})
        print(rows[-1], file=sys.stderr)
    print(json.dumps(rows))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *map(float, sys.argv[2:]))
