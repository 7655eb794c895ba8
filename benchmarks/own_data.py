"""Trains on folders of photographs for one CPU minute each: shapeseg's default, and two networks in plain torch.

    python benchmarks/own_data.py --photos FOLDER             # every folder in it, three seeds
    python benchmarks/own_data.py --photos FOLDER --sets cracks --seeds 1

Splits, sizes, augmentation and batches are shapeseg's, the same for all; so are the loss, the rate that falls to zero in the
last second, and the choice of the threshold on val. Scores are of test and holdout together, of which nothing was chosen, at
the images' own size. The clock is that of the processor, so that other programs on the machine matter little; reading
images and looking at val count. The networks of torch train at 1e-3, which is usual for them; shapeseg's at its own default.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import tyro
from measuring import Options, Row, fix_threads, publish

if TYPE_CHECKING:
    from torch import nn

    from shapeseg.inference.opened_model import OpenedModel
    from shapeseg.workflows.train_data import TrainingData

MEANING: dict[str, dict[str, Any]] = {  # of folders of these names, what their masks mean
    "cracks": {"target_name": "crack"},
    "vessels": {"target_name": "vessel"},
    "membrane": {"target_name": "membrane", "target_values": [0]},
}
EPOCHS = 6
CURVES = 1.0  # seconds that an epoch takes to draw curves.png
RATE = 1e-3
BATCH = 4
OURS = "shapeseg U-Net"


@dataclass(frozen=True)
class OwnOptions(Options):
    """What to train on, and for how long."""

    photos: Path = Path("photos")
    """Folder whose folders each hold images/ and masks/."""
    sets: tuple[str, ...] = ()
    """Names of folders in it; by default all of them."""
    seeds: int = 3
    """How many trainings of each."""
    seconds: float = 60.0
    """Of the processor, for each training."""

    @property
    def turns(self) -> int:
        """Rounds, each of another seed."""
        return 1 if self.quick else self.seeds


def main(argv: list[str] | None = None) -> None:
    """Trains, measures and writes the table."""
    options = tyro.cli(OwnOptions, description=__doc__, args=argv)
    fix_threads(1)
    os.environ["KERAS_BACKEND"] = "torch"
    import torch
    from train_peers import smp_installed, smp_network

    torch.set_num_threads(1)
    peers: dict[str, Callable[[], nn.Module]] = {"plain torch U-Net": lambda: plain_unet(16)}
    if smp_installed():
        peers["smp U-Net, MobileNetV2"] = lambda: smp_network("U-Net MobileNetV2")
    names = options.sets or tuple(sorted(path.name for path in options.photos.iterdir() if path.is_dir()))
    rows = []
    for name in names:
        for network in (OURS, *peers):
            found = []
            for seed in range(options.turns):
                with TemporaryDirectory() as scratch:
                    case = Case(options.photos / name, MEANING.get(name, {}), seed, options.seconds, Path(scratch))
                    found.append(train_ours(case) if network == OURS else train_peer(case, peers[network]))
                print(
                    f"{name}, {network}, seed {seed}: IoU {found[-1]['iou']:.3f} after {found[-1]['seconds']:.0f} s",
                    flush=True,
                )
            rows.append(row_of(name, network, found))
    publish("own_data", options, ["keras", "torch", "segmentation-models-pytorch"], more={"own_data": rows})


@dataclass(frozen=True)
class Case:
    """One training: what on, what it means, and for how long."""

    folder: Path
    meaning: Mapping[str, Any]
    seed: int
    seconds: float
    scratch: Path

    def data(self, **changes: Any) -> TrainingData:
        """Opens the data as a training does."""
        from shapeseg.settings import options_from_flags
        from shapeseg.training.processes import Processes
        from shapeseg.workflows.options import TrainOptions
        from shapeseg.workflows.train_data import open_training_data

        options = options_from_flags(TrainOptions, {"data": self.folder, "seed": self.seed, **self.meaning, **changes})
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return open_training_data(options, stride=32, processes=Processes())


def row_of(name: str, network: str, found: list[dict[str, Any]]) -> Row:
    """Returns the line of a network on a set."""
    first = found[0]
    scores = {f"seed_{seed}": f"{each['iou']:.3f}" for seed, each in enumerate(found)}
    middle = median(each["iou"] for each in found)
    counts = {"learned_from": first["images"], "measured": first["measured"], "sizes": first["sizes"]}
    seconds = round(median(each["seconds"] for each in found))
    return {"set": name, "network": network, "parameters": f"{first['parameters']:,}", **counts} | {
        "IoU": f"{middle:.3f}",
        **scores,
        "CPU_seconds": seconds,
        "images_seen": round(median(each["seen"] for each in found)),
    }


def train_ours(case: Case) -> dict[str, Any]:
    """Trains by ``shapeseg.train``, in so many epochs as long as the time has room for."""
    import keras

    import shapeseg
    from shapeseg.inference.opened_model import open_model

    data = case.data()
    step, val = _seconds_of_a_step(data)
    images = BATCH * max(1, int((case.seconds / EPOCHS - len(data.val) * val - CURVES) / step))
    clock = [0.0, 0.0]
    times = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: clock.__setitem__(0, time.process_time()),
        on_train_end=lambda logs: clock.__setitem__(1, time.process_time()),
    )
    keras.utils.clear_session()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        run = shapeseg.train(
            data=case.folder,
            seed=case.seed,
            epochs=EPOCHS,
            epoch_images=images,
            out=case.scratch / "run",
            callbacks=[times],
            **case.meaning,
        )
    model = open_model(run.folder)
    return _result(case, data, model, model.predictor.count_params(), clock[1] - clock[0], EPOCHS * images)


def _seconds_of_a_step(data: TrainingData) -> tuple[float, float]:
    """Returns the processor's seconds of a training step and of a validation step, on a network that is thrown away."""
    import shapeseg
    from shapeseg.training.fit import compile_model

    network = shapeseg.build_model("unet")
    compile_model(network, data.settings, len(data.train))
    found = []
    for feed, step in ((data.train, network.train_on_batch), (data.val, network.test_on_batch)):
        for number in range(15):
            if number == 3:
                started = time.process_time()
            step(*feed[number % len(feed)])
        found.append((time.process_time() - started) / 12)
    return found[0], found[1]


