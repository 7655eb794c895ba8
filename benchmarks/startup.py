"""Times starts from cold: importing shapeseg, `--help`, predicting one image; against importing what they stand on.

    python benchmarks/startup.py            # about 3 minutes
    python benchmarks/startup.py --quick    # about a minute

Each is a process of its own, started in turn with the others. Processor seconds depend less on what else the machine does.
"""

from __future__ import annotations

import importlib.util
import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tyro
from measuring import REFERENCE, REPOSITORY, Contestant, Options, Ratio, fix_threads, publish, race, spread

BARE, NUMPY = "python alone", "import numpy, cv2"
PACKAGE, HELP = "import shapeseg", "shapeseg predict --help"
KERAS, PREDICT = "import keras, on torch", "predict one image with the .keras file"
ONNX, PREDICT_ONNX = "import onnxruntime, cv2", "predict one image with the .onnx file"
RATIOS = (
    Ratio("predict, times importing keras", PREDICT, KERAS, 1 / 1.2),
    Ratio("predict with .onnx, times importing onnxruntime", PREDICT_ONNX, ONNX, 1 / 1.2),
    Ratio("predict with .onnx, times predict with .keras", PREDICT_ONNX, PREDICT, 1),
)
PACKAGES = ("shapeseg", "keras", "torch", "onnxruntime", "opencv-python")


def main(argv: Sequence[str] | None = None) -> None:
    """Lets all start in turn."""
    options = tyro.cli(Options, args=argv, description=__doc__)
    fix_threads(os.cpu_count() or 1)
    os.environ["KERAS_BACKEND"] = "torch"
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH"))))
    used: dict[str, list[float]] = {}

    def start_once(name: str, command: Sequence[object]) -> None:
        before = processor_seconds()
        start(*command)
        used.setdefault(name, []).append(processor_seconds() - before)

    with tempfile.TemporaryDirectory() as scratch:
        commands = starts(Path(scratch))
        rates = race(
            [Contestant(each[0], 1, lambda _, each=each: start_once(*each)) for each in commands.items()],
            options.turns,
        )
    seconds = [
        {"start": name}
        | {f"seconds_{key}": value for key, value in spread([1 / rate for rate in values]).items()}
        | {f"processor_seconds_{key}": value for key, value in spread(used[name][1:]).items()}  # without the warm-up
        for name, values in rates.items()
    ]
    publish("startup", options, PACKAGES, rates=rates, unit="starts", ratios=RATIOS, more={"seconds": seconds})


def starts(scratch: Path) -> dict[str, tuple[object, ...]]:
    """Returns what is started: arguments of Python by name."""
    data, image = scratch / "shapes", scratch / "shapes/images/000000.png"
    start("-m", "shapeseg", "generate", "--out", data, "--num-images", 1)
    predict = ("-m", "shapeseg", "predict")
    to = (image, "--out", scratch / "predictions", "--overwrite")
    found: dict[str, tuple[object, ...]] = {
        BARE: ("-c", "pass"),
        NUMPY: ("-c", "import numpy, cv2"),
        PACKAGE: ("-c", "import shapeseg"),
        HELP: ("-m", "shapeseg", "predict", "--help"),
        KERAS: ("-c", "import keras"),
        PREDICT: (*predict, REFERENCE, *to),
    }
    if any(importlib.util.find_spec(name) is None for name in ("onnx", "onnxruntime")):
        print("onnx and onnxruntime are not installed and are left out: pip install 'shapeseg[export]'\n")
        return found
    exported = scratch / "model.onnx"
    start("-m", "shapeseg", "export", REFERENCE, "--format", "onnx", "--out", exported)
    return found | {ONNX: ("-c", "import onnxruntime, cv2"), PREDICT_ONNX: (*predict, exported, *to, "--runtime", "onnx")}


def processor_seconds() -> float:
    """Returns what the processes that have ended took of the processor, in user and system mode together."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def start(*arguments: object) -> None:
    """Runs Python and waits for its end."""
    subprocess.run([sys.executable, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
