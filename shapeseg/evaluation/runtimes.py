"""Exported models that predict: in ONNX Runtime and OpenVINO, where neither Keras nor torch is needed, and in torch alone."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from shapeseg.evaluation.prediction import Predictor

Runtime = Literal["onnx", "openvino"]
PACKAGES: dict[Runtime, tuple[str, ...]] = {"onnx": ("onnxruntime",), "openvino": ("openvino",)}
Images = NDArray[np.uint8]
Shape = tuple[Any, ...]


def open_exported(runtime: Runtime | Literal["torch"], contents: Mapping[str, bytes]) -> Predictor:
    """Opens an exported model from the content of its files, by suffix; it computes on the CPU, in float32."""
    kinds: dict[str, Callable[[Mapping[str, bytes]], Predictor]]
    kinds = {"onnx": _OnnxRuntime, "openvino": _OpenVino, "torch": _TorchProgram}
    return kinds[runtime](contents)


class _OnnxRuntime:
    def __init__(self, contents: Mapping[str, bytes]) -> None:
        import onnxruntime

        self.session = onnxruntime.InferenceSession(contents[".onnx"], providers=["CPUExecutionProvider"])
        (self.taken,), (given,) = self.session.get_inputs(), self.session.get_outputs()
        self.input_shape, self.output_shape = tuple(self.taken.shape), tuple(given.shape)

    def predict_on_batch(self, images: Images) -> Any:
        return self.session.run(None, {self.taken.name: images.astype(np.float32)})[0]


class _OpenVino:
    def __init__(self, contents: Mapping[str, bytes]) -> None:
        import openvino

        core = openvino.Core()
        if ".onnx" in contents:
            network = core.read_model(contents[".onnx"])
        else:
            network = core.read_model(contents[".xml"], contents[".bin"])
        # By itself it computes in bfloat16 where the processor can, which moves probabilities by hundredths.
        self.compiled = core.compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        self.input_shape, self.output_shape = (
            _sides(port[0].get_partial_shape()) for port in (network.inputs, network.outputs)
        )

    def predict_on_batch(self, images: Images) -> Any:
        return self.compiled(images.astype(np.float32))[0]


class _TorchProgram:
    def __init__(self, contents: Mapping[str, bytes]) -> None:
        import torch

        self.torch = torch
        self.module = torch.export.load(io.BytesIO(contents[".pt2"])).module()

    def predict_on_batch(self, images: Images) -> Any:
        with self.torch.no_grad():
            return self.module(self.torch.from_numpy(images.astype(np.float32))).numpy()


def _sides(shape: Any) -> Shape:
    return tuple(side.get_length() if side.is_static else None for side in shape)
