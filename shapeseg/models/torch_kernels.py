"""The torch side of :mod:`shapeseg.models.layers`, the one file of this room that imports torch.

An image (B, H, W, C) that is contiguous in memory, seen as (B, C, H, W), is what torch calls the channels-last memory format:
its kernels take such views as they are, and their results, seen as (B, H, W, C) again, are contiguous. Nothing is copied.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional


def conv_relu(images: Tensor, kernel: Tensor, bias: Tensor, stride: int, dilation: int) -> Tensor:
    """Convolution with bias, and ReLU. Kernel: (h, w, in, out)."""
    return _last(_conv(images, kernel, bias, stride, dilation).relu_())


class Moving(NamedTuple):
    """Moving statistics, changed in place by a training step, which keeps ``momentum`` of them; the variance is unbiased."""

    mean: Tensor
    variance: Tensor
    momentum: float


def conv_norm_relu(
    images: Tensor, kernel: Tensor, gamma: Tensor, beta: Tensor, moving: Moving, stride: int, dilation: int, epsilon: float
) -> Tensor:
    """Convolution, normalisation by the batch's own mean and variance, and ReLU."""
    convolved = _conv(images, kernel.to(images.dtype), None, stride, dilation)
    if _several_processes() or convolved.numel() == convolved.shape[1]:  # torch's own refuses a single value a channel
        return _norm_relu_by_hand(convolved, gamma, beta, moving, epsilon)
    normal = functional.batch_norm(
        convolved, moving.mean, moving.variance, gamma, beta, training=True, momentum=1 - moving.momentum, eps=epsilon
    )
    return _last(functional.relu(normal, inplace=True))


def sum_over_processes(value: Tensor) -> Tensor:
    """Sums a tensor over the processes of a training, differentiably; alone, returns it as it is."""
    return all_reduce(value) if _several_processes() else value


def max_pool(images: Tensor) -> Tensor:
    """The largest of each 2 x 2 pixels."""
    return _last(functional.max_pool2d(_first(images), 2))


def repeat_pixels(images: Tensor, factor: int) -> Tensor:
    """Each pixel repeated in both directions."""
    return _last(functional.interpolate(_first(images), scale_factor=factor, mode="nearest"))


def _several_processes() -> bool:
    return torch.distributed.is_available() and torch.distributed.is_initialized()


def _norm_relu_by_hand(convolved: Tensor, gamma: Tensor, beta: Tensor, moving: Moving, epsilon: float) -> Tensor:
    """Normalises by the mean and variance of the batch, of which each process holds an equal share."""
    wide = convolved.to(gamma.dtype)
    share = 1 / (torch.distributed.get_world_size() if _several_processes() else 1)
    mean = sum_over_processes(wide.mean((0, 2, 3))) * share
    centred = wide - mean[:, None, None]
    variance = sum_over_processes(centred.square().mean((0, 2, 3))) * share
    normal = centred * (gamma * (variance + epsilon).rsqrt())[:, None, None] + beta[:, None, None]
    pixels = wide.numel() // wide.shape[1] / share
    with torch.no_grad():
        moving.mean.lerp_(mean, 1 - moving.momentum)
        moving.variance.lerp_(variance * (pixels / max(pixels - 1, 1)), 1 - moving.momentum)
    return _last(normal.relu().to(convolved.dtype))


def _conv(images: Tensor, kernel: Tensor, bias: Tensor | None, stride: int, dilation: int) -> Tensor:
    images, weights = _first(images), kernel.permute(3, 2, 0, 1)
    reach = dilation * (kernel.shape[0] - 1) + 1
    pads = [max((-(-side // stride) - 1) * stride + reach - side, 0) for side in images.shape[2:]]
    if any(pad % 2 for pad in pads):
        (top, left), (down, right) = ([pad // 2 for pad in pads], [pad - pad // 2 for pad in pads])
        images, pads = functional.pad(images, (left, right, top, down)), [0, 0]
    return functional.conv2d(images, weights, bias, stride, [pad // 2 for pad in pads], dilation)


def _first(images: Tensor) -> Tensor:
    return images.permute(0, 3, 1, 2)


def _last(images: Tensor) -> Tensor:
    return images.permute(0, 2, 3, 1)
