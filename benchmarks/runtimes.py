"""Times one saved model in Keras, ONNX Runtime and OpenVINO, images one by one and in batches of 16, and prints a table.

python benchmarks/runtimes.py saved_models/reference/model.keras
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from measuring import Contestant, machine, race, spread, table

from shapeseg.commands.export import export_contents
from shapeseg.commands.keras_backend import prepare_keras
from shapeseg.evaluation.prediction import Predictor, probabilities

ROUNDS = 15
IMAGES = 32  # a round
BATCHES = (1, 16)


def main(path: Path) -> None:
    """Exports, races and prints."""
    prepare_keras(device="cpu")
    from shapeseg.evaluation.runtimes import open_exported
    from shapeseg.models import load_model, read_card
    from shapeseg.models.golden import golden_images

    model, card = load_model(path), read_card(path)
    if card is None:
        raise SystemExit(f"error: the model has no card. Received: {path}. Restore it.")
    stride = card.architecture.stride
    images = golden_images(max(BATCHES), stride=stride)
    runtimes: dict[str, Predictor] = {"keras": model}
    runtimes["onnx"] = open_exported("onnx", export_contents(model, "onnx", stride=stride))
    runtimes["openvino"] = open_exported("openvino", export_contents(model, "openvino", stride=stride))

    def predict(runtime: str, batch: int, numbers: range) -> None:
        for _ in range(0, len(numbers), batch):
            probabilities(runtimes[runtime], images[:batch], stride=stride)

    names = {(runtime, batch): f"{runtime}, batch {batch}" for batch in BATCHES for runtime in runtimes}
    rates = race([Contestant(name, IMAGES, partial(predict, *which)) for which, name in names.items()], ROUNDS)
    rows = []
    for (_, batch), name in names.items():
        ratios = [one / other for one, other in zip(rates[name], rates[f"keras, batch {batch}"], strict=True)]
        rows.append([name, spread(rates[name])["median"], *spread(ratios).values()])
    print(table(("runtime", "images a second", "times keras", "least", "most"), rows))
    print(", ".join(f"{what} {value}" for what, value in machine(["keras", "torch", "onnxruntime", "openvino"]).items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
