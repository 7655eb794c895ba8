"""Times the reference model in Keras, ONNX Runtime and OpenVINO, and UNet++ of segmentation-models-pytorch beside it.

    python benchmarks/inference.py            # about 2 minutes
    python benchmarks/inference.py --quick    # about half a minute

Images are 224 x 224, float32, one by one and in batches of 16. Milliseconds of latency are 1000 divided by the images a second
at batch 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import tyro
from measuring import REFERENCE, Contestant, Options, Ratio, fix_threads, publish, race

BATCHES = (1, 16)
KERAS, ONNX, OPENVINO, PEER = ".keras on torch", "ONNX Runtime", "OpenVINO", "UNet++ EfficientNet-B2 in torch"
RATIOS = tuple(
    Ratio(f"{one}, batch {batch}: times {other}", f"{one}, batch {batch}", f"{other}, batch {batch}", 1)
    for batch in BATCHES
    for one, other in ((ONNX, KERAS), (OPENVINO, KERAS), (KERAS, PEER))
)
PACKAGES = ("shapeseg", "keras", "torch", "onnxruntime", "openvino", "segmentation-models-pytorch")


def main(argv: Sequence[str] | None = None) -> None:
    """Lets all take turns."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    fix_threads(os.cpu_count() or 1)
    rates = race(contestants(options), options.turns)
    publish("inference", options, PACKAGES, rates=rates, ratios=RATIOS)


def contestants(options: Options) -> list[Contestant]:
    """Returns every runtime at every batch size."""
    from train_peers import TorchTrainer, smp_installed, smp_network

    from shapeseg.inference.export import export_contents
    from shapeseg.inference.opened_model import open_model
    from shapeseg.inference.predictor import probabilities
    from shapeseg.inference.runtimes import open_exported
    from shapeseg.models.golden import golden_images

    opened = open_model(REFERENCE, device="cpu")
    model, stride = opened.predictor, opened.stride
    images = golden_images(max(BATCHES), stride=stride)
    runtimes = {
        KERAS: model,
        ONNX: open_exported("onnx", export_contents(model, "onnx", stride=stride)),
        OPENVINO: open_exported("openvino", export_contents(model, "openvino", stride=stride)),
    }
    asked: dict[str, Callable[[Any], object]] = {
        name: lambda batch, runtime=runtime: probabilities(runtime, batch, stride=stride) for name, runtime in runtimes.items()
    }
    if smp_installed():
        asked[PEER] = TorchTrainer(smp_network("UNet++ EfficientNet-B2")).predict
    count = options.images or (32 if options.quick else 160)

    def predict(ask: Callable[[Any], object], batch: int) -> Callable[[range], None]:
        def predict_all(numbers: range) -> None:
            for _ in range(0, len(numbers), batch):
                ask(images[:batch])

        return predict_all

    return [
        Contestant(f"{name}, batch {batch}", batch * -(-count // batch // (10 if name == PEER else 1)), predict(ask, batch))
        for batch in BATCHES
        for name, ask in asked.items()
    ]


if __name__ == "__main__":
    main()
