"""Exported models that predict: in ONNX Runtime and OpenVINO, where neither Keras nor torch is needed, and in torch alone."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.openvino_runtime import OpenVinoModel
from shapeseg.evaluation.prediction import Predictor

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
