"""Exported models that predict: in ONNX Runtime and OpenVINO, where neither Keras nor torch is needed, and in torch alone.

Another is one class, its name in ``Runtime``, its packages, and the suffixes of its files in opened_model.py.
"""

from __future__ import annotations

import io
import os
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shapeseg.inference.predictor import Predictor

Runtime = Literal["onnx", "openvino"]
PACKAGES: dict[Runtime, tuple[str, ...]] = {"onnx": ("onnxruntime",), "openvino": ("openvino",)}


def open_exported(runtime: Runtime | Literal["torch"], contents: Mapping[str, bytes]) -> Predictor:
    """Opens an exported model from the content of its files, by suffix; it computes on the CPU, in float32."""
    kinds: dict[str, Callable[[Mapping[str, bytes]], Predictor]]
    kinds = {"onnx": OnnxModel, "openvino": OpenVinoModel, "torch": TorchProgram}
    return kinds[runtime](contents)


class OnnxModel:
    """A model that predicts in ONNX Runtime; ``contents`` holds its ``.onnx`` file."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        os.environ.setdefault(
            "ORT_DISABLE_TELEMETRY", "1"
        )  # or on import it writes to the home folder and reports to its makers
        import onnxruntime

        self.session = onnxruntime.InferenceSession(contents[".onnx"], providers=["CPUExecutionProvider"])
        taken, given = self.session.get_inputs()[0], self.session.get_outputs()[0]
        self.name, self.input_shape, self.output_shape = taken.name, tuple(taken.shape), tuple(given.shape)

    def predict_on_batch(self, images: NDArray[np.uint8]) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""
        return self.session.run(None, {self.name: images.astype(np.float32)})[0]


class TorchProgram:
    """A model that predicts in torch without Keras; ``contents`` holds its ``.pt2`` file, which must be one of ours."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        import torch

        self.torch = torch
        self.module = torch.export.load(io.BytesIO(contents[".pt2"])).module()

    def predict_on_batch(self, images: NDArray[np.uint8]) -> Any:
        """Takes uint8 (B, H, W, 3), RGB, 0 to 255; gives probabilities, float32 (B, H, W, 1)."""
        with self.torch.no_grad():
            return self.module(self.torch.from_numpy(images.astype(np.float32))).numpy()


def import_openvino() -> Any:
    """Imports OpenVINO without its telemetry, which on import would write to the home folder and report to its makers."""
    modules: dict[str, Any] = sys.modules
    modules.setdefault("openvino_telemetry", None)  # as if it were not installed, which OpenVINO is ready for
    import openvino

    return openvino


def openvino_files(onnx: bytes) -> dict[str, bytes]:
    """Makes an OpenVINO model, float32, of an ONNX one; returns the content of its two files by their suffix."""
    openvino = import_openvino()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        openvino.save_model(openvino.Core().read_model(onnx), path, compress_to_fp16=False)
        return {suffix: path.with_suffix(suffix).read_bytes() for suffix in (".xml", ".bin")}


class OpenVinoModel:
    """A model that predicts in OpenVINO.

    Args:
        contents: Content of its files, by suffix: ``.onnx``, or ``.xml`` and ``.bin``.
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