def train_peer(case: Case, build: Callable[[], nn.Module]) -> dict[str, Any]:
    """Trains a network by hand on the same feed until the time is up, and chooses its threshold on val as a run does."""
    import torch

    torch.manual_seed(case.seed)
    data, network = case.data(), build().to(memory_format=torch.channels_last)
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    network.train()
    started, seen = time.process_time(), 0
    for images, labels in _batches(data):
        share = (time.process_time() - started) / case.seconds
        if share >= 1:
            break
        for group in optimizer.param_groups:
            group["lr"] = RATE * (1 - share)
        codes = torch.from_numpy(labels).permute(0, 3, 1, 2)
        loss = masked_loss(network(torch.from_numpy(images).permute(0, 3, 1, 2).float()), codes)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        seen += len(images)
    seconds = time.process_time() - started
    parameters = sum(each.numel() for each in network.parameters())
    return _result(case, data, _opened(network, data), parameters, seconds, seen)


def _batches(data: TrainingData) -> Iterator[Any]:
    for epoch in itertools.count():
        data.train.epoch = epoch
        yield from (data.train[place] for place in range(len(data.train)) if len(data.train[place][0]) == BATCH)


def masked_loss(logits: Any, codes: Any) -> Any:
    """Returns binary cross-entropy and Dice loss, summed, of pixels that count: shapeseg's of photographs."""
    import torch
    from torch.nn import functional

    counts, target = codes != 255, (codes == 1).float()
    probability = torch.where(counts, logits.sigmoid(), 0.0)
    dice = 1 - (2 * (target * probability).sum() + 1) / (target.sum() + probability.sum() + 1)
    return functional.binary_cross_entropy_with_logits(logits, target, weight=counts.float()) + dice


