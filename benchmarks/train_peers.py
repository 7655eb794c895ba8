"""What shapeseg is compared with: its network in plain torch, others of segmentation-models-pytorch, and a loop by hand."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

Batch = tuple[NDArray[np.uint8], NDArray[np.uint8]]


class Block(nn.Sequential):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, channels: int, filters: int, kernel_size: int = 3, stride: int = 1) -> None:
        super().__init__(
            nn.Conv2d(channels, filters, kernel_size, stride, (kernel_size - stride + 1) // 2, bias=False),
            nn.BatchNorm2d(filters, eps=1e-3),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    """The network of ``shapeseg.models.unet``, layer by layer, (B, 3, H, W) in 0..255 to logits (B, 1, H, W)."""

    def __init__(self, widths: tuple[int, ...]) -> None:
        super().__init__()
        finest, *coarser = widths
        self.first = Block(3, finest, kernel_size=6, stride=2)
        self.down = nn.ModuleList(Block(above, width) for above, width in zip(widths, coarser, strict=False))
        below = list(zip(widths, coarser, strict=False))[::-1]
        self.up = nn.ModuleList(Block(width + above, above) for above, width in below)
        self.head = nn.Conv2d(finest, 4, 1)

    def forward(self, images: Tensor) -> Tensor:
        """Computes the logits."""
        x = self.first(images / 127.5 - 1.0)
        skips = []
        for block in self.down:
            skips.append(x)
            x = block(functional.max_pool2d(x, 2))
        for block in self.up:
            x = block(torch.cat([functional.interpolate(x, scale_factor=2, mode="nearest"), skips.pop()], dim=1))
        return functional.pixel_shuffle(self.head(x), 2)


@cache
def smp_installed() -> bool:
    """Whether segmentation-models-pytorch is there; says how to get it, once."""
    if importlib.util.find_spec("segmentation_models_pytorch") is not None:
        return True
    print("segmentation-models-pytorch is not installed and is left out: pip install -r benchmarks/requirements.txt\n")
    return False


def smp_network(name: str) -> nn.Module:
    """Returns a network of segmentation-models-pytorch from scratch, (B, 3, H, W) in 0..255 to logits (B, 1, H, W)."""
    import segmentation_models_pytorch as smp

    networks = {
        "U-Net MobileNetV2": lambda: smp.Unet("mobilenet_v2", encoder_weights=None),
        "UNet++ EfficientNet-B2": lambda: smp.UnetPlusPlus("efficientnet-b2", encoder_weights=None),
    }
    return nn.Sequential(Scale(), networks[name]())


class Scale(nn.Module):
    """From 0..255 to -1..1."""

    def forward(self, images: Tensor) -> Tensor:
        """Scales."""
        return images / 127.5 - 1.0


class TorchTrainer:
    """A training loop as one writes it by hand for speed: channels-last memory, Adam, no metric.

    Args:
        network: (B, 3, H, W) in 0..255 to logits (B, 1, H, W).
        learning_rate: Of Adam.
    """

    def __init__(self, network: nn.Module, learning_rate: float = 1e-3) -> None:
        self.model = network.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.model.parameters(), learning_rate)

    def fit(self, batches: Iterable[Batch]) -> float:
        """Trains on batches of images (B, H, W, 3) and masks of 0 and 1 (B, H, W, 1), both uint8; returns the last loss."""
        self.model.train()
        loss = torch.zeros(())
        for images, masks in batches:
            loss = binary_loss(self.model(_to_torch(images)), _to_torch(masks))
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns probabilities, float32 (B, H, W), of images, uint8 (B, H, W, 3)."""
        self.model.eval()
        return self.model(_to_torch(images)).sigmoid()[:, 0].numpy()


def binary_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Returns binary cross-entropy and Dice loss, summed: shapeseg's default, without its care for ambiguous pixels."""
    probability = logits.sigmoid()
    dice = 1 - (2 * (target * probability).sum() + 1) / (target.sum() + probability.sum() + 1)
    return functional.binary_cross_entropy_with_logits(logits, target) + dice


def _to_torch(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
