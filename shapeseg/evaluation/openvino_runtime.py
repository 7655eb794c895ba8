"""OpenVINO: its files made of ONNX, and its models run."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def import_openvino() -> Any:
    """Imports OpenVINO without its telemetry, which on import would write to the home folder and report to its makers."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino_telemetry", None)  # as if it were not installed, which OpenVINO is ready for
    import openvino

    return openvino


def convert(onnx: bytes) -> dict[str, bytes]:
    """Makes an OpenVINO model, float32, of an ONNX one; returns the content of its two files by their suffix."""
    openvino = import_openvino()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        openvino.save_model(openvino.Core().read_model(onnx), path, compress_to_fp16=False)
        return {suffix: path.with_suffix(suffix).read_bytes() for suffix in (".xml", ".bin")}


class OpenVinoModel:
    """A model that predicts in OpenVINO.

    Args:
        contents: Of its files, by suffix: ``.onnx``, or ``.xml`` and ``.bin``.
    """

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        core = import_openvino().Core()
        network = core.read_model(*(contents[suffix] for suffix in (".onnx", ".xml", ".bin") if suffix in contents))
        # By itself it computes in bfloat16 where the processor can, which moves probabilities by hundredths.
        self.compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        self.input_shape, self.output_shape = (_sides(ports[0]) for ports in (network.inputs, network.outputs))

    def predict_on_batch(self, images: NDArray[np.uint8]) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""
        return self.compiled(images.astype(np.float32))[0]


def _sides(port: Any) -> tuple[int | None, ...]:
    return tuple(side.get_length() if side.is_static else None for side in port.get_partial_shape())
