"""What shapeseg's feed is compared with: torch's DataLoader over a folder of images and masks, decoded with Pillow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import DataLoader, Dataset


class Folder(Dataset):
    """Pairs of image, uint8 (3, H, W), and mask, uint8 (1, H, W), of a folder with ``images/`` and ``masks/``."""

    def __init__(self, folder: Path) -> None:
        self.images = sorted((folder / "images").iterdir())

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        image = self.images[place]
        with Image.open(image) as pixels, Image.open(image.parents[1] / "masks" / image.name) as mask:
            return torch.from_numpy(np.array(pixels)).permute(2, 0, 1), torch.from_numpy(np.array(mask) // 255)[None]


def loader(folder: Path, batch_size: int, workers: int) -> DataLoader:
    """Returns a loader of shuffled batches; its workers, if any, stay alive between epochs."""
    return DataLoader(Folder(folder), batch_size, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
