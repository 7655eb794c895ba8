"""Statistics of the user's own data: sizes, kinds of files, and how much of each image is target."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from shapeseg.datasets.splits import SPLITS
from shapeseg.datasets.survey import Seen, target_share, values_of


def own_statistics(seen: Sequence[Seen]) -> dict[str, Any]:
    """Counts what a set of images and masks is made of.

    Returns:
        ``images``; ``splits``, ``sizes`` (``"480 x 320"``), ``image_kinds`` and ``mask_kinds`` (``"PNG L"``): name to count,
        the most frequent first; ``mask_values`` in words; ``target_share`` of all pixels that count, None where none does;
        ``void_share`` of all pixels; ``target_shares``, that of each image by its name; how many images are ``without_target``
        and ``all_target``.
    """
    pixels = sum(each.row["width"] * each.row["height"] for each in seen)
    shares = {each.row["image_id"]: each.share for each in seen}
    splits = Counter(each.row["split"] for each in seen)
    return {
        "images": len(seen),
        "splits": {split: splits[split] for split in SPLITS if split in splits},
        "sizes": _counted(f"{each.row['width']} x {each.row['height']}" for each in seen),
        "image_kinds": _counted(each.row["kinds"][0] for each in seen),
        "mask_kinds": _counted(each.row["kinds"][1] for each in seen),
        "mask_values": values_of(seen),
        "target_share": target_share(seen),
        "void_share": 1 - sum(each.counted for each in seen) / pixels,
        "target_shares": shares,
        "without_target": sum(share == 0 for share in shares.values()),
        "all_target": sum(share == 1 for share in shares.values()),
    }


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(Counter(names).most_common())
