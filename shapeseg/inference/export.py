"""A trained network in formats that need no Keras, for images of any number and size: ONNX, OpenVINO, and torch's own.

The network is traced by ``torch.export`` with sides that are multiples of its stride, which is what makes its paddings
constant, and ONNX is made of that program. Keras's own ``model.export`` traces an image of one pixel instead, whose paddings
are others.
"""

from __future__ import annotations

import io
import logging
import warnings
from typing import TYPE_CHECKING, Any, Literal

from shapeseg.inference.runtimes import openvino_files

if TYPE_CHECKING:
    import keras

Format = Literal["onnx", "openvino", "torch"]

SUFFIXES: dict[Format, tuple[str, ...]] = {"onnx": (".onnx",), "openvino": (".xml", ".bin"), "torch": (".pt2",)}
PACKAGES: dict[Format, tuple[str, ...]] = {  # to write a format, and to run it once
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
    "torch": (),
}

_MOST_IMAGES, _LONGEST_SIDE = 4096, 16384


def export_contents(model: keras.Model, kind: Format, *, stride: int) -> dict[str, bytes]:
    """Exports a network, on the torch backend.

    Args:
        model: From RGB 0 to 255, float32 (B, H, W, 3), to probabilities, float32 (B, H, W, 1).
        kind: The format.
        stride: What height and width must be multiples of. In torch's own format, two of it are the least.

    Returns:
        The content of each file, by its suffix.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the tracers, about their own insides
        program = _trace(model, stride)
        if kind == "torch":
            return {".pt2": _torch_bytes(program)}
        onnx = _onnx_bytes(program)
    return {".onnx": onnx} if kind == "onnx" else openvino_files(onnx)


def _trace(model: keras.Model, stride: int) -> Any:
    import torch
    from torch.export import Dim

    most = _LONGEST_SIDE // stride
    rows, columns = (stride * Dim(name, min=2, max=most) for name in ("rows", "columns"))
    sizes = {0: Dim("images", min=1, max=_MOST_IMAGES), 1: rows, 2: columns}
    example = torch.zeros((2, 3 * stride, 4 * stride, 3))
    # Keras's forward takes *args, which torch counts as one argument that is a tuple.
    return torch.export.export(model, (example,), dynamic_shapes=[(sizes,)], strict=False)


def _torch_bytes(program: Any) -> bytes:
    import torch

    buffer = io.BytesIO()
    torch.export.save(program, buffer)
    return buffer.getvalue()


def _onnx_bytes(program: Any) -> bytes:
    import torch

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)  # or it tells of packages that are not needed
    exported: Any = torch.onnx.export(
        program, dynamo=True, input_names=["image"], output_names=["probability"], optimize=True, verbose=False
    )
    return exported.model_proto.SerializeToString()
