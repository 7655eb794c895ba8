"""What shapeseg's training and inference are compared with: the default U-Net in plain torch, and a loop by hand."""

from __future__ import annotations

from collections.abc import Iterable

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


class TorchTrainer:
    """A training loop as one writes it by hand for speed: channels-last memory, Adam, no metric."""

    def __init__(self, widths: tuple[int, ...], learning_rate: float = 1e-3) -> None:
        self.model = UNet(widths).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.model.parameters(), learning_rate)

    def fit(self, batches: Iterable[Batch]) -> float:
        """Trains on batches of images (B, H, W, 3) and labels (B, H, W, 1), both uint8; returns the last loss."""
        self.model.train()
        loss = torch.zeros(())
        for images, labels in batches:
            logits, target = self.model(_to_torch(images)), _to_torch(labels)
            probability = logits.sigmoid()
            overlap = 2 * (target * probability).sum() + 1
            dice = 1 - overlap / (target.sum() + probability.sum() + 1)
            loss = functional.binary_cross_entropy_with_logits(logits, target) + dice
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            self.optimizer.step()
        return loss.item()

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Returns probabilities, float32 (B, H, W)."""
        self.model.eval()
        return self.model(_to_torch(images)).sigmoid()[:, 0].numpy()


def _to_torch(pixels: NDArray[np.uint8]) -> Tensor:
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