def _opened(network: nn.Module, data: TrainingData) -> OpenedModel:
    """Returns a network ready to predict, its threshold chosen on val."""
    from dataclasses import replace

    from shapeseg.datasets.examples import examples
    from shapeseg.evaluation.prediction import predict
    from shapeseg.evaluation.threshold import best_candidate, histograms
    from shapeseg.inference.opened_model import OpenedModel

    model = OpenedModel(_Predictor(network), stride=32, resize=data.settings.resize or None)
    found = [histograms(each.example.target, each.plain) for each in predict(model, examples(data.measured))]
    return replace(model, threshold=best_candidate(sum(found[1:], found[0])))


class _Predictor:
    """A network of torch as :class:`shapeseg.inference.predictor.Predictor`."""

    def __init__(self, network: nn.Module) -> None:
        self._network = network.eval()

    def predict_on_batch(self, images: Any) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""
        import torch

        with torch.inference_mode():
            logits = self._network(torch.from_numpy(images).permute(0, 3, 1, 2).float())
        return logits.sigmoid().permute(0, 2, 3, 1).numpy()


def _result(case: Case, data: TrainingData, model: OpenedModel, parameters: int, seconds: float, seen: int) -> dict[str, Any]:
    from shapeseg.datasets import Dataset
    from shapeseg.datasets.examples import examples
    from shapeseg.evaluation.counts import pooled
    from shapeseg.evaluation.prediction import predict

    whole = Dataset(case.folder, **case.meaning)
    held = [split for split in ("test", "holdout") if any(row["split"] == split for row in whole.rows)]
    counts = [each.counts(model.threshold) for split in held for each in predict(model, examples(whole.split(split)))]
    settings = data.settings
    sizes = [f"resize {settings.resize}"] * bool(settings.resize) + [f"crop {settings.crop}"] * bool(settings.crop)
    return {
        "iou": pooled(counts).iou or 0.0,
        "seconds": seconds,
        "seen": seen,
        "parameters": parameters,
        "images": data.images,
        "measured": len(counts),
        "sizes": ", ".join(sizes) or "whole",
    }


def plain_unet(width: int) -> nn.Module:
    """Returns the U-Net that everybody writes first: two convolutions a level, four levels, (B, 3, H, W) to (B, 1, H, W)."""
    import torch
    from torch import nn

    def twice(channels: int, filters: int) -> nn.Sequential:
        layers: list[nn.Module] = []
        for taken in (channels, filters):
            layers += [nn.Conv2d(taken, filters, 3, padding=1, bias=False), nn.BatchNorm2d(filters), nn.ReLU(inplace=True)]
        return nn.Sequential(*layers)

    class PlainUNet(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = [width, 2 * width, 4 * width, 8 * width]
            self.down = nn.ModuleList(map(twice, [3, *widths], widths))
            self.grow = nn.ModuleList(nn.ConvTranspose2d(2 * each, each, 2, stride=2) for each in widths[-2::-1])
            self.up = nn.ModuleList(twice(2 * each, each) for each in widths[-2::-1])
            self.head = nn.Conv2d(width, 1, 1)

        def forward(self, images: Any) -> Any:
            x = images / 127.5 - 1.0
            skips = []
            for block in self.down:
                x = block(nn.functional.max_pool2d(x, 2) if skips else x)
                skips.append(x)
            skips.pop()
            for grow, block in zip(self.grow, self.up, strict=True):
                x = block(torch.cat([grow(x), skips.pop()], dim=1))
            return self.head(x)

    return PlainUNet()


if __name__ == "__main__":
    main()
